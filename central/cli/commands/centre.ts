/** `holdfast centre`: stop and start that of the local installation, confirm one, make a new one's identity. */
import type { Command } from 'commander';
import { z } from 'zod';
import type { Words } from '../../words/words.ts';
import { CliError, EXIT_OK, EXIT_REFUSED, EXIT_UNREACHABLE, usage } from '../errors.ts';
import type { Context } from '../context.ts';
import { enrolCentre, type EnrolCentreOptions } from '../enrolment.ts';
import type { RunCommand } from '../program.ts';

const START_MS_MAX = 30_000;

export function centreCommands(program: Command, run: RunCommand, words: Words): void {
  const { help } = words.cli;
  const centre = program.command('centre').description(help.centre);
  for (const verb of ['stop', 'start'] as const) {
    centre
      .command(verb)
      .description(verb === 'stop' ? help.centreStop : help.centreStart)
      .action(() => run((context) => command(context, verb)));
  }
  centre
    .command('confirm')
    .description(help.centreConfirm)
    .action(() => run(confirm));
  centre
    .command('enrol')
    .argument('<name>', help.nodeName)
    .description(help.centreEnrol)
    .requiredOption('--org-key <file>', help.orgKey)
    .requiredOption('--out <folder>', help.outFolder)
    .option('--vault <file...>', help.vaultFiles)
    .action((name: string, options: EnrolCentreOptions) =>
      run((context) => enrolCentre(context, name, options)),
    );
}

const controlAnswer = z.object({ changed: z.boolean() });

/** Asks the program that owns the processes: `npm start`. */
async function command(context: Context, verb: 'stop' | 'start'): Promise<number> {
  const { cli } = context.words;
  const { control } = await context.requireRun();
  let response: Response;
  try {
    response = await fetch(`${control.url}/v1/centre/${verb}`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${control.token}` },
      signal: AbortSignal.timeout(START_MS_MAX),
    });
  } catch {
    throw new CliError(EXIT_UNREACHABLE, cli.installationGone, cli.startOne);
  }
  const body: unknown = await response.json().catch(() => null);
  const done = controlAnswer.safeParse(body);
  if (!done.success) {
    const told = z.object({ title: z.string() }).safeParse(body);
    if (response.status === 503 && told.success) throw new CliError(EXIT_REFUSED, told.data.title);
    throw usage(cli.installationGone, cli.startOne);
  }
  const { changed } = done.data;
  const text =
    verb === 'stop'
      ? changed
        ? cli.centreStopped
        : cli.centreWasStopped
      : changed
        ? cli.centreStarted
        : cli.centreWasRunning;
  context.answer({ centre: verb === 'stop' ? 'stopped' : 'running', changed }, text);
  return EXIT_OK;
}

async function confirm(context: Context): Promise<number> {
  const centre = await context.centre();
  const call = centre.client().POST('/v1/admin/confirmation', { body: {} });
  await centre.answer(call, z.object({ confirmed: z.literal(true) }));
  context.answer({ confirmed: true }, context.words.cli.confirmed);
  return EXIT_OK;
}
