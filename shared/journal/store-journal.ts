/**
 * One store's journal: the only writer of its database.
 *
 *     append ──┐                       ┌─▶ guard, entries, head, tip, fact rows
 *              ├─▶ one write at a time ┤      (one transaction, durable, then acknowledged: I1)
 *     absorb ──┘   appends first       └─▶ the state in memory follows
 *
 * `turns.ts` says who writes next, `own-log.ts` writes appends, `absorber.ts` others' logs, `commits.ts` is one
 * transaction, `tips.ts` the state in memory. Appends that wait together share a transaction, a head and an fsync.
 * Absorbing is cut into slices with a pause after each, so that catching up never holds up people and devices (I12).
 * Every transaction begins by checking that the log still ends where this process believes (another process may share
 * the database); if not, the state is read again and nothing was changed. The same guard closes the gate while a
 * snapshot is opened (I11). State changes only in the writer's turn, together with the database. At a database server,
 * what others wrote is looked up now and then (`follow.ts`), and appends are acknowledged when a checkpoint has covered
 * them (`durability.ts`).
 */
import { limits } from '../limits.ts';
import type { Origin } from '../trust/certificate.ts';
import { Absorber, type SegmentOutcome } from './absorber.ts';
import { Commits } from './commits.ts';
import { type Trusted, cutAfter } from './cut-off.ts';
import { type Again, type Draft, prepare } from './drafts.ts';
import type { Durability } from './durability.ts';
import { EngineError, type Statement } from './engine.ts';
import type { Entry, Segment, Store } from './entry.ts';
import { OwnLog } from './own-log.ts';
import type { JournalParts } from './parts.ts';
import { hashAt, readSegment } from './segments.ts';
import * as sql from './statements.ts';
import type { OriginState, Tips } from './tips.ts';
import { type PendingAppend, Turns } from './turns.ts';

export class StoreJournal {
  readonly store: Store;
  readonly #parts: JournalParts;
  readonly #commits: Commits;
  readonly #tips: Tips;
  readonly #turns: Turns;
  readonly #own: OwnLog;
  readonly #absorber: Absorber;

  private constructor(store: Store, parts: JournalParts) {
    this.store = store;
    this.#parts = parts;
    this.#commits = new Commits(store, parts);
    this.#tips = this.#commits.tips;
    this.#own = new OwnLog(this.#commits);
    this.#turns = new Turns(parts, (group) => this.#writeGroup(group));
    this.#absorber = new Absorber(this.#commits, this.#turns);
  }

  static async open(store: Store, parts: JournalParts): Promise<StoreJournal> {
    const journal = new StoreJournal(store, parts);
    await journal.#tips.load();
    await journal.durability.settle();
    return journal;
  }

  get origins(): ReadonlyMap<Origin, OriginState> {
    return this.#tips.all;
  }

  get durability(): Durability {
    return this.#commits.durability;
  }

  /**
   * Appends `drafts` to this node's own log, with `local` statements in the same transaction. Resolves with the
   * entries once they are durable; rejects with EngineError or OverloadedError having stored nothing (unless a
   * database server was cut off before its answer arrived: then nobody knows, and the state is read again).
   */
  async append(drafts: readonly (Draft | Again)[], local: readonly Statement[] = []): Promise<Entry[]> {
    this.#turns.checkRoom();
    const prepared = drafts.map((draft) => prepare(this.store, this.#parts.identity.certificate.role, draft));
    const bytes = prepared.reduce((sum, { body }) => sum + body.length, 0);
    if (drafts.length > limits.groupEntriesMax || bytes > limits.groupBytesMax) {
      throw new Error(
        'one append is larger than groupEntriesMax or groupBytesMax, and no peer would take it',
      );
    }
    return this.#turns.append(prepared, local, bytes);
  }

  /** Takes in one segment of another's log (or of an old one of its own): verified whole, applied in slices. */
  absorb(segment: Segment): Promise<SegmentOutcome> {
    return this.#absorber.absorb(segment);
  }

  /** Cuts a log off where it is trusted. Returns how many entries went into quarantine. Throws EngineError. */
  cutOff(origin: Origin, trusted: Trusted): Promise<number> {
    return this.#turns.take(async () => {
      if (this.#tips.isStale) await this.#tips.load();
      const held = this.#tips.of(origin);
      if (!held || held.seq <= trusted.seq) return 0;
      // A log that is another one there is not the one that is trusted: nothing of it is.
      const { engine } = this.#parts;
      const agrees =
        trusted.seq > 0 && (await hashAt(engine, this.store, origin, trusted.seq)) === trusted.hash;
      const { seq, hash, head } = agrees ? trusted : { seq: 0, hash: '', head: '' };
      const tip = { origin, seq, hash, headSeq: seq, certificate: held.certificateJws };
      await this.#commits.batch([
        sql.guardTip(this.store, origin, held.seq, held.hash),
        ...(await cutAfter(engine, this.store, origin, seq, held.certificate.role)),
        ...(agrees
          ? [sql.insertHead(this.store, origin, seq, head), sql.setTip(this.store, tip)]
          : [sql.forgetTip(this.store, origin)]),
      ]);
      if (agrees) this.#tips.set(origin, { ...held, seq, hash, headSeq: seq });
      else this.#tips.forget(origin);
      this.durability.rewound(origin);
      this.#parts.onFollowed(this.store, new Set([origin]));
      return held.seq - seq;
    });
  }

  /** Contiguous entries of `origin` after `after`, up to a head at or before `until`, within one message; null when there are none. */
  async read(
    origin: Origin,
    after: number,
    entriesMax: number,
    until: number,
    mayRead?: (body: string) => boolean,
  ): Promise<Segment | null> {
    const state = this.#tips.of(origin);
    if (!state || state.headSeq <= after) return null;
    const range = {
      ...{ after, until: Math.min(until, state.headSeq), entriesMax },
      ...(mayRead ? { mayRead } : {}),
    };
    return readSegment(this.#parts.engine, this.store, origin, range);
  }

  /** At a database server: looks up what other processes wrote, and has it sync what it has not. Throws EngineError. */
  async follow(): Promise<void> {
    if (!this.#tips.isShared) return;
    try {
      this.#commits.followed(await this.#turns.take(() => this.#tips.follow()));
      if (this.durability.isBehind) await this.durability.settle();
      if (this.#commits.isLost) this.#parts.alarms.clear('storage', this.store);
      this.#commits.isLost = false;
    } catch (error) {
      // A server that lost what it had not synced ends where it did at the last look, and this process believes more.
      this.#tips.isStale = true;
      this.#commits.raise(error);
      throw error;
    }
  }

  /** Resolves when nothing is waiting or being written. */
  idle(): Promise<void> {
    return this.#turns.idle();
  }

  async #writeGroup(group: readonly PendingAppend[], isSecondTry = false): Promise<void> {
    try {
      if (this.#tips.isStale) await this.#commits.reload();
      const written = await this.#own.write(group);
      // The next group is written while this one is synced, where that is a step of its own (I1, I3).
      void this.durability.settle().then(
        () => {
          let at = 0;
          for (const pending of group) {
            pending.resolve(written.slice(at, at + pending.drafts.length));
            at += pending.drafts.length;
          }
        },
        (error: unknown) => {
          this.#commits.raise(error);
          for (const pending of group) pending.reject(error);
        },
      );
    } catch (error) {
      this.#tips.isStale = true;
      // A write that was given up while a server had it in hand may have been committed after all.
      if (isGuard(error) && !isSecondTry) return this.#writeGroup(group, true);
      const isFull = error instanceof EngineError && error.reason === 'full';
      if (isFull && !isSecondTry && (await this.#parts.makeRoom())) return this.#writeGroup(group, true);
      // One append that the database refuses must not take the others of its group with it (I9).
      if (
        group.length > 1 &&
        error instanceof EngineError &&
        (error.reason === 'constraint' || error.reason === 'other')
      ) {
        for (const pending of group) await this.#writeGroup([pending]);
        return;
      }
      this.#commits.raise(error);
      for (const pending of group) pending.reject(error);
    }
  }
}

/** The log did not end where this process believed. */
function isGuard(error: unknown): boolean {
  return error instanceof EngineError && error.reason === 'constraint' && error.message.includes('_guard');
}
