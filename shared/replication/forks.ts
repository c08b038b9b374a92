/**
 * When another node holds a different log under one of this node's own origins (I4): two copies of one machine ran in
 * the same incarnation, as a virtual machine does that is resumed twice. Neither log is lost. What the other copy
 * wrote stays where it was accepted; what this one wrote beyond the common part is appended again under a new
 * incarnation, once, and the split is kept as evidence and raised.
 */
import { KINDS, type Kind } from '../journal/kinds.ts';
import { readSegment } from '../journal/segments.ts';
import type { Draft } from '../journal/drafts.ts';
import type { Store } from '../journal/entry.ts';
import type { Ledger } from '../journal/ledger.ts';
import { insertFork } from '../journal/statements.ts';
import { limits } from '../limits.ts';
import type { Origin } from '../trust/certificate.ts';
import type { SyncParts } from './service.ts';

/** Entries appended again in one group. */
const CHUNK_ENTRIES = 100;

/** The peer's chain hashes at these places; null where it holds nothing. */
export type HashesAt = (
  store: Store,
  origin: Origin,
  seqs: readonly number[],
) => Promise<readonly (string | null)[]>;

export async function hashAt(
  ledger: Ledger,
  store: Store,
  origin: Origin,
  seq: number,
): Promise<string | null> {
  const [row] = await ledger.engine.rows(
    store,
    `SELECT hash FROM "${store}_journal" WHERE origin = ? AND seq = ?`,
    [origin, seq],
  );
  return row ? String(row[0]) : null;
}

/** Heals a split of `origin` that the peer shows at `at`. Does nothing when this split was healed before. */
export async function healFork(
  parts: SyncParts,
  store: Store,
  origin: Origin,
  at: number,
  theirs: HashesAt,
): Promise<void> {
  const { ledger, alarms, peers, platform } = parts;
  const common = await commonPart(ledger, store, origin, at, theirs);
  peers.distrust(store, origin);
  alarms.raise(
    'fork',
    `${store} ${origin}`,
    `another copy of this node wrote a different entry ${String(common + 1)}`,
  );
  const [known] = await ledger.engine.rows(
    store,
    `SELECT 1 FROM "${store}_forks" WHERE origin = ? AND seq = ?`,
    [origin, common + 1],
  );
  if (known) return;
  if (origin === ledger.self) ledger.reincarnate();
  const drafts = await draftsAfter(ledger, store, origin, common);
  const [heldHash] = await theirs(store, origin, [common + 1]);
  const hash = (await hashAt(ledger, store, origin, common + 1)) ?? '';
  const segment = await readSegment(ledger.engine, store, origin, common, limits.segmentEntriesMax);
  const evidence = insertFork(store, {
    ...{ origin, hash, seq: common + 1, heldHash: heldHash ?? '', seenAt: platform.now() },
    segment: JSON.stringify(segment),
  });
  for (let from = 0; from < drafts.length; from += CHUNK_ENTRIES) {
    const last = from + CHUNK_ENTRIES >= drafts.length;
    await ledger.append(store, drafts.slice(from, from + CHUNK_ENTRIES), last ? [evidence] : []);
  }
  if (drafts.length === 0) await ledger.note(store, [evidence]);
}

/** The last place at which both logs agree, 0 when they never did; by search, 64 places a message. */
async function commonPart(
  ledger: Ledger,
  store: Store,
  origin: Origin,
  at: number,
  theirs: HashesAt,
): Promise<number> {
  let agreed = 0;
  let differs = at;
  while (differs - agreed > 1) {
    const step = Math.max(1, Math.floor((differs - agreed) / 63));
    const places: number[] = [];
    for (let seq = agreed + step; seq < differs && places.length < 64; seq += step) places.push(seq);
    const there = await theirs(store, origin, places);
    const here = await Promise.all(places.map((seq) => hashAt(ledger, store, origin, seq)));
    const split = places.findIndex((_, index) => there[index] === null || there[index] !== here[index]);
    if (split !== 0) agreed = places[(split < 0 ? places.length : split) - 1] ?? agreed;
    if (split >= 0) differs = places[split] ?? differs;
  }
  return agreed;
}

/** What this copy wrote after `after`, to be written again; a genesis belongs to its own log. */
async function draftsAfter(ledger: Ledger, store: Store, origin: Origin, after: number): Promise<Draft[]> {
  const rows = await ledger.engine.rows(
    store,
    `SELECT kind, body FROM "${store}_journal" WHERE origin = ? AND seq > ? AND body IS NOT NULL AND kind <> 'genesis' ORDER BY seq`,
    [origin, after],
  );
  return rows.map(([kind, body]) => {
    const name = String(kind) as Kind;
    // This node wrote it, by the schema of that kind.
    return { kind: name, body: KINDS[name].body.parse(JSON.parse(String(body))) } as Draft;
  });
}
