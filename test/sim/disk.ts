/**
 * Disks of simulated machines: real SQLite in memory, and what a crash leaves of it. A database is an image and the
 * transactions committed since; those that were not synced may be lost, the later ones first, as with a write-ahead log.
 */
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import type { Engine, SqlValue } from '../../shared/journal/engine.ts';
import type { Store } from '../../shared/journal/entry.ts';
import type { Operation } from './operations.ts';

/** Beyond so many transactions the image is made anew. */
const LOG_MAX = 64;

export class SimDatabase {
  readonly #clock: () => number;
  #database: DatabaseSync;
  #statements = new Map<string, StatementSync>();
  #image: Uint8Array;
  #log: Operation[] = [];
  /** how many transactions the image holds, and how many are synced */
  #imaged = 0;
  #synced = 0;
  #at = 0;

  constructor(image: Uint8Array | null, clock: () => number) {
    this.#clock = clock;
    this.#database = this.#open(image);
    this.#image = image ?? this.#database.serialize();
  }

  /** transactions committed so far */
  get written(): number {
    return this.#imaged + this.#log.length;
  }

  get synced(): number {
    return this.#synced;
  }

  /** committed, and lost if the power fails now */
  get unsynced(): readonly Operation[] {
    return this.#log.slice(this.#synced - this.#imaged);
  }

  /** Throws the driver's error, having changed nothing. */
  commit(operation: Operation): void {
    operation.at = this.#clock();
    this.#run(operation);
    this.#log.push(operation);
  }

  rows(sql: string, args: readonly SqlValue[]): SqlValue[][] {
    this.#at = this.#clock();
    const statement = this.#prepare(sql);
    return statement.all(...(args as SQLInputValue[])) as unknown as SqlValue[][];
  }

  /** For the oracle: as `rows`, and nothing while the database is empty. */
  facts(sql: string, args: readonly SqlValue[]): SqlValue[][] {
    try {
      return this.rows(sql, args);
    } catch (error) {
      if (error instanceof Error && error.message.startsWith('no such table')) return [];
      throw error;
    }
  }

  /** What was committed up to `position` outlives a power cut. Returns what became durable. */
  sync(position: number): Operation[] {
    if (position <= this.#synced) return [];
    const durable = this.#log.slice(this.#synced - this.#imaged, position - this.#imaged);
    this.#synced = position;
    if (this.#log.length > LOG_MAX && position === this.written) {
      this.#image = this.#database.serialize();
      this.#imaged = position;
      this.#log = [];
    }
    return durable;
  }

  /** The power fails: of what was not synced, the first `kept` transactions are on disk. Returns how many were lost. */
  cut(kept: (unsynced: number) => number): number {
    const unsynced = this.written - this.#synced;
    const lost = unsynced - kept(unsynced);
    if (lost === 0) return 0;
    const survived = this.#log.slice(0, this.#log.length - lost);
    this.#database.close();
    this.#database = this.#open(this.#image);
    this.#log = survived;
    for (const operation of survived) this.#run(operation);
    return lost;
  }

  image(): Uint8Array {
    return this.#database.serialize();
  }

  close(): void {
    this.#database.close();
  }

  #open(image: Uint8Array | null): DatabaseSync {
    const database = new DatabaseSync(':memory:');
    // SQLite's own clock, by which a freeze ends, is the simulated machine's.
    database.function('unixepoch', { varargs: true }, () => this.#at / 1000);
    if (image) database.deserialize(image);
    this.#statements = new Map();
    return database;
  }

  #run({ statements, at }: Pick<Operation, 'statements' | 'at'>): void {
    this.#at = at;
    this.#database.exec('BEGIN');
    try {
      for (const { sql, args } of statements) this.#prepare(sql).run(...(args as SQLInputValue[]));
      this.#database.exec('COMMIT');
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.#database.prepare(sql);
      statement.setReturnArrays(true);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

export type DiskKind = Engine['kind'];

/** The images of both stores: one file at an edge. */
export interface DiskImage {
  readonly recovery: Uint8Array;
  readonly compliance: Uint8Array;
}

export class Disk {
  readonly kind: DiskKind;
  readonly #databases: Readonly<Record<Store, SimDatabase>>;
  /** writes fail */
  full = false;
  /** the database server is away */
  away = false;
  /** how long a sync takes, beside its jitter */
  syncMs = 2;

  constructor(kind: DiskKind, image: DiskImage | null, clock: () => number) {
    this.kind = kind;
    const recovery = new SimDatabase(image?.recovery ?? null, clock);
    const compliance =
      kind === 'durable-object' ? recovery : new SimDatabase(image?.compliance ?? null, clock);
    this.#databases = { recovery, compliance };
  }

  of(store: Store): SimDatabase {
    return this.#databases[store];
  }

  /** each database once */
  get all(): readonly SimDatabase[] {
    return [...new Set(Object.values(this.#databases))];
  }

  image(): DiskImage {
    const recovery = this.#databases.recovery.image();
    return { recovery, compliance: this.all.length === 1 ? recovery : this.#databases.compliance.image() };
  }

  close(): void {
    for (const database of this.all) database.close();
  }
}
