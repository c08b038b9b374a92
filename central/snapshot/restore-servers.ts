/**
 * Puts a snapshot set back at database servers, or one store of it: nothing of a server's disk is touched, so it may
 * stand anywhere and be of any make that answers libSQL's protocol.
 *
 *     copy of what is there ─▶ frozen, and nothing was written since? ─▶ emptied, and marked ─▶ rows, page by page,
 *     each read back and compared with the verified file ─▶ the mark goes, and the tables that every write needs come
 *
 * From the emptying on, and until all of it is there, the server's migrations name `RESTORING`: no centre starts over it,
 * and none that runs can write, for the table that every write transaction begins with is made last. An interrupted
 * restore is therefore plain to see, and is done again from its beginning.
 */
import { rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync, backup } from 'node:sqlite';
import { EngineError, type SqlValue, type Statement } from '../../shared/journal/engine.ts';
import { STORES, type Store } from '../../shared/journal/entry.ts';
import { clearFreeze, selectFreeze, setFreeze } from '../../shared/journal/freeze.ts';
import { RESTORING } from '../../shared/journal/migrate.ts';
import { selectTips } from '../../shared/journal/statements.ts';
import { limits } from '../../shared/limits.ts';
import { LibsqlEngine, type LibsqlTarget } from '../libsql-engine.ts';
import { nodePlatform } from '../platform.ts';
import { engineFault, fault } from '../words/fault.ts';
import { openReplica } from './capture-servers.ts';
import { SnapshotError } from './capture.ts';
import { makeFolder, syncFile, syncFolder } from './disk.ts';
import { type RestoreOptions, RestoreError, type Restored, restoreSet, stampOf } from './restore.ts';
import { SqliteEngine, settle } from './sqlite.ts';
import { type Table, insertPage, pageOf, quoted, rowsIn, selectPage, tablesIn } from './table-pages.ts';
import { withScratch } from './verify.ts';

/** Made last: without them nobody writes. */
const LAST = (store: Store): readonly string[] => [`${store}_guard`, `${store}_freeze`];

export interface ServerRestoreOptions extends Omit<RestoreOptions, 'files'> {
  readonly servers: Readonly<Record<Store, LibsqlTarget>>;
  /** where a copy is kept of what is replaced */
  readonly asideFolder: string;
}

export async function restoreToServers(options: ServerRestoreOptions): Promise<Restored> {
  const { servers, stores, force, scratch: parent } = options;
  const engine = await LibsqlEngine.open(servers);
  try {
    // Where its logs end: what is verified meanwhile takes long enough to see whether somebody writes.
    const living = new Map<Store, string>();
    for (const store of stores)
      if (await isLiving(engine, store)) living.set(store, await tipsAt(engine, store));
    const [first] = living.keys();
    if (first !== undefined && !force)
      throw new RestoreError(fault('databaseThere', first, hostOf(servers[first])));
    return await withScratch(parent, async (scratch) => {
      const files = {
        recovery: path.join(scratch, 'recovery.db'),
        compliance: path.join(scratch, 'compliance.db'),
      };
      const restored = await restoreSet({ ...options, files, stores: STORES, force: false });
      const done: { store: Store; place: string; aside: string | null }[] = [];
      for (const store of stores) {
        const tips = living.get(store);
        const aside = tips === undefined ? null : await keepAside(engine, store, tips, options, scratch);
        await fill(engine, store, files[store], options.onProgress);
        done.push({ store, place: hostOf(servers[store]), aside });
      }
      return { ...restored, stores: done };
    });
  } catch (error) {
    if (error instanceof EngineError) throw new RestoreError(fault('serversAmiss', engineFault(error)));
    if (error instanceof SnapshotError) throw new RestoreError(error.fault);
    throw error;
  } finally {
    engine.close();
  }
}

function hostOf({ url }: LibsqlTarget): string {
  return new URL(url).host;
}

/** Whether a store holds entries of anybody; what an interrupted restore left is nobody's. */
async function isLiving(engine: LibsqlEngine, store: Store): Promise<boolean> {
  const names = new Set(
    (await engine.rows(store, `SELECT name FROM sqlite_schema WHERE type = 'table'`, [])).map(
      ([name]) => name,
    ),
  );
  if (!names.has(`${store}_origins`)) return false;
  const [mark] = await engine.rows(store, `SELECT 1 FROM "${store}_migrations" WHERE name = ?`, [RESTORING]);
  if (mark) return false;
  return (await engine.rows(store, `SELECT 1 FROM "${store}_origins" LIMIT 1`, [])).length > 0;
}

/** A copy of the store as it is, after which nothing is written to it; gives the copy's file. */
async function keepAside(
  engine: LibsqlEngine,
  store: Store,
  tips: string,
  { servers, asideFolder }: ServerRestoreOptions,
  scratch: string,
): Promise<string> {
  const file = path.join(scratch, 'replica', `${store}.db`);
  const { client } = await openReplica(store, file, servers[store]);
  await client.sync();
  client.close();
  await makeFolder(asideFolder);
  const aside = path.join(asideFolder, `${store}-${stampOf(nodePlatform.now())}.db`);
  const reader = new DatabaseSync(file, { readOnly: true });
  try {
    await backup(reader, `${aside}.new`);
  } finally {
    reader.close();
  }
  settle(`${aside}.new`);
  await syncFile(`${aside}.new`);
  const holder = `restore-${stampOf(nodePlatform.now())}`;
  await engine.batch(store, [setFreeze(store, holder, limits.freezeMsMax)]);
  const copy = new SqliteEngine(`${aside}.new`, 'read');
  const kept = JSON.stringify([...copy.iterate(tipsOf(store))]);
  copy.close();
  const [frozen] = await engine.rows(store, selectFreeze(store), []);
  if (frozen?.[0] !== holder || kept !== tips || (await tipsAt(engine, store)) !== tips) {
    await engine.batch(store, [clearFreeze(store, holder)]);
    await rm(`${aside}.new`, { force: true });
    throw new RestoreError(fault('storeWritten', store, hostOf(servers[store])));
  }
  await rename(`${aside}.new`, aside);
  await syncFolder(asideFolder);
  return aside;
}

const tipsOf = (store: Store): string => `${selectTips(store)} ORDER BY origin`;

async function tipsAt(engine: LibsqlEngine, store: Store): Promise<string> {
  return JSON.stringify(await engine.rows(store, tipsOf(store), []));
}

async function fill(
  engine: LibsqlEngine,
  store: Store,
  file: string,
  onProgress: RestoreOptions['onProgress'],
): Promise<void> {
  const from = new SqliteEngine(file, 'read');
  try {
    const tables = tablesIn(from);
    const migrationsTable = `${store}_migrations`;
    const now = tables.filter(({ name }) => !LAST(store).includes(name));
    await empty(engine, store, now.find(({ name }) => name === migrationsTable)?.sql ?? '');
    const others = [
      ...from.iterate(
        `SELECT sql FROM sqlite_schema WHERE type IN ('index', 'view') AND sql IS NOT NULL AND tbl_name NOT IN (?, ?) ORDER BY type = 'view', rowid`,
        LAST(store),
      ),
    ].map(([sql]) => plain(String(sql)));
    const made = now.filter(({ name }) => name !== migrationsTable).map(({ sql }) => plain(sql));
    await engine.batch(store, [...made, ...others]);
    const all = now.map(({ name }) => rowsIn(from, name)).reduce((sum, rows) => sum + rows, 0);
    let done = 0;
    for (const table of now) {
      if (table.name === migrationsTable) continue;
      for (let after = 0; ;) {
        const page = pageOf(from, table, after);
        const last = page.at(-1);
        if (!last) break;
        await engine.batch(store, insertPage(table, page));
        await requireSame(engine, store, table, after, page);
        after = Number(last[0]);
        onProgress(`restore ${store}`, (done += page.length), all);
      }
    }
    await finish(engine, store, from, tables);
  } finally {
    from.close();
  }
  // A server acknowledges before it has synced (`libsql-server.ts`).
  await engine.served(store)?.checkpoint?.();
}

const plain = (sql: string): Statement => ({ sql, args: [] });

/** Everything goes, and the mark comes, in one transaction. */
async function empty(engine: LibsqlEngine, store: Store, migrationsSql: string): Promise<void> {
  const there = await engine.rows(
    store,
    `SELECT type, name FROM sqlite_schema WHERE type IN ('view', 'table') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE 'libsql\\_%' ESCAPE '\\' ORDER BY type DESC`,
    [],
  );
  await engine.batch(store, [
    ...there.map(([type, name]) => plain(`DROP ${String(type)} ${quoted(String(name))}`)),
    plain(migrationsSql),
    {
      sql: `INSERT INTO "${store}_migrations" (position, name, checksum, applied_at, additive) VALUES (1, ?, '', ?, 0)`,
      args: [RESTORING, nodePlatform.now()],
    },
  ]);
}

/** The last transaction: the store is whole, and everybody's. */
async function finish(
  engine: LibsqlEngine,
  store: Store,
  from: SqliteEngine,
  tables: readonly Table[],
): Promise<void> {
  const migrationsTable = tables.find(({ name }) => name === `${store}_migrations`);
  if (!migrationsTable) throw new Error('a verified file has its migrations');
  const sequences = [...from.iterate('SELECT name, seq FROM sqlite_sequence')];
  await engine.batch(store, [
    ...tables.filter(({ name }) => LAST(store).includes(name)).map(({ sql }) => plain(sql)),
    // Rows came as they were, those that triggers keep included.
    ...[...from.iterate(`SELECT sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY rowid`)].map(([sql]) =>
      plain(String(sql)),
    ),
    // Numbers that were given to rows which are gone are not given again.
    plain('DELETE FROM sqlite_sequence'),
    ...sequences.map(([name = null, seq = null]) => ({
      sql: 'INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)',
      args: [name, seq],
    })),
    plain(`DELETE FROM "${store}_migrations"`),
    ...insertPage(migrationsTable, pageOf(from, migrationsTable, 0)),
  ]);
}

/** What the server holds now is what was sent. */
async function requireSame(
  engine: LibsqlEngine,
  store: Store,
  table: Table,
  after: number,
  page: readonly SqlValue[][],
): Promise<void> {
  const there = await engine.rows(store, selectPage(table), [after, page.length]);
  if (JSON.stringify(there) !== JSON.stringify(page))
    throw new RestoreError(fault('serverDiffers', store, table.name));
}
