/**
 * SQLite files by Node's own SQLite: a snapshot's files, and for the moment of a capture the centre's.
 *
 * Never open a file here that the same process has open through libSQL: POSIX locks belong to a process, and two
 * libraries in one neither see each other's nor keep them apart (https://www.sqlite.org/howtocorrupt.html, 2.2.1).
 * So a centre leaves all of this to a process of its own.
 */
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { type Engine, EngineError, type SqlValue, type Statement } from '../../shared/journal/engine.ts';
import type { Store } from '../../shared/journal/entry.ts';

export class SqliteEngine implements Engine {
  readonly kind = 'libsql-file';
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  /**
   * Of one file, whichever store is asked for: that of a store at the centre, or of both at an edge. `scratch`: a copy
   * that is thrown away.
   */
  constructor(file: string, how: 'read' | 'write' | 'scratch') {
    this.#database = new DatabaseSync(file, { readOnly: how === 'read', timeout: 5_000 });
    this.#database.exec(how === 'read' ? 'PRAGMA query_only = 1' : 'PRAGMA synchronous = OFF');
    // Nobody needs the file after a crash, and a batch that is refused is undone all the same: without any journal SQLite
    // could not (https://www.sqlite.org/pragma.html#pragma_journal_mode).
    if (how === 'scratch') this.#database.exec('PRAGMA journal_mode = MEMORY');
  }

  batch(_store: Store, statements: readonly Statement[]): Promise<void> {
    try {
      this.#database.exec('BEGIN IMMEDIATE');
      for (const { sql, args } of statements) this.#prepare(sql).run(...args);
      this.#database.exec('COMMIT');
      return Promise.resolve();
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      return Promise.reject(EngineError.from(error));
    }
  }

  rows(_store: Store, sql: string, args: readonly SqlValue[]): Promise<SqlValue[][]> {
    try {
      return Promise.resolve([...this.iterate(sql, args)]);
    } catch (error) {
      return Promise.reject(EngineError.from(error));
    }
  }

  /** Row by row, for tables that do not fit into memory. */
  *iterate(sql: string, args: readonly SqlValue[] = []): IterableIterator<SqlValue[]> {
    const statement = this.#database.prepare(sql);
    statement.setReturnArrays(true);
    for (const row of statement.iterate(...(args as SQLInputValue[]))) yield row as unknown as SqlValue[];
  }

  execute(sql: string): void {
    this.#database.exec(sql);
  }

  close(): void {
    this.#database.close();
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (!statement) {
      if (this.#statements.size >= STATEMENTS_CACHED_MAX) this.#statements.clear();
      this.#statements.set(sql, (statement = this.#database.prepare(sql)));
    }
    return statement;
  }
}

const STATEMENTS_CACHED_MAX = 200;

/** Makes one file of a database and its write-ahead log; throws when another connection has it open. */
export function settle(file: string): void {
  const database = new DatabaseSync(file, { timeout: 0 });
  try {
    const [mode] = database.prepare('PRAGMA journal_mode = DELETE').all();
    if (mode?.['journal_mode'] !== 'delete') throw new Error('the write-ahead log could not be taken in');
  } finally {
    database.close();
  }
}
