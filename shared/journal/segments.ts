/** Segments coming in, going out, and kept as evidence. See `entry.ts` for their form. */
import { limits } from '../limits.ts';
import type { Platform } from '../platform.ts';
import { type Certificate, type CertificateAuthority, type Origin, nodeOf } from '../trust/certificate.ts';
import { verifyJws } from '../trust/jws.ts';
import { genesis as genesisBody } from './bodies.ts';
import { type Engine, EngineError } from './engine.ts';
import {
  type Entry,
  type Segment,
  type SegmentEntry,
  type Store,
  chainSegment,
  headPayload,
  isStorable,
} from './entry.ts';
import { ERASABLE_OCTETS, standsApart, withErasable } from './erasable.ts';
import { isErasable } from './kinds.ts';

export interface Verified {
  readonly entries: readonly Entry[];
  readonly certificate: Certificate;
  readonly certificateJws: string;
}

/**
 * `certificate`: not by a node of this organisation. `head`: not signed by that node for this log. `body`: erased
 * though its kind must be kept, or text that cannot be stored. `chain`: the entries are not those under the head.
 */
export type Refusal = { outcome: 'refused'; why: 'certificate' | 'head' | 'chain' | 'body' };

interface Verifier {
  readonly platform: Platform;
  readonly authority: CertificateAuthority;
}

/** I4: certificate by the organisation, head by the origin's node, chain up to the head. */
export async function verifySegment(
  { platform, authority }: Verifier,
  store: Store,
  segment: Segment,
  known: Pick<Verified, 'certificate' | 'certificateJws'> | undefined,
): Promise<Verified | Refusal> {
  const certificateJws = known?.certificateJws ?? certificateIn(segment);
  const certificate =
    known?.certificate ?? (certificateJws === undefined ? null : await authority.check(certificateJws));
  if (!certificate || certificateJws === undefined || certificate.nodeId !== nodeOf(segment.origin)) {
    return { outcome: 'refused', why: 'certificate' };
  }
  const signed = await verifyJws('holdfast-head', segment.head, certificate.key);
  const head = headPayload.safeParse(signed?.payload);
  if (!head.success || head.data.store !== store || head.data.origin !== segment.origin) {
    return { outcome: 'refused', why: 'head' };
  }
  if ((segment.from === 1) !== (segment.prev === '')) return { outcome: 'refused', why: 'chain' };
  const entries: Entry[] = [];
  let { prev } = segment;
  const sliceEntries = limits.verifySliceEntriesMax;
  for (let at = 0; at < segment.entries.length; at += sliceEntries) {
    if (at > 0) await platform.sleep(0);
    const piece = segment.entries.slice(at, at + sliceEntries);
    if (!piece.every(isKeepable)) return { outcome: 'refused', why: 'body' };
    for (const entry of chainSegment(platform, store, {
      ...segment,
      from: segment.from + at,
      prev,
      entries: piece,
    })) {
      entries.push(entry);
      prev = entry.hash;
    }
  }
  const last = entries.at(-1);
  if (last?.seq !== head.data.seq || last.hash !== head.data.hash)
    return { outcome: 'refused', why: 'chain' };
  return { entries, certificate, certificateJws };
}

/** I2: whoever passes a log on can leave out bodies without breaking its chain, but never those that matter. */
function isKeepable(entry: SegmentEntry): boolean {
  return isStorable(entry.kind) && ('body' in entry ? isStorable(entry.body) : isErasable(entry.kind));
}

function certificateIn(segment: Segment): string | undefined {
  const [first] = segment.entries;
  if (first?.kind !== 'genesis' || !('body' in first)) return undefined;
  try {
    return genesisBody.parse(JSON.parse(first.body)).certificate;
  } catch {
    return undefined;
  }
}

/** The chain hash of one entry; null where it is not held. */
export async function hashAt(
  engine: Pick<Engine, 'rows'>,
  store: Store,
  origin: Origin,
  seq: number,
): Promise<string | null> {
  const sql = `SELECT hash FROM "${store}_journal" WHERE origin = ? AND seq = ?`;
  const [row] = await engine.rows(store, sql, [origin, seq]);
  return row ? String(row[0]) : null;
}

/**
 * Contiguous entries of `origin` after `after` up to a head within `entriesMax` and `segmentBytesMax`, or else up
 * to the next head; null when there is none at or before `until`. Sizes are added up inside the database, so that only
 * what is sent is read. Bodies that stand apart are put in where `mayRead` says so of them.
 */
export async function readSegment(
  engine: Engine,
  store: Store,
  origin: Origin,
  {
    after,
    until,
    entriesMax,
    mayRead,
  }: {
    readonly after: number;
    readonly until: number;
    readonly entriesMax: number;
    readonly mayRead?: (body: string) => boolean;
  },
): Promise<Segment | null> {
  const octetsApart = store === 'recovery' ? ERASABLE_OCTETS : 'NULL';
  const [near] = await engine.rows(
    store,
    `WITH sized AS (SELECT seq, sum(coalesce(octet_length(body), ${octetsApart}, 0)) OVER (ORDER BY seq) AS bytes ` +
      `FROM "${store}_journal" j WHERE origin = ?1 AND seq > ?2 AND seq <= min(?2 + ?3, ?5)), ` +
      `fitting AS (SELECT max(seq) AS seq FROM sized WHERE bytes <= ?4) ` +
      `SELECT seq, jws FROM "${store}_heads" WHERE origin = ?1 AND seq = coalesce(` +
      `(SELECT max(seq) FROM "${store}_heads" WHERE origin = ?1 AND seq > ?2 AND seq <= (SELECT seq FROM fitting)), ` +
      `(SELECT min(seq) FROM "${store}_heads" WHERE origin = ?1 AND seq > ?2 AND seq <= ?5))`,
    [origin, after, Math.max(1, entriesMax), limits.segmentBytesMax, until],
  );
  if (!near) return null;
  const to = Number(near[0]);
  // The row before the first one tells `prev`.
  const rows = await engine.rows(
    store,
    `SELECT hash, hlc, kind, version, salt, body, body_hash FROM "${store}_journal" ` +
      `WHERE origin = ? AND seq >= ? AND seq <= ? ORDER BY seq`,
    [origin, after, to],
  );
  const before = after === 0 ? undefined : rows.shift();
  if (rows.length !== to - after || (before === undefined) !== (after === 0)) {
    throw new EngineError('corrupt', `${store}_journal has a gap`);
  }
  const entries = rows.map(([, hlc, kind, version, salt, body, bodyHash]): SegmentEntry => {
    const common = { hlc: Number(hlc), kind: String(kind), version: Number(version) };
    return body === null || body === undefined
      ? { ...common, bodyHash: String(bodyHash) }
      : { ...common, salt: String(salt), body: String(body) };
  });
  const whole =
    mayRead && entries.some(({ kind }) => standsApart(store, kind))
      ? await withErasable(engine, origin, after + 1, entries, mayRead)
      : entries;
  return {
    ...{ origin, from: after + 1, prev: String(before?.[0] ?? '') },
    ...{ head: String(near[1]), entries: whole },
  };
}

export interface ForkPiece {
  /** place and hash of the last entry in `segment` */
  readonly seq: number;
  readonly hash: string;
  /** JSON of a segment; only the last piece has the head, the others lead up to it by their hashes */
  readonly segment: string;
}

/** A verified segment that contradicts what is held, in pieces that fit into one value of a database each. */
export function forkEvidence(of: Store, segment: Segment, entries: readonly Entry[]): ForkPiece[] {
  const pieces: ForkPiece[] = [];
  let from = 0;
  let length = 0;
  const cut = (end: number, head: string) => {
    const last = entries[end - 1];
    const prev = entries[from - 1]?.hash ?? segment.prev;
    if (!last || end === from) return;
    const piece: Segment = {
      ...segment,
      from: segment.from + from,
      prev,
      entries: segment.entries.slice(from, end).map((entry, index) => {
        const { hlc, kind, version } = entry;
        // What may have to be forgotten must not be kept as evidence of something else.
        return 'body' in entry && standsApart(of, kind)
          ? { hlc, kind, version, bodyHash: entries[from + index]?.bodyHash ?? '' }
          : entry;
      }),
      head,
    };
    pieces.push({ seq: last.seq, hash: last.hash, segment: JSON.stringify(piece) });
    from = end;
    length = 0;
  };
  for (const [index, entry] of segment.entries.entries()) {
    const size = JSON.stringify(entry).length;
    if (length + size > limits.statementJsonCharactersMax) cut(index, '');
    length += size;
  }
  cut(segment.entries.length, segment.head);
  return pieces;
}
