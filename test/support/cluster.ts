/**
 * A whole installation of real processes for a test file: a centre on Node, edges in workerd, and everybody who talks
 * to them. Lives in a folder of its own under the system's temporary one, and is gone afterwards.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inject } from 'vitest';
import { Fleet } from '../../central/fleet/fleet.ts';
import type { RealVolume } from '../../central/fleet/bitlk.ts';
import { LocalCluster } from '../../central/local/cluster.ts';
import { DEMO_PLAN, type Plan } from '../../central/local/plan.ts';
import { nodePlatform } from '../../central/platform.ts';
import { afterFile } from './cleanup.ts';

export * from './asking.ts';

/** Makes and starts an installation; `portsFrom` differs from file to file, for files run at once. */
export async function startCluster(
  portsFrom: number,
  plan: Plan = DEMO_PLAN,
  centreEnv: Readonly<Record<string, string>> = {},
): Promise<LocalCluster> {
  const buildError = inject('buildError');
  if (buildError !== null) throw new Error(buildError);
  const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-e2e-'));
  const port = await freePorts(portsFrom, plan.edges.length + 1);
  // The limits of the hour have tests of their own.
  const cluster = await LocalCluster.prepare(folder, { disclosuresPerHour: 10_000, ...plan }, port);
  cluster.centreEnv = centreEnv;
  afterFile(async () => {
    await cluster.stopAll();
    await rm(folder, { recursive: true, force: true });
  });
  await cluster.startAll();
  return cluster;
}

/** The first of `count` neighbouring ports that nobody listens on. */
export async function freePorts(from: number, count: number): Promise<number> {
  for (let first = from; first < from + 1_000; first += count) {
    const free = await Promise.all(Array.from({ length: count }, (_, index) => isFree(first + index)));
    if (free.every(Boolean)) return first;
  }
  throw new Error('this machine has no free ports');
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(false);
    });
    server.listen(port, '127.0.0.1', () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}

/** Healthy PCs, dealt out to the plan's sites in turn. Each knows its own site's edge alone, or the one node given. */
export async function openFleet(
  cluster: LocalCluster,
  options: {
    readonly devices: number;
    readonly seed: string;
    readonly sites?: readonly string[];
    readonly node?: string;
    readonly realVolumes?: readonly RealVolume[];
  },
): Promise<Fleet> {
  const { d: _private, ...jwk } = cluster.secrets.organisationKey;
  const sites = cluster.plan.edges
    .filter(({ siteId }) => options.sites?.includes(siteId) ?? true)
    .map(({ name, siteId }) => ({
      siteId,
      nodes: [options.node ?? cluster.edgeUrl(name)],
      siteToken: cluster.secrets.tokens.sites[siteId] ?? '',
    }));
  const fleet = await Fleet.open({
    ...{ seed: options.seed, devices: options.devices, sites, organisation: { jwk } },
    ...{ platform: nodePlatform, healthy: true, concurrency: 16, realVolumes: options.realVolumes ?? [] },
  });
  afterFile(() => fleet.close());
  return fleet;
}
