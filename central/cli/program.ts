/** The commands, put together, and what they share. */
import { Command, Option } from 'commander';
import { VERSION } from '../../shared/version.ts';
import type { Words } from '../words/words.ts';
import { breakGlassCommands } from './commands/break-glass.ts';
import { centreCommands } from './commands/centre.ts';
import { edgeCommands } from './commands/edge.ts';
import { exportCommands } from './commands/export.ts';
import { fleetCommand } from './commands/fleet.ts';
import { importCommand } from './commands/import.ts';
import { installCommands } from './commands/install.ts';
import { notifyCommand } from './commands/notify.ts';
import { keyCommands } from './commands/key.ts';
import { organisationCommands } from './commands/organisation.ts';
import { releaseCommands } from './commands/release.ts';
import { rulesCommands } from './commands/rules.ts';
import { reportCommands } from './commands/report.ts';
import { configCommands } from './commands/site.ts';
import { staffCommands } from './commands/staff.ts';
import { snapshotCommands } from './commands/snapshot.ts';
import { compareCommand, statusCommand } from './commands/status.ts';
import { tlsCommands } from './commands/tls.ts';
import { upgradeCommands } from './commands/upgrade.ts';
import type { Context } from './context.ts';

/** Runs a command's work with its context; the work resolves with the exit code. */
export type RunCommand = (work: (context: Context) => Promise<number>) => Promise<void>;

export function buildProgram(words: Words, run: RunCommand): Command {
  const { help } = words.cli;
  const program = new Command('holdfast')
    .description(help.holdfast)
    .version(VERSION, '-V, --version', help.version)
    .helpOption('-h, --help', help.help)
    .helpCommand('help [command]', help.help)
    .option('--json', help.json)
    .option('--node <url>', help.node)
    .option('--token <token>', help.token)
    .option('--data <folder>', help.data)
    .configureHelp({ showGlobalOptions: true, styleTitle: (title) => words.cli.helpTitles[title] ?? title });
  statusCommand(program, run, words);
  compareCommand(program, run, words);
  keyCommands(program, run, words);
  breakGlassCommands(program, run, words);
  rulesCommands(program, run, words);
  reportCommands(program, run, words);
  centreCommands(program, run, words);
  edgeCommands(program, run, words);
  organisationCommands(program, run, words);
  configCommands(program, run, words);
  staffCommands(program, run, words);
  notifyCommand(program, run, words);
  fleetCommand(program, run, words);
  snapshotCommands(program, run, words);
  installCommands(program, run, words);
  tlsCommands(program, run, words);
  releaseCommands(program, run, words);
  upgradeCommands(program, run, words);
  importCommand(program, run, words);
  exportCommands(program, run, words);
  speakEverywhere(program, words);
  return program;
}

/** Options that a subcommand would otherwise have in English, and errors that are thrown instead of ending the program. */
function speakEverywhere(command: Command, words: Words): void {
  command.helpOption('-h, --help', words.cli.help.help).exitOverride();
  command.configureOutput({ writeErr: () => undefined });
  for (const each of command.commands) {
    each.configureHelp({
      showGlobalOptions: true,
      styleTitle: (title) => words.cli.helpTitles[title] ?? title,
    });
    if (each.commands.length > 0) each.helpCommand(false);
    speakEverywhere(each, words);
  }
}

export function choice(flags: string, description: string, choices: readonly string[]): Option {
  return new Option(flags, description).choices([...choices]);
}
