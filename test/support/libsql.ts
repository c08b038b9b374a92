/** libSQL databases for tests: files in a folder that is removed afterwards, or in memory where no second process looks. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { LibsqlEngine } from '../../central/libsql-engine.ts';
import { nodePlatform } from '../../central/platform.ts';
import type { Database, Host } from './node.ts';

export const libsqlHost: Host = { platform: nodePlatform, database: () => Promise.resolve(fileDatabase()) };

function fileDatabase(): Database {
  const folder = mkdtempSync(path.join(tmpdir(), 'holdfast-test-'));
  const engines: LibsqlEngine[] = [];
  onTestFinished(() => {
    for (const engine of engines) engine.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    async open() {
      const url = (store: string) => ({ url: `file:${path.join(folder, `${store}.db`)}` });
      const engine = await LibsqlEngine.open({ recovery: url('recovery'), compliance: url('compliance') });
      engines.push(engine);
      return engine;
    },
  };
}

/** Much faster than a file; `open` gives one and the same engine, for its data lives in it. */
export const memoryHost: Host = {
  platform: nodePlatform,
  async database() {
    const engine = await LibsqlEngine.open({
      recovery: { url: ':memory:' },
      compliance: { url: ':memory:' },
    });
    onTestFinished(() => engine.close());
    return { open: () => Promise.resolve(engine) };
  },
};
