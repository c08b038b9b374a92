/** Second factors that are typed: one-time codes by time (RFC 6238) and recovery codes. */
import { Secret, TOTP } from 'otpauth';
import { limits } from '../limits.ts';
import type { Platform } from '../platform.ts';
import type { Redacted } from '../vault/redacted.ts';

/** What authenticator apps all understand. */
const TOTP_FORM = { algorithm: 'SHA1', digits: 6, period: 30 } as const;
const TOTP_SECRET_BYTES = 20;
/** Steps before and after the present one: a phone's clock and this one's may be half a minute apart. */
const TOTP_WINDOW = 1;

const RECOVERY_ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const RECOVERY_CHARACTERS = 16;

export function makeTotpSecret(platform: Pick<Platform, 'random'>): Uint8Array<ArrayBuffer> {
  return platform.random(TOTP_SECRET_BYTES);
}

/** For the QR code and for typing; shown once. */
export function totpEnrolment(
  secret: Redacted<Uint8Array<ArrayBuffer>>,
  account: string,
): { secret: string; uri: string } {
  const totp = totpOf(secret, account);
  return { secret: totp.secret.base32, uri: totp.toString() };
}

/** The time step whose code this is, or null. */
export function stepOfCode(
  secret: Redacted<Uint8Array<ArrayBuffer>>,
  code: string,
  now: number,
): number | null {
  const delta = totpOf(secret, '').validate({ token: code, timestamp: now, window: TOTP_WINDOW });
  return delta === null ? null : Math.floor(now / 1000 / TOTP_FORM.period) + delta;
}

export function codeAt(secret: Redacted<Uint8Array<ArrayBuffer>>, now: number): string {
  return totpOf(secret, '').generate({ timestamp: now });
}

function totpOf(secret: Redacted<Uint8Array<ArrayBuffer>>, label: string): TOTP {
  const { buffer } = secret.reveal();
  return new TOTP({ ...TOTP_FORM, issuer: 'Holdfast', label, secret: new Secret({ buffer }) });
}

/** Codes of four groups of four letters, 80 random bits each. */
export function makeRecoveryCodes(platform: Pick<Platform, 'random'>): string[] {
  return Array.from({ length: limits.recoveryCodes }, () =>
    Array.from(platform.random(RECOVERY_CHARACTERS), (byte) => RECOVERY_ALPHABET.charAt(byte & 31))
      .join('')
      .replace(/(.{4})(?=.)/g, '$1-'),
  );
}

/** However it was typed: capitals, spaces and hyphens do not matter. */
export function recoveryCodeHash(platform: Pick<Platform, 'sha256'>, staffId: string, code: string): string {
  const typed = code.toLowerCase().replace(/[\s-]/g, '');
  return platform.sha256('holdfast recovery code v1\n', staffId, '\n', typed);
}
