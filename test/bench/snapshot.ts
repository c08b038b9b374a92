/**
 * Snapshots of a centre's files that somebody writes to all the time: how long a write waits at the worst, beside other
 * ways to copy an SQLite database and beside no copy at all. Then an edge's seed, beside the copying of as many bytes.
 *
 * Litestream is not on this machine; DESIGN's figure for it is 1.7 s for a first snapshot of 200,000 rows.
 */
import { spawn } from 'node:child_process';
import { copyFile, mkdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { LibsqlEngine } from '../../central/libsql-engine.ts';
import { LocalCluster } from '../../central/local/cluster.ts';
import { packageRoot } from '../../central/local/processes.ts';
import { nodePlatform } from '../../central/platform.ts';
import { syncFile } from '../../central/snapshot/disk.ts';
import { createSnapshot } from '../../central/snapshot/create.ts';
import { type Seeded, edgeDatabasePath, makeSeed, placeSeed } from '../../central/snapshot/seed.ts';
import { CertificateAuthority } from '../../shared/trust/certificate.ts';
import type { Guid } from '../../shared/domain/recovery-key.ts';
import type { Draft } from '../../shared/journal/drafts.ts';
import type { Ledger } from '../../shared/journal/ledger.ts';
import { limits } from '../../shared/limits.ts';
import { distinctEscrows } from '../support/drafts.ts';
import { openLedger } from '../support/saved-centre.ts';
import { type Figure, ascending, median, percentile } from './figures.ts';
import { type BenchContext, EDGE_A, PLAN } from './installation.ts';

/** Sets per way of copying; of so few, the p99 is the longest. */
const SETS = 20;
const WRITE_EVERY_MS = 5;
const SEED_ROUNDS = 3;
const SETTLE_MS = 3_000;

const report = z.object({ frozenMs: z.number(), finished: z.boolean(), ms: z.number() });

export async function benchSnapshot(context: BenchContext): Promise<Figure[]> {
  const folder = path.join(context.folder, 'snapshot');
  const cluster = await LocalCluster.prepare(folder, PLAN, context.port);
  await mkdir(cluster.centreData, { recursive: true });
  const files = {
    recovery: path.join(cluster.centreData, 'recovery.db'),
    compliance: path.join(cluster.centreData, 'compliance.db'),
  };
  const engine = await LibsqlEngine.open({
    recovery: { url: `file:${files.recovery}` },
    compliance: { url: `file:${files.compliance}` },
  });
  const figures: Figure[] = [];
  try {
    const ledger = await openLedger(engine, cluster.secrets.centre);
    await fill(ledger, context);
    const megabytes = (await stat(files.recovery)).size / 2 ** 20;
    context.say(`snapshot: ${context.entries} entries, ${Math.round(megabytes)} MB`);
    figures.push(...(await compareWays(context, ledger, files)));
  } finally {
    engine.close();
  }
  figures.push(...(await seedAnEdge(context, cluster, files)));
  return figures;
}

/** Escrows in groups as large as the journal takes. */
async function fill(ledger: Ledger, { entries, say }: BenchContext): Promise<void> {
  const [model] = distinctEscrows(1, 1);
  if (model?.kind !== 'escrow') throw new Error('an escrow was asked for');
  for (let at = 0; at < entries; at += limits.groupEntriesMax) {
    const drafts = Array.from({ length: Math.min(limits.groupEntriesMax, entries - at) }, () =>
      escrowLike(model),
    );
    await ledger.append('recovery', drafts);
    if (at % (limits.groupEntriesMax * 400) === 0 && at > 0)
      say(`snapshot: ${at} of ${entries} entries written`);
  }
}

function escrowLike(model: Extract<Draft, { kind: 'escrow' }>): Draft {
  const keyId = crypto.randomUUID() as Guid;
  return { kind: 'escrow', body: { ...model.body, keyId, commitment: nodePlatform.sha256(keyId) } };
}

async function compareWays(
  context: BenchContext,
  ledger: Ledger,
  files: Readonly<Record<'recovery' | 'compliance', string>>,
): Promise<Figure[]> {
  const writer = startWriter(ledger);
  try {
    const figures: Figure[] = [];
    let frozen: number[] = [];
    for (const how of ['capture', 'vacuum-into', 'backup'] as const) {
      const reports: z.infer<typeof report>[] = [];
      const sets = how === 'backup' ? 1 : SETS;
      const copy = async () => reports.push(await copyOnce(context, how, files));
      const { during, between } = await longestWaits(writer, copy, sets);
      if (how === 'capture') frozen = reports.map(({ frozenMs }) => frozenMs);
      const unfinished = reports.some(({ finished }) => !finished)
        ? ' (given up: every write begins it anew)'
        : '';
      for (const [rank, at] of [
        ['median', 0.5],
        ['p99', 0.99],
      ] as const) {
        figures.push({
          ...{
            bench: 'snapshot',
            name: `longest wait of a write, ${rank} of ${sets} sets: ${how}${unfinished}`,
          },
          ...{ value: percentile(during, at), unit: 'ms' as const },
          baseline: { name: 'in between, as long', value: percentile(between, at) },
          ...(how === 'capture' ? { aim: { atMost: 50 } } : {}),
        });
      }
      figures.push({
        ...{ bench: 'snapshot', name: `copying both stores: ${how}${unfinished}` },
        ...{ value: percentile(ascending(reports.map(({ ms }) => ms)), 0.5) / 1000, unit: 's' as const },
      });
    }
    const gate = { value: percentile(ascending(frozen), 0.99), unit: 'ms' as const, aim: { atMost: 50 } };
    return [{ bench: 'snapshot', name: `gate closed, p99 of ${SETS} sets`, ...gate }, ...figures];
  } finally {
    await writer.stop();
  }
}

interface Writer {
  /** the longest wait of a write since the last call */
  take(): number;
  stop(): Promise<void>;
}

/** One write after the other, each durable, to both stores in turn. */
function startWriter(ledger: Ledger): Writer {
  const [model] = distinctEscrows(1, 2);
  if (model?.kind !== 'escrow') throw new Error('an escrow was asked for');
  let longest = 0;
  const stopping = new AbortController();
  const done = (async () => {
    while (!stopping.signal.aborted) {
      const began = performance.now();
      await ledger.append('recovery', [escrowLike(model)]);
      longest = Math.max(longest, performance.now() - began);
      await nodePlatform.sleep(WRITE_EVERY_MS);
    }
  })();
  return {
    take: () => {
      const taken = longest;
      longest = 0;
      return taken;
    },
    stop: async () => {
      stopping.abort();
      await done;
    },
  };
}

/** The longest wait of a write during each round of work, and in a pause of the same length after it. */
async function longestWaits(
  writer: Writer,
  work: () => Promise<unknown>,
  rounds: number,
): Promise<{ during: number[]; between: number[] }> {
  const during: number[] = [];
  const between: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    writer.take();
    const began = performance.now();
    await work();
    const ms = performance.now() - began;
    during.push(writer.take());
    // What the copy left to be written to disk is no part of the pause.
    await nodePlatform.sleep(500);
    writer.take();
    await nodePlatform.sleep(ms);
    between.push(writer.take());
  }
  return { during: ascending(during), between: ascending(between) };
}

async function copyOnce(
  { folder }: BenchContext,
  how: string,
  files: Readonly<Record<'recovery' | 'compliance', string>>,
): Promise<z.infer<typeof report>> {
  const copies = path.join(folder, 'copies');
  await rm(copies, { recursive: true, force: true });
  await mkdir(copies);
  const source = path.join(packageRoot(), 'test/bench/capture.ts');
  const child = spawn(process.execPath, [source, how, files.recovery, files.compliance, copies], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  for await (const chunk of child.stdout) text += String(chunk);
  return report.parse(JSON.parse(text));
}

/** From a whole set: made and verified, cut for one edge, carried, and the edge started on it. */
async function seedAnEdge(
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
  for (let round = 0; round < SEED_ROUNDS; round += 1) rounds.push(await seedOnce(context, cluster, seed));
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
