/**
 * Makes an edge's database from a snapshot, to be carried to the branch instead of over its line: the logs that this
 * edge may hold, and the tables that follow from them, in the place where workerd looks for it. The edge starts on it
 * with its own identity, opens a new incarnation, and asks its centre only for what is newer.
 *
 *     OUT/manifest.json                       signed by the centre: verify it before it is put in place
 *     OUT/edge.sqlite                         goes to DATA/holdfast-edge-node/OBJECT.sqlite
 *
 * Rows belong to an origin and follow from its log alone, so a part of the logs is a part of the rows.
 */
import { createHash, createHmac } from 'node:crypto';
import { chmod, constants, copyFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { migrations } from '../../migrations/index.ts';
import { STORES, type Store } from '../../shared/journal/entry.ts';
import { migrate } from '../../shared/journal/migrate.ts';
import { TABLE_SHAPES } from '../../shared/journal/tables.ts';
import { inScope } from '../../shared/replication/scope.ts';
import {
  MANIFEST_FILE,
  type SeedManifest,
  type SnapshotManifest,
  signManifest,
} from '../../shared/snapshot/manifest.ts';
import {
  type Certificate,
  type CertificateAuthority,
  type IdentityFile,
  type Origin,
  nodeOf,
} from '../../shared/trust/certificate.ts';
import { makeSigner } from '../../shared/trust/jws.ts';
import { nodePlatform } from '../platform.ts';
import { fault } from '../words/fault.ts';
import { digestFile, makeFolder, syncFile, syncFolder } from './disk.ts';
import { contentOf, vectorIn } from './inspect.ts';
import { RestoreError, exists, restoreSet } from './restore.ts';
import { SqliteEngine, settle } from './sqlite.ts';
import { type VerifyOptions, withScratch } from './verify.ts';

export const SEED_FILE = 'edge.sqlite';
/** The unique key of the edge's class and the name of its one object (edge.capnp, edge/worker.ts). */
const UNIQUE_KEY = 'holdfast-edge-node';
const OBJECT_NAME = 'edge';

/** Where workerd keeps that object's database below its data folder: the ID is derived from key and name. */
export function edgeDatabasePath(): string {
  const key = createHash('sha256').update(UNIQUE_KEY).digest();
  const named = createHmac('sha256', key).update(OBJECT_NAME).digest().subarray(0, 16);
  const check = createHmac('sha256', key).update(named).digest().subarray(0, 16);
  return path.join(UNIQUE_KEY, `${Buffer.concat([named, check]).toString('hex')}.sqlite`);
}

export interface SeedOptions extends VerifyOptions {
  /** the set's folder */
  readonly folder: string;
  readonly out: string;
  readonly identity: IdentityFile;
  readonly authority: CertificateAuthority;
  /** name of an edge whose logs the snapshot holds, or the certificate of a new one */
  readonly edge: { readonly name: string } | { readonly certificate: string };
}

export interface Seeded {
  readonly manifest: SeedManifest;
  readonly file: string;
  readonly edge: Certificate;
}

export async function makeSeed(options: SeedOptions): Promise<Seeded> {
  const { out } = options;
  if (await exists(out)) throw new RestoreError(fault('thereAlready', out));
  return withScratch(options.scratch, async (scratch) => {
    const files = {
      recovery: path.join(scratch, 'recovery.db'),
      compliance: path.join(scratch, 'compliance.db'),
    };
    const { manifest: from } = await restoreSet({ ...options, files, stores: STORES, force: false });
    const edge = await findEdge(options, files);
    const partial = `${out}.partial`;
    await rm(partial, { recursive: true, force: true });
    await makeFolder(partial);
    const file = path.join(partial, SEED_FILE);
    await fill(file, files, edge, options.authority);
    const manifest = await describe(file, from, edge);
    const { identity } = options;
    const signer = await makeSigner(identity.privateKey);
    const text = await signManifest(nodePlatform, signer, identity.certificate, manifest);
    await writeFile(path.join(partial, MANIFEST_FILE), text, { mode: 0o600, flush: true });
    await syncFolder(partial);
    await rename(partial, out);
    await syncFolder(path.dirname(path.resolve(out)));
    return { manifest, file: path.join(out, SEED_FILE), edge };
  });
}

/** Puts a seed in place below the data folder of an edge that has no database yet. */
export async function placeSeed(folder: string, edgeData: string): Promise<string> {
  const target = path.join(edgeData, edgeDatabasePath());
  if (await exists(target)) throw new RestoreError(fault('databaseAt', target));
  await makeFolder(path.dirname(target));
  await copyFile(path.join(folder, SEED_FILE), `${target}.new`, constants.COPYFILE_FICLONE);
  await syncFile(`${target}.new`);
  await rename(`${target}.new`, target);
  await syncFolder(path.dirname(target));
  return target;
}

async function findEdge(
  { edge, authority }: SeedOptions,
  files: Readonly<Record<Store, string>>,
): Promise<Certificate> {
  if ('certificate' in edge) {
    const certificate = await authority.check(edge.certificate);
    if (certificate?.role !== 'edge') throw new RestoreError(fault('notAnEdge'));
    return certificate;
  }
  const engine = new SqliteEngine(files.recovery, 'read');
  try {
    const known = await certificatesIn(engine, 'recovery', authority);
    const named = [...known.values()].filter(({ role, name }) => role === 'edge' && name === edge.name);
    // The newest, where a name was given again.
    const certificate = named.sort((a, b) => a.iat - b.iat).at(-1);
    if (certificate) return certificate;
  } finally {
    engine.close();
  }
  throw new RestoreError(fault('edgeUnknown', edge.name));
}

async function certificatesIn(
  engine: SqliteEngine,
  store: Store,
  authority: CertificateAuthority,
): Promise<Map<Origin, Certificate>> {
  const found = new Map<Origin, Certificate>();
  for (const [of, jws] of engine.iterate(`SELECT origin, certificate FROM "${store}_origins"`)) {
    const origin = String(of) as Origin;
    const certificate = await authority.check(String(jws));
    if (certificate?.nodeId === nodeOf(origin)) found.set(origin, certificate);
  }
  return found;
}

/** Both stores in one file, as an edge has them. */
async function fill(
  file: string,
  files: Readonly<Record<Store, string>>,
  edge: Certificate,
  authority: CertificateAuthority,
): Promise<void> {
  const seed = new SqliteEngine(file, 'write');
  try {
    for (const store of STORES) await migrate(seed, store, migrations[store], nodePlatform);
    for (const store of STORES) {
      const from = new SqliteEngine(files[store], 'read');
      const authors = await certificatesIn(from, store, authority);
      from.close();
      const allowed = [...authors]
        .filter(([, author]) => inScope(store, edge, author))
        .map(([origin]) => origin);
      await copyLogs(seed, store, files[store], allowed);
    }
  } finally {
    seed.close();
  }
  settle(file);
  await chmod(file, 0o600);
  await syncFile(file);
}

async function copyLogs(
  seed: SqliteEngine,
  store: Store,
  from: string,
  origins: readonly string[],
): Promise<void> {
  await seed.rows(store, 'ATTACH DATABASE ? AS snapshot', [from]);
  const only = 'WHERE origin IN (SELECT value FROM json_each(?))';
  const args = [JSON.stringify(origins)];
  const copy = (table: string, columns: string, order: string) => ({
    sql: `INSERT INTO main."${table}" (${columns}) SELECT ${columns} FROM snapshot."${table}" ${only} ORDER BY ${order}`,
    args,
  });
  const facts = [...TABLE_SHAPES.values()].filter((shape) => shape.store === store);
  await seed.batch(store, [
    copy(`${store}_journal`, 'origin, seq, hlc, kind, version, salt, body, body_hash, hash', 'arrival'),
    copy(`${store}_origins`, 'origin, seq, hash, head_seq, certificate', 'rowid'),
    copy(`${store}_heads`, 'origin, seq, jws', 'rowid'),
    copy(`${store}_marks`, 'origin, seq, kind, reason', 'rowid'),
    ...facts.map(({ sqlName, columns }) =>
      copy(sqlName, columns.map((column) => `"${column}"`).join(', '), 'rowid'),
    ),
    {
      sql: `INSERT OR REPLACE INTO main."${store}_projection" (id, version) SELECT id, version FROM snapshot."${store}_projection"`,
      args: [],
    },
  ]);
  seed.execute('DETACH DATABASE snapshot');
}

async function describe(file: string, from: SnapshotManifest, edge: Certificate): Promise<SeedManifest> {
  const engine = new SqliteEngine(file, 'read');
  try {
    return {
      ...{ format: from.format, kind: 'seed', id: from.id, from: from.id, node: from.node },
      ...{ program: from.program, projection: from.projection },
      edge: { nodeId: edge.nodeId, name: edge.name },
      cut: { recovery: vectorIn(engine, 'recovery'), compliance: vectorIn(engine, 'compliance') },
      stores: [contentOf(engine, 'recovery'), contentOf(engine, 'compliance')],
      files: [{ name: SEED_FILE, ...(await digestFile(file)), plain: null }],
    };
  } finally {
    engine.close();
  }
}
