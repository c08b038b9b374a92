/** Vaults, sites and sealed keys for tests that need very many of them. */
import { randomUUID } from 'node:crypto';
import { nodePlatform } from '../../central/platform.ts';
import { type Guid, commitmentOf } from '../../shared/domain/recovery-key.ts';
import type { Draft } from '../../shared/journal/drafts.ts';
import type { HoldfastNode } from '../../shared/node.ts';
import { randomName } from '../../shared/platform.ts';
import { Redacted } from '../../shared/vault/redacted.ts';
import { Sealer, type VaultKey, type VaultPublicKey, generateVault } from '../../shared/vault/seal.ts';

export interface TestVault {
  readonly publicKey: VaultPublicKey;
  readonly key: VaultKey;
  readonly draft: Draft;
}

export async function makeVault(
  id: string,
  regionId: string | null,
  more: { readonly retired?: boolean; readonly compromised?: boolean; readonly revision?: number } = {},
): Promise<TestVault> {
  const { publicKey, key } = await generateVault(id);
  return { publicKey, key, draft: vaultDraft(publicKey, regionId, more) };
}

export function vaultDraft(
  { vaultId, publicKey }: VaultPublicKey,
  regionId: string | null,
  { revision = 1, retired = false, compromised = false } = {},
): Draft {
  const scope = regionId === null ? 'organisation' : 'region';
  const body = { scope, regionId, publicKey, retired, compromised } as const;
  return { kind: 'config', body: { kind: 'vault', id: vaultId, revision, body } };
}

export function siteDraft(id: string, regionId: string): Draft {
  return { kind: 'config', body: { kind: 'site', id, revision: 1, body: { name: id, regionId } } };
}

export interface KnownKey {
  readonly keyId: Guid;
  readonly deviceId: string;
  readonly volumeId: Guid;
  readonly commitment: string;
  readonly draft: Draft;
}

/** Keys sealed to these vaults, as escrows of one site. */
export async function sealKeys(
  vaults: readonly VaultPublicKey[],
  siteId: string,
  count: number,
): Promise<KnownKey[]> {
  const sealer = new Sealer(nodePlatform);
  const made: KnownKey[] = [];
  for (let at = 0; at < count; at += 1) {
    const keyId = randomUUID() as Guid;
    const volumeId = randomUUID() as Guid;
    const deviceId = `d-${randomName(nodePlatform, 16)}`;
    const record = { keyId, deviceId, volumeId };
    const key = new Redacted(nodePlatform.random(16));
    const commitment = commitmentOf(nodePlatform, keyId, key);
    const sealed = await sealer.seal(vaults, { kind: 'recovery-password', ...record }, key);
    const draft: Draft = {
      kind: 'escrow',
      body: {
        ...{ ...record, commitment, siteId, volumeType: 1, counter: 1, computerName: `PC${String(at)}` },
        ...{ domain: 'D', users: [], claim: 'held', sealed, package: null },
      },
    };
    made.push({ ...record, commitment, draft });
  }
  return made;
}

export async function appendAll({ ledger }: HoldfastNode, drafts: readonly Draft[]): Promise<void> {
  for (let at = 0; at < drafts.length; at += 200) await ledger.append('recovery', drafts.slice(at, at + 200));
}
