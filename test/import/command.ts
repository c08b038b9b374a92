/** The command line as a process of its own, against a cluster's nodes. */
import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { afterAll } from 'vitest';
import type { LocalCluster } from '../../central/local/cluster.ts';

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly process: ChildProcess;
  readonly ended: Promise<Ran>;
}

const running = new Set<ChildProcess>();

export function startHoldfast(
  cluster: LocalCluster,
  args: readonly string[],
  options: { readonly node?: string; readonly token?: string; readonly lang?: string } = {},
): Running {
  const root = path.resolve(import.meta.dirname, '../..');
  const child = spawn(process.execPath, [path.join(root, 'dist/central/cli/holdfast.js'), ...args], {
    cwd: cluster.folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      LANG: options.lang ?? 'C',
      HOLDFAST_NODE: options.node ?? cluster.centreUrl,
      HOLDFAST_TOKEN: options.token ?? cluster.secrets.tokens.administrator,
    },
  });
  running.add(child);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = new Promise<Ran>((resolve) => {
    child.once('close', (code) => {
      running.delete(child);
      resolve({ code, stdout, stderr });
    });
  });
  return { process: child, ended };
}

export function holdfast(...args: Parameters<typeof startHoldfast>): Promise<Ran> {
  return startHoldfast(...args).ended;
}

afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
});
