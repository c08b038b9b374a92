/**
 * What a centre does about edges: which there are, revoking one, ordering the rotation of what a stolen one gave away,
 * and taking escrows back in that were kept aside with a revoked edge's log.
 */
import type { z } from 'zod';
import type { Guid } from '../domain/recovery-key.ts';
import { Problem } from '../http/problem.ts';
import { escrow as escrowBody } from '../journal/bodies.ts';
import type { Draft } from '../journal/drafts.ts';
import { STORES } from '../journal/entry.ts';
import { hlcToMs } from '../journal/hlc.ts';
import type { NodeIdentity } from '../journal/parts.ts';
import type { TrustedLog } from '../journal/trust-bodies.ts';
import { limits } from '../limits.ts';
import type { Peers } from '../replication/peers.ts';
import type { Revocations, RevokedEdge } from '../replication/revocations.ts';
import type { Accounts } from '../staff/accounts.ts';
import type { Certificate, Origin } from '../trust/certificate.ts';
import {
  type Exposed,
  type ExposureParts,
  type RotationProgress,
  exposedKeys,
  orderRotation,
  rotationProgress,
} from './exposure.ts';

export interface EdgeParts extends ExposureParts {
  readonly identity: NodeIdentity;
  readonly peers: Peers;
  readonly revocations: Revocations;
  readonly accounts: Pick<Accounts, 'reset'>;
}

export type KnownEdge = Pick<Certificate, 'nodeId' | 'name' | 'siteId' | 'regionId'> & {
  /** its certificate lets it hold its region's logs: it was given its vault keys */
  readonly opens: boolean;
  readonly revoked: RevokedEdge | null;
};

/** An escrow in quarantine. */
export interface KeptAside {
  readonly origin: string;
  readonly seq: number;
  readonly hash: string;
  readonly at: number;
  readonly keyId: string;
  readonly computerName: string;
  readonly domain: string;
  readonly deviceId: string;
  /** what an administrator decided; what was refused can still be released */
  readonly state: 'waiting' | 'released' | 'refused';
}

export class EdgeService {
  readonly #parts: EdgeParts;
  #changing: Promise<unknown> = Promise.resolve();

  constructor(parts: EdgeParts) {
    this.#parts = parts;
  }

  list(): KnownEdge[] {
    const { ledger, peers, revocations } = this.#parts;
    const found = new Map<string, KnownEdge>();
    const revoked = new Map(revocations.all().map((edge) => [edge.nodeId, edge]));
    const certificates = [
      ...STORES.flatMap((store) => [...ledger.origins(store).values()].map(({ certificate }) => certificate)),
      ...peers.certificates(),
    ];
    for (const { nodeId, name, role, siteId, regionId, scope } of certificates)
      if (role === 'edge')
        found.set(nodeId, {
          ...{ nodeId, name, siteId, regionId, opens: scope.recovery !== 'own' },
          revoked: revoked.get(nodeId) ?? null,
        });
    for (const edge of revoked.values())
      if (!found.has(edge.nodeId)) found.set(edge.nodeId, { ...edge, revoked: edge });
    return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /**
   * Revokes an edge. Its logs stay up to the last place signed by it that is held here, or the last one before `until`
   * by its own clock; what lies beyond goes into quarantine at every node. Throws a Problem.
   */
  async revoke(
    nodeId: string,
    { stolen, reason, until }: { stolen: boolean; reason: string; until: number | null },
    byStaffId: string | null = null,
  ): Promise<RevokedEdge> {
    return this.#inTurn(async () => {
      const { ledger, platform, revocations } = this.#parts;
      const edge = this.#find(nodeId);
      const { name, regionId, siteId, opens } = edge;
      if (regionId === null || siteId === null) throw new Problem('edge-unknown');
      const logs = await this.#trustedLogs(nodeId, until);
      const parts = Math.max(1, Math.ceil(logs.length / limits.revocationLogsPerPartMax));
      if (parts > limits.revocationPartsMax)
        throw new Error('an edge has more logs than a revocation can name');
      const at = platform.now();
      for (let part = 1; part <= parts; part += 1) {
        const named = logs.slice(
          (part - 1) * limits.revocationLogsPerPartMax,
          part * limits.revocationLogsPerPartMax,
        );
        const body = { nodeId, name, regionId, siteId, stolen, opens, reason, at, part, parts, logs: named };
        const by = byStaffId === null ? {} : { by: byStaffId };
        await ledger.append('recovery', [{ kind: 'edge-revocation', body: { ...body, ...by } }]);
      }
      await revocations.settled();
      return { nodeId, name, regionId, siteId, stolen, opens, reason, at };
    });
  }

  async #trustedLogs(nodeId: string, until: number | null): Promise<TrustedLog[]> {
    const { ledger } = this.#parts;
    const found: TrustedLog[] = [];
    for (const store of STORES)
      for (const [origin, { certificate }] of ledger.origins(store)) {
        if (certificate.nodeId !== nodeId) continue;
        const [row] = await ledger.engine.rows(
          store,
          `SELECT h.seq, j.hash, h.jws FROM "${store}_heads" h JOIN "${store}_journal" j ` +
            'ON j.origin = h.origin AND j.seq = h.seq WHERE h.origin = ? AND j.hlc < ? ORDER BY h.seq DESC LIMIT 1',
          [origin, until === null ? Number.MAX_SAFE_INTEGER : (until + 1) * 1024],
        );
        if (row)
          found.push({ store, origin, seq: Number(row[0]), hash: String(row[1]), head: String(row[2]) });
      }
    return found;
  }

  /** Orders the rotation of every key that a stolen edge gave away. Throws a Problem. */
  async expose(nodeId: string): Promise<{ keys: Exposed; ordered: number }> {
    return this.#inTurn(async () => {
      const edge = this.#stolen(nodeId);
      const keys = await exposedKeys(this.#parts, edge);
      return { keys, ordered: await orderRotation(this.#parts, edge, [...keys.keys()]) };
    });
  }

  progress(nodeId: string): Promise<RotationProgress> {
    return rotationProgress(this.#parts, this.#stolen(nodeId).nodeId);
  }

  /** Again for every stolen edge: what was on its way when it was revoked is here by now. */
  async exposeAgain(): Promise<void> {
    const stolen = this.#parts.revocations.all().filter((edge) => edge.stolen);
    for (const { nodeId } of stolen) await this.expose(nodeId);
  }

  /** Forgets the credentials and tokens of everybody who could sign in at the edge, but those of whoever asks. */
  async resetStaff(nodeId: string, byStaffId: string | null): Promise<{ reset: string[]; kept: string[] }> {
    return this.#inTurn(async () => {
      const { configuration, accounts } = this.#parts;
      const { siteId } = this.#find(nodeId);
      const concerned = configuration
        .all('staff')
        .filter(({ body }) => !body.revoked && (body.sites === null || body.sites.includes(siteId ?? '')));
      const reset: string[] = [];
      for (const { id } of concerned) {
        if (id === byStaffId) continue;
        await accounts.reset(id, byStaffId);
        await this.#revokeTokens(id, byStaffId);
        reset.push(id);
      }
      return { reset, kept: concerned.map(({ id }) => id).filter((id) => !reset.includes(id)) };
    });
  }

  #revokeTokens(staffId: string, byStaffId: string | null): Promise<void> {
    const { configuration, ledger } = this.#parts;
    return configuration.inTurn(async () => {
      const held = configuration
        .all('api-token')
        .filter(({ body }) => body.staffId === staffId && !body.revoked);
      if (held.length === 0) return;
      const by = byStaffId === null ? {} : { by: byStaffId };
      const drafts = held.map(({ id, revision, body }): Draft => ({
        kind: 'config',
        body: { kind: 'api-token', id, revision: revision + 1, body: { ...body, revoked: true }, ...by },
      }));
      await ledger.append('recovery', drafts);
      await configuration.settled();
    });
  }

  /** Escrows in quarantine of one edge, the newest first, up to a bound. */
  async keptAside(nodeId: string): Promise<KeptAside[]> {
    const { ledger } = this.#parts;
    const rows = await ledger.engine.rows(
      'recovery',
      'SELECT q.origin, q.seq, q.hash, q.hlc, q.body, EXISTS (SELECT 1 FROM releases r WHERE r.of_hash = q.hash), ' +
        'EXISTS (SELECT 1 FROM refusals r WHERE r.of_hash = q.hash) ' +
        "FROM recovery_quarantine q WHERE q.origin >= ? AND q.origin < ? AND q.kind = 'escrow' " +
        'ORDER BY q.hlc DESC LIMIT ?',
      [`${nodeId}.`, `${nodeId}/`, limits.quarantineShownMax],
    );
    return rows.flatMap(([origin, seq, hash, hlc, text, released, refused]) => {
      const body = readEscrow(text);
      if (!body) return [];
      const { keyId, computerName, domain, deviceId } = body;
      return [
        {
          ...{ origin: String(origin), seq: Number(seq), hash: String(hash), at: hlcToMs(Number(hlc)) },
          ...{ keyId, computerName, domain, deviceId },
          state: released === 1 ? 'released' : refused === 1 ? 'refused' : 'waiting',
        },
      ];
    });
  }

  /** Takes one escrow back in, with where it came from and by whose word. Throws a Problem. */
  async release(
    { origin, seq, hash }: { origin: Origin; seq: number; hash: string },
    staffId: string,
  ): Promise<Guid> {
    return this.#inTurn(async () => {
      const escrow = await this.#asideAt({ origin, seq, hash });
      const body = { origin, seq, hash, staffId, escrow };
      if (!(await this.#isNoted('releases', hash)))
        await this.#parts.ledger.append('recovery', [{ kind: 'release', body }]);
      return escrow.keyId;
    });
  }

  /** Notes that one escrow is left aside: it stays where it is, and can be released later (I2). Throws a Problem. */
  async refuse(
    { origin, seq, hash }: { origin: Origin; seq: number; hash: string },
    staffId: string,
  ): Promise<Guid> {
    return this.#inTurn(async () => {
      const { keyId } = await this.#asideAt({ origin, seq, hash });
      const body = { origin, seq, hash, staffId };
      if (!(await this.#isNoted('releases', hash)) && !(await this.#isNoted('refusals', hash)))
        await this.#parts.ledger.append('recovery', [{ kind: 'refusal', body }]);
      return keyId;
    });
  }

  async #asideAt({ origin, seq, hash }: { origin: Origin; seq: number; hash: string }) {
    if (this.#parts.identity.certificate.role !== 'centre')
      throw new Problem('forbidden', { why: 'only a centre decides about edges' });
    const [row] = await this.#parts.ledger.engine.rows(
      'recovery',
      "SELECT body FROM recovery_quarantine WHERE origin = ? AND seq = ? AND hash = ? AND kind = 'escrow'",
      [origin, seq, hash],
    );
    const escrow = row && readEscrow(row[0]);
    if (!escrow) throw new Problem('not-kept-aside');
    return escrow;
  }

  async #isNoted(table: 'releases' | 'refusals', hash: string): Promise<boolean> {
    const sql = `SELECT 1 FROM ${table} WHERE of_hash = ?`;
    return (await this.#parts.ledger.engine.rows('recovery', sql, [hash])).length > 0;
  }

  #find(nodeId: string): KnownEdge {
    const { identity } = this.#parts;
    if (identity.certificate.role !== 'centre')
      throw new Problem('forbidden', { why: 'only a centre decides about edges' });
    const edge = this.list().find((one) => one.nodeId === nodeId);
    if (!edge) throw new Problem('edge-unknown');
    return edge;
  }

  #stolen(nodeId: string): RevokedEdge {
    const { revoked } = this.#find(nodeId);
    if (revoked?.stolen !== true) throw new Problem('edge-not-stolen');
    return revoked;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#changing.then(work);
    this.#changing = turn.catch(() => undefined);
    return turn;
  }
}

function readEscrow(text: unknown): z.infer<typeof escrowBody> | null {
  try {
    return escrowBody.parse(JSON.parse(String(text)));
  } catch {
    return null;
  }
}
