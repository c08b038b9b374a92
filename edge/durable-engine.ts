/**
 * The `Engine` over a Durable Object's SQLite. Calls are synchronous; an answer leaves the object only when its
 * writes are on disk, because workerd's output gate holds it back until then (I1).
 */
import { type Engine, EngineError, type SqlValue, type Statement } from '../shared/journal/engine.ts';
import type { Store } from '../shared/journal/entry.ts';

/** Rows may have 2 MB. */
const ROW_BYTES = 1_900_000;
/** A thousand pages of 4 KiB and a good deal more than one. */
const CHECKPOINT_ROWS = 3;
/** 4 MB before a checkpoint, and after them the largest transaction, with room. */
const LOG_ROWS = 8;

export class DurableEngine implements Engine {
  readonly kind = 'durable-object';
  readonly #storage: DurableObjectStorage;
  #gone: string | null = null;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  /** Nothing is written from here on, for it would be gone with the process: what was written before can be read. */
  giveUp(why: string): void {
    this.#gone = why;
  }

  batch(_store: Store, statements: readonly Statement[]): Promise<void> {
    if (this.#gone !== null) return Promise.reject(new EngineError('unavailable', this.#gone));
    try {
      this.#storage.transactionSync(() => {
        for (const { sql, args } of statements) this.#storage.sql.exec(sql, ...args);
      });
      return Promise.resolve();
    } catch (error) {
      return Promise.reject(EngineError.from(error));
    }
  }

  /**
   * The write-ahead log cannot be asked to end here, so it is written over: it begins anew after a checkpoint, which
   * a thousand pages bring about, and a longer transaction then covers whatever older one it held. 60 ms.
   */
  async shred(): Promise<boolean> {
    const drop = { sql: 'DROP TABLE IF EXISTS shred', args: [] };
    const zeros = { sql: `INSERT INTO shred VALUES (zeroblob(${String(ROW_BYTES)}))`, args: [] };
    for (const rows of [CHECKPOINT_ROWS, LOG_ROWS]) {
      const filled = Array.from({ length: rows }, () => zeros);
      await this.batch('recovery', [drop, { sql: 'CREATE TABLE shred (zeros)', args: [] }, ...filled]);
      // Two transactions of one turn would be written as one.
      await this.#storage.sync();
    }
    await this.batch('recovery', [drop]);
    return true;
  }

  rows(_store: Store, sql: string, args: readonly SqlValue[]): Promise<SqlValue[][]> {
    try {
      return Promise.resolve([...this.#storage.sql.exec(sql, ...args).raw<SqlValue[]>()]);
    } catch (error) {
      return Promise.reject(EngineError.from(error));
    }
  }
}
