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
 * is read again and nothing was changed.
 */
import { base64url } from 'jose';
import canonicalize from 'canonicalize';
import type { Alarms } from '../alarms.ts';
import { limits } from '../limits.ts';
import type { Log, Platform } from '../platform.ts';
import { type Certificate, type CertificateAuthority, type Origin, nodeOf } from '../trust/certificate.ts';
import { type Signer, verifyJws } from '../trust/jws.ts';
import { genesis as genesisBody } from './bodies.ts';
import { type Engine, EngineError, type Statement } from './engine.ts';
import { type Entry, type Segment, type Store, chainSegment, hashBody, hashEntry, headPayload } from './entry.ts';
import type { HybridClock } from './hlc.ts';
import { type Body, KINDS, type Kind, project } from './kinds.ts';
import { Projector } from './projection.ts';
import * as sql from './statements.ts';

/** What a caller wants to append: the journal adds place, time, salt and hashes. */
export type Draft = { [K in Kind]: { readonly kind: K; readonly body: Body<K> } }[Kind];

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
  | { outcome: 'applied' | 'held' | 'gap' | 'fork' }
  | { outcome: 'refused'; why: 'certificate' | 'head' | 'chain' | 'storage' };

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
  /** entries one absorbing transaction applies */
  readonly sliceEntries: number;
  readonly onCommit: (store: Store, entries: readonly Entry[], by: 'append' | 'absorb') => void;
}

interface PendingAppend {
  readonly drafts: readonly Draft[];
  readonly local: readonly Statement[];
  readonly bytes: number;
  resolve(entries: Entry[]): void;
  reject(error: unknown): void;
}

/** The writer's queue is full: the caller answers 503 and the client comes back. */
export class OverloadedError extends Error {
  override readonly name = 'OverloadedError';
}

export class StoreJournal {
  readonly store: Store;
  readonly #parts: JournalParts;
  readonly #origins = new Map<Origin, OriginState>();
  readonly #appends: PendingAppend[] = [];
  readonly #slices: (() => Promise<void>)[] = [];
  #pumping = false;
  #stale = false;

  private constructor(store: Store, parts: JournalParts) {
    this.store = store;
    this.#parts = parts;
  }

  static async open(store: Store, parts: JournalParts): Promise<StoreJournal> {
    const journal = new StoreJournal(store, parts);
    await journal.#load();
    return journal;
  }

  get origins(): ReadonlyMap<Origin, OriginState> {
    return this.#origins;
  }

  /**
   * Appends `drafts` to this node's own log, with `local` statements in the same transaction. Resolves with the
   * entries once they are durable; rejects with EngineError or OverloadedError having stored nothing.
   */
  append(drafts: readonly Draft[], local: readonly Statement[] = []): Promise<Entry[]> {
    if (this.#appends.length >= limits.appendQueueMax) return Promise.reject(new OverloadedError('too many writes are waiting'));
    const bytes = drafts.reduce((sum, draft) => sum + roughSize(draft.body), 0);
    return new Promise((resolve, reject) => {
      this.#appends.push({ drafts, local, bytes, resolve, reject });
      this.#pump();
    });
  }

  /** Takes in one segment of another's log (or of an old one of its own): verified whole, applied in slices. */
  async absorb(segment: Segment): Promise<SegmentOutcome> {
    const verified = await this.#verify(segment);
    if ('outcome' in verified) {
      if (verified.outcome === 'refused') this.#parts.alarms.raise('segment-refused', segment.origin, verified.why);
      return verified;
    }
    const { entries, certificate, certificateJws } = verified;
    const placed = await this.#place(segment, entries);
    if (placed !== null) return placed;
    for (;;) {
      const held = this.#origins.get(segment.origin)?.seq ?? 0;
      const slice = entries.slice(held + 1 - segment.from, held + 1 - segment.from + this.#parts.sliceEntries);
      if (slice.length === 0) return { outcome: 'applied' };
      const last = held + slice.length === segment.from + entries.length - 1;
      const done = await this.#queueSlice(slice, certificate, certificateJws, last ? segment.head : null);
      if (!done) return { outcome: 'refused', why: 'storage' };
    }
  }

  /** Contiguous entries of `origin` after `after`, up to a head, within the limits of one message; null when there are none. */
  async read(origin: Origin, after: number, entriesMax: number): Promise<Segment | null> {
    const state = this.#origins.get(origin);
    if (!state || state.headSeq <= after) return null;
    const { engine } = this.#parts;
    const [near] = await engine.rows(
      this.store,
      `SELECT coalesce((SELECT max(seq) FROM "${this.store}_heads" WHERE origin = ?1 AND seq > ?2 AND seq <= ?2 + ?3), ` +
        `(SELECT min(seq) FROM "${this.store}_heads" WHERE origin = ?1 AND seq > ?2))`,
      [origin, after, Math.max(1, entriesMax)],
    );
    let to = Number(near?.[0] ?? 0);
    if (to === 0) return null;
    const rows = await engine.rows(
      this.store,
      `SELECT seq, hlc, kind, version, salt, body, body_hash FROM "${this.store}_journal" WHERE origin = ? AND seq > ? AND seq <= ? ORDER BY seq`,
      [origin, after, to],
    );
    let bytes = 0;
    const full = rows.findIndex((row) => (bytes += String(row[5] ?? '').length) > limits.segmentBytesMax);
    if (full > 0) {
      const [cut] = await engine.rows(
        this.store,
        `SELECT coalesce((SELECT max(seq) FROM "${this.store}_heads" WHERE origin = ?1 AND seq > ?2 AND seq <= ?3), ` +
          `(SELECT min(seq) FROM "${this.store}_heads" WHERE origin = ?1 AND seq > ?2))`,
        [origin, after, after + full],
      );
      to = Number(cut?.[0] ?? to);
    }
    const [[jws] = [], [prev] = []] = await Promise.all([
      engine.rows(this.store, `SELECT jws FROM "${this.store}_heads" WHERE origin = ? AND seq = ?`, [origin, to]).then((r) => r[0] ?? []),
      after === 0
        ? ['']
        : engine.rows(this.store, `SELECT hash FROM "${this.store}_journal" WHERE origin = ? AND seq = ?`, [origin, after]).then((r) => r[0] ?? []),
    ]);
    return {
      origin,
      from: after + 1,
      prev: String(prev ?? ''),
      head: String(jws),
      entries: rows.slice(0, to - after).map(([, hlc, kind, version, salt, body, bodyHash]) =>
        body === null
          ? { hlc: Number(hlc), kind: String(kind), version: Number(version), bodyHash: String(bodyHash) }
          : { hlc: Number(hlc), kind: String(kind), version: Number(version), salt: String(salt), body: String(body) },
      ),
    };
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
      if (this.#appends.length > 0 || this.#slices.length > 0) this.#pump();
    });
  }

  async #work(): Promise<void> {
    for (;;) {
      // Requests that arrive in the same turn join the same group.
      await this.#parts.platform.sleep(0);
      if (this.#appends.length > 0) {
        await this.#writeGroup(this.#takeGroup());
        continue;
      }
      const slice = this.#slices.shift();
      if (!slice) return;
      await slice();
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
    return this.#appends.splice(0, fits < 0 ? this.#appends.length : Math.max(1, fits));
  }

  async #writeGroup(group: readonly PendingAppend[]): Promise<void> {
    try {
      if (this.#stale) await this.#load();
      const written = await this.#commitGroup(group);
      let at = 0;
      for (const pending of group) {
        pending.resolve(written.slice(at, at + pending.drafts.length));
        at += pending.drafts.length;
      }
    } catch (error) {
      this.#stale = true;
      // One append that the database refuses must not take the others of its group with it (I9).
      if (group.length > 1 && error instanceof EngineError && error.reason === 'constraint') {
        for (const pending of group) await this.#writeGroup([pending]);
        return;
      }
      if (error instanceof EngineError) this.#parts.alarms.raise('storage', this.store, error.message);
      for (const pending of group) pending.reject(error);
    }
  }

  async #commitGroup(group: readonly PendingAppend[]): Promise<Entry[]> {
    const { self, identity, engine, alarms } = this.#parts;
    const drafts = group.flatMap((pending) => pending.drafts);
    const local = group.flatMap((pending) => pending.local);
    if (drafts.length === 0) {
      await engine.batch(this.store, local);
      return [];
    }
    const before = this.#origins.get(self);
    const opening: Draft[] = before ? [] : [this.#genesisDraft()];
    const entries = this.#chain([...opening, ...drafts], before?.seq ?? 0, before?.hash ?? '');
    const tip = entries.at(-1);
    if (!tip) return [];
    const head = await identity.signer.sign('holdfast-head', { store: this.store, origin: self, seq: tip.seq, hash: tip.hash });
    const projector = new Projector();
    for (const entry of entries) {
      const projected = project(entry, identity.certificate.role);
      if ('mark' in projected) throw new Error(`a node must not append what it cannot project: ${entry.kind} is ${projected.mark}`);
      projector.add(entry, projected.rows);
    }
    const state = { origin: self, seq: tip.seq, hash: tip.hash, headSeq: tip.seq, certificate: identity.certificateJws };
    // I1, I3: acknowledged only after this one transaction, which holds entry, head and tables together.
    await engine.batch(this.store, [
      sql.guardTip(this.store, self, before?.seq ?? 0, before?.hash ?? ''),
      ...sql.insertEntries(this.store, entries),
      sql.insertHead(this.store, self, tip.seq, head),
      sql.setTip(this.store, state),
      ...projector.statements(),
      ...local,
    ]);
    this.#origins.set(self, { ...state, certificate: identity.certificate, certificateJws: identity.certificateJws });
    alarms.clear('storage', this.store);
    this.#parts.onCommit(this.store, entries, 'append');
    return entries.slice(opening.length);
  }

  /** I6: opened at the first append of every start; names where this node's log ended before. */
  #genesisDraft(): Draft {
    const { identity } = this.#parts;
    let predecessor: { origin: Origin; seq: number; hash: string } | null = null;
    for (const [origin, state] of this.#origins) {
      if (nodeOf(origin) === identity.certificate.nodeId) predecessor = { origin, seq: state.seq, hash: state.hash };
    }
    return { kind: 'genesis', body: { certificate: identity.certificateJws, predecessor } };
  }

  #chain(drafts: readonly Draft[], after: number, prevHash: string): Entry[] {
    const { platform, clock, self } = this.#parts;
    const salts = platform.random(16 * drafts.length);
    let prev = prevHash;
    return drafts.map((draft, index) => {
      const salt = base64url.encode(salts.subarray(index * 16, index * 16 + 16));
      const body = canonicalize(draft.body);
      if (body === undefined) throw new Error(`the body of a ${draft.kind} has no canonical form`);
      const entry = {
        store: this.store,
        origin: self,
        seq: after + 1 + index,
        hlc: clock.tick(),
        kind: draft.kind,
        version: KINDS[draft.kind].version,
        salt,
        body,
        bodyHash: hashBody(platform, salt, body),
      };
      prev = hashEntry(platform, entry, prev);
      return { ...entry, hash: prev };
    });
  }

  // ── absorbing ─────────────────────────────────────────────────────────────────────────────────────────────────

  /** I4: certificate by the organisation, head by the origin's node, chain up to the head. */
  async #verify(
    segment: Segment,
  ): Promise<{ entries: Entry[]; certificate: Certificate; certificateJws: string } | SegmentOutcome> {
    const { platform, authority, sliceEntries } = this.#parts;
    const known = this.#origins.get(segment.origin);
    let { certificate, certificateJws } = known ?? {};
    if (!known) {
      if (segment.from !== 1) return { outcome: 'gap' };
      certificateJws = certificateOf(segment);
      certificate = certificateJws === undefined ? undefined : ((await authority.check(certificateJws)) ?? undefined);
    }
    if (!certificate || certificateJws === undefined || certificate.nodeId !== nodeOf(segment.origin)) {
      return { outcome: 'refused', why: 'certificate' };
    }
    const signed = await verifyJws('holdfast-head', segment.head, certificate.key);
    const head = headPayload.safeParse(signed?.payload);
    if (!head.success || head.data.store !== this.store || head.data.origin !== segment.origin) {
      return { outcome: 'refused', why: 'head' };
    }
    const entries: Entry[] = [];
    let prev = segment.prev;
    for (let at = 0; at < segment.entries.length; at += sliceEntries) {
      const piece = { ...segment, from: segment.from + at, prev, entries: segment.entries.slice(at, at + sliceEntries) };
      const chained = chainSegment(platform, this.store, piece);
      for (const entry of chained) entries.push(entry);
      prev = chained.at(-1)?.hash ?? prev;
      if (at + sliceEntries < segment.entries.length) await platform.sleep(0);
    }
    const last = entries.at(-1);
    if (!last || last.seq !== head.data.seq || last.hash !== head.data.hash) return { outcome: 'refused', why: 'chain' };
    return { entries, certificate, certificateJws };
  }

  /** Where a verified segment stands against what is held; null when it has entries to apply. */
  async #place(segment: Segment, entries: readonly Entry[]): Promise<SegmentOutcome | null> {
    if (this.#stale) await this.#load();
    const held = this.#origins.get(segment.origin);
    const heldSeq = held?.seq ?? 0;
    const last = segment.from + entries.length - 1;
    if (segment.from > heldSeq + 1) return { outcome: 'gap' };
    const seam = Math.min(heldSeq, last);
    const theirs = seam < segment.from ? segment.prev : (entries[seam - segment.from]?.hash ?? '');
    const ours = seam === heldSeq ? (held?.hash ?? '') : await this.#hashAt(segment.origin, seam);
    if (theirs !== ours) {
      const seenAt = this.#parts.platform.now();
      const hash = entries.at(-1)?.hash ?? '';
      await this.#parts.engine.batch(this.store, [
        sql.insertFork(this.store, { origin: segment.origin, seq: last, hash, heldHash: ours, seenAt, segment: JSON.stringify(segment) }),
      ]);
      this.#parts.alarms.raise('fork', `${this.store} ${segment.origin}`, `two entries claim place ${String(seam)}`);
      return { outcome: 'fork' };
    }
    if (last > heldSeq) return null;
    // Nothing new, but a head where none was held lets this node forward that far.
    if (held && last > held.headSeq) {
      await this.#parts.engine.batch(this.store, [
        sql.guardTip(this.store, segment.origin, held.seq, held.hash),
        sql.insertHead(this.store, segment.origin, last, segment.head),
        sql.setTip(this.store, { origin: segment.origin, seq: held.seq, hash: held.hash, headSeq: last, certificate: held.certificateJws }),
      ]);
      this.#origins.set(segment.origin, { ...held, headSeq: last });
    }
    return { outcome: 'held' };
  }

  async #hashAt(origin: Origin, at: number): Promise<string> {
    if (at === 0) return '';
    const [row] = await this.#parts.engine.rows(this.store, `SELECT hash FROM "${this.store}_journal" WHERE origin = ? AND seq = ?`, [origin, at]);
    return String(row?.[0] ?? '');
  }

  #queueSlice(entries: readonly Entry[], certificate: Certificate, certificateJws: string, head: string | null): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.#slices.push(() => this.#applySlice(entries, certificate, certificateJws, head).then(resolve, reject));
      this.#pump();
    });
  }

  async #applySlice(entries: readonly Entry[], certificate: Certificate, certificateJws: string, head: string | null): Promise<boolean> {
    const first = entries[0];
    const last = entries.at(-1);
    if (!first || !last) return true;
    if (this.#stale) await this.#load();
    const held = this.#origins.get(first.origin);
    // Another cycle applied the same entries meanwhile: the caller looks at the state again.
    if ((held?.seq ?? 0) !== first.seq - 1) return true;
    const headSeq = head === null ? (held?.headSeq ?? 0) : last.seq;
    const state = { origin: first.origin, seq: last.seq, hash: last.hash, headSeq, certificate: certificateJws };
    const frame = [
      ...sql.insertEntries(this.store, entries),
      ...(head === null ? [] : [sql.insertHead(this.store, first.origin, last.seq, head)]),
      sql.setTip(this.store, state),
    ];
    const guard = sql.guardTip(this.store, first.origin, held?.seq ?? 0, held?.hash ?? '');
    try {
      await this.#parts.engine.batch(this.store, [guard, ...frame, ...this.#projection(entries, certificate.role, new Set())]);
    } catch (error) {
      this.#stale = true;
      if (!(error instanceof EngineError) || error.reason !== 'constraint') return this.#storageFailed(error);
      await this.#load();
      if ((this.#origins.get(first.origin)?.seq ?? 0) !== first.seq - 1) return true;
      const poison = await this.#findPoison(entries, certificate.role);
      try {
        await this.#parts.engine.batch(this.store, [guard, ...frame, ...this.#projection(entries, certificate.role, poison)]);
      } catch (again) {
        return this.#storageFailed(again);
      }
      this.#stale = false;
    }
    this.#origins.set(first.origin, { ...state, certificate, certificateJws });
    const ahead = Math.max(...entries.map((entry) => this.#parts.clock.observe(entry.hlc)));
    if (ahead > 0) this.#parts.alarms.raise('clock-ahead', first.origin, `${String(Math.round(ahead / 1000))} s ahead of this node`);
    this.#parts.onCommit(this.store, entries, 'absorb');
    return true;
  }

  #storageFailed(error: unknown): boolean {
    this.#stale = true;
    this.#parts.alarms.raise('storage', this.store, error instanceof EngineError ? error.message : 'unexpected failure');
    return false;
  }

  /** Fact rows and marks of a batch; entries in `poison` are marked instead of projected. */
  #projection(entries: readonly Entry[], role: Certificate['role'], poison: ReadonlySet<number>): Statement[] {
    const projector = new Projector();
    const marks: Statement[] = [];
    for (const entry of entries) {
      const projected = poison.has(entry.seq) ? { mark: 'refused-by-database' as const } : project(entry, role);
      if ('mark' in projected) {
        marks.push(sql.insertMark(this.store, entry, projected.mark));
        this.#parts.alarms.raise('entry-marked', `${this.store} ${entry.origin} ${String(entry.seq)}`, projected.mark);
      } else projector.add(entry, projected.rows);
    }
    return [...projector.statements(), ...marks];
  }

  /** Bisects a batch whose SQL failed; each trial is rolled back by a guard that cannot hold. */
  async #findPoison(entries: readonly Entry[], role: Certificate['role']): Promise<ReadonlySet<number>> {
    const poison = new Set<number>();
    const never: Statement = { sql: `INSERT INTO "${this.store}_guard" (id, ok) VALUES (2, 0)`, args: [] };
    const search = async (part: readonly Entry[]): Promise<void> => {
      if (part.length === 0 || (await this.#failsOnlyByGuard(part, role, never))) return;
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

  async #failsOnlyByGuard(part: readonly Entry[], role: Certificate['role'], never: Statement): Promise<boolean> {
    try {
      await this.#parts.engine.batch(this.store, [...this.#projection(part, role, new Set()), never]);
      return true;
    } catch (error) {
      return error instanceof EngineError && error.message.includes('_guard');
    }
  }

  async #load(): Promise<void> {
    const rows = await this.#parts.engine.rows(this.store, `SELECT origin, seq, hash, head_seq, certificate FROM "${this.store}_origins" ORDER BY rowid`, []);
    this.#origins.clear();
    for (const [origin, seq, hash, headSeq, jws] of rows) {
      const certificateJws = String(jws);
      const certificate = await this.#parts.authority.check(certificateJws);
      if (!certificate) {
        this.#parts.alarms.raise('segment-refused', String(origin), 'held under a certificate of another organisation');
        continue;
      }
      this.#origins.set(String(origin) as Origin, {
        seq: Number(seq),
        hash: String(hash),
        headSeq: Number(headSeq),
        certificate,
        certificateJws,
      });
    }
    this.#stale = false;
  }
}

function certificateOf(segment: Segment): string | undefined {
  const [first] = segment.entries;
  if (first?.kind !== 'genesis' || !('body' in first)) return undefined;
  try {
    return genesisBody.parse(JSON.parse(first.body)).certificate;
  } catch {
    return undefined;
  }
}

/** An estimate for grouping; the exact length is known only after encoding. */
function roughSize(body: object): number {
  return 'volumes' in body || 'devices' in body || 'package' in body ? JSON.stringify(body).length : 600;
}
