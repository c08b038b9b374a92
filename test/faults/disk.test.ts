/** Disks that become read-only and databases that are deleted under running nodes: what was acknowledged was kept. */
import { readdirSync, rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { LocalCluster } from '../../central/local/cluster.ts';
import { DEMO_PLAN } from '../../central/local/plan.ts';
import { writePrivate } from '../../central/local/secrets.ts';
import { afterFile } from '../support/cleanup.ts';
import { ask, freePorts, openFleet } from '../support/cluster.ts';
import { LoopDisk, whyNoLoopDisk } from './disk.ts';
import { Witness } from './witness.ts';

const EDGE = 'edge-madrid';
const NODES = [EDGE, 'centre'];
const why = whyNoLoopDisk();

describe('a node whose', { timeout: 60_000 }, () => {
  let cluster: LocalCluster;
  let witness: Witness;
  const disks = new Map<string, LoopDisk>();

  beforeAll(async () => {
    const buildError = inject('buildError');
    if (buildError !== null) throw new Error(buildError);
    const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-disk-'));
    const plan = { ...DEMO_PLAN, edges: DEMO_PLAN.edges.filter(({ name }) => name === EDGE) };
    cluster = await LocalCluster.prepare(folder, plan, await freePorts(25_200, 2));
    afterFile(async () => {
      await cluster.stopAll();
      for (const disk of disks.values()) disk.remove();
      await rm(folder, { recursive: true, force: true });
    });
    if (why === null) {
      for (const name of NODES)
        disks.set(name, LoopDisk.make(dataOf(name), path.join(folder, `${name}.disk`)));
      await writePrivate(path.join(cluster.centreData, 'identity.json'), cluster.secrets.centre);
    }
    for (const disk of disks.values()) disk.sync();
    await cluster.startAll();
    const fleet = await openFleet(cluster, { devices: 8, seed: 'disk' });
    await fleet.enrolAll();
    witness = new Witness(cluster, fleet);
  }, 60_000);

  const dataOf = (name: string) => (name === EDGE ? cluster.edgeData(EDGE) : cluster.centreData);
  const other = (name: string) => (name === EDGE ? 'centre' : EDGE);
  const restart = async (name: string, repair: () => void): Promise<void> => {
    await (name === EDGE ? cluster.edges.get(EDGE) : cluster.centre)?.stop('SIGKILL');
    repair();
    await (name === EDGE ? cluster.startEdge(EDGE) : cluster.startCentre());
  };

  /** The node acknowledges and reveals nothing and says so; the other one goes on with both. */
  async function expectRefusing(name: string, keyId: string): Promise<void> {
    await witness.untilAlarm(name, 'storage', true);
    expect(await witness.escrow(name, 3)).toEqual({ kept: [], refused: { 503: 3 } });
    expect(await witness.disclose(name, keyId)).toBe(503);
    expect(await witness.disclose(other(name), keyId)).toBe(201);
    expect((await witness.escrow(other(name), 3)).kept).toHaveLength(3);
    // Reading needs no disk that can be written.
    const url = name === EDGE ? cluster.edgeUrl(EDGE) : cluster.centreUrl;
    const report = await ask(
      cluster.secrets.tokens.reports,
      'GET',
      `${url}/v1/reports/enterprise-compliance`,
    );
    expect(report.status).toBe(200);
  }

  async function expectWellAgain(name: string, keyId: string): Promise<void> {
    await witness.expectWhole();
    await witness.untilAlarm(name, 'storage', false);
    expect((await witness.escrow(name, 3)).kept).toHaveLength(3);
    expect(await witness.disclose(name, keyId)).toBe(201);
    await witness.expectWhole();
  }

  it.for(NODES)('disk becomes read-only refuses whatever it cannot keep: %s', async (name, { skip }) => {
    if (why !== null) skip(why);
    const [keyId = ''] = (await witness.escrow(EDGE, 20)).kept;
    await witness.expectWhole();
    disks.get(name)?.fail();
    // The first to come find it out, and are not promised anything either.
    expect((await witness.escrow(name, 3)).kept).toEqual([]);
    await expectRefusing(name, keyId);
    await restart(name, () => disks.get(name)?.repair());
    await expectWellAgain(name, keyId);
  });

  it.each(NODES)('database is deleted refuses whatever would be gone: %s', async (name) => {
    const [keyId = ''] = (await witness.escrow(EDGE, 20)).kept;
    await witness.expectWhole();
    // What an edge has not sent yet is only in the file that nobody sees any more.
    if (name === EDGE) cluster.centre?.signal('SIGSTOP');
    expect((await witness.escrow(name, 5)).kept).toHaveLength(5);
    const folder = name === EDGE ? path.join(dataOf(EDGE), 'holdfast-edge-node') : dataOf(name);
    for (const file of readdirSync(folder)) if (/\.(db|sqlite)/.test(file)) rmSync(path.join(folder, file));
    if (name === EDGE) cluster.centre?.signal('SIGCONT');
    await expectRefusing(name, keyId);
    if (name === EDGE) await witness.expectKept();
    await restart(name, () => undefined);
    await expectWellAgain(name, keyId);
  });
});
