/**
 * Stands in for `@hpke/core` in the simulator's bundle: encapsulation by hashing, synchronous and seeded. It hides nothing
 * from whoever knows the public key, and needs not: what the simulator asks is whether the right key opens the right record.
 */
import { hash } from 'node:crypto';
import { entropy } from './entropy.ts';
import { CryptoKey, crypto } from './globals.ts';

function digest(label: string, ...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = Buffer.concat([Buffer.from(`${label}\n`), ...parts]);
  return new Uint8Array(Buffer.from(hash('sha256', bytes, 'hex'), 'hex'));
}

class Kem {
  generateKeyPair(): Promise<{ publicKey: Uint8Array; privateKey: Uint8Array }> {
    const privateKey = entropy(32);
    return Promise.resolve({ privateKey, publicKey: digest('public', privateKey) });
  }

  deriveKeyPair(seed: ArrayBuffer): Promise<{ publicKey: Uint8Array; privateKey: Uint8Array }> {
    const privateKey = digest('derived', new Uint8Array(seed));
    return Promise.resolve({ privateKey, publicKey: digest('public', privateKey) });
  }

  serializePublicKey(key: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer> {
    return Promise.resolve(key.buffer);
  }

  serializePrivateKey(key: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer> {
    return Promise.resolve(key.buffer);
  }

  deserializePublicKey(bytes: Uint8Array): Promise<Uint8Array> {
    return Promise.resolve(bytes);
  }

  importKey(_form: 'raw', bytes: ArrayBuffer): Promise<Uint8Array> {
    return Promise.resolve(new Uint8Array(bytes));
  }
}

export class CipherSuite {
  readonly kem = new Kem();

  createSenderContext({ recipientPublicKey }: { recipientPublicKey: Uint8Array }): Promise<object> {
    const enc = entropy(32);
    const shared = digest('shared', recipientPublicKey, enc);
    const seal = (plain: Uint8Array, aad: Uint8Array) =>
      crypto.subtle.encrypt({ iv: IV, additionalData: aad }, keyOf(shared), plain);
    return Promise.resolve({ enc: enc.buffer, export: () => Promise.resolve(shared.buffer), seal });
  }

  createRecipientContext({
    recipientKey,
    enc,
  }: {
    recipientKey: Recipient;
    enc: Uint8Array;
  }): Promise<object> {
    const privateKey = recipientKey instanceof Uint8Array ? recipientKey : recipientKey.privateKey;
    const shared = digest('shared', digest('public', privateKey), enc);
    const open = (sealed: Uint8Array, aad: Uint8Array) =>
      crypto.subtle.decrypt({ iv: IV, additionalData: aad }, keyOf(shared), sealed);
    return Promise.resolve({ export: () => Promise.resolve(shared.buffer), open });
  }
}

type Recipient = Uint8Array | { readonly privateKey: Uint8Array };
const IV = new Uint8Array(12);

function keyOf(raw: Uint8Array<ArrayBuffer>): CryptoKey {
  return new CryptoKey(Buffer.from(raw).toString('base64'), 'secret');
}

/** What the suite is put together from; here the suite is one thing. */
export class Aes256Gcm {
  readonly name = 'AES-256-GCM';
}
export class HkdfSha256 {
  readonly name = 'HKDF-SHA256';
}
export class DhkemX25519HkdfSha256 {
  readonly name = 'DHKEM(X25519)';
}
