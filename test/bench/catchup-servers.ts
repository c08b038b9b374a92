/** Catching up into database servers: as `catchup.ts` does it into files, with a sync of the server before each answer. */
import path from 'node:path';
import { Sqld, noSqld } from '../support/sqld.ts';
import { serverSettings } from '../support/sqld-settings.ts';
import { catchUp, makeBacklog } from './catchup.ts';
import type { Figure } from './figures.ts';
import { type BenchContext, EDGE_A, openInstallation } from './installation.ts';
import { drainOutbox } from './outbox.ts';

/** The installation takes the ports before. */
const SERVERS_FROM = 10;
/** Its records are written one by one. */
const OUTBOX_MAX = 20_000;

export async function benchCatchUpIntoServers(context: BenchContext): Promise<Figure[]> {
  if (noSqld !== null) {
    context.say(`catch-up into database servers is left out: ${noSqld}`);
    return [];
  }
  const server = (store: string, index: number) =>
    Sqld.start(path.join(context.folder, store), context.port + SERVERS_FROM + index * 3);
  const servers = { recovery: await server('recovery', 0), compliance: await server('compliance', 1) };
  const peer = await server('peer', 2);
  const cluster = await openInstallation(context, [EDGE_A], serverSettings(servers));
  try {
    const { fleet } = await makeBacklog(context, cluster);
    await fleet.close();
    const { perSecond, processor } = await catchUp(context, cluster);
    const outbox = await drainOutbox(context.folder, peer.target, Math.min(context.entries, OUTBOX_MAX));
    const ours = { bench: 'catch-up', name: 'edge to centre on sqld, after an outage', value: perSecond };
    const times = perSecond / outbox.drainedPerSecond;
    return [
      {
        ...{ ...ours, unit: '/s', laterAim: { atLeast: 12_000 } },
        baseline: { name: 'an outbox by hand, by sets of 500', value: outbox.drainedPerSecond },
      },
      {
        bench: 'catch-up',
        name: 'of the outbox into sqld',
        value: times,
        unit: '×',
        laterAim: { atLeast: 3 },
      },
      { bench: 'catch-up', name: 'writes into that outbox', value: outbox.writesPerSecond, unit: '/s' },
      ...processor.map((figure) => ({ ...figure, name: `${figure.name}, into sqld` })),
    ];
  } finally {
    await cluster.stopAll();
    await servers.recovery.kill();
    await servers.compliance.kill();
    await peer.kill();
  }
}
