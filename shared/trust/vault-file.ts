/** Files with a vault's key pair, and what they add to a node's identity. */
import { z } from 'zod';
import { type IdentityFile, slug } from './certificate.ts';

/** A vault's key pair as `holdfast vault new` and `vault rotate` write it: the private half never leaves such files. */
export const vaultFile = z.object({
  vaultId: slug,
  scope: z.enum(['region', 'organisation']),
  regionId: slug.nullable(),
  publicKey: z.string(),
  privateKey: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
});
export type VaultFile = z.infer<typeof vaultFile>;

/** Names of files beside an identity that hold vault keys which came after it. */
export const VAULT_FILE_NAME = /^vault-[a-z0-9-]{1,63}\.json$/;

/** The identity with the keys of such files; where both name a vault the file counts, for it is the later one. */
export function withVaultFiles(identity: IdentityFile, files: readonly VaultFile[]): IdentityFile {
  const keys = new Map(identity.vaultKeys.map(({ vaultId, privateKey }) => [vaultId, privateKey]));
  for (const { vaultId, privateKey } of files) keys.set(vaultId, privateKey);
  return {
    ...identity,
    vaultKeys: [...keys].map(([vaultId, privateKey]) => ({ vaultId, privateKey })),
  };
}
