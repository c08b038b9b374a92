/** What the same machine does without Holdfast: a bare Durable Object over HTTP, and plain SQLite. */
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { PreparedRequest } from '../../central/fleet/prepare.ts';
import { NodeProcess, packageRoot, workerdPath } from '../../central/local/processes.ts';

/** Bytes of a record: about what an escrow is as a row. */
export const RECORD_BYTES = 1_000;

export async function startBareObject(folder: string, port: number): Promise<NodeProcess> {
  const data = path.join(folder, 'bare');
  await mkdir(data, { recursive: true });
  return NodeProcess.start({
    name: 'bare Durable Object',
    url: `http://127.0.0.1:${port}`,
    command: workerdPath(),
    args: [
      'serve',
      path.join(packageRoot(), 'test/bench/bare/bare.capnp'),
      `--directory-path=data=${data}`,
      `--socket-addr=http=127.0.0.1:${port}`,
    ],
    logFile: path.join(folder, 'bare.log'),
  });
}

/** `grouped`: all that come in within a turn share a transaction; otherwise each has its own. */
export function bareRequests(url: string, count: number, how: 'single' | 'grouped'): PreparedRequest[] {
  const request = {
    method: 'POST',
    url: `${url}/${how}`,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ record: 'x'.repeat(RECORD_BYTES) }),
  };
  return Array.from({ length: count }, () => ({ request, check: async () => 'valid' as const }));
}

/** Entries of a group: as many as 64 connections bring at once. */
const GROUP = 64;
/** Entries of a set: what one absorbing transaction applies while nobody asks. */
const SET = 500;

/**
 * Records per second into a plain table on the same disk, fsynced at every commit: a transaction for each, one for a
 * group of statements, or one statement for a set.
 */
export async function plainSqlite(
  folder: string,
  count: number,
  how: 'single' | 'grouped' | 'sets',
): Promise<number> {
  const file = path.join(folder, 'plain.db');
  await rm(file, { force: true });
  const database = new DatabaseSync(file);
  try {
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    database.exec('CREATE TABLE records (id INTEGER PRIMARY KEY, body TEXT NOT NULL)');
    const insert = database.prepare('INSERT INTO records (body) VALUES (?)');
    const insertSet = database.prepare('INSERT INTO records (body) SELECT value FROM json_each(?)');
    const body = 'x'.repeat(RECORD_BYTES);
    const size = { single: 1, grouped: GROUP, sets: SET }[how];
    const begin = performance.now();
    for (let at = 0; at < count; at += size) {
      const records = Array.from({ length: Math.min(size, count - at) }, () => body);
      database.exec('BEGIN');
      if (how === 'sets') insertSet.run(JSON.stringify(records));
      else for (const record of records) insert.run(record);
      database.exec('COMMIT');
    }
    return count / ((performance.now() - begin) / 1000);
  } finally {
    database.close();
  }
}
