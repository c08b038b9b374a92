/** One store's transactions, and what follows from each in memory. */
import { limits } from '../limits.ts';
import type { Origin } from '../trust/certificate.ts';
import { Durability } from './durability.ts';
import { EngineError, type Statement } from './engine.ts';
import type { Entry, Store } from './entry.ts';
import type { JournalParts } from './parts.ts';
import { type OriginState, Tips } from './tips.ts';

export class Commits {
  readonly store: Store;
  readonly parts: JournalParts;
  readonly tips: Tips;
  readonly durability: Durability;
  /** whether something failed since the database server was last asked for news */
  isLost = false;
  /** how long writes have been waiting for the freeze of a snapshot to end */
  #frozenMs = 0;

  constructor(store: Store, parts: JournalParts) {
    this.store = store;
    this.parts = parts;
    this.tips = new Tips(store, parts, (origin) => {
      this.durability.rewound(origin);
    });
    this.durability = new Durability(store, {
      engine: parts.engine,
      tips: () => this.tips.all,
      onAdvance: (origins) => {
        parts.onServable(store, origins);
      },
    });
  }

  /** One transaction. A freeze of a few milliseconds is waited for; one that stays becomes an error until it ends. */
  async batch(statements: readonly Statement[]): Promise<void> {
    for (;;) {
      try {
        await this.parts.engine.batch(this.store, statements);
        this.#frozenMs = 0;
        return;
      } catch (error) {
        const frozen = error instanceof EngineError && error.reason === 'frozen';
        if (!frozen || this.#frozenMs >= limits.frozenWaitMsMax) throw error;
        this.#frozenMs += limits.frozenRetryMs;
        await this.parts.platform.sleep(limits.frozenRetryMs);
      }
    }
  }

  /** These entries were committed: the log ends here now, and whoever listens is told. */
  done(origin: Origin, tip: OriginState, entries: readonly Entry[], by: 'append' | 'absorb'): void {
    this.tips.set(origin, tip);
    this.parts.alarms.clear('storage', this.store);
    this.parts.onCommit(this.store, entries, by);
    this.durability.moved(new Set([origin]));
  }

  /** Others wrote to these logs. Whoever keeps something of them in memory is told, however it was found out. */
  followed(moved: ReadonlySet<Origin>): void {
    if (moved.size === 0) return;
    this.parts.onFollowed(this.store, moved);
    this.durability.moved(moved);
  }

  /** Reads again where all logs end. Throws EngineError. */
  async reload(): Promise<void> {
    this.followed(await this.tips.load());
  }

  /** Raises what the database refused. */
  raise(error: unknown): void {
    // A freeze is no fault of the storage.
    if (!(error instanceof EngineError) || error.reason === 'frozen') return;
    this.isLost = true;
    this.parts.alarms.raise('storage', this.store, error.message);
  }
}
