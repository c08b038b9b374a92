/**
 * Proof of possession of a device's key on every request (DPoP, RFC 9449), with nonces of this node, so that a PC
 * whose clock is dead still gets in and a recorded request is worth nothing.
 *
 * A nonce names a time slot of this start of the node; proofs are remembered as long as their nonce is accepted.
 */
import { z } from 'zod';
import { Problem } from '../http/problem.ts';
import { limits } from '../limits.ts';
import type { Platform } from '../platform.ts';
import { publicJwk } from '../trust/certificate.ts';
import { type PublicJwk, peekHeader, thumbprint, verifyJws } from '../trust/jws.ts';

/** Who shows a private key has given it away (RFC 9449, section 4.3). */
const shownKey = publicJwk.extend({ d: z.never().optional() }).transform(({ d: _d, ...jwk }) => jwk);
const proofHeader = z.object({ typ: z.literal('dpop+jwt'), alg: z.literal('ES256'), jwk: shownKey });
const proofPayload = z.object({
  jti: z.string().min(8).max(128),
  htm: z.string().max(16),
  htu: z.string().max(2_000),
  nonce: z.string().max(200).optional(),
  ath: z.string().max(64).optional(),
});

/** As long as a hash of it would be: 256 random bits fit. */
const JTI_KEPT_CHARACTERS_MAX = 43;
/** Room for a key and what an agent adds to it; a longer header is read every time. */
const HEADER_KEPT_CHARACTERS_MAX = 400;
/** A kilobyte each at most. */
const HEADERS_KEPT_MAX = 5_000;

export interface ProvenKey {
  readonly jwk: PublicJwk;
  readonly jkt: string;
}

export interface ProvenRequest {
  readonly method: string;
  /** host (with port) the client addressed */
  readonly host: string;
  readonly path: string;
  readonly proof: string | undefined;
  /** SHA-256 of the access token the proof must be bound to, base64url; null when none was sent */
  readonly tokenHash: string | null;
}

export class ProofChecker {
  readonly #platform: Platform;
  readonly #secret: Uint8Array;
  #slot: number;
  #slotSince: number;
  /** of this slot and the one before: asked for several times by every request */
  #nonces: { readonly current: string; readonly before: string };
  /** the keys of good proofs, by the protected header: a device sends the same one with every request */
  readonly #keys = new Map<string, ProvenKey>();
  #used = new Set<string>();
  #usedBefore = new Set<string>();

  constructor(platform: Platform) {
    this.#platform = platform;
    this.#secret = platform.random(32);
    this.#slot = 1;
    this.#slotSince = platform.now();
    this.#nonces = this.#makeNonces();
  }

  /** The nonce to use in the next proof; given with every answer to a device. */
  nonce(): string {
    this.#turn();
    return this.#nonces.current;
  }

  /** Throws a Problem unless the proof holds for this request and was not used before. */
  async check(request: ProvenRequest): Promise<ProvenKey> {
    if (request.proof === undefined)
      throw new Problem('credentials-missing', { header: 'DPoP' }, this.#headers());
    const header = request.proof.slice(0, request.proof.indexOf('.'));
    const key = this.#keys.get(header) ?? (await this.#keyIn(request.proof));
    const verified = await verifyJws('dpop+jwt', request.proof, key.jwk);
    const payload = proofPayload.safeParse(verified?.payload);
    if (!payload.success)
      throw new Problem('proof-invalid', { why: verified ? 'claims' : 'signature' }, this.#headers());
    const { htm, htu, nonce, ath, jti } = payload.data;
    if (htm !== request.method || !samePlace(htu, request))
      throw new Problem('proof-invalid', { why: 'htm or htu' }, this.#headers());
    if (request.tokenHash !== null && ath !== request.tokenHash)
      throw new Problem('proof-invalid', { why: 'ath' }, this.#headers());
    this.#turn();
    const current = nonce === this.#nonces.current;
    if (!current && nonce !== this.#nonces.before) throw new Problem('use-dpop-nonce', {}, this.#headers());
    // Very many are remembered: of a long jti its hash.
    const id = `${key.jkt} ${jti.length <= JTI_KEPT_CHARACTERS_MAX ? jti : this.#platform.sha256(jti)}`;
    if (this.#used.has(id) || this.#usedBefore.has(id))
      throw new Problem('proof-replayed', {}, this.#headers());
    (current ? this.#used : this.#usedBefore).add(id);
    this.#keep(header, key);
    return key;
  }

  async #keyIn(proof: string): Promise<ProvenKey> {
    const header = proofHeader.safeParse(peekHeader(proof));
    if (!header.success) throw new Problem('proof-invalid', { why: 'header' }, this.#headers());
    const { jwk } = header.data;
    return { jwk, jkt: await thumbprint(jwk) };
  }

  #keep(header: string, key: ProvenKey): void {
    if (header.length > HEADER_KEPT_CHARACTERS_MAX || this.#keys.has(header)) return;
    if (this.#keys.size >= HEADERS_KEPT_MAX) this.#keys.clear();
    this.#keys.set(header, key);
  }

  #headers(): Record<string, string> {
    return { 'DPoP-Nonce': this.nonce(), 'WWW-Authenticate': 'DPoP algs="ES256"' };
  }

  /** A new slot when the time is up, or early when more proofs were used than are remembered (I12). */
  #turn(): void {
    const now = this.#platform.now();
    const elapsed = now - this.#slotSince;
    const full = this.#used.size >= limits.proofsRememberedMax;
    if (!full && elapsed >= 0 && elapsed < limits.proofNonceMs) return;
    this.#slot += elapsed >= 2 * limits.proofNonceMs ? 2 : 1;
    this.#usedBefore = elapsed >= 2 * limits.proofNonceMs ? new Set() : this.#used;
    this.#used = new Set();
    this.#slotSince = now;
    this.#nonces = this.#makeNonces();
  }

  #makeNonces(): { current: string; before: string } {
    return { current: this.#nonceOf(this.#slot), before: this.#nonceOf(this.#slot - 1) };
  }

  #nonceOf(slot: number): string {
    return `${String(slot)}.${this.#platform.sha256(this.#secret, `nonce ${String(slot)}`, this.#secret)}`;
  }
}

function samePlace(htu: string, request: ProvenRequest): boolean {
  const place = `${request.host}${request.path}`;
  if (htu === `http://${place}` || htu === `https://${place}`) return true;
  const url = URL.parse(htu);
  return (
    url !== null &&
    url.pathname === request.path &&
    url.host === request.host &&
    (url.protocol === 'http:' || url.protocol === 'https:')
  );
}
