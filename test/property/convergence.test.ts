import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Segment, type Store, STORES } from '../../shared/journal/entry.ts';
import type { Draft } from '../../shared/journal/drafts.ts';
import { centreDrafts, edgeDrafts } from '../support/drafts.ts';
import { memoryHost } from '../support/libsql.ts';
import { type TestNode, restartNode, segmentsOf, startNode, vectorOf } from '../support/node.ts';
import { makeOrganisation } from '../support/organisation.ts';
import { factRows, markRows, viewRows } from '../support/tables.ts';
import { fleetFaults } from '../../shared/journal/fleet.ts';
import { settle } from './settings.ts';

/** What each writer appends, group by group. */
const history = (store: Store) => {
  const groups = (drafts: fc.Arbitrary<Draft>) =>
    fc.array(fc.array(drafts, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 5 });
  return fc.record({
    edge: groups(edgeDrafts[store]),
    edgeAgain: groups(edgeDrafts[store]),
    centre: groups(centreDrafts[store]),
  });
};

/** Delivers every segment of every log in the order that `shuffle` gives, again and again until nothing is missing. */
async function deliver(
  to: TestNode,
  store: Store,
  segments: readonly Segment[],
  shuffle: readonly number[],
): Promise<void> {
  const keyed = segments.flatMap((segment, index) => [
    { segment, key: shuffle[index % shuffle.length] ?? 0 },
    { segment, key: shuffle[(index * 7 + 3) % shuffle.length] ?? 0 }, // and once more, elsewhere
  ]);
  const ordered = keyed.sort((a, b) => a.key - b.key).map(({ segment }) => segment);
  for (let rounds = 0; ; rounds += 1) {
    const outcomes = [];
    for (const segment of ordered) outcomes.push((await to.ledger.absorb(store, segment)).outcome);
    if (outcomes.every((outcome) => outcome === 'held' || outcome === 'applied')) return;
    expect(outcomes.filter((outcome) => outcome === 'refused' || outcome === 'fork')).toEqual([]);
    expect(rounds).toBeLessThan(segments.length + 1);
  }
}

describe('equal vectors, equal tables (I5)', () => {
  it.each(STORES)(
    '%s: however logs are cut, ordered, doubled and grouped',
    { timeout: 30_000 },
    async (store) => {
      const organisation = await makeOrganisation();
      const shuffles = fc.array(fc.nat(1_000), { minLength: 5, maxLength: 20 });
      await fc.assert(
        fc.asyncProperty(
          history(store),
          fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 3, maxLength: 3 }),
          fc.array(shuffles, { minLength: 2, maxLength: 2 }),
          async (written, cuts, orders) => {
            const first = await startNode(memoryHost, { organisation });
            for (const group of written.edge) await first.ledger.append(store, group);
            const second = await restartNode(memoryHost, first);
            for (const group of written.edgeAgain) await second.ledger.append(store, group);
            const centre = await startNode(memoryHost, { organisation, role: 'centre' });
            for (const group of written.centre) await centre.ledger.append(store, group);
            const readers = [];
            for (const [index, shuffle] of orders.entries()) {
              const cut = (at: number) => cuts[(at + index) % cuts.length];
              const segments = [
                ...(await segmentsOf(second, store, first.ledger.self, cut(0))),
                ...(await segmentsOf(second, store, second.ledger.self, cut(1))),
                ...(await segmentsOf(centre, store, centre.ledger.self, cut(2))),
              ];
              const reader = await startNode(memoryHost, { organisation, sliceEntries: (cut(0) ?? 1) + 1 });
              await deliver(reader, store, segments, shuffle);
              readers.push(reader);
            }
            const [one, two] = readers;
            if (!one || !two) throw new Error('two readers were asked for');
            expect(vectorOf(one, store)).toEqual(vectorOf(two, store));
            expect(await factRows(one.engine, store)).toEqual(await factRows(two.engine, store));
            expect(await viewRows(one.engine, store)).toEqual(await viewRows(two.engine, store));
            expect(await markRows(one.engine, store)).toEqual([]);
            for (const { engine } of [one, second]) expect(await fleetFaults(engine)).toEqual([]);
            // The writers' own tables follow from their logs in the same way.
            const writers: [TestNode, string[]][] = [
              [second, [first.ledger.self, second.ledger.self]],
              [centre, [centre.ledger.self]],
            ];
            for (const [writer, origins] of writers) {
              expect(await factRows(one.engine, store, origins)).toEqual(
                await factRows(writer.engine, store, origins),
              );
            }
          },
        ),
        settle(25),
      );
    },
  );
});
