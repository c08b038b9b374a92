/** Disks that are full, under a real edge and a real centre: what is refused, in which order, and what never is (I3, I12). */
import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import type { Fleet } from '../../central/fleet/fleet.ts';
import { LocalCluster } from '../../central/local/cluster.ts';
import { DEMO_PLAN } from '../../central/local/plan.ts';
import { writePrivate } from '../../central/local/secrets.ts';
import { nodePlatform } from '../../central/platform.ts';
import { afterFile } from '../support/cleanup.ts';
import { ask, disclose, freePorts, openFleet, search } from '../support/cluster.ts';
import { load } from '../support/load.ts';

const DISK = 'size=40m';
const EDGE = 'edge-madrid';

/** Whether this machine lets us have a small disk. */
function mayMount(): boolean {
  const folder = path.join(tmpdir(), `holdfast-mount-${String(process.pid)}`);
  try {
    mkdirSync(folder);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder], { stdio: 'ignore' });
    execFileSync('umount', [folder]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Takes all the room there is, as another program would. */
function fillUp(folder: string): void {
  const file = openSync(path.join(folder, 'ballast'), 'a');
  try {
    for (const bytes of [1024 * 1024, 4096])
      for (;;) if (writeSync(file, Buffer.alloc(bytes, 1)) < bytes) break;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
  } finally {
    closeSync(file);
  }
}

// Not every machine has a root that may mount: a container's often may not.
describe.runIf(mayMount())('a full disk', { timeout: 60_000 }, () => {
  let cluster: LocalCluster;
  let fleet: Fleet;
  let keyIds: string[] = [];

  beforeAll(async () => {
    const buildError = inject('buildError');
    if (buildError !== null) throw new Error(buildError);
    const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-full-'));
    const plan = { ...DEMO_PLAN, edges: DEMO_PLAN.edges.filter(({ name }) => name === EDGE) };
    cluster = await LocalCluster.prepare(folder, plan, await freePorts(22_000, 2));
    const disks = [cluster.centreData, cluster.edgeData(EDGE)];
    afterFile(async () => {
      await cluster.stopAll();
      for (const disk of disks) execFileSync('umount', [disk]);
      await rm(folder, { recursive: true, force: true });
    });
    for (const disk of disks) {
      mkdirSync(disk, { recursive: true });
      execFileSync('mount', ['-t', 'tmpfs', '-o', DISK, 'tmpfs', disk]);
    }
    await writePrivate(path.join(cluster.centreData, 'identity.json'), cluster.secrets.centre);
    await cluster.startAll();
    fleet = await openFleet(cluster, { devices: 4, seed: 'full' });
    await fleet.enrolAll();
    ({ keyIds } = await load(fleet, 'escrow', cluster.edgeUrl(EDGE), 12));
    const atCentre = async () => (await search(cluster, cluster.centreUrl, keyIds.at(-1) ?? '')).body;
    await until(async () => JSON.stringify(await atCentre()).includes(keyIds.at(-1) ?? ''));
  }, 60_000);

  const answers = async (kind: 'escrow' | 'changed-report', url: string) =>
    Number(Object.keys((await load(fleet, kind, url, 1)).statuses)[0]);
  const enrols = async (url: string) => {
    const stranger = await openFleet(cluster, { devices: 1, seed: String(Math.random()), node: url });
    return (await stranger.enrolAll()).enrolled > 0;
  };
  const metric = async (url: string) => {
    const text = await (await fetch(`${url}/metrics`)).text();
    return Number(/holdfast_disk_reserve_stages\{state="held"\} (\d)/.exec(text)?.[1]);
  };
  const until = async (what: () => Promise<boolean>): Promise<void> => {
    const deadline = Date.now() + 12_000;
    while (!(await what())) {
      if (Date.now() > deadline) throw new Error('it did not come to that in time');
      await nodePlatform.sleep(100);
    }
  };

  it.each(['centre', EDGE])(
    'at the %s refuses status, then enrolment, then escrows, and never a disclosure',
    async (name) => {
      const [url, disk] =
        name === EDGE
          ? [cluster.edgeUrl(EDGE), cluster.edgeData(EDGE)]
          : [cluster.centreUrl, cluster.centreData];
      const given: string[] = [];
      /** With at most one answer that it has to make room first. */
      const disclosed = async (): Promise<void> => {
        const keyId = keyIds.pop() ?? '';
        let { status } = await disclose(cluster, url, keyId);
        if (status === 503) ({ status } = await disclose(cluster, url, keyId));
        expect({ keyId, status }).toEqual({ keyId, status: 201 });
        given.push(keyId);
      };
      expect(await metric(url)).toBe(3);
      expect(await answers('changed-report', url)).toBe(200);
      fillUp(disk);
      await until(async () => (await answers('changed-report', url)) === 503 && (await metric(url)) < 3);
      await disclosed();
      while ((await metric(url)) > 1) {
        fillUp(disk);
        await until(async () => (await answers('changed-report', url)) === 503 && (await metric(url)) < 3);
        await nodePlatform.sleep(500);
      }
      expect(await answers('changed-report', url)).toBe(503);
      await disclosed();
      // The last stage is for disclosures: nobody else takes it here.
      while ((await metric(url)) > 0) {
        fillUp(disk);
        await answers('escrow', url);
        await nodePlatform.sleep(100);
      }
      expect(await answers('escrow', url)).toBe(503);
      expect(await enrols(url)).toBe(false);
      await disclosed();
      const { body } = await ask(cluster.secrets.tokens.advancedHelpdesk, 'GET', `${url}/readyz`);
      expect(JSON.stringify(body['alarms'])).toContain('nearly full');
      const auditor = cluster.secrets.tokens.auditor;
      const audit = await ask(auditor, 'GET', `${url}/v1/reports/recovery-audit`);
      for (const keyId of given) expect(JSON.stringify(audit.body)).toContain(keyId);

      rmSync(path.join(disk, 'ballast'));
      await until(async () => (await answers('changed-report', url)) === 200 && (await metric(url)) === 3);
      expect(await answers('escrow', url)).toBe(201);
    },
  );
});
