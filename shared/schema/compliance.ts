/** The compliance store's facts: what devices reported of themselves, and when they were last seen. */
import { sql } from 'drizzle-orm';
import { index, integer, primaryKey, sqliteTable, sqliteView, text } from 'drizzle-orm/sqlite-core';
import { factColumns, journalTables } from './journal.ts';

export const {
  journal: complianceJournal,
  origins: complianceOrigins,
  heads: complianceHeads,
  marks: complianceMarks,
  forks: complianceForks,
  quarantine: complianceQuarantine,
  guard: complianceGuard,
  projection: complianceProjection,
  freeze: complianceFreeze,
} = journalTables('compliance');

/** The latest report of a device that this origin accepted, by the device's counter. */
export const statusReports = sqliteTable(
  'status_reports',
  {
    ...factColumns,
    deviceId: text('device_id').notNull(),
    counter: integer().notNull(),
    siteId: text('site_id').notNull(),
    reportedAt: integer('reported_at').notNull(),
    computerName: text('computer_name').notNull(),
    domain: text().notNull(),
    make: text().notNull(),
    model: text().notNull(),
    osVersion: text('os_version').notNull(),
    tpmPresent: integer('tpm_present'),
    usersJson: text('users_json').notNull(),
    policyVersion: integer('policy_version').notNull(),
    enforcement: text().notNull(),
    /** the device's own word when the policy could not be enforced, or null */
    error: text(),
    state: text().notNull(),
    reasonsJson: text('reasons_json').notNull(),
    /** hash of the reported facts, to recognise an unchanged report */
    factsHash: text('facts_hash').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.deviceId, t.origin] }),
    index('status_reports_origin').on(t.origin, t.seq),
  ],
);

export const volumes = sqliteTable(
  'volumes',
  {
    ...factColumns,
    deviceId: text('device_id').notNull(),
    volumeId: text('volume_id').notNull(),
    counter: integer().notNull(),
    volumeType: integer('volume_type').notNull(),
    driveLetter: text('drive_letter'),
    protectionStatus: integer('protection_status').notNull(),
    conversionStatus: integer('conversion_status').notNull(),
    encryptionMethod: integer('encryption_method').notNull(),
    encryptionPercentage: integer('encryption_percentage'),
    lockStatus: integer('lock_status').notNull(),
    /** [{type, keyId?}] */
    protectorsJson: text('protectors_json').notNull(),
    reasonsJson: text('reasons_json').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.deviceId, t.volumeId, t.origin] }),
    index('volumes_origin').on(t.origin, t.seq),
  ],
);

/** When an unchanged device was last seen, from the hourly roll-ups. */
export const seen = sqliteTable(
  'seen',
  {
    ...factColumns,
    deviceId: text('device_id').notNull(),
    counter: integer().notNull(),
    seenAt: integer('seen_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.deviceId, t.origin] }), index('seen_origin').on(t.origin, t.seq)],
);

/** Node-local and durable: an unchanged report's counter and time, until the next roll-up journals it. */
export const localSeen = sqliteTable('local_seen', {
  deviceId: text('device_id').primaryKey(),
  counter: integer().notNull(),
  seenAt: integer('seen_at').notNull(),
  /** 1 once a roll-up carries it */
  rolledUp: integer('rolled_up').notNull(),
});

/**
 * Node-local: of each computer what reports find, order and count it by, as the view `computers` says it. Triggers on the
 * tables below that view keep it, in the transaction that changes them.
 */
export const fleet = sqliteTable(
  'fleet',
  {
    deviceId: text('device_id').primaryKey(),
    lastSeen: integer('last_seen').notNull(),
    siteId: text('site_id').notNull(),
    state: text().notNull(),
    osVersion: text('os_version').notNull(),
    reasonsJson: text('reasons_json').notNull(),
    computerName: text('computer_name').notNull(),
    domain: text().notNull(),
    usersJson: text('users_json').notNull(),
  },
  (t) => [
    // an index for each order of a page, with the device ID, which decides among equals
    index('fleet_last_seen').on(t.lastSeen, t.deviceId),
    index('fleet_site').on(t.siteId, t.deviceId),
    index('fleet_state').on(t.state, t.deviceId),
    index('fleet_os').on(t.osVersion, t.deviceId),
    // Windows compares names without regard to case
    index('fleet_name').on(sql`${t.computerName} COLLATE NOCASE`, t.deviceId),
    // holds all that the enterprise report reads, in the order in which it groups
    index('fleet_groups').on(t.siteId, t.state, t.osVersion, t.reasonsJson, t.domain, t.deviceId),
  ],
);

/** Node-local: how many managed computers were in which state at the end of each day (UTC), as this node knew it then. */
export const localTrend = sqliteTable(
  'local_trend',
  {
    /** days since 1970 */
    day: integer().notNull(),
    siteId: text('site_id').notNull(),
    state: text().notNull(),
    computers: integer().notNull(),
  },
  (t) => [primaryKey({ columns: [t.day, t.siteId, t.state] })],
);

/** The latest report of each device over all origins held, with when it was last seen. */
export const computers = sqliteView('computers', {
  deviceId: text('device_id').notNull(),
  origin: text().notNull(),
  counter: integer().notNull(),
  siteId: text('site_id').notNull(),
  reportedAt: integer('reported_at').notNull(),
  lastSeen: integer('last_seen').notNull(),
  computerName: text('computer_name').notNull(),
  domain: text().notNull(),
  make: text().notNull(),
  model: text().notNull(),
  osVersion: text('os_version').notNull(),
  tpmPresent: integer('tpm_present'),
  usersJson: text('users_json').notNull(),
  policyVersion: integer('policy_version').notNull(),
  enforcement: text().notNull(),
  error: text(),
  state: text().notNull(),
  reasonsJson: text('reasons_json').notNull(),
  factsHash: text('facts_hash').notNull(),
}).existing();

/** The volumes of each computer's latest report. */
export const computerVolumes = sqliteView('computer_volumes', {
  ...factColumns,
  deviceId: text('device_id').notNull(),
  volumeId: text('volume_id').notNull(),
  counter: integer().notNull(),
  volumeType: integer('volume_type').notNull(),
  driveLetter: text('drive_letter'),
  protectionStatus: integer('protection_status').notNull(),
  conversionStatus: integer('conversion_status').notNull(),
  encryptionMethod: integer('encryption_method').notNull(),
  encryptionPercentage: integer('encryption_percentage'),
  lockStatus: integer('lock_status').notNull(),
  protectorsJson: text('protectors_json').notNull(),
  reasonsJson: text('reasons_json').notNull(),
}).existing();
