/**
 * Edges that are no longer trusted, and how far each of their logs is. Whoever learns of a revocation cuts those logs
 * off there (`journal/cut-off.ts`), takes nothing of them in beyond, and accepts neither the edge nor what it signs from
 * then on. Revocations are the centre's entries and go to every node with the next sync.
 */
import { z } from 'zod';
import type { Alarms } from '../alarms.ts';
import type { Trusted } from '../journal/cut-off.ts';
import { STORES, type Store } from '../journal/entry.ts';
import type { Ledger } from '../journal/ledger.ts';
import { type TrustedLog, trustedLog } from '../journal/trust-bodies.ts';
import type { Log } from '../platform.ts';
import { type Certificate, type Origin, nodeOf } from '../trust/certificate.ts';

export interface RevokedEdge {
  readonly nodeId: string;
  readonly name: string;
  readonly regionId: string;
  readonly siteId: string;
  readonly stolen: boolean;
  /** it held its region's vault keys */
  readonly opens: boolean;
  readonly reason: string;
  readonly at: number;
}

interface Revoked extends RevokedEdge {
  /** by store and origin */
  readonly logs: ReadonlyMap<string, TrustedLog>;
}

const NOTHING: Trusted = { seq: 0, hash: '', head: '' };

export class Revocations {
  readonly #ledger: Ledger;
  readonly #self: Certificate;
  readonly #alarms: Alarms;
  readonly #log: Log;
  readonly #onCutOff = new Set<() => Promise<void>>();
  /** by the edge's node ID; several of one edge are all in force */
  #revoked = new Map<string, Revoked[]>();
  #work: Promise<void> = Promise.resolve();

  private constructor(ledger: Ledger, self: Certificate, alarms: Alarms, log: Log) {
    this.#ledger = ledger;
    this.#self = self;
    this.#alarms = alarms;
    this.#log = log;
  }

  static async open(ledger: Ledger, self: Certificate, alarms: Alarms, log: Log): Promise<Revocations> {
    const revocations = new Revocations(ledger, self, alarms, log);
    ledger.trustBy((store, origin) => revocations.trusted(store, origin));
    await revocations.#read();
    await revocations.#enforce();
    ledger.onCommit((store, entries) => {
      if (store === 'recovery' && entries.some(({ kind }) => kind === 'edge-revocation')) revocations.again();
    });
    ledger.onFollowed((store, origins) => {
      const ofCentre = [...origins].some(
        (origin) => ledger.origins(store).get(origin)?.certificate.role === 'centre',
      );
      if (store === 'recovery' && ofCentre) revocations.again();
    });
    return revocations;
  }

  isRevoked(nodeId: string): boolean {
    return this.#revoked.has(nodeId);
  }

  all(): RevokedEdge[] {
    return [...this.#revoked.values()].flatMap(([first, ...more]) =>
      first ? [{ ...first, stolen: [first, ...more].some(({ stolen }) => stolen) }] : [],
    );
  }

  /** Where a log is trusted to; null where its author is not revoked. A node never judges its own logs. */
  trusted(store: Store, origin: Origin): Trusted | null {
    const revoked = this.#revoked.get(nodeOf(origin));
    if (!revoked || nodeOf(origin) === this.#self.nodeId) return null;
    const logs = revoked.map(({ logs: named }) => named.get(`${store} ${origin}`) ?? NOTHING);
    return logs.reduce((strictest, log) => (log.seq < strictest.seq ? log : strictest));
  }

  /** Is done after logs were cut off: what was read from the tables has to be read again. */
  onCutOff(work: () => Promise<void>): void {
    this.#onCutOff.add(work);
  }

  /** Reads the revocations again and carries them out; what fails is tried again with the next one, or by `catchUp`. */
  again(): void {
    this.#work = this.#work
      .then(() => this.#read())
      .then(() => this.#enforce())
      .catch((error: unknown) => {
        this.#log('warn', 'a revocation could not be carried out, and will be', {
          error: error instanceof Error ? error.name : 'unknown',
        });
      });
  }

  async settled(): Promise<void> {
    await this.#work;
  }

  /** Logs that came in beyond where they are trusted before that was known are cut off. Cheap when there are none. */
  async catchUp(): Promise<void> {
    if (this.#revoked.size === 0) return;
    this.again();
    await this.#work;
  }

  async #read(): Promise<void> {
    const rows = await this.#ledger.engine.rows(
      'recovery',
      'SELECT origin, node_id, name, region_id, site_id, stolen, opens, reason, at, parts, logs_json ' +
        'FROM edge_revocations ORDER BY hlc, origin, seq',
      [],
    );
    const partial = new Map<string, { revoked: RevokedEdge; left: number; logs: Map<string, TrustedLog> }>();
    for (const [origin, nodeId, name, regionId, siteId, stolen, opens, reason, at, parts, logsJson] of rows) {
      const id = `${String(origin)} ${String(nodeId)} ${String(at)}`;
      const revoked = {
        ...{ nodeId: String(nodeId), name: String(name), regionId: String(regionId), siteId: String(siteId) },
        ...{ stolen: stolen === 1, opens: opens === 1, reason: String(reason), at: Number(at) },
      };
      const one = partial.get(id) ?? { revoked, left: Number(parts), logs: new Map<string, TrustedLog>() };
      partial.set(id, one);
      one.left -= 1;
      for (const log of z.array(trustedLog).parse(JSON.parse(String(logsJson))))
        one.logs.set(`${log.store} ${log.origin}`, log);
    }
    const found = new Map<string, Revoked[]>();
    for (const { revoked, left, logs } of partial.values()) {
      if (left > 0) continue;
      const { nodeId } = revoked;
      found.set(nodeId, [...(found.get(nodeId) ?? []), { ...revoked, logs }]);
    }
    this.#revoked = found;
  }

  async #enforce(): Promise<void> {
    let cut = 0;
    for (const store of STORES)
      for (const [origin, { seq, certificate }] of this.#ledger.origins(store)) {
        const trusted = this.trusted(store, origin);
        if (!trusted || seq <= trusted.seq) continue;
        const entries = await this.#ledger.cutOff(store, origin, trusted);
        cut += entries;
        if (entries > 0)
          this.#alarms.raise(
            'entry-marked',
            `${store} ${origin}`,
            `${String(entries)} entries kept aside: ${certificate.name} was revoked and is trusted to ${String(trusted.seq)}`,
          );
      }
    if (cut > 0) for (const work of this.#onCutOff) await work();
  }
}
