/**
 * Stands in for `jose` in the simulator's bundle: keys of which `globals.ts` makes signatures that are hashes.
 */
import { hash } from 'node:crypto';
import { CryptoKey } from './globals.ts';

interface Jwk {
  readonly x?: string;
  readonly y?: string;
  readonly d?: string;
}

export const base64url = {
  encode: (input: Uint8Array | string): string => Buffer.from(input as string).toString('base64url'),
  decode: (input: Uint8Array | string): Uint8Array =>
    new Uint8Array(
      Buffer.from(typeof input === 'string' ? input : Buffer.from(input).toString(), 'base64url'),
    ),
};

/** The public half of a private one. */
export function publicOf(d: string): { x: string; y: string } {
  return { x: hash('sha256', `x\n${d}`, 'base64url'), y: hash('sha256', `y\n${d}`, 'base64url') };
}

export function importJWK({ x, d }: Jwk): Promise<CryptoKey> {
  return Promise.resolve(new CryptoKey(x ?? '', d === undefined ? 'public' : 'private'));
}

export function calculateJwkThumbprint({ x, y }: Jwk): Promise<string> {
  return Promise.resolve(hash('sha256', `thumbprint\n${x ?? ''}\n${y ?? ''}`, 'base64url'));
}
