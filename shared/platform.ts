/**
 * What pure code may ask of the machine it runs on. Time, randomness and waiting are parameters everywhere
 * in `shared/`, so that the simulator can own them; hashing is one as well, because both hosts have a native
 * synchronous SHA-256 that is far faster than anything written in JavaScript.
 */
export interface Platform {
  /** Milliseconds since 1970-01-01T00:00Z by this machine's clock. Nothing is ever decided by it (I14). */
  now(): number;
  /** `length` cryptographically random bytes. */
  random(length: number): Uint8Array<ArrayBuffer>;
  /** SHA-256 over the concatenation of `parts` (strings as UTF-8), as unpadded base64url (43 characters). */
  sha256(...parts: readonly (string | Uint8Array)[]): string;
  /** scrypt (RFC 7914): `length` bytes, with 128·n·r bytes of memory. */
  scrypt(
    password: string,
    salt: Uint8Array,
    cost: { readonly n: number; readonly r: number; readonly p: number },
    length: number,
  ): Promise<Uint8Array<ArrayBuffer>>;
  /** gzip (RFC 1952), fast rather than small. */
  compress(text: string): Promise<Uint8Array<ArrayBuffer>>;
  /** The text in a gzip; rejects when it is malformed, no UTF-8, or longer than `bytesMax`. */
  decompress(bytes: Uint8Array<ArrayBuffer>, bytesMax: number): Promise<string>;
  /** Resolves after `ms` milliseconds; `sleep(0)` lets waiting requests run first. Resolves
   * early, and leaves no timer behind, when `until` is aborted. */
  sleep(ms: number, until?: AbortSignal): Promise<void>;
}

/** One structured line of the node's log. Never give it a secret: I8 is checked by a canary over all logs. */
export type Log = (
  level: 'info' | 'warn' | 'error',
  event: string,
  facts?: Readonly<Record<string, unknown>>,
) => void;

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';

/** A random name of `length` characters from a-z2-7 (5 bits each). */
export function randomName(platform: Platform, length: number): string {
  let name = '';
  for (const byte of platform.random(length)) name += ALPHABET.charAt(byte & 31);
  return name;
}
