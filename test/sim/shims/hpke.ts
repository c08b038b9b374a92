/**
 * Stands in for `@hpke/core` in the simulator's bundle: encapsulation by hashing, synchronous and seeded. It hides nothing
 * from whoever knows the public key, and needs not: what the simulator asks is whether the right key opens the right record.
 */
import { hash } from 'node:crypto';
import { entropy } from './entropy.ts';

function digest(label: string, ...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = Buffer.concat([Buffer.from(`${label}\n`), ...parts]);
  return new Uint8Array(Buffer.from(hash('sha256', bytes, 'hex'), 'hex'));
}

class Kem {
  generateKeyPair(): Promise<{ publicKey: Uint8Array; privateKey: Uint8Array }> {
    const privateKey = entropy(32);
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
    return Promise.resolve({ enc: enc.buffer, export: exporter(recipientPublicKey, enc) });
  }

  createRecipientContext({ recipientKey, enc }: { recipientKey: Uint8Array; enc: Uint8Array }): Promise<object> {
    return Promise.resolve({ export: exporter(digest('public', recipientKey), enc) });
  }
}

function exporter(publicKey: Uint8Array, enc: Uint8Array) {
  return (): Promise<ArrayBuffer> => Promise.resolve(digest('shared', publicKey, enc).buffer);
}

export const Aes256Gcm = class {};
export const HkdfSha256 = class {};
export const DhkemX25519HkdfSha256 = class {};
