import { expect, it } from 'vitest';
import { createApp } from '../../shared/http/app.ts';
import type { HoldfastNode } from '../../shared/node.ts';
import { CENTRE, edgeIn, eventually, hastyPlatform, startNetworkNode } from '../support/network.ts';
import { makeOrganisation } from '../support/organisation.ts';

const AHEAD_MS = 10 * 60_000;

/** What `/readyz` of one node says of another. */
async function toldOf(at: HoldfastNode, name: string): Promise<Record<string, unknown>> {
  const answer = await createApp(at).fetch(new Request('http://localhost/readyz'));
  const { freshness } = (await answer.json()) as { freshness: Record<string, unknown>[] };
  return freshness.find(({ nodeName }) => nodeName === name) ?? {};
}

it('says at every node how each edge is: clock, tables, what is kept aside, forks, when it fetched and delivered', async () => {
  const organisation = await makeOrganisation();
  const centre = await startNetworkNode(organisation, CENTRE);
  const link = [{ name: 'centre', fetch: centre.fetch }];
  const fast = { ...hastyPlatform, now: () => hastyPlatform.now() + AHEAD_MS };
  const a = await startNetworkNode(organisation, edgeIn('north', 'a', 'region'), link, null, [], fast);
  const b = await startNetworkNode(organisation, edgeIn('north', 'b', 'region'), link);
  const begun = Date.now();
  const body = { deviceId: `d-${'a'.repeat(16)}`, reason: 'test' };
  await a.node.ledger.append('recovery', [{ kind: 'device-revocation', body }]);
  await a.node.ledger.engine.batch('recovery', [
    {
      sql: "INSERT INTO recovery_marks (origin, seq, kind, reason) VALUES (?, 1, 'rumour', 'unknown kind')",
      args: [a.node.ledger.self],
    },
  ]);
  a.node.alarms.raise('tables-differ', 'escrows x', 'differs');
  for (const { node } of [centre, a, b]) node.start();
  await eventually(async () => {
    const { condition, lastDelivery } = await toldOf(b.node, 'a');
    const { agreedAt = null, aside } = (condition ?? {}) as Record<string, unknown>;
    return agreedAt !== null && aside === 1 && typeof lastDelivery === 'number';
  });
  for (const at of [centre.node, b.node]) {
    const { condition, lastFetch, lastDelivery } = await toldOf(at, 'a');
    expect(condition).toMatchObject({ differing: 1, aside: 1, disk: null });
    const { clockAheadMs, agreedAt, at: heardAt } = condition as Record<string, number>;
    expect(Math.abs((clockAheadMs ?? 0) - AHEAD_MS)).toBeLessThan(5_000);
    // By the clocks of those who hear it.
    for (const time of [agreedAt, heardAt, lastFetch, lastDelivery].map(Number))
      expect([time >= begun, time <= Date.now()]).toEqual([true, true]);
  }
  // Its own clock's error it learns from the centre.
  await eventually(async () => {
    const { condition } = await toldOf(a.node, 'a');
    const { clockAheadMs } = condition as { clockAheadMs: number | null };
    return clockAheadMs !== null && Math.abs(clockAheadMs - AHEAD_MS) < 5_000;
  });
  centre.node.peers.split('recovery', a.node.ledger.self);
  expect(await toldOf(centre.node, 'a')).toMatchObject({ forks: 1 });
  await eventually(async () => (await toldOf(b.node, 'a'))['forks'] === 1);
});
