/**
 * Signatures that come out the same each time (RFC 6979), by keys whose private halves are small numbers: what is
 * committed can then be compared byte by byte. WebCrypto draws a new nonce for each signature.
 */
import { createHash } from 'node:crypto';
import { p256 } from '@noble/curves/nist.js';
import type { PublicJwk } from '../../shared/trust/jws.ts';

export interface TestKey {
  readonly jwk: PublicJwk;
  readonly sign: (text: string) => Buffer;
}

export function testKey(scalar: number): TestKey {
  const secret = new Uint8Array(32);
  secret[30] = scalar >> 8;
  secret[31] = scalar & 0xff;
  const point = p256.getPublicKey(secret, false);
  const part = (from: number) => Buffer.from(point.slice(from, from + 32)).toString('base64url');
  return {
    jwk: { kty: 'EC', crv: 'P-256', x: part(1), y: part(33) },
    sign: (text) => {
      const digest = createHash('sha256').update(text).digest();
      return Buffer.from(p256.sign(digest, secret, { prehash: false, lowS: false }));
    },
  };
}

const base64url = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

export function jws(key: TestKey, header: object, payload: object): string {
  const signed = `${base64url(header)}.${base64url(payload)}`;
  return `${signed}.${key.sign(signed).toString('base64url')}`;
}

/** The same signature as OpenSSL and X.509 write it: what a JWS never has. */
export function withDerSignature(text: string): string {
  const [header = '', payload = '', signature = ''] = text.split('.');
  const bytes = Buffer.from(signature, 'base64url');
  const integer = (part: Buffer): Buffer => {
    const positive = (part[0] ?? 0) > 127 ? Buffer.concat([Buffer.from([0]), part]) : part;
    return Buffer.concat([Buffer.from([2, positive.length]), positive]);
  };
  const body = Buffer.concat([integer(bytes.subarray(0, 32)), integer(bytes.subarray(32))]);
  const der = Buffer.concat([Buffer.from([0x30, body.length]), body]);
  return `${header}.${payload}.${der.toString('base64url')}`;
}

export const ORGANISATION = testKey(1001);
export const OTHER_ORGANISATION = testKey(1002);
export const NODE = testKey(2001);
export const OTHER_NODE = testKey(2002);
export const DEVICE = testKey(3001);
