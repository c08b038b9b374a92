/**
 * Both stores of a node, under one incarnation and one clock. This is the port the application core works with.
 */
import { drizzle } from 'drizzle-orm/sqlite-proxy';
import type { SqliteRemoteDatabase } from 'drizzle-orm/sqlite-proxy';
import type { Alarms } from '../alarms.ts';
import type { Foreground } from '../foreground.ts';
import type { Log, Platform } from '../platform.ts';
import { randomName } from '../platform.ts';
import type { CertificateAuthority, Origin } from '../trust/certificate.ts';
import type { Trusted } from './cut-off.ts';
import type { Durability } from './durability.ts';
import type { Engine, SqlValue, Statement } from './engine.ts';
import { type Entry, STORES, type Segment, type Store } from './entry.ts';
import { HybridClock } from './hlc.ts';
import { type Migrations, migrate } from './migrate.ts';
import { reproject } from './reproject.ts';
import type { Again, Draft } from './drafts.ts';
import type { NodeIdentity } from './parts.ts';
import type { OriginState } from './tips.ts';
import type { SegmentOutcome } from './absorber.ts';
import { StoreJournal } from './store-journal.ts';

export interface LedgerOptions {
  readonly engine: Engine;
  readonly platform: Platform;
  readonly migrations: Migrations;
  readonly authority: CertificateAuthority;
  readonly identity: NodeIdentity;
  readonly alarms: Alarms;
  readonly log: Log;
  readonly sliceEntries: number;
  readonly foreground?: Foreground;
  readonly room?: LedgerRoom;
}

export type CommitListener = (store: Store, entries: readonly Entry[], by: 'append' | 'absorb') => void;

/** Another process over the same databases moved these logs, or more of them may be shown to peers. */
export type OriginsListener = (store: Store, origins: ReadonlySet<Origin>) => void;

/** A database for reading with drizzle; writing goes through the journal alone. */
export type Reader = SqliteRemoteDatabase;

/** Room on the disk: whether there is some for others' logs, and whether some could be made. */
export interface LedgerRoom {
  takes(store: Store): boolean;
  exhausted(): Promise<boolean>;
}

/** Where the log of a revoked edge is trusted to; null for every other. */
export type Trust = (store: Store, origin: Origin) => Trusted | null;

export class Ledger {
  readonly engine: Engine;
  readonly readers: Readonly<Record<Store, Reader>>;
  readonly #listeners = new Set<CommitListener>();
  readonly #followers = new Set<OriginsListener>();
  readonly #servers = new Set<OriginsListener>();
  readonly #incarnate: () => Origin;
  #self: Origin;
  #trust: Trust = () => null;
  #journals: Readonly<Record<Store, StoreJournal>> | null = null;

  private constructor(options: LedgerOptions) {
    const { engine, platform, identity } = options;
    this.engine = engine;
    this.#incarnate = () => `${identity.certificate.nodeId}.${randomName(platform, 13)}` as Origin;
    this.#self = this.#incarnate();
    const reader = (store: Store): Reader =>
      drizzle(async (sql, params, method) => {
        const rows = await engine.rows(store, sql, params as SqlValue[]);
        // drizzle's proxy wants one bare row for `get`, and types it as rows
        return { rows: method === 'get' ? ((rows[0] ?? undefined) as unknown as SqlValue[]) : rows };
      });
    this.readers = { recovery: reader('recovery'), compliance: reader('compliance') };
  }

  /** Migrates both stores and reads where each log ends. Throws MigrationError with one clear sentence. */
  static async open(options: LedgerOptions): Promise<Ledger> {
    for (const store of STORES)
      await migrate(options.engine, store, options.migrations[store], options.platform);
    for (const store of STORES) await reproject(options, store);
    const ledger = new Ledger(options);
    const tell = <T extends readonly unknown[]>(
      listeners: ReadonlySet<(...of: T) => void>,
      ...of: T
    ): void => {
      for (const listener of listeners) {
        try {
          listener(...of);
        } catch (error) {
          // What is committed stays committed and is acknowledged (I1), whatever a listener makes of it.
          options.log('error', 'a commit listener failed', {
            error: error instanceof Error ? error.message : 'unknown',
          });
        }
      }
    };
    const parts = {
      ...options,
      get self() {
        return ledger.self;
      },
      clock: new HybridClock(options.platform),
      reincarnate: () => {
        ledger.reincarnate();
      },
      takesLogs: (store: Store) => options.room?.takes(store) ?? true,
      makeRoom: () => options.room?.exhausted() ?? Promise.resolve(false),
      trusted: (store: Store, origin: Origin) => ledger.#trust(store, origin),
      onCommit: (store: Store, entries: readonly Entry[], by: 'append' | 'absorb') => {
        tell(ledger.#listeners, store, entries, by);
      },
      onFollowed: (store: Store, origins: ReadonlySet<Origin>) => {
        tell(ledger.#followers, store, origins);
      },
      onServable: (store: Store, origins: ReadonlySet<Origin>) => {
        tell(ledger.#servers, store, origins);
      },
    };
    ledger.#journals = {
      recovery: await StoreJournal.open('recovery', parts),
      compliance: await StoreJournal.open('compliance', parts),
    };
    return ledger;
  }

  /** `nodeId.incarnation` of this start; exists in the journal from the first append on (I6). */
  get self(): Origin {
    return this.#self;
  }

  /** A new incarnation without a new start: another copy of this node was found to write under the old one. */
  reincarnate(): void {
    this.#self = this.#incarnate();
  }

  #journal(store: Store): StoreJournal {
    if (!this.#journals) throw new Error('the ledger is used before it is open');
    return this.#journals[store];
  }

  append(
    store: Store,
    drafts: readonly (Draft | Again)[],
    local: readonly Statement[] = [],
  ): Promise<Entry[]> {
    return this.#journal(store).append(drafts, local);
  }

  trustBy(trust: Trust): void {
    this.#trust = trust;
  }

  /** Cuts a revoked edge's log off where it is trusted. Returns how many entries went into quarantine. */
  cutOff(store: Store, origin: Origin, trusted: Trusted): Promise<number> {
    return this.#journal(store).cutOff(origin, trusted);
  }

  absorb(store: Store, segment: Segment): Promise<SegmentOutcome> {
    return this.#journal(store).absorb(segment);
  }

  /** `mayRead`: which bodies that stand apart (`erasable.ts`) the reader may have; without it none. */
  read(
    store: Store,
    origin: Origin,
    after: number,
    entriesMax: number,
    until = Number.MAX_SAFE_INTEGER,
    mayRead?: (body: string) => boolean,
  ): Promise<Segment | null> {
    return this.#journal(store).read(origin, after, entriesMax, until, mayRead);
  }

  origins(store: Store): ReadonlyMap<Origin, OriginState> {
    return this.#journal(store).origins;
  }

  /** Runs node-local statements durably, outside the journal. */
  async note(store: Store, statements: readonly Statement[]): Promise<void> {
    await this.append(store, [], statements);
  }

  onCommit(listener: CommitListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Other processes may write to the same databases. */
  get isShared(): boolean {
    return STORES.some((store) => this.engine.served?.(store));
  }

  /** At database servers: looks up what they wrote, and has it synced. Throws EngineError once all stores had their turn. */
  async follow(): Promise<void> {
    const done = await Promise.allSettled(STORES.map((store) => this.#journal(store).follow()));
    for (const result of done) if (result.status === 'rejected') throw result.reason;
  }

  onFollowed(listener: OriginsListener): () => void {
    this.#followers.add(listener);
    return () => this.#followers.delete(listener);
  }

  /** Entries that peers may see: when they are committed or, at a database server, synced. */
  onServable(listener: OriginsListener): () => void {
    this.#servers.add(listener);
    return () => this.#servers.delete(listener);
  }

  /** How much of each log outlives a power cut, and how much peers are shown. */
  durability(store: Store): Durability {
    return this.#journal(store).durability;
  }

  async idle(): Promise<void> {
    for (const store of STORES) await this.#journal(store).idle();
  }
}
