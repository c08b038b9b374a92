/** The platform of a simulated process: the machine's clock, the world's timers, a stream of random bytes, native SHA-256. */
import { scryptSync } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { nodePlatform } from '../../central/platform.ts';
import type { Platform } from '../../shared/platform.ts';
import type { Life } from './machine.ts';
import type { World } from './world.ts';

const CHECKSUM_BYTES = 4;

export function simPlatform(world: World, life: Life): Platform {
  const { clock } = life.machine;
  let { incarnation } = life.machine;
  return {
    now: () => clock.read(world.scheduler.now),
    random: (length) => {
      // A machine that was resumed twice draws the same incarnation as its twin.
      if (incarnation === null || length !== incarnation.length - 11) return life.random.bytes(length);
      const letters = incarnation.slice(11);
      incarnation = null;
      return Uint8Array.from(letters, (letter) => 'abcdefghijklmnopqrstuvwxyz234567'.indexOf(letter));
    },
    sha256: (...parts) => nodePlatform.sha256(...parts),
    scrypt: (password, salt, { n, r, p }, length) =>
      Promise.resolve(
        new Uint8Array(scryptSync(password, salt, length, { N: n, r, p, maxmem: 256 * n * r })),
      ),
    // What matters of gzip here is its checksum: what arrives damaged is noticed.
    compress: (text) => Promise.resolve(pack(text)),
    decompress: (bytes, bytesMax) => {
      const text = bytes.subarray(CHECKSUM_BYTES);
      if (text.length > bytesMax) return Promise.reject(new RangeError('longer than allowed'));
      const whole =
        bytes.length >= CHECKSUM_BYTES &&
        new DataView(bytes.buffer, bytes.byteOffset).getUint32(0) === crc32(text);
      return whole ? Promise.resolve(Buffer.from(text).toString()) : Promise.reject(new Error('damaged'));
    },
    sleep: (ms, until) =>
      new Promise((resolve) => {
        const wake = (): void => {
          if (life.alive) resolve();
        };
        const timer = world.scheduler.after(until?.aborted === true ? 0 : ms, wake);
        until?.addEventListener('abort', () => {
          timer.cancel();
          wake();
        });
      }),
  };
}

export function pack(text: string): Uint8Array<ArrayBuffer> {
  const bytes = Buffer.from(text);
  const packed = new Uint8Array(bytes.length + CHECKSUM_BYTES);
  packed.set(bytes, CHECKSUM_BYTES);
  new DataView(packed.buffer).setUint32(0, crc32(bytes));
  return packed;
}

/** The text in what arrived whole. */
export function unpack(bytes: Uint8Array): string {
  return Buffer.from(bytes.subarray(CHECKSUM_BYTES)).toString();
}
