/** Passwords: scrypt (RFC 7914), verified at the same cost whether there is one or not. */
import { base64url } from 'jose';
import { Problem } from '../http/problem.ts';
import type { CredentialSecret } from '../journal/staff-bodies.ts';
import type { Platform } from '../platform.ts';

type PasswordSecret = Extract<CredentialSecret, { type: 'password' }>;

/**
 * OWASP's smallest: 16 MiB of memory and five passes, a tenth of a second. More memory would be better against guessing
 * from a stolen disk, but a Durable Object has 128 MB for everything, and answers nobody while it works.
 */
export const SCRYPT = { n: 16_384, r: 8, p: 5 } as const;
const SALT_BYTES = 16;
const HASH_BYTES = 32;

export const PASSWORD_CHARACTERS_MIN = 12;
export const PASSWORD_CHARACTERS_MAX = 200;
/** Different letters, so that it is not one key held down. */
const PASSWORD_LETTERS_MIN = 5;

type Hashing = Pick<Platform, 'scrypt' | 'random'>;

export async function hashPassword(platform: Hashing, password: string): Promise<PasswordSecret> {
  const salt = platform.random(SALT_BYTES);
  const hash = await platform.scrypt(normalised(password), salt, SCRYPT, HASH_BYTES);
  return {
    ...{ type: 'password', ...SCRYPT, mustChange: false },
    ...{ salt: base64url.encode(salt), hash: base64url.encode(hash) },
  };
}

/** Throws the Problem `password-weak`. Length is what counts; what it must not be is the name that goes with it. */
export function requireStrength(password: string, staffId: string): void {
  const { length } = normalised(password);
  const isOwnName =
    password.toLowerCase().includes(staffId) && length < staffId.length + PASSWORD_CHARACTERS_MIN;
  const isMonotonous = new Set(password).size < PASSWORD_LETTERS_MIN;
  if (length < PASSWORD_CHARACTERS_MIN || isOwnName || isMonotonous)
    throw new Problem('password-weak', { charactersMin: PASSWORD_CHARACTERS_MIN });
}

/** `secret` null: nobody's password; it takes as long to say no. */
export async function isPassword(
  platform: Hashing,
  password: string,
  secret: PasswordSecret | null,
): Promise<boolean> {
  const { n, r, p } = secret ?? SCRYPT;
  const salt = secret ? base64url.decode(secret.salt) : new Uint8Array(SALT_BYTES);
  const hash = await platform.scrypt(normalised(password), salt, { n, r, p }, HASH_BYTES);
  const wanted = secret ? base64url.decode(secret.hash) : new Uint8Array(HASH_BYTES);
  return isSame(hash, wanted) && secret !== null;
}

/** In a time that does not tell where they differ. */
export function isSame(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length;
  for (let at = 0; at < a.length; at += 1) difference |= (a[at] ?? 0) ^ (b[at] ?? 0);
  return difference === 0;
}

/** The same password from every keyboard: composed and decomposed letters are one. */
function normalised(password: string): string {
  return password.normalize('NFKC');
}
