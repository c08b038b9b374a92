/** The command line's words about vaults, edges that are enrolled or revoked, and what a stolen one gave away; English. */

const s = (count: number): string => (count === 1 ? '' : 's');

export const trust = {
  help: {
    vaultList: 'list vaults, what only an old one opens, and how far sealing again has come',
    vaultRotate: 'make the next vault, have new secrets sealed to it and old ones again',
    compromised: 'others may have the old key: nothing more is sealed to it',
    noWait: 'do not wait for the centre to seal again what it can open',
    edge: 'its name, or its node ID',
    edgeRevoke: 'revoke an edge: refused everywhere, its logs count up to what the centre holds',
    edgeStolen:
      'an edge was stolen: revoke it, rotate its vault and every key it could open, reset its staff',
    edgeAside: 'list escrows that were kept aside with a revoked edge',
    edgeRelease: 'take an escrow back in that was kept aside',
    reason: 'why, for the record',
    until: 'trust its logs only up to then, by its own clock (2026-11-24T08:00Z)',
    newVaultOut: "file for the private key of the region's new vault; needed for a helpdesk edge",
    keepStaff: 'do not take the credentials of staff who could sign in there',
    waitRotated: 'wait until every such key is on no drive any more',
    keyId: 'the whole key ID',
    edgeToken: "make a one-time token by which a new edge's box asks for its certificate",
    edgeJoin: "on the box: make the edge's key, ask the centre by the token, and wait for the certificate",
    edgeRequests: 'list what boxes have asked for',
    edgeApprove: "sign what a box asked for, with the organisation's key",
    edgeRefuse: 'refuse what a box asked for: its one-time token is taken back',
    hours: 'how long the token is good for',
    tokenFile: 'what "holdfast edge token" wrote',
    organisationPin: "thumbprint of the organisation's key: another organisation is refused",
    noWaitJoin: 'ask once, and end',
    requestId: 'the request, as "holdfast edge requests" lists it',
    fingerprint: "the key's thumbprint, as somebody at the box reads it out",
    vaultRetire: 'retire an old vault; refused while keys are sealed to it alone',
  },
  columns: {
    vault: 'vault',
    region: 'region',
    state: 'state',
    opensHere: 'opens here',
    keysAlone: 'keys only there',
    keyId: 'key ID',
    computer: 'computer',
    written: 'written',
    released: 'released',
    request: 'request',
    approved: 'approved',
    fingerprint: 'fingerprint of its key',
  },
  organisation: 'organisation',
  yes: 'yes',
  no: 'no',
  isRefused: 'refused',
  vaultState: (vault: { newest: boolean; retired: boolean; compromised: boolean }): string =>
    vault.retired ? 'retired' : vault.compromised ? 'compromised' : vault.newest ? 'newest' : 'old',
  resealing: (progress: { rows: number; rowsSeen: number; failed: number; notOpenedHere: number }): string =>
    `This node has looked at ${String(progress.rowsSeen)} of ${String(progress.rows)} keys for new vaults` +
    (progress.failed > 0 ? `; ${String(progress.failed)} did not open` : '') +
    `${progress.notOpenedHere > 0 ? `; ${String(progress.notOpenedHere)} are for another node to open` : ''}.`,
  progress: (keys: number): string => `${String(keys)} key${s(keys)} sealed again`,
  noVault: (regionId: string | null): string =>
    regionId === null ? 'The organisation has no vault.' : `Region ${regionId} has no vault.`,
  makeVaultFirst: 'Make the first one with "holdfast vault new" and "holdfast vault publish".',
  noSuchVault: (id: string): string => `There is no vault ${id}.`,
  rotated: (id: string, file: string): string =>
    `New secrets are sealed to ${id}. Its private key is in ${file} alone: keep two copies offline.`,
  runAtEdges: (region: string): string =>
    `Carry the file to each helpdesk edge of region ${region}, and run there:`,
  runAtCentre: 'Carry the file to the centre, if it is to open keys, and run there:',
  resealed: 'Every key is sealed to it. When all these machines list it under canOpen in /readyz:',
  notResealedYet: (keys: number): string =>
    `${keys > 0 ? `${String(keys)} key${s(keys)} wait` : 'Keys that wait are'} for a node that opens the old vault. It goes on by itself: see "holdfast vault list".`,
  retired: (id: string): string =>
    `${id} is retired. Take its key off the nodes with "vault-key.sh --remove ${id}"; keep the file offline.`,
  noSuchEdge: (name: string): string => `No edge ${name} is known at the centre.`,
  edgesAre: (names: readonly string[]): string => `It knows: ${names.join(', ')}.`,
  edgeAmbiguous: (name: string): string => `Several edges were called ${name}: name one by its node ID.`,
  notATime: (text: string): string => `"${text}" is not a time: write it as 2026-11-24T08:00Z.`,
  edgeRevoked: (name: string): string =>
    `${name} is revoked: the centre refuses it now, and every other node from its next sync on.`,
  needsOut: (name: string): string =>
    `${name} is a helpdesk edge: say where the new vault's key goes (--out FILE).`,
  whyOut: "Its box held the region's vault keys, so the region gets a new vault.",
  exposed: (keys: number, ordered: number): string =>
    `It could open or has given out ${String(keys)} key${s(keys)}; the rotation of ${String(ordered)} was ordered now.`,
  staffReset: (reset: readonly string[], kept: readonly string[]): string =>
    `${reset.length === 0 ? 'Nobody could sign in there' : `Credentials were taken from: ${reset.join(', ')}. Give them new ones`}.` +
    (kept.length === 0 ? '' : ` Not from you (${kept.join(', ')}): change yours if you were there.`),
  rotatedSoFar: (rotated: number, ordered: number): string =>
    `${String(rotated)} of ${String(ordered)} rotated so far; each PC is told at its next report.`,
  nothingAside: 'No escrow was kept aside.',
  notAside: (keyId: string): string => `No escrow of ${keyId} waits there.`,
  seeAside: (name: string): string => `See "holdfast edge aside ${name}".`,
  released: (keyId: string): string => `${keyId} counts as escrowed, with where it came from.`,
  notHours: (text: string, max: number): string =>
    `"${text}" is not a number of hours from 1 to ${String(max)}.`,
  tokenMade: (name: string, until: string): string =>
    `${name} may ask for its certificate once, until ${until}. Bring the token to its box, and run there:`,
  waitsForApproval: (fingerprint: string): string =>
    `Asked. Read this out to whoever has the organisation's key, for "holdfast edge approve": ${fingerprint}`,
  otherOrganisation: 'What came back is not of that organisation, or not for this key.',
  otherFingerprint:
    'That is not the key that asked: somebody else may have used the token. Refuse it with "holdfast edge refuse".',
  anEdgeKey: 'a key made by "holdfast edge join"',
  thenVaultKey:
    'It is a helpdesk edge: give it its region\'s vault key with "vault-key.sh" once it is installed.',
  noRequests: 'No box has asked for a certificate.',
  noSuchRequest: (id: string): string => `There is no request ${id}.`,
  approved: (name: string): string => `${name} has its certificate: its box fetches it by itself.`,
  refused: (id: string): string => `${id} is refused: no box gets a certificate by that token any more.`,
  approvedAlready: (name: string): string => `${name} has its certificate already.`,
  revokeInstead: (name: string): string => `End it with "holdfast edge revoke ${name}".`,
};
