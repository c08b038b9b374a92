/**
 * How each cost grows: the same work over a tenth of the computers that `--devices` says, and over all of them. An edge
 * holds two entries of each; a centre catches up with it, an empty edge is filled from there, each is killed and started
 * again, and a fleet escrows on top. 500,000 computers are a million entries.
 */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { LocalCluster } from '../../central/local/cluster.ts';
import { type Run, bootstrap, catchUp } from './catchup.ts';
import { ENTRIES_PER_COMPUTER, addComputers, edgeFile } from './computers.ts';
import { type Aim, type Figure, median, percentile } from './figures.ts';
import {
  type BenchContext,
  EDGE_A,
  EDGE_B,
  enrolFleet,
  escrow,
  openInstallation,
  processorMs,
  residentMb,
} from './installation.ts';
import { bytesIn } from './sizes.ts';

const BENCH = 'scale';
const GROWTH = 10;
const FLEET = 200;
const ESCROWS = 3_000;
const STARTS = 3;
/** After a start, for the memory that it took to be given back. */
const SETTLE_MS = 3_000;

/** Deeper trees, and a machine that is not the same from one minute to the next. */
const NOISE = 1.2;

/** Each in its unit, by one entry where it says so. */
interface Costs {
  readonly entries: number;
  readonly catchUpMs: number;
  readonly catchUpPerSecond: number;
  readonly catchUpProcessorMs: number;
  readonly bootstrapMs: number;
  readonly bootstrapPerSecond: number;
  readonly bootstrapProcessorMs: number;
  readonly edgeStartMs: number;
  readonly centreAnswersMs: number;
  readonly centreStartMs: number;
  readonly escrowsPerSecond: number;
  readonly escrowP99Ms: number;
  readonly escrowProcessorMs: number;
  readonly edgeBytes: number;
  readonly centreBytes: number;
  readonly edgeMb: number;
  readonly centreMb: number;
}

export async function benchScale(context: BenchContext): Promise<Figure[]> {
  const small = await costsOf(context, Math.ceil(context.devices / GROWTH));
  const large = await costsOf(context, context.devices);
  return compare(small, large);
}

async function costsOf(context: BenchContext, computers: number): Promise<Costs> {
  const say = (what: string): void => {
    context.say(`scale, ${computers.toLocaleString('en')} computers: ${what}`);
  };
  const folder = path.join(context.folder, String(computers));
  const cluster = await openInstallation({ ...context, folder }, [EDGE_A]);
  try {
    const fleet = await enrolFleet(cluster, FLEET);
    await cluster.stopAll();
    await addComputers(cluster, EDGE_A, computers, say);
    await cluster.startEdge(EDGE_A);
    const pushed = await catchUp({ ...context, say }, cluster);
    const pulled = await bootstrap({ ...context, say }, cluster);
    await cluster.edges.get(EDGE_B)?.stop();
    const entries = computers * ENTRIES_PER_COMPUTER;
    const files = ['recovery.db', 'compliance.db'].map((name) => path.join(cluster.centreData, name));
    const sizes = {
      edgeBytes: bytesIn(edgeFile(cluster, EDGE_A)) / entries,
      centreBytes: files.reduce((sum, file) => sum + bytesIn(file), 0) / entries,
    };
    const starts = await restarts(cluster);
    say(`ready after ${Math.round(starts.edgeStartMs)} ms and ${Math.round(starts.centreStartMs)} ms`);
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    const memory = {
      edgeMb: await residentMb(cluster.edges.get(EDGE_A)),
      centreMb: await residentMb(cluster.centre),
    };
    await cluster.centre?.stop();
    const edge = cluster.edges.get(EDGE_A);
    if (!edge) throw new Error('the edge is to run');
    await escrow(fleet, edge.url, ESCROWS / 3, 16); // warms up the edge's compiler
    const before = await processorMs(edge);
    const { seconds, latenciesMs } = await escrow(fleet, edge.url, ESCROWS, 64);
    const escrowProcessorMs = ((await processorMs(edge)) - before) / ESCROWS;
    await fleet.close();
    const replicated = (run: Run) => [run.seconds * 1_000, run.perSecond, sum(run.processorMs)] as const;
    const [catchUpMs, catchUpPerSecond, catchUpProcessorMs] = replicated(pushed);
    const [bootstrapMs, bootstrapPerSecond, bootstrapProcessorMs] = replicated(pulled);
    return {
      ...{ entries, ...starts, ...sizes, ...memory, escrowProcessorMs },
      ...{ catchUpMs, catchUpPerSecond, catchUpProcessorMs },
      ...{ bootstrapMs, bootstrapPerSecond, bootstrapProcessorMs },
      ...{ escrowsPerSecond: ESCROWS / seconds, escrowP99Ms: percentile(latenciesMs, 0.99) },
    };
  } finally {
    await cluster.stopAll();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Each node is killed and started `STARTS` times, the other running: how long until it answers, and is ready. */
async function restarts(
  cluster: LocalCluster,
): Promise<Pick<Costs, 'edgeStartMs' | 'centreAnswersMs' | 'centreStartMs'>> {
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
  return { edgeStartMs: median(edges), centreAnswersMs: median(answers), centreStartMs: median(centres) };
}

function compare(small: Costs, large: Costs): Figure[] {
  const tenth = { name: `at ${small.entries.toLocaleString('en')} entries` };
  const at = `at ${large.entries.toLocaleString('en')} entries`;
  const figure = (of: keyof Costs, name: string, unit: Figure['unit'], laterAim?: Aim): Figure => ({
    ...{ bench: BENCH, name: `${name}, ${at}`, value: large[of], unit },
    baseline: { ...tenth, value: small[of] },
    ...(laterAim ? { laterAim } : {}),
  });
  /** Times as much for ten times the data; what is given by an entry has grown tenfold already. */
  const growth = (of: keyof Costs, name: string, linear: number): Figure => ({
    ...{
      bench: BENCH,
      name: `${name}: growth with ${String(GROWTH)} × the data (linear: ${String(linear)})`,
    },
    ...{ value: large[of] / small[of], unit: '×', laterAim: { atMost: linear * NOISE } },
  });
  const rate = { atLeast: 25_000 };
  return [
    figure('edgeStartMs', 'edge killed, ready again', 'ms', { atMost: 1_000 }),
    figure('centreAnswersMs', 'centre killed, answers again', 'ms', { atMost: 1_000 }),
    figure('centreStartMs', 'centre killed, ready again by the word of its edge', 'ms', { atMost: 1_000 }),
    figure('catchUpPerSecond', 'edge to centre', '/s', rate),
    figure('bootstrapPerSecond', 'centre to an empty edge', '/s', rate),
    figure('escrowsPerSecond', 'escrows at 64 connections', '/s'),
    figure('escrowP99Ms', 'escrows at 64 connections: p99', 'ms'),
    figure('edgeBytes', 'disk of one entry at the edge', 'bytes'),
    figure('centreBytes', 'disk of one entry at the centre', 'bytes'),
    figure('edgeMb', 'edge, resident after a start', 'MB', { atMost: 200 }),
    figure('centreMb', 'centre, resident after a start', 'MB'),
    perEntry('edge', small.edgeMb, large.edgeMb, large.entries - small.entries),
    perEntry('centre', small.centreMb, large.centreMb, large.entries - small.entries),
    growth('catchUpMs', 'catch-up, time', GROWTH),
    growth('catchUpProcessorMs', 'catch-up, processor time', GROWTH),
    growth('bootstrapMs', 'bootstrap, time', GROWTH),
    growth('bootstrapProcessorMs', 'bootstrap, processor time', GROWTH),
    growth('edgeStartMs', "edge's start", GROWTH),
    growth('centreAnswersMs', "centre's start", GROWTH),
    growth('escrowProcessorMs', 'one escrow, processor time', 1),
    growth('edgeBytes', 'disk of one entry at the edge', 1),
    growth('centreBytes', 'disk of one entry at the centre', 1),
  ];
}

function perEntry(node: string, smallMb: number, largeMb: number, entries: number): Figure {
  const value = ((largeMb - smallMb) * 2 ** 20) / entries;
  return { bench: BENCH, name: `memory of one more entry, ${node}`, value, unit: 'bytes' };
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}
