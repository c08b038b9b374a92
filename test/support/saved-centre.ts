/**
 * A centre's databases with everything in them, and its snapshots, without a centre that runs: written by the real ledger
 * over Node's own SQLite, so that the same process may capture them.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { onTestFinished } from 'vitest';
import { makeIdentity } from '../../central/local/secrets.ts';
import { nodePlatform } from '../../central/platform.ts';
import type { SnapshotSettings } from '../../central/snapshot/settings.ts';
import { SqliteEngine } from '../../central/snapshot/sqlite.ts';
import { migrations } from '../../migrations/index.ts';
import { Alarms } from '../../shared/alarms.ts';
import { commitmentOf } from '../../shared/domain/recovery-key.ts';
import type { Engine } from '../../shared/journal/engine.ts';
import { STORES, type Store } from '../../shared/journal/entry.ts';
import { selectFreeze } from '../../shared/journal/freeze.ts';
import type { Draft } from '../../shared/journal/drafts.ts';
import { Ledger } from '../../shared/journal/ledger.ts';
import { CertificateAuthority, type IdentityFile, publicJwk } from '../../shared/trust/certificate.ts';
import { type PrivateJwk, makeSigner } from '../../shared/trust/jws.ts';
import { Redacted } from '../../shared/vault/redacted.ts';
import { Sealer, type VaultKey, type VaultPublicKey, generateVault } from '../../shared/vault/seal.ts';
import { distinctEscrows, edgeDrafts, sample } from './drafts.ts';
import { makePrivateKey } from './organisation.ts';

export interface SavedCentre {
  readonly folder: string;
  readonly organisationKey: PrivateJwk;
  readonly identity: IdentityFile;
  readonly settings: SnapshotSettings;
  /** the organisation's and a region's; the centre has the key of the first alone */
  readonly vaults: readonly { readonly publicKey: VaultPublicKey; readonly key: VaultKey }[];
  /** opens the databases, runs `work` with a ledger of a new incarnation, and closes them */
  write(work: (ledger: Ledger) => Promise<void>, identity?: IdentityFile): Promise<void>;
  /** escrows of new keys, sealed to both vaults */
  escrows(count: number, seed: number): Promise<Draft[]>;
}

/** `keep`: for a whole file of tests, which removes the folder itself. */
export async function makeSavedCentre(keep: 'test' | 'file' = 'test'): Promise<SavedCentre> {
  const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-saved-'));
  if (keep === 'test') onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const organisationKey = await makePrivateKey();
  const vaults = [await generateVault('organisation-1'), await generateVault('region-north-1')];
  const identity = await makeIdentity(
    organisationKey,
    {
      ...{ name: 'centre', role: 'centre', regionId: null, siteId: null },
      scope: { recovery: 'all', compliance: 'all' },
    },
    vaults.slice(0, 1).map(({ key }) => key),
  );
  const files = {
    recovery: path.join(folder, 'recovery.db'),
    compliance: path.join(folder, 'compliance.db'),
  };
  const sealer = new Sealer(nodePlatform);
  const settings: SnapshotSettings = {
    ...{ folder: path.join(folder, 'snapshots'), writersFolder: path.join(folder, 'writers') },
    ...{ identity, files, server: 'test', encryption: 'plain', everyMs: null, backupEveryMs: null },
    retention: { last: 3, daily: 7, weekly: 5, monthly: 12 },
  };
  return {
    ...{ folder, organisationKey, identity, settings, vaults },
    write: (work, by = identity) => withLedger(files, by, work),
    escrows: (count, seed) =>
      Promise.all(
        distinctEscrows(count, seed).map(async (draft): Promise<Draft> => {
          if (draft.kind !== 'escrow') throw new Error('escrows were asked for');
          const { keyId, deviceId, volumeId } = draft.body;
          const key = new Redacted(nodePlatform.random(16));
          const context = { kind: 'recovery-password' as const, keyId, deviceId, volumeId };
          const to = vaults.map(({ publicKey }) => publicKey);
          const sealed = await sealer.seal(to, context, key);
          const commitment = commitmentOf(nodePlatform, keyId, key);
          return { kind: 'escrow', body: { ...draft.body, commitment, sealed, package: null } };
        }),
      ),
  };
}

/** Both engines over the same library as the capture (see `central/snapshot/sqlite.ts`). */
export function openFiles(files: Readonly<Record<Store, string>>): Engine & { close(): void } {
  const open = (file: string): SqliteEngine => {
    const engine = new SqliteEngine(file, 'write');
    engine.execute('PRAGMA journal_mode = WAL');
    return engine;
  };
  const engines = { recovery: open(files.recovery), compliance: open(files.compliance) };
  return {
    kind: 'libsql-file',
    batch: (store, statements) => engines[store].batch(store, statements),
    rows: (store, sql, args) => engines[store].rows(store, sql, args),
    close: () => {
      for (const store of STORES) engines[store].close();
    },
  };
}

/** The freezes that stand in the file of a store, whoever serves it. */
export function freezesIn(file: string, store: Store): unknown[] {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    return database.prepare(selectFreeze(store)).all();
  } finally {
    database.close();
  }
}

export async function openLedger(engine: Engine, identity: IdentityFile): Promise<Ledger> {
  const authority = new CertificateAuthority(identity.organisation);
  const certificate = await authority.check(identity.certificate);
  if (!certificate) throw new Error('the identity is of another organisation');
  const log = () => undefined;
  return Ledger.open({
    ...{ engine, platform: nodePlatform, migrations, authority, log, sliceEntries: 500 },
    identity: {
      certificate,
      certificateJws: identity.certificate,
      signer: await makeSigner(identity.privateKey),
    },
    alarms: new Alarms(nodePlatform, log),
  });
}

async function withLedger(
  files: Readonly<Record<Store, string>>,
  identity: IdentityFile,
  work: (ledger: Ledger) => Promise<void>,
): Promise<void> {
  const engine = openFiles(files);
  try {
    const ledger = await openLedger(engine, identity);
    await work(ledger);
    await ledger.idle();
  } finally {
    engine.close();
  }
}

/** Something of every kind that a centre may write, and `count` escrows that open. */
export async function writeSomething(centre: SavedCentre, count: number, seed: number): Promise<void> {
  const escrows = await centre.escrows(count, seed);
  const [organisation, region] = centre.vaults;
  await centre.write(async (ledger) => {
    const vault = (id: string, scope: 'organisation' | 'region', publicKey: string): Draft => ({
      kind: 'config',
      body: {
        ...{ kind: 'vault', id, revision: seed },
        body: { scope, regionId: scope === 'region' ? 'north' : null, publicKey, retired: false },
      },
    });
    await ledger.append('recovery', [
      vault('organisation-1', 'organisation', organisation?.publicKey.publicKey ?? ''),
      vault('region-north-1', 'region', region?.publicKey.publicKey ?? ''),
    ]);
    for (const draft of escrows) await ledger.append('recovery', [draft]);
    // What a sample seals, no key opens: of entries with sealed copies there are the escrows above alone.
    const others = sample(edgeDrafts.recovery, 80, seed).filter(
      ({ kind }) => kind !== 'escrow' && kind !== 'import',
    );
    for (let at = 0; at < others.length; at += 7) await ledger.append('recovery', others.slice(at, at + 7));
    for (const draft of sample(edgeDrafts.compliance, 30, seed)) await ledger.append('compliance', [draft]);
  });
}

export function organisationOf({ organisationKey }: SavedCentre) {
  return publicJwk.parse(organisationKey);
}
