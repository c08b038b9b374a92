/** A node that is stopped again and again while it takes in a long log: what it then holds still goes on to others. */
import { expect, it, vi } from 'vitest';
import { EngineError } from '../../shared/journal/engine.ts';
import type { HoldfastNode } from '../../shared/node.ts';
import { distinctEscrows } from '../support/drafts.ts';
import { CENTRE, edgeIn, startNetworkNode } from '../support/network.ts';
import { makeOrganisation } from '../support/organisation.ts';

const ENTRIES = 1_500;
const STOPS = 2;

const exchange = (node: HoldfastNode) => node.links[0]?.client.exchange(true, new AbortController().signal);
const held = (node: HoldfastNode, of: HoldfastNode) =>
  node.ledger.origins('recovery').get(of.ledger.self)?.seq ?? 0;

it('forwards a log that it took in by slices between which it was stopped (I9)', async () => {
  const organisation = await makeOrganisation();
  const centre = await startNetworkNode(organisation, CENTRE);
  const link = [{ name: 'centre', fetch: centre.fetch }];
  const writer = await startNetworkNode(organisation, edgeIn('north', 'writer', 'region'), link);
  const reader = await startNetworkNode(organisation, edgeIn('north', 'reader', 'region'), link);
  for (const draft of distinctEscrows(ENTRIES)) await writer.node.ledger.append('recovery', [draft]);

  const { engine } = centre.node.ledger;
  const batch = engine.batch.bind(engine);
  let slicesLeft = 0;
  const cutOff = vi.spyOn(engine, 'batch').mockImplementation(async (store, statements) => {
    if (statements.some(({ sql }) => sql.includes('_journal"')) && (slicesLeft -= 1) < 0)
      throw new EngineError('full', 'a test stops here');
    await batch(store, statements);
  });
  for (let stop = 0; stop < STOPS; stop += 1) {
    slicesLeft = 1;
    await exchange(writer.node)?.catch(() => undefined);
  }
  cutOff.mockRestore();
  expect(held(centre.node, writer.node)).toBeGreaterThan(0);
  expect(held(centre.node, writer.node)).toBeLessThan(ENTRIES);

  await exchange(writer.node);
  await exchange(reader.node);
  expect(held(centre.node, writer.node)).toBe(ENTRIES + 1);
  expect(held(reader.node, writer.node)).toBe(ENTRIES + 1);
  expect(reader.node.alarms.list()).toEqual([]);
}, 30_000);

it('takes in the other logs of an answer of which it cannot read one (I9)', async () => {
  const organisation = await makeOrganisation();
  const centre = await startNetworkNode(organisation, CENTRE);
  const link = [{ name: 'centre', fetch: centre.fetch }];
  const writers = [
    await startNetworkNode(organisation, edgeIn('north', 'one', 'region'), link),
    await startNetworkNode(organisation, edgeIn('north', 'two', 'region'), link),
  ];
  for (const [index, { node }] of writers.entries()) {
    await node.ledger.append('recovery', distinctEscrows(3, index * 10));
    await exchange(node);
  }
  const [one, two] = writers.map(({ node }) => node);
  const read = centre.node.ledger.read.bind(centre.node.ledger);
  vi.spyOn(centre.node.ledger, 'read').mockImplementation(async (store, origin, after, entriesMax) => {
    const segment = await read(store, origin, after, entriesMax);
    return segment && origin === one?.ledger.self ? { ...segment, head: 'x'.repeat(10_000) } : segment;
  });
  const reader = await startNetworkNode(organisation, edgeIn('north', 'reader', 'region'), link);
  await exchange(reader.node);
  if (!one || !two) throw new Error('there are two writers');
  expect([held(reader.node, one), held(reader.node, two)]).toEqual([0, 4]);
  expect(reader.node.alarms.list()).toMatchObject([
    { type: 'segment-refused', subject: one.ledger.self, detail: 'malformed' },
  ]);
});
