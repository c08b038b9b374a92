/** `holdfast export`: two officers take every key out of a node, into a file that only age recipients can read. */
import { link, open, rm } from 'node:fs/promises';
import type { Command } from 'commander';
import { EXPORT_PURPOSES, type ExportAnswer, exportAnswer } from '../../../shared/export/messages.ts';
import type { Words } from '../../words/words.ts';
import type { NodeApi } from '../api.ts';
import type { Context } from '../context.ts';
import { CliError, EXIT_OK, EXIT_REFUSED, EXIT_UNREACHABLE, usage } from '../errors.ts';
import { type RunCommand, choice } from '../program.ts';
import { record } from '../table.ts';

/** Half a million keys take some minutes. */
const FILE_MS_MAX = 4 * 60 * 60_000;

interface RequestOptions {
  readonly recipient: readonly string[];
  readonly purpose: (typeof EXPORT_PURPOSES)[number];
  readonly reason: string;
}

export function exportCommands(program: Command, run: RunCommand, words: Words): void {
  const { help } = words.import;
  const group = program.command('export').description(help.export);
  group
    .command('request')
    .description(help.exportRequest)
    .requiredOption('--recipient <age1...>', help.recipient)
    .addOption(choice('--purpose <purpose>', help.purpose, EXPORT_PURPOSES).makeOptionMandatory())
    .requiredOption('--reason <text>', help.reason)
    .action((options: RequestOptions) => run((context) => request(context, options)));
  group
    .command('show')
    .argument('<id>', help.exportId)
    .description(help.exportShow)
    .action((id: string) =>
      run(async (context) => {
        const found = await show(await context.centre(), id);
        context.answer(found, exportText(found, context.words));
        return EXIT_OK;
      }),
    );
  group
    .command('confirm')
    .argument('<id>', help.exportId)
    .description(help.exportConfirm)
    .action((id: string) => run((context) => confirm(context, id)));
  group
    .command('fetch')
    .argument('<id>', help.exportId)
    .description(help.exportFetch)
    .requiredOption('--out <file>', help.out)
    .action((id: string, { out }: { out: string }) => run((context) => fetchFile(context, id, out)));
}

async function request(context: Context, options: RequestOptions): Promise<number> {
  const { words } = context;
  const node = await context.centre();
  const { recipient, purpose, reason } = options;
  const call = node
    .client()
    .POST('/v1/admin/exports', { body: { recipients: [...recipient], purpose, reason } });
  const made = await node.answer(call, exportAnswer);
  context.answer(
    made,
    [
      exportText(made, words),
      '',
      words.import.exportMade(made.exportId),
      `    holdfast export confirm ${made.exportId}`,
    ].join('\n'),
  );
  return EXIT_OK;
}

async function confirm(context: Context, id: string): Promise<number> {
  const { words } = context;
  const node = await context.centre();
  const call = node.client().POST('/v1/admin/exports/{exportId}/confirmation', {
    params: { path: { exportId: id } },
    body: {},
  });
  const found = await node.answer(call, exportAnswer);
  context.answer(
    found,
    [
      exportText(found, words),
      '',
      words.import.exportConfirmed(id),
      `    holdfast export fetch ${id} --out FILE`,
    ].join('\n'),
  );
  return EXIT_OK;
}

async function fetchFile(context: Context, id: string, out: string): Promise<number> {
  const { words } = context;
  const node = await context.centre();
  const { purpose } = await show(node, id);
  const response = await node.send('POST', `${path(id)}/file`, {}, {}, FILE_MS_MAX);
  if (!response.ok || !response.body) throw await node.refusal(response);
  await save(response.body, out, words);
  const found = await show(node, id);
  const { exported, notOpened } = found;
  context.answer(
    { ...found, file: out },
    [
      words.import.exportDone(out, exported),
      ...(notOpened > 0 ? [words.import.exportNotOpened(notOpened)] : []),
      purpose === 'worst-day' ? words.import.exportRotates : words.import.exportStays,
    ].join('\n'),
  );
  return notOpened > 0 ? EXIT_REFUSED : EXIT_OK;
}

/** Beside its name first, so that the file is whole or not there; it is encrypted already. */
async function save(body: ReadableStream<Uint8Array>, out: string, words: Words): Promise<void> {
  const beside = `${out}.new-${String(process.pid)}`;
  try {
    const handle = await open(beside, 'wx', 0o600);
    try {
      for await (const chunk of body) await handle.writeFile(chunk);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await link(beside, out);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : null;
    if (code === 'EEXIST') throw usage(words.cli.fileExists(out));
    if (code !== null && /^E[A-Z]+$/.test(code) && code !== 'ECONNRESET')
      throw usage(words.cli.fileFault(out, words.systemError(code)));
    throw new CliError(EXIT_UNREACHABLE, words.import.exportBroken(out));
  } finally {
    await rm(beside, { force: true });
  }
}

function show(node: NodeApi, id: string): Promise<ExportAnswer> {
  const call = node.client().GET('/v1/admin/exports/{exportId}', { params: { path: { exportId: id } } });
  return node.answer(call, exportAnswer);
}

function path(id: string): string {
  return `/v1/admin/exports/${encodeURIComponent(id)}`;
}

function exportText(found: ExportAnswer, words: Words): string {
  const { exportFields: fields } = words.import;
  return record([
    [fields.exportId, found.exportId],
    [fields.state, words.import.exportStates[found.state]],
    [fields.purpose, words.import.exportPurposes[found.purpose]],
    [fields.reason, found.reason],
    [fields.requestedBy, found.requestedBy],
    [fields.confirmedBy, found.confirmedBy ?? '-'],
    [fields.recipients, found.recipients.join(', ')],
    [fields.expiresAt, words.cli.time(found.expiresAt)],
  ]);
}
