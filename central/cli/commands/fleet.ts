/** `holdfast fleet`: simulated PCs against given nodes, with counters. */
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { z } from 'zod';
import { FleetFileError } from '../../fleet/file.ts';
import { Fleet, type FleetCounts } from '../../fleet/fleet.ts';
import { nodePlatform } from '../../platform.ts';
import type { Words } from '../../words/words.ts';
import type { Context } from '../context.ts';
import { EXIT_OK, EXIT_REFUSED, usage } from '../errors.ts';
import type { RunCommand } from '../program.ts';
import { record } from '../table.ts';

const DEVICES_MAX = 100_000;
const SPEED_MAX = 10_000;

interface FleetCommandOptions {
  readonly devices: string;
  readonly sites?: string;
  readonly organisation?: string;
  readonly seed?: string;
  readonly file?: string;
  readonly speed?: string;
  readonly healthy?: true;
}

export function fleetCommand(program: Command, run: RunCommand, words: Words): void {
  const { help } = words.cli;
  program
    .command('fleet')
    .description(help.fleet)
    .option('--devices <number>', help.devices, '20')
    .option('--sites <file>', help.sitesFile)
    .option('--organisation <thumbprint>', help.thumbprint)
    .option('--seed <text>', help.seed)
    .option('--file <file>', help.fleetFile)
    .option('--healthy', help.healthy)
    .option('--speed <number>', help.speed)
    .action((options: FleetCommandOptions) => run((context) => runFleet(context, options)));
}

const sitesFile = z
  .array(z.object({ siteId: z.string(), siteToken: z.string(), nodes: z.array(z.url()).min(1) }))
  .min(1);

async function runFleet(context: Context, options: FleetCommandOptions): Promise<number> {
  const { words } = context;
  const devices = whole(options.devices, DEVICES_MAX, '--devices', words);
  const speed = options.speed === undefined ? null : whole(options.speed, SPEED_MAX, '--speed', words);
  const { sites, organisation } = await targets(context, options);
  const { seed, file, healthy = false } = options;
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      stop.abort();
    });
  const fleet = await Fleet.open({
    ...{ sites, devices, healthy, organisation: { thumbprint: organisation }, platform: nodePlatform },
    ...(seed === undefined ? {} : { seed }),
    ...(file === undefined ? {} : { file }),
  }).catch((error: unknown) => {
    throw error instanceof FleetFileError ? usage(error.message) : error;
  });
  const say = (text: string): void => {
    if (!context.json) process.stderr.write(`${text}\n`);
  };
  const { signal } = stop;
  say(words.start.enrolling);
  await fleet.enrolAll({ signal });
  say(words.start.encrypting);
  await fleet.encryptAll({ signal });
  say(words.start.reporting);
  await fleet.reportAll({ signal });
  if (speed !== null && !signal.aborted) {
    say(words.cli.fleetLives(speed));
    await fleet.run(signal, {
      speed,
      onCounts: (counts) => {
        if (context.json) context.raw(`${JSON.stringify(counts)}\n`);
        else say(words.cli.fleetLine(counts.reported, counts.escrowed, counts.rotated, counts.unreachable));
      },
    });
  }
  await fleet.close();
  const counts = fleet.counts();
  context.answer(counts, countsText(counts, words));
  return counts.enrolled + counts.reported === 0 && devices > 0 ? EXIT_REFUSED : EXIT_OK;
}

async function targets(context: Context, { sites, organisation }: FleetCommandOptions) {
  const { words } = context;
  if (sites === undefined) {
    const run = await context.requireRun();
    return { sites: run.sites, organisation: organisation ?? run.organisation.thumbprint };
  }
  if (organisation === undefined) throw usage(words.cli.organisationMissing);
  const text = await readFile(sites, 'utf8').catch(() => '');
  const parsed = sitesFile.safeParse(safeJson(text));
  if (!parsed.success) throw usage(words.cli.notSuchAFile(sites, words.cli.aSitesFile));
  return { sites: parsed.data, organisation };
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function whole(text: string, max: number, option: string, words: Words): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (value < 1 || value > max) throw usage(words.start.notANumber(option, text.slice(0, 40), 1, max));
  return value;
}

function countsText(counts: FleetCounts, words: Words): string {
  const rows = Object.entries(counts).filter(([, value]) => value > 0);
  return record(rows.map(([name, value]) => [words.cli.counts[name] ?? name, words.number(Number(value))]));
}
