/** What databases take on the disk. */
import { DatabaseSync } from 'node:sqlite';

/** Bytes of the pages in use, whether they are in the file or still in its write-ahead log. */
export function bytesIn(file: string): number {
  const database = new DatabaseSync(file, { readOnly: true, timeout: 5_000 });
  try {
    const pragma = (name: string): number =>
      Number(Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0] ?? 0);
    return (pragma('page_count') - pragma('freelist_count')) * pragma('page_size');
  } finally {
    database.close();
  }
}
