/** What a transaction of the journal is about, read from its statements: names of crash points, and what it makes durable. */
import { NO_RULES } from '../../shared/journal/digest.ts';
import type { Statement } from '../../shared/journal/engine.ts';
import type { Store } from '../../shared/journal/entry.ts';
import { TABLE_SHAPES } from '../../shared/journal/tables.ts';

/** A node writes again, under a new name, what it had written beyond where another copy of it wrote on. */
export const AGAIN = 'append again after a fork';

export interface JournalRow {
  readonly origin: string;
  readonly seq: number;
  readonly hash: string;
  readonly kind: string;
  /** by the hybrid clock of its author */
  readonly hlc: number;
}

export interface Operation {
  readonly store: Store;
  /** what a crash point beside it is called, for example `append escrow`; several where a group has several kinds */
  readonly names: readonly string[];
  readonly rows: readonly JournalRow[];
  readonly statements: readonly Statement[];
  /** when it was committed, by the database's clock; 0 before */
  at: number;
  /** whether it may be committed while a freeze is in force */
  readonly opensGate: boolean;
}

const FACTS = [...TABLE_SHAPES.values()].map(({ sqlName }) => sqlName);

export function operationOf(store: Store, statements: readonly Statement[], self: string): Operation {
  const has = (text: string): boolean => statements.some(({ sql }) => sql.includes(text));
  const rows = statements.flatMap(({ sql, args }) =>
    sql.startsWith(`INSERT INTO "${store}_journal"`) ? journalRows(String(args[0])) : [],
  );
  const remakes = statements.some(({ sql, args }) => sql.includes('_projection"') && args[0] === NO_RULES);
  const names = namesOf(has, remakes, rows, self);
  // The first migration makes the table of freezes.
  const opensGate = names.some((name) => /freeze|thaw|migrate/.test(name));
  return { store, names, rows, statements, at: 0, opensGate };
}

function namesOf(
  has: (text: string) => boolean,
  remakes: boolean,
  rows: readonly JournalRow[],
  self: string,
): string[] {
  if (has('_migrations"')) return ['migrate'];
  if (has('_freeze" (')) return ['freeze'];
  if (has('DELETE FROM "recovery_freeze"') || has('DELETE FROM "compliance_freeze"')) return ['thaw'];
  if (has('_projection"')) return [remakes ? 'begin the tables' : 'finish the tables'];
  const [first] = rows;
  if (first) {
    if (!first.origin.startsWith(self)) return ['absorb a slice'];
    if (has('_forks"')) return [AGAIN];
    return [...new Set(rows.map(({ kind }) => `append ${kind}`))];
  }
  if (has('_forks"')) return ['keep the evidence of a fork'];
  if (has('_heads"')) return ['take a head'];
  if (has('local_peers')) return ['save contacts'];
  if (has('local_seen')) return ['note an unchanged report'];
  return [FACTS.some((table) => has(`INTO "${table}"`)) ? 'make tables again' : 'write something local'];
}

function journalRows(json: string): JournalRow[] {
  return (JSON.parse(json) as [string, number, number, string, ...unknown[]][]).map((row) => ({
    origin: row[0],
    seq: row[1],
    hlc: row[2],
    kind: row[3],
    hash: String(row.at(-1)),
  }));
}
