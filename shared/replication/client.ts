/**
 * The asking side of replication: one peer, reached by HTTP alone. It opens a session, pulls what it lacks, and
 * pushes what the peer lacks, by vectors; everything is bounded and everything can be repeated.
 */
import type { z } from 'zod';
import { limits } from '../limits.ts';
import { STORES, type Store, type Vector } from '../journal/entry.ts';
import { randomName } from '../platform.ts';
import { type Certificate, type Origin, nodeOf } from '../trust/certificate.ts';
import { verifyJws } from '../trust/jws.ts';
import { type HashesAt, hashAt, healFork } from './forks.ts';
import {
  PROTOCOL_HEADER,
  PROTOCOL_VERSION,
  type PullAnswer,
  SYNC_MEDIA_TYPE,
  type Vectors,
  challengeAnswer,
  challengeProof,
  digestAnswer,
  hashesAnswer,
  type digestRequest,
  pullAnswer,
  pushAnswer,
  sessionAnswer,
} from './protocol.ts';
import { type SyncParts, collect, heldVectors } from './service.ts';

/** Sends one request to the peer; rejects when it cannot be reached. */
export type PeerFetch = (path: string, init: RequestInit) => Promise<Response>;

/** The peer answered, and does not accept this node: an administrator has to act. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
}

/** The peer did not answer, or not in a way this node understands. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError';
}

interface PeerSession {
  readonly token: string;
  readonly peer: Certificate;
  readonly expiresAt: number;
}

/** Answers of a push that carry outcomes although their status is not 200: the stream goes on (I9). */
const PROBLEMS_WITH_OUTCOMES = [409, 422];

export class PeerClient {
  readonly #parts: SyncParts;
  readonly #fetch: PeerFetch;
  #session: PeerSession | null = null;
  #opening: Promise<PeerSession> | null = null;
  #peerHolds: Vectors | null = null;
  /** logs of which the peer refused a segment, or this node one of the peer's: left out until the next exchange */
  readonly #refusedThere: Record<Store, Set<Origin>> = { recovery: new Set(), compliance: new Set() };
  readonly #refusedHere: Record<Store, Set<Origin>> = { recovery: new Set(), compliance: new Set() };

  constructor(parts: SyncParts, fetch: PeerFetch) {
    this.#parts = parts;
    this.#fetch = fetch;
  }

  /** The peer's certificate, once a session was opened. */
  get peer(): Certificate | null {
    return this.#session?.peer ?? null;
  }

  /**
   * Pulls until the peer has nothing new (when `full`) and pushes until it lacks nothing, at most `cycleRoundsMax`
   * messages. Returns whether there is more to do. Throws RefusedError or UnreachableError.
   */
  async exchange(full: boolean, signal: AbortSignal): Promise<{ more: boolean }> {
    for (const store of STORES) {
      this.#refusedThere[store].clear();
      this.#refusedHere[store].clear();
    }
    let rounds = 0;
    let more = full || this.#peerHolds === null;
    while (more && rounds < limits.cycleRoundsMax) {
      more = (await this.#pull(0, signal)).more;
      rounds += 1;
    }
    while (rounds < limits.cycleRoundsMax) {
      rounds += 1;
      if (!(await this.#pushOnce(signal))) return { more };
    }
    return { more: true };
  }

  /** Waits for news from the peer and takes it in; resolves when some came or the wait is over. */
  async listen(signal: AbortSignal): Promise<{ more: boolean }> {
    return this.#pull(limits.pokeWaitMs, signal);
  }

  async digests(
    request: z.infer<typeof digestRequest>,
    signal: AbortSignal,
  ): Promise<z.infer<typeof digestAnswer>> {
    const { status, text } = await this.#send('/v1/sync/digests', request, signal);
    if (status !== 200) throw new UnreachableError(`digests were answered with ${String(status)}`);
    return digestAnswer.parse(JSON.parse(text));
  }

  async #pull(waitMs: number, signal: AbortSignal): Promise<{ more: boolean }> {
    const { ledger, peers } = this.#parts;
    const without = {
      recovery: [...this.#refusedHere.recovery],
      compliance: [...this.#refusedHere.compliance],
    };
    const request = { vectors: heldVectors(ledger), without, entriesMax: limits.segmentEntriesMax, waitMs };
    const { status, text } = await this.#send('/v1/sync/pull', request, signal);
    if (status !== 200) throw new UnreachableError(`a pull was answered with ${String(status)}`);
    const parsed = pullAnswer.safeParse(JSON.parse(text));
    if (!parsed.success)
      throw new UnreachableError('a pull was answered in a form this version does not know');
    const answer = parsed.data;
    const progress = await this.#absorb(answer);
    this.#peerHolds = answer.vectors;
    const peer = this.peer;
    if (peer) for (const store of STORES) peers.contact(peer, store, answer.vectors[store]);
    peers.hear(answer.freshness);
    await this.#checkTips(answer.tips, signal);
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
      }
    }
    return progress;
  }

  /** I4: what the peer holds of this node's own logs must be what this node wrote. */
  async #checkTips(tips: PullAnswer['tips'], signal: AbortSignal): Promise<void> {
    const { ledger, identity } = this.#parts;
    for (const { store, origin, seq, hash } of tips) {
      const held = ledger.origins(store).get(origin)?.seq ?? 0;
      if (nodeOf(origin) !== identity.certificate.nodeId || held < 1) continue;
      const place = Math.min(seq, held);
      const there = place === seq ? hash : (await this.#hashes(signal)(store, origin, [place]))[0];
      if (there === (await hashAt(ledger, store, origin, place))) continue;
      await healFork(this.#parts, store, origin, place, this.#hashes(signal));
    }
  }

  #hashes(signal: AbortSignal): HashesAt {
    return async (store, origin, seqs) => {
      const { status, text } = await this.#send('/v1/sync/hashes', { store, origin, seqs }, signal);
      if (status !== 200) throw new UnreachableError(`hashes were answered with ${String(status)}`);
      return hashesAnswer.parse(JSON.parse(text)).hashes;
    };
  }

  async #pushOnce(signal: AbortSignal): Promise<boolean> {
    const peer = this.peer;
    const holds = this.#peerHolds;
    if (!peer || !holds) return false;
    const lacking = await collect(this.#parts.ledger, peer, holds, limits.segmentEntriesMax);
    let sent = false;
    for (const store of STORES) {
      const segments = lacking[store].filter(({ origin }) => !this.#refusedThere[store].has(origin));
      if (segments.length === 0) continue;
      sent = true;
      const { status, text } = await this.#send('/v1/sync/push', { store, segments }, signal);
      if (status !== 200 && !PROBLEMS_WITH_OUTCOMES.includes(status)) {
        throw new UnreachableError(`a push was answered with ${String(status)}`);
      }
      const answer = pushAnswer.safeParse(JSON.parse(text));
      if (!answer.success)
        throw new UnreachableError('a push was answered in a form this version does not know');
      this.#note(store, answer.data.held, holds[store]);
      for (const { origin, outcome, why } of answer.data.outcomes) {
        // After a gap the peer's own word says where to go on; if it already had, this log has to wait.
        const goesOn = outcome === 'gap' && answer.data.held[origin] !== (holds[store][origin] ?? 0);
        if (outcome === 'applied' || outcome === 'held' || goesOn) continue;
        this.#refusedThere[store].add(origin);
        this.#parts.alarms.raise('peer-refused', `${peer.name} ${store} ${origin}`, why ?? outcome);
      }
    }
    return sent;
  }

  /** The peer's own word of what it holds replaces what was believed, also where it is less (I7). */
  #note(store: Store, held: Vector, before: Vector): void {
    const now = { ...before, ...held };
    if (this.#peerHolds) this.#peerHolds = { ...this.#peerHolds, [store]: now };
    if (this.peer) this.#parts.peers.contact(this.peer, store, now);
  }

  // ── session and transport ─────────────────────────────────────────────────────────────────────────────────────

  async #send(path: string, message: object, signal: AbortSignal): Promise<{ status: number; text: string }> {
    const session = await this.#sessionFor(signal);
    const first = await this.#post(path, message, session.token, signal);
    if (first.status !== 401) return first;
    // The peer restarted or the session ran out: one new session, at once. Only its refusal is a refusal.
    this.#session = null;
    const again = await this.#post(path, message, (await this.#sessionFor(signal)).token, signal);
    if (again.status === 401 || again.status === 403)
      throw new RefusedError(`refused with ${String(again.status)}`);
    return again;
  }

  async #sessionFor(signal: AbortSignal): Promise<PeerSession> {
    const { platform } = this.#parts;
    if (this.#session && this.#session.expiresAt > platform.now()) return this.#session;
    this.#opening ??= this.#openSession(signal).finally(() => (this.#opening = null));
    return this.#opening;
  }

  async #openSession(signal: AbortSignal): Promise<PeerSession> {
    const { platform, identity, authority } = this.#parts;
    const challenged = await this.#post('/v1/sync/challenge', {}, null, signal);
    const challenge = challengeAnswer.safeParse(
      challenged.status === 200 ? JSON.parse(challenged.text) : null,
    );
    if (!challenge.success) throw refusal(challenged.status);
    const nonce = randomName(platform, 32);
    const proof = await identity.signer.sign('holdfast-challenge', {
      nonce: challenge.data.nonce,
      audience: challenge.data.nodeId,
    });
    const opened = await this.#post(
      '/v1/sync/session',
      { certificate: identity.certificateJws, proof, nonce },
      null,
      signal,
    );
    const answer = sessionAnswer.safeParse(opened.status === 200 ? JSON.parse(opened.text) : null);
    if (!answer.success) throw refusal(opened.status);
    const peer = await authority.check(answer.data.certificate);
    const theirs = challengeProof.safeParse(
      peer && (await verifyJws('holdfast-challenge', answer.data.proof, peer.key))?.payload,
    );
    if (
      !peer ||
      !theirs.success ||
      theirs.data.nonce !== nonce ||
      theirs.data.audience !== identity.certificate.nodeId
    ) {
      throw new RefusedError('the peer could not prove that it is a node of this organisation');
    }
    this.#session = {
      token: answer.data.session,
      peer,
      expiresAt: platform.now() + answer.data.expiresInMs * 0.8,
    };
    return this.#session;
  }

  async #post(
    path: string,
    message: object,
    token: string | null,
    signal: AbortSignal,
  ): Promise<{ status: number; text: string }> {
    const { platform } = this.#parts;
    const call = new AbortController();
    const giveUp = (): void => {
      call.abort();
    };
    signal.addEventListener('abort', giveUp);
    const waitMs = 'waitMs' in message && typeof message.waitMs === 'number' ? message.waitMs : 0;
    void platform.sleep(limits.peerAnswerMs + waitMs, call.signal).then(giveUp);
    try {
      const response = await this.#fetch(path, {
        method: 'POST',
        headers: {
          'Content-Type': SYNC_MEDIA_TYPE,
          [PROTOCOL_HEADER]: String(PROTOCOL_VERSION),
          ...(token === null ? {} : { Authorization: `Bearer ${token}` }),
        },
        body: await platform.compress(JSON.stringify(message)),
        signal: call.signal,
      });
      const body = new Uint8Array(await response.arrayBuffer());
      const packed = response.headers.get('Content-Type') === SYNC_MEDIA_TYPE;
      const text = packed
        ? await platform.decompress(body, limits.syncBodyBytesMax)
        : new TextDecoder().decode(body);
      return { status: response.status, text };
    } catch (error) {
      if (signal.aborted) throw error;
      throw new UnreachableError(error instanceof Error ? error.name : 'no answer');
    } finally {
      signal.removeEventListener('abort', giveUp);
      giveUp();
    }
  }
}

function refusal(status: number): Error {
  return status === 401 || status === 403
    ? new RefusedError(`refused with ${String(status)}`)
    : new UnreachableError(`answered with ${String(status)}`);
}
