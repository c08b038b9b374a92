/** `npm run dev:central` and `npm run dev:edge` in a fresh folder: they serve, find each other, and stop on Ctrl-C. */
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../central/local/processes.ts';
import { Foreground, scratchFolder, until } from '../support/appliance.ts';
import { freePorts } from '../support/cluster.ts';

describe('local development', { timeout: 90_000 }, () => {
  let folder: string;
  let port: number;
  let edge: Foreground;

  const npmRun = (script: string, ...args: string[]) =>
    new Foreground('npm', ['--prefix', packageRoot(), 'run', '--silent', script, '--', ...args], {
      PATH: process.env['PATH'] ?? '',
      HOME: folder,
      HOLDFAST_DATA: folder,
      HOLDFAST_PORT: String(port),
    });
  const get = (at: number, where: string) => fetch(`http://127.0.0.1:${at}${where}`);

  beforeAll(async () => {
    folder = await scratchFolder();
    port = await freePorts(10_370, 3);
    edge = npmRun('dev:edge', '--port', String(port + 1), '--inspector-port', String(port + 2));
  });

  it('serves an edge under wrangler with an identity of its own', async () => {
    const document = await until('the edge serves', 60_000, async () => {
      const answer = await get(port + 1, '/openapi.json');
      return answer.ok && answer.json();
    });
    expect(document).toMatchObject({ openapi: '3.1.0', info: { title: 'Holdfast' } });
    expect(await (await get(port + 1, '/readyz')).json()).toMatchObject({ name: 'edge-dev', ready: false });
    expect(edge.output).not.toMatch(/update available|Unable to fetch|ENOTFOUND/);
    const made = path.join(folder, 'development');
    for (const file of ['secrets.json', 'wrangler/edge.env'])
      expect([file, (await stat(path.join(made, file))).mode & 0o777]).toEqual([file, 0o600]);
    expect(await readdir(path.join(packageRoot(), 'edge'))).not.toContain('.dev.vars');
  });

  it('finds its centre when that is started, and both stop on Ctrl-C', async () => {
    const centre = npmRun('dev:central');
    await until('the edge is ready', 60_000, async () => (await get(port + 1, '/readyz')).ok);
    // The edge may find it before it has said so.
    const says = `The development centre serves at http://127.0.0.1:${port}`;
    await until('the centre says where it serves', 10_000, () =>
      Promise.resolve(centre.output.includes(says)),
    );
    expect(await Promise.all([edge.stop('SIGINT'), centre.stop('SIGINT')])).toEqual([0, 0]);
    await expect(get(port, '/healthz')).rejects.toThrow();
    await expect(get(port + 1, '/healthz')).rejects.toThrow();
  });
});
