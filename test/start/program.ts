/** Runs the project's own programs as people do: by npm and npx, in a terminal's process group, by signals. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll } from 'vitest';
import { packageRoot } from '../../central/local/processes.ts';
import { readRunFile, type RunFile } from '../../central/local/run-file.ts';

const READY_MS_MAX = 90_000;
const STOP_MS_MAX = 20_000;

const folders: string[] = [];
const running = new Set<ChildProcess>();
// Also after a test that ran out of time: nothing it started may outlive its file.
afterAll(async () => {
  for (const child of running) child.kill('SIGTERM');
  await until(() => running.size === 0, STOP_MS_MAX);
  await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
}, 2 * STOP_MS_MAX);

/** What a person's shell has, and nothing of the test runner's. */
function environment(extra: Readonly<Record<string, string>>): Record<string, string> {
  const { PATH = '', HOME = '' } = process.env;
  return { PATH, HOME, LANG: 'C', TZ: 'UTC', ...extra };
}

export interface Finished {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** One command line in `sh`, from the project's folder. */
export async function shell(
  line: string,
  extra: Readonly<Record<string, string>> = {},
  input = '',
): Promise<Finished> {
  const child = spawn('sh', ['-c', line], { cwd: packageRoot(), env: environment(extra) });
  child.stdin.end(input);
  return finish(child);
}

/** `holdfast …` without the second that npx takes; one test runs what is printed, npx included. */
export function holdfast(
  args: readonly string[],
  extra: Readonly<Record<string, string>> = {},
  input = '',
): Promise<Finished> {
  const child = spawn(process.execPath, [path.join(packageRoot(), 'dist/central/cli/holdfast.js'), ...args], {
    cwd: packageRoot(),
    env: environment(extra),
  });
  child.stdin.end(input);
  return finish(child);
}

async function finish(child: ChildProcess): Promise<Finished> {
  let [out, err] = ['', ''];
  child.stdout?.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (err += chunk.toString()));
  running.add(child);
  await once(child, 'close');
  running.delete(child);
  return { code: child.exitCode, out, err };
}

/** A folder that is gone after the tests of this file. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-start-'));
  folders.push(folder);
  return folder;
}

/** `npm start` in a process group of its own, as a terminal has it. */
export class Start {
  readonly #child: ChildProcess;
  readonly #finished: Promise<Finished>;
  readonly #folder: string;
  #text = '';

  constructor(folder: string, extra: Readonly<Record<string, string>>) {
    this.#folder = folder;
    this.#child = spawn('npm', ['start'], {
      cwd: packageRoot(),
      env: environment({ HOLDFAST_DATA: folder, ...extra }),
      detached: true,
    });
    this.#child.stdout?.on('data', (chunk: Buffer) => (this.#text += chunk.toString()));
    this.#finished = finish(this.#child);
  }

  /** What it has printed so far. */
  get text(): string {
    return this.#text;
  }

  async ready(): Promise<RunFile> {
    await until(
      () => this.#text.includes('Ctrl-C stops everything') || this.#child.exitCode !== null,
      READY_MS_MAX,
    );
    const run = await readRunFile(this.#folder);
    if (!run) throw new Error(`not ready:\n${this.#text}\n${(await this.#finished).err}`);
    return run;
  }

  /** To the whole group, as the terminal does it at Ctrl-C; npm then passes it on a second time. */
  signal(signal: NodeJS.Signals): void {
    process.kill(-(this.#child.pid ?? 0), signal);
  }

  /** To npm alone, as a service manager does it. */
  signalNpm(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  finished(): Promise<Finished> {
    return this.#finished;
  }
}

export async function until(holds: () => boolean | Promise<boolean>, msMax: number): Promise<void> {
  const deadline = performance.now() + msMax;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`it did not come within ${String(msMax)} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export function isAlive(pid: number | null): boolean {
  if (pid === null) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** The process IDs of an installation: those of `npm start` and of every node. */
export function processesOf(run: RunFile): number[] {
  return [run.pid, run.centre.pid, ...run.edges.map(({ pid }) => pid)].filter((pid) => pid !== null);
}
