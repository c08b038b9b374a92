import { describe, expect, it } from 'vitest';
import { nodePlatform } from '../../central/platform.ts';
import { Alarms } from '../../shared/alarms.ts';
import { type Guid, commitmentOf } from '../../shared/domain/recovery-key.ts';
import { limits } from '../../shared/limits.ts';
import { selfCheck } from '../../shared/self-check.ts';
import { Redacted } from '../../shared/vault/redacted.ts';
import { Sealer, generateVault } from '../../shared/vault/seal.ts';
import { distinctEscrows } from '../support/drafts.ts';
import { CENTRE, startNetworkNode } from '../support/network.ts';
import { makeOrganisation } from '../support/organisation.ts';

/** `others`: escrows before and after it that are sealed to other vaults */
async function nodeWithEscrow(others = 0) {
  const { node } = await startNetworkNode(await makeOrganisation(), CENTRE);
  const addOthers = async (seed: number): Promise<void> => {
    const drafts = distinctEscrows(others, seed);
    for (let at = 0; at < others; at += limits.groupEntriesMax)
      await node.ledger.append('recovery', drafts.slice(at, at + limits.groupEntriesMax));
  };
  await addOthers(1);
  const vault = await generateVault('region-1');
  const keyId = '0f0f0f0f-0000-4000-8000-000000000001' as Guid;
  const volumeId = '0f0f0f0f-0000-4000-8000-000000000002' as Guid;
  const deviceId = `d-${'a'.repeat(16)}`;
  const key = new Redacted(nodePlatform.random(16));
  const context = { kind: 'recovery-password', keyId, deviceId, volumeId } as const;
  const sealed = await new Sealer(nodePlatform).seal([vault.publicKey], context, key);
  const commitment = commitmentOf(nodePlatform, keyId, key);
  await node.ledger.append('recovery', [
    {
      kind: 'escrow',
      body: {
        ...{
          keyId,
          commitment,
          deviceId,
          siteId: 's',
          volumeId,
          volumeType: 1,
          counter: 1,
          computerName: 'PC',
        },
        ...{ domain: 'D', users: [], claim: 'held', sealed, package: null },
      },
    },
  ]);
  await addOthers(2);
  const alarms = new Alarms(nodePlatform, () => undefined);
  return { node, vault, alarms };
}

describe('what a node proves to itself', () => {
  it('names a vault key that does not open what was sealed to its vault, and takes it back when it does', async () => {
    const { node, vault, alarms } = await nodeWithEscrow();
    const parts = {
      ledger: node.ledger,
      platform: nodePlatform,
      alarms,
      certificate: node.identity.certificate,
    };
    const swapped = { vaultId: 'region-1', privateKey: (await generateVault('region-1')).key.privateKey };
    await selfCheck({ ...parts, vaultKeys: [swapped] });
    expect(alarms.list()).toMatchObject([{ type: 'vault-key-wrong', subject: 'region-1' }]);
    await selfCheck({ ...parts, vaultKeys: [vault.key] });
    expect(alarms.list()).toEqual([]);
  });

  it('finds what is sealed to its vault among many that are not, and lets others have their turn meanwhile', async () => {
    const { node, alarms } = await nodeWithEscrow(1.2 * limits.vaultSampleRows);
    let turns = 0;
    const sleep = (ms: number): Promise<void> => {
      turns += 1;
      return nodePlatform.sleep(ms);
    };
    await selfCheck({
      ...{ ledger: node.ledger, platform: { ...nodePlatform, sleep }, alarms },
      certificate: node.identity.certificate,
      vaultKeys: [{ vaultId: 'region-1', privateKey: (await generateVault('region-1')).key.privateKey }],
    });
    expect(alarms.list()).toMatchObject([
      { type: 'vault-key-wrong', detail: expect.stringContaining('1 of 1') as string },
    ]);
    expect(turns).toBe(2);
  });

  it('calls out a certificate that ends within 30 days', async () => {
    const { node, alarms } = await nodeWithEscrow();
    const { certificate } = node.identity;
    const at = (daysLeft: number) => ({
      ...nodePlatform,
      now: () => certificate.exp * 1000 - daysLeft * 86_400_000,
    });
    const check = (daysLeft: number) =>
      selfCheck({ ledger: node.ledger, platform: at(daysLeft), alarms, certificate, vaultKeys: [] });
    await check(31);
    expect(alarms.list()).toEqual([]);
    await check(12);
    expect(alarms.list()).toMatchObject([
      { type: 'certificate-expiring', detail: expect.stringContaining('12 days') as string },
    ]);
  });
});
