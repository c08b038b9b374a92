/**
 * What other processes wrote to the same store since this one looked last. The newest journal row and the newest head
 * tell in one cheap question whether there was anything; if so, only the logs that moved are read.
 */
import type { Engine, SqlValue } from './engine.ts';
import type { Store } from './entry.ts';
import { selectTips } from './statements.ts';

interface Mark {
  readonly arrival: number;
  /** of the entry that arrived last: after a server lost its end and went on, another one stands there */
  readonly hash: string;
  readonly headRow: number;
}

const NOTHING: Mark = { arrival: 0, hash: '', headRow: 0 };

export class Follower {
  readonly #store: Store;
  readonly #engine: Engine;
  #mark: Mark = NOTHING;

  constructor(store: Store, engine: Engine) {
    this.#store = store;
    this.#engine = engine;
  }

  /** Sets the mark; to be called before everything is read, so that nothing falls in between. */
  async begin(): Promise<void> {
    this.#mark = await this.#newest();
  }

  /** Where the logs end that may have moved; null when the database is older than at the last look: read everything. */
  async moved(): Promise<SqlValue[][] | null> {
    const before = this.#mark;
    const now = await this.#newest();
    if (now.arrival === before.arrival && now.hash === before.hash && now.headRow === before.headRow)
      return [];
    if (now.arrival < before.arrival || now.headRow < before.headRow) return null;
    if (before.arrival > 0 && (await this.#hashAt(before.arrival)) !== before.hash) return null;
    const rows = await this.#engine.rows(
      this.#store,
      `${selectTips(this.#store)} WHERE origin IN (SELECT origin FROM "${this.#store}_journal" WHERE arrival > ?1 ` +
        `UNION SELECT origin FROM "${this.#store}_heads" WHERE rowid > ?2)`,
      [before.arrival, before.headRow],
    );
    this.#mark = now;
    return rows;
  }

  async #newest(): Promise<Mark> {
    const [row] = await this.#engine.rows(
      this.#store,
      `SELECT (SELECT max(arrival) FROM "${this.#store}_journal"), ` +
        `(SELECT hash FROM "${this.#store}_journal" ORDER BY arrival DESC LIMIT 1), ` +
        `(SELECT max(rowid) FROM "${this.#store}_heads")`,
      [],
    );
    return { arrival: Number(row?.[0] ?? 0), hash: String(row?.[1] ?? ''), headRow: Number(row?.[2] ?? 0) };
  }

  async #hashAt(arrival: number): Promise<string> {
    const [row] = await this.#engine.rows(
      this.#store,
      `SELECT hash FROM "${this.#store}_journal" WHERE arrival = ?`,
      [arrival],
    );
    return String(row?.[0] ?? '');
  }
}
