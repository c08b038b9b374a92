/**
 * Takes in others' logs: a segment is verified whole (I4), placed against what is held, and applied in slices, each one
 * transaction in a turn of the writer, so that catching up never holds up people and devices (I12).
 */
import { limits } from '../limits.ts';
import { type Certificate, type Origin, nodeOf } from '../trust/certificate.ts';
import type { Commits } from './commits.ts';
import { type Trusted, insertQuarantine } from './cut-off.ts';
import { EngineError, type Statement } from './engine.ts';
import type { Entry, Segment } from './entry.ts';
import type { JournalParts } from './parts.ts';
import { projectAll } from './projection.ts';
import { type Refusal, type Verified, forkEvidence, hashAt, verifySegment } from './segments.ts';
import * as sql from './statements.ts';
import type { Tips } from './tips.ts';
import type { Turns } from './turns.ts';

/** What became of one segment. `gap`: entries before it are missing here; `fork`: it contradicts what is held (I4). */
export type SegmentOutcome =
  | { outcome: 'applied'; marked: number }
  | { outcome: 'held' | 'gap' | 'fork' }
  | { outcome: 'refused'; why: Refusal['why'] | 'storage' | 'revoked' };

/** What one turn of the writer did for a segment: a slice of it was applied, or it was placed as a whole. */
type Step =
  { readonly applied: number; readonly marked: number; readonly complete: boolean } | SegmentOutcome;

export class Absorber {
  readonly #parts: JournalParts;
  readonly #commits: Commits;
  readonly #tips: Tips;
  readonly #turns: Turns;

  constructor(commits: Commits, turns: Turns) {
    this.#parts = commits.parts;
    this.#commits = commits;
    this.#tips = commits.tips;
    this.#turns = turns;
  }

  /** Takes in one segment of another's log (or of an old one of its own): verified whole, applied in slices. */
  async absorb(segment: Segment): Promise<SegmentOutcome> {
    if (!this.#parts.takesLogs(this.#commits.store)) return { outcome: 'refused', why: 'storage' };
    const trusted = this.#parts.trusted(this.#commits.store, segment.origin);
    if (trusted && segment.from + segment.entries.length - 1 > trusted.seq)
      return this.#absorbTrusted(segment, trusted);
    let known = this.#tips.of(segment.origin);
    if (segment.from > (known?.seq ?? 0) + 1) {
      // Another process over the same database may have taken in what seems to be missing.
      const refreshed = await this.#turns.take(() => this.#refresh(segment.origin));
      if (refreshed) return refreshed;
      known = this.#tips.of(segment.origin);
      if (segment.from > (known?.seq ?? 0) + 1) return { outcome: 'gap' };
    }
    const verified = await verifySegment(this.#parts, this.#commits.store, segment, known);
    if ('outcome' in verified) {
      this.#parts.alarms.raise('segment-refused', segment.origin, verified.why);
      return verified;
    }
    let applied = 0;
    let marked = 0;
    for (;;) {
      const step = await this.#turns.take(() => this.#step(segment, verified));
      if ('outcome' in step)
        return step.outcome === 'held' && applied > 0 ? { outcome: 'applied', marked } : step;
      applied += step.applied;
      marked += step.marked;
      if (step.complete) return { outcome: 'applied', marked };
    }
  }

  /** Of a revoked edge's log: what is trusted is taken in, up to the signature there, and the rest kept apart. */
  async #absorbTrusted(segment: Segment, trusted: Trusted): Promise<SegmentOutcome> {
    const verified = await verifySegment(
      this.#parts,
      this.#commits.store,
      segment,
      this.#tips.of(segment.origin),
    );
    if ('outcome' in verified) return verified;
    const inside = Math.max(0, trusted.seq - segment.from + 1);
    if (inside > 0)
      await this.absorb({ ...segment, entries: segment.entries.slice(0, inside), head: trusted.head });
    await this.#turns.take(() =>
      this.#commits.batch([
        sql.guardFreeze(this.#commits.store),
        ...insertQuarantine(this.#commits.store, verified.entries.slice(inside)),
      ]),
    );
    return { outcome: 'refused', why: 'revoked' };
  }

  async #step(segment: Segment, verified: Verified): Promise<Step> {
    try {
      if (this.#tips.isStale) await this.#commits.reload();
      const placed = await this.#place(segment, verified.entries);
      if (placed) return placed;
      const at = (this.#tips.of(segment.origin)?.seq ?? 0) + 1 - segment.from;
      const slice = sliceOf(verified.entries, at, this.#sliceEntries());
      const complete = at + slice.length === verified.entries.length;
      return { complete, ...(await this.#applySlice(slice, verified, complete ? segment.head : null)) };
    } catch (error) {
      return this.#failed(error);
    }
  }

  /** Large transactions cost a third less per entry, and nobody waits for one while nobody is there (I12). */
  #sliceEntries(): number {
    const { sliceEntries, foreground } = this.#parts;
    return foreground?.quiet === true
      ? Math.max(sliceEntries, limits.absorbSliceQuietEntriesMax)
      : sliceEntries;
  }

  /** Where a verified segment stands against what is held; null when its next entries follow on it. */
  async #place(segment: Segment, entries: readonly Entry[]): Promise<SegmentOutcome | null> {
    const held = this.#tips.of(segment.origin);
    const heldSeq = held?.seq ?? 0;
    const last = segment.from + entries.length - 1;
    if (segment.from > heldSeq + 1) return { outcome: 'gap' };
    const seam = Math.min(heldSeq, last);
    const theirs = seam < segment.from ? segment.prev : (entries[seam - segment.from]?.hash ?? '');
    const ours =
      seam === heldSeq
        ? (held?.hash ?? '')
        : ((await hashAt(this.#parts.engine, this.#commits.store, segment.origin, seam)) ?? '');
    if (theirs !== ours) {
      const seenAt = this.#parts.platform.now();
      const fork = { origin: segment.origin, heldHash: ours, seenAt };
      const evidence = forkEvidence(this.#commits.store, segment, entries).map((piece) =>
        sql.insertFork(this.#commits.store, { ...fork, ...piece }),
      );
      await this.#commits.batch([sql.guardFreeze(this.#commits.store), ...evidence]);
      this.#parts.alarms.raise(
        'fork',
        `${this.#commits.store} ${segment.origin}`,
        `two entries claim place ${String(seam)}`,
      );
      return { outcome: 'fork' };
    }
    if (last > heldSeq) return null;
    // Nothing new, but a head where none was held lets this node forward that far.
    if (held && last > held.headSeq) {
      const { seq, hash, certificateJws: certificate } = held;
      await this.#commits.batch([
        sql.guardTip(this.#commits.store, segment.origin, seq, hash),
        sql.insertHead(this.#commits.store, segment.origin, last, segment.head),
        sql.setTip(this.#commits.store, { origin: segment.origin, seq, hash, headSeq: last, certificate }),
      ]);
      this.#tips.set(segment.origin, { ...held, headSeq: last });
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
    const held = this.#tips.of(first.origin);
    const headSeq = head === null ? (held?.headSeq ?? 0) : last.seq;
    const state = {
      origin: first.origin,
      seq: last.seq,
      hash: last.hash,
      headSeq,
      certificate: by.certificateJws,
    };
    const frame = [
      sql.guardTip(this.#commits.store, first.origin, held?.seq ?? 0, held?.hash ?? ''),
      ...sql.insertEntries(this.#commits.store, entries),
      ...(head === null ? [] : [sql.insertHead(this.#commits.store, first.origin, last.seq, head)]),
      sql.setTip(this.#commits.store, state),
    ];
    const { role } = by.certificate;
    let projected = projectAll(this.#commits.store, entries, role, new Set());
    try {
      await this.#commits.batch([...frame, ...projected.statements]);
    } catch (error) {
      if (!(error instanceof EngineError) || error.reason !== 'constraint') throw error;
      await this.#commits.reload();
      const now = this.#tips.of(first.origin);
      if (now?.seq !== held?.seq || now?.hash !== held?.hash)
        return { applied: 0, marked: 0, complete: false };
      projected = projectAll(this.#commits.store, entries, role, await this.#findPoison(entries, role));
      await this.#commits.batch([...frame, ...projected.statements]);
    }
    for (const { seq, reason } of projected.marks) {
      alarms.raise('entry-marked', `${this.#commits.store} ${first.origin} ${String(seq)}`, reason);
    }
    const ahead = Math.max(...entries.map((entry) => clock.observe(entry.hlc)));
    const author = nodeOf(first.origin);
    if (ahead > 0)
      alarms.raise('clock-ahead', author, `${String(Math.round(ahead / 1000))} s ahead of this node`);
    else alarms.clear('clock-ahead', author);
    this.#commits.done(first.origin, { ...state, ...by }, entries, 'absorb');
    return { applied: entries.length, marked: projected.marks.length };
  }

  /** Bisects a batch whose SQL failed (I9); each trial is rolled back by a guard that cannot hold. */
  async #findPoison(entries: readonly Entry[], role: Certificate['role']): Promise<ReadonlySet<number>> {
    const poison = new Set<number>();
    const never: Statement = {
      sql: `INSERT INTO "${this.#commits.store}_guard" (id, ok) VALUES (2, 0)`,
      args: [],
    };
    const failsOnlyByGuard = async (part: readonly Entry[]): Promise<boolean> => {
      try {
        await this.#parts.engine.batch(this.#commits.store, [
          ...projectAll(this.#commits.store, part, role, new Set()).statements,
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

  /** Reads where one log ends; null when that worked. */
  async #refresh(origin: Origin): Promise<SegmentOutcome | null> {
    try {
      if (await this.#tips.refresh(origin)) this.#commits.followed(new Set([origin]));
      return null;
    } catch (error) {
      return this.#failed(error);
    }
  }

  #failed(error: unknown): SegmentOutcome {
    this.#tips.isStale = true;
    if (!(error instanceof EngineError)) throw error;
    this.#commits.raise(error);
    return { outcome: 'refused', why: 'storage' };
  }
}

/** The entries from `at` on that one transaction takes: at least one, and no more text than so many usual ones have. */
export function sliceOf(entries: readonly Entry[], at: number, entriesMax: number): readonly Entry[] {
  let end = at;
  for (let chars = 0; end < Math.min(entries.length, at + entriesMax); end += 1) {
    chars += entries[end]?.body?.length ?? 0;
    if (end > at && chars > entriesMax * limits.absorbSliceEntryChars) break;
  }
  return entries.slice(at, end);
}
