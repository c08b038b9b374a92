/** Seeded randomness. Every part of the world draws from a stream of its own, so that leaving out one event changes no other. */
import { hash } from 'node:crypto';

export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /** The same labels give the same stream. */
  constructor(...labels: readonly (string | number)[]) {
    const seed = Buffer.from(hash('sha256', labels.join('\n'), 'hex'), 'hex');
    this.#a = seed.readUInt32LE(0);
    this.#b = seed.readUInt32LE(4);
    this.#c = seed.readUInt32LE(8);
    this.#d = seed.readUInt32LE(12);
  }

  /** 32 random bits, by sfc32. */
  bits(): number {
    const sum = (this.#a + this.#b + this.#d) | 0;
    this.#d = (this.#d + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    this.#c |= 0;
    return sum >>> 0;
  }

  /** 0 ≤ x < 1 */
  real(): number {
    return this.bits() / 2 ** 32;
  }

  /** an integer, 0 ≤ x < n */
  below(n: number): number {
    return Math.floor(this.real() * n);
  }

  /** an integer, both ends included */
  between(from: number, to: number): number {
    return from + this.below(to - from + 1);
  }

  chance(probability: number): boolean {
    return this.real() < probability;
  }

  pick<T>(list: readonly T[]): T {
    const found = list[this.below(list.length)];
    if (found === undefined) throw new Error('nothing to pick from');
    return found;
  }

  bytes(length: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; at += 4) {
      const bits = this.bits();
      for (let byte = 0; byte < 4 && at + byte < length; byte += 1) bytes[at + byte] = bits >>> (8 * byte);
    }
    return bytes;
  }

  /** a GUID in its stored form */
  guid(): string {
    const hex = Buffer.from(this.bytes(16)).toString('hex');
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
  }
}
