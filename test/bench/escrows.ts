/**
 * Durable escrows through the whole path of an edge in workerd, the centre being away: authentication, proof,
 * validation, two HPKE seals, journal, tables, fsync, receipt. Beside them the same machine's bare Durable Object, with
 * a transaction a request and with one for all that come in a turn, and plain SQLite, in alternating rounds, so that a
 * busy machine slows all of them.
 */
import { blast } from '../../central/fleet/prepare.ts';
import type { NodeProcess } from '../../central/local/processes.ts';
import { keepAliveWire } from '../../central/fleet/wire.ts';
import { bareRequests, plainSqlite, startBareObject } from './baselines.ts';
import { type Figure, ascending, median, percentile } from './figures.ts';
import {
  type BenchContext,
  EDGE_A,
  enrolFleet,
  escrow,
  openInstallation,
  processorMs,
  residentMb,
} from './installation.ts';

const BENCH = 'escrow';
const DEVICES = 600;
/** requests of one round, by connections */
const LOADS = [
  { connections: 1, requests: 300 },
  { connections: 16, requests: 2_000 },
  { connections: 64, requests: 3_000 },
] as const;
const SQLITE_RECORDS = 4_000;

interface Measured {
  readonly perSecond: number[];
  readonly ms: number[];
  /** processor time of one request, by round */
  readonly processorMs: number[];
}

export async function benchEscrows(context: BenchContext): Promise<Figure[]> {
  const cluster = await openInstallation(context, [EDGE_A]);
  const bare = await startBareObject(context.folder, context.port + 9);
  const bareWire = keepAliveWire(64);
  const edge = cluster.edgeUrl(EDGE_A);
  const edgeProcess = cluster.edges.get(EDGE_A);
  try {
    const idleMb = await residentMb(edgeProcess);
    const centreIdleMb = await residentMb(cluster.centre);
    const fleet = await enrolFleet(cluster, DEVICES);
    await cluster.centre?.stop();
    const edges = new Map<number, Measured>();
    const bares = new Map<number, Measured>();
    const grouped = new Map<number, Measured>();
    const sqlites = { single: [] as number[], grouped: [] as number[] };
    const shares: number[] = [];
    await escrow(fleet, edge, 1_000, 16); // warms up the edge's compiler
    for (const how of ['single', 'grouped'] as const)
      await blast(bareWire, bareRequests(bare.url, 2_000, how), 16);
    for (let round = 1; round <= context.rounds; round += 1) {
      for (const { connections, requests } of LOADS) {
        const ours = await metered(edgeProcess, () => escrow(fleet, edge, requests, connections));
        note(edges, connections, ours);
        if (connections === 64) shares.push(ours.generatorShare);
        const insert = (how: 'single' | 'grouped') =>
          metered(bare, () => blast(bareWire, bareRequests(bare.url, requests, how), connections));
        const theirs = await insert('single');
        note(bares, connections, theirs);
        const inGroups = await insert('grouped');
        note(grouped, connections, inGroups);
        context.say(
          `escrow, round ${round}, ${connections} connections: ${rate(ours)}/s, bare object ${rate(theirs)}/s, with group commit ${rate(inGroups)}/s`,
        );
      }
      for (const how of ['single', 'grouped'] as const)
        sqlites[how].push(await plainSqlite(context.folder, SQLITE_RECORDS, how));
    }
    const loadedMb = await residentMb(edgeProcess);
    await fleet.close();
    return [
      ...LOADS.flatMap(({ connections }) =>
        figuresOf(connections, edges.get(connections), bares.get(connections), grouped.get(connections)),
      ),
      ...(['single', 'grouped'] as const).map((how): Figure => ({
        bench: BENCH,
        name: 'durable acknowledgements at 64 connections',
        value: median(edges.get(64)?.perSecond ?? []),
        unit: '/s',
        baseline: {
          name: `plain SQLite, ${how === 'single' ? 'a transaction a record' : 'a transaction for 64'}`,
          value: median(sqlites[how]),
        },
      })),
      {
        bench: BENCH,
        name: 'processor taken by the load generator at 64 connections (of one core)',
        value: 100 * median(shares),
        unit: '%',
      },
      { bench: 'memory', name: 'centre, idle', value: centreIdleMb, unit: 'MB' },
      { bench: 'memory', name: 'edge, idle', value: idleMb, unit: 'MB', aim: { atMost: 200 } },
      { bench: 'memory', name: 'edge, after the escrows', value: loadedMb, unit: 'MB', aim: { atMost: 200 } },
    ];
  } finally {
    bareWire.close();
    await bare.stop();
    await cluster.stopAll();
  }
}

function rate({ seconds, latenciesMs }: { seconds: number; latenciesMs: Float64Array }): number {
  return Math.round(latenciesMs.length / seconds);
}

/** The processor time that a run took of a process: of all figures the one that a busy machine changes least. */
async function metered<T extends { readonly latenciesMs: Float64Array }>(
  node: NodeProcess | undefined,
  run: () => Promise<T>,
): Promise<T & { processorMs: number }> {
  if (!node) throw new Error('the process that is measured does not run');
  const before = await processorMs(node);
  const result = await run();
  return { ...result, processorMs: ((await processorMs(node)) - before) / result.latenciesMs.length };
}

function note(
  into: Map<number, Measured>,
  connections: number,
  result: { seconds: number; latenciesMs: Float64Array; processorMs: number },
): void {
  const { perSecond, ms, processorMs } = into.get(connections) ?? { perSecond: [], ms: [], processorMs: [] };
  into.set(connections, {
    perSecond: [...perSecond, result.latenciesMs.length / result.seconds],
    ms: [...ms, ...result.latenciesMs],
    processorMs: [...processorMs, result.processorMs],
  });
}

function figuresOf(connections: number, ours?: Measured, bare?: Measured, grouped?: Measured): Figure[] {
  if (!ours || !bare || !grouped) return [];
  const at = `at ${connections} connection${connections === 1 ? '' : 's'}`;
  const [mine, theirs] = [ascending(ours.ms), ascending(bare.ms)];
  const name = 'bare Durable Object';
  // Each round's own ratio: both sides of it met the same neighbours on the machine.
  const ratioTo = (to: Measured): number =>
    median(ours.perSecond.map((perSecond, round) => perSecond / (to.perSecond[round] ?? NaN)));
  return [
    {
      bench: BENCH,
      name: `durable acknowledgements ${at}`,
      value: median(ours.perSecond),
      unit: '/s',
      baseline: { name, value: median(bare.perSecond) },
    },
    {
      bench: BENCH,
      name: `of the bare object's ${at}`,
      value: ratioTo(bare),
      unit: '×',
      ...(connections === 64 ? { aim: { atLeast: 0.5 } } : {}),
    },
    {
      bench: BENCH,
      name: `of the bare object's with group commit ${at}`,
      value: ratioTo(grouped),
      unit: '×',
      baseline: { name: 'of it, without', value: ratioTo(bare) },
      ...(connections === 64 ? { laterAim: { atLeast: 0.7 } } : {}),
    },
    {
      bench: BENCH,
      name: `processor time of one ${at}`,
      value: median(ours.processorMs),
      unit: 'ms',
      baseline: { name, value: median(bare.processorMs) },
    },
    ...[0.5, 0.99].map((share): Figure => ({
      bench: BENCH,
      name: `p${share * 100} ${at}`,
      value: percentile(mine, share),
      unit: 'ms',
      baseline: { name, value: percentile(theirs, share) },
    })),
  ];
}
