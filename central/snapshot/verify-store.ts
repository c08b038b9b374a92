/**
 * The structure of one store's file, proven from the file alone: SQLite's own checks, the schema, every log's chain
 * under its signed heads and certificate, the cut, and the tables, which are made again from the journal in a copy.
 */
import { constants, copyFile } from 'node:fs/promises';
import path from 'node:path';
import { migrations } from '../../migrations/index.ts';
import { EngineError } from '../../shared/journal/engine.ts';
import type { Store } from '../../shared/journal/entry.ts';
import { fleetFaults } from '../../shared/journal/fleet.ts';
import { PROJECTION_VERSION } from '../../shared/journal/kinds.ts';
import { migrate } from '../../shared/journal/migrate.ts';
import { reproject } from '../../shared/journal/reproject.ts';
import type { Manifest, StoreContent } from '../../shared/snapshot/manifest.ts';
import type { CertificateAuthority } from '../../shared/trust/certificate.ts';
import { nodePlatform } from '../platform.ts';
import { type Fault, fault } from '../words/fault.ts';
import { SnapshotError } from './capture.ts';
import { contentOf, digestTables, migrationsIn, vectorIn } from './inspect.ts';
import { SqliteEngine } from './sqlite.ts';
import type { CheckName } from './verification.ts';
import { verifyHeads, verifyLogs } from './verify-logs.ts';

export interface StoreCheck {
  readonly store: Store;
  readonly file: string;
  /** a folder that is removed afterwards, with room for a copy of the file */
  readonly scratch: string;
  readonly authority: CertificateAuthority;
  readonly manifest: Manifest;
  readonly found: (check: CheckName, what: Fault) => void;
  /** entries of `all` that were looked at */
  readonly onProgress: (done: number, all: number) => void;
}

/** A version that no program projects by, so that the tables are made again. */
const NO_VERSION = -1;

/** Reports what it finds; gives how many entries lie beyond the heads of their logs. */
export async function verifyStore(check: StoreCheck): Promise<number> {
  const engine = new SqliteEngine(check.file, 'read');
  try {
    if (!isWhole(engine, check)) return 0;
    if (!(await hasSchema(engine, check))) return 0;
    const beyondHeads = await verifyLogs(engine, check);
    await verifyHeads(engine, check);
    const content = verifyContent(engine, check);
    await verifyTables(check, content);
    return beyondHeads;
  } catch (error) {
    // A disk that is full says nothing about the snapshot.
    if (
      EngineError.from(error).reason === 'full' ||
      (error instanceof EngineError && error.reason === 'full')
    )
      throw new SnapshotError('post-snapshot', fault('scratchFull', check.scratch));
    if (!(error instanceof EngineError) && !(error instanceof Error && 'code' in error)) throw error;
    check.found('integrity', fault('noDatabase'));
    return 0;
  } finally {
    engine.close();
  }
}

function isWhole(engine: SqliteEngine, { found }: StoreCheck): boolean {
  const [integrity] = engine.iterate('PRAGMA integrity_check(1)');
  if (integrity?.[0] !== 'ok') {
    found('integrity', fault('fileDamaged'));
    return false;
  }
  const [broken] = engine.iterate('PRAGMA foreign_key_check');
  if (broken) found('foreign-keys', fault('refersToNothing', String(broken[0])));
  return true;
}

/** What the migrations named in the file make is what is there: a view that was altered changes what people see. */
async function hasSchema(engine: SqliteEngine, { store, found, manifest }: StoreCheck): Promise<boolean> {
  const applied = migrationsIn(engine, store);
  const known = migrations[store].slice(0, applied.length);
  if (applied.length === 0 || applied.join() !== known.map(({ name }) => name).join()) {
    found('schema', fault('unknownMigrations'));
    return false;
  }
  const model = new SqliteEngine(':memory:', 'write');
  try {
    await migrate(model, store, known, nodePlatform);
    const sql =
      'SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type, name';
    // The seed of an edge holds both stores; that of the other is looked at in its turn.
    const here = new Set([...engine.iterate(sql)].map((row) => JSON.stringify(row)));
    const wanted = [...model.iterate(sql)].map((row) => JSON.stringify(row));
    const isAll = wanted.every((row) => here.has(row));
    const isOnly = manifest.kind === 'seed' || here.size === wanted.length;
    if (!isAll || !isOnly) found('schema', fault('otherSchema'));
    const sums = 'SELECT name, checksum FROM ' + `"${store}_migrations" ORDER BY position`;
    if (JSON.stringify([...engine.iterate(sums)]) !== JSON.stringify([...model.iterate(sums)]))
      found('schema', fault('otherMigrations'));
    return isAll;
  } finally {
    model.close();
  }
}

/** I11: what the file holds is what the manifest names. */
function verifyContent(engine: SqliteEngine, { store, manifest, found }: StoreCheck): StoreContent {
  const named = manifest.stores.find((each) => each.store === store);
  const content = contentOf(engine, store);
  if (!isSame(vectorIn(engine, store), manifest.cut[store])) found('cut', fault('otherCut'));
  else if (!named || !isSame(content.chainHeads, named.chainHeads)) found('cut', fault('otherHashes'));
  if (!named || !isSame(content.migrations, named.migrations)) found('schema', fault('manifestMigrations'));
  if (!named || !isSame(content.tables, named.tables) || content.marks !== named.marks)
    found('tables', fault('manifestTables', different(content.tables, named?.tables)));
  return content;
}

/** I5: the tables are a function of the journal. */
async function verifyTables(check: StoreCheck, content: StoreContent): Promise<void> {
  const { store, authority, found, manifest } = check;
  const file = path.join(check.scratch, `${store}.rebuilt.db`);
  await copyFile(check.file, file, constants.COPYFILE_FICLONE);
  const copy = new SqliteEngine(file, 'scratch');
  try {
    await migrate(copy, store, migrations[store], nodePlatform);
    const marks = `SELECT origin, seq, kind, reason FROM "${store}_marks" ORDER BY origin, seq`;
    // Of a large store a digest takes seconds: the one that there is will do, unless migrating changed the tables.
    const isCurrent = content.migrations.length === migrations[store].length;
    const tables = isCurrent ? content.tables : digestTables(copy, store);
    const before = { tables, marks: [...copy.iterate(marks)] };
    // Restored as it is: a computer that is missing here would be missing in every report.
    const isAstray = store === 'compliance' && (await fleetFaults(copy)).length > 0;
    const parts = { engine: copy, platform: nodePlatform, authority, log: () => undefined };
    await reproject(parts, store, NO_VERSION);
    const after = { tables: digestTables(copy, store), marks: [...copy.iterate(marks)] };
    // By other rules, other tables may follow; the next start of a centre makes them again.
    if (manifest.projection !== PROJECTION_VERSION) return;
    if (isAstray) found('tables', fault('tablesAstray', 'fleet'));
    const wrong = different(before.tables, after.tables);
    if (wrong !== '') found('tables', fault('tablesAstray', wrong));
    if (!isSame(before.marks, after.marks)) found('tables', fault('marksAstray'));
  } finally {
    copy.close();
  }
}

function different(a: StoreContent['tables'], b: StoreContent['tables'] | undefined): string {
  return Object.keys(a)
    .filter((table) => a[table]?.digest !== b?.[table]?.digest)
    .join(', ');
}

function isSame(a: unknown, b: unknown): boolean {
  return canonical(a) === canonical(b);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );
}
