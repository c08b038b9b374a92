/** What goes over the wire between nodes, packed and unpacked by both hosts' code. */
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { nodePlatform } from '../../../central/platform.ts';
import { workerdPlatform } from '../../../edge/platform.ts';
import { type Target, must, same, textOf } from '../target.ts';

const BYTES_MAX = 20_000;
const packed = (text: string | Uint8Array) => new Uint8Array(gzipSync(text));

/** The text, or why there is none. */
async function unpacked(
  platform: typeof nodePlatform,
  input: Uint8Array<ArrayBuffer>,
): Promise<string | { why: 'too-large' | 'malformed' }> {
  try {
    return await platform.decompress(input, BYTES_MAX);
  } catch (error) {
    return { why: error instanceof RangeError ? 'too-large' : 'malformed' };
  }
}

function wanted(input: Uint8Array): string | { why: 'too-large' | 'malformed' } {
  let bytes: Buffer;
  try {
    bytes = gunzipSync(input, { maxOutputLength: 64 * BYTES_MAX });
  } catch (error) {
    return { why: error instanceof RangeError ? 'too-large' : 'malformed' };
  }
  if (bytes.length > BYTES_MAX) return { why: 'too-large' };
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return { why: 'malformed' };
  }
}

export const target: Target = {
  name: 'compression',
  holds:
    'both hosts give the same text, or refuse; more than the limit comes out of nothing; bytes that are no UTF-8 are refused; what one packs the other unpacks',
  inputs: fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }).map(packed),
    fc.uint8Array({ maxLength: 100 }).map(packed),
    fc.tuple(fc.json(), fc.nat(200), fc.nat(255)).map(([text, at, byte]) => {
      const bytes = packed(text);
      bytes[at % bytes.length] = byte;
      return bytes;
    }),
    fc.nat(60_000).map((length) => packed('a'.repeat(length))),
    fc
      .array(fc.json({ maxDepth: 1 }), { maxLength: 3 })
      .map((texts) => new Uint8Array(Buffer.concat(texts.map((text) => gzipSync(text))))),
  ),
  words: ['\u001f\u008b\u0008'],
  bytesMax: 2_000,
  open: () => ({
    seeds: [
      packed('{"a":1}'),
      packed('\ufeff{"a":"é"}'),
      packed(Uint8Array.of(0xff, 0xfe, 0x41)),
      packed(Buffer.alloc(BYTES_MAX)),
      packed(Buffer.alloc(BYTES_MAX + 1)),
      packed(Buffer.alloc(10_000_000)),
    ],
    async run(input) {
      const [at, there] = [await unpacked(nodePlatform, input), await unpacked(workerdPlatform, input)];
      const expected = wanted(input);
      // Of a gzip that is broken behind what is too large, either may be said.
      if (typeof expected === 'string' || expected.why === 'too-large')
        same([at, there], [expected, expected], 'another text, or another reason');
      else must(typeof at === 'object' && typeof there === 'object', 'a text comes out of what is none');
      must(typeof at !== 'string' || at.length <= BYTES_MAX, 'more comes out than may');
      const text = textOf(input);
      for (const [from, to] of [
        [nodePlatform, workerdPlatform],
        [workerdPlatform, nodePlatform],
      ] as const)
        must(
          (await to.decompress(await from.compress(text), 4 * BYTES_MAX)) === text,
          'what one host packs the other does not unpack',
        );
    },
  }),
};
