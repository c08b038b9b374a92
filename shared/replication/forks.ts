/**
 * When another node holds a different log under one of this node's own origins (I4): two copies of one machine ran in
 * the same incarnation, as a virtual machine does that is resumed twice. Neither log is lost. What the other copy
 * wrote stays where it was accepted; what this one wrote beyond the common part is appended again under a new
 * incarnation, once, and the split is raised. The old entries stay in this node's journal, but count nowhere else.
 * A peer that says so has to show the other log, signed by this node's key: a lie would have everything written again,
 * as often as it is told.
 */
import type { Again } from '../journal/drafts.ts';
import type { Segment, Store } from '../journal/entry.ts';
import type { Ledger } from '../journal/ledger.ts';
import { hashAt, verifySegment } from '../journal/segments.ts';
import { limits } from '../limits.ts';
import type { Origin } from '../trust/certificate.ts';
import type { SyncParts } from './service.ts';

/** Entries appended again in one group. */
const CHUNK_ENTRIES = 100;

/** What a peer holds of one of this node's own logs. */
export interface OtherCopy {
  /** chain hashes at these places; null where it holds nothing */
  hashes(seqs: readonly number[]): Promise<readonly (string | null)[]>;
  /** how the log goes on after this place; null when the peer shows nothing */
  after(seq: number): Promise<Segment | null>;
  /** shows it how the log goes on here, so that it knows of the split as well (I4, I13) */
  show(segment: Segment): Promise<void>;
}

/**
 * Heals a split of `origin` that the peer shows at `at`. Does nothing when this split was healed before, or is not
 * proven; either way the peer is not believed to hold what this node wrote there (I1).
 */
export async function healFork(
  parts: SyncParts,
  store: Store,
  origin: Origin,
  at: number,
  theirs: OtherCopy,
): Promise<void> {
  const { ledger, alarms, peers, platform } = parts;
  peers.split(store, origin);
  const common = await commonPart(ledger, store, origin, at, theirs);
  if (!(await isProven(parts, store, origin, common, await theirs.after(common)))) {
    alarms.raise('segment-refused', origin, 'a peer has another log under this name, and does not prove it');
    return;
  }
  alarms.raise(
    'fork',
    `${store} ${origin}`,
    `another copy of this node wrote a different entry ${String(common + 1)}`,
  );
  if (origin === ledger.self) ledger.reincarnate();
  for (const chunk of chunks(await writtenAfter(ledger, store, origin, common))) {
    const [first] = chunk;
    if (!first || (await isHealed(ledger, store, origin, first.seq))) continue;
    // The mark and what it stands for are one transaction, so a crash in between repeats and loses nothing.
    const mark = {
      sql: `INSERT OR IGNORE INTO "${store}_forks" (origin, seq, hash, held_hash, seen_at, segment) VALUES (?, ?, ?, '', ?, '')`,
      args: [origin, first.seq, first.hash, platform.now()],
    };
    await ledger.append(
      store,
      chunk.map(({ draft }) => draft),
      [mark],
    );
  }
  const ours = await ledger.read(store, origin, common, 1);
  if (ours) await theirs.show(ours);
}

/** Whether `shown` is this node's log `origin`, signed by its key, with another entry after the common part. */
async function isProven(
  parts: SyncParts,
  store: Store,
  origin: Origin,
  common: number,
  shown: Segment | null,
): Promise<boolean> {
  const { engine } = parts.ledger;
  if (shown?.origin !== origin || shown.from !== common + 1) return false;
  if (shown.prev !== ((await hashAt(engine, store, origin, common)) ?? '')) return false;
  const verified = await verifySegment(parts, store, shown, parts.ledger.origins(store).get(origin));
  if ('outcome' in verified) return false;
  return verified.entries[0]?.hash !== (await hashAt(engine, store, origin, common + 1));
}

async function isHealed(ledger: Ledger, store: Store, origin: Origin, seq: number): Promise<boolean> {
  const rows = await ledger.engine.rows(
    store,
    `SELECT 1 FROM "${store}_forks" WHERE origin = ? AND seq = ? AND segment = ''`,
    [origin, seq],
  );
  return rows.length > 0;
}

/** The last place at which both logs agree, 0 when they never did; by search, 64 places a message. */
async function commonPart(
  ledger: Ledger,
  store: Store,
  origin: Origin,
  at: number,
  theirs: OtherCopy,
): Promise<number> {
  let agreed = 0;
  let differs = at;
  while (differs - agreed > 1) {
    const step = Math.max(1, Math.floor((differs - agreed) / 63));
    const places: number[] = [];
    for (let seq = agreed + step; seq < differs && places.length < 64; seq += step) places.push(seq);
    const there = await theirs.hashes(places);
    const here = await Promise.all(places.map((seq) => hashAt(ledger.engine, store, origin, seq)));
    const split = places.findIndex((_, index) => there[index] === null || there[index] !== here[index]);
    if (split !== 0) agreed = places[(split < 0 ? places.length : split) - 1] ?? agreed;
    if (split >= 0) differs = places[split] ?? differs;
  }
  return agreed;
}

interface Written {
  readonly seq: number;
  readonly hash: string;
  readonly bytes: number;
  readonly draft: Again;
}

/**
 * What this copy wrote after `after`, to be written again as it stands: it may have run a newer version meanwhile. A
 * genesis belongs to its own log.
 */
async function writtenAfter(ledger: Ledger, store: Store, origin: Origin, after: number): Promise<Written[]> {
  const rows = await ledger.engine.rows(
    store,
    `SELECT seq, hash, kind, version, body FROM "${store}_journal" WHERE origin = ? AND seq > ? AND body IS NOT NULL AND kind <> 'genesis' ORDER BY seq`,
    [origin, after],
  );
  return rows.map(([seq, hash, kind, version, text]) => {
    const body = String(text);
    const draft = { again: { kind: String(kind), version: Number(version), body } };
    return { seq: Number(seq), hash: String(hash), bytes: body.length, draft };
  });
}

/** In order, each small enough for one append. */
function chunks(written: readonly Written[]): Written[][] {
  const cut: Written[][] = [];
  let bytes = 0;
  for (const one of written) {
    const last = cut.at(-1);
    bytes += one.bytes;
    if (last && last.length < CHUNK_ENTRIES && bytes <= limits.groupBytesMax / 2) last.push(one);
    else {
      cut.push([one]);
      bytes = one.bytes;
    }
  }
  return cut;
}
