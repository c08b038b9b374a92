/** A store's file in a snapshot, of which anything was changed: its bytes, or its rows by somebody who knows SQL. */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { nodePlatform } from '../../../central/platform.ts';
import { contentOf, vectorIn } from '../../../central/snapshot/inspect.ts';
import { SqliteEngine } from '../../../central/snapshot/sqlite.ts';
import { verifyStore } from '../../../central/snapshot/verify-store.ts';
import { migrations } from '../../../migrations/index.ts';
import { PROJECTION_VERSION } from '../../../shared/journal/kinds.ts';
import { openNode } from '../../../shared/node.ts';
import type { Manifest } from '../../../shared/snapshot/manifest.ts';
import { centreDrafts, sample } from '../../support/drafts.ts';
import { authorityOf, fixedNode } from '../fixtures.ts';
import { Steps, type Target, must } from '../target.ts';

/** Of no log: the writer's own, and what a node notes for itself. By other rules than its own it makes tables again. */
const LOCAL = /^(local_|sqlite_)|_(guard|migrations|projection)$/;
const VALUES = ['NULL', "''", '0', '-1', "'x'", '9007199254740993', "x'00'", "'\ufffd'", '1.5'];

export const target: Target = {
  name: 'snapshot-file',
  holds:
    'verifying ends with a word on every file, however damaged; a change of any row of a log, or of what follows from it, is found',
  inputs: fc.oneof(
    fc.uint8Array({ minLength: 4, maxLength: 24 }).map((bytes) => Uint8Array.of(0, ...bytes)),
    fc.uint8Array({ minLength: 5, maxLength: 10 }).map((bytes) => Uint8Array.of(1, ...bytes)),
  ),
  bytesMax: 40,
  async open() {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'holdfast-fuzz-store-'));
    const [base, file, scratch] = ['base.db', 'recovery.db', 'scratch'].map((name) =>
      path.join(folder, name),
    ) as [string, string, string];
    const engine = new SqliteEngine(base, 'write');
    const centre = await fixedNode('centreaaaa', 'centre');
    const both = new SqliteEngine(':memory:', 'write');
    const node = await openNode({
      engine: {
        kind: 'libsql-file',
        batch: (store, statements) => (store === 'recovery' ? engine : both).batch(store, statements),
        rows: (store, sql, args) => (store === 'recovery' ? engine : both).rows(store, sql, args),
      },
      ...{
        migrations,
        peers: [],
        platform: nodePlatform,
        sliceEntries: 50,
        version: '0.1.0',
        bootstrapTokenHash: null,
      },
      identity: centre.file,
      log: () => undefined,
    });
    await node.ledger.append('recovery', sample(centreDrafts.recovery, 25, 5));
    await node.stop();
    const content = contentOf(engine, 'recovery');
    const manifest = {
      kind: 'snapshot',
      projection: PROJECTION_VERSION,
      cut: { recovery: vectorIn(engine, 'recovery'), compliance: {} },
      stores: [content, { ...content, store: 'compliance' }],
    } as unknown as Manifest;
    engine.close();
    both.close();
    const bytes = readFileSync(base);
    const original = contentsOf(base);
    must(original !== null, 'the database can be read');
    const tables = tablesIn(base);
    const found = async (): Promise<string[]> => {
      const faults: string[] = [];
      rmSync(scratch, { recursive: true, force: true });
      mkdirSync(scratch);
      await verifyStore({
        store: 'recovery',
        file,
        scratch,
        authority: authorityOf(),
        manifest,
        found: (check) => faults.push(check),
        onProgress: () => undefined,
      });
      return faults;
    };
    copyFileSync(base, file);
    must((await found()).length === 0, 'an undamaged file is refused');
    return {
      seeds: [
        new Uint8Array([1, 0, 0, 0, 0, 0]),
        new Uint8Array([0, 0, 100, 1, 255]),
        new Uint8Array([1, 3, 2, 1, 4, 1]),
      ],
      async run(input) {
        const steps = new Steps(input);
        if (steps.byte() % 2 === 0) {
          const damaged = Buffer.from(bytes);
          while (!steps.isOver) damaged[steps.number(3) % damaged.length] = steps.byte();
          writeFileSync(file, damaged);
        } else {
          copyFileSync(base, file);
          const database = new DatabaseSync(file);
          try {
            const table = steps.pick(tables);
            const place = `rowid = (SELECT rowid FROM "${table.name}" LIMIT 1 OFFSET ${steps.byte() % Math.max(1, table.rows)})`;
            const column = steps.pick(table.columns);
            const sql = [
              `UPDATE "${table.name}" SET "${column}" = ${steps.pick(VALUES)} WHERE ${place}`,
              `DELETE FROM "${table.name}" WHERE ${place}`,
              `UPDATE "${table.name}" SET "${column}" = (SELECT "${column}" FROM "${table.name}" ORDER BY rowid DESC LIMIT 1) WHERE ${place}`,
            ];
            database.exec(steps.pick(sql));
          } catch (error) {
            // A constraint holds, or this table has no rowid.
            must(error instanceof Error, 'SQLite throws errors');
          } finally {
            database.close();
          }
        }
        const faults = await found();
        const now = contentsOf(file);
        must(faults.length > 0 || now === original, 'a change of what a file holds is not found');
      },
      close: () => {
        rmSync(folder, { recursive: true, force: true });
      },
    };
  },
};

interface Table {
  readonly name: string;
  readonly columns: readonly string[];
  readonly rows: number;
}

function tablesIn(file: string): Table[] {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    const names = database
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
      .all()
      .map(({ name }) => String(name));
    return names
      .filter((name) => !LOCAL.test(name))
      .map((name) => ({
        name,
        columns: database
          .prepare(`SELECT name FROM pragma_table_info('${name}')`)
          .all()
          .map((row) => String(row['name'])),
        rows: Number(database.prepare(`SELECT count(*) AS rows FROM "${name}"`).get()?.['rows']),
      }))
      .filter(({ rows }) => rows > 0);
  } finally {
    database.close();
  }
}

/** Ballast is no entry's (`erasable.ts`). */
const ERASABLE =
  'SELECT e.* FROM recovery_erasable e JOIN recovery_journal j ON j.origin = e.origin AND j.seq = e.seq';

/** Every row that belongs to a log, as text; null where it cannot be read. */
function contentsOf(file: string): string | null {
  let database: DatabaseSync | null = null;
  try {
    database = new DatabaseSync(file, { readOnly: true });
    const open = database;
    const rows = tablesIn(file).map(({ name }) => [
      name,
      open
        .prepare(name === 'recovery_erasable' ? ERASABLE : `SELECT * FROM "${name}"`)
        .all()
        .map((row) =>
          JSON.stringify(row, (_name, value: unknown) =>
            typeof value === 'bigint' ? String(value) : value instanceof Uint8Array ? [...value] : value,
          ),
        )
        .sort(),
    ]);
    return JSON.stringify(rows);
  } catch {
    return null;
  } finally {
    database?.close();
  }
}
