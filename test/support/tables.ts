/** What a node's tables and views hold, in one comparable form (I5). */
import { type SQLiteTable, getTableConfig } from 'drizzle-orm/sqlite-core';
import type { Engine, SqlValue } from '../../shared/journal/engine.ts';
import type { Store } from '../../shared/journal/entry.ts';
import { FACT_TABLES } from '../../shared/journal/kinds.ts';

const VIEWS = {
  recovery: ['config_current', 'protectors_current', 'recovery_keys'],
  compliance: ['computers', 'computer_volumes'],
} as const satisfies Record<Store, readonly string[]>;

/** Rows of every fact table of a store, by table, sorted; only those of `origins` where given. */
export async function factRows(
  engine: Engine,
  store: Store,
  origins?: readonly string[],
): Promise<Record<string, SqlValue[][]>> {
  const found: Record<string, SqlValue[][]> = {};
  for (const { store: of, table } of Object.values(FACT_TABLES)) {
    if (of !== store) continue;
    const { name, columns: declared } = getTableConfig<SQLiteTable>(table);
    const columns = declared.map((column) => `"${column.name}"`);
    const where = origins ? `WHERE origin IN (SELECT value FROM json_each(?))` : '';
    const rows = await engine.rows(
      store,
      `SELECT ${columns.join(', ')} FROM "${name}" ${where}`,
      origins ? [JSON.stringify(origins)] : [],
    );
    found[name] = sorted(rows);
  }
  return found;
}

export async function viewRows(engine: Engine, store: Store): Promise<Record<string, SqlValue[][]>> {
  const found: Record<string, SqlValue[][]> = {};
  for (const view of VIEWS[store])
    found[view] = sorted(await engine.rows(store, `SELECT * FROM "${view}"`, []));
  return found;
}

/** Marks, without their order of arrival. */
export function markRows(engine: Engine, store: Store): Promise<SqlValue[][]> {
  return engine.rows(
    store,
    `SELECT origin, seq, kind, reason FROM "${store}_marks" ORDER BY origin, seq`,
    [],
  );
}

export async function countRows(engine: Engine, store: Store, table: string): Promise<number> {
  const [row] = await engine.rows(store, `SELECT count(*) FROM "${table}"`, []);
  return Number(row?.[0]);
}

function sorted(rows: SqlValue[][]): SqlValue[][] {
  return rows
    .map((row) => ({ row, key: JSON.stringify(row) }))
    .sort((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key)))
    .map(({ row }) => row);
}
