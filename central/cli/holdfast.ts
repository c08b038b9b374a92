/** The command line `holdfast`: reads arguments and environment, runs one command, and ends with its exit code. */
import { CommanderError } from 'commander';
import { InstallError } from '../install/error.ts';
import { recoverInstallation } from '../install/journal.ts';
import { centreLayout, installRoot } from '../install/layout.ts';
import { wordsFor } from '../words/words.ts';
import { Context, type GlobalOptions } from './context.ts';
import { CliError, EXIT_OK, EXIT_REFUSED, EXIT_USAGE } from './errors.ts';
import { buildProgram } from './program.ts';
import { wrap } from './table.ts';

const words = wordsFor(process.env);

// `holdfast … | head` ends the reading, not the command.
process.stdout.on('error', () => process.exit());

const program = buildProgram(words, async (work) => {
  const context = new Context(words, program.opts<GlobalOptions>(), process.env, (text) => {
    process.stdout.write(text);
  });
  await recover();
  process.exitCode = await work(context);
});

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = explain(error);
}

/** Whatever is run next undoes first what an interrupted installation left (`central/install/journal.ts`). */
async function recover(): Promise<void> {
  try {
    const kept = await recoverInstallation(centreLayout(installRoot(process.env)).state);
    if (kept) process.stderr.write(`${[words.installing.recovered, ...kept].join('\n')}\n`);
  } catch (error) {
    // It still runs, or is for an administrator to undo; what is asked for now is another matter.
    if (!(error instanceof InstallError)) throw error;
  }
}

function explain(error: unknown): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return EXIT_OK;
    if (error.code === 'commander.help') process.stderr.write(program.helpInformation());
    else say(words.cli.usageError(error.code, error.message), words.cli.seeHelp, { title: error.message });
    return EXIT_USAGE;
  }
  if (error instanceof CliError) {
    say(error.message, error.advice, error.document);
    return error.exitCode;
  }
  const what = error instanceof Error ? error.message : String(error);
  say(words.cli.unexpected(what.slice(0, 200)), null, { title: what });
  return EXIT_REFUSED;
}

function say(message: string, advice: string | null, document: object): void {
  const text =
    program.opts<GlobalOptions>().json === true
      ? JSON.stringify(document, null, 2)
      : [`holdfast: ${message}`, ...(advice === null ? [] : [advice])]
          .map((line) => (line.includes('\n') ? line : wrap(line, words.cli.width)))
          .join('\n');
  process.stderr.write(`${text}\n`);
}
