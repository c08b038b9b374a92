/**
 * The entry, its hash chain, and the signed head: the formats everything else rests on.
 *
 *   entry = {store, origin, seq, hlc, kind, version, salt, body, bodyHash, prev, hash}
 *
 *   bodyHash = SHA-256(salt ‖ body)            body: canonical JSON text (RFC 8785), salt: 16 random bytes
 *   hash     = SHA-256(canonical JSON of {bodyHash, hlc, kind, origin, prev, seq, store, version})
 *   prev     = hash of the entry before it in this origin's log, '' for the first
 *   head     = JWS by the origin's node over {store, origin, seq, hash}
 *
 * A body is text, not a value: whatever an origin wrote is hashed, kept and forwarded as it is, also when this
 * version cannot read it (I9). A body that may be forgotten is erased together with its salt; `bodyHash` stays and
 * the chain still verifies. Over the wire goes a *segment*: contiguous entries of one origin up to a head, without
 * their hashes, for the receiver recomputes the chain and holds it against the signed head (I4).
 */
import { base64url } from 'jose';
import { z } from 'zod';
import { limits } from '../limits.ts';
import type { Platform } from '../platform.ts';
import { type Origin, origin } from '../trust/certificate.ts';
import { HLC_MAX } from './hlc.ts';

export const STORES = ['recovery', 'compliance'] as const;
export const store = z.enum(STORES);
export type Store = (typeof STORES)[number];

export const hash = z.string().regex(/^[A-Za-z0-9_-]{43}$/);
const seq = z.number().int().min(1).max(Number.MAX_SAFE_INTEGER);

/**
 * Whether every engine gives this text back as it was. SQLite ends a text at a NUL where a driver reads it as a C
 * string, and a lone surrogate has no UTF-8: libSQL's native driver ends the process when it reads one.
 */
export function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}

/** One entry of a segment: what cannot be recomputed. An erased body leaves its hash. */
export const segmentEntry = z.union([
  z.strictObject({
    hlc: z.number().int().min(0).max(HLC_MAX),
    kind: z.string().min(1).max(64),
    version: z.number().int().min(1).max(1_000_000),
    salt: z.string().regex(/^[A-Za-z0-9_-]{22}$/),
    body: z.string().max(limits.entryBodyBytesMax),
  }),
  z.strictObject({
    hlc: z.number().int().min(0).max(HLC_MAX),
    kind: z.string().min(1).max(64),
    version: z.number().int().min(1).max(1_000_000),
    bodyHash: hash,
  }),
]);
export type SegmentEntry = z.infer<typeof segmentEntry>;

export const segment = z.strictObject({
  origin,
  /** seq of the first entry */
  from: seq,
  /** hash of the entry before the first, '' when from is 1 */
  prev: z.union([hash, z.literal('')]),
  entries: z
    .array(segmentEntry)
    .min(1)
    .max(limits.segmentEntriesMax + limits.groupEntriesMax),
  /** signed head at the last entry */
  head: z.string().max(2_000),
});
export type Segment = z.infer<typeof segment>;

export const headPayload = z.strictObject({ store, origin, seq, hash });

/** An entry as it is held: with its place in the chain. */
export interface Entry {
  readonly store: Store;
  readonly origin: Origin;
  readonly seq: number;
  readonly hlc: number;
  readonly kind: string;
  readonly version: number;
  /** null, as is `body`, once erased */
  readonly salt: string | null;
  readonly body: string | null;
  readonly bodyHash: string;
  readonly hash: string;
}

type Hashing = Pick<Platform, 'sha256'>;

export function hashBody(platform: Hashing, salt: string, body: string): string {
  return platform.sha256(base64url.decode(salt), body);
}

/** The members stand in RFC 8785 order and are all strings and safe integers, so this text is canonical. */
export function hashEntry(
  platform: Hashing,
  entry: Pick<Entry, 'store' | 'origin' | 'seq' | 'hlc' | 'kind' | 'version' | 'bodyHash'>,
  prev: string,
): string {
  return platform.sha256(
    JSON.stringify({
      bodyHash: entry.bodyHash,
      hlc: entry.hlc,
      kind: entry.kind,
      origin: entry.origin,
      prev,
      seq: entry.seq,
      store: entry.store,
      version: entry.version,
    }),
  );
}

/** Rebuilds the entries of a segment with their hashes, from its own `prev`. The caller holds the last against the head. */
export function chainSegment(platform: Hashing, of: Store, from: Segment): Entry[] {
  let prev = from.prev;
  return from.entries.map((wire, index) => {
    const salt = 'salt' in wire ? wire.salt : null;
    const body = 'body' in wire ? wire.body : null;
    const bodyHash = 'bodyHash' in wire ? wire.bodyHash : hashBody(platform, wire.salt, wire.body);
    const entry = {
      store: of,
      origin: from.origin,
      seq: from.from + index,
      hlc: wire.hlc,
      kind: wire.kind,
      version: wire.version,
      salt,
      body,
      bodyHash,
    };
    prev = hashEntry(platform, entry, prev);
    return { ...entry, hash: prev };
  });
}

/** origin → highest contiguous seq held */
export type Vector = Readonly<Record<string, number>>;
export const vector = z
  .record(origin, z.number().int().min(0).max(Number.MAX_SAFE_INTEGER))
  .refine((held) => Object.keys(held).length <= limits.vectorOriginsMax, 'too many origins');

export function mergeVectors(a: Vector, b: Vector): Vector {
  const merged: Record<string, number> = { ...a };
  for (const [origin, seq] of Object.entries(b)) merged[origin] = Math.max(merged[origin] ?? 0, seq);
  return merged;
}
