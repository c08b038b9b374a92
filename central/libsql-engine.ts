/**
 * The `Engine` over libSQL: one database per store, each by a `file:` URL or at a libSQL server.
 * A file is opened with `synchronous=FULL`, so a committed transaction has been fsynced (I1). A server syncs when it is
 * told to (`libsql-server.ts`). A batch is one message to it and back, and one transaction there.
 */
import { type Client, createClient } from '@libsql/client';
import {
  type Engine,
  EngineError,
  type ServedStore,
  type SqlValue,
  type Statement,
} from '../shared/journal/engine.ts';
import { STORES, type Store } from '../shared/journal/entry.ts';
import { DatabaseFile } from './database-file.ts';
import { type AdminTarget, boundedFetch, servedStore } from './libsql-server.ts';

export interface LibsqlTarget {
  /** `file:/path/to.db`, `http(s)://…` or `libsql://…` */
  readonly url: string;
  readonly authToken?: string;
  /** where a server can be told to sync */
  readonly admin?: AdminTarget;
}

/** How long a transaction waits for another process's, such as a snapshot writer's, before it fails as busy. */
const BUSY_TIMEOUT_MS = 5_000;
const BUSY_RETRY_MS = 20;

interface Opened {
  readonly client: Client;
  readonly served: ServedStore | null;
  /** null for one that is no file, or is in memory */
  readonly file: DatabaseFile | null;
}

/** Whether the store is a file that this process opens itself. */
export function isFile({ url }: LibsqlTarget): boolean {
  return url.startsWith('file:') || url === ':memory:';
}

export class LibsqlEngine implements Engine {
  readonly kind: 'libsql-file' | 'libsql-server';
  readonly #stores: Readonly<Record<Store, Opened>>;

  private constructor(stores: Readonly<Record<Store, Opened>>) {
    this.#stores = stores;
    this.kind = STORES.some((store) => stores[store].served) ? 'libsql-server' : 'libsql-file';
  }

  static async open(targets: Readonly<Record<Store, LibsqlTarget>>): Promise<LibsqlEngine> {
    const engine = new LibsqlEngine({
      recovery: openStore(targets.recovery),
      compliance: openStore(targets.compliance),
    });
    for (const store of STORES) {
      if (engine.served(store)) continue;
      // 4,000 pages are 16 MB of log between checkpoints: each costs two more syncs, and catching up made many. In 32 MB
      // there is room for the indexes that a report of 100,000 computers reads from one end to the other.
      const pragmas = [
        'journal_mode = WAL',
        'synchronous = FULL',
        'wal_autocheckpoint = 4000',
        'cache_size = -32000',
      ];
      for (const pragma of pragmas) {
        await engine.rows(store, `PRAGMA ${pragma}`, []);
      }
    }
    return engine;
  }

  served(store: Store): ServedStore | null {
    return this.#stores[store].served;
  }

  /** Stores whose file is not the one that was opened. */
  gone(): Store[] {
    return STORES.filter((store) => this.#stores[store].file?.isGone());
  }

  async batch(store: Store, statements: readonly Statement[]): Promise<void> {
    if (statements.length === 0) return;
    const { client, served, file } = this.#stores[store];
    const deadline = performance.now() + BUSY_TIMEOUT_MS;
    for (;;) {
      file?.require();
      try {
        await client.batch(
          statements.map(({ sql, args }) => ({ sql, args: [...args] })),
          'write',
        );
        break;
      } catch (error) {
        const failure = EngineError.from(error);
        // Two processes at one server; nothing of this transaction was begun, or all of it was rolled back.
        if (!served || failure.reason !== 'busy' || performance.now() > deadline) throw failure;
        await new Promise((resolve) => setTimeout(resolve, BUSY_RETRY_MS));
      }
    }
    file?.require();
  }

  async rows(store: Store, sql: string, args: readonly SqlValue[]): Promise<SqlValue[][]> {
    try {
      const { rows, columns } = await this.#stores[store].client.execute({ sql, args: [...args] });
      return rows.map((row) => columns.map((_, index) => row[index] as SqlValue));
    } catch (error) {
      throw EngineError.from(error);
    }
  }

  /** Moves all of the write-ahead log into the file and cuts it to nothing; readers of an older state are in the way. */
  async shred(store: Store): Promise<boolean> {
    if (this.served(store)) return true;
    const [row] = await this.rows(store, 'PRAGMA wal_checkpoint(TRUNCATE)', []);
    return Number(row?.[0] ?? 0) === 0;
  }

  close(): void {
    for (const store of STORES) this.#stores[store].client.close();
  }
}

/** Of a `file:` URL. */
function pathOf(url: string): string {
  return url.replace(/^file:(\/\/)?/, '').replace(/\?.*$/, '');
}

function openStore(target: LibsqlTarget): Opened {
  const { url, authToken, admin } = target;
  // One connection per file: pragmas belong to a connection, and calls on a file never overlap anyway.
  const kind = isFile(target) ? { concurrency: 1, timeout: BUSY_TIMEOUT_MS } : { fetch: boundedFetch };
  return {
    client: createClient({
      ...{ intMode: 'number', url, ...kind },
      ...(authToken === undefined ? {} : { authToken }),
    }),
    served: isFile(target) ? null : servedStore(admin ?? null),
    file: url.startsWith('file:') ? new DatabaseFile(pathOf(url)) : null,
  };
}
