/**
 * Two processes of one centre over the same database servers. HOLDFAST_TWO_CENTRES_S makes the last test longer: five
 * minutes of random kills with `HOLDFAST_TWO_CENTRES_S=300 npm run unit -- --project node test/sqld/two-centres.test.ts`.
 */
import { createClient } from '@libsql/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Fleet } from '../../central/fleet/fleet.ts';
import type { NodeProcess } from '../../central/local/processes.ts';
import { nodePlatform } from '../../central/platform.ts';
import { clearFreeze, setFreeze } from '../../shared/journal/freeze.ts';
import { certificatePayload } from '../../shared/trust/certificate.ts';
import { peekJws } from '../../shared/trust/jws.ts';
import { openAuditor } from '../support/auditor.ts';
import {
  ask,
  bugsInLogs,
  digestsOf,
  disagreements,
  freePorts,
  openFleet,
  search,
  untilNone,
} from '../support/cluster.ts';
import { load } from '../support/load.ts';
import { Dice } from '../../central/fleet/random.ts';
import { noSqld } from '../support/sqld.ts';
import { type ServedCluster, startSecondCentre, startServedCluster } from '../support/sqld-cluster.ts';

const PORTS_FROM = 11_440;
const CONVERGED_MS_MAX = 30_000;
const KILLING_S = Number(process.env['HOLDFAST_TWO_CENTRES_S'] ?? '25');
const SEED = Number(process.env['HOLDFAST_SEED'] ?? Date.now() % 1_000_000);

describe.skipIf(noSqld)(`two processes of a centre ${noSqld ?? ''}`, { timeout: 120_000 }, () => {
  let { cluster, servers, synced } = {} as ServedCluster;
  let second: NodeProcess | null = null;
  let secondPort = 0;
  let fleet: Fleet;
  const secondUrl = () => `http://127.0.0.1:${String(secondPort)}`;
  const administrator = () => cluster.secrets.tokens.administrator;

  beforeAll(async () => {
    ({ cluster, servers, synced } = await startServedCluster(PORTS_FROM));
    secondPort = await freePorts(PORTS_FROM + 15, 1);
    second = await startSecondCentre(cluster, secondPort);
    await cluster.edges.get('edge-toledo')?.stop();
    await cluster.startEdge('edge-toledo', secondPort);
    fleet = await openFleet(cluster, { devices: 6, seed: 'two centres' });
    await fleet.enrolAll();
    await cluster.ready(secondUrl());
    await untilNone(disagree, CONVERGED_MS_MAX);
  }, 90_000);

  afterAll(() => second?.stop());

  /** What keeps the edges, and both processes, from being in agreement. */
  async function disagree(): Promise<string[]> {
    const found = await disagreements(cluster);
    const [first, other] = await Promise.all([
      digestsOf(cluster, cluster.centreUrl),
      digestsOf(cluster, secondUrl()),
    ]);
    for (const log of new Set([...first.keys(), ...other.keys()]))
      if (JSON.stringify(first.get(log)) !== JSON.stringify(other.get(log)))
        found.push(`the two processes differ in ${log}`);
    return found;
  }

  const inventory = async (): Promise<string[]> => {
    const client = createClient({ ...servers.recovery.target, intMode: 'number' });
    const { rows } = await client.execute('SELECT key_id FROM escrows');
    client.close();
    return rows.map(({ key_id: keyId }) => keyId as string);
  };

  it('write logs of their own, each known to the other, and each serves what the other took in', async () => {
    const [atFirst, atSecond] = await Promise.all([
      load(fleet, 'escrow', cluster.centreUrl, 10),
      load(fleet, 'escrow', secondUrl(), 10),
    ]);
    expect([atFirst.statuses, atSecond.statuses]).toEqual([{ 201: 10 }, { 201: 10 }]);
    await untilNone(disagree, CONVERGED_MS_MAX);
    const { nodeId } = certificatePayload.parse(peekJws(cluster.secrets.centre.certificate)?.payload);
    const logs = [...(await digestsOf(cluster, cluster.edgeUrl('edge-lugo'))).keys()];
    expect(logs.filter((log) => log.startsWith(`recovery ${nodeId}.`))).toHaveLength(2);
    const [keyId = ''] = atSecond.keyIds;
    expect(await search(cluster, cluster.edgeUrl('edge-madrid'), keyId)).toMatchObject({
      body: { candidates: [{ keyId }] },
    });
  });

  it('both know at once of a revocation, an enrolment token and a device that one was told of', async () => {
    const newcomers = await openFleet(cluster, { devices: 1, seed: 'newcomer', node: cluster.centreUrl });
    expect(await newcomers.enrolAll()).toMatchObject({ enrolled: 1 });
    expect((await load(newcomers, 'escrow', secondUrl(), 1)).statuses).toEqual({ 201: 1 });
    const { body } = await ask(administrator(), 'GET', `${secondUrl()}/v1/admin/config/staff`);
    const items = body['items'] as { id: string; body: object; revision: number }[];
    const item = items.find(({ id }) => id === 'reports-1');
    const revoked = { revision: item?.revision ?? 0, body: { ...item?.body, revoked: true } };
    const asReports = () =>
      ask(cluster.secrets.tokens.reports, 'GET', `${secondUrl()}/v1/reports/enterprise-compliance`);
    expect(await asReports()).toMatchObject({ status: 200 });
    const url = `${cluster.centreUrl}/v1/admin/config/staff/reports-1`;
    expect(await ask(administrator(), 'PUT', url, revoked)).toMatchObject({ status: 200 });
    await untilNone(async () => ((await asReports()).status === 200 ? ['still let in'] : []), 1_500);
  });

  it('both hold still while the store is frozen (I11)', async () => {
    const client = createClient({ ...servers.recovery.target });
    const run = ({ sql, args }: ReturnType<typeof setFreeze>) => client.execute({ sql, args: [...args] });
    const before = (await inventory()).length;
    await run(setFreeze('recovery', 'set-1', 20_000));
    const writes = Promise.all([
      load(fleet, 'escrow', cluster.centreUrl, 2),
      load(fleet, 'escrow', secondUrl(), 2),
      load(fleet, 'escrow', cluster.edgeUrl('edge-toledo'), 2),
    ]);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect((await inventory()).length).toBe(before);
    await run(clearFreeze('recovery', 'set-1'));
    client.close();
    expect((await writes).map(({ statuses }) => statuses)).toEqual([{ 201: 2 }, { 201: 2 }, { 201: 2 }]);
    await untilNone(disagree, CONVERGED_MS_MAX);
  });

  it(
    `lose, double and reorder nothing in ${String(KILLING_S)} s of load and random kills (seed ${String(SEED)})`,
    { timeout: 60_000 + KILLING_S * 2_000 },
    async () => {
      const dice = new Dice(nodePlatform, String(SEED));
      const stop = new AbortController();
      const acknowledged: string[] = [];
      const urls = [cluster.centreUrl, secondUrl(), ...[...cluster.edges.values()].map(({ url }) => url)];
      const workers = urls.map(async (url) => {
        while (!stop.signal.aborted) {
          // A node that is down gives no nonce.
          const done = await load(fleet, 'escrow', url, 5).catch(() => null);
          acknowledged.push(...(done?.keyIds ?? []));
          await load(fleet, 'changed-report', url, 3).catch(() => null);
          await new Promise((resolve) => setTimeout(resolve, done === null ? 250 : 50));
        }
      });
      const kills = {
        first: async () => {
          await cluster.centre?.stop('SIGKILL');
          await again(() => cluster.startCentre());
        },
        second: async () => {
          await second?.stop('SIGKILL');
          second = await again(() => startSecondCentre(cluster, secondPort));
        },
        recovery: async () => {
          await servers.recovery.kill();
          await servers.recovery.start();
        },
        power: async () => {
          await servers.recovery.cutPower(synced.recovery);
          await servers.recovery.start();
        },
        compliance: async () => {
          await servers.compliance.kill();
          await servers.compliance.start();
        },
      };
      const until = performance.now() + KILLING_S * 1_000;
      let count = 0;
      while (performance.now() < until) {
        await new Promise((resolve) => setTimeout(resolve, 300 + dice.below(1_500)));
        await dice.pick([kills.first, kills.second, kills.recovery, kills.power, kills.compliance])();
        count += 1;
      }
      stop.abort();
      await Promise.all(workers);
      expect(count).toBeGreaterThan(3);
      expect(acknowledged.length).toBeGreaterThan(50);
      await untilNone(disagree, CONVERGED_MS_MAX);
      const auditor = await openAuditor(cluster, secondUrl());
      await auditor.pull();
      const held = await inventory();
      expect(acknowledged.filter((keyId) => !held.includes(keyId))).toEqual([]);
      expect(held.length - new Set(held).size).toBe(0);
      expect((await auditor.escrows()).size).toBe(held.length);
      expect(await bugsInLogs(cluster)).toEqual([]);
    },
  );

  /** As a service manager does it: a start that fails, because the database server is down, is tried again. */
  async function again<T>(start: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await start();
      } catch (error) {
        if (tries >= 20) throw error;
      }
    }
  }
});
