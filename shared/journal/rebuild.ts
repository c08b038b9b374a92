/**
 * What a log's rows must be, worked out from its entries alone: projected again in memory, by the same rules as the
 * SQL. It tells whose table is wrong when two nodes differ, and finds a row that was edited by hand (I5).
 */
import type { Platform } from '../platform.ts';
import type { NodeRole, Origin } from '../trust/certificate.ts';
import { type RowHash, hashRow } from './digest.ts';
import type { Engine } from './engine.ts';
import type { Store } from './entry.ts';
import { type FactTable, project } from './kinds.ts';
import { TABLE_SHAPES, rowOf } from './tables.ts';

const PAGE_ENTRIES = 500;

interface BuiltRow {
  readonly seq: number;
  /** the value of the column that lets a later row replace this one */
  readonly rank: number;
  readonly row: RowHash;
}

/** The rows that entries `from` to `to` of `origin` must have determined last, as hashes. */
export async function rebuildSlice(
  engine: Engine,
  platform: Platform,
  store: Store,
  { origin, role }: { origin: Origin; role: NodeRole },
  from: number,
  to: number,
): Promise<RowHash[]> {
  const built = new Map<string, BuiltRow>();
  const refused = await refusedByDatabase(engine, store, origin);
  // A later entry may have replaced a row of the slice, so the log is read from the slice to its end; an earlier
  // one may stand in the way of a row of the slice, so it is read from the beginning.
  for (let after = 0; ; after += PAGE_ENTRIES) {
    const page = await engine.rows(
      store,
      `SELECT seq, hlc, kind, version, body FROM "${store}_journal" WHERE origin = ? AND seq > ? AND seq <= ? ORDER BY seq`,
      [origin, after, after + PAGE_ENTRIES],
    );
    for (const [seqValue, hlcValue, kind, version, body] of page) {
      const seq = Number(seqValue);
      if (refused.has(seq)) continue;
      const entry = {
        ...{ store, origin, seq, hlc: Number(hlcValue), kind: String(kind), version: Number(version) },
        ...{ salt: null, body: body === null ? null : String(body), bodyHash: '', hash: '' },
      };
      const projected = project(entry, role);
      if ('mark' in projected) continue;
      for (const [name, facts] of Object.entries(projected.rows)) {
        for (const fact of facts) place(platform, built, name as FactTable, entry, fact);
      }
    }
    if (page.length < PAGE_ENTRIES) break;
    await platform.sleep(0);
  }
  return [...built.values()].filter(({ seq }) => seq >= from && seq <= to).map(({ row }) => row);
}

function place(
  platform: Platform,
  built: Map<string, BuiltRow>,
  name: FactTable,
  entry: { origin: string; seq: number; hlc: number },
  fact: object,
): void {
  const shape = TABLE_SHAPES.get(name);
  if (!shape) return;
  const values = rowOf(shape, { origin: entry.origin, seq: entry.seq, hlc: entry.hlc }, fact);
  const valueOf = (column: string): unknown => values[shape.columns.indexOf(column)];
  const key = shape.key.map((column) => String(valueOf(column))).join(' ');
  const rank = shape.newer === null ? 0 : Number(valueOf(shape.newer));
  const known = built.get(`${shape.sqlName} ${key}`);
  if (known && rank <= known.rank) return;
  const named = shape.naming.map((column) => String(valueOf(column))).join(' ');
  const row = { table: shape.sqlName, key: named, hash: hashRow(platform, values) };
  built.set(`${shape.sqlName} ${key}`, { seq: entry.seq, rank, row });
}

async function refusedByDatabase(engine: Engine, store: Store, origin: Origin): Promise<ReadonlySet<number>> {
  const rows = await engine.rows(
    store,
    `SELECT seq FROM "${store}_marks" WHERE origin = ? AND reason = 'refused-by-database'`,
    [origin],
  );
  return new Set(rows.map(([seq]) => Number(seq)));
}
