/**
 * The protocol between nodes, version 1.
 *
 *   POST /v1/sync/challenge   a nonce of the server
 *   POST /v1/sync/session     both nonces signed, both certificates: a short-lived session in which each knows the other
 *   POST /v1/sync/pull        "here is my vector": contiguous entries up to heads, and the server's vector; may wait for news
 *   POST /v1/sync/push        segments: what became of each, and what is held now
 *   POST /v1/sync/hashes      chain hashes of one log at some places, to find where two copies of a node parted
 *   POST /v1/sync/digests     the tables of one origin in a range of its log: digests, or the hashes of the rows
 *   POST /v1/sync/release     a piece of a release's archive, by its SHA-256, from a centre that has it
 *
 * A vector is the resume point; there is no cursor on the server that could be ahead of reality (I7). It names what is
 * held durably: a peer behind a database server shows neither vector nor entries beyond its last checkpoint. Bodies are
 * gzip of JSON, limited in size before and after inflation. The `Holdfast-Protocol` header names the version.
 *
 * A program speaks its newest version and the one before it, as the server as well as the client: nodes whose versions
 * are neighbours replicate, whichever of them is upgraded first. Beyond this window a node is refused, with the versions
 * that are spoken, and says so by an alarm. Nothing is lost meanwhile: entries wait where they are.
 */
import { z } from 'zod';
import { hash, segment, store, vector } from '../journal/entry.ts';
import { limits } from '../limits.ts';
import { nodeId, origin } from '../trust/certificate.ts';
import { saidCondition } from './condition.ts';
import { nodeFreshness } from './peers.ts';

export const PROTOCOL_VERSION = 1;
/** The oldest version that is still spoken. */
export const PROTOCOL_OLDEST = 1;
export const PROTOCOLS_SPOKEN: readonly number[] = Array.from(
  { length: PROTOCOL_VERSION - PROTOCOL_OLDEST + 1 },
  (_, index) => PROTOCOL_OLDEST + index,
);
export const PROTOCOL_HEADER = 'Holdfast-Protocol';
export const SYNC_MEDIA_TYPE = 'application/vnd.holdfast.sync+gzip';

/** The newest version that both speak, or null. */
export function commonProtocol(theirs: readonly number[]): number | null {
  return PROTOCOLS_SPOKEN.findLast((version) => theirs.includes(version)) ?? null;
}

const nonce = z.string().regex(/^[A-Za-z0-9_-]{22,64}$/);

/** Shown to people and in metrics, so of harmless characters only. */
const programVersion = z.string().regex(/^[A-Za-z0-9.+-]{1,40}$/);

export const challengeRequest = z.strictObject({});
export const challengeAnswer = z.object({ nonce, nodeId });

/** Payload of a `holdfast-challenge` JWS: the other's nonce, for the other's eyes only. */
export const challengeProof = z.strictObject({ nonce, audience: nodeId });

export const sessionRequest = z.strictObject({
  certificate: z.string().max(4_000),
  proof: z.string().max(2_000),
  /** for the server to sign */
  nonce,
  /** the program's version, for people: who is behind after an upgrade */
  program: programVersion.optional(),
});
export const sessionAnswer = z.object({
  session: z.string().max(200),
  expiresInMs: z.number().int().min(0),
  certificate: z.string().max(4_000),
  proof: z.string().max(2_000),
  program: programVersion.optional(),
});

const vectors = z.strictObject({ recovery: vector, compliance: vector });
export type Vectors = z.infer<typeof vectors>;

export const pullRequest = z.strictObject({
  /** what the asker holds durably */
  vectors,
  /** what it will hold once it has taken in the answers it already has: the next one begins there */
  coming: vectors.optional(),
  /** logs of which a segment was just refused here, so that others flow on meanwhile (I9) */
  without: z.strictObject({ recovery: z.array(origin).max(1_000), compliance: z.array(origin).max(1_000) }),
  entriesMax: z.number().int().min(1).max(limits.segmentEntriesMax),
  /** how long to wait for news when there is nothing to send; 0 answers at once */
  waitMs: z.number().int().min(0).max(limits.pokeWaitMs),
  /** how the asker is, for people */
  condition: saidCondition.optional(),
});
export const pullAnswer = z.object({
  recovery: z.array(segment),
  compliance: z.array(segment),
  /** there is more than fitted into this answer */
  more: z.boolean(),
  vectors,
  freshness: z.array(nodeFreshness),
  /** stores at a database server that nobody tells to sync: what is held there is promised to nobody (I1) */
  unsynced: z.array(store).max(2).optional(),
  /** where the asker's own newest logs end here: another hash than the asker has at that place is a fork (I4) */
  tips: z.array(z.object({ store, origin, seq: z.number().int().min(1), hash })),
});
export type PullAnswer = z.infer<typeof pullAnswer>;

export const pushRequest = z.strictObject({ store, segments: z.array(segment).min(1).max(64) });
export const pushAnswer = z.object({
  outcomes: z.array(
    z.object({
      origin,
      outcome: z.enum(['applied', 'held', 'gap', 'fork', 'refused']),
      why: z.string().optional(),
    }),
  ),
  /** what is held now of the origins that were pushed */
  held: vector,
});
export type PushAnswer = z.infer<typeof pushAnswer>;

export const hashesRequest = z.strictObject({
  store,
  origin,
  seqs: z.array(z.number().int().min(1)).min(1).max(64),
});
export const hashesAnswer = z.object({ hashes: z.array(hash.nullable()) });

export const digestRequest = z
  .strictObject({
    store,
    origin,
    /** compared only while both hold exactly this much of the origin */
    at: z.number().int().min(1),
    from: z.number().int().min(1),
    to: z.number().int().min(1),
    detail: z.boolean(),
  })
  // I12: all rows of a range are read at once.
  .refine(({ from, to }) => to >= from && to - from < limits.digestSliceEntries, 'not a slice');
export const digestAnswer = z.object({
  /** 'moved': the server holds more or less of this origin now */
  state: z.enum(['compared', 'moved']),
  /** the rules of these tables; 0: they are being made again, or are of another version than the program, and not told */
  projectionVersion: z.number().int(),
  /** the log's hash at `at`: another one than the asker's is a fork (I4); null where it moved, or is not told */
  hash: hash.nullable().default(null),
  /** entries of the range that are held but not projected */
  marked: z.number().int(),
  tables: z.record(z.string(), z.object({ rows: z.number().int(), digest: hash })),
  rows: z.array(z.object({ table: z.string(), key: z.string(), hash })).optional(),
});
export type DigestAnswer = z.infer<typeof digestAnswer>;

export const certificateRequest = z.strictObject({
  /** a PKCS #10 request (DER), as base64url */
  request: z
    .string()
    .regex(/^[A-Za-z0-9_-]+$/)
    .max(limits.tlsRequestBytesMax)
    // Six bits a character: a single one over makes no byte.
    .refine(({ length }) => length % 4 !== 1, 'not whole bytes'),
});
export const certificateAnswer = z.object({
  /** the certificate, then its authority's, PEM */
  chain: z.string().startsWith('-----BEGIN CERTIFICATE-----').max(16_384),
});
/** Why none is signed, as the problem says it. */
export const certificateRefusal = z.looseObject({
  type: z.literal('urn:holdfast:problem:certificate-refused'),
  why: z.string().max(32),
});

export const releaseRequest = z.strictObject({
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  offset: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER),
});
export const releaseAnswer = z.object({
  /** of the whole archive */
  bytes: z.number().int().min(0),
  /** base64url; empty at its end */
  data: z.string().max(Math.ceil((limits.releaseChunkBytesMax * 4) / 3)),
});
