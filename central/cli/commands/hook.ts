/** `holdfast snapshot hook`: what a backup tool runs before and after it reads. */
import type { Command } from 'commander';
import { afterBackup, beforeBackup } from '../../snapshot/hook.ts';
import type { Words } from '../../words/words.ts';
import type { Context } from '../context.ts';
import { EXIT_OK, usage } from '../errors.ts';
import type { RunCommand } from '../program.ts';
import { environmentFor, settingsFor, translated } from '../snapshot-context.ts';

const SECONDS_MAX = 7 * 86_400;

interface PreFlags {
  readonly timeout: string;
  readonly report: string;
  readonly encrypted?: true;
}

export function hookCommands(snapshot: Command, run: RunCommand, words: Words): void {
  const { help } = words.snapshot.hook;
  const hook = snapshot.command('hook').description(help.group);
  hook
    .command('pre')
    .description(help.pre)
    .option('--timeout <seconds>', help.timeout, '3600')
    .option('--report <seconds>', help.report, '86400')
    .option('--encrypted', help.encrypted)
    .action((flags: PreFlags) => run(translated((context) => pre(context, flags))));
  hook
    .command('post')
    .description(help.post)
    .option('--failed', help.failed)
    .action((flags: { failed?: true }) => run(translated((context) => post(context, flags.failed !== true))));
}

/** Prints the folder alone, for a script to take. */
async function pre(context: Context, flags: PreFlags): Promise<number> {
  const timeoutMs = milliseconds(context, '--timeout', flags.timeout);
  const reportMs = milliseconds(context, '--report', flags.report);
  const settings = await settingsFor(context);
  // The tool encrypts, and finds what has not changed only in what is not encrypted.
  const plain = { HOLDFAST_SNAPSHOT_PLAIN: 'yes', HOLDFAST_SNAPSHOT_RECIPIENTS: undefined };
  const env = { ...(await environmentFor(context)), ...(flags.encrypted === true ? {} : plain) };
  const prepared = await beforeBackup({ settings, env, timeoutMs, reportMs });
  context.answer(prepared, prepared.folder);
  return EXIT_OK;
}

async function post(context: Context, ok: boolean): Promise<number> {
  const ended = await afterBackup(await settingsFor(context), ok);
  const { hook } = context.words.snapshot;
  context.answer(ended, ok ? hook.done(ended.id ?? '') : hook.failed);
  return EXIT_OK;
}

function milliseconds(context: Context, name: string, text: string): number {
  const seconds = Number(text);
  if (/^\d+$/.test(text) && seconds >= 1 && seconds <= SECONDS_MAX) return seconds * 1000;
  throw usage(context.words.snapshot.hook.notSeconds(name, text.slice(0, 20), SECONDS_MAX));
}
