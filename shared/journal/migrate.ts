/**
 * Migrations by name and checksum. What was applied must still be there, unchanged and in the same order; anything
 * else stops the start with one sentence, because tables of unknown shape are worse than a node that is down.
 *
 * A newer version that only added tables, columns and views leaves a database that this one can go on with, so that an
 * upgrade that does not become ready can be taken back with everything that was written meanwhile. Whether a migration
 * only adds is decided when it is applied and stands beside its name, for an older program cannot read it.
 */
import type { Platform } from '../platform.ts';
import { type Engine, EngineError, type Statement } from './engine.ts';
import type { Store } from './entry.ts';
import { batchUnfrozen } from './freeze.ts';

export interface Migration {
  /** file name, whose leading number gives the order */
  readonly name: string;
  readonly sql: string;
}

export type Migrations = Readonly<Record<Store, readonly Migration[]>>;

/** Stands in the place of a database's first migration while a snapshot is put into it. */
export const RESTORING = 'restoring';

/** Why a database does not fit this program: one sentence for whoever starts it. */
const SENTENCES = {
  newer: (store: Store, migration: string) =>
    `The ${store} database was migrated by a newer version of Holdfast (it has ${migration}); start that version, or restore a snapshot made before the upgrade.`,
  skipped: (store: Store, migration: string, next: string) =>
    `Migration ${migration} of the ${store} store was skipped: the database went on to ${next} without it.`,
  edited: (store: Store, migration: string) =>
    `Migration ${migration} of the ${store} store was edited after it had been applied to this database.`,
  restoring: (store: Store) =>
    `A snapshot is being restored into the ${store} database, or that was interrupted: restore it again.`,
  refused: (store: Store, migration: string, why: string) =>
    `Migration ${migration} of the ${store} store could not be applied: ${why}.`,
} as const;

export class MigrationError extends Error {
  override readonly name = 'MigrationError';
  readonly why: keyof typeof SENTENCES;
  readonly store: Store;
  readonly migration: string;
  /** the migration that was gone on with, or what the database said */
  readonly detail: string;

  constructor(why: MigrationError['why'], store: Store, migration: string, detail = '') {
    super(SENTENCES[why](store, migration, detail));
    this.why = why;
    this.store = store;
    this.migration = migration;
    this.detail = detail;
  }
}

export async function migrate(
  engine: Engine,
  store: Store,
  migrations: readonly Migration[],
  platform: Platform,
): Promise<void> {
  const table = `${store}_migrations`;
  await engine.batch(store, [
    {
      sql: `CREATE TABLE IF NOT EXISTS "${table}" (position INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, checksum TEXT NOT NULL, applied_at INTEGER NOT NULL, additive INTEGER NOT NULL)`,
      args: [],
    },
  ]);
  const applied = await engine.rows(store, `SELECT name, checksum FROM "${table}" ORDER BY position`, []);
  for (const [index, [name, checksum]] of applied.entries()) {
    const expected = migrations[index];
    if (expected === undefined) {
      if (await areAdditive(engine, store, index)) return;
      throw new MigrationError('newer', store, String(name));
    }
    if (name === RESTORING) throw new MigrationError('restoring', store, RESTORING);
    if (expected.name !== name) throw new MigrationError('skipped', store, expected.name, String(name));
    if (checksumOf(platform, expected) !== checksum) throw new MigrationError('edited', store, expected.name);
  }
  for (const [index, migration] of migrations.slice(applied.length).entries()) {
    const statements = statementsOf(migration).map((sql): Statement => ({ sql, args: [] }));
    const record: Statement = {
      sql: `INSERT INTO "${table}" (position, name, checksum, applied_at, additive) VALUES (?, ?, ?, ?, ?)`,
      args: [
        ...[applied.length + index + 1, migration.name, checksumOf(platform, migration), platform.now()],
        Number(isAdditive(migration)),
      ],
    };
    try {
      // The first one makes the table of freezes; the others wait for the end of one, as every write does (I11).
      if (await isFreezable(engine, store))
        await batchUnfrozen(engine, platform, store, [...statements, record]);
      else await engine.batch(store, [...statements, record]);
    } catch (error) {
      // Of several processes that start at once over one database, one is the first.
      if (await isApplied(engine, store, migration.name)) continue;
      const why = error instanceof EngineError ? error.message : 'unknown error';
      throw new MigrationError('refused', store, migration.name, why);
    }
  }
}

async function isFreezable(engine: Engine, store: Store): Promise<boolean> {
  const sql = `SELECT 1 FROM sqlite_schema WHERE name IN ('${store}_guard', '${store}_freeze')`;
  return (await engine.rows(store, sql, [])).length === 2;
}

async function isApplied(engine: Engine, store: Store, name: string): Promise<boolean> {
  try {
    const rows = await engine.rows(store, `SELECT 1 FROM "${store}_migrations" WHERE name = ?`, [name]);
    return rows.length > 0;
  } catch {
    return false;
  }
}

/** Whether what a newer version applied after the first `known` migrations leaves the tables of this one usable. */
async function areAdditive(engine: Engine, store: Store, known: number): Promise<boolean> {
  const sql = `SELECT count(*) FROM "${store}_migrations" WHERE position > ? AND additive = 0`;
  try {
    return (await engine.rows(store, sql, [known]))[0]?.[0] === 0;
  } catch {
    return false;
  }
}

/**
 * Whether a program that does not know this migration can go on over what it makes: it only adds, and nothing that it
 * adds can refuse a write of before. A view that changes is another view, under a name of its own.
 */
export function isAdditive(migration: Migration): boolean {
  const statements = statementsOf(migration).map((sql) => sql.replace(/^(\s*--[^\n]*\n)+/, '').trim());
  const created = new Set(statements.map((sql) => /^CREATE TABLE [`"]?(\w+)/i.exec(sql)?.[1]));
  return statements.every((sql) => {
    if (/^CREATE (TABLE|INDEX|VIEW)\b/i.test(sql)) return true;
    const unique = /^CREATE UNIQUE INDEX \S+ ON [`"]?(\w+)/i.exec(sql)?.[1];
    if (unique !== undefined) return created.has(unique);
    const added = /^ALTER TABLE \S+ ADD (.*)$/is.exec(sql)?.[1];
    if (added === undefined || /\b(UNIQUE|CHECK|REFERENCES|PRIMARY)\b/i.test(added)) return false;
    return !/\bNOT NULL\b/i.test(added) || /\bDEFAULT\b/i.test(added);
  });
}

function statementsOf({ sql }: Migration): string[] {
  return sql
    .split('--> statement-breakpoint')
    .map((each) => each.trim())
    .filter((each) => each !== '');
}

/** Line endings do not count: a checkout on another system is the same migration. */
export function checksumOf(platform: Platform, migration: Migration): string {
  return platform.sha256(migration.sql.replaceAll('\r\n', '\n'));
}
