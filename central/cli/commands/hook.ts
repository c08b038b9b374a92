/** `holdfast snapshot hook`: what a backup tool runs before and after it reads. */
import type { Command } from 'commander';
import { UNNAMED_TOOL, toolName } from '../../snapshot/backup.ts';
import { afterBackup, beforeBackup } from '../../snapshot/hook.ts';
import type { Words } from '../../words/words.ts';
import type { Context } from '../context.ts';
import { EXIT_OK, usage } from '../errors.ts';
import type { RunCommand } from '../program.ts';
import { environmentFor, settingsFor, translated } from '../snapshot-context.ts';

const SECONDS_MAX = 7 * 86_400;

interface ToolFlags {
  readonly tool: string;
}

interface PreFlags extends ToolFlags {
  readonly timeout: string;
  readonly report: string;
  readonly encrypted?: true;
}

interface PostFlags extends ToolFlags {
  readonly failed?: true;
}

export function hookCommands(snapshot: Command, run: RunCommand, words: Words): void {
  const { help } = words.snapshot.hook;
  const hook = snapshot.command('hook').description(help.group);
  const command = (name: string): Command =>
    hook.command(name).option('--tool <name>', help.tool, UNNAMED_TOOL);
  command('pre')
    .description(help.pre)
    .option('--timeout <seconds>', help.timeout, '3600')
    .option('--report <seconds>', help.report, '86400')
    .option('--encrypted', help.encrypted)
    .action((flags: PreFlags) => run(translated((context) => pre(context, flags))));
  command('post')
    .description(help.post)
    .option('--failed', help.failed)
    .action((flags: PostFlags) => run(translated((context) => post(context, flags))));
}

/** Prints the folder alone, for a script to take. */
async function pre(context: Context, flags: PreFlags): Promise<number> {
  const tool = toolIn(context, flags);
  const timeoutMs = milliseconds(context, '--timeout', flags.timeout);
  const reportMs = milliseconds(context, '--report', flags.report);
  const settings = await settingsFor(context);
  // The tool encrypts, and finds what has not changed only in what is not encrypted.
  const plain = { HOLDFAST_SNAPSHOT_PLAIN: 'yes', HOLDFAST_SNAPSHOT_RECIPIENTS: undefined };
  const env = { ...(await environmentFor(context)), ...(flags.encrypted === true ? {} : plain) };
  const prepared = await beforeBackup({ settings, env, tool, timeoutMs, reportMs });
  context.answer(prepared, prepared.folder);
  return EXIT_OK;
}

async function post(context: Context, flags: PostFlags): Promise<number> {
  const ok = flags.failed !== true;
  const ended = await afterBackup(await settingsFor(context), toolIn(context, flags), ok);
  const { hook } = context.words.snapshot;
  context.answer(ended, ok ? hook.done(ended.id ?? '') : hook.failed);
  return EXIT_OK;
}

function toolIn(context: Context, { tool }: ToolFlags): string {
  if (toolName.safeParse(tool).success) return tool;
  throw usage(context.words.snapshot.hook.notATool(tool.slice(0, 50)));
}

function milliseconds(context: Context, name: string, text: string): number {
  const seconds = Number(text);
  if (/^\d+$/.test(text) && seconds >= 1 && seconds <= SECONDS_MAX) return seconds * 1000;
  throw usage(context.words.snapshot.hook.notSeconds(name, text.slice(0, 20), SECONDS_MAX));
}
