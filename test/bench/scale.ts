/**
 * How each cost grows: the same work over a tenth of the computers that `--devices` says, and over all of them. An edge
 * holds two entries of each; a centre catches up with it, an empty edge is filled from there, and a fleet escrows on top.
 * 250,000 computers are half a million entries.
 */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { type Run, bootstrap, catchUp } from './catchup.ts';
import { ENTRIES_PER_COMPUTER, addComputers, edgeFile } from './computers.ts';
import { type Figure, GROWTH, compareWith, percentile } from './figures.ts';
import {
  type BenchContext,
  EDGE_A,
  EDGE_B,
  enrolFleet,
  escrow,
  openInstallation,
  processorMs,
} from './installation.ts';
import { bytesIn } from './sizes.ts';

const FLEET = 200;
const ESCROWS = 3_000;

/** Each in its unit, by one entry where it says so. */
interface Costs {
  readonly entries: number;
  readonly catchUpMs: number;
  readonly catchUpPerSecond: number;
  readonly catchUpProcessorMs: number;
  readonly bootstrapMs: number;
  readonly bootstrapPerSecond: number;
  readonly bootstrapProcessorMs: number;
  readonly escrowsPerSecond: number;
  readonly escrowP99Ms: number;
  readonly escrowProcessorMs: number;
  readonly edgeBytes: number;
  readonly centreBytes: number;
}

export async function benchScale(context: BenchContext): Promise<Figure[]> {
  const small = await costsOf(context, Math.ceil(context.devices / GROWTH));
  const large = await costsOf(context, context.devices);
  const { at, growth } = compareWith('scale', small, large);
  const rate = { atLeast: 25_000 };
  return [
    at('catchUpPerSecond', 'edge to centre', '/s', rate),
    at('bootstrapPerSecond', 'centre to an empty edge', '/s', rate),
    at('escrowsPerSecond', 'escrows at 64 connections', '/s'),
    at('escrowP99Ms', 'escrows at 64 connections: p99', 'ms'),
    at('edgeBytes', 'disk of one entry at the edge', 'bytes'),
    at('centreBytes', 'disk of one entry at the centre', 'bytes'),
    growth('catchUpMs', 'catch-up, time', GROWTH),
    growth('catchUpProcessorMs', 'catch-up, processor time', GROWTH),
    growth('bootstrapMs', 'bootstrap, time', GROWTH),
    growth('bootstrapProcessorMs', 'bootstrap, processor time', GROWTH),
    growth('escrowProcessorMs', 'one escrow, processor time', 1),
    growth('edgeBytes', 'disk of one entry at the edge', 1),
    growth('centreBytes', 'disk of one entry at the centre', 1),
  ];
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
      centreBytes: sum(files.map(bytesIn)) / entries,
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
      ...{ entries, ...sizes, escrowProcessorMs },
      ...{ catchUpMs, catchUpPerSecond, catchUpProcessorMs },
      ...{ bootstrapMs, bootstrapPerSecond, bootstrapProcessorMs },
      ...{ escrowsPerSecond: ESCROWS / seconds, escrowP99Ms: percentile(latenciesMs, 0.99) },
    };
  } finally {
    await cluster.stopAll();
    await rm(folder, { recursive: true, force: true });
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}
