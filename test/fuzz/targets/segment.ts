/** Segments of a log, as a relay may have changed them, against a chain computed from the formats alone. */
import { createPublicKey, verify } from 'node:crypto';
import fc from 'fast-check';
import { z } from 'zod';
import {
  type Segment,
  STORES,
  headPayload,
  segment as segmentSchema,
} from '../../../shared/journal/entry.ts';
import { KINDS, type Kind } from '../../../shared/journal/kinds.ts';
import { verifySegment } from '../../../shared/journal/segments.ts';
import { authorityOf, fixedNode, stillPlatform } from '../fixtures.ts';
import { endOf, entryOf, genesisOf } from '../sync-peer.ts';
import { type Target, jsonOf, must, same, signsOf } from '../target.ts';

const ORIGIN = 'edgeaaaaaa.bbbbbbbbbbbbb';
const body = fc.record({
  kind: fc.constantFrom('status', 'escrow', 'unknown-kind', 'seen'),
  text: fc.string({ unit: signsOf('ab"\\é\0\ud800{}1'), maxLength: 20 }),
  erased: fc.boolean(),
  hlc: fc.nat(),
});

/** Without the bodies of such kinds a key, its audit or a revocation would be lost (I2, I3). */
const mustKeep = (kind: string): boolean => Object.hasOwn(KINDS, kind) && !KINDS[kind as Kind].erasable;

const recipe = z.looseObject({
  store: z.enum(STORES),
  head: z.string(),
  bodies: z
    .array(z.object({ kind: z.string(), text: z.string(), erased: z.boolean(), hlc: z.number() }))
    .max(8),
  /** what a relay changed */
  change: z.looseObject({}).optional(),
});

export const target: Target = {
  name: 'segment',
  holds:
    'a segment counts exactly where a chain computed from the format alone ends in the head that its node signed, for this store, and nothing that must be kept is left out',
  inputs: fc
    .record({
      store: fc.constantFrom(...STORES),
      head: fc.constantFrom('own', 'own', 'own', 'other-store', 'seq', 'signed-by-other', 'stale'),
      bodies: fc.array(body, { minLength: 1, maxLength: 4 }),
    })
    .map((value) => JSON.stringify(value)),
  words: [
    'own',
    'other-store',
    'signed-by-other',
    'recovery',
    'compliance',
    'escrow',
    'status',
    'genesis',
    '\\u0000',
    '\\ud800',
    '"erased":true',
  ],
  bytesMax: 3_000,
  async open() {
    const node = await fixedNode('edgeaaaaaa', 'edge');
    const other = await fixedNode('edgeaaaaab', 'edge');
    const authority = authorityOf();
    const known = { certificate: node.certificate, certificateJws: node.certificateJws };
    const key = createPublicKey({ key: node.certificate.key, format: 'jwk' });

    /** By node:crypto alone. */
    const headIn = (jws: string): unknown => {
      const [header = '', payload = '', signature = ''] = jws.split('.');
      const isSigned = verify(
        'sha256',
        Buffer.from(`${header}.${payload}`),
        { key, dsaEncoding: 'ieee-p1363' },
        Buffer.from(signature, 'base64url'),
      );
      return isSigned ? (JSON.parse(Buffer.from(payload, 'base64url').toString()) as unknown) : null;
    };

    const build = async (of: z.infer<typeof recipe>): Promise<Segment> => {
      const entries = of.bodies.map(({ kind, text, erased, hlc }) =>
        erased ? { hlc, kind, version: 1, bodyHash: 'e'.repeat(43) } : entryOf(kind, text, hlc),
      );
      const made = {
        origin: ORIGIN,
        from: 1,
        prev: '',
        entries: [genesisOf(node), ...entries],
        head: '',
      } as unknown as Segment;
      const end = endOf(of.store, made);
      const payload = {
        store: of.head === 'other-store' ? STORES.find((store) => store !== of.store) : of.store,
        origin: made.origin,
        seq: of.head === 'seq' ? end.seq + 1 : end.seq,
        hash:
          of.head === 'stale'
            ? endOf(of.store, { ...made, entries: made.entries.slice(0, -1) }).hash
            : end.hash,
      };
      const by = of.head === 'signed-by-other' ? other : node;
      return { ...made, head: await by.signer.sign('holdfast-head', payload) };
    };

    return {
      seeds: [
        JSON.stringify({
          store: 'compliance',
          head: 'own',
          bodies: [
            { kind: 'status', text: '{}', erased: false, hlc: 5 },
            { kind: 'status', text: '', erased: true, hlc: 6 },
          ],
        }),
        JSON.stringify({
          store: 'recovery',
          head: 'own',
          bodies: [{ kind: 'escrow', text: '{"a":1}', erased: false, hlc: 5 }],
          change: { from: 1, prev: '' },
        }),
      ],
      async run(input) {
        const asked = recipe.safeParse(jsonOf(input));
        if (!asked.success) return;
        const of = asked.data;
        const made = { ...(await build(of)), ...of.change };
        const parsed = segmentSchema.safeParse(made);
        if (!parsed.success) return;
        const head = headPayload.safeParse(headIn(parsed.data.head));
        const end = endOf(of.store, parsed.data);
        const texts = parsed.data.entries.flatMap((entry) =>
          'body' in entry ? [entry.kind, entry.body] : [entry.kind],
        );
        const isStorable = texts.every(
          (text) => !text.includes('\0') && Buffer.from(text).toString() === text,
        );
        const keeps = parsed.data.entries.every((entry) => 'body' in entry || !mustKeep(entry.kind));
        const isWhole =
          head.success &&
          head.data.store === of.store &&
          head.data.origin === parsed.data.origin &&
          head.data.seq === end.seq &&
          head.data.hash === end.hash;
        const begins = (parsed.data.from === 1) === (parsed.data.prev === '');
        const isOwn = parsed.data.origin.startsWith('edgeaaaaaa.');
        for (const by of [known, undefined]) {
          const verified = await verifySegment(
            { platform: stillPlatform, authority },
            of.store,
            parsed.data,
            by,
          );
          const names =
            by !== undefined ||
            (parsed.data.entries[0]?.kind === 'genesis' && 'body' in parsed.data.entries[0]);
          const counts = !('outcome' in verified);
          must(
            !counts || (isWhole && isStorable && keeps && begins && isOwn),
            'a segment counts that must not',
          );
          if (by)
            must(
              counts === (isWhole && isStorable && keeps && begins && isOwn),
              'a whole segment is refused',
            );
          if (counts) {
            must(names, 'a segment counts under no certificate');
            same(
              [verified.entries.at(-1)?.hash, verified.entries.length],
              [end.hash, parsed.data.entries.length],
              'another chain',
            );
          }
        }
      },
    };
  },
};
