/** A centre on a machine with systemd, put there from a signed release and upgraded to others, while edges escrow. */
import { mkdir, readFile, readdir, realpath, writeFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import type { Fleet } from '../../central/fleet/fleet.ts';
import { nodePlatform } from '../../central/platform.ts';
import { staffTokenHash } from '../../shared/staff/token.ts';
import { LocalCluster } from '../../central/local/cluster.ts';
import { packageRoot } from '../../central/local/processes.ts';
import { run, scratchFolder, until } from '../support/appliance.ts';
import { afterFile } from '../support/cleanup.ts';
import { disagreements, freePorts, openFleet, untilNone } from '../support/cluster.ts';
import { load } from '../support/load.ts';
import { Machine, missingForMachine } from '../support/machine.ts';
import { buildVariant, oneMoreMigration, packVariantCentre, signFolder } from '../support/release.ts';

const EDGE = 'edge-madrid';
const PLAN = {
  regions: [{ id: 'centro', name: 'Centro' }],
  edges: [{ name: EDGE, siteId: 'madrid', siteName: 'Madrid', regionId: 'centro', helpdesk: true }],
} as const;

/** Says that it cannot write, and is not ready. */
const OPERATIONS = 'shared/http/routes/operations.ts';
const NEVER = [
  { file: OPERATIONS, from: 'ready: waitingFor.length === 0', to: 'ready: false && true' },
  { file: OPERATIONS, from: '...(storage ?', to: '...(true ?' },
];

const isHidden = /^\/(tmp|var\/tmp|home|root|run\/user)\//.test(packageRoot());

describe('an upgrade of a centre', { timeout: 90_000 }, () => {
  let folder: string;
  let machine: Machine;
  let cluster: LocalCluster;
  let fleet: Fleet;
  let notBooted: string | null = null;
  const acknowledged = new Set<string>();

  beforeAll(async () => {
    expect(inject('buildError')).toBeNull();
    if (missingForMachine.length > 0 || isHidden) return;
    folder = await scratchFolder();
    const port = await freePorts(22_640, 2);
    cluster = await LocalCluster.prepare(path.join(folder, 'cluster'), PLAN, port);
    afterFile(() => cluster.stopAll());
    machine = await Machine.make(path.join(folder, 'machine'));
    const opt = path.join(machine.root, 'opt');
    await mkdir(opt);
    await buildVariant(path.join(opt, 'holdfast-centre'), { version: '0.1.0' });
    await releases();
    await writeFile(path.join(machine.root, 'identity.json'), JSON.stringify(cluster.secrets.centre));
    const modules = await realpath(path.join(packageRoot(), 'node_modules'));
    notBooted = await machine.boot([packageRoot(), modules]);
    if (notBooted !== null) return;
    const first = staffTokenHash(nodePlatform, cluster.secrets.tokens.administrator);
    const settings = [`HOLDFAST_PORT=${port}`, `HOLDFAST_BOOTSTRAP_TOKEN_HASH=${first}`];
    await holdfast('install', 'centre', '--identity', '/identity.json', '--set', ...settings);
    await cluster.ready(cluster.centreUrl);
    await cluster.configure();
    await cluster.startEdge(EDGE);
    await cluster.ready(cluster.edgeUrl(EDGE));
    fleet = await openFleet(cluster, { devices: 40, seed: 'centre-upgrade', sites: ['madrid'] });
    await fleet.enrolAll();
  }, 90_000);

  beforeEach(({ skip }) => {
    skip(missingForMachine.length > 0, `needs ${missingForMachine.join(', ')}`);
    skip(isHidden, 'lies where a hardened unit cannot see it');
    skip(notBooted !== null, `systemd does not boot in a container here: ${notBooted ?? ''}`);
  });

  async function releases(): Promise<void> {
    const stick = path.join(machine.root, 'stick');
    const make = async (
      name: string,
      version: string,
      changes: Parameters<typeof buildVariant>[1]['changes'],
    ) => {
      const built = await buildVariant(path.join(folder, name), { version, ...(changes ? { changes } : {}) });
      await packVariantCentre(built, path.join(stick, name));
      await signFolder(path.join(stick, name), version, cluster.secrets.organisationKey);
    };
    const more = oneMoreMigration('CREATE TABLE later (x integer)');
    await make('never', '0.2.0', [...NEVER, more]);
    await make('good', '0.3.0', [more]);
    await make('crashing', '0.2.1', [
      {
        file: 'central/main.ts',
        from: 'const logger',
        to: "process.stderr.write('holdfast: broken\\n');\nprocess.exit(7);\nconst logger",
      },
    ]);
    await mkdir(path.join(stick, 'changed'));
    await run('cp', ['-r', `${stick}/good/.`, `${stick}/changed`]);
    await run('sh', ['-c', `printf x >>${stick}/changed/holdfast-centre.tar.gz`]);
  }

  const units = () => path.join(machine.root, 'etc/systemd/system');

  /** As root on that machine; what it printed as JSON, and its exit code. */
  async function holdfast(...args: string[]): Promise<{ code: number; said: Record<string, unknown> }> {
    const answer = z.record(z.string(), z.unknown());
    const unit = await readFile(path.join(units(), 'holdfast-centre.service'), 'utf8').catch(() => '');
    const home = /^WorkingDirectory=(.*)$/m.exec(unit)?.[1] ?? '/opt/holdfast-centre';
    const command = [process.execPath, `${home}/dist/central/cli/holdfast.js`, '--json', ...args];
    return machine.run(...command).then(
      (said) => ({ code: 0, said: answer.parse(JSON.parse(said)) }),
      (error: unknown) => {
        const failed = z.object({ code: z.number().nullable(), stderr: z.string() }).parse(error);
        return {
          code: failed.code ?? -1,
          said: answer.parse(JSON.parse(/\{[^]*$/.exec(failed.stderr)?.[0] ?? '{}')),
        };
      },
    );
  }

  async function running(): Promise<string> {
    const answer: unknown = await (await fetch(`${cluster.centreUrl}/readyz`)).json();
    return z.object({ version: z.string() }).parse(answer).version;
  }

  /** Edges go on whatever becomes of the centre, and it catches up. */
  async function underLoad<T>(work: () => Promise<T>): Promise<T> {
    const over = new AbortController();
    const loading = (async () => {
      while (!over.signal.aborted) {
        const { keyIds } = await load(fleet, 'escrow', cluster.edgeUrl(EDGE), 8);
        expect(keyIds).toHaveLength(8);
        for (const keyId of keyIds) acknowledged.add(keyId);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    })();
    try {
      return await work();
    } finally {
      over.abort();
      await loading;
    }
  }

  it('refuses what is not whole, and says in a dry run what it would do', async () => {
    expect(await holdfast('upgrade', '/stick/changed')).toMatchObject({
      code: 1,
      said: { fault: 'file-differs', title: 'holdfast-centre.tar.gz is not the file that was signed.' },
    });
    expect(await holdfast('upgrade', '/stick/good', '--dry-run')).toMatchObject({
      code: 0,
      said: { outcome: 'dry-run', from: '0.1.0', to: '0.3.0' },
    });
    expect(await readdir(path.join(machine.root, 'opt'))).toEqual(['holdfast-centre']);
  });

  it('goes no further than its trial with a program that does not start', async () => {
    const pid = await machine.unit('holdfast-centre.service', 'MainPID');
    expect(await holdfast('upgrade', '/stick/crashing')).toMatchObject({
      code: 1,
      said: { fault: 'trial-failed', title: 'It does not run on this machine: broken' },
    });
    expect(await readdir(path.join(machine.root, 'opt'))).toEqual(['holdfast-centre']);
    expect(await machine.unit('holdfast-centre.service', 'MainPID')).toBe(pid);
  });

  it('goes back when it does not become ready, and edges lose nothing meanwhile', async () => {
    const result = await underLoad(() => holdfast('upgrade', '/stick/never', '--within', '4'));
    expect(result).toMatchObject({
      code: 1,
      said: { outcome: 'went-back', from: '0.1.0', to: '0.2.0', why: 'not-ready', isBack: true },
    });
    expect(await running()).toBe('0.1.0');
    await cluster.ready(cluster.centreUrl);
    await untilNone(() => disagreements(cluster), 20_000);
  });

  it('is taken back by whatever runs next when it is killed', async () => {
    const upgrading = holdfast('upgrade', '/stick/never', '--within', '60').catch(() => null);
    await until('the new version answers', 30_000, async () => (await running()) === '0.2.0');
    await machine.run('pkill', '-KILL', '-f', 'holdfast.js --json upgrade');
    await upgrading;
    expect(await running()).toBe('0.2.0');
    // As at the start of the machine after a power cut.
    await machine.run('systemctl', 'start', 'holdfast-centre-recover.service');
    await until('0.1.0 answers', 30_000, async () => (await running()) === '0.1.0');
    expect(await readdir(path.join(machine.root, 'opt'))).toEqual(['holdfast-centre']);
    await untilNone(() => disagreements(cluster), 20_000);
  });

  it('stays when it becomes ready, with what it held and the version before it beside it', async () => {
    const result = await underLoad(() => holdfast('upgrade', '/stick/good'));
    expect(result).toMatchObject({ code: 0, said: { outcome: 'upgraded', from: '0.1.0', to: '0.3.0' } });
    expect(await running()).toBe('0.3.0');
    await cluster.ready(cluster.centreUrl);
    await untilNone(() => disagreements(cluster), 20_000);
    expect(acknowledged.size).toBeGreaterThan(50);
    expect((await readdir(path.join(machine.root, 'opt'))).sort()).toEqual([
      'holdfast-centre',
      'holdfast-centre-0.3.0',
    ]);
    const unit = await readFile(path.join(units(), 'holdfast-centre-recover.service'), 'utf8');
    expect(unit).toContain('WorkingDirectory=/opt/holdfast-centre-0.3.0');
    expect(await holdfast('upgrade', '/stick/good')).toMatchObject({ said: { outcome: 'already' } });
    expect(await holdfast('upgrade', '/stick/never')).toMatchObject({ code: 1, said: { fault: 'older' } });
    expect(await machine.run('systemd-analyze', 'verify', 'holdfast-centre-recover.service')).toBe('');
  });
});
