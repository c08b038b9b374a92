/**
 * Chance from a seed. `Dice` (sfc32) is fast and decides everything about a simulated PC that is not secret;
 * `Derivation` makes keys and passwords by SHA-256, so that a fleet can be resumed from its seed and nothing secret
 * has to be stored but that seed.
 */
import { createECDH } from 'node:crypto';
import { type Guid, formatRecoveryPassword } from '../../shared/domain/recovery-key.ts';
import type { Platform } from '../../shared/platform.ts';
import type { PrivateJwk } from '../../shared/trust/jws.ts';

export class Dice {
  #a: number;
  #b: number;
  #c: number;
  #d = 1;

  constructor(platform: Pick<Platform, 'sha256'>, ...seed: readonly string[]) {
    const words = new DataView(digest(platform, 'dice', ...seed).buffer);
    this.#a = words.getUint32(0);
    this.#b = words.getUint32(4);
    this.#c = words.getUint32(8);
  }

  /** evenly in [0, 1) */
  next(): number {
    const t = (((this.#a + this.#b) | 0) + this.#d) | 0;
    this.#d = (this.#d + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + t) | 0;
    return (t >>> 0) / 0x1_0000_0000;
  }

  /** a whole number in [0, below) */
  below(below: number): number {
    return Math.floor(this.next() * below);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(from: readonly [T, ...T[]]): T {
    return from[this.below(from.length)] ?? from[0];
  }

  /** `length` characters of an alphabet. */
  text(alphabet: string, length: number): string {
    let text = '';
    for (let index = 0; index < length; index += 1) text += alphabet.charAt(this.below(alphabet.length));
    return text;
  }

  shuffled<T>(items: readonly T[]): T[] {
    return items
      .map((item) => ({ item, order: this.next() }))
      .sort((a, b) => a.order - b.order)
      .map(({ item }) => item);
  }
}

export class Derivation {
  readonly #platform: Pick<Platform, 'sha256'>;
  readonly #seed: string;

  constructor(platform: Pick<Platform, 'sha256'>, seed: string) {
    this.#platform = platform;
    this.#seed = seed;
  }

  guid(...of: readonly string[]): Guid {
    const hex = Buffer.from(digest(this.#platform, 'guid', this.#seed, ...of)).toString('hex');
    const variant = '89ab'.charAt(Number.parseInt(hex.charAt(16), 16) & 3);
    // Version 4 and the RFC 9562 variant, as Windows' own random GUIDs have them.
    return [
      hex.slice(0, 8),
      hex.slice(8, 12),
      `4${hex.slice(13, 16)}`,
      `${variant}${hex.slice(17, 20)}`,
      hex.slice(20, 32),
    ].join('-') as Guid;
  }

  /** A plaintext secret (I8): give it to a request or a comparison only. */
  recoveryPassword(drive: string, generation: number): string {
    return formatRecoveryPassword(
      digest(this.#platform, 'recovery password', this.#seed, drive, String(generation)).slice(0, 16),
    );
  }

  /** The P-256 key of a device's enrolment; it stands for one in the PC's TPM. */
  deviceKey(identity: string): PrivateJwk {
    for (let attempt = 0; ; attempt += 1) {
      const scalar = digest(this.#platform, 'device key', this.#seed, identity, String(attempt));
      const curve = createECDH('prime256v1');
      try {
        curve.setPrivateKey(scalar);
      } catch {
        // Beyond the group's order: about one digest in four thousand million; the next one will do.
        continue;
      }
      const point = curve.getPublicKey();
      const [x, y] = [point.subarray(1, 33).toString('base64url'), point.subarray(33).toString('base64url')];
      return { kty: 'EC', crv: 'P-256', x, y, d: Buffer.from(scalar).toString('base64url') };
    }
  }
}

function digest(platform: Pick<Platform, 'sha256'>, ...parts: readonly string[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(
    Buffer.from(platform.sha256('holdfast fleet v1\n', JSON.stringify(parts)), 'base64url'),
  );
}
