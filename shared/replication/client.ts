/**
 * The asking side of replication: one peer, reached by HTTP alone (`transport.ts`). It pulls what it lacks and pushes
 * what the peer lacks, by vectors; everything is bounded and everything can be repeated. While one message is being
 * taken in, the next is already prepared or on its way, so that neither side waits for the other.
 */
import { base64url } from 'jose';
import { z } from 'zod';
import { limits } from '../limits.ts';
import { STORES, type Segment, type Store, type Vector, segment as segmentSchema } from '../journal/entry.ts';
import { type Certificate, type Origin, nodeOf, origin } from '../trust/certificate.ts';
import { hashAt } from '../journal/segments.ts';
import { parseJson } from '../parse-json.ts';
import { type OtherCopy, healFork } from './forks.ts';
import {
  type PullAnswer,
  type Vectors,
  certificateAnswer,
  certificateRefusal,
  digestAnswer,
  hashesAnswer,
  type digestRequest,
  pullAnswer,
  pushAnswer,
  releaseAnswer,
} from './protocol.ts';
import { type SyncParts, collect, heldVectors } from './service.ts';
import { type Packed, type PeerFetch, PeerTransport, UnreachableError } from './transport.ts';

export { type PeerFetch, RefusedError, UnreachableError } from './transport.ts';

/** One round of pushing: at most one message per store. */
interface Batch {
  readonly messages: readonly { readonly store: Store; readonly packed: Packed }[];
  /** what the peer holds once it has taken all of it in */
  readonly reaches: Vectors;
}

/** A place in one of this node's own logs: the hash here, and the one there, null when it has to be asked for. */
interface Doubt {
  readonly store: Store;
  readonly origin: Origin;
  readonly place: number;
  readonly here: string | null;
  readonly there: string | null;
}

/** Answers of a push that carry outcomes although their status is not 200: the stream goes on (I9). */
const PROBLEMS_WITH_OUTCOMES = [409, 422];

const looseAnswer = z.looseObject({ recovery: z.array(z.unknown()), compliance: z.array(z.unknown()) });

export class PeerClient {
  readonly #parts: SyncParts;
  readonly #transport: PeerTransport;
  #peerHolds: Vectors | null = null;
  /** logs of which the peer refused a segment, or this node one of the peer's: left out until the next exchange */
  readonly #refusedThere: Record<Store, Set<Origin>> = { recovery: new Set(), compliance: new Set() };
  readonly #refusedHere: Record<Store, Set<Origin>> = { recovery: new Set(), compliance: new Set() };

  /** own logs of which the peer was shown that they go on in two ways, with the session in which it was */
  readonly #shown = new Map<string, string>();

  /** when an answer to a pull came last; a wait whose connection is dead brings none for longer than any other */
  #pulledAt = 0;

  constructor(parts: SyncParts, fetch: PeerFetch) {
    this.#parts = parts;
    this.#transport = new PeerTransport(parts, fetch);
  }

  /** The peer's certificate, once a session was opened. */
  get peer(): Certificate | null {
    return this.#transport.peer;
  }

  /**
   * Pulls until the peer has nothing new (when `full`, or nothing came for a cycle) and pushes until it lacks nothing, at most `cycleRoundsMax`
   * messages. Returns whether there is more to do. Throws RefusedError or UnreachableError.
   */
  async exchange(full: boolean, signal: AbortSignal): Promise<{ more: boolean }> {
    for (const store of STORES) {
      this.#refusedThere[store].clear();
      this.#refusedHere[store].clear();
    }
    const isDue = Math.abs(this.#parts.platform.now() - this.#pulledAt) >= limits.cycleEveryMs;
    const pulled =
      full || this.#peerHolds === null || isDue ? await this.#pullAll(signal) : { rounds: 0, more: false };
    const pushed = await this.#pushAll(limits.cycleRoundsMax - pulled.rounds, signal);
    return { more: pulled.more || pushed.more };
  }

  /** Waits for news from the peer and takes it in; resolves when some came or the wait is over. */
  async listen(signal: AbortSignal): Promise<{ more: boolean }> {
    return this.#take(await this.#ask(limits.pokeWaitMs, null, signal), signal);
  }

  /** A piece of a release's archive, from an offset on. */
  async releaseChunk(sha256: string, offset: number, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    const { status, text } = await this.#transport.send('/v1/sync/release', { sha256, offset }, signal);
    if (status !== 200) throw new UnreachableError(`a release was answered with ${String(status)}`);
    return new Uint8Array(base64url.decode(readAnswer(releaseAnswer, text).data));
  }

  /** The chain for a certificate request of this machine's terminator (base64url), or why the peer signs none. */
  async certify(
    request: string,
    signal: AbortSignal,
  ): Promise<{ readonly chain: string } | { readonly why: string }> {
    const { status, text } = await this.#transport.send('/v1/sync/certificate', { request }, signal);
    if (status === 200) return readAnswer(certificateAnswer, text);
    // A centre from before it signed any knows no such address.
    if (status === 404) return { why: 'no-authority' };
    const refused = certificateRefusal.safeParse(status === 403 ? parseJson(text) : null);
    if (refused.success) return { why: refused.data.why };
    throw new UnreachableError(`a certificate request was answered with ${String(status)}`);
  }

  async digests(
    request: z.infer<typeof digestRequest>,
    signal: AbortSignal,
  ): Promise<z.infer<typeof digestAnswer>> {
    const { status, text } = await this.#transport.send('/v1/sync/digests', request, signal);
    if (status !== 200) throw new UnreachableError(`digests were answered with ${String(status)}`);
    return readAnswer(digestAnswer, text);
  }

  /** Pulls until nothing new comes. The next answer is on its way while one is taken in. */
  async #pullAll(signal: AbortSignal): Promise<{ rounds: number; more: boolean }> {
    let answer = await this.#ask(0, null, signal);
    for (let rounds = 1; ; rounds += 1) {
      const goOn = answer.more && rounds < limits.cycleRoundsMax;
      const [{ more }, next] = await both(
        this.#take(answer, signal),
        goOn ? this.#ask(0, reach(heldVectors(this.#parts.ledger), answer), signal) : null,
      );
      if (!more || !next) return { rounds, more };
      answer = next;
    }
  }

  /**
   * One pull. `coming`: what this node will hold once it has taken in what it has, where that is more than it holds.
   * `wanted`: a log that is asked for although a segment of it was refused.
   */
  async #ask(
    waitMs: number,
    coming: Vectors | null,
    signal: AbortSignal,
    wanted: Origin | null = null,
  ): Promise<PullAnswer> {
    const refused = (store: Store): Origin[] =>
      [...this.#refusedHere[store]].filter((origin) => origin !== wanted);
    const without = { recovery: refused('recovery'), compliance: refused('compliance') };
    const quiet = this.#parts.foreground?.quiet !== false;
    const request = {
      vectors: heldVectors(this.#parts.ledger),
      ...(coming ? { coming } : {}),
      without,
      entriesMax: quiet ? limits.segmentEntriesMax : limits.segmentBusyEntriesMax,
      waitMs,
      ...(this.#parts.condition ? { condition: this.#parts.condition.said() } : {}),
    };
    const { status, text } = await this.#transport.send('/v1/sync/pull', request, signal);
    if (status !== 200) throw new UnreachableError(`a pull was answered with ${String(status)}`);
    const value = parseJson(text);
    const parsed = pullAnswer.safeParse(value);
    return parsed.success ? parsed.data : read(pullAnswer, this.#withoutMalformed(value));
  }

  /** I9: a segment that this version cannot read is raised, left out, and holds up no other log. */
  #withoutMalformed(value: unknown): unknown {
    const answer = looseAnswer.safeParse(value);
    if (!answer.success) return value;
    const kept = (store: Store): unknown[] =>
      answer.data[store].filter((one) => {
        if (segmentSchema.safeParse(one).success) return true;
        const named = z.object({ origin }).safeParse(one).data?.origin;
        if (named !== undefined) this.#refusedHere[store].add(named);
        this.#parts.alarms.raise('segment-refused', named ?? this.peer?.name ?? 'a peer', 'malformed');
        return false;
      });
    return { ...answer.data, recovery: kept('recovery'), compliance: kept('compliance') };
  }

  /** Takes in what a pull brought. Returns whether there is more to be had. */
  async #take(answer: PullAnswer, signal: AbortSignal): Promise<{ more: boolean }> {
    const { peers } = this.#parts;
    // Before anything is taken in, which looks like a write here that the peer may lack.
    this.#peerHolds = answer.vectors;
    this.#pulledAt = this.#parts.platform.now();
    const progress = await this.#absorb(answer);
    const peer = this.peer;
    const doubts = await this.#doubtful(answer.tips);
    if (peer) {
      peers.promises(
        peer,
        STORES.filter((store) => !answer.unsynced?.includes(store)),
      );
      for (const store of STORES) peers.contact(peer, store, answer.vectors[store]);
      peers.fetched(peer);
    }
    peers.hear(answer.freshness);
    await this.#checkDoubtful(doubts, signal);
    return { more: answer.more && progress };
  }

  /** Whether anything new came in. A segment that is refused is raised by the journal and does not stop the others. */
  async #absorb(answer: PullAnswer): Promise<boolean> {
    let progress = false;
    for (const store of STORES) {
      for (const segment of answer[store]) {
        const { outcome } = await this.#parts.ledger.absorb(store, segment);
        if (outcome === 'applied') progress = true;
        else if (outcome !== 'held') this.#refusedHere[store].add(segment.origin);
        if (outcome === 'fork') this.#parts.peers.split(store, segment.origin);
      }
    }
    return progress;
  }

  /**
   * I4: the last place that both hold of each of this node's own logs, where the peer's hash there is another one, or not
   * known (null). I1: of the former the peer's vector says nothing, which has to be known before that is believed.
   */
  async #doubtful(tips: PullAnswer['tips']): Promise<Doubt[]> {
    const { ledger, peers, identity } = this.#parts;
    const found: Doubt[] = [];
    for (const { store, origin, seq, hash } of tips) {
      const held = ledger.origins(store).get(origin)?.seq ?? 0;
      if (nodeOf(origin) !== identity.certificate.nodeId || held < 1) continue;
      const place = Math.min(seq, held);
      const here = await hashAt(ledger.engine, store, origin, place);
      const there = place === seq ? hash : null;
      if (there === here) continue;
      if (there !== null) peers.split(store, origin);
      found.push({ store, origin, place, here, there });
    }
    return found;
  }

  /** I4: what the peer holds of this node's own logs must be what this node wrote. */
  async #checkDoubtful(doubts: readonly Doubt[], signal: AbortSignal): Promise<void> {
    for (const { store, origin, place, here, there } of doubts) {
      const theirs = this.ownLogThere(store, origin, signal);
      if ((there ?? (await theirs.hashes([place]))[0]) !== here)
        await healFork(this.#parts, store, origin, place, theirs);
    }
  }

  /** What the peer holds of one of this node's own logs. */
  ownLogThere(store: Store, origin: Origin, signal: AbortSignal): OtherCopy {
    return {
      hashes: async (seqs) => {
        const { status, text } = await this.#transport.send(
          '/v1/sync/hashes',
          { store, origin, seqs },
          signal,
        );
        if (status !== 200) throw new UnreachableError(`hashes were answered with ${String(status)}`);
        return readAnswer(hashesAnswer, text).hashes;
      },
      after: async (seq) => {
        const held = heldVectors(this.#parts.ledger);
        const coming = { ...held, [store]: { ...held[store], [origin]: seq } };
        const answer = await this.#ask(0, coming, signal, origin);
        return answer[store].find((segment) => segment.origin === origin) ?? null;
      },
      show: async (segment) => {
        const log = `${store} ${origin}`;
        // A peer whose session ended may have been restored from before it was shown (I7).
        if (this.#shown.has(log) && this.#shown.get(log) === this.#transport.session) return;
        await this.#transport.send('/v1/sync/push', { store, segments: [segment] }, signal);
        if (this.#transport.session !== null) this.#shown.set(log, this.#transport.session);
      },
    };
  }

  /** Pushes until the peer lacks nothing. The next batch is read and packed while the peer takes one in. */
  async #pushAll(roundsMax: number, signal: AbortSignal): Promise<{ more: boolean }> {
    let batch = await this.#batchAfter(this.#peerHolds);
    for (let rounds = 0; batch && rounds < roundsMax; rounds += 1) {
      const [, next] = await both(this.#push(batch, signal), this.#batchAhead(batch.reaches));
      // What was packed on the assumption that all of the batch is taken is of use only if it was.
      batch = holdsAll(this.#peerHolds, batch.reaches) ? next : await this.#batchAfter(this.#peerHolds);
    }
    return { more: batch !== null };
  }

  /** What a peer that holds so much lacks, ready to be sent; null when it lacks nothing. */
  async #batchAfter(holds: Vectors | null): Promise<Batch | null> {
    const { peer } = this;
    if (!peer || !holds) return null;
    const lacking = await collect(this.#parts.ledger, peer, holds, limits.segmentEntriesMax);
    const messages: Batch['messages'][number][] = [];
    const taken: Record<Store, Segment[]> = { recovery: [], compliance: [] };
    for (const store of STORES) {
      const segments = lacking[store].filter(({ origin }) => !this.#refusedThere[store].has(origin));
      if (segments.length === 0) continue;
      taken[store] = segments;
      messages.push({ store, packed: await this.#transport.pack({ store, segments }) });
    }
    return messages.length === 0 ? null : { messages, reaches: reach(holds, taken) };
  }

  /** Begins when the batch before it has left: reading and packing would hold it up. */
  async #batchAhead(holds: Vectors): Promise<Batch | null> {
    await this.#parts.platform.sleep(0);
    return this.#batchAfter(holds);
  }

  async #push({ messages }: Batch, signal: AbortSignal): Promise<void> {
    for (const { store, packed } of messages) {
      const before = this.#peerHolds?.[store] ?? {};
      const { status, text } = await this.#transport.send('/v1/sync/push', packed, signal);
      if (status !== 200 && !PROBLEMS_WITH_OUTCOMES.includes(status)) {
        throw new UnreachableError(`a push was answered with ${String(status)}`);
      }
      const answer = readAnswer(pushAnswer, text);
      this.#note(store, answer.held, before);
      for (const { origin, outcome, why } of answer.outcomes) {
        // After a gap the peer's own word says where to go on; if it already had, this log has to wait.
        const goesOn = outcome === 'gap' && answer.held[origin] !== (before[origin] ?? 0);
        if (outcome === 'applied' || outcome === 'held' || goesOn) continue;
        this.#refusedThere[store].add(origin);
        // I1: what the peer holds under this name is another's, before a pull shows where they part. Of others' logs an
        // edge, which may be in the wrong hands, is not believed that.
        const isOwn = nodeOf(origin) === this.#parts.identity.certificate.nodeId;
        if (outcome === 'fork' && (isOwn || this.peer?.role === 'centre'))
          this.#parts.peers.split(store, origin);
        const subject = `${this.peer?.name ?? ''} ${store} ${origin}`;
        this.#parts.alarms.raise('peer-refused', subject, why ?? outcome);
      }
    }
  }

  /** The peer's own word of what it holds replaces what was believed, also where it is less (I7). */
  #note(store: Store, held: Vector, before: Vector): void {
    const now = { ...before, ...held };
    if (this.#peerHolds) this.#peerHolds = { ...this.#peerHolds, [store]: now };
    if (!this.peer) return;
    this.#parts.peers.contact(this.peer, store, now);
    this.#parts.peers.delivered(this.peer);
  }
}

/** What stands between may answer in the peer's place, and with a page. Throws UnreachableError. */
function readAnswer<S extends z.ZodType>(form: S, text: string): z.infer<S> {
  return read(form, parseJson(text));
}

function read<S extends z.ZodType>(form: S, value: unknown): z.infer<S> {
  const parsed = form.safeParse(value);
  if (!parsed.success) throw new UnreachableError('it answered in a form this version does not know');
  return parsed.data;
}

/** Both results. A failure is thrown when neither goes on any more. */
async function both<A, B>(first: Promise<A>, second: Promise<B> | null): Promise<[A, B | null]> {
  const [a, b] = await Promise.allSettled([first, second]);
  if (a.status === 'rejected') throw a.reason;
  if (b.status === 'rejected') throw b.reason;
  return [a.value, b.value];
}

/** `held` and then these segments. */
function reach(held: Vectors, segments: Readonly<Record<Store, readonly Segment[]>>): Vectors {
  const of = (store: Store): Vector => {
    const reached: Record<string, number> = { ...held[store] };
    for (const { origin, from, entries } of segments[store])
      reached[origin] = Math.max(reached[origin] ?? 0, from + entries.length - 1);
    return reached;
  };
  return { recovery: of('recovery'), compliance: of('compliance') };
}

function holdsAll(held: Vectors | null, wanted: Vectors): boolean {
  return STORES.every((store) =>
    (Object.entries(wanted[store]) as [Origin, number][]).every(
      ([origin, seq]) => (held?.[store][origin] ?? 0) >= seq,
    ),
  );
}
