/**
 * The tables that hold a store's journal. Both stores have the same ones under their own prefix, because an edge
 * keeps both in one database while the centre keeps each in its own, which may stand on different servers.
 */
import { sql } from 'drizzle-orm';
import { check, integer, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';

export function journalTables<P extends 'recovery' | 'compliance'>(store: P) {
  /** Every entry held, append-only. `prev` is the hash of the row before and is not stored twice. */
  const journal = sqliteTable(
    `${store}_journal`,
    {
      arrival: integer().primaryKey({ autoIncrement: true }),
      origin: text().notNull(),
      seq: integer().notNull(),
      hlc: integer().notNull(),
      kind: text().notNull(),
      version: integer().notNull(),
      /** null once the body was erased */
      salt: text(),
      body: text(),
      /** only where the body was erased; otherwise it follows from salt and body */
      bodyHash: text('body_hash'),
      hash: text().notNull(),
    },
    (t) => [uniqueIndex(`${store}_journal_origin_seq`).on(t.origin, t.seq)],
  );
  /** One row per origin: the highest contiguous entry held, and the highest that lies under a held head. */
  const origins = sqliteTable(`${store}_origins`, {
    origin: text().primaryKey(),
    seq: integer().notNull(),
    hash: text().notNull(),
    headSeq: integer('head_seq').notNull(),
    certificate: text().notNull(),
  });
  const heads = sqliteTable(
    `${store}_heads`,
    { origin: text().notNull(), seq: integer().notNull(), jws: text().notNull() },
    (t) => [uniqueIndex(`${store}_heads_origin_seq`).on(t.origin, t.seq)],
  );
  /** Entries that are held and forwarded but not projected, and why (I9). */
  const marks = sqliteTable(
    `${store}_marks`,
    { origin: text().notNull(), seq: integer().notNull(), kind: text().notNull(), reason: text().notNull() },
    (t) => [uniqueIndex(`${store}_marks_origin_seq`).on(t.origin, t.seq)],
  );
  /** Segments that were refused because they do not extend what is held: evidence, never part of the tables (I4). */
  const forks = sqliteTable(
    `${store}_forks`,
    {
      origin: text().notNull(),
      seq: integer().notNull(),
      hash: text().notNull(),
      heldHash: text('held_hash').notNull(),
      seenAt: integer('seen_at').notNull(),
      segment: text().notNull(),
    },
    (t) => [uniqueIndex(`${store}_forks_origin_seq_hash`).on(t.origin, t.seq, t.hash)],
  );
  /** What a revoked edge's log holds beyond where it is trusted: outside vector and tables, for an administrator to look at. */
  const quarantine = sqliteTable(
    `${store}_quarantine`,
    {
      origin: text().notNull(),
      seq: integer().notNull(),
      hlc: integer().notNull(),
      kind: text().notNull(),
      version: integer().notNull(),
      salt: text(),
      body: text(),
      bodyHash: text('body_hash'),
      hash: text().notNull(),
    },
    (t) => [uniqueIndex(`${store}_quarantine_origin_seq_hash`).on(t.origin, t.seq, t.hash)],
  );
  /** One row whose `ok` must be 1: a condition checked inside a write transaction that fails it as a whole. */
  const guard = sqliteTable(
    `${store}_guard`,
    { id: integer().primaryKey(), ok: integer().notNull() },
    (t) => [check(`${store}_guard_ok`, sql`${t.ok} = 1`)],
  );
  /** By which rules the fact tables were made; another number than the program's has them made again. */
  const projection = sqliteTable(`${store}_projection`, {
    id: integer().primaryKey(),
    version: integer().notNull(),
  });
  /** At most one row: while it is in force nothing may be written, so that a snapshot can be opened of both stores. */
  const freeze = sqliteTable(`${store}_freeze`, {
    id: integer().primaryKey(),
    /** the snapshot set that asked for it */
    holder: text().notNull(),
    /** by the database's own clock, milliseconds since 1970 */
    setAt: integer('set_at').notNull(),
    deadline: integer().notNull(),
  });
  return { journal, origins, heads, marks, forks, quarantine, guard, projection, freeze };
}

/** The columns by which every fact row names the entry it came from. */
export const factColumns = {
  origin: text().notNull(),
  seq: integer().notNull(),
  hlc: integer().notNull(),
};
