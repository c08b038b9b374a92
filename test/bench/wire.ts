/**
 * Bytes on the wire when nothing changes: between an edge and its centre while both are idle, for the hourly roll-up of
 * devices that said nothing new, and between a device and its edge. Everything that TCP carries is counted in between,
 * headers of HTTP included, in both directions; a terminator's TLS would come on top.
 */
import { blast } from '../../central/fleet/prepare.ts';
import type { LocalCluster } from '../../central/local/cluster.ts';
import { nodePlatform } from '../../central/platform.ts';
import { SqliteEngine } from '../../central/snapshot/sqlite.ts';
import { migrations } from '../../migrations/index.ts';
import { limits } from '../../shared/limits.ts';
import { openNode } from '../../shared/node.ts';
import { VERSION } from '../../shared/version.ts';
import { addComputers, edgeFile } from './computers.ts';
import { type Counter, countBetween } from './counter.ts';
import type { Figure } from './figures.ts';
import {
  type BenchContext,
  EDGE_A,
  enrolFleet,
  entriesHeld,
  openInstallation,
  waitForEntries,
} from './installation.ts';

const BENCH = 'wire';
const DAY_MS = 86_400_000;
/** All periods of an idle pair fit into it many times. */
const IDLE_MS = 180_000;
/** After a start, until the few tables there are were compared. */
const COMPARED_MS = 120_000;
const SETTLE_MS = 5_000;
const ROLLED_UP = 5_000;
const FLEET = 50;
const REPORTS = 500;
const REPORTS_PER_DAY = DAY_MS / limits.reportEveryMs;
/** Devices of a branch whose edge is idle: they share what the edge itself costs. */
const BRANCHES = [50, 500, 5_000];

export async function benchWire(context: BenchContext): Promise<Figure[]> {
  const cluster = await openInstallation(context, [EDGE_A]);
  const toCentre = await countBetween(context.port + 8, context.port);
  const toEdge = await countBetween(context.port + 7, cluster.edgePort(EDGE_A));
  try {
    const fleet = await enrolFleet(cluster, FLEET);
    await fleet.encryptAll();
    await fleet.reportAll({ pauses: 2 });
    const node = `http://127.0.0.1:${String(context.port + 7)}`;
    const prepared = await fleet.prepare('report', node, REPORTS + FLEET);
    await blast(fleet.wire, prepared.slice(0, FLEET), 1); // the first of each may say something new
    toEdge.take();
    await blast(fleet.wire, prepared.slice(FLEET), 1);
    const report = toEdge.take() / REPORTS;
    await fleet.close();
    await cluster.edges.get(EDGE_A)?.stop();
    await cluster.startEdge(EDGE_A, context.port + 8);
    context.say(`wire: an idle edge for ${String(IDLE_MS / 1_000)} s …`);
    await nodePlatform.sleep(COMPARED_MS);
    toCentre.take();
    await nodePlatform.sleep(IDLE_MS);
    const idle = (toCentre.take() * DAY_MS) / IDLE_MS;
    const mention = await rollUp(context, cluster, toCentre);
    const bytes = (name: string, value: number): Figure => ({ bench: BENCH, name, value, unit: 'bytes' });
    return [
      bytes('an edge and its centre, idle: a day', idle),
      bytes('a device in the hourly roll-up, once', mention),
      ...BRANCHES.map((devices): Figure => ({
        ...bytes(
          `edge and centre, a device-day when nothing changes, ${devices.toLocaleString('en')} devices`,
          idle / devices + REPORTS_PER_DAY * mention,
        ),
        laterAim: { atMost: 200 },
      })),
      bytes('device and edge: one unchanged report', report),
      bytes('device and edge: a device-day', REPORTS_PER_DAY * report),
    ];
  } finally {
    await cluster.stopAll();
    toCentre.close();
    toEdge.close();
  }
}

/** What one device more costs in a roll-up: a start with one to be sent, beside a start with nothing to be sent. */
async function rollUp(context: BenchContext, cluster: LocalCluster, counter: Counter): Promise<number> {
  const start = async (): Promise<number> => {
    const target = await entriesHeld((await cluster.startEdge(EDGE_A, context.port + 8)).url);
    await waitForEntries(cluster.centreUrl, target, performance.now());
    await nodePlatform.sleep(SETTLE_MS);
    return counter.take();
  };
  await cluster.edges.get(EDGE_A)?.stop();
  await addComputers(cluster, EDGE_A, ROLLED_UP, context.say);
  await start();
  await cluster.edges.get(EDGE_A)?.stop();
  counter.take();
  const without = await start();
  await cluster.edges.get(EDGE_A)?.stop();
  counter.take();
  await writeRollUp(cluster);
  return ((await start()) - without) / ROLLED_UP;
}

/** By the edge's own code, an hour after the last: each device was seen at some time in it. */
async function writeRollUp(cluster: LocalCluster): Promise<void> {
  const identity = cluster.secrets.edges[EDGE_A];
  if (!identity) throw new Error('the edge has no identity');
  const engine = new SqliteEngine(edgeFile(cluster, EDGE_A), 'write');
  try {
    const node = await openNode({
      ...{ engine, platform: nodePlatform, migrations, identity, peers: [], version: VERSION },
      ...{ log: () => undefined, sliceEntries: 1, bootstrapTokenHash: null },
    });
    const seen =
      'UPDATE local_seen SET rolled_up = 0, counter = counter + abs(random()) % 50, seen_at = seen_at + abs(random()) % ?';
    await node.ledger.note('compliance', [{ sql: seen, args: [limits.seenRollupMs] }]);
    await node.statuses.rollUp();
    await node.stop();
  } finally {
    engine.close();
  }
}
