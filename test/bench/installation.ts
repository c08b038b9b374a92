/** A real installation for a bench: centre on Node, edges in workerd, a fleet enrolled at the first edge. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Fleet } from '../../central/fleet/fleet.ts';
import { type BlastResult, blast } from '../../central/fleet/prepare.ts';
import { LocalCluster } from '../../central/local/cluster.ts';
import type { Plan } from '../../central/local/plan.ts';
import type { NodeProcess } from '../../central/local/processes.ts';
import { nodePlatform } from '../../central/platform.ts';
import { STORES } from '../../shared/journal/entry.ts';

export const EDGE_A = 'edge-a';
export const EDGE_B = 'edge-b';
/** has an identity and never runs: with it a bench looks at an edge as another node does */
export const OBSERVER = 'observer';

export const PLAN: Plan = {
  disclosuresPerHour: 10_000,
  regions: [{ id: 'bench', name: 'Bench' }],
  edges: [EDGE_A, EDGE_B, OBSERVER].map((name) => ({
    name,
    siteId: `site-${name}`,
    siteName: name,
    regionId: 'bench',
    helpdesk: true,
  })),
};

export interface BenchContext {
  readonly folder: string;
  /** first of ten ports */
  readonly port: number;
  /** entries of the backlog */
  readonly entries: number;
  /** computers that large stores hold, two entries each; 500,000 are MBAM's fleet and a million entries */
  readonly devices: number;
  readonly rounds: number;
  /** where the databases of `snapshot` and `seed` stay for the next run, or null */
  readonly keep: string | null;
  readonly say: (what: string) => void;
}

/** Starts the centre, configures it, and starts `edges`. */
export async function openInstallation(
  context: BenchContext,
  edges: readonly string[],
  centreEnv: Readonly<Record<string, string>> = {},
): Promise<LocalCluster> {
  const cluster = await LocalCluster.prepare(path.join(context.folder, 'installation'), PLAN, context.port);
  cluster.centreEnv = centreEnv;
  await cluster.startCentre();
  await cluster.configure();
  for (const name of edges) await cluster.startEdge(name);
  for (const name of edges) await cluster.ready(cluster.edgeUrl(name));
  return cluster;
}

export async function enrolFleet(cluster: LocalCluster, devices: number): Promise<Fleet> {
  const siteId = `site-${EDGE_A}`;
  const fleet = await Fleet.open({
    seed: 'bench',
    sites: [
      { siteId, siteToken: cluster.secrets.tokens.sites[siteId] ?? '', nodes: [cluster.edgeUrl(EDGE_A)] },
    ],
    devices,
    organisation: { jwk: cluster.secrets.centre.organisation },
    platform: nodePlatform,
    healthy: true,
  });
  const { enrolled } = await fleet.enrolAll();
  if (enrolled < devices) throw new Error(`only ${enrolled} of ${devices} devices were enrolled`);
  return fleet;
}

/** Escrows `count` new keys over `connections` connections; every answer must be a 201, and a sample a valid receipt. */
export async function escrow(
  fleet: Fleet,
  node: string,
  count: number,
  connections: number,
): Promise<BlastResult & { generatorShare: number }> {
  const prepared = await fleet.prepare('escrow', node, count);
  const before = process.cpuUsage();
  const result = await blast(fleet.wire, prepared, connections);
  const { user, system } = process.cpuUsage(before);
  const created = result.statuses.get(201) ?? 0;
  if (created !== count) throw new Error(`only ${created} of ${count} escrows were answered with 201`);
  for (const [index, each] of prepared.slice(0, 20).entries()) {
    const response = result.responses[index];
    if (!response || (await each.check(response)) !== 'valid') throw new Error('a receipt is not valid');
  }
  return { ...result, generatorShare: (user + system) / 1e6 / result.seconds };
}

/** Entries that a node holds, of both stores. */
export async function entriesHeld(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return STORES.reduce((sum, store) => {
    const found = new RegExp(`^holdfast_journal_entries\\{store="${store}"\\} (\\d+)$`, 'm').exec(text);
    return sum + Number(found?.[1] ?? 0);
  }, 0);
}

/** Resolves when the node holds at least so many entries, with the seconds from `since` (of `performance.now()`). */
export async function waitForEntries(
  url: string,
  entries: number,
  since: number,
  msMax = 300_000,
): Promise<number> {
  for (;;) {
    const held = await entriesHeld(url);
    const ms = performance.now() - since;
    if (held >= entries) return ms / 1000;
    if (ms > msMax) throw new Error(`${url} holds ${held} of ${entries} entries after ${Math.round(ms)} ms`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** Memory that a process occupies now, in MB. */
export async function residentMb(node: NodeProcess | null | undefined): Promise<number> {
  if (!node) return NaN;
  const status = await readFile(`/proc/${node.pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? NaN) / 1024;
}

/** Processor time that a process has used, in ms (Linux counts it in hundredths of a second). */
export async function processorMs(node: NodeProcess): Promise<number> {
  const stat = await readFile(`/proc/${node.pid}/stat`, 'utf8');
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13);
  return (Number(user) + Number(system)) * 10;
}

/** Watches a process's memory until `stop`, which gives the most that was seen. */
export function watchMemory(node: NodeProcess | null | undefined): { stop(): number } {
  let most = 0;
  const look = (): void => {
    void residentMb(node).then(
      (mb) => (most = Math.max(most, mb)),
      () => clearInterval(timer), // The process has ended.
    );
  };
  const timer = setInterval(look, 50);
  return {
    stop: () => {
      clearInterval(timer);
      return most;
    },
  };
}
