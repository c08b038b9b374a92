/** Globals of the hosts that the simulator's bundle replaces: WebCrypto without a thread pool, and a plain `Response`. */
import { createCipheriv, createDecipheriv, createHmac, hash } from 'node:crypto';

export class CryptoKey {
  readonly material: string;
  readonly type: string;

  constructor(material: string, type: string) {
    this.material = material;
    this.type = type;
  }
}

interface AesGcm {
  readonly iv: Uint8Array;
  readonly additionalData: Uint8Array;
}

const TAG_BYTES = 16;

const subtle = {
  importKey: (_form: string, raw: ArrayBuffer): Promise<CryptoKey> =>
    Promise.resolve(new CryptoKey(Buffer.from(raw).toString('base64'), 'secret')),

  encrypt: ({ iv, additionalData }: AesGcm, key: CryptoKey, data: Uint8Array): Promise<Uint8Array> => {
    const cipher = createCipheriv('aes-256-gcm', Buffer.from(key.material, 'base64'), iv);
    cipher.setAAD(additionalData);
    return Promise.resolve(
      new Uint8Array(Buffer.concat([cipher.update(data), cipher.final(), cipher.getAuthTag()])),
    );
  },

  digest: (_name: string, data: Uint8Array): Promise<ArrayBuffer> =>
    Promise.resolve(new Uint8Array(Buffer.from(hash('sha256', data, 'hex'), 'hex')).buffer),

  sign: (_name: string, key: CryptoKey, data: Uint8Array): Promise<ArrayBuffer> => {
    const mac = createHmac('sha256', Buffer.from(key.material, 'base64')).update(data).digest();
    return Promise.resolve(new Uint8Array(mac).buffer);
  },

  decrypt: ({ iv, additionalData }: AesGcm, key: CryptoKey, data: Uint8Array): Promise<Uint8Array> => {
    const decipher = createDecipheriv('aes-256-gcm', Buffer.from(key.material, 'base64'), iv);
    decipher.setAAD(additionalData);
    decipher.setAuthTag(data.subarray(data.length - TAG_BYTES));
    const text = data.subarray(0, data.length - TAG_BYTES);
    return Promise.resolve(new Uint8Array(Buffer.concat([decipher.update(text), decipher.final()])));
  },
};

export const crypto = { subtle };

/** What the routes of replication answer with: no stream, for streams wait for turns of the real event loop. */
export class Response {
  readonly status: number;
  readonly headers: Headers;
  readonly #body: Uint8Array;

  constructor(body: Uint8Array | string | null, init: { status?: number; headers?: HeadersInit } = {}) {
    this.status = init.status ?? 200;
    this.headers = new Headers(init.headers);
    this.#body = typeof body === 'string' ? new TextEncoder().encode(body) : (body ?? new Uint8Array());
  }

  arrayBuffer(): Promise<Uint8Array> {
    return Promise.resolve(this.#body);
  }

  damaged(by: (bytes: Uint8Array) => Uint8Array): Response {
    return new Response(by(this.#body), { status: this.status, headers: this.headers });
  }
}

/** A request as Hono reads it. */
export class Request {
  readonly url: string;
  readonly method: string;
  readonly headers: Headers;
  readonly body: Uint8Array;

  constructor(url: string, init: { method: string; headers: HeadersInit; body: Uint8Array }) {
    this.url = url;
    this.method = init.method;
    this.headers = new Headers(init.headers);
    this.headers.set('Content-Length', String(init.body.length));
    this.body = init.body;
  }

  arrayBuffer(): Promise<Uint8Array> {
    return Promise.resolve(this.body);
  }
}
