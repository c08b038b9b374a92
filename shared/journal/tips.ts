/**
 * Where each log of a store ends, as this process believes. Every transaction checks that belief; where it was wrong,
 * or may be, the database is read again. It changes in the writer's turn alone, together with the database.
 */
import type { Certificate, Origin } from '../trust/certificate.ts';
import { EngineError, type SqlValue } from './engine.ts';
import type { Store } from './entry.ts';
import { Follower } from './follow.ts';
import type { JournalParts } from './parts.ts';
import * as sql from './statements.ts';

export interface OriginState {
  readonly seq: number;
  readonly hash: string;
  /** the highest seq under a held head: as far as this log can be forwarded */
  readonly headSeq: number;
  readonly certificate: Certificate;
  readonly certificateJws: string;
}

export class Tips {
  readonly #store: Store;
  readonly #parts: JournalParts;
  readonly #onRewound: (origin: Origin) => void;
  readonly #follower: Follower | null;
  #all = new Map<Origin, OriginState>();
  /** whether the database may be ahead of what is believed, or behind it */
  isStale = false;

  /** `onRewound`: this log is shorter than it was. */
  constructor(store: Store, parts: JournalParts, onRewound: (origin: Origin) => void) {
    this.#store = store;
    this.#parts = parts;
    this.#onRewound = onRewound;
    this.#follower = parts.engine.served?.(store) ? new Follower(store, parts.engine) : null;
  }

  get all(): ReadonlyMap<Origin, OriginState> {
    return this.#all;
  }

  /** Whether other processes write to this store too. */
  get isShared(): boolean {
    return this.#follower !== null;
  }

  of(origin: Origin): OriginState | undefined {
    return this.#all.get(origin);
  }

  set(origin: Origin, { seq, hash, headSeq, certificate, certificateJws }: OriginState): void {
    this.#all.set(origin, { seq, hash, headSeq, certificate, certificateJws });
  }

  /** Nothing of this log is held any more. */
  forget(origin: Origin): void {
    this.#all.delete(origin);
  }

  /** Looks up what other processes wrote, and returns the logs that moved. Throws EngineError. */
  async follow(): Promise<ReadonlySet<Origin>> {
    if (this.isStale || !this.#follower) return this.load();
    const rows = await this.#follower.moved();
    return rows === null ? this.load() : this.#take(rows);
  }

  /** Reads where each log ends, and returns those that moved. Readers see the state before or after, never a part of it. */
  async load(): Promise<ReadonlySet<Origin>> {
    const { engine } = this.#parts;
    await this.#follower?.begin();
    const found = new Map<Origin, OriginState>();
    for (const row of await engine.rows(this.#store, `${sql.selectTips(this.#store)} ORDER BY rowid`, [])) {
      const state = await this.#stateOf(row);
      if (state) found.set(String(row[0]) as Origin, state);
    }
    const before = this.#all;
    const all = new Set([...before.keys(), ...found.keys()]);
    const moved = new Set([...all].filter((origin) => !isSame(before.get(origin), found.get(origin))));
    for (const origin of moved) this.#checkRewind(origin, before.get(origin), found.get(origin));
    this.#all = found;
    this.isStale = false;
    return moved;
  }

  /** Takes in where these logs end now, and returns those that moved. */
  async #take(rows: readonly SqlValue[][]): Promise<ReadonlySet<Origin>> {
    const moved = new Set<Origin>();
    for (const row of rows) {
      const origin = String(row[0]) as Origin;
      const before = this.#all.get(origin);
      const now = await this.#stateOf(row);
      if (!now || isSame(before, now)) continue;
      this.#checkRewind(origin, before, now);
      this.#all.set(origin, now);
      moved.add(origin);
    }
    return moved;
  }

  /** Reads where one log ends, and returns whether it moved. Throws EngineError. */
  async refresh(origin: Origin): Promise<boolean> {
    const [row] = await this.#parts.engine.rows(
      this.#store,
      `${sql.selectTips(this.#store)} WHERE origin = ?`,
      [origin],
    );
    const state = row && (await this.#stateOf(row));
    const before = this.#all.get(origin);
    this.#checkRewind(origin, before, state ?? undefined);
    if (state) this.#all.set(origin, state);
    return !isSame(before, state ?? before);
  }

  async #stateOf([origin, seq, hash, headSeq, jws]: SqlValue[]): Promise<OriginState | null> {
    const certificateJws = String(jws);
    const certificate = await this.#parts.authority.check(certificateJws);
    if (certificate)
      return { seq: Number(seq), hash: String(hash), headSeq: Number(headSeq), certificate, certificateJws };
    this.#parts.alarms.raise(
      'segment-refused',
      String(origin),
      'held under a certificate of another organisation',
    );
    return null;
  }

  /**
   * I6: a log that lost its end must not be continued under the same incarnation. A file was restored under this
   * process, and only a new start opens a new one. A server lost what it had not synced: all that this process had
   * acknowledged or shown to anybody is still there, so it goes on under a new incarnation.
   */
  #checkRewind(origin: Origin, before: OriginState | undefined, now: OriginState | undefined): void {
    if (!before || (now && (now.seq > before.seq || isSame(before, { ...now, headSeq: before.headSeq }))))
      return;
    this.#onRewound(origin);
    if (origin !== this.#parts.self) return;
    // A Durable Object whose disk was full: what it wrote last was neither committed nor told to anybody.
    const isUntold = this.isShared || this.#parts.engine.kind === 'durable-object';
    if (!isUntold)
      throw new EngineError('corrupt', 'it is older than this process, which has to be started again');
    this.#parts.log('warn', 'the database lost the end of a log, which is continued under a new one', {
      store: this.#store,
      heldBefore: before.seq,
      heldNow: now?.seq ?? 0,
    });
    this.#parts.reincarnate();
  }
}

function isSame(a: OriginState | undefined, b: OriginState | undefined): boolean {
  return a?.seq === b?.seq && a?.hash === b?.hash && a?.headSeq === b?.headSeq;
}
