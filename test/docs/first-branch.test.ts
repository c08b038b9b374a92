/** The guide to the first branch, step by step as it is written, against a real centre and a real edge. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, it } from 'vitest';
import {
  type NodeProcess,
  packageRoot,
  startCentreProcess,
  startEdgeProcess,
} from '../../central/local/processes.ts';
import { freePorts } from '../support/cluster.ts';
import { eventually } from '../support/network.ts';
import { read, stepsIn, words } from './markdown.ts';

const READY_MS_MAX = 30_000;
/** what the guide says will be seen, by command */
const PROMISED: Readonly<Record<string, RegExp>> = {
  status: /ready +in touch/,
  'edge list': /edge-madrid .* Madrid +0 /,
};
const nodes: NodeProcess[] = [];
const folders: string[] = [];
afterAll(async () => {
  for (const node of nodes.reverse()) await node.stop();
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

it('leads to a branch that is ready, in English and in Spanish', { timeout: 240_000 }, async () => {
  const steps = stepsIn(await read('docs/guides/first-branch.md'));
  expect(stepsIn(await read('docs/guias/primera-sede.md'))).toEqual(steps);
  const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-guide-'));
  folders.push(folder);
  const port = await freePorts(14_600, 2);
  const addresses: Readonly<Record<string, string>> = {
    'https://holdfast.example.org': `http://127.0.0.1:${String(port)}`,
    'https://edge.madrid.example.org': `http://127.0.0.1:${String(port + 1)}`,
  };
  const here = (word: string): string => addresses[word] ?? word;
  const { PATH = '', HOME = '' } = process.env;
  const env: Record<string, string> = { PATH, HOME, LANG: 'C' };
  const run = promisify(execFile);
  const program = path.join(packageRoot(), 'dist/central/cli/holdfast.js');

  for (const step of steps) {
    const [command = '', ...args] = words(step);
    if (command === 'export') {
      for (const [, name = '', value = ''] of args.map((each) => /^(\w+)=(.*)$/.exec(each) ?? []))
        env[name] = here(value);
      continue;
    }
    expect(command).toBe('holdfast');
    if (args[0] === 'status') await startEdge();
    let said = '';
    // What the guide promises of it may take a moment more, after the edge's first exchange with the centre.
    await eventually(async () => {
      const { stdout, stderr } = await run(process.execPath, [program, ...args.map(here)], {
        cwd: folder,
        env,
      });
      expect(stderr, step).toBe('');
      said = stdout;
      return (PROMISED[args[0] === 'edge' ? `edge ${args[1] ?? ''}` : (args[0] ?? '')] ?? /\S/).test(said);
    }, READY_MS_MAX);
    if (args[0] === 'centre') await startCentre(/HOLDFAST_BOOTSTRAP_TOKEN_HASH=(\S+)/.exec(said)?.[1] ?? '');
  }
  expect(nodes).toHaveLength(2);

  async function startCentre(bootstrapTokenHash: string): Promise<void> {
    const identityFile = path.join(folder, 'centre/identity.json');
    const parts = { dataFolder: path.join(folder, 'centre-data'), logFile: path.join(folder, 'centre.log') };
    nodes.push(await startCentreProcess({ ...parts, identityFile, port, bootstrapTokenHash }));
  }

  /** What `install.sh` does on the box; the guide goes on when the edge is ready. */
  async function startEdge(): Promise<void> {
    const edge = await startEdgeProcess({
      ...{
        name: 'edge-madrid',
        dataFolder: path.join(folder, 'edge-data'),
        port: port + 1,
        centrePort: port,
      },
      credentialsFolder: path.join(folder, 'edge-madrid'),
      logFile: path.join(folder, 'edge.log'),
    });
    nodes.push(edge);
    await eventually(async () => {
      const answer = await fetch(`${edge.url}/readyz`).catch(() => null);
      await answer?.body?.cancel();
      return answer?.ok === true;
    }, READY_MS_MAX);
  }
});
