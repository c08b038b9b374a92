/**
 * Sealing secrets to vaults: HPKE base mode (RFC 9180) with X25519, HKDF-SHA256 and AES-256-GCM. Each secret is
 * sealed to its region's vault and to the organisation's, with the record it belongs to as additional data, so a
 * ciphertext that is moved to another record opens as neither.
 *
 *     enc, context = HPKE.SetupBaseS(vault's public key, "holdfast vault v1")      once per window
 *     key          = context.Export("holdfast sealing key", 32)                    kept where JavaScript cannot read it
 *     ct           = AES-256-GCM(key, nonce = n as 96 bits, AAD = record, secret)  n = 0, 1, 2, … within the window
 *
 * One encapsulation serves a bounded window of secrets, because it costs ten times what sealing one does; see
 * docs/decisions/0008. A node that was seized gives away at most what it sealed in its open window.
 */
import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core';
import canonicalize from 'canonicalize';
import { base64url } from 'jose';
import type { Sealed } from '../journal/bodies.ts';
import { limits } from '../limits.ts';
import type { Platform } from '../platform.ts';
import { Redacted } from './redacted.ts';

const suite = new CipherSuite({
  kem: new DhkemX25519HkdfSha256(),
  kdf: new HkdfSha256(),
  aead: new Aes256Gcm(),
});
const INFO = new TextEncoder().encode('holdfast vault v1');
const KEY_LABEL = new TextEncoder().encode('holdfast sealing key').buffer;
const AEAD = 'AES-GCM';

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

function bytes(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(base64url.decode(text));
}

function additionalData(context: SealContext): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new TextEncoder().encode(canonicalize(context)));
}

/** A 96-bit nonce from a number that is used once under its key. */
function nonceOf(n: number): Uint8Array<ArrayBuffer> {
  const nonce = new Uint8Array(12);
  new DataView(nonce.buffer).setUint32(8, n);
  return nonce;
}

function importKey(raw: ArrayBuffer, use: 'encrypt' | 'decrypt'): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', raw, AEAD, false, [use]);
}

/** One encapsulation to one vault, and how many secrets were sealed under it. */
interface Window {
  readonly openedAt: number;
  readonly sender: Promise<{ readonly enc: string; readonly key: CryptoKey }>;
  used: number;
}

async function encapsulate(publicKey: string): Promise<{ enc: string; key: CryptoKey }> {
  const recipientPublicKey = await suite.kem.deserializePublicKey(bytes(publicKey));
  const context = await suite.createSenderContext({ recipientPublicKey, info: INFO });
  const key = await importKey(await context.export(KEY_LABEL, 32), 'encrypt');
  return { enc: base64url.encode(new Uint8Array(context.enc)), key };
}

export class Sealer {
  readonly #platform: Pick<Platform, 'now'>;
  /** by the vault's public key */
  readonly #windows = new Map<string, Window>();

  constructor(platform: Pick<Platform, 'now'>) {
    this.#platform = platform;
  }

  /** One sealed copy per vault. */
  seal(
    vaults: readonly VaultPublicKey[],
    context: SealContext,
    secret: Redacted<Uint8Array<ArrayBuffer>>,
  ): Promise<Sealed[]> {
    const data = additionalData(context);
    return Promise.all(
      vaults.map(async ({ vaultId, publicKey }) => {
        const window = this.#windowOf(publicKey);
        const n = window.used;
        window.used += 1;
        const { enc, key } = await window.sender;
        const algorithm = { name: AEAD, iv: nonceOf(n), additionalData: data };
        const ct = await crypto.subtle.encrypt(algorithm, key, secret.reveal());
        return { vaultId, enc, n, ct: base64url.encode(new Uint8Array(ct)) };
      }),
    );
  }

  #windowOf(publicKey: string): Window {
    const now = this.#platform.now();
    const open = this.#windows.get(publicKey);
    // A clock that ran backwards closes the window as well.
    const age = open ? now - open.openedAt : Infinity;
    if (open && open.used < limits.sealsPerWindowMax && age >= 0 && age < limits.sealWindowMs) return open;
    const fresh = { openedAt: now, sender: encapsulate(publicKey), used: 0 };
    this.#windows.set(publicKey, fresh);
    // A failure must not be what every later secret meets.
    fresh.sender.catch(() => this.#windows.delete(publicKey));
    return fresh;
  }
}

/** The key of a window, opened with its vault's private key. */
async function decapsulate(privateKey: string, enc: string): Promise<CryptoKey> {
  const recipientKey = await suite.kem.importKey('raw', bytes(privateKey).buffer, false);
  const recipient = await suite.createRecipientContext({ recipientKey, enc: bytes(enc), info: INFO });
  return importKey(await recipient.export(KEY_LABEL, 32), 'decrypt');
}

/** Keys of windows, for whoever opens many secrets: what was sealed together lies together. */
export type OpenWindows = Map<string, Promise<CryptoKey>>;
const OPEN_WINDOWS_MAX = 256;

function windowKey({ privateKey, vaultId }: VaultKey, enc: string, known?: OpenWindows): Promise<CryptoKey> {
  const id = `${vaultId} ${enc}`;
  const opened = known?.get(id) ?? decapsulate(privateKey, enc);
  if (known && known.size >= OPEN_WINDOWS_MAX) known.clear();
  known?.set(id, opened);
  return opened;
}

/** The secret, or null when this vault key does not open this ciphertext for this record. */
export async function open(
  key: VaultKey,
  context: SealContext,
  sealed: Sealed,
  windows?: OpenWindows,
): Promise<Redacted<Uint8Array<ArrayBuffer>> | null> {
  try {
    const opening = await windowKey(key, sealed.enc, windows);
    const algorithm = { name: AEAD, iv: nonceOf(sealed.n), additionalData: additionalData(context) };
    return new Redacted(new Uint8Array(await crypto.subtle.decrypt(algorithm, opening, bytes(sealed.ct))));
  } catch {
    return null;
  }
}
