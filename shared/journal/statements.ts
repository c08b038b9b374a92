/** The journal's own SQL. Everything a store holds of other logs and its own goes through these few statements. */
import { limits } from '../limits.ts';
import type { Statement } from './engine.ts';
import type { Entry, Store } from './entry.ts';
import { insertErasable, standsApart } from './erasable.ts';
import { jsonRows, selectJsonRows } from './json-rows.ts';
import type { MarkReason } from './kinds.ts';

/**
 * `ok` becomes NULL, which the table refuses, while a freeze is in force; otherwise it is the condition. The freeze
 * stands in this database and is timed by its clock, so it holds for every process that writes here (I11). It has a
 * beginning as well: a clock that was set back ends it instead of prolonging it.
 */
function guard(store: Store, condition: string): string {
  return (
    `INSERT INTO "${store}_guard" (id, ok) VALUES (1, CASE WHEN EXISTS (SELECT 1 FROM "${store}_freeze" ` +
    `WHERE unixepoch('subsec') * 1000 BETWEEN set_at AND deadline) THEN NULL ELSE ${condition} END) ` +
    `ON CONFLICT (id) DO UPDATE SET ok = excluded.ok`
  );
}

/** Fails the transaction unless `origin` ends exactly at `seq` and `hash` (0 and '' when nothing of it is held). */
export function guardTip(store: Store, origin: string, seq: number, hash: string): Statement {
  const condition = `coalesce((SELECT seq = ?1 AND hash = ?2 FROM "${store}_origins" WHERE origin = ?3), ?1 = 0)`;
  return { sql: guard(store, condition), args: [seq, hash, origin] };
}

/** What every other transaction begins with: fails it while a freeze is in force, and only then. */
export function guardFreeze(store: Store): Statement {
  return { sql: guard(store, '1'), args: [] };
}

export function insertEntries(store: Store, entries: readonly Entry[]): Statement[] {
  const rows = entries.map(({ origin, seq, hlc, kind, version, salt, body, bodyHash, hash }) => {
    const hasBody = body !== null && !standsApart(store, kind);
    const content = hasBody ? [salt, body, null] : [null, null, bodyHash];
    return [origin, seq, hlc, kind, version, ...content, hash];
  });
  const inserts = jsonRows(rows).map((json) => ({
    sql:
      `INSERT INTO "${store}_journal" (origin, seq, hlc, kind, version, salt, body, body_hash, hash) ` +
      selectJsonRows(9),
    args: [json],
  }));
  return [...inserts, ...insertErasable(store, entries)];
}

/** Where logs end; a condition or an order may follow. */
export function selectTips(store: Store): string {
  return `SELECT origin, seq, hash, head_seq, certificate FROM "${store}_origins"`;
}

export function setTip(
  store: Store,
  tip: { origin: string; seq: number; hash: string; headSeq: number; certificate: string },
): Statement {
  return {
    sql:
      `INSERT INTO "${store}_origins" (origin, seq, hash, head_seq, certificate) VALUES (?, ?, ?, ?, ?) ` +
      `ON CONFLICT (origin) DO UPDATE SET seq = excluded.seq, hash = excluded.hash, head_seq = excluded.head_seq`,
    args: [tip.origin, tip.seq, tip.hash, tip.headSeq, tip.certificate],
  };
}

/** Nothing of this log is held any more. */
export function forgetTip(store: Store, origin: string): Statement {
  return { sql: `DELETE FROM "${store}_origins" WHERE origin = ?`, args: [origin] };
}

export function insertHead(store: Store, origin: string, seq: number, jws: string): Statement {
  return {
    sql: `INSERT OR IGNORE INTO "${store}_heads" (origin, seq, jws) VALUES (?, ?, ?)`,
    args: [origin, seq, jws],
  };
}

export function insertMark(
  store: Store,
  entry: Pick<Entry, 'origin' | 'seq' | 'kind'>,
  reason: MarkReason,
): Statement {
  return {
    sql: `INSERT OR REPLACE INTO "${store}_marks" (origin, seq, kind, reason) VALUES (?, ?, ?, ?)`,
    args: [entry.origin, entry.seq, entry.kind, reason],
  };
}

/** Adds one piece of evidence of a fork, up to `forksPerOriginMax` of each log (I12). */
export function insertFork(
  store: Store,
  fork: { origin: string; seq: number; hash: string; heldHash: string; seenAt: number; segment: string },
): Statement {
  return {
    sql:
      `INSERT OR IGNORE INTO "${store}_forks" (origin, seq, hash, held_hash, seen_at, segment) ` +
      `SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE (SELECT count(*) FROM "${store}_forks" WHERE origin = ?1) < ?7`,
    args: [
      fork.origin,
      fork.seq,
      fork.hash,
      fork.heldHash,
      fork.seenAt,
      fork.segment,
      limits.forksPerOriginMax,
    ],
  };
}
