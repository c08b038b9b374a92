import { describe, expect, it } from 'vitest';
import type { Store } from '../../shared/journal/entry.ts';
import { limits } from '../../shared/limits.ts';
import type { HoldfastNode } from '../../shared/node.ts';
import type { PeerFetch } from '../../shared/replication/client.ts';
import type { Origin } from '../../shared/trust/certificate.ts';
import { CENTRE, edgeIn, eventually, startNetworkNode } from '../support/network.ts';
import { makeOrganisation } from '../support/organisation.ts';

const revocation = (n: number) =>
  ({
    kind: 'device-revocation',
    body: {
      deviceId: `d-${'a'.repeat(12)}${String(n)
        .padStart(4, '2')
        .replace(/[0189]/g, 'z')}`,
      reason: 'test',
    },
  }) as const;

async function write(node: HoldfastNode, count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) await node.ledger.append('recovery', [revocation(n)]);
}

const held = (node: HoldfastNode, of: Origin, store: Store = 'recovery'): number =>
  node.ledger.origins(store).get(of)?.seq ?? 0;

describe('replication between whole nodes', () => {
  it('brings entries both ways at once and says how fresh they are', async () => {
    const organisation = await makeOrganisation();
    const centre = await startNetworkNode(organisation, CENTRE);
    const a = await startNetworkNode(organisation, edgeIn('north', 'a', 'region'), [
      { name: 'centre', fetch: centre.fetch },
    ]);
    const b = await startNetworkNode(organisation, edgeIn('north', 'b', 'region'), [
      { name: 'centre', fetch: centre.fetch },
    ]);
    a.node.start();
    b.node.start();
    await write(a.node, 3);
    await write(centre.node, 2);
    await eventually(
      () => held(b.node, a.node.ledger.self) === 4 && held(a.node, centre.node.ledger.self) === 3,
    );
    await eventually(() => {
      const freshness = centre.node.peers.freshness(centre.node.configuration);
      return freshness.some(({ nodeName, entriesBehind }) => nodeName === 'a' && entriesBehind === 0);
    });
  });

  it('keeps the logs of one region from the edges of another, and an escrow-only edge holds only its own', async () => {
    const organisation = await makeOrganisation();
    const centre = await startNetworkNode(organisation, CENTRE);
    const link = [{ name: 'centre', fetch: centre.fetch }];
    const north = await startNetworkNode(organisation, edgeIn('north', 'a', 'region'), link);
    const south = await startNetworkNode(organisation, edgeIn('south', 'b', 'region'), link);
    const escrowOnly = await startNetworkNode(organisation, edgeIn('north', 'c', 'own'), link);
    await write(centre.node, 1);
    await write(north.node, 1);
    for (const { node } of [north, south, escrowOnly]) node.start();
    await eventually(() =>
      [south, escrowOnly].every(({ node }) => held(node, centre.node.ledger.self) === 2),
    );
    await eventually(() => held(centre.node, north.node.ledger.self) === 2);
    for (const { node } of [south, escrowOnly])
      await node.links[0]?.client.exchange(true, new AbortController().signal);
    expect(held(south.node, north.node.ledger.self)).toBe(0);
    expect(held(escrowOnly.node, north.node.ledger.self)).toBe(0);
  });

  it('survives a peer that fails in every way, raises it, and catches up when it is well again', async () => {
    const organisation = await makeOrganisation();
    const centre = await startNetworkNode(organisation, CENTRE);
    let fault: PeerFetch | null = () => Promise.reject(new TypeError('fetch failed'));
    const fetch: PeerFetch = (path, init) => (fault ?? centre.fetch)(path, init);
    const a = await startNetworkNode(organisation, edgeIn('north', 'a', 'region'), [
      { name: 'centre', fetch },
    ]);
    a.node.start();
    await write(a.node, 2);
    const raised = (type: string) => a.node.alarms.list().some((alarm) => alarm.type === type);
    await eventually(() => raised('peer-unreachable'));
    const faults: PeerFetch[] = [
      () => Promise.resolve(new Response('garbage', { status: 200 })),
      () => Promise.resolve(new Response(null, { status: 500 })),
      () => Promise.resolve(new Response('{"nonce":1}', { status: 200 })),
      async (path, init) => {
        const whole = await centre.fetch(path, init);
        const bytes = await whole.arrayBuffer();
        return new Response(bytes.slice(0, bytes.byteLength / 2), whole);
      },
    ];
    for (const next of faults) {
      const before = a.node.alarms.total('peer-unreachable');
      fault = next;
      await eventually(() => a.node.alarms.total('peer-unreachable') > before + 1);
    }
    expect(held(centre.node, a.node.ledger.self)).toBe(0);
    fault = null;
    await eventually(() => held(centre.node, a.node.ledger.self) === 3);
    await eventually(() => !raised('peer-unreachable'));
  });

  it('slows down on a refusal, raises it, discards nothing, and goes on when it is accepted', async () => {
    const organisation = await makeOrganisation();
    const centre = await startNetworkNode(organisation, CENTRE);
    let refusing = true;
    let asked = 0;
    const fetch: PeerFetch = (path, init) => {
      asked += 1;
      return refusing ? Promise.resolve(new Response(null, { status: 403 })) : centre.fetch(path, init);
    };
    const a = await startNetworkNode(organisation, edgeIn('north', 'a', 'region'), [
      { name: 'centre', fetch },
    ]);
    a.node.start();
    await write(a.node, 5);
    await eventually(() => a.node.alarms.list().some(({ type }) => type === 'peer-refused'));
    await eventually(() => asked >= 4);
    // Writing more does not hurry it.
    const before = asked;
    await write(a.node, 50);
    expect(asked - before).toBeLessThan(10);
    refusing = false;
    await eventually(() => held(centre.node, a.node.ledger.self) === 56, 15_000);
  });

  it('opens a new session at once when the peer forgot the old one', async () => {
    const organisation = await makeOrganisation();
    const first = await startNetworkNode(organisation, CENTRE);
    const second = await startNetworkNode(organisation, { ...CENTRE, name: 'centre-2' });
    let current = first;
    const fetch: PeerFetch = (path, init) => current.fetch(path, init);
    const a = await startNetworkNode(organisation, edgeIn('north', 'a', 'region'), [
      { name: 'centre', fetch },
    ]);
    a.node.start();
    await write(a.node, 1);
    await eventually(() => held(first.node, a.node.ledger.self) === 2);
    current = second;
    await write(a.node, 1);
    await eventually(() => held(second.node, a.node.ledger.self) === 3);
    expect(a.node.alarms.total('peer-refused')).toBe(0);
  });

  it('refuses a node of another organisation on both sides', async () => {
    const centre = await startNetworkNode(await makeOrganisation(), CENTRE);
    const stranger = await startNetworkNode(await makeOrganisation(), edgeIn('north', 'a', 'region'), [
      { name: 'centre', fetch: centre.fetch },
    ]);
    await write(stranger.node, 1);
    stranger.node.start();
    await eventually(() => stranger.node.alarms.list().some(({ type }) => type === 'peer-refused'));
    expect(centre.node.ledger.origins('recovery').size).toBe(0);
  });

  it('lets other logs flow on while one is refused', async () => {
    const organisation = await makeOrganisation();
    const centre = await startNetworkNode(organisation, CENTRE);
    const a = await startNetworkNode(organisation, edgeIn('north', 'a', 'region'));
    const b = await startNetworkNode(organisation, edgeIn('north', 'b', 'region'), [
      { name: 'centre', fetch: centre.fetch },
    ]);
    await write(a.node, 3);
    await write(centre.node, 1);
    // The centre's database is damaged: an entry of a's log is not what its head says any more.
    const good = await a.node.ledger.read('recovery', a.node.ledger.self, 0, limits.segmentEntriesMax);
    if (!good) throw new Error('there is something to read');
    await centre.node.ledger.absorb('recovery', good);
    await centre.node.ledger.engine.batch('recovery', [
      {
        sql: "UPDATE recovery_journal SET kind = 'x' WHERE origin = ? AND seq = 2",
        args: [a.node.ledger.self],
      },
    ]);
    await write(b.node, 1);
    b.node.start();
    await eventually(() => held(b.node, centre.node.ledger.self) === 2);
    await eventually(() => held(centre.node, b.node.ledger.self) === 2);
    await write(centre.node, 1);
    await eventually(() => held(b.node, centre.node.ledger.self) === 3);
    expect(held(b.node, a.node.ledger.self)).toBe(0);
    expect(b.node.alarms.list().some(({ type }) => type === 'segment-refused')).toBe(true);
  });
});
