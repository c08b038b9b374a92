/** `holdfast import`: brings keys in from Active Directory, MBAM or ConfigMgr, Entra or a spreadsheet. */
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import type { Command } from 'commander';
import type { ImportSource } from '../../../shared/domain/vocabulary.ts';
import { ActiveDirectoryReader } from '../../../shared/import/active-directory.ts';
import type { Delimiter } from '../../../shared/import/csv.ts';
import { EntraReader } from '../../../shared/import/entra.ts';
import { mbamReader } from '../../../shared/import/mbam.ts';
import {
  ImportFormatError,
  type ImportNotices,
  type ImportReader,
  noNotices,
} from '../../../shared/import/record.ts';
import { type SiteRules, parseSiteRules } from '../../../shared/import/sites.ts';
import { FIELDS, type Field, SpreadsheetReader } from '../../../shared/import/spreadsheet.ts';
import { Utf8Input, decodeText, joined, notText } from '../../../shared/import/text.ts';
import type { Words } from '../../words/words.ts';
import { configuredIds } from '../configuring.ts';
import type { Context } from '../context.ts';
import { CliError, EXIT_OK, EXIT_REFUSED, usage } from '../errors.ts';
import { Importer } from '../importing/importer.ts';
import { ImportProgress } from '../importing/progress.ts';
import { ImportReport, type ImportSummary } from '../importing/report.ts';
import { type RunCommand, choice } from '../program.ts';

const SOURCES: Readonly<Record<string, ImportSource>> = {
  ad: 'active-directory',
  mbam: 'mbam',
  entra: 'entra',
  csv: 'csv',
};
const DELIMITERS: Readonly<Record<string, Delimiter>> = {
  comma: ',',
  semicolon: ';',
  tab: '\t',
  pipe: '|',
};
const CHUNK_BYTES = 256 * 1024;
const SITES_FILE_BYTES_MAX = 4 * 1024 * 1024;

interface ImportOptions {
  readonly site?: string;
  readonly sites?: string;
  readonly map?: readonly string[];
  readonly delimiter?: string;
  readonly dryRun?: true;
  readonly report?: readonly string[];
}

export function importCommand(program: Command, run: RunCommand, words: Words): void {
  const { help } = words.import;
  program
    .command('import')
    .description(help.import)
    .addArgument(program.createArgument('<source>', help.source).choices(Object.keys(SOURCES)))
    .argument('<files...>', help.files)
    .option('--site <id>', help.site)
    .option('--sites <file>', help.sites)
    .option('--map <field=column...>', help.map)
    .addOption(choice('--delimiter <name>', help.delimiter, Object.keys(DELIMITERS)))
    .option('--dry-run', help.dryRun)
    .option('--report <file...>', help.report)
    .action((source: string, files: string[], options: ImportOptions) =>
      run((context) => importFiles(context, SOURCES[source] ?? 'csv', files, options)),
    );
}

async function importFiles(
  context: Context,
  source: ImportSource,
  files: readonly string[],
  options: ImportOptions,
): Promise<number> {
  const { words } = context;
  const makeReader = readerMaker(source, options, words);
  const siteOf = await siteRules(context, options);
  const bytesTotal = await totalBytes(files, words);
  const node = await context.centre();
  const report = await ImportReport.open(options.report ?? [], words);
  const progress = context.json ? null : new ImportProgress(process.stderr, bytesTotal, words);
  const dryRun = options.dryRun === true;
  const importer = new Importer({
    ...{ node, source, siteOf, dryRun },
    onDetail: (detail) => report.add(detail),
    onProgress: (counts, bytesRead) => progress?.at(counts, bytesRead),
  });
  const notices = noNotices();
  try {
    for (const file of files) {
      const reader = makeReader();
      await importer.read(file, chunksOf(file, words), reader);
      addNotices(notices, reader.notices);
    }
  } catch (error) {
    progress?.end();
    await report.discard();
    if (error instanceof ImportFormatError) throw formatFault(error, source, words);
    throw error instanceof CliError ? interrupted(error, importer.counts.records, words) : error;
  }
  progress?.end();
  const summary: ImportSummary = { source, files, node: node.url, dryRun, counts: importer.counts, notices };
  await report.close(summary);
  const destroy = dryRun ? [] : ['', destroyText(files, importer.counts.invalid, words)];
  context.answer(report.json(summary), [report.text(summary), ...destroy].join('\n'));
  const { records, conflicts, invalid } = importer.counts;
  const isWhole = records > 0 && !notices.cutOff && !notices.pagesMissing;
  return isWhole && conflicts + invalid + report.faults.length === 0 ? EXIT_OK : EXIT_REFUSED;
}

function readerMaker(
  source: ImportSource,
  { map = [], delimiter: name }: ImportOptions,
  words: Words,
): () => ImportReader {
  if (source !== 'csv' && map.length > 0) throw usage(words.import.mapIsForCsv);
  const delimiter = name === undefined ? null : (DELIMITERS[name] ?? null);
  const columns = Object.fromEntries(
    map.map((text): [Field, string] => {
      const [, field = '', column = ''] = /^([^=]*)=(.+)$/s.exec(text) ?? [];
      const known = FIELDS.find((each) => each === field);
      if (known === undefined) throw usage(words.import.notAField(field.slice(0, 40), FIELDS));
      return [known, column];
    }),
  );
  switch (source) {
    case 'active-directory':
      return () => new ActiveDirectoryReader();
    case 'mbam':
      return () => mbamReader(delimiter);
    case 'entra':
      return () => new EntraReader();
    case 'csv':
      return () => new SpreadsheetReader({ delimiter, map: columns });
  }
}

async function siteRules(context: Context, { site, sites }: ImportOptions): Promise<SiteRules> {
  const { words } = context;
  if (site === undefined && sites === undefined) throw usage(words.import.whichSite, words.import.howToSite);
  if (site !== undefined && !(await configuredIds(context, 'site')).includes(site))
    throw usage(words.cli.noSuchSite(site));
  if (sites === undefined) return () => site ?? null;
  const bytes = await readFile(sites).catch((error: unknown) => {
    throw fileFault(sites, error, words);
  });
  // A rule that is left out would send its computers elsewhere.
  if (bytes.length > SITES_FILE_BYTES_MAX)
    throw usage(words.import.sitesTooLong(sites, SITES_FILE_BYTES_MAX));
  const input = new Utf8Input();
  const text = decodeText(joined([input.push(bytes), input.end()]))?.text ?? '\0';
  const rules = parseSiteRules(text, site ?? null);
  if (typeof rules !== 'function') throw usage(words.import.notASiteRule(sites, rules.line));
  return rules;
}

async function totalBytes(files: readonly string[], words: Words): Promise<number> {
  if (files.includes('-')) return 0;
  let bytes = 0;
  for (const file of files) {
    const found = await stat(file).catch((error: unknown) => {
      throw fileFault(file, error, words);
    });
    bytes += found.size;
  }
  return bytes;
}

async function* chunksOf(file: string, words: Words): AsyncGenerator<Uint8Array> {
  const stream = file === '-' ? process.stdin : createReadStream(file, { highWaterMark: CHUNK_BYTES });
  let isFirst = true;
  try {
    for await (const chunk of stream) {
      const bytes = chunk as Uint8Array; // No encoding is set: chunks are bytes.
      const kind = isFirst ? notText(bytes) : null;
      if (kind) throw usage(words.import.notText(file, kind));
      isFirst = false;
      yield bytes;
    }
  } catch (error) {
    throw error instanceof CliError ? error : fileFault(file, error, words);
  }
}

function fileFault(file: string, error: unknown, words: Words): CliError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  return usage(
    words.cli.fileFault(file, code === 'ENOENT' ? words.import.noSuchFile : words.systemError(code)),
  );
}

function formatFault({ missing }: ImportFormatError, source: ImportSource, words: Words): CliError {
  const advice = source === 'mbam' ? words.import.isItTheQuery : words.import.useMap;
  return usage(words.import.columnsMissing(missing), advice);
}

/** The import ended before its file did; what was accepted until then is kept. */
function interrupted(error: CliError, records: number, words: Words): CliError {
  if (records === 0) return error;
  const advice = [error.advice, words.import.runAgain(records)].filter((line) => line !== null).join('\n');
  return new CliError(error.exitCode, error.message, advice, { ...error.document, records });
}

function addNotices(all: ImportNotices, one: ImportNotices): void {
  all.windows1252 += one.windows1252;
  all.otherEntries += one.otherEntries;
  all.cutOff ||= one.cutOff;
  all.pagesMissing ||= one.pagesMissing;
}

function destroyText(files: readonly string[], invalid: number, words: Words): string {
  const named = files.filter((file) => file !== '-');
  return words.import.destroy(named, invalid);
}
