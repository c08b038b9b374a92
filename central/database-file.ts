/**
 * Whether a database's file is still the one that was opened. SQLite goes on writing to a file that was deleted, moved
 * or replaced under it, syncs it, and reports success: all of that is gone with the process. So each commit looks, at
 * 2 µs a file, before it is answered for (I1).
 */
import { statSync } from 'node:fs';
import { EngineError } from '../shared/journal/engine.ts';

export const FILE_GONE = 'its file was deleted, moved or replaced while it was open';

export class DatabaseFile {
  /** what each file was when it was first seen; the log comes with the first write */
  readonly #known = new Map<string, bigint>();
  readonly #files: readonly string[];

  constructor(file: string) {
    this.#files = [file, `${file}-wal`];
  }

  /** Whether the file, or its write-ahead log, is not what it was. */
  isGone(): boolean {
    return this.#files.some((file) => {
      const now = statSync(file, { bigint: true, throwIfNoEntry: false })?.ino;
      const known = this.#known.get(file);
      if (known === undefined && now !== undefined) this.#known.set(file, now);
      return known !== undefined && now !== known;
    });
  }

  /** Throws EngineError when it is gone. */
  require(): void {
    if (this.isGone()) throw new EngineError('unavailable', FILE_GONE);
  }
}
