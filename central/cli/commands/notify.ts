/**
 * `holdfast notify`: runs an administrator's own command for each disclosure, in order. The place reached is written down
 * after each, so a disclosure is told at least once, and again only if the machine stopped in between.
 */
import { spawn } from 'node:child_process';
import { readFile, rename, writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { type OutboxAnswer, outboxAnswer } from '../../../shared/helpdesk/messages.ts';
import type { Words } from '../../words/words.ts';
import type { Context } from '../context.ts';
import { CliError, EXIT_OK, EXIT_REFUSED } from '../errors.ts';
import type { RunCommand } from '../program.ts';

type Notice = OutboxAnswer['notices'][number];

interface NotifyOptions {
  readonly state: string;
  readonly exec: string;
}

export function notifyCommand(program: Command, run: RunCommand, words: Words): void {
  const { help } = words.disclosure;
  program
    .command('notify')
    .description(help.notify)
    .requiredOption('--state <file>', help.notifyState)
    .requiredOption('--exec <command>', help.notifyExec)
    .action((options: NotifyOptions) => run((context) => notify(context, options)));
}

async function notify(context: Context, { state, exec }: NotifyOptions): Promise<number> {
  const { disclosure } = context.words;
  const centre = await context.centre();
  const ask = (after: string) =>
    centre.get(`/v1/admin/outbox?after=${encodeURIComponent(after)}`, outboxAnswer);
  let place = await readFile(state, 'utf8').then(
    (text) => text.trim(),
    () => '',
  );
  if (place === '') {
    const { next } = await ask('now');
    await keep(state, next);
    context.answer({ told: 0, next }, disclosure.notifyBegins);
    return EXIT_OK;
  }
  let told = 0;
  for (;;) {
    const { notices, next } = await ask(place);
    for (const notice of notices) {
      if (!(await runs(exec, notice)))
        throw new CliError(EXIT_REFUSED, disclosure.commandFailed(notice.reference));
      await keep(state, notice.reference);
      told += 1;
    }
    if (next !== null) await keep(state, next);
    if (notices.length === 0 || next === null) break;
    place = next;
  }
  context.answer({ told }, disclosure.notified(told));
  return EXIT_OK;
}

async function keep(file: string, place: string | null): Promise<void> {
  await writeFile(`${file}.new`, `${place ?? ''}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
}

function runs(command: string, notice: Notice): Promise<boolean> {
  return new Promise((resolve) => {
    const env = { ...process.env, HOLDFAST_TO: notice.to.join(',') };
    const child = spawn('/bin/sh', ['-c', command], { env, stdio: ['pipe', 'inherit', 'inherit'] });
    child.on('error', () => {
      resolve(false);
    });
    child.on('close', (code) => {
      resolve(code === 0);
    });
    // A command that does not read what it is given is no failure.
    child.stdin.on('error', () => undefined);
    child.stdin.end(`${JSON.stringify(notice)}\n`);
  });
}
