/**
 * Enrolment: a site's token only asks for it; the device proves its key, the node makes the device's ID and a token
 * bound to that key. Names are attributes, not identities: a name that a living device holds is a pending claim,
 * and a re-imaged PC is the same machine under a new device ID.
 */
import type { Configuration } from '../configuration.ts';
import { Problem } from '../http/problem.ts';
import { DailyQuota } from '../daily-quota.ts';
import type { Ledger } from '../journal/ledger.ts';
import { limits } from '../limits.ts';
import type { NodeIdentity } from '../journal/parts.ts';
import { type Platform, randomName } from '../platform.ts';
import type { EnrolAnswer, enrolRequest } from './messages.ts';
import { policyFor } from './policy.ts';
import type { ProvenKey } from './proof.ts';
import { issueToken, machineFingerprint } from './token.ts';
import type { z } from 'zod';

export interface EnrolmentParts {
  readonly ledger: Ledger;
  readonly platform: Platform;
  readonly identity: NodeIdentity;
  readonly configuration: Configuration;
}

/** Enrolments of a node, one after the other: of two under one computer name only the first finds it free. */
const turns = new WeakMap<Ledger, Promise<unknown>>();

/** Of each node, how many new devices each site's token has enrolled today. */
const quotas = new WeakMap<Ledger, DailyQuota>();

function checkQuota({ ledger, platform }: EnrolmentParts, siteId: string): void {
  const quota = quotas.get(ledger) ?? new DailyQuota(platform, limits.tokenDevicesPerDayMax);
  quotas.set(ledger, quota);
  if (!quota.take(siteId))
    throw new Problem('site-quota', { limit: limits.tokenDevicesPerDayMax }, { 'Retry-After': '3600' });
}

export function enrol(
  parts: EnrolmentParts,
  key: ProvenKey,
  request: z.infer<typeof enrolRequest>,
): Promise<EnrolAnswer> {
  const turn = (turns.get(parts.ledger) ?? Promise.resolve()).then(() => enrolInTurn(parts, key, request));
  turns.set(
    parts.ledger,
    turn.catch(() => undefined),
  );
  return turn;
}

async function enrolInTurn(
  parts: EnrolmentParts,
  key: ProvenKey,
  request: z.infer<typeof enrolRequest>,
): Promise<EnrolAnswer> {
  const { ledger, platform, identity, configuration } = parts;
  const siteId = siteOfToken(parts, request.siteToken);
  const enrolled = await alreadyEnrolled(parts, key, siteId, request.attributes);
  const deviceId = enrolled?.deviceId ?? `d-${randomName(platform, 16)}`;
  const claim = enrolled?.claim ?? ((await nameIsTaken(parts, request.attributes)) ? 'pending' : 'held');
  if (!enrolled) {
    checkQuota(parts, siteId);
    const { attributes } = request;
    const body = { deviceId, siteId, key: key.jwk, jkt: key.jkt, claim, attributes } as const;
    await ledger.append('recovery', [{ kind: 'device', body }]);
  }
  const token = await issueToken(identity, {
    aud: 'holdfast-devices',
    sub: deviceId,
    jkt: key.jkt,
    site: siteId,
    claim,
    machine: machineFingerprint(platform, request.attributes),
    iat: Math.floor(platform.now() / 1000),
  });
  return { deviceId, siteId, token, claim, policy: policyFor(configuration, platform, siteId, deviceId) };
}

/**
 * An edge enrols for the sites of its own region alone, a centre for all: the helpdesk edges of another region never
 * get this edge's log, and would search in vain for the keys of a device that began here.
 */
function siteOfToken({ configuration, platform, identity }: EnrolmentParts, siteToken: string): string {
  const tokenHash = platform.sha256('holdfast site token v1\n', siteToken);
  const found = configuration.all('site-token').find(({ body }) => body.tokenHash === tokenHash);
  if (!found || found.body.revoked || found.body.expiresAt <= platform.now())
    throw new Problem('site-token-invalid');
  const { siteId } = found.body;
  const { regionId } = identity.certificate;
  if (regionId !== null && configuration.get('site', siteId)?.body.regionId !== regionId)
    throw new Problem('site-token-invalid');
  return siteId;
}

/** The same machine with the same key, whose first answer was lost: it is the same device. */
async function alreadyEnrolled(
  { ledger, configuration }: EnrolmentParts,
  { jkt }: ProvenKey,
  siteId: string,
  { smbiosUuid, serial }: { smbiosUuid: string; serial: string },
): Promise<{ deviceId: string; claim: 'held' | 'pending' } | null> {
  const rows = await ledger.engine.rows(
    'recovery',
    'SELECT device_id, claim FROM devices WHERE jkt = ? AND site_id = ? AND smbios_uuid = ? AND serial = ? ORDER BY hlc',
    [jkt, siteId, smbiosUuid, serial],
  );
  const living = rows.find(([deviceId]) => !configuration.isRevoked(String(deviceId)));
  return living ? { deviceId: String(living[0]), claim: living[1] === 'pending' ? 'pending' : 'held' } : null;
}

/** Whether another machine, not revoked, holds this computer name. */
async function nameIsTaken(
  { ledger, configuration }: EnrolmentParts,
  attributes: { computerName: string; domain: string; smbiosUuid: string },
): Promise<boolean> {
  const rows = await ledger.engine.rows(
    'recovery',
    'SELECT DISTINCT device_id FROM devices WHERE computer_name = ? AND domain = ? AND smbios_uuid <> ?',
    [attributes.computerName, attributes.domain, attributes.smbiosUuid],
  );
  return rows.some(([deviceId]) => !configuration.isRevoked(String(deviceId)));
}
