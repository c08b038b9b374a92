/** The appliance as a branch has it: built, started without Node, given its first request by its own script. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../../central/local/processes.ts';
import { afterFile } from './cleanup.ts';

export const run = promisify(execFile);
export const sources = path.join(packageRoot(), 'edge/appliance');

/** Where a program is, or null where this machine does not have it. */
export function programAt(...candidates: string[]): string | null {
  for (const file of candidates) {
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      continue;
    }
  }
  return null;
}

/** A folder that is gone after the file's tests. */
export async function scratchFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-appliance-'));
  afterFile(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs `npm run appliance` into a folder; resolves with what it printed. */
export async function buildAppliance(folder: string): Promise<string> {
  const { stdout } = await run(process.execPath, ['dist/edge/appliance/main.js', folder], {
    cwd: packageRoot(),
  });
  return stdout;
}

/** A program in the foreground, with what it said. Stopped after the file's tests at the latest. */
export class Foreground {
  output = '';
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;

  constructor(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    // A group of its own, so that whatever it started in turn ends with it.
    this.child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env, detached: true });
    for (const stream of [this.child.stdout, this.child.stderr])
      stream?.on('data', (chunk: Buffer) => (this.output += chunk.toString('utf8')));
    this.ended = new Promise((resolve, reject) => {
      this.child.once('error', reject);
      this.child.once('close', resolve);
    });
    afterFile(async () => {
      if (this.child.pid === undefined) return;
      try {
        process.kill(-this.child.pid, 'SIGKILL');
      } catch {
        return; // The whole group has ended.
      }
      await this.ended;
    });
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill(signal);
    return this.ended;
  }
}

export interface ApplianceFlags {
  readonly data?: string;
  readonly credentials?: string;
  readonly port?: number;
  readonly centrePort?: number;
}

/** Starts the executable with an empty environment: no PATH, so nothing of this machine's can help it. */
export function startAppliance(
  executable: string,
  { data, credentials, port, centrePort }: ApplianceFlags,
): Foreground {
  return new Foreground(executable, [
    ...(data === undefined ? [] : [`--directory-path=data=${data}`]),
    ...(credentials === undefined ? [] : [`--directory-path=credentials=${credentials}`]),
    ...(port === undefined ? [] : [`--socket-addr=http=127.0.0.1:${port}`]),
    ...(centrePort === undefined ? [] : [`--external-addr=centre=127.0.0.1:${centrePort}`]),
  ]);
}

/** What the unit does after the start. Resolves with what it said; rejects when nothing answered. */
export async function wake(port: number): Promise<string> {
  return (await run('/bin/bash', [path.join(sources, 'wake.sh'), String(port)])).stdout.trim();
}

export async function readText(file: string): Promise<string> {
  return readFile(file, 'utf8');
}

/** Resolves when `check` gives something other than null or false. */
export async function until<T>(
  what: string,
  msMax: number,
  check: () => Promise<T | null | false>,
): Promise<T> {
  const deadline = Date.now() + msMax;
  for (;;) {
    const found = await check().catch(() => null);
    if (found !== null && found !== false) return found;
    if (Date.now() > deadline) throw new Error(`not within ${msMax} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
