/** The real processes of a local installation: the centre on Node, each edge in workerd with the appliance's configuration. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, existsSync } from 'node:fs';
import { mkdir, rename, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';

const START_MS_MAX = 20_000;
const STOP_MS_MAX = 10_000;
/** A log that is longer at a start is moved aside, in place of the one moved aside before. */
const LOG_BYTES_MAX = 20 * 1024 * 1024;

/**
 * What ends a node when this program is killed and cannot: a shell that waits for its input, which nobody ever
 * writes and which the kernel closes together with this program. (workerd watches no parent, and Linux's own
 * PR_SET_PDEATHSIG is neither in Node nor elsewhere.)
 */
const WATCH = `read -r _
kill "$1" 2>/dev/null
for _ in 1 2 3 4 5 6 7 8 9 10; do kill -0 "$1" 2>/dev/null || exit 0; sleep 1; done
kill -9 "$1" 2>/dev/null`;

/** Where a process lives other than as a child on this machine like any other. */
export interface Surroundings {
  /** a command that becomes the program, given as its arguments: `ip netns exec NAME`, `env LD_PRELOAD=…` */
  readonly within?: readonly string[];
  /** of an edge: where it listens and where it finds its centre, where that is not a port on loopback */
  readonly listensAt?: string;
  readonly centreAt?: string;
}

/** One sentence about a process that did not start. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

export class NodeProcess {
  readonly name: string;
  readonly url: string;
  readonly logFile: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  #tail = '';

  private constructor(name: string, url: string, child: ChildProcess, logFile: string) {
    this.name = name;
    this.url = url;
    this.logFile = logFile;
    this.#child = child;
    const log = createWriteStream(logFile, { flags: 'a', mode: 0o600 });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        log.write(chunk);
        this.#tail = (this.#tail + chunk.toString('utf8')).slice(-2_000);
      });
    }
    const watch = watchOver(child);
    this.#ended = new Promise((resolve) => {
      const end = (): void => {
        watch?.kill('SIGKILL');
        log.end();
        resolve();
      };
      child.once('exit', end);
      child.once('error', (error) => {
        this.#tail += `\n${error.message}`;
        if (child.pid === undefined) end();
      });
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get running(): boolean {
    return this.pid > 0 && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** `exit code 1` or a signal's name, once it has ended. */
  get howItEnded(): string {
    return this.#child.signalCode ?? `exit code ${String(this.#child.exitCode)}`;
  }

  /** Resolves when the process has ended, for whatever reason. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  /** Starts a program and waits until `/healthz` answers. */
  static async start(options: {
    name: string;
    url: string;
    command: string;
    args: readonly string[];
    env?: Readonly<Record<string, string>>;
    logFile: string;
  }): Promise<NodeProcess> {
    await mkdir(path.dirname(options.logFile), { recursive: true, mode: 0o700 });
    await moveLongLogAside(options.logFile);
    const child = spawn(options.command, options.args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...options.env },
      // A Ctrl-C in the terminal reaches the whole group; each program is stopped in order by its parent instead.
      detached: true,
    });
    const started = new NodeProcess(options.name, options.url, child, options.logFile);
    const deadline = Date.now() + START_MS_MAX;
    while (started.running && Date.now() < deadline) {
      if (await answers(`${options.url}/healthz`)) return started;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    await started.stop('SIGKILL');
    throw new StartError(`${options.name} did not start: ${started.#lastSentence()}`);
  }

  /** Sends a signal that does not end it: SIGSTOP holds it up, SIGCONT lets it go on. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    if (this.running) this.#child.kill(signal);
  }

  /** Sends the signal and waits for the end; SIGKILL follows when it does not come in time. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (!this.running) return;
    this.#child.kill(signal);
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS_MAX);
    await this.#ended;
    clearTimeout(timer);
  }

  /** The program's own sentence, or else the error above a stack. */
  #lastSentence(): string {
    const lines = this.#tail.trim().split('\n');
    const own = lines.findLast((line) => line.startsWith('holdfast: '))?.slice('holdfast: '.length);
    const error = lines.findLast((line) => /^\S*(Error|Exception)\b|\berror: /.test(line));
    return (own ?? error ?? lines.at(-1) ?? '').slice(0, 500) || 'it said nothing';
  }
}

function watchOver(child: ChildProcess): ChildProcess | null {
  if (child.pid === undefined) return null;
  const watch = spawn('sh', ['-c', WATCH, 'holdfast-watch', String(child.pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  // Without a shell the node runs unwatched.
  watch.on('error', () => undefined);
  watch.unref();
  return watch;
}

async function moveLongLogAside(file: string): Promise<void> {
  const length = await stat(file).then(
    ({ size }) => size,
    () => 0,
  );
  if (length > LOG_BYTES_MAX) await rename(file, `${file}.1`);
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    await response.arrayBuffer();
    return response.ok || response.status === 503;
  } catch {
    return false;
  }
}

/** This package's folder, from the bundle in `dist/` as from the sources. */
export function packageRoot(): string {
  let folder = import.meta.dirname;
  while (!existsSync(path.join(folder, 'package.json'))) folder = path.dirname(folder);
  return folder;
}

/** The workerd executable that npm installed. */
export function workerdPath(): string {
  const load = createRequire(import.meta.url);
  const found: unknown = load('workerd');
  const file = typeof found === 'object' && found !== null && 'default' in found ? found.default : found;
  if (typeof file !== 'string') throw new StartError('workerd is not installed: run npm install.');
  return file;
}

export function startCentreProcess(options: {
  dataFolder: string;
  identityFile: string;
  port: number;
  bootstrapTokenHash: string;
  logFile: string;
  /** where the program lies: another version of it than this */
  root?: string;
  env?: Readonly<Record<string, string>>;
  surroundings?: Surroundings;
}): Promise<NodeProcess> {
  const program = path.join(options.root ?? packageRoot(), 'dist/central/main.js');
  return NodeProcess.start({
    name: 'centre',
    url: `http://127.0.0.1:${String(options.port)}`,
    ...commandOf(options.surroundings, [process.execPath, '--enable-source-maps', program]),
    env: {
      HOLDFAST_DATA: options.dataFolder,
      HOLDFAST_IDENTITY_FILE: options.identityFile,
      HOLDFAST_PORT: String(options.port),
      HOLDFAST_BOOTSTRAP_TOKEN_HASH: options.bootstrapTokenHash,
      ...options.env,
    },
    logFile: options.logFile,
  });
}

export async function startEdgeProcess(options: {
  name: string;
  dataFolder: string;
  credentialsFolder: string;
  port: number;
  centrePort: number;
  logFile: string;
  root?: string;
  surroundings?: Surroundings;
}): Promise<NodeProcess> {
  await mkdir(options.dataFolder, { recursive: true, mode: 0o700 });
  const { listensAt, centreAt } = options.surroundings ?? {};
  return NodeProcess.start({
    name: options.name,
    url: `http://127.0.0.1:${String(options.port)}`,
    ...commandOf(options.surroundings, [
      workerdPath(),
      'serve',
      path.join(options.root ?? packageRoot(), 'edge/appliance/edge.capnp'),
      `--directory-path=data=${options.dataFolder}`,
      `--directory-path=credentials=${options.credentialsFolder}`,
      `--socket-addr=http=${listensAt ?? `127.0.0.1:${String(options.port)}`}`,
      `--external-addr=centre=${centreAt ?? `127.0.0.1:${String(options.centrePort)}`}`,
    ]),
    logFile: options.logFile,
  });
}

function commandOf(surroundings: Surroundings | undefined, program: readonly string[]) {
  const [command = '', ...args] = [...(surroundings?.within ?? []), ...program];
  return { command, args };
}
