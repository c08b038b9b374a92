/** A lock that its process loses when it ends, whatever ends it: SQLite's, on a file that holds nothing. */
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { nodePlatform } from '../platform.ts';
import { type Fault, fault } from '../words/fault.ts';
import { makeFolder } from './disk.ts';

/** Why the lock was not taken: another process has it, the disk is full, or the file cannot be made. */
export type LockFault = 'held' | 'full' | 'unwritable';

/** What to say of a folder whose lock was not taken though nobody has it. */
export function folderFault(folder: string, why: Exclude<LockFault, 'held'>): Fault {
  return fault(why === 'full' ? 'folderFull' : 'folderUnwritable', folder);
}

const RETRY_MS = 20;

/** Runs `work` while nobody else has the lock; `refused` gives the error when it cannot be had within `waitMs`. */
export async function withLock<T>(
  file: string,
  { waitMs = 0, refused }: { readonly waitMs?: number; readonly refused: (why: LockFault) => Error },
  work: () => Promise<T>,
): Promise<T> {
  let lock: DatabaseSync;
  try {
    await makeFolder(path.dirname(file));
    lock = new DatabaseSync(file, { timeout: 0 });
  } catch {
    throw refused('unwritable');
  }
  try {
    for (let waitedMs = 0; ; waitedMs += RETRY_MS) {
      const why = take(lock);
      if (why === null) return await work();
      if (why !== 'held' || waitedMs >= waitMs) throw refused(why);
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
    const why = String(error);
    if (/locked|busy/i.test(why)) return 'held';
    return /full/i.test(why) ? 'full' : 'unwritable';
  }
}
