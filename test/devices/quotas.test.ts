/** A device that floods a node is stopped at its quota, and nobody else notices (I12). */
import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { nodePlatform } from '../../central/platform.ts';
import { DailyQuota } from '../../shared/daily-quota.ts';
import type { DeviceToken } from '../../shared/devices/token.ts';
import { machineFingerprint } from '../../shared/devices/token.ts';
import { type Guid, formatRecoveryPassword } from '../../shared/domain/recovery-key.ts';
import { limits } from '../../shared/limits.ts';
import { randomName } from '../../shared/platform.ts';
import { CENTRE, startNetworkNode } from '../support/network.ts';
import { makeOrganisation } from '../support/organisation.ts';
import { appendAll, makeVault, siteDraft } from '../support/vaults.ts';

const FLOOD = 10_000;

it(`stops a device at its quota of ${String(limits.deviceKeyIdsPerDayMax)} although it sends ${String(FLOOD)} new key IDs, while others escrow as ever`, async () => {
  const { node } = await startNetworkNode(await makeOrganisation(), CENTRE);
  const [region, all] = [await makeVault('region-r-1', 'r'), await makeVault('organisation-1', null)];
  await appendAll(node, [siteDraft('s', 'r'), region.draft, all.draft]);
  await node.configuration.settled();
  const smbiosUuid = randomUUID() as Guid;
  const machine = machineFingerprint(nodePlatform, { smbiosUuid, serial: 'S1' });
  const device = (): DeviceToken => ({
    ...{ aud: 'holdfast-devices', sub: `d-${randomName(nodePlatform, 16)}`, jkt: 'a'.repeat(43) },
    ...{ site: 's', claim: 'held', machine, iat: 1 },
  });
  const escrow = (token: DeviceToken) =>
    node.escrows.escrow(token, randomUUID() as Guid, {
      ...{ recoveryPassword: formatRecoveryPassword(nodePlatform.random(16)), volumeId: smbiosUuid },
      ...{ volumeType: 1, counter: 1, smbiosUuid, serial: 'S1', computerName: 'PC', domain: 'D', users: [] },
    });
  const flooder = device();
  let [taken, refused, others] = [0, 0, 0];
  for (let sent = 0; sent < FLOOD; sent += 200) {
    const answers = await Promise.allSettled(Array.from({ length: 200 }, () => escrow(flooder)));
    taken += answers.filter(({ status }) => status === 'fulfilled').length;
    refused += answers.filter(
      (of) => of.status === 'rejected' && String(of.reason).includes('too many'),
    ).length;
    const { created } = await escrow(device());
    others += Number(created);
  }
  expect({ taken, refused, others }).toEqual({
    taken: limits.deviceKeyIdsPerDayMax,
    refused: FLOOD - limits.deviceKeyIdsPerDayMax,
    others: FLOOD / 200,
  });
  const [held] = await node.ledger.engine.rows('recovery', 'SELECT count(*) FROM escrows', []);
  expect(held).toEqual([limits.deviceKeyIdsPerDayMax + FLOOD / 200]);
});

it('counts each subject by itself, for a day of its own', () => {
  let now = 1_000;
  const quota = new DailyQuota({ now: () => now }, 2);
  expect([quota.take('a'), quota.take('a'), quota.take('a'), quota.take('b')]).toEqual([
    true,
    true,
    false,
    true,
  ]);
  now += 86_399_999;
  expect(quota.take('a')).toBe(false);
  now += 1;
  expect(quota.take('a')).toBe(true);
});
