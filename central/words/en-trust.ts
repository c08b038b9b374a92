/** The command line's words about vaults, edges that are enrolled or revoked, and what a stolen one gave away; English. */

const s = (count: number): string => (count === 1 ? '' : 's');

export const trust = {
  help: {
    vaultList: 'list vaults, what only an old one opens, and how far sealing again has come',
    vaultRotate: 'make the next vault, have new secrets sealed to it and old ones again',
    compromised: 'others may have the old key: nothing more is sealed to it',
    noWait: 'do not wait for the centre to seal again what it can open',
    vaultRetire: 'retire an old vault; refused while keys are sealed to it alone',
  },
  columns: {
    vault: 'vault',
    region: 'region',
    state: 'state',
    opensHere: 'opens here',
    keysAlone: 'keys only there',
  },
  organisation: 'organisation',
  yes: 'yes',
  no: 'no',
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
};
