/** A database's tables and rows as statements, page by page, by which another one is made to hold the same. */
import type { SqlValue, Statement } from '../../shared/journal/engine.ts';
import { jsonRows, selectJsonRows } from '../../shared/journal/json-rows.ts';
import type { SqliteEngine } from './sqlite.ts';

/** What is sent, and read back, at once; a row alone may be larger. */
const PAGE_ROWS_MAX = 1_000;
const PAGE_CHARACTERS_MAX = 2_000_000;

export interface Table {
  readonly name: string;
  readonly sql: string;
  /** but for one that is the row's own number */
  readonly columns: readonly string[];
}

/** In the order in which they were made. */
export function tablesIn(from: SqliteEngine): Table[] {
  const sql = `SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY rowid`;
  return [...from.iterate(sql)].map(([of, made]) => {
    const name = String(of);
    const info = [...from.iterate('SELECT name, type, pk FROM pragma_table_info(?)', [name])];
    const isNumber = ([, type, pk]: SqlValue[]): boolean =>
      Number(pk) === 1 &&
      /^integer$/i.test(String(type)) &&
      info.filter((each) => Number(each[2]) > 0).length === 1;
    return {
      name,
      sql: String(made),
      columns: info.filter((each) => !isNumber(each)).map(([column]) => String(column)),
    };
  });
}

export function rowsIn(from: SqliteEngine, table: string): number {
  const [row] = from.iterate(`SELECT count(*) FROM ${quoted(table)}`);
  return Number(row?.[0] ?? 0);
}

export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

const listOf = ({ columns }: Table): string => ['rowid', ...columns.map(quoted)].join(', ');

/** Takes the number of the row before, and how many rows. */
export const selectPage = (table: Table): string =>
  `SELECT ${listOf(table)} FROM ${quoted(table.name)} WHERE rowid > ? ORDER BY rowid LIMIT ?`;

/** The rows after one, by number; none at the end. */
export function pageOf(from: SqliteEngine, table: Table, after: number): SqlValue[][] {
  const page: SqlValue[][] = [];
  let characters = 0;
  for (const row of from.iterate(selectPage(table), [after, PAGE_ROWS_MAX])) {
    page.push(row);
    characters += row.reduce<number>((sum, value) => sum + String(value).length, 0);
    if (characters > PAGE_CHARACTERS_MAX) break;
  }
  return page;
}

export function insertPage(table: Table, page: readonly SqlValue[][]): Statement[] {
  const sql = `INSERT INTO ${quoted(table.name)} (${listOf(table)}) ${selectJsonRows(1 + table.columns.length)}`;
  return jsonRows(page).map((json) => ({ sql, args: [json] }));
}
