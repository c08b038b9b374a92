/** An edge's seed from a whole set, and an edge that is started on it, beside the copying of as many bytes. */
import { copyFile, rm } from 'node:fs/promises';
import path from 'node:path';
import type { LocalCluster } from '../../central/local/cluster.ts';
import { nodePlatform } from '../../central/platform.ts';
import { createSnapshot } from '../../central/snapshot/create.ts';
import { syncFile } from '../../central/snapshot/disk.ts';
import { type Seeded, edgeDatabasePath, makeSeed, placeSeed } from '../../central/snapshot/seed.ts';
import { CertificateAuthority } from '../../shared/trust/certificate.ts';
import { type Figure, median } from './figures.ts';
import { type BenchContext, EDGE_A } from './installation.ts';

const ROUNDS = 3;
const SETTLE_MS = 3_000;

/** From a whole set: made and verified, cut for one edge, carried, and the edge started on it. */
export async function seedAnEdge(
  context: BenchContext,
  cluster: LocalCluster,
  files: Readonly<Record<'recovery' | 'compliance', string>>,
): Promise<Figure[]> {
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
  context.say(
    `snapshot: a whole set in ${((madeAt - began) / 1000).toFixed(1)} s, ${verification.structure}`,
  );
  const out = path.join(cluster.folder, 'seed');
  const seed = await makeSeed({
    ...{ authority: new CertificateAuthority(identity.organisation), vaultKeys: [], ageIdentities: [] },
    ...{ scratch: path.join(cluster.folder, 'scratch'), openedFolder: null, onProgress: () => undefined },
    ...{ folder: path.join(settings.folder, id), out, identity },
    edge: { certificate: cluster.secrets.edges[EDGE_A]?.certificate ?? '' },
  });
  const seededAt = performance.now();
  const rounds: { copied: number; ready: number; answered: number }[] = [];
  for (let round = 0; round < ROUNDS; round += 1) rounds.push(await seedOnce(context, cluster, seed));
  const medianOf = (of: keyof (typeof rounds)[number]): number => median(rounds.map((each) => each[of]));
  const figure = (name: string, ms: number): Figure => ({
    bench: 'snapshot',
    name,
    value: ms / 1000,
    unit: 's',
  });
  return [
    figure('a whole set: captured, verified, signed', madeAt - began),
    figure("an edge's seed, its set verified first", seededAt - madeAt),
    {
      ...figure('an edge ready on its seed: copied, fsynced, started', medianOf('ready')),
      baseline: { name: 'copying as many bytes', value: medianOf('copied') / 1000 },
    },
    figure('of that, until it answered', medianOf('answered')),
  ];
}

/** In milliseconds. Each round waits for the disk to have taken in the one before, which would be paid for by the next. */
async function seedOnce(
  { entries }: BenchContext,
  cluster: LocalCluster,
  seed: Seeded,
): Promise<{ copied: number; ready: number; answered: number }> {
  await rm(path.join(cluster.edgeData(EDGE_A), path.dirname(edgeDatabasePath())), {
    recursive: true,
    force: true,
  });
  const copy = `${seed.file}.copy`;
  const began = performance.now();
  await copyFile(seed.file, copy);
  await syncFile(copy);
  const copiedAt = performance.now();
  await rm(copy);
  await nodePlatform.sleep(SETTLE_MS);
  const againAt = performance.now();
  await placeSeed(path.dirname(seed.file), cluster.edgeData(EDGE_A));
  const placedAt = performance.now();
  const edge = await cluster.startEdge(EDGE_A);
  const startedAt = performance.now();
  const text = await (await fetch(`${edge.url}/metrics`)).text();
  const held = Number(/holdfast_journal_entries\{store="recovery"\} (\d+)/.exec(text)?.[1]);
  await edge.stop();
  if (held < entries) throw new Error(`the seeded edge holds ${held} of ${entries} entries`);
  await nodePlatform.sleep(SETTLE_MS);
  return { copied: copiedAt - began, ready: startedAt - againAt, answered: startedAt - placedAt };
}
