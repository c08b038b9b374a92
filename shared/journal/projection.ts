/**
 * From fact rows to SQL: one statement per table for a whole batch, over `json_each`. The same text runs on both
 * engines, needs two bound values however many rows there are, and is idempotent: within one origin rows come in
 * order, across origins they never share a key.
 */
import { getTableColumns } from 'drizzle-orm';
import { type SQLiteTable, getTableConfig } from 'drizzle-orm/sqlite-core';
import type { Statement } from './engine.ts';
import type { Entry } from './entry.ts';
import { jsonRows, selectJsonRows } from './json-rows.ts';
import { FACT_TABLES, type FactRows, type FactTable } from './kinds.ts';

interface TablePlan {
  /** property names in column order */
  readonly properties: readonly string[];
  readonly sql: string;
}

const PLANS: ReadonlyMap<FactTable, TablePlan> = new Map(
  (Object.keys(FACT_TABLES) as FactTable[]).map((name) => [name, planOf(name)]),
);

function planOf(name: FactTable): TablePlan {
  const { newer } = FACT_TABLES[name];
  const table: SQLiteTable = FACT_TABLES[name].table;
  const { name: sqlName, primaryKeys } = getTableConfig(table);
  const columns = Object.entries(getTableColumns(table));
  const names = columns.map(([, column]) => column.name);
  const key = (primaryKeys[0]?.columns ?? []).map((column) => column.name);
  const rest = names.filter((column) => !key.includes(column));
  const conflict =
    newer === null
      ? 'DO NOTHING'
      : `DO UPDATE SET ${rest.map((column) => `"${column}" = excluded."${column}"`).join(', ')} ` +
        `WHERE excluded."${newer}" > "${sqlName}"."${newer}"`;
  const sql =
    `INSERT INTO "${sqlName}" (${names.map((column) => `"${column}"`).join(', ')}) ` +
    `${selectJsonRows(names.length)} WHERE 1 ` +
    `ON CONFLICT (${key.map((column) => `"${column}"`).join(', ')}) ${conflict}`;
  return { properties: columns.map(([property]) => property), sql };
}

/** Collects the rows of a batch and turns them into one statement per table. */
export class Projector {
  readonly #rows = new Map<FactTable, unknown[][]>();

  add(entry: Pick<Entry, 'origin' | 'seq' | 'hlc'>, rows: FactRows): void {
    for (const [name, facts] of Object.entries(rows) as [FactTable, Record<string, unknown>[]][]) {
      const plan = PLANS.get(name);
      if (!plan) continue;
      let target = this.#rows.get(name);
      if (!target) this.#rows.set(name, (target = []));
      for (const fact of facts) {
        const row: Record<string, unknown> = {
          ...fact,
          origin: entry.origin,
          seq: entry.seq,
          hlc: entry.hlc,
        };
        target.push(plan.properties.map((property) => row[property] ?? null));
      }
    }
  }

  statements(): Statement[] {
    const statements: Statement[] = [];
    for (const [name, rows] of this.#rows) {
      const plan = PLANS.get(name);
      if (plan) for (const json of jsonRows(rows)) statements.push({ sql: plan.sql, args: [json] });
    }
    return statements;
  }
}
