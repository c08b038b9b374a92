/** Drafts with realistic values as fast-check arbitraries; `sample` gives some of them, the same for the same seed. */
import fc from 'fast-check';
import { DEFAULT_RULES } from '../../shared/domain/compliance.ts';
import type { Guid } from '../../shared/domain/recovery-key.ts';
import {
  AUDIT_ACTIONS,
  AUDIT_KEY_TYPES,
  AUDIT_SOURCES,
  CALLER_VERIFICATIONS,
  DISCLOSURE_REASONS,
  IMPORT_SOURCES,
  STAFF_ROLES,
} from '../../shared/domain/vocabulary.ts';
import type { Body } from '../../shared/journal/kinds.ts';
import type { Draft } from '../../shared/journal/drafts.ts';

export function sample<T>(arbitrary: fc.Arbitrary<T>, count: number, seed: number): T[] {
  return fc.sample(arbitrary, { numRuns: count, seed });
}

const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';
const characters = (from: string, length: number) =>
  fc
    .array(fc.nat(from.length - 1), { minLength: length, maxLength: length })
    .map((list) => list.map((index) => from.charAt(index)).join(''));

export const guids: fc.Arbitrary<Guid> = fc.uuid().map((text) => text as Guid);
export const hashes = characters(BASE64URL, 43);
/** Few devices, volumes and keys, so that rows meet each other. */
const deviceIds = fc.constantFrom(...sample(characters(BASE32, 16), 5, 1).map((name) => `d-${name}`));
const volumeIds = fc.constantFrom(...sample(guids, 4, 2));
const keyIds = fc.constantFrom(...sample(guids, 6, 3));
const commitments = fc.constantFrom(...sample(hashes, 2, 4));
const counters = fc.integer({ min: 0, max: 6 });
const times = fc.integer({ min: 1_700_000_000_000, max: 1_900_000_000_000 });
const sites = fc.constantFrom('site-1', 'site-2');
const volumeTypes = fc.constantFrom(0 as const, 1 as const, 2 as const, 3 as const);
/** Names as people give them: other scripts, quotes, emoji, spaces. */
const names = fc.constantFrom(
  'PC-0417',
  "O'Neil-LT",
  'Büro "Nord"',
  '営業部-端末',
  'ноутбук',
  'a\\b;--',
  '💻 lab',
  'X',
);
const users = fc.array(fc.constantFrom('CORP\\maria', 'josé@example.org', 'svc_脆'), { maxLength: 3 });

const sealedCopies = fc
  .array(fc.constantFrom('north', 'organisation'), { minLength: 1, maxLength: 2 })
  .chain((vaults) =>
    characters(BASE64URL, 43).map((ct) => vaults.map((vaultId) => ({ vaultId, enc: ct, n: 0, ct }))),
  );

export const escrowBodies: fc.Arbitrary<Body<'escrow'>> = fc.record({
  keyId: keyIds,
  commitment: commitments,
  deviceId: deviceIds,
  siteId: sites,
  volumeId: volumeIds,
  volumeType: volumeTypes,
  counter: counters,
  computerName: names,
  domain: fc.constant('corp.example.org'),
  users,
  claim: fc.constantFrom('held' as const, 'pending' as const),
  sealed: sealedCopies,
  package: fc.option(sealedCopies),
});

const importBodies: fc.Arbitrary<Body<'import'>> = fc.record({
  keyId: keyIds,
  commitment: commitments,
  source: fc.constantFrom(...IMPORT_SOURCES),
  createdAt: fc.option(times),
  disclosed: fc.boolean(),
  staffId: fc.constantFrom('maria', 'chen'),
  deviceId: deviceIds,
  siteId: sites,
  volumeId: volumeIds,
  volumeType: volumeTypes,
  computerName: names,
  domain: fc.constant('corp.example.org'),
  users,
  sealed: sealedCopies,
  package: fc.option(sealedCopies),
});

const protectorsBodies: fc.Arbitrary<Body<'protectors'>> = fc.record({
  deviceId: deviceIds,
  counter: counters,
  volumes: fc.array(fc.record({ volumeId: volumeIds, keyIds: fc.array(keyIds, { maxLength: 3 }) }), {
    maxLength: 3,
  }),
});

export const auditBodies: fc.Arbitrary<Body<'audit'>> = fc.record({
  action: fc.constantFrom(...AUDIT_ACTIONS),
  at: times,
  source: fc.constantFrom(...AUDIT_SOURCES),
  status: fc.constantFrom('Successful' as const, 'Failed' as const),
  failure: fc.option(fc.constant('not-authorised')),
  staffId: fc.constantFrom('maria', 'chen'),
  staffName: names,
  staffRole: fc.constantFrom(...STAFF_ROLES),
  endUser: fc.option(fc.constant('CORP\\maria')),
  computerName: fc.option(names),
  domain: fc.option(fc.constant('corp.example.org')),
  deviceId: fc.option(deviceIds),
  volumeId: fc.option(volumeIds),
  keyId: fc.option(keyIds),
  keyType: fc.option(fc.constantFrom(...AUDIT_KEY_TYPES)),
  commitment: fc.option(commitments),
  requestId: fc.option(fc.constant('r-abcdefgh')),
  breakGlassId: fc.option(fc.constant('b-abcdefgh')),
  otherId: fc.option(fc.constantFrom('maria', 'chen')),
  otherName: fc.option(names),
  reason: fc.option(fc.constantFrom(...DISCLOSURE_REASONS)),
  verification: fc.option(fc.constantFrom(...CALLER_VERIFICATIONS)),
  note: fc.option(names),
  siteId: fc.option(sites),
  nodeId: fc.constant('abcdefghij'),
  nodeName: fc.constant('edge-north'),
  address: fc.option(fc.constant('192.0.2.17')),
  offlineSince: fc.option(times),
});

const attributes = {
  computerName: names,
  domain: fc.constant('corp.example.org'),
  smbiosUuid: volumeIds,
  serial: fc.constantFrom('5CG1234XYZ', ''),
  make: fc.constantFrom('Contoso', 'Fabrikam'),
  model: fc.constantFrom('Laptop 5', 'Tower 9'),
  osVersion: fc.constantFrom('10.0.22631', '10.0.26100'),
};

const deviceBodies: fc.Arbitrary<Body<'device'>> = fc.record({
  deviceId: deviceIds,
  siteId: sites,
  key: hashes.map((x) => ({ kty: 'EC' as const, crv: 'P-256' as const, x, y: x })),
  jkt: hashes,
  claim: fc.constantFrom('held' as const, 'pending' as const),
  attributes: fc.record(attributes),
});

const revocationBodies: fc.Arbitrary<Body<'device-revocation'>> = fc.record({
  deviceId: deviceIds,
  reason: names,
});

const ids = fc.constantFrom('north', 'site-1', 'maria');
const revisions = fc.integer({ min: 1, max: 5 });
const config = <K extends string, B>(kind: K, body: fc.Arbitrary<B>) =>
  fc.record({ kind: fc.constant(kind), id: ids, revision: revisions, body });

export const configBodies: fc.Arbitrary<Body<'config'>> = fc.oneof(
  config('region', fc.record({ name: names })),
  config('site', fc.record({ name: names, regionId: fc.constant('north') })),
  config(
    'staff',
    fc.record({
      name: names,
      role: fc.constantFrom(...STAFF_ROLES),
      sites: fc.option(fc.array(sites, { maxLength: 2 })),
      revoked: fc.boolean(),
    }),
  ),
  config(
    'policy',
    fc.record({
      siteId: fc.option(sites),
      rules: fc.constant(DEFAULT_RULES),
      reportEveryMs: fc.integer({ min: 60_000, max: 7 * 86_400_000 }),
    }),
  ),
);

const volumeStatuses = fc.record({
  volumeId: volumeIds,
  volumeType: volumeTypes,
  driveLetter: fc.option(fc.constantFrom('C:', 'D:')),
  protectionStatus: fc.constantFrom(0 as const, 1 as const, 2 as const),
  conversionStatus: fc.constantFrom(0 as const, 1 as const, 2 as const, 3 as const, 4 as const, 5 as const),
  encryptionMethod: fc.constantFrom(0, 1, 4, 6, 7, 0xffffffff),
  encryptionPercentage: fc.option(fc.integer({ min: 0, max: 100 })),
  lockStatus: fc.constantFrom(0 as const, 1 as const),
  protectors: fc.array(fc.record({ type: fc.integer({ min: 0, max: 10 }), keyId: fc.option(keyIds) }), {
    maxLength: 3,
  }),
});

export const statusBodies: fc.Arbitrary<Body<'status'>> = fc.record({
  deviceId: deviceIds,
  siteId: sites,
  counter: counters,
  reportedAt: times,
  machine: fc.record({ ...attributes, tpmPresent: fc.option(fc.boolean()), users }),
  policy: fc.record({
    version: counters,
    rules: fc.constant(DEFAULT_RULES),
    enforcement: fc.constantFrom(
      'enforced' as const,
      'not-enforced' as const,
      'user-exempt' as const,
      'temporary-user-exempt' as const,
    ),
    error: fc.option(fc.constant('0x80310059')),
  }),
  volumes: fc.array(volumeStatuses, { maxLength: 3 }),
  factsHash: hashes,
});

const seenBodies: fc.Arbitrary<Body<'seen'>> = fc.record({
  devices: fc.array(fc.record({ deviceId: deviceIds, counter: counters, seenAt: times }), {
    minLength: 1,
    maxLength: 4,
  }),
});

const draft = <K extends Draft['kind']>(kind: K, bodies: fc.Arbitrary<Body<K>>) =>
  // The pair of kind and body is one member of the union, which the compiler cannot see through the type parameter.
  bodies.map((body) => ({ kind, body }) as unknown as Draft);

export const escrowDrafts = draft('escrow', escrowBodies);
export const auditDrafts = draft('audit', auditBodies);
export const configDrafts = draft('config', configBodies);
export const statusDrafts = draft('status', statusBodies);

/** Everything that an edge may write, by store. */
export const edgeDrafts = {
  recovery: fc.oneof(
    { weight: 4, arbitrary: escrowDrafts },
    { weight: 3, arbitrary: draft('protectors', protectorsBodies) },
    { weight: 2, arbitrary: draft('import', importBodies) },
    auditDrafts,
    draft('device', deviceBodies),
    draft('device-revocation', revocationBodies),
  ),
  compliance: fc.oneof({ weight: 3, arbitrary: statusDrafts }, draft('seen', seenBodies)),
};

/** A centre writes configuration as well. */
export const centreDrafts = {
  recovery: fc.oneof(edgeDrafts.recovery, { weight: 3, arbitrary: configDrafts }),
  compliance: edgeDrafts.compliance,
};

/** Escrows of distinct keys: a row each. */
export function distinctEscrows(count: number, seed = 7): Draft[] {
  const bodies = sample(escrowBodies, count, seed);
  const keys = sample(guids, count, seed + 1);
  return bodies.map((body, index) => ({
    kind: 'escrow',
    body: { ...body, keyId: keys[index] ?? body.keyId },
  }));
}
