/** workerd's `Platform`, over its own `node:crypto` (nodejs_compat): synchronous and native. */
import { createHash, hash, scrypt } from 'node:crypto';
import { constants, gunzipSync, gzipSync } from 'node:zlib';
import type { Platform } from '../shared/platform.ts';

/** Bytes that are no text must not become one, and a text must be the same on both hosts. */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export const workerdPlatform: Platform = {
  now: () => Date.now(),
  random: (length) => crypto.getRandomValues(new Uint8Array(length)),
  sha256: (...parts) => {
    // Each call crosses over to native code: texts, which are most, go together and in one.
    if (parts.every((part) => typeof part === 'string')) return hash('sha256', parts.join(''), 'base64url');
    const hasher = createHash('sha256');
    for (const part of parts) hasher.update(part);
    return hasher.digest('base64url');
  },
  scrypt: (password, salt, { n, r, p }, length) =>
    new Promise((resolve, reject) => {
      // Node's own bound counts a little more than the 128·n·r bytes.
      scrypt(password, salt, length, { N: n, r, p, maxmem: 256 * n * r }, (error, key) => {
        if (error) reject(error);
        else resolve(new Uint8Array(key));
      });
    }),
  compress: (text) => Promise.resolve(new Uint8Array(gzipSync(text, { level: constants.Z_BEST_SPEED }))),
  decompress: (bytes, bytesMax) =>
    new Promise((resolve) => {
      resolve(utf8.decode(gunzipSync(bytes, { maxOutputLength: bytesMax })));
    }),
  sleep: (ms, until) =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, until?.aborted === true ? 0 : ms);
      until?.addEventListener('abort', () => {
        clearTimeout(timer);
        resolve();
      });
    }),
};
