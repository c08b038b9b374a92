/**
 * The journal of an installation. Whatever installing is about to do, how to undo it is on disk first; so a failure, a
 * kill and a power cut are all the same: what stands in the journal is undone, last thing first, and the machine is as
 * it was. It is a folder that exists only while something is installed, or after that was interrupted:
 *
 *     .holdfast-install/journal     {"step", "undo"} a line, fsynced before the thing is done; then {"end"}
 *     .holdfast-install/saved/N     files as they were
 *     .holdfast-install/lock        held, by SQLite's lock, by the process that installs
 *
 * A last line that was cut off is of something that was never begun.
 */
import { type FileHandle, mkdir, open, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { readIfThere, syncFolder } from '../snapshot/disk.ts';
import { fault } from '../words/fault.ts';
import { InstallError } from './error.ts';
import { type Undo, copyExactly, isThere, undo, undoOne } from './undo.ts';

export const JOURNAL_FOLDER = '.holdfast-install';

const line = z.union([z.object({ step: z.string(), undo }), z.object({ end: z.enum(['done', 'undone']) })]);
type Line = z.infer<typeof line>;

export class InstallJournal {
  readonly #folder: string;
  readonly #lock: DatabaseSync;
  readonly #file: FileHandle;
  #saved = 0;
  /** what an interrupted installation left, when there was one: what could not be undone, a sentence each */
  readonly recovered: readonly string[] | null;

  private constructor(
    folder: string,
    lock: DatabaseSync,
    file: FileHandle,
    recovered: readonly string[] | null,
  ) {
    this.#folder = folder;
    this.#lock = lock;
    this.#file = file;
    this.recovered = recovered;
  }

  /** Undoes first what an interrupted installation left. `state` is the folder that the journal's is in. */
  static async open(state: string): Promise<InstallJournal> {
    const folder = path.join(state, JOURNAL_FOLDER);
    const wasThere = await isThere(folder);
    await mkdir(folder, { mode: 0o700, recursive: false }).catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return;
      throw new InstallError(fault('notRoot', state));
    });
    const lock = takeLock(folder);
    try {
      const recovered = wasThere ? await undoAll(folder) : null;
      await rm(path.join(folder, 'journal'), { force: true });
      await rm(path.join(folder, 'saved'), { recursive: true, force: true });
      await mkdir(path.join(folder, 'saved'), { mode: 0o700 });
      const file = await open(path.join(folder, 'journal'), 'a', 0o600);
      await syncFolder(folder);
      await syncFolder(state);
      return new InstallJournal(folder, lock, file, recovered);
    } catch (error) {
      lock.close();
      throw error;
    }
  }

  /** Resolves when it is on disk how the next thing is undone. */
  async intend(step: string, what: Undo): Promise<void> {
    await this.#append({ step, undo: what });
  }

  /** A copy of a file as it is now, on disk; gives where it is. */
  async save(file: string): Promise<string> {
    const saved = path.join(this.#folder, 'saved', String((this.#saved += 1)));
    await copyExactly(file, saved);
    await syncFolder(path.dirname(saved));
    return saved;
  }

  /** Of a database, with its write-ahead log; nobody has it open. */
  async saveDatabase(file: string): Promise<string> {
    const saved = await this.save(file);
    // Whoever only read it leaves an empty one.
    const log = await stat(`${file}-wal`).catch(() => null);
    if (log !== null && log.size > 0) await copyExactly(`${file}-wal`, `${saved}-wal`);
    return saved;
  }

  /** From here on nothing is undone any more. */
  async commit(): Promise<void> {
    await this.#append({ end: 'done' });
    await this.#close();
  }

  /** Undoes everything; gives what could not be, a sentence each. */
  async rollBack(): Promise<string[]> {
    const kept = await undoAll(this.#folder);
    await this.#close();
    return kept;
  }

  async #append(what: Line): Promise<void> {
    await this.#file.appendFile(`${JSON.stringify(what)}\n`);
    await this.#file.sync();
  }

  async #close(): Promise<void> {
    await this.#file.close();
    await rm(this.#folder, { recursive: true, force: true });
    await syncFolder(path.dirname(this.#folder));
    this.#lock.close();
  }
}

/** Undoes what an interrupted installation left, if one did; null when none did, or when it still runs. */
export async function recoverInstallation(state: string): Promise<readonly string[] | null> {
  if (!(await isThere(path.join(state, JOURNAL_FOLDER)))) return null;
  const journal = await InstallJournal.open(state);
  await journal.rollBack();
  return journal.recovered;
}

async function undoAll(folder: string): Promise<string[]> {
  const text = (await readIfThere(path.join(folder, 'journal'))) ?? '';
  const done = text.split('\n').map(parseLine);
  const kept: string[] = [];
  if (done.some((each) => each !== null && 'end' in each)) return kept;
  for (const each of done.reverse()) {
    if (each === null || !('undo' in each)) continue;
    const left = await undoOne(each.undo).catch((error: unknown) => whyNotUndone(each.undo, error));
    if (left !== null) kept.push(left);
  }
  // The saved files go next, and must not be missed by whoever comes after an interruption here.
  const end = await open(path.join(folder, 'journal'), 'a', 0o600);
  await end.appendFile(`\n${JSON.stringify({ end: 'undone' } satisfies Line)}\n`);
  await end.sync();
  await end.close();
  return kept;
}

/** What is in the way of undoing one thing must not keep the others from being undone. */
function whyNotUndone({ path: file }: Undo, error: unknown): string | null {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unexpected';
  return code === 'ENOTDIR' || code === 'ENOENT'
    ? null
    : `${file} could not be put back as it was (${code}).`;
}

function parseLine(text: string): Line | null {
  try {
    return line.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

function takeLock(folder: string): DatabaseSync {
  let lock: DatabaseSync;
  try {
    lock = new DatabaseSync(path.join(folder, 'lock'), { timeout: 0 });
  } catch {
    throw new InstallError(fault('notRoot', folder));
  }
  try {
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch {
    lock.close();
    throw new InstallError(fault('anotherInstallation'));
  }
}
