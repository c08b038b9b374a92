/** `npm start` from an empty folder to its end, and again: what it prints works, what it keeps stays, nothing is left. */
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readRunFile, type RunFile, runFilePath } from '../../central/local/run-file.ts';
import { freePorts } from '../support/cluster.ts';
import { holdfast, isAlive, processesOf, shell, Start, temporaryFolder, until } from './program.ts';

const PASSWORD = /^ {4}\d{6}(-\d{6}){7}$/m;
const NODES = 4;

describe('npm start', { timeout: 120_000 }, () => {
  let folder: string;
  let settings: Record<string, string>;
  let start: Start;
  let run: RunFile;

  const again = async (): Promise<void> => {
    start = new Start(folder, settings);
    run = await start.ready();
  };

  beforeAll(async () => {
    folder = await temporaryFolder();
    settings = { HOLDFAST_PORT: String(await freePorts(10_240, NODES)), HOLDFAST_FLEET: '12' };
    await again();
  }, 120_000);

  it('comes to ready in an empty folder, and says what it printed in run.json', async () => {
    expect((await stat(runFilePath(folder))).mode & 0o777).toBe(0o600);
    expect((await stat(path.join(folder, 'secrets.json'))).mode & 0o777).toBe(0o600);
    expect(run).toMatchObject({
      centre: {
        name: 'centre',
        url: `http://127.0.0.1:${settings['HOLDFAST_PORT'] ?? ''}`,
        state: 'running',
      },
      edges: [{ helpdesk: true }, { helpdesk: true }, { helpdesk: false }],
      fleet: { devices: 12 },
    });
    expect(processesOf(run).every(isAlive)).toBe(true);
    expect(start.text).toContain('Holdfast is ready.');
    for (const text of [run.centre.url, ...run.edges.map(({ url }) => url), run.tokens.helpdesk])
      expect(start.text).toContain(text);
    for (const line of run.commands.flatMap((command) => command.split('\n')))
      expect(start.text).toContain(line);
  });

  it('prints three commands that do what is said of them', async () => {
    const [retrieve = '', retrieveWithoutCentre = '', converge = ''] = run.commands;
    const first = await shell(retrieve);
    expect(first).toMatchObject({ code: 0, err: '' });
    expect(first.out).toMatch(PASSWORD);
    expect(first.out).toContain(run.edges[0]?.url);

    const second = await shell(retrieveWithoutCentre);
    expect(second).toMatchObject({ code: 0, err: '' });
    expect(second.out).toMatch(PASSWORD);
    expect(isAlive(run.centre.pid)).toBe(false);
    expect(await readRunFile(folder)).toMatchObject({ centre: { state: 'stopped', pid: null } });

    const third = await shell(converge);
    expect(third).toMatchObject({ code: 0, err: '' });
    expect(third.out).toContain('Converged: every node holds the same logs and the same tables.');
    expect((await holdfast(['--data', folder, 'compare'])).code).toBe(0);
  });

  it('starts an edge again that was killed, and announces a centre that was', async () => {
    const before = await readRunFile(folder);
    const edge = before?.edges[1];
    process.kill(edge?.pid ?? 0, 'SIGKILL');
    process.kill(before?.centre.pid ?? 0, 'SIGKILL');
    await until(() => start.text.includes(`${edge?.name ?? ''} is running again`), 20_000);
    expect(start.text).toContain('The centre has ended (SIGKILL)');
    const after = await readRunFile(folder);
    expect(after).toMatchObject({ centre: { state: 'ended' }, edges: [{}, { state: 'running' }, {}] });
    expect(after?.edges[1]?.pid).not.toBe(edge?.pid);
    expect((await holdfast(['--data', folder, 'centre', 'start'])).code).toBe(0);
  });

  it('lets nobody else into its folder or onto its ports', async () => {
    const sameFolder = new Start(folder, {
      ...settings,
      HOLDFAST_PORT: String(await freePorts(10_260, NODES)),
    });
    const refused = await sameFolder.finished();
    expect(refused.code).toBe(2);
    expect(refused.err).toContain(
      `HOLDFAST_DATA (${folder}) is in use by another Holdfast (process ${String(run.pid)}`,
    );
    const samePort = await new Start(await temporaryFolder(), settings).finished();
    expect(samePort.code).toBe(2);
    expect(samePort.err).toMatch(
      /^holdfast: Port \d+ cannot be used: another program uses it\. HOLDFAST_PORT/m,
    );
  });

  it('ends whole at Ctrl-C, which reaches it twice', async () => {
    const pids = processesOf((await readRunFile(folder)) ?? run);
    start.signal('SIGINT');
    expect(await start.finished()).toMatchObject({ code: 0, err: '' });
    expect(start.text.match(/Stopping/g)).toHaveLength(1);
    expect(pids.filter(isAlive)).toEqual([]);
    await expect(readFile(runFilePath(folder))).rejects.toThrow('ENOENT');
  });

  it('goes on with the same data, and leaves no process behind when it is killed', async () => {
    const { organisation } = run;
    await again();
    expect(run.organisation).toEqual(organisation);
    expect(start.text).toContain('Every device is enrolled already');
    const audit = await holdfast(['--data', folder, '--json', 'report', 'audit']);
    const disclosures = /"code": "disclosure"/g;
    expect(audit.out.match(disclosures)).toHaveLength(2);

    const pids = processesOf(run);
    start.signal('SIGKILL');
    await start.finished();
    await until(() => pids.filter(isAlive).length === 0, 20_000);
  });

  it('starts at once after it was killed, and ends whole at SIGTERM', async () => {
    await again();
    const pids = processesOf(run);
    start.signalNpm('SIGTERM');
    await start.finished();
    await until(() => pids.filter(isAlive).length === 0, 20_000);
    expect(start.text).toContain('Everything has stopped.');
  });
});
