/** What the same machine does without Holdfast: a bare Durable Object over HTTP, and plain SQLite. */
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { PreparedRequest } from '../../central/fleet/prepare.ts';
import { NodeProcess, packageRoot, workerdPath } from '../../central/local/processes.ts';

/** Bytes of a record: about what an escrow is as a row. */
const RECORD_BYTES = 1_000;

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

export function bareRequests(url: string, count: number): PreparedRequest[] {
  const request = {
    method: 'POST',
    url: `${url}/records`,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ record: 'x'.repeat(RECORD_BYTES) }),
  };
  return Array.from({ length: count }, () => ({ request, check: async () => 'valid' as const }));
}

/** Records per second, one durable transaction each, on the same disk. */
export async function plainSqlite(folder: string, count: number): Promise<number> {
  const file = path.join(folder, 'plain.db');
  await rm(file, { force: true });
  const database = new DatabaseSync(file);
  try {
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    database.exec('CREATE TABLE records (id INTEGER PRIMARY KEY, body TEXT NOT NULL)');
    const insert = database.prepare('INSERT INTO records (body) VALUES (?)');
    const body = 'x'.repeat(RECORD_BYTES);
    const begin = performance.now();
    for (let at = 0; at < count; at += 1) insert.run(body);
    return count / ((performance.now() - begin) / 1000);
  } finally {
    database.close();
  }
}
