/**
 * Whether a centre may decide again after a start (I7). Its database may be an old copy whose revocations are stale,
 * and it cannot tell by itself; its edges can. So it serves no sign-in, disclosure or enrolment until the edges it
 * knows have brought it what they hold, or an administrator says that they will not come.
 *
 * An edge that was silent for a week before the centre's last contact with any is not waited for.
 */
import type { Ledger } from './journal/ledger.ts';
import { STORES } from './journal/entry.ts';
import type { Log } from './platform.ts';
import type { Peers } from './replication/peers.ts';
import { type Certificate, nodeOf, type Origin } from './trust/certificate.ts';
import { Problem } from './http/problem.ts';

const SILENT_MS = 7 * 86_400_000;

export class Confirmation {
  readonly #ledger: Ledger;
  readonly #peers: Peers;
  readonly #log: Log;
  /** edges by name whose word is awaited; null once this centre is confirmed */
  #awaited: Set<string> | null;
  #rewound = false;

  constructor(self: Certificate, ledger: Ledger, peers: Peers, log: Log) {
    this.#ledger = ledger;
    this.#peers = peers;
    this.#log = log;
    const edges = peers.all().filter(({ role }) => role === 'edge');
    const newest = Math.max(0, ...edges.map(({ lastContact }) => lastContact));
    const awaited = edges
      .filter(({ lastContact }) => lastContact >= newest - SILENT_MS)
      .map(({ nodeId }) => nodeId);
    this.#awaited = self.role === 'centre' && awaited.length > 0 ? new Set(awaited) : null;
    ledger.onCommit((_store, entries, by) => {
      // Entries of this node's own that it did not have: it was rewound, so every edge that wrote to it counts.
      if (
        self.role === 'centre' &&
        by === 'absorb' &&
        !this.#rewound &&
        entries.some(({ origin }) => nodeOf(origin) === self.nodeId)
      ) {
        this.#rewind();
      }
    });
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
    for (const nodeId of this.#awaited) if (this.#hasSynced(nodeId)) this.#awaited.delete(nodeId);
    if (this.#awaited.size === 0) {
      this.#awaited = null;
      this.#log('info', 'centre confirmed by its edges');
      return [];
    }
    const names = new Map(this.#peers.all().map(({ nodeId, name }) => [nodeId, name]));
    return [...this.#awaited].map((nodeId) => names.get(nodeId) ?? nodeId).sort();
  }

  /** An administrator's word that the missing edges need not be waited for. */
  override(): void {
    this.#awaited = null;
    this.#log('warn', 'centre confirmed by an administrator');
  }

  #rewind(): void {
    this.#rewound = true;
    const edges = new Set<string>();
    for (const store of STORES) {
      for (const { certificate } of this.#ledger.origins(store).values())
        if (certificate.role === 'edge') edges.add(certificate.nodeId);
    }
    for (const { role, nodeId } of this.#peers.all()) if (role === 'edge') edges.add(nodeId);
    this.#awaited = new Set([...(this.#awaited ?? []), ...edges]);
    this.#log('warn', 'this centre got back entries of its own: it was started from an old copy', {
      waitingFor: this.#awaited.size,
    });
  }

  /** Reached since this start, and everything it then said it holds is held here. */
  #hasSynced(nodeId: string): boolean {
    const peer = this.#peers.all().find((known) => known.nodeId === nodeId);
    if (!peer || !this.#peers.contactedSinceStart(nodeId)) return false;
    return STORES.every((store) => {
      const held = this.#ledger.origins(store);
      return Object.entries(peer.vectors[store]).every(
        ([origin, seq]) => (held.get(origin as Origin)?.seq ?? 0) >= seq,
      );
    });
  }
}
