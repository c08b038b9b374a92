/**
 * How soon a node that was killed is ready again, over a tenth of the computers that `--devices` says and over all of
 * them; 500,000 are a million entries. What it then takes of memory is measured with it.
 */
import { copyFile, rm } from 'node:fs/promises';
import path from 'node:path';
import type { LocalCluster } from '../../central/local/cluster.ts';
import { ENTRIES_PER_COMPUTER, addComputers, edgeFile } from './computers.ts';
import { type Figure, GROWTH, compareWith, median } from './figures.ts';
import { type BenchContext, EDGE_A, openInstallation, residentMb } from './installation.ts';

const STARTS = 5;
/** After a start, for the memory that it took to be given back. */
const SETTLE_MS = 3_000;

interface Costs {
  readonly entries: number;
  readonly edgeMs: number;
  readonly centreAnswersMs: number;
  readonly centreMs: number;
  readonly edgeMb: number;
  readonly centreMb: number;
}

export async function benchRestart(context: BenchContext): Promise<Figure[]> {
  const small = await costsOf(context, Math.ceil(context.devices / GROWTH));
  const large = await costsOf(context, context.devices);
  const { at, growth } = compareWith('restart', small, large);
  const second = { atMost: 1_000 };
  const more = large.entries - small.entries;
  const perEntry = (node: string, mb: number): Figure => ({
    ...{ bench: 'restart', name: `memory of one more entry, ${node}`, unit: 'bytes' },
    value: (mb * 2 ** 20) / more,
  });
  return [
    at('edgeMs', 'edge killed, ready again', 'ms', second),
    at('centreAnswersMs', 'centre killed, answers again', 'ms', second),
    at('centreMs', 'centre killed, ready again by the word of its edge', 'ms', second),
    at('edgeMb', 'edge, resident after a start', 'MB', { atMost: 200 }),
    at('centreMb', 'centre, resident after a start', 'MB'),
    perEntry('edge', large.edgeMb - small.edgeMb),
    perEntry('centre', large.centreMb - small.centreMb),
    growth('edgeMs', "edge's start", GROWTH),
    growth('centreAnswersMs', "centre's start", GROWTH),
  ];
}

async function costsOf(context: BenchContext, computers: number): Promise<Costs> {
  const folder = path.join(context.folder, String(computers));
  const say = (what: string): void => {
    context.say(`restart, ${computers.toLocaleString('en')} computers: ${what}`);
  };
  const cluster = await openInstallation({ ...context, folder }, [EDGE_A]);
  try {
    await cluster.stopAll();
    await addComputers(cluster, EDGE_A, computers, say);
    // An edge's file has the tables of both stores, and a centre that holds the same looks at those of one in each.
    for (const store of ['recovery', 'compliance']) {
      for (const suffix of ['-wal', '-shm'])
        await rm(path.join(cluster.centreData, `${store}.db${suffix}`), { force: true });
      await copyFile(edgeFile(cluster, EDGE_A), path.join(cluster.centreData, `${store}.db`));
    }
    await cluster.startCentre();
    await cluster.startEdge(EDGE_A);
    await cluster.ready(cluster.centreUrl);
    const times = await restarts(cluster);
    say(`ready after ${Math.round(times.edgeMs)} ms and ${Math.round(times.centreMs)} ms`);
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    return {
      ...{ entries: computers * ENTRIES_PER_COMPUTER, ...times },
      edgeMb: await residentMb(cluster.edges.get(EDGE_A)),
      centreMb: await residentMb(cluster.centre),
    };
  } finally {
    await cluster.stopAll();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Each node is killed and started `STARTS` times, the other running: how long until it answers, and is ready. */
async function restarts(
  cluster: LocalCluster,
): Promise<Pick<Costs, 'edgeMs' | 'centreAnswersMs' | 'centreMs'>> {
  const edges: number[] = [];
  const answers: number[] = [];
  const centres: number[] = [];
  for (let start = 0; start < STARTS; start += 1) {
    await cluster.edges.get(EDGE_A)?.stop('SIGKILL');
    let began = performance.now();
    await cluster.startEdge(EDGE_A);
    await cluster.ready(cluster.edgeUrl(EDGE_A));
    edges.push(performance.now() - began);
    await cluster.centre?.stop('SIGKILL');
    began = performance.now();
    await cluster.startCentre();
    answers.push(performance.now() - began);
    await cluster.ready(cluster.centreUrl);
    centres.push(performance.now() - began);
  }
  return { edgeMs: median(edges), centreAnswersMs: median(answers), centreMs: median(centres) };
}
