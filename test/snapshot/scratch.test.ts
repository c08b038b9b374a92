/** The copy in which a verification makes a store's tables again: a row that is refused takes its whole batch back. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { SqliteEngine } from '../../central/snapshot/sqlite.ts';

it('undoes a batch with a refused row, also what has left the page cache by then', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-scratch-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = path.join(folder, 'recovery.rebuilt.db');
  const before = new SqliteEngine(file, 'write');
  before.execute('CREATE TABLE facts (id INTEGER PRIMARY KEY, body TEXT NOT NULL)');
  const insert = (id: number, body: string | null) => ({
    sql: 'INSERT INTO facts VALUES (?, ?)',
    args: [id, body],
  });
  await before.batch('recovery', [insert(1, 'kept')]);
  before.close();

  const copy = new SqliteEngine(file, 'scratch');
  onTestFinished(() => {
    copy.close();
  });
  copy.execute('PRAGMA cache_size = 10');
  const rows = Array.from({ length: 500 }, (_, index) => insert(index + 2, 'x'.repeat(1_000)));
  await expect(copy.batch('recovery', [...rows, insert(1_000, null)])).rejects.toMatchObject({
    reason: 'constraint',
  });
  const count = () => [...copy.iterate('SELECT count(*) FROM facts')];
  expect(count()).toEqual([[1]]);
  expect([...copy.iterate('PRAGMA integrity_check')]).toEqual([['ok']]);
  // What is not refused goes in one by one.
  for (const row of rows) await copy.batch('recovery', [row]);
  expect(count()).toEqual([[501]]);
  expect([...copy.iterate('PRAGMA integrity_check')]).toEqual([['ok']]);
});
