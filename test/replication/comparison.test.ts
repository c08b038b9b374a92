import { expect, it, vi } from 'vitest';
import { PROJECTION_VERSION } from '../../shared/journal/kinds.ts';
import { limits } from '../../shared/limits.ts';
import { CENTRE, edgeIn, hastyPlatform, startNetworkNode, startTwin } from '../support/network.ts';
import { makeOrganisation } from '../support/organisation.ts';

const revocation = (letter: string) => ({
  ...{ kind: 'device-revocation' as const },
  body: { deviceId: `d-${letter.repeat(16)}`, reason: 'test' },
});

it('compares what has not moved once an hour, and what was written at once', async () => {
  const organisation = await makeOrganisation();
  const centre = await startNetworkNode(organisation, CENTRE);
  let ahead = 0;
  const platform = { ...hastyPlatform, now: () => hastyPlatform.now() + ahead };
  const peers = [{ name: 'centre', fetch: centre.fetch }];
  const { node } = await startNetworkNode(
    organisation,
    edgeIn('north', 'a', 'region'),
    peers,
    null,
    [],
    platform,
  );
  const { signal } = new AbortController();
  const client = node.links[0]?.client;
  if (!client) throw new Error('the edge has a peer');
  const revoke = () => node.ledger.append('recovery', [revocation('a')]);
  const digests = vi.spyOn(client, 'digests');
  const slicesOf = async (steps: number): Promise<number> => {
    digests.mockClear();
    for (let step = 0; step < steps; step += 1) await node.comparison.step(client, signal);
    return digests.mock.calls.length;
  };
  await revoke();
  await client.exchange(true, signal);
  expect(await slicesOf(5)).toBe(1);
  expect(await slicesOf(5)).toBe(0);
  await revoke();
  await client.exchange(true, signal);
  expect(await slicesOf(5)).toBe(1);
  ahead += limits.compareAgainMs;
  expect(await slicesOf(5)).toBe(1);
  // The centre lacks it still: it is asked again until it can say.
  await revoke();
  expect(await slicesOf(2)).toBeGreaterThan(1);
  await client.exchange(true, signal);
  expect(await slicesOf(5)).toBeLessThan(3);
});

it('compares no tables that are being made again, or are of another version, on either side (I5)', async () => {
  const organisation = await makeOrganisation();
  const centre = await startNetworkNode(organisation, CENTRE);
  const peers = [{ name: 'centre', fetch: centre.fetch }];
  const { node } = await startNetworkNode(organisation, edgeIn('north', 'a', 'region'), peers);
  const { signal } = new AbortController();
  const client = node.links[0]?.client;
  if (!client) throw new Error('the edge has a peer');
  await node.ledger.append('recovery', [revocation('a')]);
  await client.exchange(true, signal);
  const alarms = () => node.alarms.list().map(({ type }) => type);
  const setRules = (of: typeof node, version: number) =>
    of.ledger.engine.batch('recovery', [
      { sql: 'UPDATE recovery_projection SET version = ?', args: [version] },
    ]);
  await centre.node.ledger.engine.batch('recovery', [{ sql: 'DELETE FROM device_revocations', args: [] }]);
  for (const side of [centre.node, node]) {
    for (const version of [0, PROJECTION_VERSION + 1]) {
      await setRules(side, version);
      expect(await node.comparison.all(client, signal)).toEqual([]);
      expect(alarms()).toContain('not-comparable');
      expect(alarms()).not.toContain('tables-differ');
    }
    await setRules(side, PROJECTION_VERSION);
  }
  expect(await node.comparison.all(client, signal)).toMatchObject([{ how: 'only-here', wrongHere: false }]);
  expect(alarms()).not.toContain('not-comparable');
});

it('takes another log of the same length under one name for a fork, not for other tables (I4)', async () => {
  const organisation = await makeOrganisation();
  const centre = await startNetworkNode(organisation, CENTRE);
  const peers = [{ name: 'centre', fetch: centre.fetch }];
  const first = await startNetworkNode(organisation, edgeIn('north', 'a', 'region'));
  const second = await startTwin(first, []);
  await first.node.ledger.append('recovery', [revocation('a')]);
  await second.node.ledger.append('recovery', [revocation('b')]);
  const other = await startNetworkNode(organisation, edgeIn('north', 'b', 'region'), peers);
  const { signal } = new AbortController();
  const client = other.node.links[0]?.client;
  if (!client) throw new Error('the edge has a peer');
  await client.exchange(true, signal);
  for (const [to, from] of [
    [centre, first],
    [other, second],
  ] as const) {
    const segment = await from.node.ledger.read('recovery', from.node.ledger.self, 0, 10);
    if (segment) await to.node.ledger.absorb('recovery', segment);
  }
  expect(await other.node.comparison.all(client, signal)).toEqual([]);
  expect(other.node.alarms.list()).toMatchObject([{ type: 'fork' }]);
  // I13: what it holds of that log is no second copy.
  expect(other.node.peers.heldElsewhere('recovery', first.node.ledger.self, 1)).toBe(false);
});

it('finds a computer in the table of the fleet that no report speaks of, or that is missing there', async () => {
  const { node } = await startNetworkNode(await makeOrganisation(), CENTRE);
  expect(await node.comparison.withJournal()).toEqual([]);
  const row = "('d-stray', 1, 'a', 'compliant', '10.0', '[]', 'PC', 'EXAMPLE', '[]')";
  await node.ledger.engine.batch('compliance', [{ sql: `INSERT INTO fleet VALUES ${row}`, args: [] }]);
  expect(await node.comparison.withJournal()).toMatchObject([{ table: 'fleet', key: 'd-stray' }]);
});
