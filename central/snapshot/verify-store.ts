/**
 * The structure of one store's file, proven from the file alone: SQLite's own checks, the schema, every log's chain
 * under its signed heads and certificate, the cut, and the tables, which are made again from the journal in a copy.
 */
import { constants, copyFile } from 'node:fs/promises';
import path from 'node:path';
import { migrations } from '../../migrations/index.ts';
import { EngineError } from '../../shared/journal/engine.ts';
import { type SegmentEntry, type Store, chainSegment, headPayload } from '../../shared/journal/entry.ts';
import { PROJECTION_VERSION } from '../../shared/journal/kinds.ts';
import { migrate } from '../../shared/journal/migrate.ts';
import { reproject } from '../../shared/journal/reproject.ts';
import { readSegment, verifySegment } from '../../shared/journal/segments.ts';
import { limits } from '../../shared/limits.ts';
import type { Manifest, StoreContent } from '../../shared/snapshot/manifest.ts';
import type { CertificateAuthority, Origin } from '../../shared/trust/certificate.ts';
import { verifyJws } from '../../shared/trust/jws.ts';
import { nodePlatform } from '../platform.ts';
import { contentOf, digestTables, migrationsIn, vectorIn } from './inspect.ts';
import { SqliteEngine } from './sqlite.ts';
import type { CheckName } from './verification.ts';

export interface StoreCheck {
  readonly store: Store;
  readonly file: string;
  /** a folder that is removed afterwards, with room for a copy of the file */
  readonly scratch: string;
  readonly authority: CertificateAuthority;
  readonly manifest: Manifest;
  readonly found: (check: CheckName, detail: string) => void;
  /** entries of `all` that were looked at */
  readonly onProgress: (done: number, all: number) => void;
}

/** Heads whose signatures are checked at once. */
const HEADS_AT_ONCE = 64;
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
    verifyContent(engine, check);
    await verifyTables(check);
    return beyondHeads;
  } catch (error) {
    if (!(error instanceof EngineError) && !(error instanceof Error && 'code' in error)) throw error;
    check.found('integrity', 'it cannot be read as a database');
    return 0;
  } finally {
    engine.close();
  }
}

function isWhole(engine: SqliteEngine, { found }: StoreCheck): boolean {
  const [integrity] = engine.iterate('PRAGMA integrity_check(1)');
  if (integrity?.[0] !== 'ok') {
    found('integrity', 'SQLite finds the file damaged');
    return false;
  }
  const [broken] = engine.iterate('PRAGMA foreign_key_check');
  if (broken) found('foreign-keys', `a row of ${String(broken[0])} refers to nothing`);
  return true;
}

/** What the migrations named in the file make is what is there: a view that was altered changes what people see. */
async function hasSchema(engine: SqliteEngine, { store, found, manifest }: StoreCheck): Promise<boolean> {
  const applied = migrationsIn(engine, store);
  const known = migrations[store].slice(0, applied.length);
  if (applied.length === 0 || applied.join() !== known.map(({ name }) => name).join()) {
    found('schema', 'it was made by migrations that this version does not know');
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
    if (!isAll || !isOnly) found('schema', 'its tables and views are not those that the migrations make');
    const sums = 'SELECT name, checksum FROM ' + `"${store}_migrations" ORDER BY position`;
    if (JSON.stringify([...engine.iterate(sums)]) !== JSON.stringify([...model.iterate(sums)]))
      found('schema', 'its migrations are not those of this version');
    return isAll;
  } finally {
    model.close();
  }
}

/** I4, once more: certificate, chain and head of every log, and nothing that belongs to none. */
async function verifyLogs(engine: SqliteEngine, check: StoreCheck): Promise<number> {
  const { store, found } = check;
  const logs = await engine.rows(
    store,
    `SELECT origin, seq, hash, head_seq, certificate FROM "${store}_origins" ORDER BY origin`,
    [],
  );
  const [count] = engine.iterate(
    `SELECT count(*), (SELECT coalesce(sum(seq), 0) FROM "${store}_origins") FROM "${store}_journal"`,
  );
  const all = Number(count?.[0] ?? 0);
  if (all !== Number(count?.[1] ?? 0))
    found('chain', 'the journal does not hold as many entries as its logs say');
  let done = 0;
  let beyondHeads = 0;
  for (const [origin, seq, hash, headSeq, certificate] of logs) {
    const log = {
      origin: String(origin) as Origin,
      seq: Number(seq),
      hash: String(hash),
      headSeq: Number(headSeq),
      certificate: String(certificate),
    };
    const fault = await faultOfLog(engine, check, log, (entries) => {
      check.onProgress((done += entries), all);
    });
    if (fault !== null) found('chain', `${log.origin}: ${fault}`);
    beyondHeads += log.seq - log.headSeq;
  }
  return beyondHeads;
}

interface Log {
  readonly origin: Origin;
  readonly seq: number;
  readonly hash: string;
  readonly headSeq: number;
  readonly certificate: string;
}

async function faultOfLog(
  engine: SqliteEngine,
  { store, authority }: StoreCheck,
  { origin, seq, hash, headSeq, certificate }: Log,
  onEntries: (count: number) => void,
): Promise<string | null> {
  let after = 0;
  let prev = '';
  const verifier = { platform: nodePlatform, authority, sliceEntries: limits.segmentEntriesMax };
  while (after < headSeq) {
    const segment = await readSegment(engine, store, origin, after, limits.segmentEntriesMax);
    if (!segment) return `no head is held after place ${String(after)}`;
    // Without a known certificate it is taken from the genesis, which the chain then covers.
    const known = await authority.check(certificate);
    const verified = await verifySegment(
      verifier,
      store,
      segment,
      after === 0 || !known ? undefined : { certificate: known, certificateJws: certificate },
    );
    if ('outcome' in verified) return `its ${verified.why} does not hold after place ${String(after)}`;
    if (verified.certificateJws !== certificate) return 'it is held under another certificate than its own';
    const stored = await hashesOf(engine, store, origin, after, after + segment.entries.length);
    if (verified.entries.some((entry, index) => entry.hash !== stored[index]))
      return `a hash after place ${String(after)} is not that of its entry`;
    after += segment.entries.length;
    prev = verified.entries.at(-1)?.hash ?? prev;
    onEntries(segment.entries.length);
  }
  // Entries of a batch that was being taken in: chained, and not yet under a head.
  while (after < seq) {
    const to = Math.min(seq, after + limits.segmentEntriesMax);
    const entries = await entriesOf(engine, store, origin, after, to);
    const stored = await hashesOf(engine, store, origin, after, to);
    const chained = chainSegment(nodePlatform, store, { origin, from: after + 1, prev, entries, head: '' });
    if (chained.length !== to - after || chained.some((entry, index) => entry.hash !== stored[index]))
      return `the chain breaks after place ${String(after)}`;
    prev = chained.at(-1)?.hash ?? prev;
    after = to;
    onEntries(entries.length);
  }
  return prev === hash ? null : 'its end is not where it is said to be';
}

async function hashesOf(engine: SqliteEngine, store: Store, origin: Origin, after: number, to: number) {
  const sql = `SELECT hash FROM "${store}_journal" WHERE origin = ? AND seq > ? AND seq <= ? ORDER BY seq`;
  return (await engine.rows(store, sql, [origin, after, to])).map(([hash]) => String(hash));
}

async function entriesOf(
  engine: SqliteEngine,
  store: Store,
  origin: Origin,
  after: number,
  to: number,
): Promise<SegmentEntry[]> {
  const rows = await engine.rows(
    store,
    `SELECT hlc, kind, version, salt, body, body_hash FROM "${store}_journal" ` +
      `WHERE origin = ? AND seq > ? AND seq <= ? ORDER BY seq`,
    [origin, after, to],
  );
  return rows.map(([hlc, kind, version, salt, body, bodyHash]) => {
    const common = { hlc: Number(hlc), kind: String(kind), version: Number(version) };
    return body === null
      ? { ...common, bodyHash: String(bodyHash) }
      : { ...common, salt: String(salt), body: String(body) };
  });
}

/** Every head, not only those that the chains were read by: peers are served at each of them. */
async function verifyHeads(engine: SqliteEngine, { store, authority, found }: StoreCheck): Promise<void> {
  const heads = engine.iterate(
    `SELECT h.origin, h.seq, h.jws, j.hash, o.certificate, o.head_seq FROM "${store}_heads" h ` +
      `LEFT JOIN "${store}_journal" j ON j.origin = h.origin AND j.seq = h.seq ` +
      `LEFT JOIN "${store}_origins" o ON o.origin = h.origin ORDER BY h.origin, h.seq`,
  );
  const verify = async ([origin, seq, jws, hash, certificateJws, headSeq]: unknown[]): Promise<boolean> => {
    const certificate = await authority.check(String(certificateJws));
    if (!certificate || Number(seq) > Number(headSeq)) return false;
    const signed = await verifyJws('holdfast-head', String(jws), certificate.key);
    const head = headPayload.safeParse(signed?.payload);
    return (
      head.success &&
      head.data.store === store &&
      head.data.origin === origin &&
      head.data.seq === seq &&
      head.data.hash === hash
    );
  };
  for (let batch = take(heads, HEADS_AT_ONCE); batch.length > 0; batch = take(heads, HEADS_AT_ONCE)) {
    const results = await Promise.all(batch.map(verify));
    const wrong = batch[results.indexOf(false)];
    if (wrong) found('heads', `${String(wrong[0])}: the head at place ${String(wrong[1])} does not hold`);
  }
}

function take<T>(from: IterableIterator<T>, count: number): T[] {
  const taken: T[] = [];
  while (taken.length < count) {
    const next = from.next();
    if (next.done === true) break;
    taken.push(next.value);
  }
  return taken;
}

/** I11: what the file holds is what the manifest names. */
function verifyContent(engine: SqliteEngine, { store, manifest, found }: StoreCheck): void {
  const named = manifest.stores.find((each) => each.store === store);
  const content = contentOf(engine, store);
  if (!isSame(vectorIn(engine, store), manifest.cut[store]))
    found('cut', 'it is not at the cut of the manifest');
  else if (!named || !isSame(content.chainHeads, named.chainHeads))
    found('cut', 'its logs do not end in the hashes of the manifest');
  if (!named || !isSame(content.migrations, named.migrations))
    found('schema', 'its migrations are not those of the manifest');
  if (!named || !isSame(content.tables, named.tables) || content.marks !== named.marks)
    found('tables', `its tables are not those of the manifest: ${different(content.tables, named?.tables)}`);
}

/** I5: the tables are a function of the journal. */
async function verifyTables(check: StoreCheck): Promise<void> {
  const { store, authority, found, manifest } = check;
  const file = path.join(check.scratch, `${store}.rebuilt.db`);
  await copyFile(check.file, file, constants.COPYFILE_FICLONE);
  const copy = new SqliteEngine(file, 'write');
  try {
    copy.execute('PRAGMA journal_mode = OFF');
    await migrate(copy, store, migrations[store], nodePlatform);
    const marks = `SELECT origin, seq, kind, reason FROM "${store}_marks" ORDER BY origin, seq`;
    const before = { tables: digestTables(copy, store), marks: [...copy.iterate(marks)] };
    const parts = { engine: copy, platform: nodePlatform, authority, log: () => undefined };
    await reproject(parts, store, NO_VERSION);
    const after = { tables: digestTables(copy, store), marks: [...copy.iterate(marks)] };
    // By other rules, other tables may follow; the next start of a centre makes them again.
    if (manifest.projection !== PROJECTION_VERSION) return;
    const wrong = different(before.tables, after.tables);
    if (wrong !== '') found('tables', `they do not follow from the journal: ${wrong}`);
    if (!isSame(before.marks, after.marks)) found('tables', 'the marks do not follow from the journal');
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
