/**
 * Many computers without as many signed requests: a status report and a key of each, written by a node's own journal
 * into its database while the node is down. They are real entries of a log of that node, under its signed heads.
 */
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import type { LocalCluster } from '../../central/local/cluster.ts';
import { ORGANISATION_VAULT, regionVault } from '../../central/local/plan.ts';
import { nodePlatform } from '../../central/platform.ts';
import { edgeDatabasePath } from '../../central/snapshot/seed.ts';
import { SqliteEngine } from '../../central/snapshot/sqlite.ts';
import { DEFAULT_RULES } from '../../shared/domain/compliance.ts';
import type { Guid } from '../../shared/domain/recovery-key.ts';
import type { Statement } from '../../shared/journal/engine.ts';
import type { Body } from '../../shared/journal/kinds.ts';
import type { Draft } from '../../shared/journal/drafts.ts';
import { randomName } from '../../shared/platform.ts';
import { openLedger } from '../support/saved-centre.ts';

/** Computers whose entries share a transaction and a head: as many as 64 devices at once make them. */
const GROUP = 60;
export const ENTRIES_PER_COMPUTER = 2;

const VOLUMES = [
  [1, 'C:'],
  [2, 'D:'],
  [2, 'E:'],
] as const;
const HASH = 'A'.repeat(43);

export interface ComputerOptions {
  readonly deviceId: string;
  /** of the fleet: names, models, users and faults follow from it */
  readonly index: number;
  readonly siteId: string;
  /** 3 at most */
  readonly drives: number;
}

/** A computer's report, and the escrow of its first drive's key. One in seven has open drives, where it has several. */
export function computer({ deviceId, index, siteId, drives }: ComputerOptions): {
  status: Draft;
  escrow: Draft;
} {
  const computerName = `PC-${String(index).padStart(6, '0')}`;
  const users = [`CORP\\user${String(index % 40_000)}`];
  const isOpen = index % 7 === 0;
  const keyId = randomUUID() as Guid;
  const volumes = VOLUMES.slice(0, drives).map(
    ([volumeType, driveLetter], at): Body<'status'>['volumes'][number] => ({
      ...{ volumeId: randomUUID() as Guid, volumeType, driveLetter, lockStatus: 0 },
      ...(isOpen && at > 0
        ? { protectionStatus: 0, conversionStatus: 0, encryptionMethod: 0, encryptionPercentage: 0 }
        : { protectionStatus: 1, conversionStatus: 1, encryptionMethod: 7, encryptionPercentage: 100 }),
      protectors:
        at === 0
          ? [
              { type: 1, keyId: null },
              { type: 3, keyId },
            ]
          : [],
    }),
  );
  const machine = {
    ...{
      computerName,
      domain: 'corp.example',
      smbiosUuid: randomUUID() as Guid,
      serial: `S${String(index)}`,
    },
    ...{
      make: 'Contoso',
      model: `Laptop ${String(index % 9)}`,
      osVersion: `10.0.${String(22_000 + (index % 12))}`,
    },
    ...{ tpmPresent: true, users },
  };
  // Nothing that opens, under the vaults that a key would be sealed to: nobody seals it again.
  const sealed = [regionVault('bench'), ORGANISATION_VAULT].map((vaultId) => ({
    ...{ vaultId, enc: HASH, n: index % 1_000, ct: HASH },
  }));
  return {
    status: {
      kind: 'status',
      body: {
        ...{ deviceId, siteId, counter: 1, reportedAt: Date.now(), machine, volumes },
        policy: { version: 1, rules: DEFAULT_RULES, enforcement: 'enforced', error: null },
        factsHash: HASH,
      },
    },
    escrow: {
      kind: 'escrow',
      body: {
        ...{ keyId, commitment: nodePlatform.sha256(keyId), deviceId, siteId },
        ...{ volumeId: volumes[0]?.volumeId ?? keyId, volumeType: 1 },
        ...{ counter: 1, computerName, domain: 'corp.example', users, claim: 'held', sealed, package: null },
      },
    },
  };
}

export function newDeviceId(): string {
  return `d-${randomName(nodePlatform, 16)}`;
}

/** An edge's database, which no process but the edge's may open for writing while it runs. */
export function edgeFile(cluster: LocalCluster, edge: string): string {
  return path.join(cluster.edgeData(edge), edgeDatabasePath());
}

/** Adds `count` computers with one drive each to a log of an edge that is not running, each seen there once since. */
export async function addComputers(
  cluster: LocalCluster,
  edge: string,
  count: number,
  say: (what: string) => void,
): Promise<void> {
  const identity = cluster.secrets.edges[edge];
  if (!identity) throw new Error(`${edge} has no identity`);
  const siteId = `site-${edge}`;
  const engine = new SqliteEngine(edgeFile(cluster, edge), 'write');
  try {
    const ledger = await openLedger(engine, identity);
    for (let at = 0; at < count; at += GROUP) {
      const some = Array.from({ length: Math.min(GROUP, count - at) }, (_, index) => {
        const deviceId = newDeviceId();
        return { deviceId, ...computer({ deviceId, index: at + index, siteId, drives: 1 }) };
      });
      const seen: Statement = {
        sql: 'INSERT INTO local_seen (device_id, counter, seen_at, rolled_up) SELECT value, 1, ?, 1 FROM json_each(?)',
        args: [Date.now(), JSON.stringify(some.map(({ deviceId }) => deviceId))],
      };
      await ledger.append(
        'compliance',
        some.map(({ status }) => status),
        [seen],
      );
      await ledger.append(
        'recovery',
        some.map(({ escrow }) => escrow),
      );
      if (at % (GROUP * 1_000) === 0 && at > 0) say(`${String(at)} of ${String(count)} computers written`);
    }
    await ledger.idle();
  } finally {
    engine.close();
  }
}
