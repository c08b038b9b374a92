/** A centre on database servers that are stopped, killed, hung, and whose power is cut: it says so, and comes back by itself. */
import { beforeAll, describe, expect, it } from 'vitest';
import { createClient } from '@libsql/client';
import type { Fleet } from '../../central/fleet/fleet.ts';
import { blast } from '../../central/fleet/prepare.ts';
import { peekJws } from '../../shared/trust/jws.ts';
import { openAuditor } from '../support/auditor.ts';
import { ask, bugsInLogs, disagreements, disclose, openFleet, untilNone } from '../support/cluster.ts';
import { load } from '../support/load.ts';
import { noSqld } from '../support/sqld.ts';
import { type ServedCluster, startServedCluster } from '../support/sqld-cluster.ts';

const CONVERGED_MS_MAX = 20_000;

describe.skipIf(noSqld)(`a centre on database servers ${noSqld ?? ''}`, { timeout: 90_000 }, () => {
  let { cluster, servers, synced } = {} as ServedCluster;
  let fleet: Fleet;
  let madrid = '';

  beforeAll(async () => {
    ({ cluster, servers, synced } = await startServedCluster(11_400));
    madrid = cluster.edgeUrl('edge-madrid');
    fleet = await openFleet(cluster, { devices: 6, seed: 'sqld' });
    await fleet.enrolAll();
    await load(fleet, 'escrow', madrid, 10);
    await untilNone(() => disagreements(cluster), CONVERGED_MS_MAX);
  }, 90_000);

  const rename = (name: string, revision: number) =>
    ask(cluster.secrets.tokens.administrator, 'PUT', `${cluster.centreUrl}/v1/admin/config/region/norte`, {
      revision,
      body: { name },
    });

  async function alarmsAt(url: string): Promise<{ type: string; subject: string; detail: string }[]> {
    const response = await fetch(`${url}/readyz`);
    return ((await response.json()) as { alarms: { type: string; subject: string; detail: string }[] })
      .alarms;
  }

  /** Key IDs by the durability that a valid receipt promises for them. */
  async function escrow(url: string, count: number): Promise<Record<string, string[]>> {
    const prepared = await fleet.prepare('escrow', url, count);
    const { responses } = await blast(fleet.wire, prepared, 8);
    const promised: Record<string, string[]> = {};
    for (const [index, one] of prepared.entries()) {
      const response = responses[index];
      if (!response || (await one.check(response)) !== 'valid') continue;
      const { receipt } = JSON.parse(response.body) as { receipt: string };
      const { durability, keyId } = peekJws(receipt)?.payload as { durability: string; keyId: string };
      (promised[durability] ??= []).push(keyId);
    }
    return promised;
  }

  async function heldAtCentre(): Promise<Set<string>> {
    const auditor = await openAuditor(cluster, cluster.centreUrl);
    await auditor.pull();
    return new Set([...(await auditor.escrows())].map((text) => text.split(' ')[0] ?? ''));
  }

  it('promises "centre" for what it was given directly, after a sync of the server (I1)', async () => {
    const before = synced.recovery.count;
    expect(Object.keys(await escrow(cluster.centreUrl, 5))).toEqual(['centre']);
    expect(synced.recovery.count).toBeGreaterThan(before);
  });

  it('answers 503 with Retry-After while its server is gone, edges go on, and it comes back by itself', async () => {
    await servers.recovery.kill();
    const refused = await fetch(`${cluster.centreUrl}/v1/admin/config/region/norte`, {
      method: 'PUT',
      headers: {
        Authorization: `Bearer ${cluster.secrets.tokens.administrator}`,
        'Content-Type': 'application/json',
      },
      body: JSON.stringify({ revision: 1, body: { name: 'Norte' } }),
    });
    expect([refused.status, refused.headers.get('Retry-After')]).toEqual([503, '10']);
    expect(await refused.json()).toMatchObject({ type: 'urn:holdfast:problem:storage-unavailable' });
    const escrows = await load(fleet, 'escrow', madrid, 20);
    expect(escrows.statuses).toEqual({ 201: 20 });
    const keyId = escrows.keyIds[0] ?? '';
    expect(await disclose(cluster, madrid, keyId)).toMatchObject({ status: 201 });
    expect((await alarmsAt(cluster.centreUrl)).map(({ type, subject }) => [type, subject])).toContainEqual([
      'storage',
      'recovery',
    ]);
    await servers.recovery.start();
    await untilNone(() => disagreements(cluster), CONVERGED_MS_MAX);
    await cluster.ready(cluster.centreUrl, 5_000);
    const held = await heldAtCentre();
    expect(escrows.keyIds.filter((id) => !held.has(id))).toEqual([]);
  });

  it('answers in bounded time while its server hangs, and comes back by itself', async () => {
    servers.recovery.signal('SIGSTOP');
    const begin = performance.now();
    expect(await rename('Norte', 1)).toMatchObject({ status: 503 });
    expect(performance.now() - begin).toBeLessThan(25_000);
    servers.recovery.signal('SIGCONT');
    await untilNone(() => disagreements(cluster), CONVERGED_MS_MAX);
    await cluster.ready(cluster.centreUrl, CONVERGED_MS_MAX);
  });

  it('does not take for synced what a reader kept its server from syncing', async () => {
    await untilNone(() => disagreements(cluster), CONVERGED_MS_MAX);
    const { url, authToken } = servers.recovery.target;
    const client = createClient({ url, authToken });
    // A reader of the state before: the server then answers 200 to a checkpoint that did nothing.
    const reader = await client.transaction('read');
    await reader.execute('SELECT count(*) FROM recovery_journal');
    let isDone = false;
    const escrowed = escrow(cluster.centreUrl, 1).finally(() => (isDone = true));
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(isDone).toBe(false);
    reader.close();
    client.close();
    expect(Object.keys(await escrowed)).toEqual(['centre']);
  });

  it('makes a snapshot of both servers for an administrator, and registers a writer for each', async () => {
    const admin = (method: string, of: string) =>
      ask(cluster.secrets.tokens.administrator, method, `${cluster.centreUrl}/v1/admin/${of}`);
    expect(await admin('POST', 'snapshots')).toMatchObject({ status: 202 });
    await untilNone(async () => {
      const { body } = await admin('GET', 'snapshots');
      const [made] = body['snapshots'] as { verification: { structure: string } | null }[];
      return made?.verification?.structure === 'verified' ? [] : [JSON.stringify(body)];
    }, CONVERGED_MS_MAX);
    const { body } = await admin('GET', 'writers');
    expect(body['writers']).toMatchObject([
      { store: 'recovery', state: 'STABLE', url: servers.recovery.url },
      { store: 'compliance', state: 'STABLE', url: servers.compliance.url },
    ]);
    expect(JSON.stringify(body)).not.toContain('eyJ');
  });

  it('promises nothing, and shows no peer anything, that its server does not sync (I1)', async () => {
    await untilNone(() => disagreements(cluster), CONVERGED_MS_MAX);
    const auditor = await openAuditor(cluster, cluster.centreUrl);
    await auditor.pull();
    const before = await auditor.escrows();
    synced.recovery.isOpen = false;
    // It holds them after this, and says 503 all the same.
    expect(await escrow(cluster.centreUrl, 3)).toEqual({});
    expect(Object.keys(await escrow(madrid, 10))).toEqual(['edge']);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await auditor.pull();
    expect(await auditor.escrows()).toEqual(before);
    synced.recovery.isOpen = true;
    await untilNone(() => disagreements(cluster), CONVERGED_MS_MAX);
    await auditor.pull();
    expect((await auditor.escrows()).size).toBe(before.size + 13);
  });

  it('loses nothing that it promised when the power of its servers is cut', async () => {
    for (let round = 0; round < 3; round += 1) {
      const stop = new AbortController();
      const promised: string[] = [];
      const escrowed: string[] = [];
      const work = (async () => {
        while (!stop.signal.aborted) {
          const [atCentre, atEdge] = await Promise.all([escrow(cluster.centreUrl, 4), escrow(madrid, 6)]);
          promised.push(...(atCentre['centre'] ?? []), ...(atEdge['centre'] ?? []));
          escrowed.push(...Object.values(atCentre).flat(), ...Object.values(atEdge).flat());
        }
      })();
      await new Promise((resolve) => setTimeout(resolve, 700 + round * 300));
      await servers.recovery.cutPower(synced.recovery);
      stop.abort();
      await work;
      const file = createClient({ url: `file:${synced.recovery.folder}/data` });
      const { rows } = await file.execute('SELECT key_id FROM escrows');
      file.close();
      const onDisk = new Set(rows.map(({ key_id: keyId }) => keyId as string));
      expect(promised.filter((keyId) => !onDisk.has(keyId))).toEqual([]);
      expect(promised.length).toBeGreaterThan(0);
      await servers.recovery.start();
      await untilNone(() => disagreements(cluster), CONVERGED_MS_MAX);
      const held = await heldAtCentre();
      expect(escrowed.filter((keyId) => !held.has(keyId))).toEqual([]);
    }
    expect(await bugsInLogs(cluster)).toEqual([]);
  });
});
