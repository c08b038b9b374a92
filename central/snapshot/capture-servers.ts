/**
 * The same cut as in `capture.ts`, where the stores stand at database servers. A server lends nobody a read snapshot to
 * copy from, so a replica of each store is kept beside the snapshots (libSQL's own embedded replica), and the copy is
 * made from that:
 *
 *     replicas catch up ─▶ freeze both ─▶ where do the logs end? ─▶ replicas take the last frames ─▶ do theirs end there?
 *                         └── are both still frozen? ─▶ thaw ─▶ copy the replicas
 *
 * Why both are at one cut: nothing was committed to either store from its freeze on, and each replica ends where its
 * store ended while both were frozen. A replica changes only here, so it can be copied at leisure.
 *
 * A replica that does not fit its server any more (another server, or one that lost frames it had sent) is made anew. A
 * mark beside it says that one was being synced when this process ended, for the library may end the process itself.
 */
import { readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type Client, createClient } from '@libsql/client';
import { EngineError } from '../../shared/journal/engine.ts';
import { STORES, type Store } from '../../shared/journal/entry.ts';
import { clearFreeze, selectFreeze, setFreeze } from '../../shared/journal/freeze.ts';
import { selectTips } from '../../shared/journal/statements.ts';
import { LibsqlEngine, type LibsqlTarget } from '../libsql-engine.ts';
import { engineFault, fault } from '../words/fault.ts';
import {
  type Captured,
  type CaptureOptions,
  SnapshotError,
  copy,
  frozenByAnother,
  requireUnfrozen,
} from './capture.ts';
import { makeFolder } from './disk.ts';

/** Rounds of catching up before the freeze: each has less to bring than the one before. */
const ROUNDS_MAX = 10;
/** So few frames are brought in a few milliseconds, inside the freeze. */
const FRAMES_LEFT_MAX = 200;

export interface Replica {
  readonly store: Store;
  readonly client: Client;
}

export async function captureServers(
  options: CaptureOptions,
  servers: Readonly<Record<Store, LibsqlTarget>>,
): Promise<Captured> {
  const engine = await LibsqlEngine.open(servers);
  const replicas: Replica[] = [];
  let captured: Captured;
  try {
    for (const store of STORES) await requireReady(engine, store);
    for (const store of STORES) replicas.push(await openReplica(store, options.files[store], servers[store]));
    captured = await sameCut(engine, replicas, options);
  } catch (error) {
    if (error instanceof SnapshotError) throw error;
    const why = error instanceof EngineError ? engineFault(error) : fault('noAnswer');
    throw new SnapshotError('prepare-snapshot', fault('serversNotCaptured', why));
  } finally {
    for (const { client } of replicas) client.close();
    engine.close();
  }
  for (const store of STORES) {
    // Read-only, for a connection that may write takes the write-ahead log in when it is closed, and a replica whose
    // log is gone cannot go on.
    const reader = new DatabaseSync(options.files[store], { timeout: 0, readOnly: true });
    try {
      reader.exec('BEGIN');
      reader.prepare(selectFreeze(store)).all();
      await copy({ store, gate: reader, reader }, options);
    } finally {
      reader.close();
    }
  }
  return captured;
}

/** A server that is away says nothing about its replica, which is kept. */
async function requireReady(engine: LibsqlEngine, store: Store): Promise<void> {
  let held: unknown[] | undefined;
  try {
    held = await heldNow(engine, store);
  } catch (error) {
    const why = error instanceof EngineError ? error.reason : 'other';
    throw new SnapshotError('prepare-snapshot', fault('serverSilent', store, why));
  }
  requireUnfrozen(store, held);
}

async function sameCut(
  engine: LibsqlEngine,
  replicas: readonly Replica[],
  { holder, freezeMs, files, onPhase, inGate }: CaptureOptions,
): Promise<Captured> {
  const frozenAt = Date.now();
  const begin = performance.now();
  try {
    // Always in this order, so that two sets cannot wait for each other.
    for (const store of STORES) await freeze(engine, store, holder, freezeMs);
    onPhase('freeze');
    await Promise.all(
      replicas.map(async ({ store, client }) => {
        const there = await engine.rows(store, `${selectTips(store)} ORDER BY origin`, []);
        await client.sync();
        const here = (await client.execute(`${selectTips(store)} ORDER BY origin`)).rows.map((row) =>
          there[0]?.map((_, column) => row[column]),
        );
        if (JSON.stringify(here) === JSON.stringify(there)) return;
        await discard(files[store]);
        throw new SnapshotError('freeze', fault('replicaAstray', store));
      }),
    );
    inGate?.();
    for (const store of STORES) {
      if ((await heldNow(engine, store))?.[0] !== holder)
        throw new SnapshotError('thaw', fault('freezeEndedReplica', store));
    }
  } finally {
    // A freeze that cannot be taken back ends by itself.
    await Promise.allSettled(STORES.map((store) => engine.batch(store, [clearFreeze(store, holder)])));
  }
  onPhase('thaw');
  return { frozenAt, thawedAt: Date.now(), frozenMs: performance.now() - begin };
}

async function freeze(engine: LibsqlEngine, store: Store, holder: string, ms: number): Promise<void> {
  try {
    await engine.batch(store, [setFreeze(store, holder, ms)]);
  } catch (error) {
    const why = error instanceof EngineError ? engineFault(error) : fault('unwritable');
    throw new SnapshotError('freeze', fault('notFrozen', store, why));
  }
  const held = await heldNow(engine, store);
  if (held?.[0] !== holder) throw frozenByAnother(store, held);
}

async function heldNow(engine: LibsqlEngine, store: Store): Promise<unknown[] | undefined> {
  return (await engine.rows(store, selectFreeze(store), []))[0];
}

/** A replica that has caught up but for the last few frames. */
export async function openReplica(store: Store, file: string, target: LibsqlTarget): Promise<Replica> {
  const mark = `${file}.syncing`;
  await makeFolder(path.dirname(file));
  if ((await readdir(path.dirname(file))).includes(path.basename(mark))) await discard(file);
  await writeFile(mark, target.url, { mode: 0o600 });
  for (let isNew = false; ; isNew = true) {
    let client: Client | null = null;
    try {
      // Syncs for the first time while it is made.
      client = replicaClient(file, target);
      for (let round = 0; round < ROUNDS_MAX; round += 1) {
        const synced = await client.sync();
        if ((synced?.frames_synced ?? 0) <= FRAMES_LEFT_MAX) break;
      }
      await rm(mark);
      return { store, client };
    } catch (error) {
      client?.close();
      // The library has authorities of its own, and says so of any other.
      if (/certificate/i.test(String(error)))
        throw new SnapshotError('prepare-snapshot', fault('replicaUntrusted', store));
      await discard(file);
      if (isNew) throw new SnapshotError('prepare-snapshot', fault('noReplica', store));
      await writeFile(mark, target.url, { mode: 0o600 });
    }
  }
}

function replicaClient(file: string, { url, authToken }: LibsqlTarget): Client {
  return createClient({
    ...{ url: `file:${file}`, syncUrl: url, intMode: 'number' },
    ...(authToken === undefined ? {} : { authToken }),
  });
}

/** Whatever the library keeps beside it as well. */
async function discard(file: string): Promise<void> {
  const folder = path.dirname(file);
  for (const name of await readdir(folder))
    if (name.startsWith(path.basename(file))) await rm(path.join(folder, name), { force: true });
}
