/**
 * The report of an import, in files and on the screen. Details go into the files as they come, so that a million of
 * them take no memory; each file is written beside its name and appears whole.
 */
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { ImportNotices } from '../../../shared/import/record.ts';
import type { Words } from '../../words/words.ts';
import { usage } from '../errors.ts';
import { record } from '../table.ts';
import type { ImportCounts, ImportDetail } from './importer.ts';

/** On the screen; the files have all. */
const SHOWN_MAX = 20;
const BUFFERED_CHARACTERS_MAX = 64 * 1024;

export type ReportForm = 'txt' | 'json' | 'csv';

export interface ImportSummary {
  readonly source: string;
  readonly files: readonly string[];
  readonly node: string;
  readonly dryRun: boolean;
  readonly counts: ImportCounts;
  readonly notices: ImportNotices;
}

interface Written {
  readonly form: ReportForm;
  readonly file: string;
  readonly handle: FileHandle;
  buffered: string;
  details: number;
}

export class ImportReport {
  readonly shown: ImportDetail[] = [];
  #details = 0;
  /** what could not be written, for people; the import goes on without */
  readonly faults: string[] = [];
  readonly #words: Words;
  #files: Written[] = [];

  private constructor(words: Words) {
    this.#words = words;
  }

  static async open(files: readonly string[], words: Words): Promise<ImportReport> {
    const report = new ImportReport(words);
    for (const file of files) {
      const form = path.extname(file).slice(1);
      if (form !== 'txt' && form !== 'json' && form !== 'csv') throw usage(words.import.reportForm(file));
      try {
        const handle = await open(beside(file), 'w', 0o600);
        report.#files.push({ form, file, handle, buffered: '', details: 0 });
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
        throw usage(words.cli.fileFault(file, words.systemError(code)));
      }
    }
    for (const each of report.#files) each.buffered = HEADS[each.form];
    return report;
  }

  async add(detail: ImportDetail): Promise<void> {
    this.#details += 1;
    if (this.shown.length < SHOWN_MAX) this.shown.push(detail);
    for (const each of this.#files) {
      each.buffered += detailIn(each.form, detail, each.details === 0, this.#words);
      each.details += 1;
      if (each.buffered.length > BUFFERED_CHARACTERS_MAX) await this.#try(each, () => flush(each));
    }
  }

  async close(summary: ImportSummary): Promise<void> {
    for (const each of this.#files) {
      each.buffered += tailOf(each.form, summary, this.#words);
      await this.#try(each, async () => {
        await flush(each);
        await each.handle.sync();
        await each.handle.close();
        await rename(beside(each.file), each.file);
      });
    }
  }

  /** A report whose disk is full must not end an import, nor hide how it went. */
  async #try(each: Written, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
      this.faults.push(this.#words.import.reportLost(each.file, this.#words.systemError(code)));
      this.#files = this.#files.filter((other) => other !== each);
      await drop(each);
    }
  }

  /** After a failure: half a report is none. */
  async discard(): Promise<void> {
    for (const each of this.#files) await drop(each);
  }

  text(summary: ImportSummary): string {
    const left = this.#details - this.shown.length;
    return [
      summaryText(summary, this.#words),
      ...(this.shown.length > 0 ? ['', ...this.shown.map((detail) => detailText(detail, this.#words))] : []),
      ...(left > 0 ? [this.#words.import.moreDetails(left)] : []),
      ...(this.faults.length > 0 ? ['', ...this.faults] : []),
    ].join('\n');
  }

  json(summary: ImportSummary): object {
    const detailsLeftOut = this.#details - this.shown.length;
    return { ...summary, details: this.shown, detailsLeftOut, reportFaults: this.faults };
  }
}

const HEADS: Readonly<Record<ReportForm, string>> = {
  txt: '',
  json: '{"details":[',
  csv: 'file,line,outcome,reason,group,keyId,count\r\n',
};

function detailIn(form: ReportForm, detail: ImportDetail, first: boolean, words: Words): string {
  if (form === 'json') return `${first ? '\n' : ',\n'}${JSON.stringify(detail)}`;
  if (form === 'txt') return `${detailText(detail, words)}\n`;
  const { file, line, outcome, reason, group, keyId } = detail;
  return `${[file, line, outcome, reason, group ?? '', keyId ?? '', 1].map(csvCell).join(',')}\r\n`;
}

/** The counts of a CSV stand in its last column: all rows together are the records. */
function tailOf(form: ReportForm, summary: ImportSummary, words: Words): string {
  const { accepted, alreadyThere } = summary.counts;
  if (form === 'json') return `\n],"summary":${JSON.stringify(summary)}}\n`;
  if (form === 'txt') return `\n${summaryText(summary, words)}\n`;
  return `,,accepted,,,,${String(accepted)}\r\n,,already-there,,,,${String(alreadyThere)}\r\n`;
}

function summaryText({ counts, notices, dryRun, node }: ImportSummary, words: Words): string {
  const { import: say, number } = words;
  const rows = (['records', 'accepted', 'alreadyThere', 'conflicts', 'invalid'] as const).map(
    (name) => [say.counts[name], number(counts[name])] as const,
  );
  return [
    dryRun ? say.dryRunDone(node) : say.done(node),
    '',
    record(rows),
    ...(notices.otherEntries > 0 ? [say.otherEntries(notices.otherEntries)] : []),
    ...(notices.windows1252 > 0 ? [say.windows1252(notices.windows1252)] : []),
    ...(notices.pagesMissing ? [say.pagesMissing] : []),
    ...(notices.cutOff ? [say.cutOff] : []),
    ...(counts.records === 0 ? [say.noKeys] : []),
  ].join('\n');
}

function detailText({ file, line, reason, group, keyId }: ImportDetail, words: Words): string {
  const why = words.import.reasons[reason] + (group === null ? '' : ` (${words.import.group(group)})`);
  return `${file}:${String(line)}  ${why}${keyId === null ? '' : `  ${keyId}`}`;
}

function csvCell(value: string | number): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

async function drop({ file, handle }: Written): Promise<void> {
  await handle.close().catch(() => undefined); // It may be closed already.
  await rm(beside(file), { force: true });
}

async function flush(each: Written): Promise<void> {
  const { buffered } = each;
  each.buffered = '';
  await each.handle.writeFile(buffered);
}

function beside(file: string): string {
  return `${file}.new-${String(process.pid)}`;
}
