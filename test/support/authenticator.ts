/** An authenticator in software: makes a passkey (ES256, attestation "none") and signs with it, as WebAuthn writes it. */
import { type KeyObject, createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { base64url } from 'jose';
import { z } from 'zod';

const creation = z.looseObject({ challenge: z.string(), rp: z.object({ id: z.string() }) });
const request = z.looseObject({ challenge: z.string(), rpId: z.string() });

/** User present and verified; with the new key's data. */
const FLAGS = { asserted: 0x05, attested: 0x45 };

export interface Twist {
  /** another origin than the page's */
  readonly origin?: string;
  readonly challenge?: string;
  readonly type?: string;
  readonly rpId?: string;
  /** without these flags */
  readonly flags?: number;
  /** signed by another key */
  readonly key?: KeyObject;
  /** of another credential */
  readonly id?: string;
}

export class SoftwareAuthenticator {
  readonly id = base64url.encode(randomBytes(32));
  readonly #keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });

  /** The answer to `navigator.credentials.create` on a page of `origin`. */
  create(options: unknown, origin: string, twist: Twist = {}) {
    const { challenge, rp } = creation.parse(options);
    const { x = '', y = '' } = this.#keys.publicKey.export({ format: 'jwk' });
    const cose = map([
      [int(1), int(2)],
      [int(3), int(-7)],
      [int(-1), int(1)],
      [int(-2), byteString(Buffer.from(x, 'base64url'))],
      [int(-3), byteString(Buffer.from(y, 'base64url'))],
    ]);
    const rawId = Buffer.from(this.id, 'base64url');
    const length = Buffer.alloc(2);
    length.writeUInt16BE(rawId.length);
    const authData = Buffer.concat([
      head(twist.rpId ?? rp.id, twist.flags ?? FLAGS.attested),
      ...[Buffer.alloc(16), length, rawId, cose],
    ]);
    const attestation = map([
      [text('fmt'), text('none')],
      [text('attStmt'), map([])],
      [text('authData'), byteString(authData)],
    ]);
    const client = clientData('webauthn.create', challenge, origin, twist);
    return {
      ...this.#frame(twist),
      response: {
        clientDataJSON: base64url.encode(client),
        attestationObject: base64url.encode(attestation),
      },
    };
  }

  /** The answer to `navigator.credentials.get`. */
  get(options: unknown, origin: string, twist: Twist = {}) {
    const { challenge, rpId } = request.parse(options);
    const authData = head(twist.rpId ?? rpId, twist.flags ?? FLAGS.asserted);
    const client = clientData('webauthn.get', challenge, origin, twist);
    const signed = Buffer.concat([authData, createHash('sha256').update(client).digest()]);
    const signature = sign('sha256', signed, twist.key ?? this.#keys.privateKey);
    return {
      ...this.#frame(twist),
      response: {
        clientDataJSON: base64url.encode(client),
        authenticatorData: base64url.encode(authData),
        signature: base64url.encode(signature),
      },
    };
  }

  #frame({ id = this.id }: Twist) {
    return { id, rawId: id, type: 'public-key' as const, clientExtensionResults: {} };
  }
}

function clientData(type: string, challenge: string, origin: string, twist: Twist): Buffer {
  const data = { type: twist.type ?? type, challenge: twist.challenge ?? challenge };
  return Buffer.from(JSON.stringify({ ...data, origin: twist.origin ?? origin, crossOrigin: false }));
}

function head(rpId: string, flags: number): Buffer {
  return Buffer.concat([createHash('sha256').update(rpId).digest(), Buffer.from([flags]), Buffer.alloc(4)]);
}

// ── CBOR (RFC 8949), as little of it as is needed ────────────────────────────────────────────────────────────────────

function item(major: number, length: number): Buffer {
  if (length < 24) return Buffer.from([(major << 5) | length]);
  if (length < 256) return Buffer.from([(major << 5) | 24, length]);
  return Buffer.from([(major << 5) | 25, length >> 8, length & 255]);
}

function int(value: number): Buffer {
  return value >= 0 ? item(0, value) : item(1, -1 - value);
}

function byteString(bytes: Buffer): Buffer {
  return Buffer.concat([item(2, bytes.length), bytes]);
}

function text(value: string): Buffer {
  return Buffer.concat([item(3, value.length), Buffer.from(value)]);
}

function map(entries: readonly (readonly [Buffer, Buffer])[]): Buffer {
  return Buffer.concat([item(5, entries.length), ...entries.flat()]);
}
