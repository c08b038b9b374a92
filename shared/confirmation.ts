/**
 * Whether a centre may decide again after a start (I7). Its database may be an old copy whose revocations are stale,
 * and it cannot tell by itself; its edges can. So it serves no sign-in, disclosure or enrolment until the edges it
 * knows have brought it what they hold, or an administrator says that they will not come.
 *
 * An edge is known by contact or by its log alone, for contacts are written down only now and then. One that was
 * silent for a week before the last sign of life of any is not waited for.
 */
import type { Ledger } from './journal/ledger.ts';
import { STORES } from './journal/entry.ts';
import { hlcToMs } from './journal/hlc.ts';
import { limits } from './limits.ts';
import type { Log, Platform } from './platform.ts';
import type { Peers } from './replication/peers.ts';
import { type Certificate, nodeOf, type Origin } from './trust/certificate.ts';
import { Problem } from './http/problem.ts';

const SILENT_MS = 7 * 86_400_000;

export class Confirmation {
  readonly #ledger: Ledger;
  readonly #platform: Pick<Platform, 'now'>;
  readonly #peers: Peers;
  readonly #log: Log;
  readonly #isRevoked: (nodeId: string) => boolean;
  /** edges by nodeId whose word is awaited; null once this centre is confirmed */
  #awaited: Set<string> | null = null;
  #rewound = false;

  private constructor(
    ledger: Ledger,
    platform: Pick<Platform, 'now'>,
    peers: Peers,
    log: Log,
    isRevoked: (nodeId: string) => boolean,
  ) {
    this.#ledger = ledger;
    this.#platform = platform;
    this.#peers = peers;
    this.#log = log;
    this.#isRevoked = isRevoked;
  }

  static async open(
    self: Certificate,
    ledger: Ledger,
    platform: Pick<Platform, 'now'>,
    peers: Peers,
    log: Log,
    isRevoked: (nodeId: string) => boolean,
  ): Promise<Confirmation> {
    const confirmation = new Confirmation(ledger, platform, peers, log, isRevoked);
    if (self.role !== 'centre') return confirmation;
    const wroteAt = await confirmation.#lastWritten();
    confirmation.#await(confirmation.#livingEdges(wroteAt));
    const empty = STORES.every((store) => ledger.origins(store).size === 0);
    // What tells a centre, as soon as it comes back from an edge, that this one knew more before: entries of its own
    // that it did not have, or, where it began empty, another centre's in whose place it was made.
    const tells = ({ nodeId, role }: Certificate): boolean =>
      nodeId === self.nodeId || (empty && role === 'centre');
    ledger.onCommit((store, entries, by) => {
      if (by !== 'absorb') return;
      for (const { origin, hlc } of entries) {
        const nodeId = nodeOf(origin);
        wroteAt.set(nodeId, Math.max(wroteAt.get(nodeId) ?? 0, hlcToMs(hlc)));
      }
      const authors = new Set(entries.map(({ origin }) => ledger.origins(store).get(origin)?.certificate));
      if (!confirmation.#rewound && [...authors].some((author) => author && tells(author)))
        confirmation.#rewind(wroteAt);
    });
    return confirmation;
  }

  /** Throws a Problem while this centre waits for its edges. */
  require(): void {
    const waiting = this.waitingFor();
    if (waiting.length > 0)
      throw new Problem('centre-unconfirmed', { waitingFor: waiting }, { 'Retry-After': '5' });
  }

  /** Names of the edges whose word is awaited. */
  waitingFor(): string[] {
    if (!this.#awaited) return [];
    for (const nodeId of this.#awaited)
      if (this.#isRevoked(nodeId) || this.#hasSynced(nodeId)) this.#awaited.delete(nodeId);
    if (this.#awaited.size === 0) {
      this.#awaited = null;
      this.#log('info', 'centre confirmed by its edges');
      return [];
    }
    const names = new Map(this.#peers.all().map(({ nodeId, name }) => [nodeId, name]));
    for (const store of STORES)
      for (const { certificate } of this.#ledger.origins(store).values())
        names.set(certificate.nodeId, certificate.name);
    return [...this.#awaited].map((nodeId) => names.get(nodeId) ?? nodeId).sort();
  }

  /** An administrator's word that the missing edges need not be waited for. */
  override(): void {
    this.#awaited = null;
    this.#log('warn', 'centre confirmed by an administrator');
  }

  #rewind(wroteAt: ReadonlyMap<string, number>): void {
    this.#rewound = true;
    this.#await(this.#livingEdges(wroteAt));
    this.#log('warn', 'this centre got back what it did not know: it was made anew or from an old copy', {
      waitingFor: this.#awaited?.size ?? 0,
    });
  }

  #await(edges: readonly string[]): void {
    if (edges.length > 0) this.#awaited = new Set([...(this.#awaited ?? []), ...edges]);
  }

  /** Edges that gave a sign of life within a week of the last one of any. */
  #livingEdges(wroteAt: ReadonlyMap<string, number>): string[] {
    const lastSign = new Map<string, number>();
    for (const store of STORES) {
      for (const { certificate } of this.#ledger.origins(store).values())
        if (certificate.role === 'edge')
          lastSign.set(certificate.nodeId, wroteAt.get(certificate.nodeId) ?? 0);
    }
    for (const { role, nodeId, lastContact } of this.#peers.all())
      if (role === 'edge') lastSign.set(nodeId, Math.max(lastContact, lastSign.get(nodeId) ?? 0));
    // An edge whose clock is ahead counts as alive, and must not make the others look silent (I14).
    const future = this.#platform.now() + limits.clockSkewMsMax;
    const newest = Math.max(0, ...[...lastSign.values()].filter((at) => at <= future));
    return [...lastSign].filter(([, at]) => at >= newest - SILENT_MS).map(([nodeId]) => nodeId);
  }

  /** When each node wrote its last entry held here, by the entry's own clock. */
  async #lastWritten(): Promise<Map<string, number>> {
    const wroteAt = new Map<string, number>();
    for (const store of STORES) {
      const rows = await this.#ledger.engine.rows(
        store,
        `SELECT o.origin, j.hlc FROM "${store}_origins" o ` +
          `JOIN "${store}_journal" j ON j.origin = o.origin AND j.seq = o.seq`,
        [],
      );
      for (const [origin, hlc] of rows) {
        const nodeId = nodeOf(String(origin) as Origin);
        wroteAt.set(nodeId, Math.max(wroteAt.get(nodeId) ?? 0, hlcToMs(Number(hlc))));
      }
    }
    return wroteAt;
  }

  /** Reached since this start, and everything it then said it holds is held here. */
  #hasSynced(nodeId: string): boolean {
    const peer = this.#peers.all().find((known) => known.nodeId === nodeId);
    if (!peer || !this.#peers.contactedSinceStart(nodeId)) return false;
    return STORES.every((store) => {
      const held = this.#ledger.origins(store);
      return Object.entries(peer.vectors[store]).every(
        ([origin, seq]) =>
          (held.get(origin as Origin)?.seq ?? 0) >= seq || this.#peers.isSplit(store, origin as Origin),
      );
    });
  }
}
