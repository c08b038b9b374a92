/**
 * Sealing secrets to vaults: HPKE base mode (RFC 9180) with X25519, HKDF-SHA256 and AES-256-GCM. Each secret is
 * sealed to its region's vault and to the organisation's, with the record it belongs to as additional data, so a
 * ciphertext that is moved to another record opens as neither.
 */
import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core';
import canonicalize from 'canonicalize';
import { base64url } from 'jose';
import type { Sealed } from '../journal/bodies.ts';
import { Redacted } from './redacted.ts';

const suite = new CipherSuite({
  kem: new DhkemX25519HkdfSha256(),
  kdf: new HkdfSha256(),
  aead: new Aes256Gcm(),
});
const INFO = new TextEncoder().encode('holdfast vault v1');

/** The record a secret belongs to. */
export interface SealContext {
  readonly kind: 'recovery-password' | 'key-package';
  readonly keyId: string;
  readonly deviceId: string;
  readonly volumeId: string;
}

export interface VaultPublicKey {
  readonly vaultId: string;
  /** X25519 public key, base64url */
  readonly publicKey: string;
}

export interface VaultKey {
  readonly vaultId: string;
  readonly privateKey: string;
}

/** A new vault: the public half is configured at the centre, the private half goes to the nodes that may open it. */
export async function generateVault(vaultId: string): Promise<{ publicKey: VaultPublicKey; key: VaultKey }> {
  const pair = await suite.kem.generateKeyPair();
  const [publicRaw, privateRaw] = await Promise.all([
    suite.kem.serializePublicKey(pair.publicKey),
    suite.kem.serializePrivateKey(pair.privateKey),
  ]);
  return {
    publicKey: { vaultId, publicKey: base64url.encode(new Uint8Array(publicRaw)) },
    key: { vaultId, privateKey: base64url.encode(new Uint8Array(privateRaw)) },
  };
}

const publicKeys = new Map<string, CryptoKey>();

async function importPublic(publicKey: string): Promise<CryptoKey> {
  const known = publicKeys.get(publicKey);
  if (known) return known;
  const key = await suite.kem.deserializePublicKey(bytes(publicKey));
  publicKeys.set(publicKey, key);
  return key;
}

function bytes(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(base64url.decode(text));
}

function additionalData(context: SealContext): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new TextEncoder().encode(canonicalize(context)));
}

/** One sealed copy per vault. */
export function seal(
  vaults: readonly VaultPublicKey[],
  context: SealContext,
  secret: Redacted<Uint8Array<ArrayBuffer>>,
): Promise<Sealed[]> {
  return Promise.all(
    vaults.map(async (vault) => {
      const { enc, ct } = await suite.seal(
        { recipientPublicKey: await importPublic(vault.publicKey), info: INFO },
        secret.reveal(),
        additionalData(context),
      );
      return {
        vaultId: vault.vaultId,
        enc: base64url.encode(new Uint8Array(enc)),
        ct: base64url.encode(new Uint8Array(ct)),
      };
    }),
  );
}

/** The secret, or null when this vault key does not open this ciphertext for this record. */
export async function open(
  key: VaultKey,
  context: SealContext,
  sealed: Sealed,
): Promise<Redacted<Uint8Array<ArrayBuffer>> | null> {
  try {
    const recipientKey = await suite.kem.importKey('raw', bytes(key.privateKey).buffer, false);
    const plaintext = await suite.open(
      { recipientKey, enc: bytes(sealed.enc), info: INFO },
      bytes(sealed.ct),
      additionalData(context),
    );
    return new Redacted(new Uint8Array(plaintext));
  } catch {
    return null;
  }
}
