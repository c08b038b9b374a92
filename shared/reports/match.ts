/**
 * Conditions on text columns. Names compare without regard to case, as Windows compares them. Beginnings are ranges,
 * so that an index serves them (and a Durable Object takes no LIKE pattern above 50 bytes); lists go in as JSON, because
 * it binds at most 100 values.
 */
import { type SQL, type SQLWrapper, and, or, sql } from 'drizzle-orm';
import { jsonRows } from '../journal/json-rows.ts';

/** Above every text that begins like it. */
const LAST_CHARACTER = '\u{10ffff}';

/** `pattern` is the whole text, or its beginning and a `*`. */
export function matches(column: SQLWrapper, pattern: string | undefined): SQL | undefined {
  if (pattern === undefined) return undefined;
  if (!pattern.endsWith('*')) return sql`${column} COLLATE NOCASE = ${pattern}`;
  const beginning = pattern.slice(0, -1);
  return sql`${column} COLLATE NOCASE >= ${beginning} AND ${column} COLLATE NOCASE < ${beginning + LAST_CHARACTER}`;
}

/** The same of a text that is no column. */
export function isNamed(text: string, pattern: string): boolean {
  const [known, wanted] = [lowerAscii(text), lowerAscii(pattern)];
  return wanted.endsWith('*') ? known.startsWith(wanted.slice(0, -1)) : known === wanted;
}

/** Whether a text names this user: `DOMAIN\user` and `user@domain` whole, or the user part alone. */
export function isUser(text: SQLWrapper, user: string): SQL {
  const same = (value: SQLWrapper) => sql`${value} COLLATE NOCASE = ${user}`;
  if (/[\\@]/.test(user)) return same(text);
  const part = sql`substr(${text}, instr(${text}, '\\') + 1)`;
  return sql`(${same(part)} OR ${same(sql`substr(${text}, 1, instr(${text}, '@') - 1)`)})`;
}

export function isOneOf(column: SQLWrapper, values: readonly string[]): SQL {
  const lists = jsonRows(values).map((list) => sql`${column} IN (SELECT value FROM json_each(${list}))`);
  return or(...lists) ?? sql`0`;
}

export function isNoneOf(column: SQLWrapper, values: readonly string[]): SQL | undefined {
  return and(...jsonRows(values).map((list) => sql`${column} NOT IN (SELECT value FROM json_each(${list}))`));
}

/** ASCII alone, as SQLite's `lower` and NOCASE do it. */
export function lowerAscii(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
