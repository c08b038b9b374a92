/**
 * An edge's seed from a whole set, and an edge that is started on it, beside the copying of as many bytes. Then how long an
 * edge and a centre with as many entries take to start again after a kill.
 */
import { existsSync } from 'node:fs';
import { copyFile, rm } from 'node:fs/promises';
import path from 'node:path';
import type { LocalCluster } from '../../central/local/cluster.ts';
import type { NodeProcess } from '../../central/local/processes.ts';
import { nodePlatform } from '../../central/platform.ts';
import { createSnapshot } from '../../central/snapshot/create.ts';
import { syncFile } from '../../central/snapshot/disk.ts';
import { SEED_FILE, edgeDatabasePath, makeSeed, placeSeed } from '../../central/snapshot/seed.ts';
import { CertificateAuthority } from '../../shared/trust/certificate.ts';
import { type Figure, median } from './figures.ts';
import { type BenchContext, EDGE_A } from './installation.ts';
import { type Stores, openStores } from './stores.ts';

const ROUNDS = 3;
const SETTLE_MS = 3_000;

export async function benchSeed(context: BenchContext): Promise<Figure[]> {
  const stores = await openStores(context);
  const { cluster } = stores;
  const out = path.join(cluster.folder, 'seed');
  const made = existsSync(out) ? [] : await makeIt(context, stores, out);
  const seeded: Seeding[] = [];
  for (let round = 0; round < ROUNDS; round += 1) seeded.push(await seedOnce(context, cluster, out));
  const centre: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) centre.push(await startCentre(cluster));
  const medianOf = (of: keyof Seeding): number => median(seeded.map((each) => each[of]));
  return [
    ...made,
    {
      ...figure('an edge ready on its seed: copied, fsynced, started', medianOf('ready')),
      baseline: { name: 'copying as many bytes', value: medianOf('copied') / 1000 },
    },
    figure('of that, from its start', medianOf('started')),
    { ...figure('the same edge killed, ready again', medianOf('restarted')), aim: { atMost: 1 } },
    { ...figure('a centre killed, answers again', median(centre)), aim: { atMost: 1 } },
  ];
}

function figure(name: string, ms: number): Figure {
  return { bench: 'seed', name, value: ms / 1000, unit: 's' };
}

/** From a whole set: made and verified, and cut for one edge. */
async function makeIt(context: BenchContext, { cluster, files }: Stores, out: string): Promise<Figure[]> {
  const identity = cluster.secrets.centre;
  const settings = {
    ...{ folder: path.join(cluster.folder, 'sets'), writersFolder: path.join(cluster.folder, 'writers') },
    ...{ identity, files, server: 'bench', encryption: 'plain' as const, everyMs: null, backupEveryMs: null },
    retention: { last: 1, daily: 0, weekly: 0, monthly: 0 },
  };
  const began = performance.now();
  // The databases are closed: this process may read them by the other SQLite.
  const { id, verification } = await createSnapshot({ settings });
  const madeAt = performance.now();
  const seconds = (madeAt - began) / 1000;
  context.say(`seed: a whole set in ${seconds.toFixed(1)} s, ${verification.structure}`);
  await makeSeed({
    ...{ authority: new CertificateAuthority(identity.organisation), vaultKeys: [], ageIdentities: [] },
    ...{ scratch: path.join(cluster.folder, 'scratch'), openedFolder: null, onProgress: () => undefined },
    ...{ folder: path.join(settings.folder, id), out, identity },
    edge: { certificate: cluster.secrets.edges[EDGE_A]?.certificate ?? '' },
  });
  return [
    figure('a whole set: captured, verified, signed', madeAt - began),
    figure("an edge's seed, its set verified first", performance.now() - madeAt),
  ];
}

/** In milliseconds. */
interface Seeding {
  readonly copied: number;
  readonly ready: number;
  readonly started: number;
  readonly restarted: number;
}

/** Each round waits for the disk to have taken in the one before, which would be paid for by the next. */
async function seedOnce({ entries }: BenchContext, cluster: LocalCluster, seed: string): Promise<Seeding> {
  await rm(path.join(cluster.edgeData(EDGE_A), path.dirname(edgeDatabasePath())), {
    recursive: true,
    force: true,
  });
  const file = path.join(seed, SEED_FILE);
  const copy = `${file}.copy`;
  const copying = performance.now();
  await copyFile(file, copy);
  await syncFile(copy);
  const copied = performance.now() - copying;
  await rm(copy);
  await nodePlatform.sleep(SETTLE_MS);
  const began = performance.now();
  await placeSeed(seed, cluster.edgeData(EDGE_A));
  const placedAt = performance.now();
  const edge = await startReady(cluster);
  const readyAt = performance.now();
  const text = await (await fetch(`${edge.url}/metrics`)).text();
  const held = Number(/holdfast_journal_entries\{store="recovery"\} (\d+)/.exec(text)?.[1]);
  if (held < entries) throw new Error(`the seeded edge holds ${String(held)} of ${String(entries)} entries`);
  await edge.stop('SIGKILL');
  const againAt = performance.now();
  const again = await startReady(cluster);
  const restarted = performance.now() - againAt;
  await again.stop();
  await nodePlatform.sleep(SETTLE_MS);
  return { copied, ready: readyAt - began, started: readyAt - placedAt, restarted };
}

async function startReady(cluster: LocalCluster): Promise<NodeProcess> {
  const edge = await cluster.startEdge(EDGE_A);
  await cluster.ready(edge.url);
  return edge;
}

/** Killed after a while of work; how long until it answers again. */
async function startCentre(cluster: LocalCluster): Promise<number> {
  const running = await cluster.startCentre();
  await nodePlatform.sleep(SETTLE_MS);
  await running.stop('SIGKILL');
  const began = performance.now();
  const again = await cluster.startCentre();
  const ms = performance.now() - began;
  await again.stop();
  return ms;
}
