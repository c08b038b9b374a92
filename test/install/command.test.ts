/**
 * `holdfast install centre` as an administrator types it: what it prints and how it ends; a centre starts on what it
 * installed; and the snapshot commands find that centre without being told where it is.
 */
import { spawnSync } from 'node:child_process';
import { chown, lstat, mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { ALL_UNITS } from '../../central/install/units.ts';
import { packageRoot, startCentreProcess } from '../../central/local/processes.ts';
import { WriterRegister, fileWriter } from '../../central/snapshot/writers.ts';
import { programAt } from '../support/appliance.ts';
import { freePorts } from '../support/cluster.ts';
import { type BareMachine, bareMachine, photograph } from '../support/install.ts';

const analyze = programAt('/usr/bin/systemd-analyze');

describe('holdfast install', { timeout: 60_000 }, () => {
  let machine: BareMachine;

  beforeAll(async () => {
    expect(inject('buildError')).toBeNull();
    machine = await bareMachine();
  });

  let language = {};

  function holdfast(...args: string[]) {
    const program = path.join(packageRoot(), 'dist/central/cli/holdfast.js');
    const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
      encoding: 'utf8',
      cwd: machine.root,
      env: { PATH: process.env['PATH'], HOLDFAST_INSTALL_ROOT: machine.root, ...language },
    });
    return { status, stdout, stderr };
  }

  it('refuses with one sentence, and says that nothing was changed', async () => {
    const before = await photograph(machine.root);
    const refused = holdfast('install', 'centre');
    expect(refused).toMatchObject({ status: 1, stdout: '' });
    expect(refused.stderr.replace(/\s+/g, ' ')).toBe(
      'holdfast: Give the identity made for this centre: --identity FILE. Nothing was installed: the machine is as it was. ',
    );
    language = { LANG: 'es_ES.UTF-8' };
    const otherwise = holdfast('install', 'centre', '--set', 'PATH=/x');
    language = {};
    expect([otherwise.status, otherwise.stderr.replace(/\s+/g, ' ')]).toEqual([
      1,
      'holdfast: "PATH=/x" no es un ajuste que se pueda dar: HOLDFAST_NOMBRE=VALOR. No se instaló nada: la máquina está como estaba. ',
    ]);
    expect(holdfast('snapshot', 'list').status).toBe(2);
    expect(await photograph(machine.root)).toEqual(before);
  });

  it('installs, names the writers that it registered, and is found by the snapshot commands', async () => {
    const args = ['--identity', machine.identityFile, '--set', 'HOLDFAST_SNAPSHOT_PLAIN=yes'];
    const installed = holdfast('install', 'centre', ...args);
    expect(installed.status).toBe(0);
    expect(installed.stdout).toMatch(/Recovery Store Writer [a-z2-7]{16}: registered, trial snapshot passed/);
    expect(installed.stdout).toContain('No snapshots are scheduled yet');
    expect(holdfast('snapshot', 'create')).toMatchObject({ status: 0 });
    expect(holdfast('writers', 'list').stdout).toMatch(
      /Holdfast Compliance Store Writer +[a-z2-7]{16}.* STABLE/,
    );
  });

  it('has a centre start on what it installed', async () => {
    const port = await freePorts(11_620, 1);
    const centre = await startCentreProcess({
      ...{ dataFolder: machine.layout.data, identityFile: machine.layout.identity, port },
      ...{ bootstrapTokenHash: 'A'.repeat(43), logFile: path.join(machine.root, '../centre.log') },
    });
    try {
      const answer = await fetch(`${centre.url}/readyz`);
      expect([answer.status, await answer.json()]).toMatchObject([200, { ready: true, role: 'centre' }]);
      // An upgrade with nothing to migrate is nothing that it has to be stopped for.
      expect(holdfast('install', 'centre').stdout).toContain('nothing had to be changed');
    } finally {
      await centre.stop();
    }
  });

  it('undoes first what an interrupted installation left, whatever command is run next', async () => {
    const state = path.join(machine.layout.state, '.holdfast-install');
    await mkdir(path.join(state, 'saved'), { recursive: true });
    const left = path.join(machine.root, 'etc/holdfast/left');
    await writeFile(left, 'half');
    const line = { step: 'settings', undo: { kind: 'remove', path: left } };
    await writeFile(path.join(state, 'journal'), `${JSON.stringify(line)}\n{"step":"uni`);
    expect(holdfast('writers', 'list').stderr).toContain('was undone first');
    const seen = await photograph(machine.root);
    expect(seen['etc/holdfast/left']).toBeUndefined();
    expect(seen['var/lib/.holdfast-install']).toBeUndefined();
  });

  it.skipIf(process.getuid?.() !== 0)(
    'leaves to the centre what is made as root beside its files',
    async () => {
      const { data } = machine.layout;
      for (const name of ['.', ...(await readdir(data, { recursive: true }))])
        await chown(path.join(data, name), 61_234, 61_234);
      expect(holdfast('snapshot', 'create').status).toBe(0);
      const owners = new Set<number>();
      for (const name of await readdir(data, { recursive: true }))
        owners.add((await lstat(path.join(data, name))).uid);
      expect([...owners]).toEqual([61_234]);
    },
  );

  it('installs units that systemd finds no fault with', async ({ skip }) => {
    skip(analyze === null, 'needs systemd-analyze');
    const units = ALL_UNITS.map((name) => path.join(machine.layout.units, name));
    const { stdout, stderr } = spawnSync(analyze ?? '', ['verify', '--man=no', ...units], {
      encoding: 'utf8',
    });
    expect(`${stdout}${stderr}`.split('\n').filter((each) => each.includes('holdfast'))).toEqual([]);
    const unit = await readFile(path.join(machine.layout.units, 'holdfast-centre.service'), 'utf8');
    expect(unit).toContain(`WorkingDirectory=${packageRoot()}\n`);
  });

  it('takes the centre off again', () => {
    expect(holdfast('uninstall', 'centre')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('Settings and data stay'),
    });
    expect(holdfast('writers', 'list').stdout).toContain('No writer is registered here');
    expect(holdfast('uninstall', 'centre').stdout).toContain('No centre is installed here');
    expect(holdfast('uninstall', 'edge').status).toBe(2);
  });

  /** The requirement that the project began with. */
  it('"With the two databases on different servers, each server registers an instance of its own"', async () => {
    const register = new WriterRegister(path.join(machine.root, '../writers'));
    const kind = (server: string) => fileWriter(`/srv/${server}.db`);
    const there = await register.register('recovery', 'alpha', kind('alpha'));
    const here = await register.register('compliance', 'beta', kind('beta'));
    const second = await register.register('recovery', 'beta', kind('second'));
    expect(new Set([there.instance, here.instance, second.instance]).size).toBe(3);
    expect((await register.list()).map(({ store, server }) => `${store} ${server}`)).toEqual([
      'recovery alpha',
      'recovery beta',
      'compliance beta',
    ]);
    expect(await register.register('recovery', 'alpha', kind('alpha'))).toEqual(there);
  });
});
