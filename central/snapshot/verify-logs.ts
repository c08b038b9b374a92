/** Every log of a store's file: its chain under its signed heads and its certificate (I4). */
import { type SegmentEntry, type Store, chainSegment, headPayload } from '../../shared/journal/entry.ts';
import { readSegment, verifySegment } from '../../shared/journal/segments.ts';
import { limits } from '../../shared/limits.ts';
import type { Origin } from '../../shared/trust/certificate.ts';
import { verifyJws } from '../../shared/trust/jws.ts';
import { nodePlatform } from '../platform.ts';
import { type Fault, fault } from '../words/fault.ts';
import type { SqliteEngine } from './sqlite.ts';
import type { StoreCheck } from './verify-store.ts';

/** Heads whose signatures are checked at once. */
const HEADS_AT_ONCE = 64;

/** I4, once more: certificate, chain and head of every log, and nothing that belongs to none. */
export async function verifyLogs(engine: SqliteEngine, check: StoreCheck): Promise<number> {
  const { store, found } = check;
  const logs = await engine.rows(
    store,
    `SELECT origin, seq, hash, head_seq, certificate FROM "${store}_origins" ORDER BY origin`,
    [],
  );
  const [count] = engine.iterate(
    `SELECT count(*), (SELECT coalesce(sum(seq), 0) FROM "${store}_origins") FROM "${store}_journal"`,
  );
  const all = Number(count?.[0] ?? 0);
  if (all !== Number(count?.[1] ?? 0)) found('chain', fault('otherCount'));
  let done = 0;
  let beyondHeads = 0;
  for (const [origin, seq, hash, headSeq, certificate] of logs) {
    const log = {
      origin: String(origin) as Origin,
      seq: Number(seq),
      hash: String(hash),
      headSeq: Number(headSeq),
      certificate: String(certificate),
    };
    const wrong = await faultOfLog(engine, check, log, (entries) => {
      check.onProgress((done += entries), all);
    }).catch(ofNoSalt);
    if (wrong !== null) found('chain', fault('ofLog', log.origin, wrong));
    beyondHeads += log.seq - log.headSeq;
  }
  return beyondHeads;
}

/** Nothing can be hashed with a salt that is no base64url. */
function ofNoSalt(error: unknown): Fault {
  if (error instanceof TypeError) return fault('chainBreaks', 0);
  throw error;
}

interface Log {
  readonly origin: Origin;
  readonly seq: number;
  readonly hash: string;
  readonly headSeq: number;
  readonly certificate: string;
}

async function faultOfLog(
  engine: SqliteEngine,
  { store, authority }: StoreCheck,
  { origin, seq, hash, headSeq, certificate }: Log,
  onEntries: (count: number) => void,
): Promise<Fault | null> {
  let after = 0;
  let prev = '';
  const verifier = { platform: nodePlatform, authority, sliceEntries: limits.segmentEntriesMax };
  while (after < headSeq) {
    const segment = await readSegment(engine, store, origin, {
      ...{ after, until: Number.MAX_SAFE_INTEGER, entriesMax: limits.segmentEntriesMax },
      mayRead: () => true,
    });
    if (!segment) return fault('noHead', after);
    // Without a known certificate it is taken from the genesis, which the chain then covers.
    const known = await authority.check(certificate);
    const verified = await verifySegment(
      verifier,
      store,
      segment,
      after === 0 || !known ? undefined : { certificate: known, certificateJws: certificate },
    );
    if ('outcome' in verified) return fault('doesNotHold', verified.why, after);
    if (verified.certificateJws !== certificate) return fault('otherCertificate');
    const stored = await hashesOf(engine, store, origin, after, after + segment.entries.length);
    if (verified.entries.some((entry, index) => entry.hash !== stored[index]))
      return fault('otherHash', after);
    after += segment.entries.length;
    prev = verified.entries.at(-1)?.hash ?? prev;
    onEntries(segment.entries.length);
  }
  // Entries of a batch that was being taken in: chained, and not yet under a head.
  while (after < seq) {
    const to = Math.min(seq, after + limits.segmentEntriesMax);
    const entries = await entriesOf(engine, store, origin, after, to);
    const stored = await hashesOf(engine, store, origin, after, to);
    const chained = chainSegment(nodePlatform, store, { origin, from: after + 1, prev, entries, head: '' });
    if (chained.length !== to - after || chained.some((entry, index) => entry.hash !== stored[index]))
      return fault('chainBreaks', after);
    prev = chained.at(-1)?.hash ?? prev;
    after = to;
    onEntries(entries.length);
  }
  return prev === hash ? null : fault('otherEnd');
}

async function hashesOf(engine: SqliteEngine, store: Store, origin: Origin, after: number, to: number) {
  const sql = `SELECT hash FROM "${store}_journal" WHERE origin = ? AND seq > ? AND seq <= ? ORDER BY seq`;
  return (await engine.rows(store, sql, [origin, after, to])).map(([hash]) => String(hash));
}

async function entriesOf(
  engine: SqliteEngine,
  store: Store,
  origin: Origin,
  after: number,
  to: number,
): Promise<SegmentEntry[]> {
  const rows = await engine.rows(
    store,
    `SELECT hlc, kind, version, salt, body, body_hash FROM "${store}_journal" ` +
      `WHERE origin = ? AND seq > ? AND seq <= ? ORDER BY seq`,
    [origin, after, to],
  );
  return rows.map(([hlc, kind, version, salt, body, bodyHash]) => {
    const common = { hlc: Number(hlc), kind: String(kind), version: Number(version) };
    return body === null
      ? { ...common, bodyHash: String(bodyHash) }
      : { ...common, salt: String(salt), body: String(body) };
  });
}

/** Every head, not only those that the chains were read by: peers are served at each of them. */
export async function verifyHeads(
  engine: SqliteEngine,
  { store, authority, found }: StoreCheck,
): Promise<void> {
  const heads = engine.iterate(
    `SELECT h.origin, h.seq, h.jws, j.hash, o.certificate, o.head_seq FROM "${store}_heads" h ` +
      `LEFT JOIN "${store}_journal" j ON j.origin = h.origin AND j.seq = h.seq ` +
      `LEFT JOIN "${store}_origins" o ON o.origin = h.origin ORDER BY h.origin, h.seq`,
  );
  const verify = async ([origin, seq, jws, hash, certificateJws, headSeq]: unknown[]): Promise<boolean> => {
    const certificate = await authority.check(String(certificateJws));
    // So also where the end of a log is no number, and nothing is above it.
    if (!certificate || !(Number(seq) <= Number(headSeq))) return false;
    const signed = await verifyJws('holdfast-head', String(jws), certificate.key);
    const head = headPayload.safeParse(signed?.payload);
    return (
      head.success &&
      head.data.store === store &&
      head.data.origin === origin &&
      head.data.seq === seq &&
      head.data.hash === hash
    );
  };
  for (let batch = take(heads, HEADS_AT_ONCE); batch.length > 0; batch = take(heads, HEADS_AT_ONCE)) {
    const results = await Promise.all(batch.map(verify));
    const wrong = batch[results.indexOf(false)];
    if (wrong) found('heads', fault('headAstray', String(wrong[0]), Number(wrong[1])));
  }
}

function take<T>(from: IterableIterator<T>, count: number): T[] {
  const taken: T[] = [];
  while (taken.length < count) {
    const next = from.next();
    if (next.done === true) break;
    taken.push(next.value);
  }
  return taken;
}
