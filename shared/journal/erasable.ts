/**
 * Bodies that may have to be forgotten for good: those of credentials. The journal holds their entries without them, as
 * every node does that is not to have them; here they stand by themselves, so that forgetting one touches no log.
 *
 * Forgetting means that the bytes are gone from every file, and neither engine promises that of a row that is deleted.
 * Rows of this table are therefore never moved or freed: they are only added at its end, and overwritten where they are
 * by text of the same length. (SQLite moves rows when pages split or empty, and when the first page of a table
 * outgrows itself: three long rows are put in before any other.) Older copies in a write-ahead log are got rid of by the
 * engine (`Engine.shred`); until it has done so the row says so, also across a restart.
 */
import type { Engine, Statement } from './engine.ts';
import type { Entry, SegmentEntry, Store } from './entry.ts';
import { jsonRows, selectJsonRows } from './json-rows.ts';

const TABLE = 'recovery_erasable';

/** In place of the salt, which is 22 characters of base64url: overwritten, and since then gone from the logs as well. */
const OVERWRITTEN = '~'.repeat(22);
const GONE = '.'.repeat(22);

const BALLAST_ROWS = 3;
const BALLAST_CHARACTERS = 3_000;

/** Whether bodies of this kind stand apart from the journal. */
export function standsApart(store: Store, kind: string): boolean {
  return store === 'recovery' && kind === 'credential';
}

/** Once, before the first row. */
export function insertBallast(): Statement {
  return {
    sql:
      `INSERT INTO "${TABLE}" (origin, seq, salt, body) ` +
      `SELECT '', value, '${GONE}', hex(zeroblob(${String(BALLAST_CHARACTERS / 2)})) ` +
      `FROM json_each(?) WHERE NOT EXISTS (SELECT 1 FROM "${TABLE}")`,
    args: [JSON.stringify(Array.from({ length: BALLAST_ROWS }, (_, index) => -1 - index))],
  };
}

export function insertErasable(store: Store, entries: readonly Entry[]): Statement[] {
  const rows = entries.flatMap(({ origin, seq, kind, salt, body }) =>
    standsApart(store, kind) && body !== null ? [[origin, seq, salt, body]] : [],
  );
  if (rows.length === 0) return [];
  return jsonRows(rows).map((json) => ({
    sql: `INSERT INTO "${TABLE}" (origin, seq, salt, body) ${selectJsonRows(4)}`,
    args: [json],
  }));
}

const IS_FORGOTTEN = `EXISTS (SELECT 1 FROM forgotten f WHERE f.of_origin = e.origin AND f.of_seq = e.seq)`;
const IS_THERE = `e.salt NOT IN ('${OVERWRITTEN}', '${GONE}')`;

/** Origin, seq, hlc and body of every body that is held and not forgotten. */
export const SELECT_HELD =
  `SELECT e.origin, e.seq, j.hlc, e.body FROM "${TABLE}" e ` +
  `JOIN recovery_journal j ON j.origin = e.origin AND j.seq = e.seq WHERE ${IS_THERE} AND NOT ${IS_FORGOTTEN}`;

/** Octets of a row's body, for `SELECT`s over the journal `j`. */
export const ERASABLE_OCTETS = `(SELECT octet_length(e.body) FROM "${TABLE}" e WHERE e.origin = j.origin AND e.seq = j.seq)`;

/** Puts the bodies back into entries that a reader may have whole. */
export async function withErasable(
  engine: Pick<Engine, 'rows'>,
  origin: string,
  from: number,
  entries: readonly SegmentEntry[],
  mayRead: (body: string) => boolean,
): Promise<SegmentEntry[]> {
  const rows = await engine.rows(
    'recovery',
    `SELECT e.seq, e.salt, e.body FROM "${TABLE}" e WHERE e.origin = ? AND e.seq >= ? AND e.seq < ? ` +
      `AND ${IS_THERE} AND NOT ${IS_FORGOTTEN}`,
    [origin, from, from + entries.length],
  );
  const held = new Map(rows.map(([seq, salt, body]) => [Number(seq), [String(salt), String(body)] as const]));
  return entries.map((entry, index) => {
    const [salt, body] = held.get(from + index) ?? [];
    if (salt === undefined || body === undefined || !mayRead(body)) return entry;
    const { hlc, kind, version } = entry;
    return { hlc, kind, version, salt, body };
  });
}

/**
 * Overwrites what is forgotten and still there, and has the engine get rid of older copies. Returns whether nothing is
 * left of it; if not, it wants to be called again.
 */
export async function forgetBodies(
  engine: Engine,
  write: (statements: readonly Statement[]) => Promise<void>,
): Promise<boolean> {
  const [row] = await engine.rows(
    'recovery',
    `SELECT (SELECT count(*) FROM "${TABLE}" e WHERE ${IS_THERE} AND ${IS_FORGOTTEN}), ` +
      `(SELECT count(*) FROM "${TABLE}" WHERE salt = '${OVERWRITTEN}')`,
    [],
  );
  const [there, overwritten] = [Number(row?.[0] ?? 0), Number(row?.[1] ?? 0)];
  if (there > 0) await write([{ sql: OVERWRITE, args: [] }]);
  if (there + overwritten === 0) return true;
  if (!((await engine.shred?.('recovery')) ?? true)) return false;
  await write([{ sql: `UPDATE "${TABLE}" SET salt = '${GONE}' WHERE salt = '${OVERWRITTEN}'`, args: [] }]);
  return true;
}

/** The same number of octets, so that SQLite writes them over the old ones. */
const OVERWRITE =
  `UPDATE "${TABLE}" AS e SET salt = '${OVERWRITTEN}', body = substr(replace(hex(zeroblob(` +
  `octet_length(body) / 2 + 1)), '0', '~'), 1, octet_length(body)) WHERE ${IS_THERE} AND ${IS_FORGOTTEN}`;
