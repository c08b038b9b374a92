/**
 * Catching up. A backlog of real escrows is written at an edge while the centre is away; then the centre comes back
 * and the time runs until it holds everything. Then an empty edge is filled from the centre. Both are done once for
 * speed alone, and once more with a helpdesk asking all the time at the edge that is busy.
 */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { Fleet } from '../../central/fleet/fleet.ts';
import type { LocalCluster } from '../../central/local/cluster.ts';
import { plainSqlite } from './baselines.ts';
import type { Figure } from './figures.ts';
import { HelpdeskProbe } from './helpdesk.ts';
import {
  type BenchContext,
  EDGE_A,
  EDGE_B,
  enrolFleet,
  entriesHeld,
  escrow,
  openInstallation,
  processorMs,
  residentMb,
  waitForEntries,
  watchMemory,
} from './installation.ts';

/** A device may escrow 200 keys a day. */
const KEYS_PER_DEVICE = 150;
/** Escrows signed at once: they are sent well before their nonce ends. */
const PREPARED_MAX = 10_000;
const KEYS_ASKED_FOR = 200;

export async function benchCatchUp(context: BenchContext): Promise<Figure[]> {
  const cluster = await openInstallation(context, [EDGE_A]);
  try {
    const { fleet, seconds } = await makeBacklog(context, cluster);
    const keyIds = fleet.keyIds().slice(-context.entries).slice(0, KEYS_ASKED_FOR);
    await fleet.close();
    const token = cluster.secrets.tokens.advancedHelpdesk;
    const figures: Figure[] = [
      {
        bench: 'catch-up',
        name: 'escrows at 64 connections while the backlog was made',
        value: context.entries / seconds,
        unit: '/s',
      },
    ];

    const caughtUp = await catchUp(context, cluster);
    const sets = await plainSqlite(context.folder, context.entries, 'sets');
    figures.push(
      {
        ...speed('edge to centre, after an outage', caughtUp.perSecond),
        baseline: { name: 'plain inserts in sets of 500', value: sets },
      },
      ...caughtUp.processor,
      ...caughtUp.memory,
    );

    const filled = await bootstrap(context, cluster);
    figures.push(speed('centre to an empty edge', filled.perSecond), ...filled.processor, ...filled.memory);

    // Once more, now with people waiting; a lost centre makes the edge push everything again.
    await cluster.edges.get(EDGE_B)?.stop();
    const atB = new HelpdeskProbe(cluster.edgeUrl(EDGE_B), token, keyIds);
    const filledAgain = await bootstrap(context, cluster);
    figures.push(
      ...(await atB.stop('the bootstrap of that edge')),
      speed('centre to an empty edge, a helpdesk asking there', filledAgain.perSecond),
    );
    await cluster.edges.get(EDGE_B)?.stop();
    await cluster.centre?.stop();
    for (const file of ['recovery.db', 'compliance.db'])
      for (const suffix of ['', '-wal', '-shm'])
        await rm(path.join(cluster.centreData, file + suffix), { force: true });
    const atA = new HelpdeskProbe(cluster.edgeUrl(EDGE_A), token, keyIds);
    const pushedAgain = await catchUp(context, cluster);
    figures.push(
      ...(await atA.stop('the catch-up of a new centre from that edge')),
      speed('edge to a new centre, a helpdesk asking at the edge', pushedAgain.perSecond),
      {
        bench: 'memory',
        name: 'centre, after catch-up',
        value: await residentMb(cluster.centre),
        unit: 'MB',
      },
      {
        bench: 'memory',
        name: 'edge, after catch-up',
        value: await residentMb(cluster.edges.get(EDGE_A)),
        unit: 'MB',
        aim: { atMost: 200 },
      },
    );
    return figures;
  } finally {
    await cluster.stopAll();
  }
}

export async function makeBacklog(
  { entries, say }: BenchContext,
  cluster: LocalCluster,
): Promise<{ fleet: Fleet; seconds: number }> {
  const fleet = await enrolFleet(cluster, Math.ceil(entries / KEYS_PER_DEVICE));
  await waitForEntries(cluster.centreUrl, await entriesHeld(cluster.edgeUrl(EDGE_A)), performance.now());
  await cluster.centre?.stop();
  let seconds = 0;
  for (let left = entries; left > 0; left -= PREPARED_MAX) {
    const result = await escrow(fleet, cluster.edgeUrl(EDGE_A), Math.min(left, PREPARED_MAX), 64);
    seconds += result.seconds;
    say(`backlog: ${entries - Math.max(0, left - PREPARED_MAX)} of ${entries} escrows`);
  }
  return { fleet, seconds };
}

export interface Run {
  readonly seconds: number;
  readonly perSecond: number;
  /** taken by each node, of all entries together */
  readonly processorMs: readonly number[];
  readonly processor: Figure[];
  readonly memory: Figure[];
}

/** Starts the centre, and the edge anew so that it does not wait for its next try; until the centre holds all. */
export async function catchUp({ say }: BenchContext, cluster: LocalCluster): Promise<Run> {
  const target = await entriesHeld(cluster.edgeUrl(EDGE_A));
  await cluster.edges.get(EDGE_A)?.stop();
  await cluster.startCentre();
  const before = await entriesHeld(cluster.centreUrl);
  await cluster.startEdge(EDGE_A);
  return measure('catch-up', cluster, EDGE_A, cluster.centreUrl, before, target, say);
}

/** Starts an edge with an empty disk; until it holds all that the centre holds. */
export async function bootstrap({ say }: BenchContext, cluster: LocalCluster): Promise<Run> {
  await rm(cluster.edgeData(EDGE_B), { recursive: true, force: true });
  const target = await entriesHeld(cluster.centreUrl);
  await cluster.startEdge(EDGE_B);
  return measure('bootstrap', cluster, EDGE_B, cluster.edgeUrl(EDGE_B), 0, target, say);
}

/** From when the edge answers (it has just begun to replicate) until `at` holds `target` entries. */
async function measure(
  what: string,
  cluster: LocalCluster,
  edge: string,
  at: string,
  before: number,
  target: number,
  say: BenchContext['say'],
): Promise<Run> {
  const begin = performance.now();
  const [atEdge, atCentre] = [watchMemory(cluster.edges.get(edge)), watchMemory(cluster.centre)];
  const processors = [cluster.edges.get(edge), cluster.centre].flatMap((node) => (node ? [node] : []));
  const used = await Promise.all(processors.map(processorMs));
  const seconds = await waitForEntries(at, target, begin);
  const perSecond = (target - before) / seconds;
  const taken = (await Promise.all(processors.map(processorMs))).map((ms, index) => ms - (used[index] ?? 0));
  const processor = processors.map((node, index): Figure => ({
    bench: 'catch-up',
    name: `processor time of one entry, ${node === cluster.centre ? 'centre' : 'edge'}, ${what}`,
    value: (1_000 * (taken[index] ?? NaN)) / (target - before),
    unit: 'µs',
  }));
  say(`${what}: ${target - before} entries in ${seconds.toFixed(2)} s, ${Math.round(perSecond)}/s`);
  const mb = (name: string, value: number): Figure => ({
    bench: 'memory',
    name: `${name}, most during ${what}`,
    value,
    unit: 'MB',
  });
  return {
    ...{ seconds, perSecond, processor },
    processorMs: taken,
    memory: [{ ...mb('edge', atEdge.stop()), aim: { atMost: 200 } }, mb('centre', atCentre.stop())],
  };
}

function speed(name: string, value: number): Figure {
  const people = name.includes('helpdesk');
  return {
    bench: 'catch-up',
    name,
    value,
    unit: '/s',
    ...(people ? {} : { aim: { atLeast: 15_000 }, laterAim: { atLeast: 25_000 } }),
  };
}
