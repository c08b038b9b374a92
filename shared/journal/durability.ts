/**
 * How much of each log would outlive a power cut (I1). Where a batch is synced when it is committed, that is all of
 * it. A database server acknowledges before it syncs, so there it is what the last checkpoint covered:
 *
 *     where the logs end ──▶ checkpoint ──▶ where they end now ──▶ the lesser of both is durable
 *
 * The second look is for a server that lost its unsynced pages in between: its checkpoint then covers less than was
 * remembered here. One checkpoint serves everybody who waits for one; it begins after the one under way has ended.
 */
import type { Origin } from '../trust/certificate.ts';
import { type Engine, EngineError, type ServedStore } from './engine.ts';
import type { Store } from './entry.ts';

interface Tip {
  readonly headSeq: number;
}

export interface DurabilityParts {
  readonly engine: Engine;
  /** where the logs end, as far as this process knows */
  readonly tips: () => ReadonlyMap<Origin, Tip>;
  /** of these logs, more may be shown to peers */
  readonly onAdvance: (origins: ReadonlySet<Origin>) => void;
}

export class Durability {
  readonly #store: Store;
  readonly #parts: DurabilityParts;
  readonly #served: ServedStore | null;
  readonly #synced = new Map<Origin, number>();
  /** whether rows outside the logs were written that no checkpoint covers */
  #touched = false;
  #under: Promise<void> = Promise.resolve();
  #next: Promise<void> | null = null;

  constructor(store: Store, parts: DurabilityParts) {
    this.#store = store;
    this.#parts = parts;
    this.#served = parts.engine.served?.(store) ?? null;
  }

  /** Whether nobody here can tell what would outlive a power cut. */
  get isUnknown(): boolean {
    return this.#served?.checkpoint === null;
  }

  /** Whether a promise may be built on this entry, which is held. */
  isDurable(origin: Origin, seq: number): boolean {
    return !this.#served || (!this.isUnknown && this.servableSeq(origin) >= seq);
  }

  /** How far a log may be shown to peers: what is durable, or everything where that will never be known. */
  servableSeq(origin: Origin): number {
    const headSeq = this.#parts.tips().get(origin)?.headSeq ?? 0;
    return this.#served?.checkpoint ? Math.min(headSeq, this.#synced.get(origin) ?? 0) : headSeq;
  }

  /** Whether something that is held is not durable yet, and can become so. */
  get isBehind(): boolean {
    return this.#touched || this.#uncovered().size > 0;
  }

  /** Rows outside the logs were written. */
  touch(): void {
    if (this.#served?.checkpoint) this.#touched = true;
  }

  /** Resolves when all that is held now is durable; rejects with EngineError. At once where a commit is enough. */
  settle(): Promise<void> {
    if (!this.#served?.checkpoint) return Promise.resolve();
    if (!this.#next) {
      const turn = this.#under.then(() => {
        this.#next = null;
        return this.#checkpoint();
      });
      this.#next = turn;
      // Whoever waits for this one is told; the one after it only waits for its end.
      this.#under = turn.catch(() => undefined);
    }
    return this.#next;
  }

  /** Logs moved. Where a commit is enough, peers may see it at once. */
  moved(origins: ReadonlySet<Origin>): void {
    if (!this.#served?.checkpoint) this.#parts.onAdvance(origins);
  }

  /** This log is shorter than it was: what was synced of it says nothing about what will stand there. */
  rewound(origin: Origin): void {
    this.#synced.delete(origin);
  }

  async #checkpoint(): Promise<void> {
    const uncovered = this.#uncovered();
    if (!this.#served?.checkpoint || (uncovered.size === 0 && !this.#touched)) return;
    this.#touched = false;
    try {
      await this.#served.checkpoint();
    } catch (error) {
      this.#touched = true;
      throw error;
    }
    const rows = await this.#parts.engine.rows(
      this.#store,
      `SELECT o.origin, o.head_seq FROM json_each(?) w JOIN "${this.#store}_origins" o ON o.origin = w.value`,
      [JSON.stringify([...uncovered.keys()])],
    );
    const now = new Map(rows.map(([origin, headSeq]) => [String(origin), Number(headSeq)]));
    let isWhole = true;
    for (const [origin, headSeq] of uncovered) {
      const there = now.get(origin) ?? 0;
      this.#synced.set(origin, Math.min(headSeq, there));
      if (there < headSeq) isWhole = false;
    }
    this.#parts.onAdvance(new Set(uncovered.keys()));
    if (!isWhole) throw new EngineError('unavailable', 'it lost what it had not synced');
  }

  /** Logs whose end is not covered, and where that is. */
  #uncovered(): Map<Origin, number> {
    const found = new Map<Origin, number>();
    if (!this.#served?.checkpoint) return found;
    for (const [origin, { headSeq }] of this.#parts.tips())
      if (headSeq > (this.#synced.get(origin) ?? 0)) found.set(origin, headSeq);
    return found;
  }
}
