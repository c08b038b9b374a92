/**
 * The recovery password and its key ID, as BitLocker has them.
 *
 * A recovery password is 8 groups of 6 digits. Each group is a multiple of 11 and less than 720,896
 * (11 × 65,536); its quotient is one little-endian 16-bit word of the 128-bit key. (The check-digit formula in
 * Microsoft's documentation has a wrong sign: divisibility is what Windows tests.)
 */
import type { Platform } from '../platform.ts';
import { Redacted } from '../vault/redacted.ts';

/** A key or volume ID in its one stored form: lower-case GUID with hyphens, no braces. */
export type Guid = string & { readonly __brand: 'Guid' };

/** The first hex digits of a key ID, at least 8, in stored form (with the GUID's hyphens as far as it goes). */
export type KeyIdPrefix = string & { readonly __brand: 'KeyIdPrefix' };

const GROUPS = 8;
const GROUP_LIMIT = 720_896;

export type PasswordFault =
  | { fault: 'not-48-digits'; digits: number }
  | { fault: 'not-divisible-by-11'; group: number }
  | { fault: 'group-too-large'; group: number };

/**
 * Reads a recovery password with hyphens, spaces (also non-breaking), or nothing between its groups.
 * Returns the 16-byte key, or which group (1 to 8) is wrong and how; never an echo of the digits.
 */
export function parseRecoveryPassword(text: string): Redacted<Uint8Array<ArrayBuffer>> | PasswordFault {
  const digits = text.replace(/[\s\u00a0\u2007\u202f\u2010-\u2015-]/g, '');
  if (!/^[0-9]{48}$/.test(digits)) {
    return { fault: 'not-48-digits', digits: (digits.match(/[0-9]/g) ?? []).length };
  }
  const key = new Uint8Array(GROUPS * 2);
  for (let index = 0; index < GROUPS; index += 1) {
    const group = Number(digits.slice(index * 6, index * 6 + 6));
    if (group % 11 !== 0) return { fault: 'not-divisible-by-11', group: index + 1 };
    if (group >= GROUP_LIMIT) return { fault: 'group-too-large', group: index + 1 };
    const word = group / 11;
    key[index * 2] = word & 0xff;
    key[index * 2 + 1] = word >> 8;
  }
  return new Redacted(key);
}

/** The eight groups, hyphenated, of a 16-byte key. The result is a plaintext secret (I8). */
export function formatRecoveryPassword(key: Uint8Array): string {
  const groups: string[] = [];
  for (let index = 0; index < GROUPS; index += 1) {
    const word = (key[index * 2] ?? 0) | ((key[index * 2 + 1] ?? 0) << 8);
    groups.push(String(word * 11).padStart(6, '0'));
  }
  return groups.join('-');
}

/** Reads a GUID in any usual form (braces, `urn:uuid:`, upper case, with or without hyphens), or null. */
export function parseGuid(text: string): Guid | null {
  const match =
    /^\s*(?:urn:uuid:)?(\{)?([0-9a-f]{8})(-?)([0-9a-f]{4})\3([0-9a-f]{4})\3([0-9a-f]{4})\3([0-9a-f]{12})(\})?\s*$/i.exec(
      text,
    );
  if (!match || (match[1] === undefined) !== (match[8] === undefined)) return null;
  return [match[2], match[4], match[5], match[6], match[7]].join('-').toLowerCase() as Guid;
}

/** Stands for a volume that a source of imported keys does not name: RFC 9562's nil UUID, which no volume has. */
export const UNKNOWN_VOLUME = '00000000-0000-0000-0000-000000000000' as Guid;

/** A GUID in Windows' binary form, whose first three parts are little-endian numbers; null unless it has 16 bytes. */
export function guidFromWindowsBytes(bytes: Uint8Array): Guid | null {
  if (bytes.length !== 16) return null;
  const hex = (order: readonly number[]): string =>
    order.map((index) => (bytes[index] ?? 0).toString(16).padStart(2, '0')).join('');
  return [hex([3, 2, 1, 0]), hex([5, 4]), hex([7, 6]), hex([8, 9]), hex([10, 11, 12, 13, 14, 15])].join(
    '-',
  ) as Guid;
}

/** Reads 8 to 32 hex digits of a key ID as people read them out (spaces, hyphens, braces, any case), or null. */
export function parseKeyIdPrefix(text: string): KeyIdPrefix | null {
  const hex = text.replace(/[\s{}-]/g, '').toLowerCase();
  if (!/^[0-9a-f]{8,32}$/.test(hex)) return null;
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)];
  return parts.filter((part) => part !== '').join('-') as KeyIdPrefix;
}

/**
 * SHA-256(label ‖ key ID ‖ key): equal exactly when the same password stands under the same key ID. It opens
 * nothing (128 random bits cannot be guessed) and a device can recompute it.
 */
export function commitmentOf(
  platform: Pick<Platform, 'sha256'>,
  keyId: Guid,
  key: Redacted<Uint8Array>,
): string {
  return platform.sha256('holdfast commitment v1\n', keyId, '\n', key.reveal());
}
