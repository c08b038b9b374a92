import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nodePlatform } from '../../central/platform.ts';
import { workerdPlatform } from '../../edge/platform.ts';
import {
  STORES,
  type Segment,
  type SegmentEntry,
  chainSegment,
  hashBody,
  hashEntry,
} from '../../shared/journal/entry.ts';
import { HLC_MAX } from '../../shared/journal/hlc.ts';
import type { Origin } from '../../shared/trust/certificate.ts';
import { hashes } from '../support/drafts.ts';
import { settle } from './settings.ts';

const origin = 'abcdefghij.abcdefghijklm' as Origin;
const salts = fc
  .uint8Array({ minLength: 16, maxLength: 16 })
  .map((bytes) => Buffer.from(bytes).toString('base64url'));
const wireEntries: fc.Arbitrary<SegmentEntry> = fc.oneof(
  fc.record({
    hlc: fc.integer({ min: 0, max: HLC_MAX }),
    kind: fc.string({ minLength: 1, maxLength: 10, unit: 'grapheme' }),
    version: fc.integer({ min: 1, max: 1_000_000 }),
    salt: salts,
    body: fc.oneof(fc.json(), fc.string({ unit: 'grapheme' })),
  }),
  fc.record({
    hlc: fc.integer({ min: 0, max: HLC_MAX }),
    kind: fc.constantFrom('status', 'escrow'),
    version: fc.constant(1),
    bodyHash: hashes,
  }),
);
const segments = fc
  .array(wireEntries, { minLength: 1, maxLength: 12 })
  .map((entries): Segment => ({ origin, from: 1, prev: '', entries, head: '' }));

describe('the chain', () => {
  it('hashes an entry over its canonical encoding (RFC 8785)', () => {
    fc.assert(
      fc.property(
        wireEntries,
        fc.constantFrom(...STORES),
        fc.maxSafeNat(),
        hashes,
        hashes,
        (wire, store, seq, bodyHash, prev) => {
          const { hlc, kind, version } = wire;
          const members = { version, store, seq, prev, origin, kind, hlc, bodyHash };
          expect(hashEntry(nodePlatform, members, prev)).toBe(
            nodePlatform.sha256(String(canonicalize(members))),
          );
        },
      ),
      settle(300),
    );
  });

  it('is the same on both platforms, whatever the text', () => {
    fc.assert(
      fc.property(salts, fc.string({ unit: 'binary' }), (salt, body) => {
        expect(hashBody(nodePlatform, salt, body)).toBe(hashBody(workerdPlatform, salt, body));
        expect(nodePlatform.sha256(body)).toBe(workerdPlatform.sha256(body));
      }),
      settle(300),
    );
  });

  it('is the same wherever it is cut', () => {
    fc.assert(
      fc.property(segments, fc.nat(), (whole, at) => {
        const all = chainSegment(nodePlatform, 'recovery', whole);
        const cut = at % whole.entries.length;
        const prev = all[cut - 1]?.hash ?? '';
        const rest = { ...whole, from: cut + 1, prev, entries: whole.entries.slice(cut) };
        expect(chainSegment(nodePlatform, 'recovery', rest)).toEqual(all.slice(cut));
      }),
      settle(100),
    );
  });

  it('ends differently after any change (I4)', () => {
    fc.assert(
      fc.property(
        segments,
        wireEntries,
        fc.nat(),
        fc.constantFrom('replace', 'insert', 'remove'),
        (whole, other, at, change) => {
          const index = at % whole.entries.length;
          const entries = [...whole.entries];
          entries.splice(index, change === 'insert' ? 0 : 1, ...(change === 'remove' ? [] : [other]));
          fc.pre(JSON.stringify(entries) !== JSON.stringify(whole.entries));
          const tip = (of: readonly SegmentEntry[]) =>
            chainSegment(nodePlatform, 'recovery', { ...whole, entries: [...of] }).at(-1)?.hash;
          expect(tip(entries)).not.toBe(tip(whole.entries));
          expect(chainSegment(nodePlatform, 'compliance', whole).at(-1)?.hash).not.toBe(tip(whole.entries));
        },
      ),
      settle(200),
    );
  });
});
