/** A centre installed on a machine with systemd: started, snapshotted by its unit and by an administrator, taken off. */
import { readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { packageRoot } from '../../central/local/processes.ts';
import { generateVault } from '../../shared/vault/seal.ts';
import { scratchFolder, until } from '../support/appliance.ts';
import { freePorts } from '../support/cluster.ts';
import { centreIdentity } from '../support/install.ts';
import { Machine, missingForMachine } from '../support/machine.ts';
import { makePrivateKey } from '../support/organisation.ts';

describe('a centre under systemd', { timeout: 120_000 }, () => {
  let machine: Machine;
  let port = 0;
  let notBooted: string | null = null;

  beforeAll(async () => {
    expect(inject('buildError')).toBeNull();
    if (missingForMachine.length > 0) return;
    port = await freePorts(11_640, 1);
    machine = await Machine.make(path.join(await scratchFolder(), 'machine'));
    const { key } = await generateVault('organisation-1');
    const identity = await centreIdentity(await makePrivateKey(), [key]);
    await writeFile(path.join(machine.root, 'identity.json'), JSON.stringify(identity));
    notBooted = await machine.boot([packageRoot()]);
  }, 90_000);

  beforeEach(({ skip }) => {
    skip(missingForMachine.length > 0, `needs ${missingForMachine.join(', ')}`);
    // The units have a private /tmp and see no home: a program that lies there is not there for them.
    skip(
      /^\/(tmp|var\/tmp|home|root|run\/user)\//.test(packageRoot()),
      'lies where a hardened unit cannot see it',
    );
    skip(notBooted !== null, `systemd does not boot in a container here: ${notBooted ?? ''}`);
  });

  /** As root on that machine. */
  function holdfast(...args: string[]): Promise<string> {
    const program = path.join(packageRoot(), 'dist/central/cli/holdfast.js');
    return machine.run(process.execPath, program, ...args);
  }

  const readiness = async () => (await fetch(`http://127.0.0.1:${String(port)}/readyz`)).status;

  it('runs after its installation, as nobody in particular, over what root installed', async () => {
    const settings = [`HOLDFAST_PORT=${String(port)}`, 'HOLDFAST_SNAPSHOT_PLAIN=yes'];
    const said = await holdfast('install', 'centre', '--identity', '/identity.json', '--set', ...settings);
    expect(said).toMatch(/is running/);
    await until('the centre is ready', 30_000, async () => (await readiness()) === 200);
    const pid = await machine.unit('holdfast-centre.service', 'MainPID');
    expect(await machine.run('cat', `/proc/${pid}/status`)).toMatch(/^Uid:\s+6\d{4}\b/m);
    expect(await machine.unit('holdfast-centre.service', 'UnitFileState')).toBe('enabled');
  });

  it('is snapshotted by its unit, and by an administrator, whose files the centre can read', async () => {
    await machine.run('systemctl', 'start', 'holdfast-snapshot.service');
    await holdfast('snapshot', 'create');
    const listed: unknown = JSON.parse(await holdfast('--json', 'snapshot', 'list'));
    expect(listed).toMatchObject({ snapshots: [{}, {}], last: { ok: true } });
    const owners = await machine.run(
      'sh',
      '-c',
      "find -H /var/lib/holdfast-centre/ -printf '%U\\n' | sort -u",
    );
    expect(owners).toMatch(/^6\d{4}$/);
    expect(await machine.unit('holdfast-snapshot.service', 'Result')).toBe('success');
    await machine.run('systemctl', 'enable', '--now', 'holdfast-snapshot.timer');
    expect(await machine.unit('holdfast-snapshot.timer', 'ActiveState')).toBe('active');
  });

  it('is installed again while it runs, and changes what is given', async () => {
    const said = await holdfast('install', 'centre', '--set', 'HOLDFAST_SNAPSHOT_EVERY=6h');
    expect(said).toMatch(/; 1 files and folders were made or changed/);
    await until('the centre is ready', 30_000, async () => (await readiness()) === 200);
    const env = await readFile(path.join(machine.root, 'etc/holdfast/centre.env'), 'utf8');
    expect(env).toContain('HOLDFAST_SNAPSHOT_EVERY=6h');
  });

  it('is stopped and taken off, and its data stays', async () => {
    expect(await holdfast('uninstall', 'centre')).toMatch(/data stay/);
    await expect(readiness()).rejects.toThrow();
    expect(await machine.unit('holdfast-centre.service', 'LoadState')).toBe('not-found');
    const left = await readdir(path.join(machine.root, 'var/lib/private/holdfast-centre'));
    expect(left).toEqual(expect.arrayContaining(['recovery.db', 'compliance.db', 'snapshots', 'writers']));
  });
});
