/**
 * Every bound in Holdfast, with its unit in its name and its reason beside it (I12). A request beyond one is
 * answered by a problem document that names the limit.
 */
export const limits = {
  /** A status report of a PC with 64 volumes and 16 protectors each stays below 128 KiB. */
  requestBodyBytesMax: 256 * 1024,
  /** Push batches are cut at `segmentBytesMax`; one segment may exceed it by one group of entries. */
  syncBodyBytesMax: 24 * 1024 * 1024,
  /** The longest body one entry may have: a key package is at most a few KiB, a report below 128 KiB. */
  entryBodyBytesMax: 256 * 1024,
  /** Nesting of any JSON a client sends; the deepest schema has 5 levels. */
  jsonDepthMax: 16,
  /** Appends that share one transaction, one head and one fsync: more only adds latency. */
  groupEntriesMax: 256,
  /** Bytes of bodies in one group, so that any group fits comfortably into one sync message. */
  groupBytesMax: 1024 * 1024,
  /** Appends waiting for the writer. Beyond it the node answers 503 with Retry-After instead of growing. */
  appendQueueMax: 4_096,
  /** Bytes of bodies in those appends: a Durable Object has 128 MB for everything. */
  appendQueueBytesMax: 32 * 1024 * 1024,
  /** Groups written before a waiting slice of another's log gets its turn, so that steady writes never starve it. */
  groupsBeforeSliceMax: 8,
  /** Entries in one sync answer: about half a megabyte, a few seconds on a 256 kbit/s line after compression. */
  segmentEntriesMax: 1_000,
  /** Bytes of bodies in one sync answer, whichever comes first. */
  segmentBytesMax: 1024 * 1024,
  /**
   * Entries that one absorbing transaction applies at an edge before people and devices get their turn: 2 ms, and 10 just
   * after a start, when nothing is compiled yet. Twice as many doubled the longest waits and saved a seventh of the time.
   */
  absorbSliceEntriesMax: 32,
  /**
   * Characters of such an entry on average: a roll-up is one entry of 2,000 rows, and 500 of them in one transaction would
   * hold everybody up. So many that a message which is full of usual entries is one slice at a centre.
   */
  absorbSliceEntryChars: 1_100,
  /** Entries whose chain is verified between two such turns: hashing costs a sixth of applying. */
  verifySliceEntriesMax: 250,
  /** Entries asked for in one answer while people or devices are there: reading a full one is a block of 10 ms. */
  segmentBusyEntriesMax: 64,
  /**
   * How long a write waits for the freeze of a snapshot before it is answered with 503. A freeze takes milliseconds;
   * one that lasts is of a snapshot that hangs, and a client had better ask another node than wait for its deadline.
   */
  frozenWaitMsMax: 10_000,
  /** Pause before a write that met a freeze tries again: short beside an fsync, and a try costs 50 µs. */
  frozenRetryMs: 2,
  /** How long what one central process wrote may be unknown to another over the same database server; a look costs 1 ms. */
  followEveryMs: 250,
  /** The same while the database server does not answer. */
  followLostMs: 1_000,
  /** How often such processes tell each other, through the database, which edges they reached. */
  shareContactsEveryMs: 5_000,
  /** A freeze ends by itself after this, whatever became of who asked for it (VSS allows as long). */
  freezeMsMax: 60_000,
  /** The same while nobody asks the node anything; whoever comes just then waits for about 20 ms. */
  absorbSliceQuietEntriesMax: 500,
  /** Refused segments kept as evidence of one forked log: what comes later adds nothing to the proof. */
  forksPerOriginMax: 64,
  /** Work of one replication cycle, after which triggers are looked at again. */
  cycleRoundsMax: 400,
  /** Origins in a vector: a node opens one per start, so this is decades of daily restarts of a region. */
  vectorOriginsMax: 50_000,
  /** New key IDs of a device in a day, at one node: a PC has a handful of volumes and rotates rarely. */
  deviceKeyIdsPerDayMax: 200,
  /** New devices that one site's token enrols in a day, and new key IDs of one site, at one node: a whole fleet at once, and an end. */
  tokenDevicesPerDayMax: 20_000,
  siteKeyIdsPerDayMax: 200_000,
  /** Tokens, sites and devices that are counted at once: all that one token enrols in a day, and more. */
  quotaSubjectsMax: 50_000,
  /** How long replication may take before a device is asked to give its key to another node as well. */
  singleCopyGraceMs: 10_000,
  /** Volumes in one status report. */
  volumesMax: 64,
  /** Protectors named per volume. */
  protectorsMax: 32,
  /** A key package as `repair-bde` takes it is below 1 KiB; 16 KiB leaves room. */
  keyPackageBytesMax: 16 * 1024,
  /** Keys in one request of an import: they fit into one group of the writer, and 150 KB without key packages. */
  importKeysMax: 250,
  /** Key IDs of an export whose audit records become durable together. */
  exportKeyIdsMax: 100,
  /** Copies of keys that one page of an export looks at: twenty of each. Where there are more, its key IDs are fewer. */
  exportCopiesMax: 2_000,
  /** Exports that are asked for and not yet over: two people make one at a time. */
  exportsOpenMax: 16,
  /** How long the second officer may take, and then the fetching may begin. */
  exportOpenMs: 60 * 60_000,
  /** Recipients of an export. */
  exportRecipientsMax: 16,
  /** Secrets sealed under one encapsulation to a vault, and for how long: what a seized node could give away. */
  sealsPerWindowMax: 1_000,
  sealWindowMs: 5 * 60_000,
  /** Exemptions that wait for an administrator at once, and that are shown: more than anybody answers in a week. */
  exemptionRequestsOpenMax: 500,
  exemptionRequestsShownMax: 1_000,
  /** Rows of keys that re-sealing looks at in one read: a few ms. */
  resealPageRows: 250,
  /** Keys opened and sealed again before people and devices get their turn: 0.2 ms each. */
  resealTurnKeys: 20,
  /** Characters of such keys that are written together, a hundred keys without packages; see `groupBytesMax`. */
  resealGroupCharacters: 100_000,
  /** How soon a centre notices that there is another vault. */
  resealWakeMs: 1_000,
  /** How re-sealing waits for people and devices, and how long at most, so that a busy node gets on with it as well. */
  resealPauseMs: 20,
  resealWaitMsMax: 1_000,
  /** Rows in which keys that only an old vault opens are counted at a time. */
  resealCountRows: 2_000,
  /** How soon new rows are looked at for vaults that they were not sealed to. */
  resealLookEveryMs: 30_000,
  /** How long an edge lets others get on with re-sealing before it does it itself. */
  resealEdgeDelayMs: 10 * 60_000,
  /** Logs that one entry of an edge's revocation names, with a signature each, and such entries: 12,800 starts of an edge. */
  revocationLogsPerPartMax: 200,
  revocationPartsMax: 64,
  /** Entries kept aside of one log beyond where it is trusted, of those that come after its edge was revoked. */
  quarantineEntriesMax: 20_000,
  /** Escrows kept aside that are shown of an edge, the newest. */
  quarantineShownMax: 1_000,
  /** How often what stolen edges gave away is worked out again, for what was on its way when they were revoked. */
  exposureEveryMs: 10 * 60_000,
  /** One of three files that keep room on a disk: some hundred disclosures and the log that SQLite writes them to. */
  reserveStageBytes: 4 * 1024 * 1024,
  /** What has to fit beside them, and how often that is tried: a write takes at most a group of the writer. */
  reserveProbeBytes: 1024 * 1024,
  reserveLookMs: 2_000,
  /** How often a node looks whether its databases are still there, an edge before it acknowledges for longer what would be gone. */
  databaseLookMs: 2_000,
  /** When a device that was refused for want of room should come again. */
  reserveRetrySeconds: 300,
  /** Keys that one entry orders to be rotated: 40 KB. */
  rotationKeysPerEntryMax: 1_000,
  /** Users named with an escrow or a report. */
  usersMax: 32,
  /** Free text such as a note on a disclosure. */
  noteCharactersMax: 500,
  /** How long a password stays on the screen: reading 48 digits over a bad line takes two to three minutes. */
  passwordShownMs: 5 * 60_000,
  /** Candidates shown for a key-ID search; beyond it the caller is asked for more digits. */
  searchCandidatesMax: 20,
  /** Hour in which disclosures are counted, before and after this clock's now: a clock put right frees or locks nobody for long. */
  disclosureWindowMs: 60 * 60_000,
  /** Searches for each key that a person may give out in an hour: digits are misheard, and computers have several drives. */
  searchesPerKey: 6,
  /** How long a second person may take to approve, and then the first to fetch the password: somebody is on the telephone. */
  requestOpenMs: 30 * 60_000,
  requestApprovedMs: 15 * 60_000,
  /** Requests that wait for a second person at one node, and those of one person, who must not fill all places. */
  requestsOpenMax: 100,
  requestsPerPersonMax: 10,
  /** How long the second officer may take, and how long break-glass is open. */
  breakGlassAskedMs: 60 * 60_000,
  breakGlassOpenMs: 4 * 60 * 60_000,
  /** Openings that wait for a second officer at one node. */
  breakGlassAskedMax: 10,
  /** What one tick of the node's own time counts at most: the pause between two, with room for a busy machine. */
  livedTickMsMax: 2 * 60_000,
  /** How much of the time a machine was off counts as time without the centre: more is rather a clock that is wrong. */
  offGapMsMax: 3 * 86_400_000,
  /** Disclosures that a device is told of with each report, the newest: an agent shows each once. */
  noticesMax: 8,
  /** Key IDs that the report of keys at risk looks at before others get their turn, and such turns of one page of it. */
  riskChunkKeys: 250,
  riskChunksPerPageMax: 40,
  /** Entries of the log that one look into the outbox goes through, and disclosures that it gives. */
  outboxEntries: 20_000,
  outboxNotices: 100,
  /** How long an alarm about somebody at the limit stays. */
  limitAlarmMs: 24 * 60 * 60_000,
  /** How far ahead of this clock another's entries may be before it is raised, and never followed (I14). */
  clockSkewMsMax: 10 * 60_000,
  /** A DPoP nonce is accepted for two of these; replayed proofs are remembered as long. */
  proofNonceMs: 5 * 60_000,
  /** Proofs remembered against replay; beyond it the oldest nonce is retired early. */
  proofsRememberedMax: 200_000,
  /** A session between nodes; it is renewed by a new challenge. */
  nodeSessionMs: 15 * 60_000,
  /** Sessions and open challenges held at once by one node. */
  nodeSessionsMax: 10_000,
  /** How long a peer waits for news in one poll: below the idle limits of usual proxies. */
  pokeWaitMs: 25_000,
  /**
   * A peer that has not answered by then (beyond a wait it was asked for) is taken as gone:
   * a stopped process still accepts connections, and a full batch takes half a minute on a 256 kbit/s line. */
  peerAnswerMs: 60_000,
  /**
   * First and longest pause between replication tries after a failure (full jitter between zero and it). Edges only
   * call and are never called, so the pauses bound how soon a centre that came back is whole again: a restart of a
   * second costs a fifth of one more, and it takes at most 10 s, catching up included. A thousand edges then knock 400
   * times a second, which a dead centre does not feel.
   */
  retryFirstMs: 250,
  retryMaxMs: 5_000,
  /** Longest pause after a 401 or 403: an administrator has to act, but nothing is ever given up. */
  retryRefusedMaxMs: 15 * 60_000,
  /** Entries exchanged at least this often, whatever the triggers say. */
  cycleEveryMs: 30_000,
  /** How long before its end a node's certificate is called out: enough for a slow administration. */
  certificateWarningMs: 30 * 86_400_000,
  /** Life of a certificate that a centre signs for an edge's terminator; the box asks again from half of it on. */
  tlsCertificateMs: 90 * 86_400_000,
  /** The same warning for the authority itself: PCs have to be given another before it signs shorter lives. */
  tlsAuthorityWarningMs: 180 * 86_400_000,
  /** A request with a P-256 key has 300 bytes. */
  tlsRequestBytesMax: 4_096,
  /** Certificates that one edge gets within the window: a box with a wrong clock asks every hour. */
  tlsRequestsPerWindowMax: 48,
  tlsWindowMs: 24 * 60 * 60_000,
  /** Oldest and newest secrets of each vault that a node opens to prove its vault key, at its start and daily. */
  vaultSampleSecrets: 8,
  /** Rows looked through at once for such secrets: a node with none of them reads all that it has, a millisecond at a time. */
  vaultSampleRows: 1_000,
  selfCheckEveryMs: 24 * 60 * 60_000,
  /** Rows one page of a report may have; CSV is streamed without this bound. */
  reportRowsMax: 10_000,
  /** Computers on one page, each with its volumes and keys: about 3 KiB each. */
  reportComputersMax: 1_000,
  /** Rows that a CSV file is read by: a few ms, after which others get their turn. */
  reportChunkRows: 500,
  /** Windows versions told apart in the enterprise report; a fleet has a few dozen builds. */
  reportOsVersionsMax: 200,
  /** Keys shown per volume, the newest, and disclosures per key: a drive in use has a few of each. */
  reportKeysPerVolumeMax: 50,
  reportDisclosuresPerKeyMax: 20,
  /** Nodes named in the header that tells a CSV's freshness: with more, the stalest; proxies stop at 8 KiB. */
  freshnessHeaderNodesMax: 30,
  /** How often a node counts its computers for the trend, and how many days it keeps: a year beside the year before. */
  trendEveryMs: 60 * 60_000,
  trendDaysMax: 731,
  /** Pages that watch this node at once, how often each is told, and after how many looks it ends. */
  eventStreamsMax: 64,
  eventEveryMs: 3_000,
  eventStreamTurns: 200,
  /** An unchanged status report is journalled at most this often per device, in a roll-up per edge. */
  seenRollupMs: 60 * 60_000,
  /** One bound value of a statement: a Durable Object takes strings up to 2 MB, and a character may have 3 bytes. */
  statementJsonCharactersMax: 600_000,
  /** The signed manifest of a release: a thousand migrations stay below this. */
  releaseManifestCharactersMax: 64_000,
  /** Bytes of an archive in one answer: a quarter of a minute on a 256 kbit/s line, and people's requests get between. */
  releaseChunkBytesMax: 256 * 1024,
  /** Devices in one roll-up entry. */
  seenRollupDevicesMax: 2_000,
  /** Rows that one slice of a table comparison covers. */
  digestSliceEntries: 500,
  /** How soon tables of logs that have not moved since are compared again: an idle edge would send little else. */
  compareAgainMs: 60 * 60_000,
  /** Sign-ins that may fail within the window: by one account from one address, from one address, and for one account. */
  signInWindowMs: 15 * 60_000,
  signInFailuresPerPairMax: 5,
  signInFailuresPerAddressMax: 30,
  signInFailuresPerAccountMax: 50,
  /** Accounts and addresses whose failures are counted; beyond it the oldest start again. */
  throttleKeysMax: 10_000,
  /** Passwords waiting to be checked: one at a time, a tenth of a second each. */
  passwordQueueMax: 16,
  /** A session unused for so long gives out no key any more; a minute before, its person is warned. */
  sessionIdleMs: 5 * 60_000,
  sessionWarningMs: 60_000,
  /** A session unused for so long is over, and any after a working day. */
  sessionRestMs: 30 * 60_000,
  sessionAbsoluteMs: 10 * 60 * 60_000,
  /** Sessions of one person and of one node: a few browsers, and a region's helpdesk. */
  sessionsPerPersonMax: 8,
  sessionsMax: 10_000,
  /** How long a passkey's challenge is good for. */
  challengeMs: 5 * 60_000,
  /** How long an enrolment that was begun may take: finding the phone, installing an app. */
  enrolmentStepMs: 30 * 60_000,
  /** Such challenges held at once: they cost an asker nothing. */
  challengesMax: 5_000,
  /** How long an enrolment link is good for: a working week, for somebody on leave. */
  enrolmentLinkMs: 7 * 86_400_000,
  /** Nodes a TOTP secret is sealed to: its entry has to stay below `entryBodyBytesMax`. */
  credentialNodesMax: 1_500,
  /** Recovery codes somebody gets at once, and passkeys they may have: a phone, a laptop, two keys and some to spare. */
  recoveryCodes: 10,
  passkeysPerPersonMax: 10,
  passkeyNameCharactersMax: 60,
  /** How long after signing in somebody may change by what they sign in: a browser left open is not to become somebody's own. */
  signInRecentMs: 10 * 60_000,
  /** Bodies that one entry has forgotten. */
  forgetEntriesMax: 1_000,
  /** Lifetime of an API token. */
  apiTokenMsMax: 2 * 365 * 86_400_000,
  /** When a device should report again after an uneventful report: MBAM's most eager wake-up. */
  reportEveryMs: 90 * 60_000,
} as const;
