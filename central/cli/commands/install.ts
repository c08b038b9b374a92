/** `holdfast install` and `holdfast uninstall`: a centre by this program, an edge by its appliance's own installer. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Command } from 'commander';
import { installCentre } from '../../install/centre.ts';
import { InstallError } from '../../install/error.ts';
import { centreLayout, installRoot, readChanges } from '../../install/layout.ts';
import { uninstallCentre } from '../../install/uninstall.ts';
import { CENTRE_UNIT, hasSystemd, systemctl } from '../../install/units.ts';
import { packageRoot } from '../../local/processes.ts';
import { say } from '../../words/fault.ts';
import type { Words } from '../../words/words.ts';
import type { Context } from '../context.ts';
import { CliError, EXIT_OK, EXIT_REFUSED, usage } from '../errors.ts';
import type { RunCommand } from '../program.ts';

interface InstallFlags {
  readonly identity?: string;
  readonly set?: readonly string[];
  readonly start: boolean;
}

export function installCommands(program: Command, run: RunCommand, words: Words): void {
  const { help } = words.installing;
  // What install.sh is to have is not looked at here.
  const install = program.command('install').description(help.install).enablePositionalOptions();
  install
    .command('centre')
    .description(help.installCentre)
    .option('--identity <file>', help.identity)
    .option('--set <name=value...>', help.set)
    .option('--no-start', help.noStart)
    .action((flags: InstallFlags) => run(explained((context) => centre(context, flags))));
  install
    .command('edge')
    .description(help.installEdge)
    .argument('[options...]', help.edgeOptions)
    .allowUnknownOption()
    .passThroughOptions()
    .action((options: string[]) => run((context) => edge(context, options)));
  const uninstall = program.command('uninstall').description(help.uninstall);
  uninstall
    .command('centre')
    .description(help.uninstallCentre)
    .option('--remove-data', help.removeData)
    .action((flags: { removeData?: true }) =>
      run(explained((context) => removeCentre(context, flags.removeData === true))),
    );
  uninstall
    .command('edge')
    .description(help.uninstallEdge)
    .option('--remove-data', help.removeData)
    .action((flags: { removeData?: true }) => run((context) => removeEdge(context, flags)));
}

/** An installation that was refused: why, and that the machine is as it was. */
function explained(work: (context: Context) => Promise<number>): (context: Context) => Promise<number> {
  return async (context) => {
    try {
      return await work(context);
    } catch (error) {
      if (!(error instanceof InstallError)) throw error;
      const { installing } = context.words;
      const title = say(context.words, error.fault);
      const advice =
        error.kept.length === 0
          ? installing.wasUndone
          : [installing.wasUndoneBut, ...error.kept.map((each) => `  ${each}`)].join('\n');
      throw new CliError(EXIT_REFUSED, title, advice, { title, kept: error.kept });
    }
  };
}

async function centre(context: Context, flags: InstallFlags): Promise<number> {
  const root = installRoot(context.environment);
  const { installing } = context.words;
  const result = await installCentre({
    root,
    identityFile: flags.identity ?? null,
    changes: readChanges(flags.set ?? []),
    onStep: (step) => {
      if (process.stderr.isTTY && !context.json)
        process.stderr.write(`\r\x1b[K${installing.steps[step]} ...`);
    },
  });
  if (process.stderr.isTTY && !context.json) process.stderr.write('\r\x1b[K');
  const started = flags.start && hasSystemd(root);
  context.answer(
    { ...result, started },
    [
      ...(result.recovered ? [installing.recovered, ...result.recovered] : []),
      installing.installed(result.changed.length),
      ...result.writers.map(({ name, instance }) => installing.registered(name, instance)),
      ...(result.snapshots.scheduled && result.snapshots.decided ? [] : [installing.noSchedule]),
      started ? installing.running : installing.startItself,
    ].join('\n'),
  );
  if (hasSystemd(root)) await systemctl('daemon-reload');
  if (!started) return EXIT_OK;
  const why = await systemctl('restart', CENTRE_UNIT);
  if (why !== null) throw new CliError(EXIT_REFUSED, installing.didNotStart(why), installing.seeJournal);
  return EXIT_OK;
}

async function removeCentre(context: Context, removeData: boolean): Promise<number> {
  const root = installRoot(context.environment);
  const layout = centreLayout(root);
  const { installing } = context.words;
  if (hasSystemd(root) && existsSync(path.join(layout.units, CENTRE_UNIT)))
    await systemctl('stop', CENTRE_UNIT);
  const result = await uninstallCentre({ root, removeData });
  if (hasSystemd(root)) await systemctl('daemon-reload');
  context.answer(
    result,
    result.removed.length === 0
      ? installing.notInstalled
      : [
          installing.uninstalled(result.removed.length),
          ...(removeData ? [] : [installing.dataStays(layout.data)]),
        ].join('\n'),
  );
  return EXIT_OK;
}

/** What is carried to a branch is what is installed here: there is one way. */
async function edge(context: Context, options: readonly string[]): Promise<number> {
  const archive = path.join(packageRoot(), 'dist/holdfast-edge.tar.gz');
  const { installing } = context.words;
  if (!existsSync(archive)) throw usage(installing.applianceMissing(archive), installing.buildAppliance);
  const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-edge-'));
  try {
    const unpacked = await inherit('tar', [`--directory=${folder}`, '--extract', `--file=${archive}`]);
    if (unpacked !== EXIT_OK) return EXIT_REFUSED;
    return await inherit('sh', [path.join(folder, 'holdfast-edge/install.sh'), ...options]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function removeEdge(context: Context, { removeData }: { removeData?: true }): Promise<number> {
  const installer = path.join(installRoot(context.environment), '/opt/holdfast/install.sh');
  if (!existsSync(installer)) throw usage(context.words.installing.edgeMissing);
  return inherit('sh', [installer, '--uninstall', removeData === true ? 'everything' : 'program']);
}

/** Runs a program in this terminal; gives its exit code. */
function inherit(command: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'inherit' });
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? EXIT_REFUSED));
  });
}
