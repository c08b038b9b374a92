/**
 * What the journal asks of a database engine: one atomic, durable batch, and reading. Two adapters implement it
 * (SQLite in a Durable Object; libSQL by file or URL) and one contract suite holds them to it.
 */
import type { Store } from './entry.ts';

export type SqlValue = string | number | null;

export interface Statement {
  readonly sql: string;
  /** at most 100, because a Durable Object takes no more */
  readonly args: readonly SqlValue[];
}

export interface Engine {
  /** What kind of engine this is, for people. */
  readonly kind: 'durable-object' | 'libsql-file' | 'libsql-server';
  /**
   * Runs all statements in one transaction. Resolves when they are committed and, unless the store is `served`,
   * durable (I1); rejects with EngineError having changed nothing.
   */
  batch(store: Store, statements: readonly Statement[]): Promise<void>;
  /** Rows as arrays, in the order of the selected columns. */
  rows(store: Store, sql: string, args: readonly SqlValue[]): Promise<SqlValue[][]>;
  /**
   * After bytes were overwritten where they stood: sees to it that no file of the store has them from before. Returns
   * whether that worked; a reader may be in the way. Without this method, it is the database server's affair.
   */
  shred?(store: Store): Promise<boolean>;
  /** What is different about a store that stands at a database server; null, as without this method, for any other. */
  served?(store: Store): ServedStore | null;
}

/** A store at a database server: several processes may write to it, and a batch is acknowledged before it is synced. */
export interface ServedStore {
  /**
   * Resolves when everything committed before is synced to the server's disk. Null where the server cannot be told
   * to: then nobody here knows what would outlive a power cut, and nothing is promised.
   */
  readonly checkpoint: (() => Promise<void>) | null;
}

/**
 * A statement failed. The engine's own message is kept out of it, for some drivers quote the values that were
 * bound (I8); `reason` is one of a few words.
 */
export class EngineError extends Error {
  /**
   * `constraint`: these values, not the database, are at fault (a condition, a type, a size).
   * `frozen`: a snapshot holds the gate for a moment (`frozenGuard` in statements.ts).
   * `unauthorised`: a database server does not accept the token.
   */
  readonly reason:
    'frozen' | 'constraint' | 'full' | 'busy' | 'unauthorised' | 'unavailable' | 'corrupt' | 'other';
  readonly hint: string;

  constructor(reason: EngineError['reason'], hint: string) {
    super(`the database refused (${reason}): ${hint}`);
    this.name = 'EngineError';
    this.reason = reason;
    this.hint = hint;
  }

  /** Sorts a driver's message into a reason; only table and column names may pass into the hint. */
  static from(error: unknown): EngineError {
    const code =
      error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
    const message = error instanceof Error ? `${error.message} ${code}` : String(error);
    const reason = /NOT NULL constraint failed: \w+_guard\.ok/i.test(message)
      ? 'frozen'
      : /constraint|SQLITE_CONSTRAINT|TOOBIG|too big|MISMATCH|malformed JSON/i.test(message)
        ? 'constraint'
        : /disk is full|SQLITE_FULL|ENOSPC|readonly|disk I\/O|SQLITE_IOERR/i.test(message)
          ? 'full'
          : /locked|SQLITE_BUSY|TRANSACTION_(TIMEOUT|BUSY)/i.test(message)
            ? 'busy'
            : /HTTP status 40[13]\b/i.test(message)
              ? 'unauthorised'
              : UNAVAILABLE.test(message)
                ? 'unavailable'
                : /malformed|not a database|SQLITE_CORRUPT|SQLITE_NOTADB/i.test(message)
                  ? 'corrupt'
                  : 'other';
    const named =
      /(?:constraint failed: |no such (?:table|column|view): |near )[A-Za-z0-9_.," ]{1,80}/.exec(
        message,
      )?.[0] ?? '';
    return new EngineError(reason, named === '' ? 'no further detail' : named);
  }
}

/** What drivers say of a server that is not there, is being restarted, or does not answer in time. */
const UNAVAILABLE =
  /fetch failed|ECONN|socket|HTTP status|SERVER_ERROR|timed? ?out|aborted|terminated|bad port|STREAM_|HRANA_|BLOCKED/i;
