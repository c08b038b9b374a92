/** How messages reach one peer: sessions, packing, time limits. Each side proves itself when a session is opened. */
import { z } from 'zod';
import { limits } from '../limits.ts';
import { parseJson } from '../parse-json.ts';
import { randomName } from '../platform.ts';
import type { Certificate } from '../trust/certificate.ts';
import { verifyJws } from '../trust/jws.ts';
import {
  PROTOCOL_HEADER,
  PROTOCOLS_SPOKEN,
  PROTOCOL_VERSION,
  SYNC_MEDIA_TYPE,
  challengeAnswer,
  challengeProof,
  commonProtocol,
  sessionAnswer,
} from './protocol.ts';
import type { SyncParts } from './service.ts';

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

/** A message as it goes over the wire. */
export interface Packed {
  readonly body: Uint8Array<ArrayBuffer>;
  /** how long the peer was asked to wait */
  readonly waitMs: number;
}

export class PeerTransport {
  readonly #parts: SyncParts;
  readonly #fetch: PeerFetch;
  #session: PeerSession | null = null;
  #opening: Promise<PeerSession> | null = null;
  #protocol = PROTOCOL_VERSION;

  constructor(parts: SyncParts, fetch: PeerFetch) {
    this.#parts = parts;
    this.#fetch = fetch;
  }

  /** What tells this session from those before it; null before the first. */
  get session(): string | null {
    return this.#session?.token ?? null;
  }

  /** The peer's certificate, once a session was opened. */
  get peer(): Certificate | null {
    return this.#session?.peer ?? null;
  }

  async pack(message: object): Promise<Packed> {
    const waitMs = 'waitMs' in message && typeof message.waitMs === 'number' ? message.waitMs : 0;
    return { body: await this.#parts.platform.compress(JSON.stringify(message)), waitMs };
  }

  async send(
    path: string,
    message: object | Packed,
    signal: AbortSignal,
  ): Promise<{ status: number; text: string }> {
    const packed = isPacked(message) ? message : await this.pack(message);
    const session = await this.#sessionFor(signal);
    const first = await this.#post(path, packed, session.token, signal);
    if (first.status !== 401) return first;
    // The peer restarted or the session ran out: one new session, at once. Only its refusal is a refusal.
    this.#session = null;
    const again = await this.#post(path, packed, (await this.#sessionFor(signal)).token, signal);
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
    const challenged = await this.#challenge(signal);
    const challenge = challengeAnswer.safeParse(
      challenged.status === 200 ? parseJson(challenged.text) : null,
    );
    if (!challenge.success) throw refusal(challenged.status);
    const nonce = randomName(platform, 32);
    const proof = await identity.signer.sign('holdfast-challenge', {
      nonce: challenge.data.nonce,
      audience: challenge.data.nodeId,
    });
    const opened = await this.#post(
      '/v1/sync/session',
      await this.pack({ certificate: identity.certificateJws, proof, nonce, program: this.#parts.program }),
      null,
      signal,
    );
    const answer = sessionAnswer.safeParse(opened.status === 200 ? parseJson(opened.text) : null);
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
    if (this.#parts.revocations.isRevoked(peer.nodeId)) throw new RefusedError('the peer was revoked');
    this.#parts.peers.runs(peer, answer.data.program ?? null);
    this.#session = {
      token: answer.data.session,
      peer,
      expiresAt: platform.now() + answer.data.expiresInMs * 0.8,
    };
    return this.#session;
  }

  /** In the newest version that both speak: the peer may have been upgraded, or gone back, since the last session. */
  async #challenge(signal: AbortSignal): Promise<{ status: number; text: string }> {
    const ask = async () => this.#post('/v1/sync/challenge', await this.pack({}), null, signal);
    this.#protocol = PROTOCOL_VERSION;
    const first = await ask();
    const refused = unsupported.safeParse(first.status === 400 ? parseJson(first.text) : null);
    if (!refused.success) return first;
    const common = commonProtocol(refused.data.spoken);
    if (common === null)
      throw new RefusedError(
        `it speaks protocol ${refused.data.spoken.join(', ')} and this program ${PROTOCOLS_SPOKEN.join(', ')}: upgrade the older of the two`,
      );
    this.#protocol = common;
    return ask();
  }

  async #post(
    path: string,
    { body: sent, waitMs }: Packed,
    token: string | null,
    signal: AbortSignal,
  ): Promise<{ status: number; text: string }> {
    const { platform } = this.#parts;
    const call = new AbortController();
    const giveUp = (): void => {
      call.abort();
    };
    signal.addEventListener('abort', giveUp);
    void platform.sleep(limits.peerAnswerMs + waitMs, call.signal).then(giveUp);
    try {
      const response = await this.#fetch(path, {
        method: 'POST',
        headers: {
          'Content-Type': SYNC_MEDIA_TYPE,
          [PROTOCOL_HEADER]: String(this.#protocol),
          ...(token === null ? {} : { Authorization: `Bearer ${token}` }),
        },
        body: sent,
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

const unsupported = z.looseObject({
  type: z.literal('urn:holdfast:problem:protocol-unsupported'),
  spoken: z.array(z.number().int()).max(100),
});

function refusal(status: number): Error {
  return status === 401 || status === 403
    ? new RefusedError(`refused with ${String(status)}`)
    : new UnreachableError(`answered with ${String(status)}`);
}

function isPacked(message: object | Packed): message is Packed {
  return 'body' in message && message.body instanceof Uint8Array;
}
