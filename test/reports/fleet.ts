/**
 * A fleet small enough to count by hand. What each computer is for stands beside it; the figures that follow from it
 * stand in the tests, written out.
 */
import { DEFAULT_RULES } from '../../shared/domain/compliance.ts';
import type { Guid } from '../../shared/domain/recovery-key.ts';
import type { Body } from '../../shared/journal/kinds.ts';
import type { Draft } from '../../shared/journal/drafts.ts';
import type { Platform } from '../../shared/platform.ts';
import type { Host } from '../support/node.ts';
import {
  HOUR,
  MINUTE,
  NOW,
  type TestInstallation,
  configDraft,
  copyInto,
  openInstallation,
  staffDrafts,
} from './installation.ts';
import type { Organisation } from '../support/organisation.ts';
import { makeOrganisation } from '../support/organisation.ts';

type Status = Body<'status'>;
type Volume = Status['volumes'][number];

export function guid(number: number): Guid {
  return `00000000-0000-4000-8000-${String(number).padStart(12, '0')}` as Guid;
}

/** `d-` and 16 characters a-z2-7 that end in the two letters given. */
export function device(letters: string): string {
  return `d-${'a'.repeat(16 - letters.length)}${letters}`;
}

const HASH = 'A'.repeat(43);

export function osVolume(facts: Partial<Volume> = {}): Volume {
  return {
    ...{ volumeId: guid(1), volumeType: 1, driveLetter: 'C:', protectionStatus: 1, conversionStatus: 1 },
    ...{ encryptionMethod: 7, encryptionPercentage: 100, lockStatus: 0 },
    protectors: [
      { type: 1, keyId: null },
      { type: 3, keyId: guid(101) },
    ],
    ...facts,
  };
}

const DECRYPTED = {
  protectionStatus: 0,
  conversionStatus: 0,
  encryptionMethod: 0,
  encryptionPercentage: 0,
} as const;

export interface StatusFacts {
  readonly site?: string;
  readonly domain?: string;
  readonly os?: string;
  readonly counter?: number;
  readonly reportedAt?: number;
  readonly users?: string[];
  readonly enforcement?: Status['policy']['enforcement'];
  readonly error?: string;
  readonly volumes?: Volume[];
  readonly tpmPresent?: boolean | null;
}

export function status(deviceId: string, computerName: string, facts: StatusFacts = {}): Draft {
  const body: Status = {
    deviceId,
    siteId: facts.site ?? 'madrid',
    counter: facts.counter ?? 3,
    reportedAt: facts.reportedAt ?? NOW - HOUR,
    machine: {
      ...{ computerName, domain: facts.domain ?? 'corp.example.org', smbiosUuid: guid(900), serial: '5CG' },
      ...{ make: 'Contoso', model: 'Laptop 5', osVersion: facts.os ?? '10.0.22631' },
      ...{ tpmPresent: facts.tpmPresent === undefined ? true : facts.tpmPresent, users: facts.users ?? [] },
    },
    policy: {
      ...{ version: 7, rules: DEFAULT_RULES, enforcement: facts.enforcement ?? 'enforced' },
      error: facts.error ?? null,
    },
    volumes: facts.volumes ?? [osVolume()],
    factsHash: HASH,
  };
  return { kind: 'status', body };
}

export function enrolment(deviceId: string, computerName: string, smbios: number, serial = '5CG'): Draft {
  return {
    kind: 'device',
    body: {
      ...{ deviceId, siteId: 'madrid', jkt: HASH, claim: 'held' },
      key: { kty: 'EC', crv: 'P-256', x: HASH, y: HASH },
      attributes: {
        ...{ computerName, domain: 'corp.example.org', smbiosUuid: guid(smbios), serial },
        ...{ make: 'Contoso', model: 'Laptop 5', osVersion: '10.0.22631' },
      },
    },
  };
}

export function escrow(deviceId: string, keyId: Guid, counter: number, volumeId = guid(1)): Draft {
  return {
    kind: 'escrow',
    body: {
      ...{ keyId, commitment: HASH, deviceId, siteId: 'madrid', volumeId, volumeType: 1, counter },
      ...{ computerName: 'PC-01', domain: 'corp.example.org', users: [], claim: 'held' },
      ...{ sealed: [{ vaultId: 'organisation-1', enc: HASH, n: 0, ct: HASH }], package: null },
    },
  };
}

export function imported(keyId: Guid, source: Body<'import'>['source'], disclosed: boolean): Draft {
  return {
    kind: 'import',
    body: {
      ...{ keyId, commitment: HASH, source, createdAt: null, disclosed, staffId: 'administrator' },
      ...{ deviceId: device('zz'), siteId: 'madrid', volumeId: guid(0), volumeType: 1 },
      ...{ computerName: 'PC-20', domain: 'corp.example.org', users: [] },
      ...{ sealed: [{ vaultId: 'organisation-1', enc: HASH, n: 0, ct: HASH }], package: null },
    },
  };
}

export function audit(facts: Partial<Body<'audit'>> = {}): Draft {
  return {
    kind: 'audit',
    body: {
      ...{ action: 'disclosure', at: NOW - HOUR, source: 'Helpdesk', status: 'Successful', failure: null },
      ...{ staffId: 'maria', staffName: 'María Pérez', staffRole: 'helpdesk', endUser: 'CORP\\ana' },
      ...{ computerName: 'PC-01', domain: 'corp.example.org', deviceId: device('b'), volumeId: guid(1) },
      ...{
        keyId: guid(100),
        keyType: 'Recovery Key Password',
        reason: 'lost-pin',
        verification: 'call-back',
      },
      ...{ commitment: null, requestId: null, breakGlassId: null, otherId: null, otherName: null },
      ...{ note: null, siteId: 'madrid', nodeId: 'abcdefghij', nodeName: 'edge-madrid' },
      ...{ address: '192.0.2.7', offlineSince: null },
      ...facts,
    },
  };
}

export function configuration(platform: Pick<Platform, 'sha256'>): Draft[] {
  const site = (id: string, name: string) => configDraft('site', id, { name, regionId: 'centro' });
  return [
    configDraft('region', 'centro', { name: 'Centro' }),
    site('madrid', 'Madrid'),
    site('toledo', 'Toledo'),
    site('lugo', 'Lugo'),
    site('soria', 'Soria'),
    ...staffDrafts(platform, 'reports', 'reports'),
    ...staffDrafts(platform, 'auditor', 'auditor'),
    ...staffDrafts(platform, 'helpdesk', 'helpdesk'),
    ...staffDrafts(platform, 'advanced', 'advanced-helpdesk'),
    ...staffDrafts(platform, 'administrator', 'administrator'),
    ...staffDrafts(platform, 'only-madrid', 'auditor', ['madrid']),
    ...staffDrafts(platform, 'nowhere', 'reports', []),
  ];
}

/** Managed: 13. Compliant 6, non-compliant 3, each other state 1. */
const STATUSES: Draft[] = [
  // madrid: 3 compliant, 2 non-compliant; one Windows installation that is gone
  status(device('b'), 'PC-01', { users: ['CORP\\ana', 'svc@corp.example.org'] }),
  status(device('c'), 'PC-02', { os: '10.0.26100' }),
  status(device('d'), 'PC-03', {
    volumes: [osVolume({ ...DECRYPTED, protectors: [] })],
    users: ['CORP\\Ana2'],
  }),
  status(device('e'), 'PC-04', {
    volumes: [osVolume({ encryptionMethod: 6, protectionStatus: 0 })],
    error: '=cmd|calc',
  }),
  status(device('m'), 'PC-12', { volumes: [osVolume(DECRYPTED)] }),
  // toledo: 1 compliant, 3 not held to the policy; one of another domain, one in small letters
  status(device('f'), 'PC-05', { site: 'toledo', counter: 4, volumes: [osVolume(DECRYPTED)] }),
  status(device('g'), 'pc-06', { site: 'toledo', enforcement: 'user-exempt' }),
  status(device('h'), 'PC-07', { site: 'toledo', enforcement: 'temporary-user-exempt' }),
  status(device('i'), 'PC-08', { site: 'toledo', enforcement: 'not-enforced', domain: 'lab.example.org' }),
  // lugo: 2 compliant (one machine's two enrolments, both alive), 1 non-compliant, 1 unknown; one revoked
  status(device('j'), 'PC-09', { site: 'lugo', volumes: [], tpmPresent: null, reportedAt: 8.7e15 }),
  status(device('k'), 'PC-10', {
    site: 'lugo',
    volumes: [osVolume({ ...DECRYPTED, volumeType: 2, driveLetter: 'D:' })],
  }),
  status(device('l'), 'PC-11', { site: 'lugo', volumes: [osVolume(DECRYPTED)] }),
  status(device('o'), 'PC-13', { site: 'lugo' }),
];

/** Written after the second enrolments. */
const LATER_STATUSES: Draft[] = [
  status(device('n'), 'PC-12'),
  status(device('p'), 'PC-13', { site: 'lugo' }),
];

/** From a second node: one report that is older than the centre's, one that is newer. */
const ELSEWHERE: Draft[] = [
  status(device('b'), 'PC-01', { counter: 1, volumes: [osVolume(DECRYPTED)] }),
  status(device('f'), 'PC-05', { site: 'toledo', counter: 5 }),
];

export const AUDIT: readonly Partial<Body<'audit'>>[] = [
  {},
  {
    at: NOW - 2 * HOUR,
    keyId: guid(101),
    endUser: null,
    staffId: 'ines',
    staffName: 'Inés',
    staffRole: 'advanced-helpdesk',
  },
  {
    ...{
      at: NOW - 26 * HOUR,
      status: 'Failed',
      failure: 'end-user-unknown',
      endUser: 'eve@corp.example.org',
    },
    ...{ siteId: 'toledo', computerName: 'PC-05', deviceId: device('f'), reason: 'tpm-reset' },
    ...{ nodeName: 'edge-toledo', offlineSince: NOW - 27 * HOUR, note: '=HYPERLINK("http://evil.example")' },
  },
  {
    ...{ at: NOW - 3 * HOUR, action: 'search', keyType: 'Recovery Key ID', keyId: '1234e567' },
    ...{ endUser: null, computerName: null, domain: null, deviceId: null, volumeId: null, siteId: null },
    ...{ reason: null, verification: null },
  },
  {
    at: NOW - 400 * 24 * HOUR,
    source: 'Self-Service Portal',
    verification: 'other',
    reason: 'other',
    address: null,
  },
  {
    at: NOW - HOUR,
    keyId: guid(102),
    staffId: 'chen',
    staffName: '-Chen',
    domain: 'lab.example.org',
    offlineSince: 0,
  },
];

export interface Fleet {
  readonly organisation: Organisation;
  readonly centre: TestInstallation;
  readonly other: TestInstallation;
}

/** A centre that holds the fleet, and the edge from which it has two of the reports. */
export async function openFleet(host: Host): Promise<Fleet> {
  const organisation = await makeOrganisation();
  let now = NOW - 10 * 24 * HOUR;
  const clock = () => now;
  const centre = await openInstallation(host, { organisation, now: clock });
  const other = await openInstallation(host, { organisation, role: 'edge', now: clock });
  const { ledger, configuration: configured } = centre.node;
  await ledger.append('recovery', [
    ...configuration(host.platform),
    enrolment(device('m'), 'PC-12', 912),
    enrolment(device('o'), 'PC-13', 913),
    // a serial number and an SMBIOS UUID that many machines have say nothing
    enrolment(device('b'), 'PC-01', 914, ''),
    enrolment(device('c'), 'PC-02', 914, ''),
  ]);
  await other.node.ledger.append('compliance', ELSEWHERE);
  await ledger.append('compliance', STATUSES);
  now += HOUR;
  await ledger.append('recovery', [
    enrolment(device('n'), 'PC-12', 912),
    enrolment(device('p'), 'PC-13', 913),
    { kind: 'device-revocation', body: { deviceId: device('l'), reason: 'stolen' } },
    escrow(device('b'), guid(100), 1),
  ]);
  now += MINUTE;
  await ledger.append('recovery', [
    escrow(device('b'), guid(101), 2),
    escrow(device('b'), guid(103), 2, guid(9)),
    {
      kind: 'protectors',
      body: { deviceId: device('b'), counter: 3, volumes: [{ volumeId: guid(1), keyIds: [guid(101)] }] },
    },
    ...AUDIT.map(audit),
  ]);
  await ledger.append('compliance', [
    ...LATER_STATUSES,
    // PC-13's first enrolment was seen again after the second
    { kind: 'seen', body: { devices: [{ deviceId: device('o'), counter: 4, seenAt: NOW - HOUR }] } },
  ]);
  await copyInto(other.node, centre.node);
  await configured.settled();
  now = NOW;
  return { organisation, centre, other };
}
