/**
 * CSV (RFC 4180) as spreadsheets and SQL tools write it: a header, then a record per row; cells between quotation marks
 * may hold the delimiter, doubled quotation marks and line ends. The delimiter is found in the header (or in Excel's
 * line `sep=;` before it). A row that cannot be read is a fault of its own and takes no other with it: where a quotation
 * mark is never closed, reading goes on at the next line.
 */
import { type Line, Lines } from './text.ts';

const DELIMITERS = [',', ';', '\t', '|'] as const;
export type Delimiter = (typeof DELIMITERS)[number];

/** A row whose cells have line ends; beyond it a quotation mark was left open. */
const ROW_LINES_MAX = 50;

export type Row =
  | { readonly line: number; readonly cells: readonly string[]; readonly windows1252: boolean }
  | { readonly line: number; readonly fault: 'encoding-unknown' | 'too-long' | 'malformed' };

export class CsvRows {
  readonly #lines = new Lines();
  #delimiter: Delimiter | null;
  /** lines of a row whose last cell is still open */
  #open: (Line & { text: string })[] = [];

  constructor(delimiter: Delimiter | null) {
    this.#delimiter = delimiter;
  }

  push(bytes: Uint8Array): Row[] {
    return this.#read(this.#lines.push(bytes));
  }

  end(): Row[] {
    const rows = this.#read(this.#lines.end());
    while (this.#open.length > 0) rows.push(...this.#giveUp());
    return rows;
  }

  #read(lines: readonly Line[]): Row[] {
    return lines.flatMap((line) => this.#line(line));
  }

  #line(line: Line): Row[] {
    if ('fault' in line) {
      const before: Row[] = [];
      while (this.#open.length > 0) before.push(...this.#giveUp());
      return [...before, { line: line.number, fault: line.fault }];
    }
    if (this.#open.length === 0) {
      if (line.text.trim() === '') return [];
      const separator = /^"?sep=(.)"?$/i.exec(line.text)?.[1];
      if (this.#delimiter === null && separator !== undefined) {
        this.#delimiter = DELIMITERS.find((known) => known === separator) ?? null;
        return [];
      }
    }
    this.#delimiter ??= delimiterOf(line.text);
    this.#open.push(line);
    const cells = cellsOf(this.#open.map(({ text }) => text).join('\n'), this.#delimiter);
    if (cells === 'open' && this.#open.length < ROW_LINES_MAX) return [];
    if (typeof cells === 'string') return this.#giveUp();
    const [first] = this.#open;
    const windows1252 = this.#open.some((each) => 'windows1252' in each && each.windows1252);
    this.#open = [];
    return first ? [{ line: first.number, cells, windows1252 }] : [];
  }

  /** The first line of what is open is no row; those after it are read anew. */
  #giveUp(): Row[] {
    const [first, ...rest] = this.#open;
    this.#open = [];
    if (!first) return [];
    return [{ line: first.number, fault: 'malformed' }, ...this.#read(rest)];
  }
}

function delimiterOf(header: string): Delimiter {
  const bare = header.replace(/"[^"]*"/g, '');
  const counts = DELIMITERS.map((delimiter) => ({ delimiter, count: bare.split(delimiter).length }));
  return counts.reduce((best, each) => (each.count > best.count ? each : best)).delimiter;
}

/** `open`: the last cell's quotation mark is not closed; `malformed`: something follows one that is. */
function cellsOf(text: string, delimiter: string): string[] | 'open' | 'malformed' {
  const cells: string[] = [];
  for (let at = 0; ; at += 1) {
    if (text.charAt(at) !== '"') {
      const end = text.indexOf(delimiter, at);
      cells.push(text.slice(at, end < 0 ? text.length : end));
      if (end < 0) return cells;
      at = end;
      continue;
    }
    let cell = '';
    for (;;) {
      const quote = text.indexOf('"', at + 1);
      if (quote < 0) return 'open';
      cell += text.slice(at + 1, quote);
      at = quote;
      if (text.charAt(at + 1) !== '"') break;
      cell += '"';
      at += 1;
    }
    cells.push(cell);
    at += 1;
    if (at >= text.length) return cells;
    if (text.charAt(at) !== delimiter) return 'malformed';
  }
}
