/**
 * Everything signed in Holdfast is a compact JWS (RFC 7515) with ES256: certificates, heads, challenges, tokens,
 * receipts, manifests. The protected header's `typ` says which, so that no signature can be used as another kind.
 * ES256, because workerd, Node and Windows PowerShell 5.1 can all make and check it.
 */
import { CompactSign, base64url, calculateJwkThumbprint, compactVerify, importJWK } from 'jose';

/** An ECDSA P-256 public key. */
export interface PublicJwk {
  kty: 'EC';
  crv: 'P-256';
  x: string;
  y: string;
}

export interface PrivateJwk extends PublicJwk {
  d: string;
}

export type JwsType =
  | 'holdfast-certificate'
  | 'holdfast-head'
  | 'holdfast-challenge'
  | 'holdfast-device'
  | 'holdfast-receipt'
  | 'holdfast-snapshot'
  | 'holdfast-release'
  | 'dpop+jwt';

/** A private key ready for signing. */
export interface Signer {
  sign(type: JwsType, payload: object, header?: Readonly<Record<string, unknown>>): Promise<string>;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });

export async function makeSigner(jwk: PrivateJwk): Promise<Signer> {
  const key = await importJWK({ ...jwk, alg: 'ES256' }, 'ES256');
  return {
    sign: (type, payload, header = {}) =>
      new CompactSign(encoder.encode(JSON.stringify(payload)))
        .setProtectedHeader({ ...header, alg: 'ES256', typ: type })
        .sign(key),
  };
}

const KEYS_CACHED_MAX = 20_000;
const importedKeys = new Map<string, CryptoKey>();

async function importPublic(jwk: PublicJwk): Promise<CryptoKey> {
  const id = `${jwk.x}.${jwk.y}`;
  const known = importedKeys.get(id);
  if (known) return known;
  const key = await importJWK({ kty: 'EC', crv: 'P-256', x: jwk.x, y: jwk.y, alg: 'ES256' }, 'ES256');
  if (!(key instanceof CryptoKey)) throw new Error('an ES256 key did not import as a public key');
  if (importedKeys.size >= KEYS_CACHED_MAX) importedKeys.clear();
  importedKeys.set(id, key);
  return key;
}

/** Checks signature, algorithm and type. Returns the payload and header, or null for anything that is not right. */
export async function verifyJws(
  type: JwsType,
  jws: string,
  key: PublicJwk,
): Promise<{ payload: unknown; header: Readonly<Record<string, unknown>> } | null> {
  try {
    const { payload, protectedHeader } = await compactVerify(jws, await importPublic(key), {
      algorithms: ['ES256'],
    });
    if (protectedHeader.typ !== type) return null;
    return { payload: JSON.parse(decoder.decode(payload)) as unknown, header: { ...protectedHeader } };
  } catch {
    return null;
  }
}

/** The unverified header of a compact JWS, to learn which key should have signed it; null if malformed. */
export function peekHeader(jws: string): unknown {
  return peekPart(jws, 0);
}

/** The unverified header and payload of a compact JWS; null if malformed. */
export function peekJws(jws: string): { header: unknown; payload: unknown } | null {
  const [header, payload] = [peekPart(jws, 0), peekPart(jws, 1)];
  return header === null || payload === null ? null : { header, payload };
}

function peekPart(jws: string, part: 0 | 1): unknown {
  const parts = jws.split('.');
  const text = parts[part];
  if (parts.length !== 3 || text === undefined) return null;
  try {
    return JSON.parse(decoder.decode(base64url.decode(text))) as unknown;
  } catch {
    return null;
  }
}

/** The RFC 7638 thumbprint of a public key (SHA-256, base64url). */
export function thumbprint({ x, y }: PublicJwk): Promise<string> {
  return calculateJwkThumbprint({ kty: 'EC', crv: 'P-256', x, y });
}
