/** libSQL servers for the contract suites: one sqld per test file, with its tables dropped for each new database. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createClient } from '@libsql/client';
import { onTestFinished } from 'vitest';
import { LibsqlEngine } from '../../central/libsql-engine.ts';
import { nodePlatform } from '../../central/platform.ts';
import { afterFile } from './cleanup.ts';
import { freePorts } from './cluster.ts';
import type { Host } from './node.ts';
import { Sqld, sqldToken } from './sqld.ts';

/** Both stores' names differ, as at an edge, so that one database of a server can hold both. */
export function sqldHost(portsFrom: number): Host {
  const idle: Sqld[] = [];
  const take = async (): Promise<Sqld> => {
    const free = idle.pop();
    if (free) {
      await empty(free);
      return free;
    }
    const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-sqld-'));
    const server = await Sqld.start(folder, await freePorts(portsFrom, 3));
    afterFile(async () => {
      await server.kill();
      await rm(folder, { recursive: true, force: true });
    });
    return server;
  };
  return {
    platform: nodePlatform,
    async database() {
      const server = await take();
      const engines: LibsqlEngine[] = [];
      onTestFinished(() => {
        for (const engine of engines) engine.close();
        idle.push(server);
      });
      return {
        async open() {
          const engine = await LibsqlEngine.open({ recovery: server.target, compliance: server.target });
          engines.push(engine);
          return engine;
        },
      };
    },
  };
}

async function empty(server: Sqld): Promise<void> {
  const client = createClient({ url: server.url, authToken: sqldToken() });
  const { rows } = await client.execute(
    `SELECT type, name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%' ` +
      `AND name NOT LIKE '_litestream%' AND name NOT LIKE 'libsql_%' ORDER BY type DESC`,
  );
  await client.batch(
    rows.map(({ type, name }) => `DROP ${type === 'view' ? 'VIEW' : 'TABLE'} "${name as string}"`),
    'write',
  );
  client.close();
}
