/** Snapshots put back at database servers, and those of servers into files: both ways, with equal tables. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { LibsqlEngine } from '../../central/libsql-engine.ts';
import { packageRoot } from '../../central/local/processes.ts';
import { createSnapshot } from '../../central/snapshot/create.ts';
import { drill } from '../../central/snapshot/drill.ts';
import { vectorIn } from '../../central/snapshot/inspect.ts';
import { restoreSet } from '../../central/snapshot/restore.ts';
import { restoreToServers } from '../../central/snapshot/restore-servers.ts';
import type { SnapshotSettings } from '../../central/snapshot/settings.ts';
import { SqliteEngine } from '../../central/snapshot/sqlite.ts';
import { STORES, type Store } from '../../shared/journal/entry.ts';
import { RESTORING } from '../../shared/journal/migrate.ts';
import { heldVectors } from '../../shared/replication/service.ts';
import { type SavedCentre, openLedger, writeSomething } from '../support/saved-centre.ts';
import { repositoryOf, verifyOptions } from '../support/snapshot.ts';
import { noSqld } from '../support/sqld.ts';
import { startServed } from '../support/sqld-saved-centre.ts';
import { type Servers, serverSettings } from '../support/sqld-settings.ts';

const PORTS_FROM = 11_660;

describe.skipIf(noSqld)(`restoring to and from database servers ${noSqld ?? ''}`, { timeout: 60_000 }, () => {
  let servers: Servers;
  let centre: SavedCentre;
  let served: SnapshotSettings;
  let setId = '';

  beforeAll(async () => {
    ({ servers, centre, served } = await startServed(PORTS_FROM));
    served = { ...served, folder: path.join(centre.folder, 'sets-of-servers') };
    await writeSomething(centre, 1_300, 1);
    setId = (await createSnapshot({ settings: centre.settings })).id;
  }, 60_000);

  const targets = () => ({ recovery: servers.recovery.target, compliance: servers.compliance.target });

  const set = () => repositoryOf(centre.settings).pathOf(setId);

  const restore = (force: boolean, stores: readonly Store[] = STORES) =>
    restoreToServers({
      ...{ ...verifyOptions(centre.settings), servers: targets(), stores, force },
      ...{ folder: set(), asideFolder: path.join(centre.folder, 'aside') },
    });

  /** The ledger of a centre over the servers, for `work`. */
  async function atServers<T>(
    work: (ledger: Awaited<ReturnType<typeof openLedger>>) => Promise<T>,
  ): Promise<T> {
    const engine = await LibsqlEngine.open(targets());
    try {
      return await work(await openLedger(engine, centre.identity));
    } finally {
      engine.close();
    }
  }

  it('fills empty servers from a set of files, which give the same set again; and that goes back into files', async () => {
    const { manifest } = await restore(false);
    const again = await createSnapshot({ settings: served });
    expect(again.verification).toMatchObject({ structure: 'verified', findings: [] });
    expect(again.manifest.cut).toEqual(manifest.cut);
    expect(again.manifest.stores).toEqual(manifest.stores);
    const folder = repositoryOf(served).pathOf(again.id);
    const options = { ...verifyOptions(centre.settings), folder };
    expect(await drill({ ...options, identity: centre.identity })).toMatchObject({ passed: true });
    const files = {
      recovery: path.join(centre.folder, 'back/recovery.db'),
      compliance: path.join(centre.folder, 'back/compliance.db'),
    };
    await restoreSet({ ...options, files, stores: STORES, force: false });
    for (const store of STORES) {
      const engine = new SqliteEngine(files[store], 'read');
      expect(vectorIn(engine, store)).toEqual(manifest.cut[store]);
      engine.close();
    }
  });

  it('replaces what a server holds only by force, keeps a copy of it, and a centre writes on in a new log', async () => {
    const newer = await atServers(async (ledger) => {
      await ledger.append('recovery', await centre.escrows(3, 2));
      return ledger.self;
    });
    await expect(restore(false)).rejects.toThrow(/--force/);
    const { stores, manifest } = await restore(true, ['recovery']);
    const copy = new SqliteEngine(stores[0]?.aside ?? '', 'read');
    expect(vectorIn(copy, 'recovery')[newer]).toBe(4);
    copy.close();
    await atServers(async (ledger) => {
      expect(heldVectors(ledger).recovery).toEqual(manifest.cut.recovery);
      await ledger.append('recovery', await centre.escrows(1, 3));
      expect(ledger.origins('recovery').has(newer)).toBe(false);
    });
  });

  it('does not replace what somebody is writing to', async () => {
    await atServers(async (ledger) => {
      const stop = new AbortController();
      const writing = (async () => {
        for (let seed = 10; !stop.signal.aborted; seed += 1)
          await ledger.append('recovery', await centre.escrows(1, seed));
      })();
      await expect(restore(true, ['recovery'])).rejects.toThrow(/is being written to/);
      stop.abort();
      await writing;
      await ledger.append('recovery', await centre.escrows(1, 4));
    });
  });

  it('that is killed in the middle leaves nothing that a centre starts over, and is done again', async () => {
    const identity = path.join(centre.folder, 'identity.json');
    await writeFile(identity, JSON.stringify(centre.identity));
    const env = {
      ...{ PATH: process.env['PATH'], HOLDFAST_DATA: path.join(centre.folder, 'data'), LANG: 'es_ES.UTF-8' },
      ...{ ...serverSettings(servers), HOLDFAST_IDENTITY_FILE: identity },
    };
    const program = path.join(packageRoot(), 'dist/central/cli/holdfast.js');
    const engine = await LibsqlEngine.open(targets());
    const count = async (sql: string): Promise<number> =>
      Number((await engine.rows('recovery', sql, []).catch(() => []))[0]?.[0] ?? 0);
    const marked = `SELECT count(*) FROM recovery_migrations WHERE name = '${RESTORING}'`;
    // One that was quicker than the kill is begun again.
    for (let tries = 0; tries < 5 && (await count(marked)) === 0; tries += 1) {
      const child = spawn(process.execPath, [program, 'snapshot', 'restore', set(), '--force'], {
        env,
        stdio: 'ignore',
      });
      while ((await count(marked)) === 0 && child.exitCode === null);
      child.kill('SIGKILL');
      if (child.exitCode === null) await once(child, 'close');
    }
    // Neither a start nor a write of one that runs.
    await expect(openLedger(engine, centre.identity)).rejects.toThrow(/being restored into the recovery/);
    expect(await count(`SELECT count(*) FROM sqlite_schema WHERE name = 'recovery_guard'`)).toBe(0);
    engine.close();
    const { manifest } = await restore(true);
    await atServers((ledger) => {
      expect(heldVectors(ledger)).toEqual(manifest.cut);
      return Promise.resolve();
    });
  });
});
