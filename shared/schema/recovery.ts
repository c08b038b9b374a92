/**
 * The recovery store's facts. Each row belongs to one origin and follows from that origin's log alone, so equal
 * logs give equal rows whatever else a node holds (I5). States are the views at the end, over facts.
 */
import { isNotNull } from 'drizzle-orm';
import { index, integer, primaryKey, sqliteTable, sqliteView, text } from 'drizzle-orm/sqlite-core';
import { factColumns, journalTables } from './journal.ts';

export { exemptionAnswers, exemptionRequests } from './exemptions.ts';
export { accountEvents, forgotten, recoveryErasable } from './staff.ts';
export { edgeRevocations, refusals, releases, reseals, rotations } from './trust.ts';

export const {
  journal: recoveryJournal,
  origins: recoveryOrigins,
  heads: recoveryHeads,
  marks: recoveryMarks,
  forks: recoveryForks,
  quarantine: recoveryQuarantine,
  guard: recoveryGuard,
  projection: recoveryProjection,
  freeze: recoveryFreeze,
} = journalTables('recovery');

/** Regions, sites, vaults, staff, site tokens, policies: what a centre configures, by revision (I14). */
export const config = sqliteTable(
  'config',
  {
    ...factColumns,
    kind: text().notNull(),
    id: text().notNull(),
    revision: integer().notNull(),
    body: text().notNull(),
  },
  (t) => [primaryKey({ columns: [t.kind, t.id, t.origin] }), index('config_origin').on(t.origin, t.seq)],
);

export const devices = sqliteTable(
  'devices',
  {
    ...factColumns,
    deviceId: text('device_id').notNull(),
    siteId: text('site_id').notNull(),
    /** RFC 7638 thumbprint of the device's key */
    jkt: text().notNull(),
    /** 'held', or 'pending' while another living device holds the name */
    claim: text().notNull(),
    computerName: text('computer_name').notNull(),
    domain: text().notNull(),
    smbiosUuid: text('smbios_uuid').notNull(),
    serial: text().notNull(),
    make: text().notNull(),
    model: text().notNull(),
    osVersion: text('os_version').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.deviceId, t.origin] }),
    index('devices_origin').on(t.origin, t.seq),
    index('devices_name').on(t.computerName),
    index('devices_smbios').on(t.smbiosUuid, t.serial, t.deviceId),
    index('devices_jkt').on(t.jkt),
  ],
);

export const deviceRevocations = sqliteTable(
  'device_revocations',
  { ...factColumns, deviceId: text('device_id').notNull(), reason: text().notNull() },
  (t) => [
    primaryKey({ columns: [t.deviceId, t.origin] }),
    index('device_revocations_origin').on(t.origin, t.seq),
  ],
);

/** Escrowed keys, one row per entry: nothing ever replaces one (I2). The same key from one device is one in the view. */
export const escrows = sqliteTable(
  'escrows',
  {
    ...factColumns,
    keyId: text('key_id').notNull(),
    commitment: text().notNull(),
    deviceId: text('device_id').notNull(),
    volumeId: text('volume_id').notNull(),
    volumeType: integer('volume_type').notNull(),
    /** the device's counter when it made the key */
    counter: integer().notNull(),
    siteId: text('site_id').notNull(),
    computerName: text('computer_name').notNull(),
    domain: text().notNull(),
    usersJson: text('users_json').notNull(),
    /** [{vaultId, enc, ct}]: the 16-byte key sealed to each vault */
    sealedJson: text('sealed_json').notNull(),
    /** the same of the key package, or null */
    packageJson: text('package_json'),
    claim: text().notNull(),
  },
  (t) => [
    // Entries of a log come in order, so this index grows at its end; wider keys cost a third of catching up.
    primaryKey({ columns: [t.origin, t.seq] }),
    index('escrows_key').on(t.keyId),
    index('escrows_device').on(t.deviceId),
  ],
);

/** Keys brought in from elsewhere. One row per entry: what a later import knows more of a key stands beside the first. */
export const imports = sqliteTable(
  'imports',
  {
    ...factColumns,
    keyId: text('key_id').notNull(),
    commitment: text().notNull(),
    source: text().notNull(),
    createdAt: integer('created_at'),
    /** 1: the source had given it out before */
    disclosed: integer().notNull(),
    staffId: text('staff_id').notNull(),
    deviceId: text('device_id').notNull(),
    siteId: text('site_id').notNull(),
    volumeId: text('volume_id').notNull(),
    volumeType: integer('volume_type').notNull(),
    computerName: text('computer_name').notNull(),
    domain: text().notNull(),
    usersJson: text('users_json').notNull(),
    sealedJson: text('sealed_json').notNull(),
    packageJson: text('package_json'),
  },
  (t) => [
    primaryKey({ columns: [t.keyId, t.commitment, t.origin, t.seq] }),
    index('imports_origin').on(t.origin, t.seq),
  ],
);

/** Which numerical-password protectors a device last reported on a volume, by the device's counter. */
export const protectors = sqliteTable(
  'protectors',
  {
    ...factColumns,
    deviceId: text('device_id').notNull(),
    volumeId: text('volume_id').notNull(),
    counter: integer().notNull(),
    keyIdsJson: text('key_ids_json').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.deviceId, t.volumeId, t.origin] }),
    index('protectors_origin').on(t.origin, t.seq),
  ],
);

/** Every protector that a device ever reported, by key: what confirms a key that was imported. */
export const protectorKeys = sqliteTable(
  'protector_keys',
  {
    ...factColumns,
    keyId: text('key_id').notNull(),
    deviceId: text('device_id').notNull(),
    volumeId: text('volume_id').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.keyId, t.deviceId, t.volumeId, t.origin] }),
    index('protector_keys_origin').on(t.origin, t.seq),
  ],
);

/** Disclosures, refusals and key-ID searches: each row is its audit record (I3). */
export const audit = sqliteTable(
  'audit',
  {
    ...factColumns,
    action: text().notNull(),
    at: integer().notNull(),
    source: text().notNull(),
    status: text().notNull(),
    failure: text(),
    staffId: text('staff_id').notNull(),
    staffName: text('staff_name').notNull(),
    staffRole: text('staff_role').notNull(),
    endUser: text('end_user'),
    computerName: text('computer_name'),
    domain: text(),
    deviceId: text('device_id'),
    volumeId: text('volume_id'),
    keyId: text('key_id'),
    keyType: text('key_type'),
    commitment: text(),
    requestId: text('request_id'),
    breakGlassId: text('break_glass_id'),
    otherId: text('other_id'),
    otherName: text('other_name'),
    reason: text(),
    verification: text(),
    note: text(),
    siteId: text('site_id'),
    nodeId: text('node_id').notNull(),
    nodeName: text('node_name').notNull(),
    address: text(),
    /** when this node last reached a centre, if it could not at the time; null when it was connected */
    offlineSince: integer('offline_since'),
  },
  (t) => [
    primaryKey({ columns: [t.origin, t.seq] }),
    index('audit_key').on(t.keyId),
    index('audit_at').on(t.at, t.origin, t.seq),
    index('audit_device').on(t.deviceId),
    index('audit_request').on(t.requestId).where(isNotNull(t.requestId)),
    index('audit_break_glass').on(t.breakGlassId).where(isNotNull(t.breakGlassId)),
  ],
);

/** Node-local: small things that outlive a restart, by name. Never compared, never replicated. */
export const localNotes = sqliteTable('local_notes', { name: text().primaryKey(), value: text().notNull() });

/** Node-local: peers, when they were last reached and what they were known to hold. Never compared, never replicated. */
export const localPeers = sqliteTable('local_peers', {
  nodeId: text('node_id').primaryKey(),
  name: text().notNull(),
  role: text().notNull(),
  siteId: text('site_id'),
  lastContact: integer('last_contact').notNull(),
  /** {recovery, compliance}: the peer's vectors at the last contact */
  vectorsJson: text('vectors_json').notNull(),
  /** when everything the peer announced was held here, by this node's clock */
  currentAt: integer('current_at').notNull(),
});

/** The newest revision of each configured thing (ties by origin). */
export const configCurrent = sqliteView('config_current', {
  origin: text().notNull(),
  kind: text().notNull(),
  id: text().notNull(),
  revision: integer().notNull(),
  body: text().notNull(),
}).existing();

/** What each device last reported of each volume, over all origins held. */
export const protectorsCurrent = sqliteView('protectors_current', {
  deviceId: text('device_id').notNull(),
  volumeId: text('volume_id').notNull(),
  counter: integer().notNull(),
  keyIdsJson: text('key_ids_json').notNull(),
  origin: text().notNull(),
}).existing();

/**
 * One row per key ID, commitment and device, with what is known of it; an imported key has a row of its own until a
 * device escrows the same. `onDrive`: 1 the device's latest report
 * lists it, 0 a later report than the escrow does not, null not reported yet.
 */
export const recoveryKeys = sqliteView('recovery_keys', {
  keyId: text('key_id').notNull(),
  commitment: text().notNull(),
  deviceId: text('device_id').notNull(),
  volumeId: text('volume_id').notNull(),
  volumeType: integer('volume_type').notNull(),
  siteId: text('site_id').notNull(),
  computerName: text('computer_name').notNull(),
  domain: text().notNull(),
  usersJson: text('users_json').notNull(),
  sealedJson: text('sealed_json').notNull(),
  packageJson: text('package_json'),
  claim: text().notNull(),
  counter: integer().notNull(),
  origin: text().notNull(),
  seq: integer().notNull(),
  firstHlc: integer('first_hlc').notNull(),
  disclosed: integer().notNull(),
  conflicted: integer().notNull(),
  onDrive: integer('on_drive'),
  /** rotated, conflicted, disclosed or present */
  state: text().notNull(),
  revoked: integer().notNull(),
  /** where the same key was first imported from, or null */
  importedFrom: text('imported_from'),
  /** 1: a device has escrowed it or reported its protector */
  confirmed: integer().notNull(),
}).existing();
