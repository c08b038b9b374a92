/**
 * Values for examples, by the field's name: one imagined PC and its key, so that every example of the API is about the
 * same things. A name with several meanings has several values; the first that fits a schema is taken.
 *
 * Nothing here is a secret, and all of it has the form of the real thing: the password passes BitLocker's own test and
 * is plainly a sample; what would be signed or sealed says so.
 */

/** 2 March 2026, 08:30:00 UTC. */
const TIME = 1_772_440_200_000;

export const SAMPLE_PASSWORD = '111111-222222-333333-444444-555555-666666-111111-222222';
export const SAMPLE_KEY_ID = '3fd763f9-74c7-4e90-8fa2-1f6a2e2b4e0c';
/** what a commitment of these two is, as a test recomputes it */
export const SAMPLE_COMMITMENT = 't1wybMEVxtIhE4Ysopf42K-AkiT6NupH1hfGjNTp2wU';

const HASH = 'sample-hash-of-43-characters-AAAAAAAAAAAAAA';
const NODE = 'madridedge';
const ORIGIN = `${NODE}.sampleorigin2`;
const DEVICE = 'd-samplepcmadrid22';
const AGE_RECIPIENT = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p';
/** header {"alg":"ES256"}, payload {"sample":true} */
const JWS = 'eyJhbGciOiJFUzI1NiJ9.eyJzYW1wbGUiOnRydWV9.c2FtcGxlLXNpZ25hdHVyZQ';
const POLICY_RULES = {
  ...{ operatingSystem: 'required', fixedData: 'required', removable: 'optional' },
  ...{ cipher: 'xts-128', osProtector: 'tpm', allowWithoutTpm: false },
};

export const SAMPLES: Readonly<Record<string, readonly unknown[]>> = {
  // keys
  keyId: [SAMPLE_KEY_ID],
  keyIds: [[SAMPLE_KEY_ID]],
  recoveryPassword: [SAMPLE_PASSWORD],
  commitment: [SAMPLE_COMMITMENT],
  first: [SAMPLE_COMMITMENT],
  keyPackage: [null, 'c2FtcGxlIGtleSBwYWNrYWdl'],
  volumeId: ['5f3a1c9e-2b4d-4e8f-9a7b-6c5d4e3f2a1b'],
  volumeType: [1],
  driveLetter: ['C:'],
  encryptionMethod: [6, { code: 6, words: 'XTS-AES-128' }],
  encryptionPercentage: [100],
  conversionStatus: [1],
  protectionStatus: [1],
  protection: [{ code: 1, words: 'On' }],
  conversion: [{ code: 1, words: 'Fully encrypted' }],
  lock: [{ code: 0, words: 'Unlocked' }],
  protectors: [
    [
      { type: 1, keyId: null },
      { type: 3, keyId: SAMPLE_KEY_ID },
    ],
    [{ type: 3, keyId: SAMPLE_KEY_ID }],
    [{ type: { code: 3, words: 'Recovery password' }, keyId: SAMPLE_KEY_ID }],
  ],
  olderKeys: [0],
  // computers and people
  deviceId: [DEVICE],
  computerName: ['PC-MAD-0042'],
  computer: ['PC-MAD-*'],
  domain: ['corp.example'],
  smbiosUuid: ['8c1f6e2a-0d3b-4a5c-9e7f-1b2c3d4e5f60'],
  serial: ['SAMPLE-0042'],
  make: ['Example Computers'],
  model: ['Notebook 14'],
  osVersion: ['10.0.26100'],
  tpmPresent: [true],
  users: [['CORP\\ana']],
  user: ['CORP\\ana'],
  endUser: ['CORP\\ana'],
  helpdeskUser: ['luis'],
  staffId: ['luis', 'ana'],
  staffName: ['Luis Pérez'],
  person: ['luis'],
  byId: [null],
  byName: [null],
  method: ['passkey', { code: 'passkey', words: 'Passkey' }],
  passkeyId: ['c-samplepasskey222'],
  passkeyName: ['Laptop'],
  sessionId: [HASH],
  otherName: [null],
  otherId: [null],
  breakGlass: [null],
  breakGlassId: [null],
  requestId: ['r-samplerequest222'],
  openingId: ['b-sampleopening222'],
  offlineMs: [null, 0],
  label: ['nightly report'],
  onDrive: [true],
  confirmed: [true],
  needs: [[]],
  requestedBy: ['ana'],
  confirmedBy: ['eva'],
  role: ['helpdesk', 'edge'],
  staffRole: [{ code: 'helpdesk', words: 'Helpdesk user' }],
  tokenHash: [HASH],
  sites: [['madrid']],
  reason: [
    'Ticket 4711',
    'bios-changed',
    { code: 'bios-changed', words: 'BIOS changed' },
    { code: 13, words: 'Protection is suspended' },
  ],
  verification: ['call-back', { code: 'call-back', words: 'Called back' }],
  note: ['Ticket 4711'],
  address: ['192.0.2.17'],
  // nodes and sites
  nodeId: [NODE],
  nodeName: ['edge-madrid'],
  node: [{ nodeId: NODE, name: 'edge-madrid', role: 'edge' }, 'edge-madrid'],
  name: ['edge-madrid'],
  reportedTo: ['edge-madrid'],
  siteId: ['madrid'],
  site: ['madrid'],
  siteName: ['Madrid'],
  regionId: ['centro'],
  id: ['madrid', '20260302T083000000Z-sampleaa'],
  opensAt: [[]],
  opensHere: [true],
  canOpen: [['region-centro-1']],
  vaultId: ['region-centro-1'],
  publicKey: ['sample-X25519-public-key-of-43-characters-A'],
  peers: [[{ name: 'centre', state: 'connected', lastContact: TIME }]],
  peer: ['centre'],
  waitingFor: [[]],
  alarms: [
    [
      {
        ...{ type: 'certificate-expiring', subject: 'edge-madrid', detail: 'ends in 27 days' },
        ...{ since: TIME, count: 1 },
      },
    ],
  ],
  version: ['0.1.0', 1],
  ready: [true],
  offlineSince: [null],
  // the journal and the protocol between nodes
  origin: [ORIGIN],
  seq: [4217],
  seqs: [[4096, 4217]],
  hash: [HASH],
  hashes: [[HASH, null]],
  jkt: [HASH],
  head: [JWS],
  certificate: [JWS],
  proof: [JWS],
  token: [JWS],
  receipt: [JWS],
  session: ['samplesessionsamplesessionsamplesession2'],
  expiresInMs: [600_000],
  nonce: ['c2FtcGxlLW5vbmNlLW9mLTMyLWNoYXJz'],
  held: [{ [ORIGIN]: 4217 }],
  vectors: [{ recovery: { [ORIGIN]: 4217 }, compliance: { [ORIGIN]: 993 } }],
  coming: [{ recovery: { [ORIGIN]: 4217 }, compliance: { [ORIGIN]: 993 } }],
  from: [1, '2026-03-01'],
  to: [64, '2026-03-31'],
  at: [TIME],
  prev: [''],
  hlc: [116_118_641_049_600],
  kind: ['site', 'escrow'],
  salt: ['c2FtcGxlLXNhbHQtMTYtYg'],
  tables: [{ escrows: { rows: 64, digest: HASH } }, { escrows: HASH, imports: HASH }],
  rows: [[{ table: 'escrows', key: SAMPLE_KEY_ID, hash: HASH }]],
  projectionVersion: [1],
  entriesMax: [1000],
  waitMs: [25_000],
  why: ['missing', 'the chain does not continue'],
  program: ['0.1.0'],
  'Holdfast-Protocol': ['1'],
  store: ['recovery'],
  table: ['escrows'],
  key: [SAMPLE_KEY_ID],
  how: ['differs'],
  body: [{ name: 'Madrid', regionId: 'centro' }, '{"name":"Madrid","regionId":"centro"}'],
  without: [{ recovery: [], compliance: [] }],
  unsynced: [[]],
  entriesBehind: [0],
  // policy and compliance
  type: [{ code: 1, words: 'Operating system' }],
  rules: [POLICY_RULES],
  counter: [17],
  policyVersion: [3],
  reportEveryMs: [5_400_000],
  nextReportMs: [5_400_000],
  error: [null],
  state: [
    'present',
    { code: 'compliant', words: 'Compliant' },
    { code: 'present', words: 'Present' },
    'compared',
  ],
  states: [
    [
      { state: { code: 'compliant', words: 'Compliant' }, computers: 190, percent: 95 },
      { state: { code: 'non-compliant', words: 'Non-compliant' }, computers: 10, percent: 5 },
    ],
  ],
  managed: [200],
  computers: [200],
  percent: [95],
  percentOfNonCompliant: [40],
  standing: ['managed', { code: 'managed', words: 'Managed' }],
  reasons: [[]],
  lastError: [null],
  // reports
  after: ['now'],
  cursor: ['c2FtcGxlLWN1cnNvcg'],
  nextCursor: [null],
  source: ['active-directory', { code: 'Helpdesk', words: 'Helpdesk' }, 'Helpdesk'],
  action: ['disclosure', { code: 'disclosure', words: 'Key given out' }],
  status: ['Successful', { code: 'Successful', words: 'Successful' }],
  failure: [null],
  keyType: ['Recovery Key Password', { code: 'Recovery Key Password', words: 'Recovery key password' }],
  format: ['json'],
  timeZone: ['Europe/Madrid'],
  page: [1],
  limit: [50],
  total: [1],
  olderThan: [null],
  importedFrom: [null],
  disclosedAt: [[]],
  // moving
  outcome: ['accepted', 'applied', 'verified'],
  fault: [null],
  group: [null],
  exportId: ['e-sampleexport2222'],
  recipients: [[AGE_RECIPIENT]],
  purpose: ['leaving'],
  domainNames: [[['CORP', 'corp.example']]],
  exported: [2000],
  notOpened: [0],
  createdAt: [TIME],
  // snapshots
  instance: ['samplewriter2222'],
  server: ['centre-1'],
  url: ['file:/var/lib/holdfast/recovery.db'],
  engine: ['libsql-file'],
  facility: ['read snapshots of the write-ahead log'],
  restoreMethod: ['replace the file while the centre is stopped (holdfast snapshot restore)'],
  frozenAt: [TIME],
  entries: [31_204],
  bytes: [52_428_800],
  encrypted: [true],
  everyMs: [14_400_000],
  underWay: [null],
  step: ['copying'],
  subject: ['edge-madrid'],
  detail: ['27 days'],
  message: [null],
  enrolmentToken: ['hfe_sample-enrolment-token-of-site-madrid'],
  siteToken: ['hfe_sample-enrolment-token-of-site-madrid'],
  openapi: ['3.1.0'],
  title: ['Holdfast'],
  code: ['compliant', 0],
};

/** Fields whose value is an instant, in milliseconds since 1970. */
const INSTANTS =
  /(?:At|Since|since|asOf|lastSeen|lastContact|lastContactWithCentre|reportedAt|expiresAt|until)$/;

export function samplesOf(field: string): readonly unknown[] {
  const own = SAMPLES[field] ?? [];
  return INSTANTS.test(field) ? [...own, TIME] : own;
}

/** For a text that has to fit a pattern and whose field nobody gave a sample: what the patterns of this API are about. */
export const PATTERN_SAMPLES: readonly string[] = [
  ...['madrid', HASH, NODE, ORIGIN, DEVICE, SAMPLE_KEY_ID, 'holdfast.example.org', 'c2FtcGxl', '0'],
];

/** Bodies that are not JSON, by operation and media type. */
export const RAW_SAMPLES: Readonly<Record<string, string>> = {
  'get /metrics': [
    '# HELP holdfast_ready 1 while this node serves everything it is for.',
    '# TYPE holdfast_ready gauge',
    'holdfast_ready 1',
    '# HELP holdfast_journal_entries Entries held, by store.',
    '# TYPE holdfast_journal_entries gauge',
    'holdfast_journal_entries{store="recovery"} 4217',
    '',
  ].join('\n'),
  'post /v1/admin/exports/{exportId}/file': 'age-encryption.org/v1\n-> X25519 …',
};
