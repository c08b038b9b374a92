/** An installation whose centre stands on two database servers, one per store, whose power can be cut. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { LocalCluster } from '../../central/local/cluster.ts';
import type { Plan } from '../../central/local/plan.ts';
import { type NodeProcess, startCentreProcess } from '../../central/local/processes.ts';
import { nodePlatform } from '../../central/platform.ts';
import { STORES, type Store } from '../../shared/journal/entry.ts';
import { staffTokenHash } from '../../shared/staff/token.ts';
import { afterFile } from './cleanup.ts';
import { freePorts, startCluster } from './cluster.ts';
import { Sqld, SyncedPages } from './sqld.ts';
import { type Servers, serverSettings } from './sqld-settings.ts';

export interface ServedCluster {
  readonly cluster: LocalCluster;
  readonly servers: Servers;
  /** what each server's disk holds for sure */
  readonly synced: Readonly<Record<Store, SyncedPages>>;
}

/** Takes twenty ports from `portsFrom` on. */
export async function startServedCluster(portsFrom: number, plan?: Plan): Promise<ServedCluster> {
  const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-sqld-'));
  const port = await freePorts(portsFrom, 8);
  const started = await Promise.all(
    STORES.map(async (store, index) => {
      const server = await Sqld.start(path.join(folder, store), port + index * 4);
      const pages = await SyncedPages.watch(server, port + index * 4 + 3);
      afterFile(async () => {
        pages.close();
        await server.kill();
      });
      return { server, pages };
    }),
  );
  afterFile(() => rm(folder, { recursive: true, force: true }));
  const [recovery, compliance] = started;
  if (!recovery || !compliance) throw new Error('there is a server per store');
  const synced = { recovery: recovery.pages, compliance: compliance.pages };
  const servers = { recovery: recovery.server, compliance: compliance.server };
  const cluster = await startCluster(port + 8, plan, {
    ...serverSettings(servers, synced),
    HOLDFAST_SNAPSHOT_PLAIN: 'yes',
  });
  return { cluster, servers, synced };
}

/** Another process of the same centre: the same identity and databases, on another port. */
export function startSecondCentre(
  cluster: LocalCluster,
  port: number,
  env: Readonly<Record<string, string>> = {},
): Promise<NodeProcess> {
  return startCentreProcess({
    dataFolder: path.join(cluster.folder, 'centre-2'),
    identityFile: path.join(cluster.centreData, 'identity.json'),
    port,
    bootstrapTokenHash: staffTokenHash(nodePlatform, cluster.secrets.tokens.administrator),
    logFile: path.join(cluster.folder, 'logs/centre-2.log'),
    env: { ...cluster.centreEnv, ...env },
  });
}
