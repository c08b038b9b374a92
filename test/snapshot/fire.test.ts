/**
 * A centre's whole life with its snapshots, on real processes: on a schedule and by HTTP, loud when they fail, drilled;
 * then the great fire, from which everything acknowledged comes back (I7); and edges that begin on a seed.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Fleet } from '../../central/fleet/fleet.ts';
import type { LocalCluster } from '../../central/local/cluster.ts';
import { type NodeProcess, startEdgeProcess } from '../../central/local/processes.ts';
import { makeIdentity, writePrivate } from '../../central/local/secrets.ts';
import { drill } from '../../central/snapshot/drill.ts';
import { restoreSet } from '../../central/snapshot/restore.ts';
import { makeSeed, placeSeed } from '../../central/snapshot/seed.ts';
import { verifySet } from '../../central/snapshot/verify.ts';
import { STORES } from '../../shared/journal/entry.ts';
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
  startCluster,
  untilNone,
} from '../support/cluster.ts';
import { load } from '../support/load.ts';
import {
  authorityOf,
  makeWholeSnapshot,
  repositoryOf,
  scratchFolder,
  snapshotEnv,
  snapshotSettings,
  verifyOptions,
} from '../support/snapshot.ts';

const readiness = z.object({ alarms: z.array(z.object({ type: z.string(), subject: z.string() })) });
const listed = z.object({
  underWay: z.object({ step: z.string() }).nullable(),
  last: z.object({ ok: z.boolean() }).nullable(),
  snapshots: z.array(
    z.object({ id: z.string(), verification: z.object({ structure: z.string() }).nullable() }),
  ),
});

describe('a centre and its snapshots', { timeout: 60_000 }, () => {
  let cluster: LocalCluster;
  let fleet: Fleet;
  /** somewhere else than what burns */
  let vault = '';
  let env: Record<string, string> = {};
  const acknowledged: string[] = [];
  const extra: NodeProcess[] = [];

  beforeAll(async () => {
    vault = await scratchFolder();
    cluster = await startCluster(11_100);
    env = { ...snapshotEnv(cluster), HOLDFAST_SNAPSHOT_DIR: path.join(vault, 'sets') };
    fleet = await openFleet(cluster, { devices: 12, seed: 'great fire' });
    await fleet.enrolAll();
    await write();
  }, 60_000);

  afterAll(() => Promise.all(extra.map((edge) => edge.stop())));

  async function write(): Promise<void> {
    for (const { name } of cluster.plan.edges) {
      const { keyIds } = await load(fleet, 'escrow', cluster.edgeUrl(name), 20);
      expect(keyIds).toHaveLength(20);
      acknowledged.push(...keyIds);
      await load(fleet, 'changed-report', cluster.edgeUrl(name), 10);
    }
  }

  const admin = (method: string, url: string) =>
    ask(cluster.secrets.tokens.administrator, method, `${cluster.centreUrl}${url}`);

  const alarms = async (): Promise<string[]> => {
    const answer = readiness.parse(await (await fetch(`${cluster.centreUrl}/readyz`)).json());
    return answer.alarms.filter(({ type }) => type === 'snapshot').map(({ subject }) => subject);
  };

  async function until(condition: () => Promise<boolean>): Promise<void> {
    await untilNone(async () => ((await condition()) ? [] : ['not yet']), 20_000);
  }

  it('is loud when a scheduled snapshot fails, and makes them by itself when it can', async () => {
    await untilNone(() => disagreements(cluster), 20_000);
    const blocked = path.join(vault, 'a-file');
    await writeFile(blocked, '');
    const schedule = { ...env, HOLDFAST_SNAPSHOT_EVERY: '1m' };
    await cluster.centre?.stop();
    await cluster.startCentre({ ...schedule, HOLDFAST_SNAPSHOT_DIR: blocked });
    await until(async () => (await alarms()).includes('failed'));
    const metrics = await (await fetch(`${cluster.centreUrl}/metrics`)).text();
    expect(metrics).toContain('holdfast_snapshots_total{outcome="failed"} 1');
    const { body } = await admin('GET', '/v1/admin/writers');
    expect(body).toMatchObject({
      writers: [
        { name: 'Holdfast Recovery Store Writer', store: 'recovery', state: 'FAILED_AT_PREPARE_BACKUP' },
        {
          name: 'Holdfast Compliance Store Writer',
          store: 'compliance',
          lastError: { message: expect.any(String) },
        },
      ],
    });
    await cluster.centre?.stop();
    await cluster.startCentre(schedule);
    await until(async () => (await repositoryOf(snapshotSettings(env)).list()).length === 1);
    expect(await alarms()).toEqual([]);
  });

  it('makes one when an administrator asks, one at a time, and nobody else may', async () => {
    const helpdesk = await ask(
      cluster.secrets.tokens.helpdesk,
      'POST',
      `${cluster.centreUrl}/v1/admin/snapshots`,
    );
    expect(helpdesk.status).toBe(403);
    await until(async () => listed.parse((await admin('GET', '/v1/admin/snapshots')).body).underWay === null);
    expect(await admin('POST', '/v1/admin/snapshots')).toMatchObject({ status: 202, body: { begun: true } });
    expect(await admin('POST', '/v1/admin/snapshots')).toMatchObject({
      status: 409,
      body: { type: 'urn:holdfast:problem:snapshot-under-way' },
    });
    await until(async () => {
      const { underWay, last, snapshots } = listed.parse((await admin('GET', '/v1/admin/snapshots')).body);
      return underWay === null && last?.ok === true && snapshots.length === 2;
    });
    const { snapshots } = listed.parse((await admin('GET', '/v1/admin/snapshots')).body);
    expect(snapshots.map(({ verification }) => verification?.structure)).toEqual(['verified', 'verified']);
  });

  it('passes a drill: a centre starts on the set and gives everything out again, as it was', async () => {
    const settings = snapshotSettings(env);
    const newest = await repositoryOf(settings).newest();
    const result = await drill({
      ...verifyOptions(settings),
      ...{ folder: repositoryOf(settings).pathOf(newest?.id ?? ''), identity: settings.identity },
      authority: authorityOf(settings),
    });
    expect(result).toMatchObject({ id: newest?.id, passed: true, differences: [] });
    expect(result.entries).toBeGreaterThan(acknowledged.length);
  });

  it('comes back after the great fire from an earlier set, and its edges bring what is newer', async () => {
    const settings = snapshotSettings(env);
    const yesterday = await repositoryOf(settings).newest();
    await write();
    await untilNone(() => disagreements(cluster), 20_000);
    await cluster.centre?.stop('SIGKILL');
    // What was acknowledged after the fire is only at the edges.
    await write();
    for (const store of STORES)
      for (const suffix of ['', '-wal', '-shm'])
        await rm(`${settings.files[store]}${suffix}`, { force: true });
    const { manifest } = await restoreSet({
      ...verifyOptions(settings),
      ...{ folder: repositoryOf(settings).pathOf(yesterday?.id ?? ''), files: settings.files },
      ...{ stores: STORES, force: false },
    });
    expect(manifest.id).toBe(yesterday?.id);
    await cluster.startCentre();
    await untilNone(() => disagreements(cluster), 30_000);
    const auditor = await openAuditor(cluster, cluster.centreUrl);
    await auditor.pull();
    const held = new Set([...(await auditor.escrows())].map((line) => line.split(' ')[0]));
    expect(acknowledged.filter((keyId) => !held.has(keyId))).toEqual([]);
    expect(acknowledged).toHaveLength(180);
    await cluster.ready(cluster.centreUrl);
    const found = await search(cluster, cluster.centreUrl, acknowledged.at(-1) ?? '');
    expect(found.body).toMatchObject({ candidates: [{ keyId: acknowledged.at(-1), opensHere: true }] });
  });

  it('gives a lost edge its database back: it starts on it without the centre, as itself, in a new incarnation', async () => {
    const name = 'edge-toledo';
    const { id } = await makeWholeSnapshot(env);
    const settings = snapshotSettings(env);
    const out = path.join(vault, 'seed');
    const parts = { ...verifyOptions(settings), identity: settings.identity, out };
    const { manifest } = await makeSeed({
      ...parts,
      ...{ folder: repositoryOf(settings).pathOf(id), edge: { name } },
    });
    expect(await verifySet(out, verifyOptions(settings))).toMatchObject({
      structure: 'verified',
      findings: [],
    });
    const lugo = nodeIdOf(cluster.secrets.edges['edge-lugo']?.certificate);
    const authors = new Set(Object.keys(manifest.cut.recovery).map((origin) => origin.slice(0, 10)));
    // Its region's logs and the centre's, and no other region's.
    expect(authors.has(lugo)).toBe(false);
    expect(authors.size).toBe(3);

    const before = await digestsOf(cluster, cluster.edgeUrl(name));
    await cluster.edges.get(name)?.stop();
    await cluster.centre?.stop();
    await rm(cluster.edgeData(name), { recursive: true });
    await placeSeed(out, cluster.edgeData(name));
    await cluster.startEdge(name);
    const after = await digestsOf(cluster, cluster.edgeUrl(name));
    expect(Object.fromEntries(after)).toEqual(Object.fromEntries(before));
    const { keyIds } = await load(fleet, 'escrow', cluster.edgeUrl(name), 3);
    acknowledged.push(...keyIds);
    const own = nodeIdOf(cluster.secrets.edges[name]?.certificate);
    const logs = async (): Promise<number> =>
      [...(await digestsOf(cluster, cluster.edgeUrl(name))).keys()].filter((log) =>
        log.startsWith(`recovery ${own}`),
      ).length;
    expect(await logs()).toBe(2);
    await cluster.startCentre();
    await untilNone(() => disagreements(cluster), 20_000);
  });

  it('seeds an edge that never was, by its certificate', async () => {
    const settings = snapshotSettings(env);
    const newest = await repositoryOf(settings).newest();
    const scope = { recovery: 'region', compliance: 'own' } as const;
    const identity = await makeIdentity(
      cluster.secrets.organisationKey,
      { name: 'edge-new', role: 'edge', regionId: 'centro', siteId: 'toledo', scope },
      [],
    );
    const out = path.join(vault, 'seed-of-new');
    const { manifest } = await makeSeed({
      ...{ ...verifyOptions(settings), identity: settings.identity, out },
      ...{
        folder: repositoryOf(settings).pathOf(newest?.id ?? ''),
        edge: { certificate: identity.certificate },
      },
    });
    // Compliance goes upwards, and down only where a scope says so.
    expect(Object.keys(manifest.cut.compliance)).toEqual([]);
    const folder = path.join(vault, 'edge-new');
    await mkdir(folder);
    await writePrivate(path.join(folder, 'credentials/identity.json'), identity);
    await placeSeed(out, path.join(folder, 'data'));
    const edge = await startEdgeProcess({
      ...{
        name: 'edge-new',
        dataFolder: path.join(folder, 'data'),
        credentialsFolder: path.join(folder, 'credentials'),
      },
      ...{ port: await freePorts(11_180, 1), centrePort: cluster.centrePort },
      logFile: path.join(cluster.folder, 'logs/edge-new.log'),
    });
    extra.push(edge);
    await cluster.ready(edge.url);
    const { token } = { token: cluster.secrets.tokens.advancedHelpdesk };
    const found = await ask(token, 'POST', `${edge.url}/v1/recovery/search`, { keyId: acknowledged[0] });
    expect(found.body).toMatchObject({ candidates: [{ keyId: acknowledged[0] }] });
    expect(await bugsInLogs(cluster)).toEqual([]);
  });
});

function nodeIdOf(jws: string | undefined): string {
  return certificatePayload.parse(peekJws(jws ?? '')?.payload).nodeId;
}
