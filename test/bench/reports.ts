/**
 * Status reports of the fleet that MBAM names: 500,000 PCs, each every 90 minutes, all at one edge that holds as many
 * computers as `--devices` says. Nearly all say nothing new and are folded into the hourly roll-up, so what they leave
 * in the journal is measured as well.
 */
import type { Fleet } from '../../central/fleet/fleet.ts';
import { blast } from '../../central/fleet/prepare.ts';
import type { LocalCluster } from '../../central/local/cluster.ts';
import { addComputers, edgeFile } from './computers.ts';
import { bytesIn } from './sizes.ts';
import { type Figure, ascending, median, percentile } from './figures.ts';
import {
  type BenchContext,
  EDGE_A,
  enrolFleet,
  entriesHeld,
  openInstallation,
  processorMs,
  waitForEntries,
} from './installation.ts';
import { paced } from './load.ts';

const BENCH = 'reports';
/** 500,000 reports in 90 minutes. */
const PER_SECOND = 93;
const PACED_SECONDS = 45;
/** PCs that report for all of them; the others are there as entries. */
const FLEET = 1_000;
const MOST_REQUESTS = 3_000;
const CATCH_UP_MS_MAX = 10 * 60_000;

export async function benchReports(context: BenchContext): Promise<Figure[]> {
  const { devices, say } = context;
  const cluster = await openInstallation(context, [EDGE_A]);
  const edge = cluster.edgeUrl(EDGE_A);
  try {
    await cluster.edges.get(EDGE_A)?.stop();
    await addComputers(cluster, EDGE_A, devices, (what) => {
      say(`reports: ${what}`);
    });
    await cluster.startEdge(EDGE_A);
    await caughtUp(cluster);
    const fleet = await enrolFleet(cluster, FLEET);
    await fleet.encryptAll();
    await fleet.reportAll({ pauses: 2 });
    await blast(fleet.wire, await fleet.prepare('report', edge, FLEET), 16); // warms up the edge's compiler
    await caughtUp(cluster);
    say(`reports: ${String(PER_SECOND)} a second for ${String(PACED_SECONDS)} s …`);
    const figures = [
      ...(await atTheirRate(cluster, fleet, devices)),
      ...(await asManyAsItTakes(cluster, fleet, 'report', 'unchanged', context.rounds)),
      ...(await asManyAsItTakes(cluster, fleet, 'changed-report', 'changed', 1)),
    ];
    await fleet.close();
    return figures;
  } finally {
    await cluster.stopAll();
  }
}

async function caughtUp(cluster: LocalCluster): Promise<void> {
  const target = await entriesHeld(cluster.edgeUrl(EDGE_A));
  await waitForEntries(cluster.centreUrl, target, performance.now(), CATCH_UP_MS_MAX);
}

async function atTheirRate(cluster: LocalCluster, fleet: Fleet, devices: number): Promise<Figure[]> {
  const prepared = await fleet.prepare('report', cluster.edgeUrl(EDGE_A), PER_SECOND * PACED_SECONDS);
  const before = await stateOf(cluster);
  const { statuses, latenciesMs, seconds } = await paced(fleet.wire, prepared, PER_SECOND);
  const after = await stateOf(cluster);
  const answered = statuses.get(200) ?? 0;
  const grown = (what: keyof State): number => after[what] - before[what];
  const at = `unchanged reports at ${String(PER_SECOND)}/s, ${devices.toLocaleString('en')} computers held`;
  const figure = (name: string, value: number, unit: Figure['unit']): Figure => ({
    ...{ bench: BENCH, name: `${at}: ${name}`, value, unit },
  });
  return [
    { ...figure('answered with 200', (100 * answered) / prepared.length, '%'), aim: { atLeast: 100 } },
    ...[0.5, 0.99].map((share) => figure(`p${share * 100}`, percentile(latenciesMs, share), 'ms')),
    figure('processor taken by the edge (of one core)', grown('edgeMs') / seconds / 10, '%'),
    figure('processor taken by the centre (of one core)', grown('centreMs') / seconds / 10, '%'),
    { ...figure('of them became an entry', (100 * grown('entries')) / answered, '%'), aim: { atMost: 0 } },
    { ...figure('growth of the database by one', grown('bytes') / answered, 'bytes'), aim: { atMost: 1 } },
  ];
}

interface State {
  readonly edgeMs: number;
  readonly centreMs: number;
  readonly entries: number;
  /** of all pages in use */
  readonly bytes: number;
}

async function stateOf(cluster: LocalCluster): Promise<State> {
  const edge = cluster.edges.get(EDGE_A);
  if (!edge || !cluster.centre) throw new Error('the edge and the centre are to run');
  return {
    ...{ edgeMs: await processorMs(edge), centreMs: await processorMs(cluster.centre) },
    ...{ entries: await entriesHeld(edge.url), bytes: bytesIn(edgeFile(cluster, EDGE_A)) },
  };
}

async function asManyAsItTakes(
  cluster: LocalCluster,
  fleet: Fleet,
  kind: 'report' | 'changed-report',
  called: string,
  rounds: number,
): Promise<Figure[]> {
  const edge = cluster.edges.get(EDGE_A);
  if (!edge) throw new Error('the edge is to run');
  const perSecond: number[] = [];
  const perReport: number[] = [];
  const ms: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const prepared = await fleet.prepare(kind, edge.url, MOST_REQUESTS);
    const before = await processorMs(edge);
    const { seconds, statuses, latenciesMs } = await blast(fleet.wire, prepared, 64);
    if (statuses.get(200) !== prepared.length) throw new Error('a report was not answered with 200');
    perSecond.push(prepared.length / seconds);
    perReport.push(((await processorMs(edge)) - before) / prepared.length);
    ms.push(...latenciesMs);
  }
  const at = `${called} reports at 64 connections`;
  const sorted = ascending(ms);
  return [
    { bench: BENCH, name: at, value: median(perSecond), unit: '/s', aim: { atLeast: PER_SECOND } },
    ...[0.5, 0.99].map((share): Figure => ({
      ...{ bench: BENCH, name: `${at}: p${share * 100}`, value: percentile(sorted, share), unit: 'ms' },
    })),
    { bench: BENCH, name: `${at}: processor time of one`, value: median(perReport), unit: 'ms' },
  ];
}
