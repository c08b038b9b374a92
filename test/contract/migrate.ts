import { type Column, is } from 'drizzle-orm';
import { SQLiteTable, SQLiteView, getTableConfig, getViewConfig } from 'drizzle-orm/sqlite-core';
import { describe, expect, it } from 'vitest';
import { migrations } from '../../migrations/index.ts';
import type { Engine } from '../../shared/journal/engine.ts';
import { STORES } from '../../shared/journal/entry.ts';
import { type Migration, MigrationError, isAdditive, migrate } from '../../shared/journal/migrate.ts';
import * as compliance from '../../shared/schema/compliance.ts';
import * as recovery from '../../shared/schema/recovery.ts';
import type { Host } from '../support/node.ts';

export function migrateContract(host: Host): void {
  const a: Migration = {
    name: '0000_a',
    sql: 'CREATE TABLE a (x);\n--> statement-breakpoint\nCREATE TABLE b (x);',
  };
  const b: Migration = { name: '0001_b', sql: 'CREATE VIEW v AS SELECT x FROM a;' };
  const gone: Migration = { name: '0001_gone', sql: 'DROP TABLE b;' };
  const run = (engine: Engine, list: readonly Migration[]) =>
    migrate(engine, 'recovery', list, host.platform);
  const fresh = async () => (await host.database()).open();

  it('applies each once, in order, whatever the line endings', async () => {
    const engine = await fresh();
    await run(engine, [a]);
    await run(engine, [{ ...a, sql: a.sql.replaceAll('\n', '\r\n') }, b]);
    await run(engine, [a, b]);
    expect(await engine.rows('recovery', 'SELECT position, name FROM recovery_migrations', [])).toEqual([
      [1, '0000_a'],
      [2, '0001_b'],
    ]);
  });

  it.each([
    [
      'was edited',
      [a, b],
      [{ ...a, sql: 'CREATE TABLE a (y)' }, b],
      /^Migration 0000_a of the recovery store was edited/,
    ],
    [
      'was skipped',
      [b],
      [a, b],
      /^Migration 0000_a of the recovery store was skipped: the database went on to 0001_b/,
    ],
    ['is newer than the program', [a, gone], [a], /newer version of Holdfast \(it has 0001_gone\)/],
  ])('stops where a migration %s', async (_what, before, after, sentence) => {
    const engine = await fresh();
    const lenient = before.map((migration) =>
      migration === b && !before.includes(a) ? { ...b, sql: 'SELECT 1' } : migration,
    );
    await run(engine, lenient);
    const failed = await run(engine, after).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(MigrationError);
    expect((failed as Error).message).toMatch(sentence);
  });

  it('goes on over what a newer version only added to, and upgrades it again', async () => {
    const engine = await fresh();
    const c = { name: '0002_c', sql: 'ALTER TABLE a ADD COLUMN y INTEGER NOT NULL DEFAULT 1;' };
    await run(engine, [a, b, c]);
    await run(engine, [a]);
    await engine.batch('recovery', [{ sql: 'INSERT INTO a (x) VALUES (2)', args: [] }]);
    await run(engine, [a, b, c]);
    expect(await engine.rows('recovery', 'SELECT x, y FROM a', [])).toEqual([[2, 1]]);
    await run(engine, [a, b, c, { ...gone, name: '0003_gone' }]);
    await expect(run(engine, [a, b])).rejects.toThrow(/newer version of Holdfast/);
  });

  it.each([
    [true, 'CREATE TABLE c (x);\n--> statement-breakpoint\nCREATE UNIQUE INDEX c_x ON c (x);'],
    [true, '-- what it is for\nCREATE INDEX a_x ON a (x)'],
    [true, 'ALTER TABLE `a` ADD `y` text;'],
    [false, 'CREATE UNIQUE INDEX a_x ON a (x)'],
    [false, 'ALTER TABLE a ADD COLUMN y INTEGER NOT NULL'],
    [false, 'ALTER TABLE a ADD y integer CHECK (y > 0)'],
    [false, 'ALTER TABLE a RENAME COLUMN x TO y'],
    [false, 'ALTER TABLE a DROP COLUMN x'],
    [false, 'CREATE TABLE c (x);\n--> statement-breakpoint\nDROP VIEW v'],
    [false, 'CREATE TRIGGER t BEFORE INSERT ON a BEGIN SELECT raise(ABORT, 1); END'],
    [false, 'UPDATE a SET x = 1'],
    [false, '/* */ DROP TABLE a'],
  ])('knows what only adds: %s for %j', (additive, sql) => {
    expect(isAdditive({ name: '0001_x', sql })).toBe(additive);
  });

  it('rolls a migration that fails back as a whole and says which', async () => {
    const engine = await fresh();
    const bad = {
      name: '0001_bad',
      sql: 'CREATE TABLE c (x);\n--> statement-breakpoint\nCREATE TABLE a (x)',
    };
    await expect(run(engine, [a, bad])).rejects.toThrow(
      /^Migration 0001_bad of the recovery store could not be applied: the database refused/,
    );
    expect(
      await engine.rows('recovery', `SELECT name FROM sqlite_master WHERE name IN ('a', 'c')`, []),
    ).toEqual([['a']]);
    await run(engine, [a, b]);
  });

  describe.each(STORES)('the %s schema', (store) => {
    const declared = Object.values(store === 'recovery' ? recovery : compliance);

    it('has the tables that the migrations make: columns, types, not null, primary keys', async () => {
      const engine = await fresh();
      await migrate(engine, store, migrations[store], host.platform);
      const tables = declared.filter((one): one is SQLiteTable => is(one, SQLiteTable));
      expect(tables.length).toBeGreaterThan(6);
      for (const table of tables) {
        const { name, columns, primaryKeys } = getTableConfig(table);
        const keys = primaryKeys[0]?.columns.map((column) => column.name) ?? [];
        const wanted = columns.map((column) => [
          column.name,
          column.getSQLType().toUpperCase(),
          Number(column.notNull),
          column.primary ? 1 : keys.indexOf(column.name) + 1,
        ]);
        const found = await engine.rows(
          store,
          'SELECT name, type, "notnull", pk FROM pragma_table_info(?) ORDER BY cid',
          [name],
        );
        expect([
          name,
          found.map(([column, type, ...rest]) => [column, String(type).toUpperCase(), ...rest]),
        ]).toEqual([name, wanted]);
      }
      const inDatabase = await engine.rows(
        store,
        `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\'`,
        [],
      );
      const names = [...tables.map((table) => getTableConfig(table).name), `${store}_migrations`];
      expect(inDatabase.map(([name]) => name).sort()).toEqual(names.sort());
    });

    it('has the views that the migrations make', async () => {
      const engine = await fresh();
      await migrate(engine, store, migrations[store], host.platform);
      const views = declared.filter((one): one is SQLiteView => is(one, SQLiteView));
      for (const view of views) {
        const { name, selectedFields } = getViewConfig(view);
        const wanted = Object.values(selectedFields as Record<string, Column>).map((column) => column.name);
        const found = await engine.rows(store, 'SELECT name FROM pragma_table_info(?)', [name]);
        expect([name, found.map(([column]) => column).sort()]).toEqual([name, wanted.sort()]);
      }
      const inDatabase = await engine.rows(store, `SELECT name FROM sqlite_master WHERE type = 'view'`, []);
      expect(inDatabase.map(([name]) => name).sort()).toEqual(
        views.map((view) => getViewConfig(view).name).sort(),
      );
    });
  });
}
