/** The shape of each fact table as the projection, the digests and the rebuild need it, read from the drizzle schema. */
import { getTableColumns } from 'drizzle-orm';
import { type SQLiteTable, getTableConfig } from 'drizzle-orm/sqlite-core';
import type { Store } from './entry.ts';
import { FACT_TABLES, type FactTable } from './kinds.ts';

export interface TableShape {
  readonly store: Store;
  readonly sqlName: string;
  /** SQL column names, in order */
  readonly columns: readonly string[];
  /** the schema's property of each column */
  readonly properties: readonly string[];
  /** column names of the primary key */
  readonly key: readonly string[];
  /** by which people are told of a row: its key, and the recovery key it is about */
  readonly naming: readonly string[];
  /** the column whose greater value replaces an earlier row of the same key; null: the first row stays */
  readonly newer: string | null;
}

function shapeOf(name: FactTable): TableShape {
  const { store, newer } = FACT_TABLES[name];
  const table: SQLiteTable = FACT_TABLES[name].table;
  const { name: sqlName, primaryKeys } = getTableConfig(table);
  const columns = Object.entries(getTableColumns(table));
  const key = (primaryKeys[0]?.columns ?? []).map((column) => column.name);
  const aboutKey = columns.some(([, column]) => column.name === 'key_id') && !key.includes('key_id');
  return {
    store,
    sqlName,
    newer,
    columns: columns.map(([, column]) => column.name),
    properties: columns.map(([property]) => property),
    key,
    naming: aboutKey ? ['key_id', ...key] : key,
  };
}

export const TABLE_SHAPES: ReadonlyMap<FactTable, TableShape> = new Map(
  (Object.keys(FACT_TABLES) as FactTable[]).map((name) => [name, shapeOf(name)]),
);

/** A fact as its row, in column order. */
export function rowOf(
  { properties }: TableShape,
  place: { origin: string; seq: number; hlc: number },
  fact: object,
): unknown[] {
  const row: Readonly<Record<string, unknown>> = { ...fact, ...place };
  return properties.map((property) => row[property] ?? null);
}
