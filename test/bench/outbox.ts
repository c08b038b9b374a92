/**
 * The fastest peer that keeps its own copy on a disk, made by hand: a libSQL file with an outbox, which is emptied into
 * sqld by sets. One record has what an entry has as a row, and nothing of what an entry is: no chain, no signature, no
 * fact tables. sqld does not sync what it acknowledges.
 */
import path from 'node:path';
import { createClient } from '@libsql/client';
import type { LibsqlTarget } from '../../central/libsql-engine.ts';
import { RECORD_BYTES } from './baselines.ts';

const SET = 500;

/** Records per second: written here one by one, each with its line in the outbox, and then brought to the server. */
export async function drainOutbox(
  folder: string,
  { url, authToken = '' }: LibsqlTarget,
  records: number,
): Promise<{ writesPerSecond: number; drainedPerSecond: number }> {
  const here = createClient({ url: `file:${path.join(folder, 'outbox.db')}`, concurrency: 1 });
  const there = createClient({ url, authToken });
  try {
    await here.execute('PRAGMA journal_mode = WAL');
    await here.execute('PRAGMA synchronous = FULL');
    for (const table of ['records', 'outbox'])
      await here.execute(`CREATE TABLE ${table} (id INTEGER PRIMARY KEY, body TEXT NOT NULL)`);
    await there.execute('CREATE TABLE records (id INTEGER PRIMARY KEY, body TEXT NOT NULL)');
    const body = 'x'.repeat(RECORD_BYTES);
    const began = performance.now();
    for (let id = 1; id <= records; id += 1)
      await here.batch(
        ['records', 'outbox'].map((table) => ({
          sql: `INSERT INTO ${table} (id, body) VALUES (?, ?)`,
          args: [id, body],
        })),
        'write',
      );
    const writtenAt = performance.now();
    for (;;) {
      const { rows } = await here.execute(`SELECT id, body FROM outbox ORDER BY id LIMIT ${String(SET)}`);
      const last = rows.at(-1);
      if (!last) break;
      const set = JSON.stringify(rows.map((row) => [row['id'], row['body']]));
      const insert =
        "INSERT OR IGNORE INTO records (id, body) SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?)";
      await there.batch([{ sql: insert, args: [set] }], 'write');
      await here.execute({ sql: 'DELETE FROM outbox WHERE id <= ?', args: [Number(last['id'])] });
    }
    const seconds = (from: number, to: number): number => (to - from) / 1_000;
    return {
      writesPerSecond: records / seconds(began, writtenAt),
      drainedPerSecond: records / seconds(writtenAt, performance.now()),
    };
  } finally {
    here.close();
    there.close();
  }
}
