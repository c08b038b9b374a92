/** Facts of the recovery store about whom to trust and with what: see `journal/trust-bodies.ts`. */
import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import { factColumns } from './journal.ts';

/** More sealed copies of keys that are held (I2: beside the first, never in its place). */
export const reseals = sqliteTable(
  'reseals',
  {
    ...factColumns,
    keyId: text('key_id').notNull(),
    commitment: text().notNull(),
    deviceId: text('device_id').notNull(),
    volumeId: text('volume_id').notNull(),
    sealedJson: text('sealed_json').notNull(),
    packageJson: text('package_json'),
  },
  (t) => [primaryKey({ columns: [t.origin, t.seq] }), index('reseals_key').on(t.keyId)],
);

export const edgeRevocations = sqliteTable(
  'edge_revocations',
  {
    ...factColumns,
    nodeId: text('node_id').notNull(),
    name: text().notNull(),
    regionId: text('region_id').notNull(),
    siteId: text('site_id').notNull(),
    stolen: integer().notNull(),
    opens: integer().notNull(),
    reason: text().notNull(),
    at: integer().notNull(),
    part: integer().notNull(),
    parts: integer().notNull(),
    logsJson: text('logs_json').notNull(),
  },
  (t) => [primaryKey({ columns: [t.origin, t.seq] })],
);

/** Keys that count as known to others, and the revoked edge because of which they do. */
export const rotations = sqliteTable(
  'rotations',
  { ...factColumns, keyId: text('key_id').notNull(), because: text().notNull() },
  (t) => [
    primaryKey({ columns: [t.keyId, t.because, t.origin] }),
    index('rotations_origin').on(t.origin, t.seq),
  ],
);

/** Which escrows kept aside were taken back in, and by whom; the escrow itself is a row of `escrows`. */
export const releases = sqliteTable(
  'releases',
  {
    ...factColumns,
    keyId: text('key_id').notNull(),
    ofOrigin: text('of_origin').notNull(),
    ofSeq: integer('of_seq').notNull(),
    ofHash: text('of_hash').notNull(),
    staffId: text('staff_id').notNull(),
  },
  (t) => [primaryKey({ columns: [t.origin, t.seq] })],
);

/** Which escrows kept aside an administrator has looked at and does not take back. They stay where they are (I2). */
export const refusals = sqliteTable(
  'refusals',
  {
    ...factColumns,
    ofOrigin: text('of_origin').notNull(),
    ofSeq: integer('of_seq').notNull(),
    ofHash: text('of_hash').notNull(),
    staffId: text('staff_id').notNull(),
  },
  (t) => [primaryKey({ columns: [t.origin, t.seq] })],
);
