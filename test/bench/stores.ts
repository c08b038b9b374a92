/** A centre's databases with as many entries as a bench asks for, and an edge's identity beside them, and what it takes to be ready; nothing runs. */
import { existsSync } from 'node:fs';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { LibsqlEngine } from '../../central/libsql-engine.ts';
import { LocalCluster } from '../../central/local/cluster.ts';
import { ORGANISATION_VAULT, regionVault } from '../../central/local/plan.ts';
import { nodePlatform } from '../../central/platform.ts';
import type { Guid } from '../../shared/domain/recovery-key.ts';
import type { Draft } from '../../shared/journal/drafts.ts';
import type { Ledger } from '../../shared/journal/ledger.ts';
import { limits } from '../../shared/limits.ts';
import { randomName } from '../../shared/platform.ts';
import { distinctEscrows } from '../support/drafts.ts';
import { openLedger } from '../support/saved-centre.ts';
import { type BenchContext, PLAN } from './installation.ts';

/** A PC has a few keys in its life. */
const KEYS_PER_DEVICE = 2;
/** Nothing that opens, under the vaults that a key would be sealed to: nobody seals it again. */
const VAULTS = [ORGANISATION_VAULT, ...PLAN.regions.map(({ id }) => regionVault(id))];
const HASH = 'A'.repeat(43);

export type Files = Readonly<Record<'recovery' | 'compliance', string>>;

export interface Stores {
  readonly cluster: LocalCluster;
  readonly files: Files;
}

/** Fills the databases, or takes those that an earlier run left in the folder that `--keep` names. */
export async function openStores(context: BenchContext): Promise<Stores> {
  const folder = path.join(context.keep ?? context.folder, 'stores');
  const cluster = await LocalCluster.prepare(folder, PLAN, context.port);
  await mkdir(cluster.centreData, { recursive: true });
  const files = {
    recovery: path.join(cluster.centreData, 'recovery.db'),
    compliance: path.join(cluster.centreData, 'compliance.db'),
  };
  const filled = path.join(folder, 'filled');
  if (!existsSync(filled)) {
    const centre = await cluster.startCentre();
    await cluster.configure();
    await centre.stop();
    await writing(cluster, files, (ledger) => fill(ledger, context));
    await writeFile(filled, '');
  }
  const megabytes = (await stat(files.recovery)).size / 2 ** 20;
  context.say(`stores: ${String(context.entries)} entries, ${String(Math.round(megabytes))} MB`);
  return { cluster, files };
}

/** Runs `work` with the centre's ledger, by libSQL as in the centre's own process. */
export async function writing<T>(
  cluster: LocalCluster,
  files: Files,
  work: (ledger: Ledger) => Promise<T>,
): Promise<T> {
  const engine = await LibsqlEngine.open({
    recovery: { url: `file:${files.recovery}` },
    compliance: { url: `file:${files.compliance}` },
  });
  try {
    const ledger = await openLedger(engine, cluster.secrets.centre);
    const result = await work(ledger);
    await ledger.idle();
    return result;
  } finally {
    engine.close();
  }
}

/** Escrows in groups as large as the journal takes. */
async function fill(ledger: Ledger, { entries, say }: BenchContext): Promise<void> {
  const next = escrowsOfMany();
  for (let at = 0; at < entries; at += limits.groupEntriesMax) {
    await ledger.append(
      'recovery',
      Array.from({ length: Math.min(limits.groupEntriesMax, entries - at) }, next),
    );
    if (at % (limits.groupEntriesMax * 400) === 0 && at > 0)
      say(`stores: ${String(at)} of ${String(entries)} entries written`);
  }
}

/** Gives an escrow of another key each time, of a few keys by each of many devices. */
export function escrowsOfMany(): () => Draft {
  const [model] = distinctEscrows(1, 1);
  if (model?.kind !== 'escrow') throw new Error('an escrow was asked for');
  let given = 0;
  let deviceId = '';
  return () => {
    if (given % KEYS_PER_DEVICE === 0) deviceId = `d-${randomName(nodePlatform, 16)}`;
    given += 1;
    const keyId = crypto.randomUUID() as Guid;
    return {
      kind: 'escrow',
      body: {
        ...{ ...model.body, keyId, commitment: nodePlatform.sha256(keyId) },
        ...{ deviceId, computerName: `PC-${deviceId.slice(2, 10)}` },
        sealed: VAULTS.map((vaultId) => ({ vaultId, enc: HASH, n: 0, ct: HASH })),
      },
    };
  };
}
