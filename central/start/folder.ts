/**
 * The data folder of a local installation: made, checked and locked before anything is started in it, so that what is
 * wrong with it is said in one sentence and nothing is written over what cannot be read.
 */
import { mkdir, open, readFile, readdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { type Client, createClient, type Transaction } from '@libsql/client';
import { readRunFile } from '../local/run-file.ts';
import type { Words } from '../words/words.ts';
import { StartRefusal } from './settings.ts';

/** Opened by nobody else in this program: closing any handle on a locked file lets go of the lock (POSIX). */
const LOCK_FILE = 'lock';
/** What an installation that was interrupted before it had secrets may have made. */
const BEFORE_SECRETS = /^(lock(-journal)?|logs|secrets\.json\.new|\.gitignore|lost\+found|\.DS_Store)$/;

/**
 * A write transaction that stays open for as long as the program lives: the kernel lets go of it with the process,
 * however that ends, so no stale lock is ever to be judged.
 */
export class FolderLock {
  readonly #client: Client;
  readonly #transaction: Transaction;

  private constructor(client: Client, transaction: Transaction) {
    this.#client = client;
    this.#transaction = transaction;
  }

  static async take(folder: string, words: Words): Promise<FolderLock> {
    const client = createClient({ url: `file:${path.join(folder, LOCK_FILE)}` });
    try {
      return new FolderLock(client, await client.transaction('write'));
    } catch (error) {
      client.close();
      const text = error instanceof Error ? error.message : '';
      if (!/busy|locked/i.test(text)) throw new StartRefusal(words.start.folderBroken(folder, LOCK_FILE));
      const run = await readRunFile(folder);
      throw new StartRefusal(words.start.folderInUse(folder, run?.pid ?? null, run?.centre.url ?? null));
    }
  }

  release(): void {
    this.#transaction.close();
    this.#client.close();
  }
}

/** Makes the folder, takes its lock, and refuses what it should not touch. */
export async function openFolder(folder: string, words: Words): Promise<FolderLock> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await refuseStrangers(folder, words);
    const probe = await open(path.join(folder, LOCK_FILE), 'a', 0o600);
    await probe.close();
  } catch (error) {
    if (error instanceof StartRefusal) throw error;
    throw new StartRefusal(words.start.folderUnwritable(folder, words.systemError(codeOf(error))));
  }
  const lock = await FolderLock.take(folder, words);
  try {
    await checkDatabases(folder, words);
  } catch (error) {
    lock.release();
    throw error;
  }
  return lock;
}

/** A folder that holds something else, or databases whose secrets are gone, is not touched at all. */
async function refuseStrangers(folder: string, words: Words): Promise<void> {
  const names = await readdir(folder);
  if (names.includes('secrets.json')) return;
  if (names.includes('centre')) throw new StartRefusal(words.start.secretsMissing(folder));
  const stranger = names.find((name) => !BEFORE_SECRETS.test(name));
  if (stranger !== undefined) throw new StartRefusal(words.start.folderOfSomethingElse(folder, stranger));
}

const SQLITE_HEADER = 'SQLite format 3\0';

/** A file that is no database is named here; workerd would only answer that something is wrong inside. */
async function checkDatabases(folder: string, words: Words): Promise<void> {
  const names = await readdir(folder, { recursive: true });
  for (const name of names.filter((each) => /\.(db|sqlite)$/.test(each))) {
    const bytes = await firstBytes(path.join(folder, name), SQLITE_HEADER.length);
    // An empty file is a database that nobody wrote to yet.
    if (bytes !== '' && bytes !== SQLITE_HEADER)
      throw new StartRefusal(words.start.folderBroken(folder, name));
  }
}

async function firstBytes(file: string, count: number): Promise<string> {
  const handle = await open(file, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(count), 0, count, 0);
    return buffer.toString('latin1', 0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** Resolves when all can be listened on. Waits a little: those of an installation that was just killed are on their way out. */
export async function requirePorts(first: number, count: number, msMax: number, words: Words): Promise<void> {
  const deadline = Date.now() + msMax;
  for (let port = first; port < first + count; port += 1) {
    for (;;) {
      const why = await whyNotFree(port);
      if (why === null) break;
      if (Date.now() >= deadline)
        throw new StartRefusal(words.start.portTaken(port, first, count - 1, words.systemError(why)));
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

function whyNotFree(port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => {
      resolve(codeOf(error));
    });
    server.listen(port, '127.0.0.1', () => {
      server.close(() => {
        resolve(null);
      });
    });
  });
}

export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
}

/** JSON of a file that is only read, or null when there is none; `broken` says what to throw for one that is none. */
export async function readJson(file: string, broken: () => Error): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw broken();
  }
  try {
    return JSON.parse(text);
  } catch {
    throw broken();
  }
}
