/**
 * What goes wrong with snapshots, installing and settings, in English: a sentence each, or a part of one. The names of
 * stores, checks and phases are Holdfast's own and stay.
 */
export const faults = {
  // parts of sentences
  diskFull: () => 'the disk is full',
  unwritable: () => 'it does not take writes',
  staysLocked: () => 'it stayed locked',
  copyFailed: () => 'the copy failed',
  noAnswer: () => 'a database server did not answer',
  engine: (reason: string, hint: string) => `the database refused (${reason}): ${hint}`,
  damaged: () => 'it is damaged',
  frozen: () => 'it is frozen',
  unopenable: () => 'it cannot be created or opened',
  inUse: () => 'is in use by another program',
  unlistenable: () => 'cannot be listened on',
  interval: () => 'must be "off" or like 30m, 6h or 1d',
  ageRecipients: () => 'must be age recipients (age1…), with commas between them',
  loopback: () => 'must be a loopback address: a TLS terminator stands in front of it',
  sha256: () => 'must be a SHA-256 in base64url',
  missing: () => 'it is missing',
  invalid: () => 'it is not valid',
  system: (code: string) => code,

  // settings
  unusable: (name: string, why: string) => `${name} is not usable: ${why}.`,
  plainAndRecipients: () => 'HOLDFAST_SNAPSHOT_PLAIN and HOLDFAST_SNAPSHOT_RECIPIENTS exclude each other.',
  oneServer: () =>
    'Snapshots need both stores in files, or both at database servers: set HOLDFAST_RECOVERY_URL and HOLDFAST_COMPLIANCE_URL, or neither.',
  undecided: () =>
    'Snapshots are encrypted: name age recipients in HOLDFAST_SNAPSHOT_RECIPIENTS, or leave that to the backup tool with HOLDFAST_SNAPSHOT_PLAIN=yes (--plain).',
  certificateUnsigned: () => 'The certificate in HOLDFAST_IDENTITY_FILE is not signed by its organisation.',
  urlProtocol: (name: string) => `${name} must begin with file:, http:, https: or libsql:.`,
  adminOfNoServer: (admin: string, url: string) =>
    `${admin} is for a database server, and ${url} names none.`,
  identityUnreadable: (file: string) => `HOLDFAST_IDENTITY_FILE names ${file}, which cannot be read.`,
  identityForeign: (file: string) =>
    `HOLDFAST_IDENTITY_FILE names ${file}, an identity, which is not made by "holdfast".`,
  vaultForeign: (file: string, vault: string) =>
    `HOLDFAST_IDENTITY_FILE names ${file}, beside which is ${vault}, which is not made by "holdfast".`,
  unreadable: (file: string) => `${file} cannot be read.`,
  tlsForeign: (file: string) => `${file} is not made by "holdfast tls new".`,
  tlsOtherKey: (file: string) => `The key in ${file} does not belong to its certificate.`,
  databasesUnusable: (folder: string, why: string) =>
    `The databases in HOLDFAST_DATA (${folder}) are not usable: ${why}.`,
  tokenRefused: (token: string, url: string, host: string) =>
    `${token} is not accepted by the database server at ${url} (${host}).`,
  noServer: (url: string, host: string) =>
    `The database server at ${url} (${host}) does not answer as one: is it running, and is the address right?`,
  adminKeyRefused: (key: string, url: string) => `${key} is not accepted at ${url}.`,
  unsyncable: (url: string, why: string) => `The database server cannot be told to sync at ${url}: ${why}.`,
  port: (port: number, why: string) => `HOLDFAST_PORT ${String(port)} ${why}.`,

  // making a set
  storeUnopenable: (store: string, file: string) => `The ${store} database ${file} cannot be opened.`,
  storeMissing: (store: string, file: string) => `The ${store} database ${file} is not there.`,
  notFrozen: (store: string, why: string) => `The ${store} database could not be frozen: ${why}.`,
  frozenByAnother: (store: string, seconds: number) =>
    `Another snapshot or restore holds the ${store} store, for ${String(seconds)} s at most: try again then.`,
  freezeEnded: (store: string) => `The freeze of the ${store} store ended before its snapshot was open.`,
  freezeEndedReplica: (store: string) =>
    `The freeze of the ${store} store ended before its replica was there.`,
  notCopied: (store: string, why: string) => `The ${store} database could not be copied: ${why}.`,
  serversNotCaptured: (why: string) => `The database servers could not be captured: ${why}.`,
  serverSilent: (store: string, reason: string) =>
    `The ${store} database server does not answer (${reason}).`,
  replicaAstray: (store: string) => `The replica of the ${store} store does not follow its server.`,
  replicaUntrusted: (store: string) =>
    `The certificate of the ${store} database server is not trusted where its replica is made: SSL_CERT_FILE names the authorities.`,
  noReplica: (store: string) =>
    `The ${store} database server gives no replica; namespaces by path have none.`,
  noLog: (store: string) => `the ${store} database has no write-ahead log here.`,
  trialUnreadable: (store: string, file: string) => `the ${store} database ${file} cannot be read.`,
  trialUnopenable: (store: string, file: string) => `the ${store} database ${file} cannot be opened.`,
  noRoom: (folder: string) =>
    `There is no room for a snapshot in ${folder}: three times the databases are needed while it is made.`,
  folderBusy: (folder: string) =>
    `Another process makes or drops a snapshot in ${folder}: try again when it has ended.`,
  folderUnwritable: (folder: string) => `${folder} is not a folder that can be written.`,
  folderFull: (folder: string) => `The disk is full at ${folder}.`,
  failedUnexpectedly: () => 'The snapshot failed unexpectedly.',
  failedFull: () => 'The snapshot failed because the disk is full.',
  failedWith: (code: string) => `The snapshot failed with ${code}.`,
  interrupted: (state: string) => `an earlier set was interrupted in ${state}`,
  outOfTurn: () => 'a phase came out of turn',
  backupUnderWay: (tool: string, minutes: number) =>
    `Another backup is under way, by ${tool}, which has not reported back yet and has ${String(minutes)} min to do so.`,
  backupPreparing: () => 'Another backup is under way: its snapshot is being made.',
  noBackup: (tool: string) => `No backup by ${tool} is under way.`,
  backupFailed: () => 'The backup tool failed.',
  nothingMade: () => 'No snapshot was made.',
  madeBad: (id: string) => `${id} was made and does not verify.`,
  tooLate: (seconds: number) => `The snapshot was not made within ${String(seconds)} s.`,

  // restoring, drilling, seeding
  databaseThere: (store: string, place: string) =>
    `There is a ${store} database at ${place}: --force replaces it and keeps it aside.`,
  notVerified: () => 'The snapshot does not verify and is not restored.',
  restoreUnderWay: (folder: string) => `Another process restores to ${folder}: try again when it has ended.`,
  encrypted: () => 'The snapshot is encrypted: an age identity that opens it is needed (--age-identity).',
  isSeed: () => 'This is the seed of an edge and no snapshot of a centre.',
  changedMeanwhile: () => 'The snapshot changed while it was read and is not restored.',
  processHas: (file: string) => `A process has ${file} open: stop the centre first.`,
  thereAlready: (place: string) => `There is something at ${place} already.`,
  databaseAt: (file: string) => `There is a database at ${file} already.`,
  notAnEdge: () => 'That is not the certificate of an edge of this organisation.',
  edgeUnknown: (edge: string) =>
    `The snapshot holds nothing of an edge "${edge}": a new one needs its certificate (--certificate).`,
  doesNotStart: (why: string) => `A centre does not start over the snapshot: ${why}`,
  storeWritten: (store: string, place: string) =>
    `The ${store} database at ${place} is being written to: stop every centre over it first.`,
  serverDiffers: (store: string, table: string) =>
    `The ${store} database server does not hold what it was given (${table}): restore again.`,
  scratchFull: (folder: string) =>
    `The disk is full at ${folder}, and nothing is known about the snapshot: make room, and try again.`,
  diskRefused: (code: string, file: string) => `The disk refused (${code}) at ${file}.`,

  // what verifying finds
  manifestUnbelieved: (why: string) => `it is not a manifest that this organisation's centre signed (${why})`,
  notNamed: () => 'the manifest does not name it',
  notAFile: () => 'it is not a plain file',
  otherChecksum: () => 'its checksum is not that of the manifest',
  otherPlain: () => 'what it decrypts to is not what the manifest names',
  notOpened: () => 'it is not opened by the age identities at hand',
  noDatabase: () => 'it cannot be read as a database',
  fileDamaged: () => 'SQLite finds the file damaged',
  refersToNothing: (table: string) => `a row of ${table} refers to nothing`,
  unknownMigrations: () => 'it was made by migrations that this version does not know',
  otherSchema: () => 'its tables and views are not those that the migrations make',
  otherMigrations: () => 'its migrations are not those of this version',
  otherCut: () => 'it is not at the cut of the manifest',
  otherHashes: () => 'its logs do not end in the hashes of the manifest',
  manifestMigrations: () => 'its migrations are not those of the manifest',
  manifestTables: (tables: string) => `its tables are not those of the manifest: ${tables}`,
  tablesAstray: (tables: string) => `they do not follow from the journal: ${tables}`,
  marksAstray: () => 'the marks do not follow from the journal',
  otherCount: () => 'the journal does not hold as many entries as its logs say',
  ofLog: (origin: string, what: string) => `${origin}: ${what}`,
  noHead: (seq: number) => `no head is held after place ${String(seq)}`,
  doesNotHold: (what: string, seq: number) => `its ${what} does not hold after place ${String(seq)}`,
  otherCertificate: () => 'it is held under another certificate than its own',
  otherHash: (seq: number) => `a hash after place ${String(seq)} is not that of its entry`,
  chainBreaks: (seq: number) => `the chain breaks after place ${String(seq)}`,
  otherEnd: () => 'its end is not where it is said to be',
  headAstray: (origin: string, seq: number) => `${origin}: the head at place ${String(seq)} does not hold`,
  notOpening: (kind: string, keyId: string, seq: number, origin: string) =>
    `the ${kind} of ${keyId}, at place ${String(seq)} of ${origin}, does not open`,

  // migrations
  migratedNewer: (store: string, migration: string) =>
    `The ${store} database was migrated by a newer version of Holdfast (it has ${migration}); start that version, or restore a snapshot made before the upgrade.`,
  migrationSkipped: (store: string, migration: string, next: string) =>
    `Migration ${migration} of the ${store} store was skipped: the database went on to ${next} without it.`,
  migrationEdited: (store: string, migration: string) =>
    `Migration ${migration} of the ${store} store was edited after it had been applied to this database.`,
  migrationRestoring: (store: string) =>
    `A snapshot is being restored into the ${store} database, or that was interrupted: restore it again.`,
  migrationRefused: (store: string, migration: string, why: string) =>
    `Migration ${migration} of the ${store} store could not be applied: ${why}.`,

  // installing
  giveIdentity: () => 'Give the identity made for this centre: --identity FILE.',
  notAnIdentity: (file: string) => `${file} is not an identity made by "holdfast centre enrol".`,
  machineRefused: (code: string, file: string) => `The machine refused (${code})${file}.`,
  trialFailed: (why: string) =>
    `The trial snapshot failed, and without the database engine's snapshots there is no backup: ${why}`,
  trialNotWhole: (store: string, why: string) =>
    `The trial snapshot of the ${store} store is not a whole database (${why}), and without snapshots there is no backup.`,
  identityUnsigned: () => 'The identity is not signed by the organisation that it names.',
  identityOfEdge: (edge: string) => `The identity is of the edge ${edge}, not of a centre.`,
  identityOtherKey: () => 'The private key of the identity does not belong to its certificate.',
  vaultKeyClosed: (vault: string) =>
    `The vault key ${vault} of the identity does not open what is sealed to it.`,
  vaultKeyOther: (vault: string) =>
    `The vault key ${vault} of the identity is another one than the secrets in the database are sealed to.`,
  storeUnreadable: (store: string, file: string, why: string) =>
    `The ${store} database ${file} cannot be read: ${why}.`,
  serversAmiss: (why: string) => `The database servers do not answer as they should: ${why}.`,
  migrateInUse: (file: string) =>
    `${file} has to be migrated, and a process has it open: stop the centre first.`,
  notASetting: (text: string) => `"${text}" is not a setting that can be given: HOLDFAST_NAME=VALUE.`,
  notRoot: (folder: string) => `${folder} cannot be written: install as root.`,
  anotherInstallation: () => 'Another installation is under way.',
};
