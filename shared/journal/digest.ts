/**
 * Digests of fact tables (I5). Every row belongs to one origin and follows from that origin's log alone, so two
 * nodes that hold the same log to the same place must have the same rows. Compared in slices of the log; where a
 * digest differs, the rows' own hashes name the row, and `rebuild.ts` tells which side is wrong.
 */
import type { Platform } from '../platform.ts';
import type { Origin } from '../trust/certificate.ts';
import type { Engine } from './engine.ts';
import type { Store } from './entry.ts';
import { PROJECTION_VERSION } from './kinds.ts';
import { TABLE_SHAPES } from './tables.ts';

export interface RowHash {
  readonly table: string;
  /** the primary key's values, for people */
  readonly key: string;
  readonly hash: string;
}

export interface SliceDigest {
  readonly tables: Record<string, { rows: number; digest: string }>;
  readonly rows: RowHash[];
}

const TABLES = [...TABLE_SHAPES.values()].map(({ store, sqlName, columns, key, naming }) => {
  const list = columns.map((column) => `"${column}"`).join(', ');
  const order = ['seq', ...key].map((column) => `"${column}"`).join(', ');
  return {
    store,
    sqlName,
    namedAt: naming.map((column) => columns.indexOf(column)),
    sql: `SELECT ${list} FROM "${sqlName}" WHERE origin = ? AND seq >= ? AND seq <= ? ORDER BY ${order}`,
  };
});

/** The rows that entries `from` to `to` of `origin` last determined, as digests per table and hashes per row. */
export async function digestSlice(
  engine: Engine,
  platform: Pick<Platform, 'sha256'>,
  store: Store,
  origin: Origin,
  from: number,
  to: number,
): Promise<SliceDigest> {
  const tables: SliceDigest['tables'] = {};
  const rows: RowHash[] = [];
  for (const table of TABLES) {
    if (table.store !== store) continue;
    const found = await engine.rows(store, table.sql, [origin, from, to]);
    const hashes = found.map((row) => hashRow(platform, row));
    tables[table.sqlName] = { rows: found.length, digest: platform.sha256(hashes.join('\n')) };
    for (const [index, row] of found.entries()) {
      const key = table.namedAt.map((at) => String(row[at])).join(' ');
      rows.push({ table: table.sqlName, key, hash: hashes[index] ?? '' });
    }
  }
  return { tables, rows };
}

/** Nobody's rules: the tables are being made again from the journal. */
export const NO_RULES = 0;

/**
 * By which rules the tables were made, as the database says: at a database server, another process may be making them
 * again at this moment (`reproject.ts`), or have made them by the rules of another version.
 */
export async function rulesOf(engine: Engine, store: Store): Promise<number> {
  const [made] = await engine.rows(store, `SELECT version FROM "${store}_projection" WHERE id = 1`, []);
  return Number(made?.[0] ?? NO_RULES);
}

/** Whether the tables are what this program makes of the journal, so that they can be compared (I5). */
export async function areByOurRules(engine: Engine, store: Store): Promise<boolean> {
  return (await rulesOf(engine, store)) === PROJECTION_VERSION;
}

/**
 * The same while the log ends at `at` and the tables are by this program's rules, or null when that is not so, or no
 * longer when all was read. The database may be a moment ahead of what is known in memory, and a later entry takes the
 * place of rows of an earlier slice.
 */
export async function digestSliceAt(
  engine: Engine,
  platform: Pick<Platform, 'sha256'>,
  store: Store,
  { origin, at }: { readonly origin: Origin; readonly at: number },
  from: number,
  to: number,
): Promise<SliceDigest | null> {
  if (!(await areByOurRules(engine, store))) return null;
  const slice = await digestSlice(engine, platform, store, origin, from, to);
  if (!(await areByOurRules(engine, store))) return null;
  const [tip] = await engine.rows(store, `SELECT seq FROM "${store}_origins" WHERE origin = ?`, [origin]);
  return tip?.[0] === at ? slice : null;
}

/** Beyond this many rows without an entry the first ones say enough. */
const STRAY_ROWS_MAX = 100;

/**
 * Rows that name an entry which is not held: nothing that this node wrote, so somebody else did. No slice of any log
 * covers them, but the views read them.
 */
export async function strayRows(
  engine: Engine,
  store: Store,
): Promise<{ origin: string; table: string; key: string }[]> {
  const found: { origin: string; table: string; key: string }[] = [];
  for (const { store: of, sqlName, key } of TABLE_SHAPES.values()) {
    if (of !== store) continue;
    const names = key.map((column) => `f."${column}"`).join(', ');
    const rows = await engine.rows(
      store,
      `SELECT f.origin, ${names} FROM "${sqlName}" f WHERE NOT EXISTS (` +
        `SELECT 1 FROM "${store}_journal" j WHERE j.origin = f.origin AND j.seq = f.seq) LIMIT ${STRAY_ROWS_MAX}`,
      [],
    );
    for (const [origin, ...values] of rows)
      found.push({ origin: String(origin), table: sqlName, key: values.map(String).join(' ') });
  }
  return found;
}

/** A row's hash: SHA-256 over its values in column order, as JSON. */
export function hashRow(platform: Pick<Platform, 'sha256'>, row: readonly unknown[]): string {
  return platform.sha256(JSON.stringify(row));
}
