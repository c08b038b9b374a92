/**
 * From fact rows to SQL: one statement per table for a whole batch, over `json_each`. The same text runs on both
 * engines, needs two bound values however many rows there are, and gives the same tables in whatever order entries
 * come, and however often: across origins they never share a key, and within one the newest row stays, of equals the
 * first.
 */
import type { Statement } from './engine.ts';
import type { Entry, Store } from './entry.ts';
import { jsonRows, selectJsonRows } from './json-rows.ts';
import { type FactRows, type FactTable, type MarkReason, project } from './kinds.ts';
import { insertMark } from './statements.ts';
import { TABLE_SHAPES, type TableShape, rowOf } from './tables.ts';
import type { NodeRole } from '../trust/certificate.ts';

interface TablePlan {
  readonly shape: TableShape;
  readonly sql: string;
}

const PLANS: ReadonlyMap<FactTable, TablePlan> = new Map(
  [...TABLE_SHAPES].map(([name, shape]) => [name, { shape, sql: upsert(shape) }]),
);

function upsert({ sqlName, columns, key, newer }: TableShape): string {
  const quoted = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(', ');
  const rest = columns.filter((column) => !key.includes(column));
  const isFirst = `excluded."seq" < "${sqlName}"."seq"`;
  const wins =
    newer === null
      ? isFirst
      : `excluded."${newer}" > "${sqlName}"."${newer}" OR (excluded."${newer}" = "${sqlName}"."${newer}" AND ${isFirst})`;
  return (
    `INSERT INTO "${sqlName}" (${quoted(columns)}) ${selectJsonRows(columns.length)} WHERE 1 ` +
    `ON CONFLICT (${quoted(key)}) DO UPDATE SET ` +
    `${rest.map((column) => `"${column}" = excluded."${column}"`).join(', ')} WHERE ${wins}`
  );
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
      const place = { origin: entry.origin, seq: entry.seq, hlc: entry.hlc };
      for (const fact of facts) target.push(rowOf(plan.shape, place, fact));
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

/** Fact rows and marks of a batch; entries in `poison` are marked instead of projected. */
export function projectAll(
  store: Store,
  entries: readonly Entry[],
  role: NodeRole,
  poison: ReadonlySet<number>,
): { statements: Statement[]; marks: { seq: number; reason: MarkReason }[] } {
  const projector = new Projector();
  const statements: Statement[] = [];
  const marks: { seq: number; reason: MarkReason }[] = [];
  for (const entry of entries) {
    const projected = poison.has(entry.seq) ? { mark: 'refused-by-database' as const } : project(entry, role);
    if ('mark' in projected) {
      marks.push({ seq: entry.seq, reason: projected.mark });
      statements.push(insertMark(store, entry, projected.mark));
    } else projector.add(entry, projected.rows);
  }
  return { statements: [...projector.statements(), ...statements], marks };
}
