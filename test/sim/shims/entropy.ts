/** The randomness of cryptography in the simulated world. */
import { Random } from '../random.ts';

let stream = new Random('before any world');

export function seedEntropy(seed: number): void {
  stream = new Random(seed, 'entropy');
}

export function entropy(length: number): Uint8Array<ArrayBuffer> {
  return stream.bytes(length);
}
