/** A lock that its process loses when it ends, whatever ends it: SQLite's, on a file that holds nothing. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { nodePlatform } from '../platform.ts';

/** Why the lock was not taken: another process has it, or the file cannot be made. */
export type LockFault = 'held' | 'unwritable';

const RETRY_MS = 20;

/** Runs `work` while nobody else has the lock; `refused` gives the error when it cannot be had within `waitMs`. */
export async function withLock<T>(
  file: string,
  { waitMs = 0, refused }: { readonly waitMs?: number; readonly refused: (why: LockFault) => Error },
  work: () => Promise<T>,
): Promise<T> {
  let lock: DatabaseSync;
  try {
    await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
    lock = new DatabaseSync(file, { timeout: 0 });
  } catch {
    throw refused('unwritable');
  }
  try {
    for (let waitedMs = 0; ; waitedMs += RETRY_MS) {
      const why = take(lock);
      if (why === null) return await work();
      if (why === 'unwritable' || waitedMs >= waitMs) throw refused(why);
      await nodePlatform.sleep(RETRY_MS);
    }
  } finally {
    lock.close();
  }
}

function take(lock: DatabaseSync): LockFault | null {
  try {
    lock.exec('BEGIN EXCLUSIVE');
    return null;
  } catch (error) {
    return error instanceof Error && /locked|busy/i.test(error.message) ? 'held' : 'unwritable';
  }
}
