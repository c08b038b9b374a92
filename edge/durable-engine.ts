/**
 * The `Engine` over a Durable Object's SQLite. Calls are synchronous; an answer leaves the object only when its
 * writes are on disk, because workerd's output gate holds it back until then (I1).
 */
import { type Engine, EngineError, type SqlValue, type Statement } from '../shared/journal/engine.ts';
import type { Store } from '../shared/journal/entry.ts';

export class DurableEngine implements Engine {
  readonly kind = 'durable-object';
  readonly #storage: DurableObjectStorage;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  batch(_store: Store, statements: readonly Statement[]): Promise<void> {
    try {
      this.#storage.transactionSync(() => {
        for (const { sql, args } of statements) this.#storage.sql.exec(sql, ...args);
      });
      return Promise.resolve();
    } catch (error) {
      return Promise.reject(EngineError.from(error));
    }
  }

  rows(_store: Store, sql: string, args: readonly SqlValue[]): Promise<SqlValue[][]> {
    try {
      return Promise.resolve([...this.#storage.sql.exec(sql, ...args).raw<SqlValue[]>()]);
    } catch (error) {
      return Promise.reject(EngineError.from(error));
    }
  }
}
