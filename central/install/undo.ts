/**
 * How each thing that installing does is undone. An undoing may be interrupted and done again, and none of them takes
 * away what installing did not make: a folder that others have put something into stays, and so does a database that
 * holds entries which it did not hold before (I2). What stays is said.
 */
import {
  chmod,
  chown,
  copyFile,
  lstat,
  readFile,
  readdir,
  rename,
  rm,
  rmdir,
  stat,
  symlink,
  utimes,
} from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import type { Store } from '../../shared/journal/entry.ts';
import { syncFile, syncFolder } from '../snapshot/disk.ts';
import { SqliteEngine, settle } from '../snapshot/sqlite.ts';
import { systemctl } from './units.ts';

const place = z.string();

export const undo = z.discriminatedUnion('kind', [
  /** a unit that is started anew, when it runs: last, so that its files are those from before; `path` is its name */
  z.object({ kind: z.literal('restart'), path: z.string() }),
  /** a file or link that was not there */
  z.object({ kind: z.literal('remove'), path: place }),
  /** a folder that was not there; what is in it has undoings of its own */
  z.object({ kind: z.literal('remove-folder'), path: place }),
  /** a folder of nothing but copies */
  z.object({ kind: z.literal('remove-scratch'), path: place }),
  /** the files of a folder that are not among those which were there */
  z.object({ kind: z.literal('remove-others'), path: place, were: z.array(z.string()) }),
  /** a file that is replaced or removed */
  z.object({ kind: z.literal('restore'), path: place, saved: place }),
  /** a link that is removed */
  z.object({ kind: z.literal('relink'), path: place, target: z.string() }),
  /** a database that is made (`saved` is null) or migrated, and how many entries it held */
  z.object({
    kind: z.literal('database'),
    store: z.enum(['recovery', 'compliance']),
    path: place,
    saved: place.nullable(),
    entries: z.number().int(),
  }),
]);
export type Undo = z.infer<typeof undo>;

/** Beside a database, and belonging to it. */
export const BESIDE = ['-wal', '-shm', '-journal'] as const;

/** Undoes one thing; says in one sentence what was left as it is, or null. */
export async function undoOne(what: Undo): Promise<string | null> {
  const { path: file } = what;
  switch (what.kind) {
    case 'restart':
      await systemctl('daemon-reload');
      // At the start of the machine it does not run yet, and waits for this to end.
      await systemctl('try-restart', '--no-block', file);
      return null;
    case 'remove':
      for (const each of [file, `${file}.new`]) await rm(each, { force: true });
      break;
    case 'remove-folder':
      if (!(await isEmptied(file))) return `${file} stays: something else is in it.`;
      break;
    case 'remove-scratch':
      await rm(file, { recursive: true, force: true });
      break;
    case 'remove-others':
      for (const name of await readdir(file).catch((): string[] => []))
        if (!what.were.includes(name)) await rm(path.join(file, name), { recursive: true, force: true });
      break;
    case 'restore':
      await rm(`${file}.new`, { force: true });
      await putBack(what.saved, file);
      break;
    case 'relink':
      if (!(await isThere(file))) await symlink(what.target, file);
      break;
    case 'database':
      return undoDatabase(what);
  }
  await syncFolder(path.dirname(file)).catch(() => undefined);
  return null;
}

async function isEmptied(folder: string): Promise<boolean> {
  try {
    await rmdir(folder);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOENT';
  }
}

async function undoDatabase(what: Extract<Undo, { kind: 'database' }>): Promise<string | null> {
  const { path: file, saved, store } = what;
  if (await isThere(file)) {
    try {
      settle(file);
    } catch (error) {
      if (error instanceof Error && /locked|busy/i.test(error.message))
        return `${file} stays as it is: a process has it open.`;
      // It is no whole database, and holds nothing that could be lost.
    }
    if (entriesIn(file, store) > what.entries)
      return `${file} stays as it is: something was written to it meanwhile.`;
  }
  for (const each of [file, ...BESIDE.map((suffix) => `${file}${suffix}`)]) await rm(each, { force: true });
  if (saved !== null)
    for (const suffix of ['', '-wal'])
      if (await isThere(`${saved}${suffix}`)) await putBack(`${saved}${suffix}`, `${file}${suffix}`);
  await syncFolder(path.dirname(file));
  return null;
}

/** Entries in the journal of a store's file; none where it is no database of this program. */
export function entriesIn(file: string, store: Store): number {
  try {
    const engine = new SqliteEngine(file, 'read');
    try {
      const [row] = engine.iterate(`SELECT coalesce(sum(seq), 0) FROM "${store}_origins"`);
      return Number(row?.[0] ?? 0);
    } finally {
      engine.close();
    }
  } catch {
    return 0;
  }
}

/** A copy that is the file in everything: content, mode, owner, times. It is on disk before it has its name. */
export async function putBack(from: string, to: string): Promise<void> {
  const made = `${to}.undo`;
  await copyExactly(from, made);
  await rename(made, to);
  await syncFolder(path.dirname(to));
}

export async function copyExactly(from: string, to: string): Promise<void> {
  const { mode, uid, gid, atime, mtime } = await stat(from);
  await copyFile(from, to);
  await syncFile(to);
  await chown(to, uid, gid);
  await chmod(to, mode & 0o7777);
  await utimes(to, atime, mtime);
}

/** Of links too that point to nothing. */
export async function isThere(file: string): Promise<boolean> {
  return lstat(file).then(
    () => true,
    () => false,
  );
}

/** Whether a process has a database open, found without touching it: SQLite keeps a lock for as long as it does. */
export async function isOpen(file: string): Promise<boolean> {
  const { ino } = await stat(file);
  // Where a system has no such list, opening it exclusively finds out.
  const locks = await readFile('/proc/locks', 'utf8').catch(() => '');
  return new RegExp(`:${String(ino)} `).test(locks);
}
