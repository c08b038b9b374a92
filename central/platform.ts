/** Node's `Platform`: the machine's clock and randomness, and OpenSSL's SHA-256. */
import { hash, randomBytes, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { constants, gunzip, gunzipSync, gzip, gzipSync } from 'node:zlib';
import type { Platform } from '../shared/platform.ts';

/** One call without a hash object is twice as fast for the short texts of a chain; several parts are joined first. */
function sha256(...parts: readonly (string | Uint8Array)[]): string {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return hash('sha256', only, 'base64url');
  return hash('sha256', Buffer.concat(parts.map((part) => Buffer.from(part))), 'base64url');
}

/** Bytes that are no text must not become one, and a text must be the same on both hosts. */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const gzipped = promisify(gzip);
const gunzipped = promisify(gunzip);
const FAST = { level: constants.Z_BEST_SPEED };
/** Below it, packing takes less time than the way to another thread and back, also where a few bytes become megabytes. */
const SMALL_BYTES = 4_096;

export const nodePlatform: Platform = {
  now: () => Date.now(),
  random: (length) => new Uint8Array(randomBytes(length)),
  sha256,
  scrypt: (password, salt, { n, r, p }, length) =>
    new Promise((resolve, reject) => {
      // Node's own bound counts a little more than the 128·n·r bytes.
      scrypt(password, salt, length, { N: n, r, p, maxmem: 256 * n * r }, (error, key) => {
        if (error) reject(error);
        else resolve(new Uint8Array(key));
      });
    }),
  compress: async (text) =>
    new Uint8Array(text.length <= SMALL_BYTES ? gzipSync(text, FAST) : await gzipped(text, FAST)),
  decompress: async (bytes, bytesMax) => {
    const options = { maxOutputLength: bytesMax };
    return utf8.decode(
      bytes.length <= SMALL_BYTES ? gunzipSync(bytes, options) : await gunzipped(bytes, options),
    );
  },
  // setTimeout(0) waits at least a millisecond, and would cost every group of writes that long.
  sleep: (ms, until) =>
    new Promise((resolve) => {
      if (ms <= 0 || until?.aborted === true) {
        setImmediate(resolve);
        return;
      }
      const timer = setTimeout(resolve, ms);
      until?.addEventListener('abort', () => {
        clearTimeout(timer);
        resolve();
      });
    }),
};
