import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { HoldfastNode } from '../../shared/node.ts';
import type { PeerFetch } from '../../shared/replication/client.ts';
import { Peers } from '../../shared/replication/peers.ts';
import { CENTRE, edgeIn, startNetworkNode, startTwin } from '../support/network.ts';
import { makeOrganisation } from '../support/organisation.ts';
import { viewRows } from '../support/tables.ts';

interface Told {
  tips?: { hash: string }[];
  hashes?: (string | null)[];
}

/** no entry's hash */
const LIE = 'A'.repeat(43);
const letters = 'abcdefghijklmnop';
const revoke = (node: HoldfastNode, name: string) =>
  node.ledger.append('recovery', [
    { kind: 'device-revocation', body: { deviceId: `d-${name.padEnd(16, 'a')}`, reason: 'test' } },
  ]);
const exchange = (node: HoldfastNode) => node.links[0]?.client.exchange(true, new AbortController().signal);
const revokedAt = async (node: HoldfastNode): Promise<string[]> =>
  (
    await node.ledger.engine.rows(
      'recovery',
      'SELECT DISTINCT device_id FROM device_revocations ORDER BY device_id',
      [],
    )
  ).map(([deviceId]) => String(deviceId).slice(2, 4));

describe('two running copies of one node (I4, I6)', () => {
  it('lose nothing: what the second copy wrote goes on under a new incarnation, once', async () => {
    const organisation = await makeOrganisation();
    const centre = await startNetworkNode(organisation, CENTRE);
    const link = [{ name: 'centre', fetch: centre.fetch }];
    const first = await startNetworkNode(organisation, edgeIn('north', 'a', 'region'), link);
    for (const letter of letters.slice(0, 5)) await revoke(first.node, `${letter}c`);
    await exchange(first.node);
    // The machine is resumed twice: same memory, same disk, same incarnation.
    const second = await startTwin(first, link);
    for (const letter of letters.slice(0, 3)) await revoke(first.node, `${letter}f`);
    for (const letter of letters.slice(0, 3)) await revoke(second.node, `${letter}s`);
    expect(second.node.ledger.self).toBe(first.node.ledger.self);
    await exchange(first.node);
    await exchange(second.node);
    expect(second.node.ledger.self).not.toBe(first.node.ledger.self);
    expect(await revokedAt(centre.node)).toEqual([
      'ac',
      'af',
      'as',
      'bc',
      'bf',
      'bs',
      'cc',
      'cf',
      'cs',
      'dc',
      'ec',
    ]);
    expect(second.node.alarms.list().some(({ type }) => type === 'fork')).toBe(true);
    // Healed once: further exchanges write nothing.
    const tip = second.node.ledger.origins('recovery').get(second.node.ledger.self)?.seq;
    await exchange(second.node);
    await exchange(second.node);
    expect(second.node.ledger.origins('recovery').get(second.node.ledger.self)?.seq).toBe(tip);
  });

  it('write again what this version of the program cannot read, as it stands (I9)', async () => {
    const organisation = await makeOrganisation();
    const centre = await startNetworkNode(organisation, CENTRE);
    const link = [{ name: 'centre', fetch: centre.fetch }];
    const first = await startNetworkNode(organisation, edgeIn('north', 'a', 'region'), link);
    await revoke(first.node, 'cc');
    const second = await startTwin(first, link);
    await revoke(first.node, 'ff');
    // Written by a newer version, before this one was put back.
    const newer = { kind: 'sighting', version: 3, body: '{"n":1}' };
    await second.node.ledger.append('recovery', [{ again: newer }]);
    await exchange(first.node);
    await exchange(second.node);
    const { self } = second.node.ledger;
    for (const { node } of [second, centre]) {
      const held = await node.ledger.engine.rows(
        'recovery',
        "SELECT j.origin, j.kind, j.version, j.body, m.reason FROM recovery_journal j JOIN recovery_marks m USING (origin, seq) WHERE j.kind = 'sighting' AND j.origin = ?",
        [self],
      );
      expect(held).toEqual([[self, newer.kind, newer.version, newer.body, 'unknown-kind']]);
    }
  });

  it('never take the other copy for a copy of their own entries (I1)', async () => {
    const organisation = await makeOrganisation();
    const centre = await startNetworkNode(organisation, CENTRE);
    const link = [{ name: 'centre', fetch: centre.fetch }];
    const first = await startNetworkNode(organisation, edgeIn('north', 'a', 'region'), link);
    await revoke(first.node, 'cc');
    await exchange(first.node);
    const second = await startTwin(first, link);
    await revoke(first.node, 'ff');
    const [entry] = await revoke(second.node, 'ss');
    if (!entry) throw new Error('an entry was appended');
    await exchange(first.node);
    await exchange(second.node);
    expect(second.node.peers.heldAtCentre('recovery', entry.origin, entry.seq)).toBe(false);
  });

  it('leave no site stale for what never comes under the old name (I7, I10)', async () => {
    const organisation = await makeOrganisation();
    const centre = await startNetworkNode(organisation, CENTRE);
    const link = [{ name: 'centre', fetch: centre.fetch }];
    const first = await startNetworkNode(organisation, edgeIn('north', 'a', 'region'), link);
    await revoke(first.node, 'cc');
    await exchange(first.node);
    const second = await startTwin(first, link);
    await revoke(first.node, 'ff');
    const split = second.node.ledger.self;
    for (const letter of letters.slice(0, 4)) await revoke(second.node, `${letter}s`);
    await exchange(first.node);
    await exchange(second.node);
    await exchange(second.node);
    const { peers, configuration } = centre.node;
    expect(peers.freshness(configuration)).toMatchObject([{ nodeName: 'a', entriesBehind: 0 }]);
    // Known again after a start.
    const { ledger, options, identity } = centre.node;
    const again = await Peers.open(ledger, options.platform, identity.certificate);
    expect(again.isSplit('recovery', split)).toBe(true);
  });

  it('show a peer the split that its own log does not show, so that it asks for keys again (I13)', async () => {
    const organisation = await makeOrganisation();
    const centre = await startNetworkNode(organisation, CENTRE);
    const link = [{ name: 'centre', fetch: centre.fetch }];
    const first = await startNetworkNode(organisation, edgeIn('north', 'a', 'region'), link);
    await revoke(first.node, 'cc');
    await exchange(first.node);
    const second = await startTwin(first, link);
    for (const letter of letters.slice(0, 3)) await revoke(first.node, `${letter}f`);
    const split = second.node.ledger.self;
    // No longer than the other log: it would never be pushed.
    await revoke(second.node, 'ss');
    await exchange(first.node);
    await exchange(second.node);
    expect(centre.node.peers.isSplit('recovery', split)).toBe(true);
    expect(centre.node.peers.heldElsewhere('recovery', split, 3)).toBe(false);
  });

  it('show it again to a centre that was restored from before it was shown (I7, I13)', async () => {
    const organisation = await makeOrganisation();
    let { fetch } = await startNetworkNode(organisation, CENTRE);
    const link = [{ name: 'centre', fetch: ((path, init) => fetch(path, init)) satisfies PeerFetch }];
    const first = await startNetworkNode(organisation, edgeIn('north', 'a', 'region'), link);
    await revoke(first.node, 'cc');
    await exchange(first.node);
    const second = await startTwin(first, link);
    for (const letter of letters.slice(0, 3)) await revoke(first.node, `${letter}f`);
    const split = second.node.ledger.self;
    await revoke(second.node, 'ss');
    await exchange(first.node);
    await exchange(second.node);
    const restored = await startNetworkNode(organisation, CENTRE);
    ({ fetch } = restored);
    await exchange(first.node);
    expect(restored.node.peers.isSplit('recovery', split)).toBe(false);
    await exchange(second.node);
    expect(restored.node.peers.isSplit('recovery', split)).toBe(true);
  });

  it('are not believed to exist because a peer says so: nothing is written again (I4, I12)', async () => {
    const organisation = await makeOrganisation();
    const centre = await startNetworkNode(organisation, CENTRE);
    const lying: PeerFetch = async (path, init) => {
      const answer = await centre.fetch(path, init);
      if (!/pull|hashes/.test(path)) return answer;
      const told = JSON.parse(gunzipSync(await answer.arrayBuffer()).toString()) as Told;
      for (const tip of told.tips ?? []) tip.hash = LIE;
      if (told.hashes) told.hashes = told.hashes.map(() => LIE);
      return new Response(gzipSync(JSON.stringify(told)), answer);
    };
    const { node } = await startNetworkNode(organisation, edgeIn('north', 'a', 'region'), [
      { name: 'centre', fetch: lying },
    ]);
    const [entry] = await revoke(node, 'aa');
    for (const letter of letters.slice(1, 5)) await revoke(node, `${letter}a`);
    const { self } = node.ledger;
    for (let times = 0; times < 3; times += 1) await exchange(node);
    expect(
      [...node.ledger.origins('recovery').keys()].filter((origin) => origin.startsWith(self.slice(0, 10))),
    ).toEqual([self]);
    expect(node.ledger.origins('recovery').get(self)?.seq).toBe(6);
    expect(node.alarms.list().map(({ type }) => type)).toContain('segment-refused');
    // What such a peer says that it holds counts for nothing all the same.
    expect(node.peers.heldAtCentre('recovery', self, entry?.seq ?? 0)).toBe(false);
  });

  it('leave tables that are what the journal says', async () => {
    const organisation = await makeOrganisation();
    const centre = await startNetworkNode(organisation, CENTRE);
    const edge = await startNetworkNode(organisation, edgeIn('north', 'a', 'region'), [
      { name: 'centre', fetch: centre.fetch },
    ]);
    for (const letter of letters) await revoke(edge.node, `${letter}x`);
    await exchange(edge.node);
    expect(await centre.node.comparison.withJournal()).toEqual([]);
    expect(await edge.node.comparison.withJournal()).toEqual([]);
    expect(Object.keys(await viewRows(edge.node.ledger.engine, 'recovery'))).toContain('recovery_keys');
    await edge.node.ledger.engine.batch('recovery', [
      { sql: "UPDATE device_revocations SET reason = 'edited' WHERE device_id LIKE 'd-cx%'", args: [] },
    ]);
    const client = edge.node.links[0]?.client;
    if (!client) throw new Error('the edge has a peer');
    const found = await edge.node.comparison.all(client, new AbortController().signal);
    expect(found.map(({ table, key, wrongHere }) => ({ table, key: key.slice(0, 4), wrongHere }))).toEqual([
      { table: 'device_revocations', key: 'd-cx', wrongHere: true },
    ]);
    expect(await centre.node.comparison.withJournal()).toEqual([]);
  });
});
