/**
 * Compares tables with a peer, slice by slice, in the background (I5). Only where both hold exactly the same of a
 * log; rules of another version, tables that are being made again and quarantined entries make it "not comparable", and
 * that is said. A difference is raised with the row's name and, from projecting the log again, whether the table here is
 * the wrong one. It never mends by itself.
 */
import { limits } from '../limits.ts';
import { NO_RULES, areByOurRules, digestSliceAt, type RowHash, strayRows } from '../journal/digest.ts';
import { STORES, type Store } from '../journal/entry.ts';
import { fleetFaults } from '../journal/fleet.ts';
import { PROJECTION_VERSION } from '../journal/kinds.ts';
import { rebuildSlice } from '../journal/rebuild.ts';
import { type Origin, nodeOf } from '../trust/certificate.ts';
import type { PeerClient } from './client.ts';
import { type SyncParts, countMarks } from './service.ts';
import { inScope } from './scope.ts';

const SLICES_PER_STEP = 4;
/** A log that is written to all the time is left to the comparison with peers. */
const TRIES_MAX = 20;

export interface Difference {
  readonly store: Store;
  readonly origin: string;
  readonly table: string;
  readonly key: string;
  readonly how: 'differs' | 'only-here' | 'only-there';
  /** whether the row here is not what the journal says; otherwise the peer's is not */
  readonly wrongHere: boolean;
}

export class TableComparison {
  readonly #parts: SyncParts;
  /** where the next step begins */
  #at: { store: Store; origin: string; seq: number } = { store: 'recovery', origin: '', seq: 0 };
  #agreedAt = 0;
  /** when the last round began, and where all logs ended then */
  #round = { at: 0, ends: '' };

  constructor(parts: SyncParts) {
    this.#parts = parts;
  }

  /** When the last slice agreed, by this node's clock; 0 never. */
  get agreedAt(): number {
    return this.#agreedAt;
  }

  /** A few slices with this peer. */
  async step(client: PeerClient, signal: AbortSignal): Promise<void> {
    for (let slice = 0; slice < SLICES_PER_STEP; slice += 1) {
      const next = this.#next(client);
      if (!next) return;
      await this.#compare(client, next.store, next.origin, next.from, signal);
    }
  }

  /** Everything that both hold, now. Returns the rows that differ. */
  async all(client: PeerClient, signal: AbortSignal): Promise<Difference[]> {
    const found: Difference[] = [];
    for (const store of STORES) {
      for (const [origin, { seq }] of this.#parts.ledger.origins(store)) {
        for (let from = 1; from <= seq; from += limits.digestSliceEntries) {
          found.push(...(await this.#compare(client, store, origin, from, signal)));
        }
      }
    }
    return found;
  }

  #next(client: PeerClient): { store: Store; origin: Origin; from: number } | null {
    const { peer } = client;
    if (!peer) return null;
    const order = STORES.flatMap((store) =>
      [...this.#parts.ledger.origins(store)]
        .filter(([, { certificate }]) => inScope(store, peer, certificate))
        .map(([origin, { seq }]) => ({ store, origin, seq })),
    );
    const current = order.find(({ store, origin }) => store === this.#at.store && origin === this.#at.origin);
    if (current && this.#at.seq < current.seq)
      return this.#take(current.store, current.origin, this.#at.seq + 1);
    const following = current && order[order.indexOf(current) + 1];
    const next = following ?? (this.#mayBegin(order) ? order[0] : undefined);
    return next ? this.#take(next.store, next.origin, 1) : null;
  }

  /** Whether another round is worth its kilobyte a slice: something was written since the last one began, or long ago. */
  #mayBegin(logs: readonly { store: Store; origin: Origin; seq: number }[]): boolean {
    const ends = JSON.stringify(logs);
    const now = this.#parts.platform.now();
    if (ends === this.#round.ends && Math.abs(now - this.#round.at) < limits.compareAgainMs) return false;
    this.#round = { at: now, ends };
    return true;
  }

  /** A slice could not be compared just now: the next round begins as soon as this one is over. */
  #missed(): [] {
    this.#round = { at: 0, ends: '' };
    return [];
  }

  #take(store: Store, origin: Origin, from: number): { store: Store; origin: Origin; from: number } {
    this.#at = { store, origin, seq: from + limits.digestSliceEntries - 1 };
    return { store, origin, from };
  }

  async #compare(
    client: PeerClient,
    store: Store,
    origin: Origin,
    from: number,
    signal: AbortSignal,
  ): Promise<Difference[]> {
    const { ledger, platform, alarms, peers, identity } = this.#parts;
    const held = ledger.origins(store).get(origin);
    // A log that goes on in two ways has been raised as that, and has other rows on each side.
    if (!held || peers.isSplit(store, origin)) return [];
    const at = held.seq;
    const to = from + limits.digestSliceEntries - 1;
    const request = { store, origin, at, from, to, detail: false };
    const subject = `${store} ${origin}`;
    if (!(await areByOurRules(ledger.engine, store))) {
      alarms.raise(
        'not-comparable',
        subject,
        'the tables here are being made again, or are of another version',
      );
      return this.#missed();
    }
    const theirs = await client.digests(request, signal);
    if (theirs.state === 'moved') return this.#missed();
    if (theirs.projectionVersion === NO_RULES) {
      alarms.raise(
        'not-comparable',
        subject,
        'the tables of the peer are being made again, or are of another version',
      );
      return this.#missed();
    }
    if (theirs.projectionVersion !== PROJECTION_VERSION) {
      alarms.raise('not-comparable', subject, 'the peer projects by other rules');
      return [];
    }
    alarms.clear('not-comparable', subject);
    // I4: whoever wrote it, or two copies of its machine, may have told others another log of one length.
    if (theirs.hash !== null && theirs.hash !== held.hash) {
      // I13: what is held of it is no second copy. Of others' logs an edge is not believed that, as with a push.
      if (nodeOf(origin) === identity.certificate.nodeId || client.peer?.role === 'centre')
        peers.split(store, origin);
      alarms.raise(
        'fork',
        subject,
        `${client.peer?.name ?? 'the peer'} holds another log of the same length`,
      );
      return [];
    }
    const ours = await digestSliceAt(ledger.engine, platform, store, { origin, at }, from, to);
    if (!ours) return this.#missed();
    const differing = Object.keys(ours.tables).filter(
      (table) => ours.tables[table]?.digest !== theirs.tables[table]?.digest,
    );
    if (differing.length === 0) {
      this.#agreedAt = platform.now();
      return [];
    }
    const detailed = await client.digests({ ...request, detail: true }, signal);
    if (detailed.state === 'moved' || detailed.projectionVersion !== PROJECTION_VERSION)
      return this.#missed();
    if (detailed.marked !== (await countMarks(ledger, store, origin, from, to))) {
      alarms.raise('not-comparable', subject, 'one of both holds entries that it could not project');
      return [];
    }
    const wrongHere = await this.#wrongHere(store, { origin, at }, from, to);
    if (!wrongHere) return this.#missed();
    const wrong = new Set(wrongHere.map(({ table, key }) => `${table} ${key}`));
    const found = differences(ours.rows, detailed.rows ?? []).map((row) => ({
      ...{ store, origin, ...row },
      wrongHere: wrong.has(`${row.table} ${row.key}`),
    }));
    const other = client.peer?.name ?? 'the peer';
    for (const { table, key, how, wrongHere } of found) {
      const detail = `${how}; the row ${wrongHere ? 'here is not what the journal says' : `at ${other} is not what the journal says`}`;
      alarms.raise('tables-differ', `${table} ${key}`, detail);
    }
    return found;
  }

  /** Rows of a slice that are not what this node's own journal says; null when the log moved meanwhile. */
  async #wrongHere(
    store: Store,
    { origin, at }: { readonly origin: Origin; readonly at: number },
    from: number,
    to: number,
  ): Promise<Pick<Difference, 'table' | 'key' | 'how'>[] | null> {
    const { ledger, platform } = this.#parts;
    const role = ledger.origins(store).get(origin)?.certificate.role;
    if (!role) return [];
    const built = await rebuildSlice(ledger.engine, platform, store, { origin, role }, from, to);
    const slice = await digestSliceAt(ledger.engine, platform, store, { origin, at }, from, to);
    return slice && differences(slice.rows, built);
  }

  /** A whole log here against the journal; begun again as long as it is written to meanwhile. */
  async #wrongInLog(store: Store, origin: Origin): Promise<Pick<Difference, 'table' | 'key' | 'how'>[]> {
    for (let tries = 1; ; tries += 1) {
      const at = this.#parts.ledger.origins(store).get(origin)?.seq ?? 0;
      const found = await this.#wrongHere(store, { origin, at }, 1, at);
      if (found || tries === TRIES_MAX) return found ?? [];
    }
  }

  /** Every table here against this node's own journal. Returns the rows that are wrong. */
  async withJournal(): Promise<Difference[]> {
    const found: Difference[] = [];
    for (const store of STORES) {
      for (const origin of this.#parts.ledger.origins(store).keys()) {
        const rows = await this.#wrongInLog(store, origin);
        found.push(...rows.map((row) => ({ store, origin, ...row, wrongHere: true })));
      }
      const stray = await strayRows(this.#parts.ledger.engine, store);
      found.push(...stray.map((row) => ({ store, ...row, how: 'only-here' as const, wrongHere: true })));
    }
    // Of no log: each node keeps it for itself.
    const own = { store: 'compliance', origin: this.#parts.ledger.self, table: 'fleet' } as const;
    for (const key of await fleetFaults(this.#parts.ledger.engine))
      found.push({ ...own, key, how: 'differs', wrongHere: true });
    for (const { table, key, how } of found) {
      this.#parts.alarms.raise(
        'tables-differ',
        `${table} ${key}`,
        `${how}; the row here is not what the journal says`,
      );
    }
    return found;
  }
}

/** Rows by table and key that are not the same on both sides. */
export function differences(
  ours: readonly RowHash[],
  theirs: readonly RowHash[],
): Pick<Difference, 'table' | 'key' | 'how'>[] {
  const id = ({ table, key }: RowHash): string => `${table}\n${key}`;
  const there = new Map(theirs.map((row) => [id(row), row]));
  const here = new Set(ours.map(id));
  return [
    ...ours.flatMap((row) => {
      const other = there.get(id(row));
      if (other?.hash === row.hash) return [];
      return [{ table: row.table, key: row.key, how: other ? ('differs' as const) : ('only-here' as const) }];
    }),
    ...theirs
      .filter((row) => !here.has(id(row)))
      .map(({ table, key }) => ({ table, key, how: 'only-there' as const })),
  ];
}
