/**
 * The serving side of replication: challenge and session, pull, push and digests for a peer whose certificate the
 * organisation signed. It holds no state about what a peer has; the peer's vector says it in every message (I7).
 */
import type { Alarms } from '../alarms.ts';
import type { Foreground } from '../foreground.ts';
import { Problem } from '../http/problem.ts';
import type { Configuration } from '../configuration.ts';
import { NO_RULES, areByOurRules, digestSliceAt } from '../journal/digest.ts';
import { STORES, type Segment, type Store, type Vector } from '../journal/entry.ts';
import { PROJECTION_VERSION } from '../journal/kinds.ts';
import type { Ledger } from '../journal/ledger.ts';
import { hashAt } from '../journal/segments.ts';
import type { NodeIdentity } from '../journal/parts.ts';
import type { SegmentOutcome } from '../journal/absorber.ts';
import { limits } from '../limits.ts';
import { type Platform, randomName } from '../platform.ts';
import { type Certificate, type CertificateAuthority, type Origin, nodeOf } from '../trust/certificate.ts';
import { verifyJws } from '../trust/jws.ts';
import type { z } from 'zod';
import type { OwnCondition } from './condition.ts';
import type { Peers } from './peers.ts';
import type { Revocations } from './revocations.ts';
import {
  type DigestAnswer,
  type PullAnswer,
  type PushAnswer,
  type Vectors,
  challengeProof,
  type digestRequest,
  type hashesAnswer,
  type hashesRequest,
  type pullRequest,
  type pushRequest,
  type sessionAnswer,
  type sessionRequest,
} from './protocol.ts';
import { inScope, mayHoldCredential } from './scope.ts';

/** Newest logs of the asker whose ends an answer shows. */
const TIPS_MAX = 4;

export interface SyncParts {
  readonly ledger: Ledger;
  readonly platform: Platform;
  readonly identity: NodeIdentity;
  readonly authority: CertificateAuthority;
  readonly configuration: Configuration;
  readonly peers: Peers;
  readonly alarms: Alarms;
  readonly revocations: Revocations;
  readonly foreground?: Foreground;
  /** this program's version, for people */
  readonly program: string;
  /** what this node says of itself to those it pulls from */
  readonly condition?: OwnCondition;
}

/** One process of a peer. Two may show the same certificate, when a machine was cloned: each is served as itself. */
interface Session {
  readonly peer: Certificate;
  readonly expiresAt: number;
  /** the peer's own logs that this process brought news of: what comes of its own pushes is no news to it */
  readonly writes: Set<Origin>;
  /** ends its waiting pull */
  wake: (() => void) | null;
}

export class SyncService {
  readonly #parts: SyncParts;
  readonly #challenges = new Map<string, number>();
  readonly #sessions = new Map<string, Session>();
  /** sessions with a waiting pull: one each, which a newer one ends, so that none is left behind */
  readonly #waiting = new Set<Session>();

  constructor(parts: SyncParts) {
    this.#parts = parts;
    parts.ledger.onServable((store, origins) => {
      for (const session of this.#waiting) {
        for (const origin of origins) {
          const author = parts.ledger.origins(store).get(origin)?.certificate;
          if (author && !session.writes.has(origin) && inScope(store, session.peer, author)) {
            session.wake?.();
            break;
          }
        }
      }
    });
  }

  challenge(): { nonce: string; nodeId: string } {
    const nonce = randomName(this.#parts.platform, 32);
    prune(this.#challenges, (expiresAt) => expiresAt > this.#parts.platform.now());
    this.#challenges.set(nonce, this.#parts.platform.now() + 60_000);
    return { nonce, nodeId: this.#parts.identity.certificate.nodeId };
  }

  /** Each side signs the other's nonce for the other alone, so no clock and no replay decides who is who. */
  async session(request: z.infer<typeof sessionRequest>): Promise<z.infer<typeof sessionAnswer>> {
    const { platform, identity, authority } = this.#parts;
    const peer = await authority.check(request.certificate);
    if (!peer) throw new Problem('node-refused', { why: 'certificate' });
    if (this.#parts.revocations.isRevoked(peer.nodeId)) throw new Problem('node-refused', { why: 'revoked' });
    if (peer.exp * 1000 < platform.now()) throw new Problem('node-refused', { why: 'certificate-expired' });
    const proof = challengeProof.safeParse(
      (await verifyJws('holdfast-challenge', request.proof, peer.key))?.payload,
    );
    if (
      !proof.success ||
      proof.data.audience !== identity.certificate.nodeId ||
      !this.#isOpen(proof.data.nonce)
    ) {
      throw new Problem('node-refused', { why: 'proof' });
    }
    this.#parts.peers.runs(peer, request.program ?? null);
    const session = randomName(platform, 40);
    prune(this.#sessions, ({ expiresAt }) => expiresAt > platform.now());
    const expiresAt = platform.now() + limits.nodeSessionMs;
    this.#sessions.set(session, { peer, expiresAt, writes: new Set(), wake: null });
    return {
      session,
      expiresInMs: limits.nodeSessionMs,
      certificate: identity.certificateJws,
      proof: await identity.signer.sign('holdfast-challenge', {
        nonce: request.nonce,
        audience: peer.nodeId,
      }),
      program: this.#parts.program,
    };
  }

  /** Whether this nonce was given out just now; it is good for one try. */
  #isOpen(nonce: string): boolean {
    const expiresAt = this.#challenges.get(nonce);
    this.#challenges.delete(nonce);
    return expiresAt !== undefined && expiresAt > this.#parts.platform.now();
  }

  /** The session behind an `Authorization: Bearer …` header; throws a Problem. */
  authenticate(authorization: string | undefined): Session {
    const session = this.#sessions.get(/^Bearer ([a-z2-7]{40})$/.exec(authorization ?? '')?.[1] ?? '');
    if (!session || session.expiresAt <= this.#parts.platform.now()) throw new Problem('session-invalid');
    this.#refuseRevoked(session.peer);
    return session;
  }

  #refuseRevoked({ nodeId }: Certificate): void {
    if (this.#parts.revocations.isRevoked(nodeId)) throw new Problem('session-invalid');
  }

  async pull(session: Session, request: z.infer<typeof pullRequest>): Promise<PullAnswer> {
    const { ledger, peers } = this.#parts;
    const { peer } = session;
    for (const store of STORES) peers.contact(peer, store, request.vectors[store]);
    peers.fetched(peer, request.condition);
    const from = request.coming ?? request.vectors;
    const read = () => collect(ledger, peer, from, request.entriesMax, request.without);
    if (request.waitMs === 0) return this.#answer(peer, await read());
    const news = this.#newsFor(session, request.waitMs);
    const found = await read();
    if (found.recovery.length > 0 || found.compliance.length > 0) {
      news.cancel();
      return this.#answer(peer, found);
    }
    await news.arrived;
    return this.#answer(peer, await read());
  }

  #answer(peer: Certificate, found: Pick<PullAnswer, 'recovery' | 'compliance' | 'more'>): PullAnswer {
    const { ledger, peers, configuration } = this.#parts;
    // It may have been revoked while it waited.
    this.#refuseRevoked(peer);
    const tips = STORES.flatMap((store) =>
      [...ledger.origins(store)]
        .filter(([, { certificate }]) => certificate.nodeId === peer.nodeId)
        .slice(-TIPS_MAX)
        .map(([origin, { seq, hash }]) => ({ store, origin, seq, hash })),
    );
    const unsynced = STORES.filter((store) => ledger.durability(store).isUnknown);
    return {
      ...{ ...found, tips, vectors: heldVectors(ledger), freshness: peers.freshness(configuration) },
      ...(unsynced.length === 0 ? {} : { unsynced }),
    };
  }

  async hashes(
    { peer }: Session,
    { store, origin, seqs }: z.infer<typeof hashesRequest>,
  ): Promise<z.infer<typeof hashesAnswer>> {
    const { ledger } = this.#parts;
    if (nodeOf(origin) !== peer.nodeId) throw new Problem('forbidden', { why: 'not your own log' });
    return { hashes: await Promise.all(seqs.map((seq) => hashAt(ledger.engine, store, origin, seq))) };
  }

  /** Begins to listen before the journal is read, so that nothing committed in between is missed. */
  #newsFor(session: Session, waitMs: number): { arrived: Promise<void>; cancel: () => void } {
    const ended = new AbortController();
    session.wake?.();
    const wake = (): void => {
      ended.abort();
      if (session.wake !== wake) return;
      session.wake = null;
      this.#waiting.delete(session);
    };
    session.wake = wake;
    this.#waiting.add(session);
    return { arrived: this.#parts.platform.sleep(waitMs, ended.signal).then(wake), cancel: wake };
  }

  async push({ peer, writes }: Session, request: z.infer<typeof pushRequest>): Promise<PushAnswer> {
    const { ledger, peers } = this.#parts;
    const outcomes: (SegmentOutcome & { origin: Origin })[] = [];
    for (const segment of request.segments) {
      const outcome = await ledger.absorb(request.store, segment);
      outcomes.push({ origin: segment.origin, ...outcome });
      if (outcome.outcome === 'fork') peers.split(request.store, segment.origin);
      // A clone may repeat what it has of the other's log; only what is new says whose log it is.
      if (outcome.outcome === 'applied' && nodeOf(segment.origin) === peer.nodeId) writes.add(segment.origin);
    }
    // I1: what the answer says is held outlives a power cut. Throws where that cannot be reached.
    const durability = ledger.durability(request.store);
    await durability.settle();
    const held = Object.fromEntries(
      request.segments.map(({ origin }) => [origin, durability.servableSeq(origin)]),
    );
    // Not its word of all it holds, which a centre that waits for it needs (I7).
    peers.proved(peer, request.store, pushedVector(request.segments, outcomes));
    peers.delivered(peer);
    const answer: PushAnswer = {
      outcomes: outcomes.map(({ origin, outcome, ...rest }) => ({
        origin,
        outcome,
        ...('why' in rest ? { why: rest.why } : {}),
      })),
      held,
    };
    if (outcomes.some((of) => of.outcome === 'refused' && of.why === 'storage'))
      throw new Problem('storage-unavailable', {}, { 'Retry-After': '10' });
    if (outcomes.some(({ outcome }) => outcome === 'refused'))
      throw new Problem('segments-refused', { ...answer });
    if (outcomes.some(({ outcome }) => outcome === 'fork')) throw new Problem('log-forked', { ...answer });
    if (outcomes.some((of) => of.outcome === 'applied' && of.marked > 0))
      throw new Problem('entries-quarantined', { ...answer });
    return answer;
  }

  async digests({ peer }: Session, request: z.infer<typeof digestRequest>): Promise<DigestAnswer> {
    const { ledger, platform } = this.#parts;
    const state = ledger.origins(request.store).get(request.origin);
    const empty = { projectionVersion: PROJECTION_VERSION, hash: null, marked: 0, tables: {} };
    if (state?.seq !== request.at || !inScope(request.store, peer, state.certificate)) {
      return { state: 'moved', ...empty };
    }
    if (!(await areByOurRules(ledger.engine, request.store)))
      return { state: 'compared', ...empty, hash: state.hash, projectionVersion: NO_RULES };
    const marked = await countMarks(ledger, request.store, request.origin, request.from, request.to);
    const slice = await digestSliceAt(
      ledger.engine,
      platform,
      request.store,
      request,
      request.from,
      request.to,
    );
    if (!slice) return { state: 'moved', ...empty };
    const { tables, rows } = slice;
    const detail = request.detail ? { rows } : {};
    return { state: 'compared', ...empty, hash: state.hash, marked, tables, ...detail };
  }
}

export async function countMarks(
  ledger: Ledger,
  store: Store,
  origin: Origin,
  from: number,
  to: number,
): Promise<number> {
  const [row] = await ledger.engine.rows(
    store,
    `SELECT count(*) FROM "${store}_marks" WHERE origin = ? AND seq >= ? AND seq <= ?`,
    [origin, from, to],
  );
  return Number(row?.[0] ?? 0);
}

/** What of this ledger a peer with these vectors lacks and may have, within one message. */
export async function collect(
  ledger: Ledger,
  peer: Certificate,
  vectors: Vectors,
  entriesMax: number,
  without: Readonly<Record<Store, readonly string[]>> = { recovery: [], compliance: [] },
): Promise<{ recovery: Segment[]; compliance: Segment[]; more: boolean }> {
  const found: { recovery: Segment[]; compliance: Segment[]; more: boolean } = {
    recovery: [],
    compliance: [],
    more: false,
  };
  let room = entriesMax;
  let bytes = 0;
  for (const store of STORES) {
    const durability = ledger.durability(store);
    for (const [origin, state] of ledger.origins(store)) {
      const after = vectors[store][origin] ?? 0;
      const until = durability.servableSeq(origin);
      if (until <= after || !inScope(store, peer, state.certificate) || without[store].includes(origin))
        continue;
      if (room <= 0 || bytes > limits.segmentBytesMax || found[store].length >= 64)
        return { ...found, more: true };
      const segment = await ledger.read(store, origin, after, room, until, (body) =>
        mayHoldCredential(peer, body),
      );
      if (!segment) continue;
      found[store].push(segment);
      room -= segment.entries.length;
      bytes += segment.entries.reduce((sum, entry) => sum + ('body' in entry ? entry.body.length : 64), 0);
      if (segment.from + segment.entries.length - 1 < until) found.more = true;
    }
  }
  return found;
}

/**
 * What this node asks to go on from. A log that a stop cut off between two slices is asked for again from the last head
 * held: without one, what follows could be forwarded only up to a head ever farther away, and in the end to nobody.
 * At a database server, only what a checkpoint has covered counts as held (I1).
 */
export function heldVectors(ledger: Ledger): Vectors {
  const of = (store: Store): Vector =>
    Object.fromEntries(
      [...ledger.origins(store).keys()].map((origin) => [
        origin,
        ledger.durability(store).servableSeq(origin),
      ]),
    );
  return { recovery: of('recovery'), compliance: of('compliance') };
}

/** Who pushes a segment that verifies holds it. */
function pushedVector(segments: readonly Segment[], outcomes: readonly SegmentOutcome[]): Vector {
  const held: Record<string, number> = {};
  for (const [index, { origin, from, entries }] of segments.entries()) {
    const outcome = outcomes[index]?.outcome;
    if (outcome === 'applied' || outcome === 'held')
      held[origin] = Math.max(held[origin] ?? 0, from + entries.length - 1);
  }
  return held;
}

/** Drops what has expired, and the oldest beyond the bound. */
function prune<V>(map: Map<string, V>, keep: (value: V) => boolean): void {
  if (map.size < limits.nodeSessionsMax) return;
  for (const [key, value] of map) if (!keep(value)) map.delete(key);
  for (const key of map.keys()) {
    if (map.size < limits.nodeSessionsMax) break;
    map.delete(key);
  }
}
