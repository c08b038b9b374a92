/**
 * CSV by RFC 4180, in the form each language's spreadsheets open: English with commas; Spanish with semicolons,
 * decimal commas and a byte-order mark. Rows are written as they are read, so a file has no bound.
 *
 * A cell that a spreadsheet would run as a formula gets an apostrophe in front. Numbers stay what they are. A text
 * with any usual separator in it is quoted, so that it stays one cell for whoever opens the file with the other one.
 */
import type { Language, Words } from '../text/language.ts';
import { yesNo } from '../text/reports.ts';
import type { TimeZone } from './time.ts';

/** An instant is a Date; nothing is an empty cell. */
export type Cell = string | number | boolean | Date | null | undefined;

export interface CsvStyle {
  readonly language: Language;
  readonly zone: TimeZone;
}

const SEPARATORS: Readonly<Record<Language, string>> = { en: ',', es: ';' };
const DECIMAL_MARKS: Readonly<Record<Language, string>> = { en: '.', es: ',' };
const BYTE_ORDER_MARK = '\ufeff';
/**
 * What spreadsheets take for a formula, full-width forms included; and the same behind apostrophes of its own, which get
 * one more, so that each text is told from every other when it is read back.
 */
const FORMULA = /^'*[=+\-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20]/;
const NUMBER = /^-?\d+([.,]\d+)?$/;

export function csvHead(cells: readonly string[], style: CsvStyle): string {
  return (style.language === 'es' ? BYTE_ORDER_MARK : '') + csvLine(cells, style);
}

export function csvLine(cells: readonly Cell[], style: CsvStyle): string {
  return cells.map((cell) => csvCell(cell, style)).join(SEPARATORS[style.language]) + '\r\n';
}

function csvCell(cell: Cell, { language, zone }: CsvStyle): string {
  if (cell === null || cell === undefined) return '';
  if (typeof cell === 'boolean') return yesNo[language][cell ? 'yes' : 'no'];
  if (cell instanceof Date) return zone.text(cell.getTime());
  const text = typeof cell === 'number' ? String(cell).replace('.', DECIMAL_MARKS[language]) : harmless(cell);
  return /[",;\t\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function harmless(text: string): string {
  return FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text;
}

/** What `harmless` was given, for whoever reads such a file back. */
export function withoutApostrophe(text: string): string {
  return text.startsWith("'") && FORMULA.test(text.slice(1)) ? text.slice(1) : text;
}

/** One function per column, so that a heading without a cell does not compile. */
export type CsvCells<Column extends string, Row> = Readonly<Record<Column, (row: Row) => Cell>>;

/** Heading and lines of a table whose rows come in pages. */
export async function* csvTable<Column extends string, Row>(
  headings: Words<Column>,
  cells: CsvCells<Column, Row>,
  pages: AsyncIterable<readonly Row[]>,
  style: CsvStyle,
): AsyncGenerator<string> {
  const columns = Object.keys(headings.en) as Column[];
  yield csvHead(
    columns.map((column) => headings[style.language][column]),
    style,
  );
  for await (const page of pages) {
    yield page
      .map((row) =>
        csvLine(
          columns.map((column) => cells[column](row)),
          style,
        ),
      )
      .join('');
  }
}

/**
 * The texts as a body that is produced as it is taken. The first is made before this resolves, so that a database
 * that is down is still a problem document; a later failure breaks the transfer off, which every client notices.
 */
export async function streamOf(texts: AsyncGenerator<string>): Promise<ReadableStream<Uint8Array>> {
  const encoder = new TextEncoder();
  const first = [await texts.next(), await texts.next()];
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = first.shift() ?? (await texts.next());
      if (next.done === true) controller.close();
      else controller.enqueue(encoder.encode(next.value));
    },
    async cancel() {
      await texts.return(undefined);
    },
  });
}
