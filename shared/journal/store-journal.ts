/**
 * One store's journal: the only writer of its database.
 *
 *     append ──┐                       ┌─▶ guard, entries, head, tip, fact rows
 *              ├─▶ one write at a time ┤      (one transaction, durable, then acknowledged: I1)
 *     absorb ──┘   appends first       └─▶ the state in memory follows
 *
 * Appends that wait together share a transaction, a head and an fsync. Absorbing is cut into slices with a pause
 * after each, so that catching up never holds up people and devices (I12). Every transaction begins by checking
 * that the log still ends where this process believes (another process may share the database); if not, the state
 * is read again and nothing was changed. The same guard closes the gate while a snapshot is opened (I11). State
 * changes only in the writer's turn, together with the database. At a database server, what others wrote is looked up
 * now and then (`follow.ts`), and appends are acknowledged when a checkpoint has covered them (`durability.ts`).
 */
import { base64url } from 'jose';
import type { Alarms } from '../alarms.ts';
import type { Foreground } from '../foreground.ts';
import { limits } from '../limits.ts';
import type { Log, Platform } from '../platform.ts';
import { type Certificate, type CertificateAuthority, type Origin, nodeOf } from '../trust/certificate.ts';
import type { Signer } from '../trust/jws.ts';
import { type Again, type Draft, type Prepared, prepare } from './drafts.ts';
import { type Trusted, cutAfter, insertQuarantine } from './cut-off.ts';
import { Durability } from './durability.ts';
import { type Engine, EngineError, type SqlValue, type Statement } from './engine.ts';
import { type Entry, type Segment, type Store, hashBody, hashEntry } from './entry.ts';
import type { HybridClock } from './hlc.ts';
import { Follower } from './follow.ts';
import { Projector, projectAll } from './projection.ts';
import { type Refusal, type Verified, forkEvidence, hashAt, readSegment, verifySegment } from './segments.ts';
import * as sql from './statements.ts';

export type { Again, Draft } from './drafts.ts';

export interface OriginState {
  readonly seq: number;
  readonly hash: string;
  /** the highest seq under a held head: as far as this log can be forwarded */
  readonly headSeq: number;
  readonly certificate: Certificate;
  readonly certificateJws: string;
}

/** What became of one segment. `gap`: entries before it are missing here; `fork`: it contradicts what is held (I4). */
export type SegmentOutcome =
  | { outcome: 'applied'; marked: number }
  | { outcome: 'held' | 'gap' | 'fork' }
  | { outcome: 'refused'; why: Refusal['why'] | 'storage' | 'revoked' };

export interface NodeIdentity {
  readonly certificateJws: string;
  readonly certificate: Certificate;
  readonly signer: Signer;
}

export interface JournalParts {
  readonly engine: Engine;
  readonly platform: Platform;
  readonly authority: CertificateAuthority;
  readonly identity: NodeIdentity;
  /** this start's origin (I6) */
  readonly self: Origin;
  readonly clock: HybridClock;
  readonly alarms: Alarms;
  readonly log: Log;
  /** entries one absorbing transaction applies while people and devices are there */
  readonly sliceEntries: number;
  /** who else is there; without it, nobody is ever waited for */
  readonly foreground?: Foreground;
  readonly onCommit: (store: Store, entries: readonly Entry[], by: 'append' | 'absorb') => void;
  /** another process over the same database moved these logs */
  readonly onFollowed: (store: Store, origins: ReadonlySet<Origin>) => void;
  /** more of these logs may be shown to peers */
  readonly onServable: (store: Store, origins: ReadonlySet<Origin>) => void;
  /** opens a new incarnation: the database server lost the end of this one's log */
  readonly reincarnate: () => void;
  /** whether there is room on the disk for others' logs, and whether some could be made for a write that found none */
  readonly takesLogs: (store: Store) => boolean;
  readonly makeRoom: () => Promise<boolean>;
  /** where the log of a revoked edge is trusted to; null for every other */
  readonly trusted: (store: Store, origin: Origin) => Trusted | null;
}

interface PendingAppend {
  readonly drafts: readonly Prepared[];
  readonly local: readonly Statement[];
  readonly bytes: number;
  resolve(entries: Entry[]): void;
  reject(error: unknown): void;
}

/** What one turn of the writer did for a segment: a slice of it was applied, or it was placed as a whole. */
type Step =
  { readonly applied: number; readonly marked: number; readonly complete: boolean } | SegmentOutcome;

/** The writer's queue is full: the caller answers 503 and the client comes back. */
export class OverloadedError extends Error {
  override readonly name = 'OverloadedError';
}

export class StoreJournal {
  readonly store: Store;
  readonly durability: Durability;
  readonly #parts: JournalParts;
  readonly #follower: Follower | null;
  #origins = new Map<Origin, OriginState>();
  readonly #appends: PendingAppend[] = [];
  #appendBytes = 0;
  readonly #turns: (() => Promise<void>)[] = [];
  #pumping = false;
  /** over as soon as others had their turn since the last slice of another's log */
  #pause: Promise<void> = Promise.resolve();
  /** whether the state in memory may be behind the database */
  #stale = false;
  /** whether something failed since the database server was last asked for news */
  #isLost = false;
  /** how long writes have been waiting for the freeze of a snapshot to end */
  #frozenMs = 0;

  private constructor(store: Store, parts: JournalParts) {
    this.store = store;
    this.#parts = parts;
    this.durability = new Durability(store, {
      engine: parts.engine,
      tips: () => this.#origins,
      onAdvance: (origins) => {
        parts.onServable(store, origins);
      },
    });
    this.#follower = parts.engine.served?.(store) ? new Follower(store, parts.engine) : null;
  }

  static async open(store: Store, parts: JournalParts): Promise<StoreJournal> {
    const journal = new StoreJournal(store, parts);
    await journal.#load();
    await journal.durability.settle();
    return journal;
  }

  get origins(): ReadonlyMap<Origin, OriginState> {
    return this.#origins;
  }

  /**
   * Appends `drafts` to this node's own log, with `local` statements in the same transaction. Resolves with the
   * entries once they are durable; rejects with EngineError or OverloadedError having stored nothing (unless a
   * database server was cut off before its answer arrived: then nobody knows, and the state is read again).
   */
  async append(drafts: readonly (Draft | Again)[], local: readonly Statement[] = []): Promise<Entry[]> {
    if (this.#appends.length >= limits.appendQueueMax || this.#appendBytes >= limits.appendQueueBytesMax) {
      throw new OverloadedError('too many writes are waiting');
    }
    const prepared = drafts.map((draft) => prepare(this.store, this.#parts.identity.certificate.role, draft));
    const bytes = prepared.reduce((sum, { body }) => sum + body.length, 0);
    if (drafts.length > limits.groupEntriesMax || bytes > limits.groupBytesMax) {
      throw new Error(
        'one append is larger than groupEntriesMax or groupBytesMax, and no peer would take it',
      );
    }
    return new Promise((resolve, reject) => {
      this.#appends.push({ drafts: prepared, local, bytes, resolve, reject });
      this.#appendBytes += bytes;
      this.#pump();
    });
  }

  /** Takes in one segment of another's log (or of an old one of its own): verified whole, applied in slices. */
  async absorb(segment: Segment): Promise<SegmentOutcome> {
    if (!this.#parts.takesLogs(this.store)) return { outcome: 'refused', why: 'storage' };
    const trusted = this.#parts.trusted(this.store, segment.origin);
    if (trusted && segment.from + segment.entries.length - 1 > trusted.seq)
      return this.#absorbTrusted(segment, trusted);
    let known = this.#origins.get(segment.origin);
    if (segment.from > (known?.seq ?? 0) + 1) {
      // Another process over the same database may have taken in what seems to be missing.
      const refreshed = await this.#inTurn(() => this.#refresh(segment.origin));
      if (refreshed) return refreshed;
      known = this.#origins.get(segment.origin);
      if (segment.from > (known?.seq ?? 0) + 1) return { outcome: 'gap' };
    }
    const verified = await verifySegment(this.#parts, this.store, segment, known);
    if ('outcome' in verified) {
      this.#parts.alarms.raise('segment-refused', segment.origin, verified.why);
      return verified;
    }
    let applied = 0;
    let marked = 0;
    for (;;) {
      const step = await this.#inTurn(() => this.#step(segment, verified));
      if ('outcome' in step)
        return step.outcome === 'held' && applied > 0 ? { outcome: 'applied', marked } : step;
      applied += step.applied;
      marked += step.marked;
      if (step.complete) return { outcome: 'applied', marked };
    }
  }

  /** Of a revoked edge's log: what is trusted is taken in, up to the signature there, and the rest kept apart. */
  async #absorbTrusted(segment: Segment, trusted: Trusted): Promise<SegmentOutcome> {
    const verified = await verifySegment(this.#parts, this.store, segment, this.#origins.get(segment.origin));
    if ('outcome' in verified) return verified;
    const inside = Math.max(0, trusted.seq - segment.from + 1);
    if (inside > 0)
      await this.absorb({ ...segment, entries: segment.entries.slice(0, inside), head: trusted.head });
    await this.#inTurn(() =>
      this.#batch([
        sql.guardFreeze(this.store),
        ...insertQuarantine(this.store, verified.entries.slice(inside)),
      ]),
    );
    return { outcome: 'refused', why: 'revoked' };
  }

  /** Cuts a log off where it is trusted. Returns how many entries went into quarantine. Throws EngineError. */
  cutOff(origin: Origin, trusted: Trusted): Promise<number> {
    return this.#inTurn(async () => {
      if (this.#stale) await this.#load();
      const held = this.#origins.get(origin);
      if (!held || held.seq <= trusted.seq) return 0;
      // A log that is another one there is not the one that is trusted: nothing of it is.
      const { engine } = this.#parts;
      const agrees =
        trusted.seq > 0 && (await hashAt(engine, this.store, origin, trusted.seq)) === trusted.hash;
      const { seq, hash, head } = agrees ? trusted : { seq: 0, hash: '', head: '' };
      const tip = { origin, seq, hash, headSeq: seq, certificate: held.certificateJws };
      await this.#batch([
        sql.guardTip(this.store, origin, held.seq, held.hash),
        ...(await cutAfter(engine, this.store, origin, seq, held.certificate.role)),
        ...(agrees
          ? [sql.insertHead(this.store, origin, seq, head), sql.setTip(this.store, tip)]
          : [sql.forgetTip(this.store, origin)]),
      ]);
      if (agrees) this.#setTip(origin, { ...held, seq, hash, headSeq: seq });
      else this.#origins.delete(origin);
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
    const state = this.#origins.get(origin);
    if (!state || state.headSeq <= after) return null;
    const range = {
      ...{ after, until: Math.min(until, state.headSeq), entriesMax },
      ...(mayRead ? { mayRead } : {}),
    };
    return readSegment(this.#parts.engine, this.store, origin, range);
  }

  /** At a database server: looks up what other processes wrote, and has it sync what it has not. Throws EngineError. */
  async follow(): Promise<void> {
    const follower = this.#follower;
    if (!follower) return;
    try {
      await this.#followBy(follower);
      if (this.durability.isBehind) await this.durability.settle();
      if (this.#isLost) this.#parts.alarms.clear('storage', this.store);
      this.#isLost = false;
    } catch (error) {
      // A server that lost what it had not synced ends where it did at the last look, and this process believes more.
      this.#stale = true;
      this.#raise(error);
      throw error;
    }
  }

  #raise(error: unknown): void {
    // A freeze is no fault of the storage.
    if (!(error instanceof EngineError) || error.reason === 'frozen') return;
    this.#isLost = true;
    this.#parts.alarms.raise('storage', this.store, error.message);
  }

  async #followBy(follower: Follower): Promise<void> {
    const moved = await this.#inTurn(async () => {
      if (this.#stale) return this.#load();
      const rows = await follower.moved();
      return rows === null ? this.#load() : this.#take(rows);
    });
    this.#followed(moved);
  }

  /** Others wrote to these logs. Whoever keeps something of them in memory is told, however it was found out. */
  #followed(moved: ReadonlySet<Origin>): void {
    if (moved.size === 0) return;
    this.#parts.onFollowed(this.store, moved);
    this.durability.moved(moved);
  }

  async #reload(): Promise<void> {
    this.#followed(await this.#load());
  }

  /** Resolves when nothing is waiting or being written. */
  async idle(): Promise<void> {
    while (this.#pumping) await this.#parts.platform.sleep(1);
  }

  // ── the writer ────────────────────────────────────────────────────────────────────────────────────────────────

  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    void this.#work().finally(() => {
      this.#pumping = false;
      if (this.#appends.length > 0 || this.#turns.length > 0) this.#pump();
    });
  }

  async #work(): Promise<void> {
    for (let groups = 0; ;) {
      // Whoever writes alone is written at once; others who are about to write join the group. After a slice of
      // another's log, people and devices get their turn before the next one (I12).
      const othersComing = (this.#parts.foreground?.busy ?? 0) > this.#appends.length;
      if (othersComing) await this.#gather();
      else await (this.#appends.length === 0 ? this.#pause : Promise.resolve());
      if (this.#appends.length > 0 && (groups < limits.groupsBeforeSliceMax || this.#turns.length === 0)) {
        groups += 1;
        await this.#writeGroup(this.#takeGroup());
        continue;
      }
      groups = 0;
      const turn = this.#turns.shift();
      if (!turn) return;
      await turn();
      this.#pause = this.#parts.platform.sleep(0);
    }
  }

  /** Requests come in waves, of which a part is ready at a time: as long as the group grows, the rest is awaited. */
  async #gather(): Promise<void> {
    let before: number;
    do {
      before = this.#appends.length;
      await this.#parts.platform.sleep(0);
    } while (this.#appends.length > before + 1 && this.#appends.length < limits.groupEntriesMax);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#turns.push(() => work().then(resolve, reject));
      this.#pump();
    });
  }

  /** One transaction. A freeze of a few milliseconds is waited for; one that stays becomes an error until it ends. */
  async #batch(statements: readonly Statement[]): Promise<void> {
    for (;;) {
      try {
        await this.#parts.engine.batch(this.store, statements);
        this.#frozenMs = 0;
        return;
      } catch (error) {
        const frozen = error instanceof EngineError && error.reason === 'frozen';
        if (!frozen || this.#frozenMs >= limits.frozenWaitMsMax) throw error;
        this.#frozenMs += limits.frozenRetryMs;
        await this.#parts.platform.sleep(limits.frozenRetryMs);
      }
    }
  }

  #takeGroup(): PendingAppend[] {
    let entries = 0;
    let bytes = 0;
    const fits = this.#appends.findIndex((pending) => {
      entries += pending.drafts.length;
      bytes += pending.bytes;
      return entries > limits.groupEntriesMax || bytes > limits.groupBytesMax;
    });
    const group = this.#appends.splice(0, fits < 0 ? this.#appends.length : Math.max(1, fits));
    for (const pending of group) this.#appendBytes -= pending.bytes;
    return group;
  }

  async #writeGroup(group: readonly PendingAppend[], isSecondTry = false): Promise<void> {
    try {
      if (this.#stale) await this.#reload();
      const written = await this.#commitGroup(group);
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
          this.#raise(error);
          for (const pending of group) pending.reject(error);
        },
      );
    } catch (error) {
      this.#stale = true;
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
      this.#raise(error);
      for (const pending of group) pending.reject(error);
    }
  }

  async #commitGroup(group: readonly PendingAppend[]): Promise<Entry[]> {
    const { self, identity } = this.#parts;
    const drafts = group.flatMap((pending) => pending.drafts);
    const local = group.flatMap((pending) => pending.local);
    if (drafts.length === 0) {
      await this.#batch([sql.guardFreeze(this.store), ...local]);
      this.durability.touch();
      return [];
    }
    const before = this.#origins.get(self);
    const opening = before ? [] : [this.#genesis()];
    const all = [...opening, ...drafts];
    const entries = this.#chain(all, before?.seq ?? 0, before?.hash ?? '');
    const tip = entries.at(-1);
    if (!tip) return [];
    const head = await identity.signer.sign('holdfast-head', {
      store: this.store,
      origin: self,
      seq: tip.seq,
      hash: tip.hash,
    });
    const projector = new Projector();
    const marks: Statement[] = [];
    for (const [index, entry] of entries.entries()) {
      const { rows, mark } = all[index] ?? { rows: {}, mark: null };
      projector.add(entry, rows);
      if (mark) marks.push(sql.insertMark(this.store, entry, mark));
    }
    const state = {
      origin: self,
      seq: tip.seq,
      hash: tip.hash,
      headSeq: tip.seq,
      certificate: identity.certificateJws,
    };
    // I1, I3: acknowledged only after this one transaction, which holds entry, head and tables together.
    await this.#batch([
      sql.guardTip(this.store, self, before?.seq ?? 0, before?.hash ?? ''),
      ...sql.insertEntries(this.store, entries),
      sql.insertHead(this.store, self, tip.seq, head),
      sql.setTip(this.store, state),
      ...projector.statements(),
      ...marks,
      ...local,
    ]);
    this.#committed(self, { ...state, ...identity }, entries, 'append');
    return entries.slice(opening.length);
  }

  /** I6: opened at the first append of every start; names where this node's log ended before. */
  #genesis(): Prepared {
    const { identity } = this.#parts;
    const { nodeId, role } = identity.certificate;
    let predecessor: { origin: Origin; seq: number; hash: string } | null = null;
    for (const [origin, state] of this.#origins) {
      if (nodeOf(origin) === nodeId) predecessor = { origin, seq: state.seq, hash: state.hash };
    }
    return prepare(this.store, role, {
      kind: 'genesis',
      body: { certificate: identity.certificateJws, predecessor },
    });
  }

  #chain(drafts: readonly Prepared[], after: number, prevHash: string): Entry[] {
    const { platform, clock, self } = this.#parts;
    const salts = platform.random(16 * drafts.length);
    let prev = prevHash;
    return drafts.map(({ kind, version, body }, index) => {
      const salt = base64url.encode(salts.subarray(index * 16, index * 16 + 16));
      const entry = {
        store: this.store,
        origin: self,
        seq: after + 1 + index,
        hlc: clock.tick(),
        kind,
        version,
        salt,
        body,
        bodyHash: hashBody(platform, salt, body),
      };
      prev = hashEntry(platform, entry, prev);
      return { ...entry, hash: prev };
    });
  }

  #committed(origin: Origin, tip: OriginState, entries: readonly Entry[], by: 'append' | 'absorb'): void {
    this.#setTip(origin, tip);
    this.#parts.alarms.clear('storage', this.store);
    this.#parts.onCommit(this.store, entries, by);
    this.durability.moved(new Set([origin]));
  }

  #setTip(origin: Origin, { seq, hash, headSeq, certificate, certificateJws }: OriginState): void {
    this.#origins.set(origin, { seq, hash, headSeq, certificate, certificateJws });
  }

  // ── absorbing, one turn of the writer at a time ───────────────────────────────────────────────────────────────

  async #step(segment: Segment, verified: Verified): Promise<Step> {
    try {
      if (this.#stale) await this.#reload();
      const placed = await this.#place(segment, verified.entries);
      if (placed) return placed;
      const at = (this.#origins.get(segment.origin)?.seq ?? 0) + 1 - segment.from;
      const slice = verified.entries.slice(at, at + this.#sliceEntries());
      const complete = at + slice.length === verified.entries.length;
      return { complete, ...(await this.#applySlice(slice, verified, complete ? segment.head : null)) };
    } catch (error) {
      return this.#storageFailed(error);
    }
  }

  /** Large transactions cost a third less per entry, and nobody waits for one while nobody is there (I12). */
  #sliceEntries(): number {
    const { sliceEntries, foreground } = this.#parts;
    return foreground?.quiet === true
      ? Math.max(sliceEntries, limits.absorbSliceQuietEntriesMax)
      : sliceEntries;
  }

  #storageFailed(error: unknown): SegmentOutcome {
    this.#stale = true;
    if (!(error instanceof EngineError)) throw error;
    this.#raise(error);
    return { outcome: 'refused', why: 'storage' };
  }

  /** Where a verified segment stands against what is held; null when its next entries follow on it. */
  async #place(segment: Segment, entries: readonly Entry[]): Promise<SegmentOutcome | null> {
    const held = this.#origins.get(segment.origin);
    const heldSeq = held?.seq ?? 0;
    const last = segment.from + entries.length - 1;
    if (segment.from > heldSeq + 1) return { outcome: 'gap' };
    const seam = Math.min(heldSeq, last);
    const theirs = seam < segment.from ? segment.prev : (entries[seam - segment.from]?.hash ?? '');
    const ours =
      seam === heldSeq
        ? (held?.hash ?? '')
        : ((await hashAt(this.#parts.engine, this.store, segment.origin, seam)) ?? '');
    if (theirs !== ours) {
      const seenAt = this.#parts.platform.now();
      const fork = { origin: segment.origin, heldHash: ours, seenAt };
      const evidence = forkEvidence(this.store, segment, entries).map((piece) =>
        sql.insertFork(this.store, { ...fork, ...piece }),
      );
      await this.#batch([sql.guardFreeze(this.store), ...evidence]);
      this.#parts.alarms.raise(
        'fork',
        `${this.store} ${segment.origin}`,
        `two entries claim place ${String(seam)}`,
      );
      return { outcome: 'fork' };
    }
    if (last > heldSeq) return null;
    // Nothing new, but a head where none was held lets this node forward that far.
    if (held && last > held.headSeq) {
      const { seq, hash, certificateJws: certificate } = held;
      await this.#batch([
        sql.guardTip(this.store, segment.origin, seq, hash),
        sql.insertHead(this.store, segment.origin, last, segment.head),
        sql.setTip(this.store, { origin: segment.origin, seq, hash, headSeq: last, certificate }),
      ]);
      this.#setTip(segment.origin, { ...held, headSeq: last });
    }
    return { outcome: 'held' };
  }

  /** Applies entries that follow on what is held. Nothing is applied when another process did so meanwhile. */
  async #applySlice(
    entries: readonly Entry[],
    by: Verified,
    head: string | null,
  ): Promise<{ applied: number; marked: number; complete?: false }> {
    const { alarms, clock } = this.#parts;
    const first = entries[0];
    const last = entries.at(-1);
    if (!first || !last) throw new Error('a slice has at least one entry');
    const held = this.#origins.get(first.origin);
    const headSeq = head === null ? (held?.headSeq ?? 0) : last.seq;
    const state = {
      origin: first.origin,
      seq: last.seq,
      hash: last.hash,
      headSeq,
      certificate: by.certificateJws,
    };
    const frame = [
      sql.guardTip(this.store, first.origin, held?.seq ?? 0, held?.hash ?? ''),
      ...sql.insertEntries(this.store, entries),
      ...(head === null ? [] : [sql.insertHead(this.store, first.origin, last.seq, head)]),
      sql.setTip(this.store, state),
    ];
    const { role } = by.certificate;
    let projected = projectAll(this.store, entries, role, new Set());
    try {
      await this.#batch([...frame, ...projected.statements]);
    } catch (error) {
      if (!(error instanceof EngineError) || error.reason !== 'constraint') throw error;
      await this.#reload();
      const now = this.#origins.get(first.origin);
      if (now?.seq !== held?.seq || now?.hash !== held?.hash)
        return { applied: 0, marked: 0, complete: false };
      projected = projectAll(this.store, entries, role, await this.#findPoison(entries, role));
      await this.#batch([...frame, ...projected.statements]);
    }
    for (const { seq, reason } of projected.marks) {
      alarms.raise('entry-marked', `${this.store} ${first.origin} ${String(seq)}`, reason);
    }
    const ahead = Math.max(...entries.map((entry) => clock.observe(entry.hlc)));
    const author = nodeOf(first.origin);
    if (ahead > 0)
      alarms.raise('clock-ahead', author, `${String(Math.round(ahead / 1000))} s ahead of this node`);
    else alarms.clear('clock-ahead', author);
    this.#committed(first.origin, { ...state, ...by }, entries, 'absorb');
    return { applied: entries.length, marked: projected.marks.length };
  }

  /** Bisects a batch whose SQL failed (I9); each trial is rolled back by a guard that cannot hold. */
  async #findPoison(entries: readonly Entry[], role: Certificate['role']): Promise<ReadonlySet<number>> {
    const poison = new Set<number>();
    const never: Statement = { sql: `INSERT INTO "${this.store}_guard" (id, ok) VALUES (2, 0)`, args: [] };
    const failsOnlyByGuard = async (part: readonly Entry[]): Promise<boolean> => {
      try {
        await this.#parts.engine.batch(this.store, [
          ...projectAll(this.store, part, role, new Set()).statements,
          never,
        ]);
        return true;
      } catch (error) {
        // A database that is busy or full says nothing about the entries.
        if (!(error instanceof EngineError) || error.reason !== 'constraint') throw error;
        return error.message.includes('_guard');
      }
    };
    const search = async (part: readonly Entry[]): Promise<void> => {
      if (part.length === 0 || (await failsOnlyByGuard(part))) return;
      const [only] = part;
      if (part.length === 1 && only) {
        poison.add(only.seq);
        return;
      }
      const middle = Math.floor(part.length / 2);
      await search(part.slice(0, middle));
      await search(part.slice(middle));
    };
    await search(entries);
    return poison;
  }

  /** Reads where each log ends, and returns those that moved. Readers see the state before or after, never a part of it. */
  async #load(): Promise<ReadonlySet<Origin>> {
    const { engine } = this.#parts;
    await this.#follower?.begin();
    const found = new Map<Origin, OriginState>();
    for (const row of await engine.rows(this.store, `${sql.selectTips(this.store)} ORDER BY rowid`, [])) {
      const state = await this.#stateOf(row);
      if (state) found.set(String(row[0]) as Origin, state);
    }
    const before = this.#origins;
    const all = new Set([...before.keys(), ...found.keys()]);
    const moved = new Set([...all].filter((origin) => !isSame(before.get(origin), found.get(origin))));
    for (const origin of moved) this.#checkRewind(origin, before.get(origin), found.get(origin));
    this.#origins = found;
    this.#stale = false;
    return moved;
  }

  /** Takes in where these logs end now, and returns those that moved. */
  async #take(rows: readonly SqlValue[][]): Promise<ReadonlySet<Origin>> {
    const moved = new Set<Origin>();
    for (const row of rows) {
      const origin = String(row[0]) as Origin;
      const before = this.#origins.get(origin);
      const now = await this.#stateOf(row);
      if (!now || isSame(before, now)) continue;
      this.#checkRewind(origin, before, now);
      this.#origins.set(origin, now);
      moved.add(origin);
    }
    return moved;
  }

  /** Reads where one log ends; null when that worked. */
  async #refresh(origin: Origin): Promise<SegmentOutcome | null> {
    try {
      const [row] = await this.#parts.engine.rows(
        this.store,
        `${sql.selectTips(this.store)} WHERE origin = ?`,
        [origin],
      );
      const state = row && (await this.#stateOf(row));
      const before = this.#origins.get(origin);
      this.#checkRewind(origin, before, state ?? undefined);
      if (state) this.#origins.set(origin, state);
      if (!isSame(before, state ?? before)) this.#followed(new Set([origin]));
      return null;
    } catch (error) {
      return this.#storageFailed(error);
    }
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
    this.durability.rewound(origin);
    if (origin !== this.#parts.self) return;
    // A Durable Object whose disk was full: what it wrote last was neither committed nor told to anybody.
    const isUntold = this.#follower !== null || this.#parts.engine.kind === 'durable-object';
    if (!isUntold)
      throw new EngineError('corrupt', 'it is older than this process, which has to be started again');
    this.#parts.log('warn', 'the database lost the end of a log, which is continued under a new one', {
      store: this.store,
      heldBefore: before.seq,
      heldNow: now?.seq ?? 0,
    });
    this.#parts.reincarnate();
  }
}

function isSame(a: OriginState | undefined, b: OriginState | undefined): boolean {
  return a?.seq === b?.seq && a?.hash === b?.hash && a?.headSeq === b?.headSeq;
}

/** The log did not end where this process believed. */
function isGuard(error: unknown): boolean {
  return error instanceof EngineError && error.reason === 'constraint' && error.message.includes('_guard');
}
