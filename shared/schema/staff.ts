/** What the recovery store holds of people: see `journal/staff-bodies.ts`. */
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';
import { factColumns } from './journal.ts';

/** Bodies of entries that may have to be forgotten for good; no facts, and never compared. See `journal/erasable.ts`. */
export const recoveryErasable = sqliteTable(
  'recovery_erasable',
  {
    id: integer().primaryKey({ autoIncrement: true }),
    origin: text().notNull(),
    seq: integer().notNull(),
    salt: text().notNull(),
    body: text().notNull(),
  },
  (t) => [uniqueIndex('recovery_erasable_origin_seq').on(t.origin, t.seq)],
);

/** Entries whose bodies are to be forgotten. */
export const forgotten = sqliteTable(
  'forgotten',
  { ...factColumns, ofOrigin: text('of_origin').notNull(), ofSeq: integer('of_seq').notNull() },
  (t) => [
    primaryKey({ columns: [t.ofOrigin, t.ofSeq, t.origin] }),
    index('forgotten_origin').on(t.origin, t.seq),
  ],
);

/** Sign-ins, sign-outs, failures, and what administrators did to accounts. */
export const accountEvents = sqliteTable(
  'account_events',
  {
    ...factColumns,
    action: text().notNull(),
    at: integer().notNull(),
    status: text().notNull(),
    failure: text(),
    staffId: text('staff_id'),
    method: text(),
    step: integer(),
    codeHash: text('code_hash'),
    byStaffId: text('by_staff_id'),
    nodeId: text('node_id').notNull(),
    nodeName: text('node_name').notNull(),
    address: text(),
    offlineSince: integer('offline_since'),
  },
  (t) => [
    primaryKey({ columns: [t.origin, t.seq] }),
    index('account_events_at').on(t.at, t.origin, t.seq),
    index('account_events_staff').on(t.staffId, t.at),
  ],
);
