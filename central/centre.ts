/** A running centre: the application core over libSQL, served by Node. Used by the program and by its tests alike. */
import { mkdir } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { serve, type ServerType } from '@hono/node-server';
import { migrations } from '../migrations/index.ts';
import { createApp } from '../shared/http/app.ts';
import { EngineError } from '../shared/journal/engine.ts';
import { STORES, type Store } from '../shared/journal/entry.ts';
import { limits } from '../shared/limits.ts';
import { type HoldfastNode, openNode } from '../shared/node.ts';
import type { Log } from '../shared/platform.ts';
import { VERSION } from '../shared/version.ts';
import { releaseRoutes } from './release/routes.ts';
import { FILE_GONE } from './database-file.ts';
import { LibsqlEngine } from './libsql-engine.ts';
import { nodePlatform } from './platform.ts';
import { roomIn } from './room-store.ts';
import { type CentreSettings, SettingError } from './settings.ts';
import { repositoryFor } from './snapshot/repository.ts';
import { snapshotRoutes } from './snapshot/routes.ts';
import { SnapshotService } from './snapshot/service.ts';
import type { SnapshotSettings } from './snapshot/settings.ts';
import { thawFromInside } from './snapshot/turn.ts';
import { engineFault, fault } from './words/fault.ts';
import { TlsAuthority } from './tls/authority.ts';
import { TLS_AUTHORITY_FILE_NAME } from './tls/file.ts';
import { tlsRoutes } from './tls/routes.ts';

/** Entries one absorbing transaction applies: a whole answer, so that it costs one sync of the disk. */
const CENTRE_SLICE_ENTRIES = 1_000;

export interface RunningCentre {
  readonly node: HoldfastNode;
  readonly url: string;
  stop(): Promise<void>;
}

/** What makes snapshots: their settings, and the environment for the process that makes them. */
export interface SnapshotOptions {
  readonly settings: SnapshotSettings;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Opens the databases and serves. Throws SettingError, MigrationError or IdentityError with one sentence. */
export async function startCentre(
  settings: CentreSettings,
  log: Log,
  snapshots: SnapshotOptions | null = null,
): Promise<RunningCentre> {
  const engine = await openEngine(settings, log);
  // A start that has something to write does not wait for as long as the freeze of a killed process can last.
  if (snapshots) await thawFromInside(repositoryFor(snapshots.settings), engine);
  const node = await openNode({
    engine,
    platform: nodePlatform,
    migrations,
    identity: settings.identity,
    log,
    sliceEntries: CENTRE_SLICE_ENTRIES,
    peers: [],
    version: VERSION,
    bootstrapTokenHash: settings.bootstrapTokenHash,
    ...(engine.kind === 'libsql-file' ? { room: roomIn(settings.dataFolder) } : {}),
  });
  const { alarms, metrics, authority } = node;
  const service =
    snapshots &&
    new SnapshotService(snapshots.settings, snapshots.env, { alarms, metrics, authority, engine }, log);
  const app = createApp(node, [
    releaseRoutes(settings.dataFolder),
    tlsRoutes(await openAuthority(settings)),
    ...(service ? [snapshotRoutes(service)] : []),
  ]);
  const server = await listen((request) => app.fetch(request), settings);
  node.start();
  service?.start();
  // Each commit looks as well; this tells of it where nobody writes.
  const looking = setInterval(() => {
    for (const store of engine.gone()) node.alarms.raise('storage', store, FILE_GONE);
  }, limits.databaseLookMs);
  const { port } = server.address() as AddressInfo;
  return {
    node,
    url: `http://${settings.host}:${String(port)}`,
    stop: async () => {
      clearInterval(looking);
      await new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
        if ('closeAllConnections' in server) server.closeAllConnections();
      });
      await service?.stop();
      await node.stop();
      engine.close();
    },
  };
}

async function openAuthority({ tlsAuthority }: CentreSettings): Promise<TlsAuthority | null> {
  if (!tlsAuthority) return null;
  try {
    return await TlsAuthority.open(tlsAuthority, nodePlatform);
  } catch {
    throw new SettingError(fault('tlsOtherKey', TLS_AUTHORITY_FILE_NAME));
  }
}

async function openEngine(settings: CentreSettings, log: Log): Promise<LibsqlEngine> {
  let engine: LibsqlEngine;
  try {
    await mkdir(settings.dataFolder, { recursive: true, mode: 0o700 });
    engine = await LibsqlEngine.open(settings.databases);
  } catch (error) {
    const why = error instanceof EngineError ? engineFault(error) : fault('unopenable');
    throw new SettingError(fault('databasesUnusable', settings.dataFolder, why));
  }
  for (const store of STORES) {
    if (engine.served(store)) await tryServer(engine, store, settings.databases[store].url, log);
  }
  return engine;
}

/** Throws SettingError naming the setting that a database server does not work with. */
async function tryServer(engine: LibsqlEngine, store: Store, url: string, log: Log): Promise<void> {
  const name = `HOLDFAST_${store.toUpperCase()}`;
  const { host } = new URL(url);
  try {
    // A write that changes nothing, for a token may be good for reading alone.
    await engine.batch(store, [{ sql: 'DROP TABLE IF EXISTS "holdfast_no_such_table"', args: [] }]);
  } catch (error) {
    if (error instanceof EngineError && error.reason === 'unauthorised')
      throw new SettingError(fault('tokenRefused', `${name}_TOKEN`, `${name}_URL`, host));
    throw new SettingError(fault('noServer', `${name}_URL`, host));
  }
  const checkpoint = engine.served(store)?.checkpoint;
  if (!checkpoint) {
    log(
      'warn',
      `${name}_ADMIN_URL is not set: nobody tells the database server to sync, so receipts promise no durability at the centre`,
      { store },
    );
    return;
  }
  try {
    await checkpoint();
  } catch (error) {
    if (error instanceof EngineError && error.reason === 'unauthorised')
      throw new SettingError(fault('adminKeyRefused', `${name}_ADMIN_KEY`, `${name}_ADMIN_URL`));
    const why = error instanceof EngineError ? engineFault(error) : fault('noAnswer');
    throw new SettingError(fault('unsyncable', `${name}_ADMIN_URL`, why));
  }
}

function listen(
  fetch: (request: Request) => Response | Promise<Response>,
  settings: CentreSettings,
): Promise<ServerType> {
  return new Promise((resolve, reject) => {
    const server = serve({ fetch, hostname: settings.host, port: settings.port });
    server.once('listening', () => {
      resolve(server);
    });
    server.once('error', (error: Error & { code?: string }) => {
      const why = fault(error.code === 'EADDRINUSE' ? 'inUse' : 'unlistenable');
      reject(new SettingError(fault('port', settings.port, why)));
    });
  });
}
