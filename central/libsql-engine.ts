/**
 * The `Engine` over libSQL: one database per store, each by a `file:` URL or at a libSQL server.
 * A file is opened with `synchronous=FULL`, so a committed transaction has been fsynced (I1).
 */
import { type Client, createClient } from '@libsql/client';
import { type Engine, EngineError, type SqlValue, type Statement } from '../shared/journal/engine.ts';
import { STORES, type Store } from '../shared/journal/entry.ts';

export interface LibsqlTarget {
  /** `file:/path/to.db`, `http(s)://…` or `libsql://…` */
  readonly url: string;
  readonly authToken?: string;
}

/** How long a transaction waits for another process's, such as a snapshot writer's, before it fails as busy. */
const BUSY_TIMEOUT_MS = 5_000;

export class LibsqlEngine implements Engine {
  readonly kind: 'libsql-file' | 'libsql-server';
  readonly #clients: Readonly<Record<Store, Client>>;

  private constructor(kind: LibsqlEngine['kind'], clients: Readonly<Record<Store, Client>>) {
    this.kind = kind;
    this.#clients = clients;
  }

  static async open(targets: Readonly<Record<Store, LibsqlTarget>>): Promise<LibsqlEngine> {
    const files = STORES.every((store) => targets[store].url.startsWith('file:'));
    // One connection per file: pragmas belong to a connection, and calls on a file never overlap anyway.
    const local = files ? { concurrency: 1, timeout: BUSY_TIMEOUT_MS } : {};
    const client = ({ url, authToken }: LibsqlTarget): Client =>
      createClient({ intMode: 'number', url, ...local, ...(authToken === undefined ? {} : { authToken }) });
    const clients = { recovery: client(targets.recovery), compliance: client(targets.compliance) };
    const engine = new LibsqlEngine(files ? 'libsql-file' : 'libsql-server', clients);
    if (files) {
      for (const store of STORES) {
        for (const pragma of ['journal_mode = WAL', 'synchronous = FULL']) {
          await engine.rows(store, `PRAGMA ${pragma}`, []);
        }
      }
    }
    return engine;
  }

  async batch(store: Store, statements: readonly Statement[]): Promise<void> {
    if (statements.length === 0) return;
    try {
      await this.#clients[store].batch(
        statements.map(({ sql, args }) => ({ sql, args: [...args] })),
        'write',
      );
    } catch (error) {
      throw EngineError.from(error);
    }
  }

  async rows(store: Store, sql: string, args: readonly SqlValue[]): Promise<SqlValue[][]> {
    try {
      const { rows, columns } = await this.#clients[store].execute({ sql, args: [...args] });
      return rows.map((row) => columns.map((_, index) => row[index] as SqlValue));
    } catch (error) {
      throw EngineError.from(error);
    }
  }

  close(): void {
    for (const store of STORES) this.#clients[store].close();
  }
}
