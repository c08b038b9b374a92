/** An engine that fails where a test says so: before or after the batch underneath is committed. */
import type { Engine, EngineError, SqlValue, Statement } from '../../shared/journal/engine.ts';
import type { Store } from '../../shared/journal/entry.ts';

export interface Fault {
  /** does this batch fail? */
  readonly on: (statements: readonly Statement[]) => boolean;
  readonly error: EngineError;
  /** true: the transaction is committed and its answer is lost */
  readonly committed?: boolean;
}

export class FaultyEngine implements Engine {
  readonly kind: Engine['kind'];
  readonly #inner: Engine;
  fault: Fault | null = null;
  /** an error for every read, as from a server that is gone */
  readError: EngineError | null = null;
  batches = 0;

  constructor(inner: Engine) {
    this.#inner = inner;
    this.kind = inner.kind;
  }

  async batch(store: Store, statements: readonly Statement[]): Promise<void> {
    this.batches += 1;
    const { fault } = this;
    if (!fault?.on(statements)) return this.#inner.batch(store, statements);
    if (fault.committed === true) await this.#inner.batch(store, statements);
    throw fault.error;
  }

  async rows(store: Store, sql: string, args: readonly SqlValue[]): Promise<SqlValue[][]> {
    if (this.readError) throw this.readError;
    return this.#inner.rows(store, sql, args);
  }
}

/** Whether any value bound in these statements contains `text`. */
export function binds(text: string): (statements: readonly Statement[]) => boolean {
  return (statements) =>
    statements.some(({ args }) => args.some((arg) => typeof arg === 'string' && arg.includes(text)));
}

/** Whether these statements write fact rows whose values contain `text` (the journal's own row contains it as well). */
export function projects(text: string): (statements: readonly Statement[]) => boolean {
  const binding = binds(text);
  return (statements) => binding(statements.filter(({ sql }) => !sql.includes('_journal"')));
}
