/** The identity of a computer that is known by an import alone. */
import { base64url } from 'jose';
import type { Platform } from '../platform.ts';

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';

/**
 * An imported key has no enrolled device. Where a device's ID is needed (in what a secret is sealed for, in the audit)
 * one made from the names stands: the same for all keys of a computer in a source, in the shape of a true one, and by
 * its 80 bits never one that a node gave out. That it is none is said by `importedFrom` and `confirmed`.
 */
export function importedDeviceId(
  platform: Pick<Platform, 'sha256'>,
  domain: string,
  computerName: string,
): string {
  const hash = platform.sha256(
    'holdfast imported computer v1\n',
    domain.toLowerCase(),
    '\n',
    computerName.toLowerCase(),
  );
  const bytes = base64url.decode(hash).subarray(0, 16);
  return `d-${Array.from(bytes, (byte) => BASE32.charAt(byte & 31)).join('')}`;
}
