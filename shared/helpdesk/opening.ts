/** Opening a sealed key with the vault keys of this node. Plaintext begins to exist here (I8). */
import { z } from 'zod';
import { type Guid, commitmentOf } from '../domain/recovery-key.ts';
import { sealed as sealedBody } from '../journal/bodies.ts';
import type { Platform } from '../platform.ts';
import type { Redacted } from '../vault/redacted.ts';
import { type OpenWindows, type SealContext, type VaultKey, open } from '../vault/seal.ts';
import type { FoundKey } from './keys.ts';

export interface OpenedKey {
  readonly key: Redacted<Uint8Array<ArrayBuffer>>;
  readonly keyPackage: Redacted<Uint8Array<ArrayBuffer>> | null;
}

/**
 * The first copy that opens here and is the key its commitment names, so that one bad seal hides no good one (I2), and
 * the first key package that does.
 */
export async function openKey(
  parts: { readonly platform: Pick<Platform, 'sha256'>; readonly vaultKeys: readonly VaultKey[] },
  { candidate, copies }: FoundKey,
  windows?: OpenWindows,
): Promise<OpenedKey | null> {
  let key: OpenedKey['key'] | null = null;
  let keyPackage: OpenedKey['keyPackage'] = null;
  for (const { deviceId, volumeId, sealedJson, packageJson } of copies) {
    const record = { keyId: candidate.keyId, deviceId, volumeId };
    if (!key) {
      const opened = await unseal(
        parts.vaultKeys,
        { kind: 'recovery-password', ...record },
        sealedJson,
        windows,
      );
      if (opened && commitmentOf(parts.platform, candidate.keyId as Guid, opened) === candidate.commitment)
        key = opened;
    }
    if (!keyPackage && packageJson !== null)
      keyPackage = await unseal(parts.vaultKeys, { kind: 'key-package', ...record }, packageJson, windows);
    if (key && (keyPackage || !candidate.hasKeyPackage)) break;
  }
  return key && { key, keyPackage };
}

async function unseal(
  vaultKeys: readonly VaultKey[],
  context: SealContext,
  sealedJson: string,
  windows?: OpenWindows,
) {
  for (const one of z.array(sealedBody).parse(JSON.parse(sealedJson))) {
    const key = vaultKeys.find(({ vaultId }) => vaultId === one.vaultId);
    const opened = key && (await open(key, context, one, windows));
    if (opened) return opened;
  }
  return null;
}
