/**
 * Upgrading a branch's box as it is: systemd runs the appliance, PCs escrow all the while, and what was acknowledged is
 * counted afterwards. (The installer's and the upgrader's own edges are in test/install, without a machine.)
 */
import { chmod, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import type { Fleet } from '../../central/fleet/fleet.ts';
import { inParallel } from '../../central/fleet/work.ts';
import { LocalCluster } from '../../central/local/cluster.ts';
import { packageRoot } from '../../central/local/processes.ts';
import { buildAppliance, programAt, run, scratchFolder, until } from '../support/appliance.ts';
import { afterFile } from '../support/cleanup.ts';
import { disagreements, disclose, freePorts, openFleet, search, untilNone } from '../support/cluster.ts';
import { load } from '../support/load.ts';
import { Machine, missingForMachine } from '../support/machine.ts';
import {
  type Change,
  buildVariant,
  oneMoreMigration,
  packVariantEdge,
  signFolder,
} from '../support/release.ts';
import { Authority, startHaproxy } from '../support/tls.ts';

const CENTRE = 'centre.holdfast.test';
const EDGE = 'edge-madrid';
const PLAN = {
  regions: [{ id: 'centro', name: 'Centro' }],
  edges: [{ name: EDGE, siteId: 'madrid', siteName: 'Madrid', regionId: 'centro', helpdesk: true }],
} as const;

const haproxy = programAt('/usr/sbin/haproxy');
const missing = [
  ...missingForMachine,
  ...(haproxy ? [] : ['haproxy']),
  ...(programAt('/usr/bin/openssl') ? [] : ['openssl']),
];

/** Serves, says that it does not, and has changed the tables and their rules by then. */
const NEVER_READY: readonly Change[] = [
  {
    file: 'shared/http/routes/operations.ts',
    from: 'ready: waitingFor.length === 0',
    to: 'ready: false && true',
  },
  oneMoreMigration('CREATE TABLE later (x integer)'),
];

/** Runs where the installer tries it, and nowhere else. */
const CRASHES = `#!/bin/sh
case "$*" in *trial*) exec /opt/holdfast/holdfast-edge "$@" ;; esac
sleep 0.3
exit 1
`;

describe('an upgrade of a box under load', { timeout: 90_000 }, () => {
  let folder: string;
  let machine: Machine;
  let cluster: LocalCluster;
  let fleet: Fleet;
  let notBooted: string | null = null;
  const acknowledged = new Set<string>();

  beforeAll(async () => {
    expect(inject('buildError')).toBeNull();
    if (missing.length > 0) return;
    folder = await scratchFolder();
    const port = await freePorts(22_600, 5);
    const authority = await Authority.make(folder, 'authority');
    await authority.issue(CENTRE, 'centre');
    startHaproxy(haproxy ?? '', 'front', {
      HOLDFAST_TLS_LISTEN: `127.0.0.1:${port + 3}`,
      HOLDFAST_TLS_CERTIFICATE: path.join(folder, 'centre.crt'),
      HOLDFAST_PORT: String(port),
    });
    cluster = await LocalCluster.prepare(
      path.join(folder, 'cluster'),
      // Every acknowledged key is searched for.
      { ...PLAN, disclosuresPerHour: 10_000 },
      port,
    );
    afterFile(() => cluster.stopAll());
    await cluster.startCentre();
    await cluster.configure();

    machine = await Machine.make(path.join(folder, 'machine'));
    await buildAppliance(folder);
    await unpack(path.join(folder, 'holdfast-edge.tar.gz'), path.join(folder, 'unpacked'));
    await run(
      'sh',
      [
        path.join(folder, 'unpacked/holdfast-edge/install.sh'),
        ...['--identity', path.join(cluster.folder, 'edges', EDGE, 'credentials/identity.json')],
        ...['--centre', `127.0.0.1:${port + 3}`, '--centre-name', CENTRE],
        ...['--centre-ca', authority.certificateFile],
      ],
      { env: { PATH: process.env['PATH'], HOLDFAST_INSTALL_ROOT: machine.root } },
    );
    const env = path.join(machine.root, 'etc/holdfast/holdfast.env');
    const text = await readFile(env, 'utf8');
    await writeFile(
      env,
      text.replace('PORT=8701', `PORT=${port + 1}`).replace('PORT=8790', `PORT=${port + 2}`),
    );
    const units = ['holdfast-edge.service', 'holdfast-edge-recover.service', 'holdfast-tls@uplink.service'];
    await run('systemctl', [`--root=${machine.root}`, 'enable', ...units]);
    await releases();
    notBooted = await machine.boot();
    if (notBooted !== null) return;
    await until('the edge is ready', 30_000, async () => (await running()).ready);
    fleet = await openFleet(cluster, { devices: 20, seed: 'upgrade', sites: ['madrid'] });
    await fleet.enrolAll();
  }, 90_000);

  beforeEach(({ skip }) => {
    skip(missing.length > 0, `needs ${missing.join(', ')}`);
    skip(notBooted !== null, `systemd does not boot in a container here: ${notBooted ?? ''}`);
  });

  async function unpack(archive: string, to: string): Promise<void> {
    await mkdir(to, { recursive: true });
    await run('tar', ['--extract', `--file=${archive}`, `--directory=${to}`]);
  }

  /** The releases that are put on, where the machine sees them: as on a stick. */
  async function releases(): Promise<void> {
    const stick = path.join(machine.root, 'stick');
    const sign = (name: string, version: string) =>
      signFolder(path.join(stick, name), version, cluster.secrets.organisationKey);
    const never = { version: '0.2.0', changes: NEVER_READY };
    await packVariantEdge(await buildVariant(path.join(folder, 'never'), never), path.join(stick, 'never'));
    await sign('never', '0.2.0');
    const good = { version: '0.3.0', changes: [oneMoreMigration('CREATE TABLE later (x integer)')] };
    await packVariantEdge(await buildVariant(path.join(folder, 'good'), good), path.join(stick, 'good'));
    await sign('good', '0.3.0');
    const crashing = path.join(folder, 'crashing');
    await cp(path.join(folder, 'unpacked'), crashing, { recursive: true });
    const executable = path.join(crashing, 'holdfast-edge/holdfast-edge');
    await writeFile(executable, CRASHES);
    await chmod(executable, 0o755);
    const facts = path.join(crashing, 'holdfast-edge/RELEASE');
    await writeFile(facts, (await readFile(facts, 'utf8')).replace('version 0.1.0', 'version 0.2.1'));
    await mkdir(path.join(stick, 'crashing'));
    const archive = path.join(stick, 'crashing/holdfast-edge.tar.gz');
    await run('tar', ['--create', '--gzip', `--file=${archive}`, `--directory=${crashing}`, 'holdfast-edge']);
    await sign('crashing', '0.2.1');
  }

  const url = () => cluster.edgeUrl(EDGE);

  async function running() {
    const answer = z.looseObject({ version: z.string(), ready: z.boolean(), wanted: z.string().nullable() });
    return answer.parse(await (await fetch(`${url()}/readyz`)).json());
  }

  function upgrade(release: string, ...options: string[]): Promise<{ code: number | null; said: string }> {
    return machine.run('sh', '/opt/holdfast/upgrade.sh', `/stick/${release}`, ...options).then(
      (said) => ({ code: 0, said }),
      (error: unknown) => {
        const failed = z.object({ code: z.number().nullable(), stderr: z.string() }).parse(error);
        return { code: failed.code, said: failed.stderr.trim() };
      },
    );
  }

  const metrics = async () => (await fetch(`${cluster.centreUrl}/metrics`)).text();

  /** At the centre, as an administrator: what edges are to run. */
  async function stage(release: string | null, ...options: string[]): Promise<unknown> {
    const from = release === null ? [] : ['--release', path.join(machine.root, 'stick', release)];
    const program = path.join(packageRoot(), 'dist/central/cli/holdfast.js');
    const { stdout } = await run(
      process.execPath,
      [program, '--json', 'upgrade', 'stage', ...from, ...options],
      {
        env: {
          ...{ PATH: process.env['PATH'], HOLDFAST_NODE: cluster.centreUrl },
          ...{ HOLDFAST_DATA: cluster.centreData, HOLDFAST_TOKEN: cluster.secrets.tokens.administrator },
          HOLDFAST_IDENTITY_FILE: path.join(cluster.centreData, 'identity.json'),
        },
      },
    );
    return JSON.parse(stdout);
  }

  /** Escrows all the while that `work` is done; what was answered with a valid receipt is to be there for ever. */
  async function underLoad<T>(work: () => Promise<T>): Promise<{ result: T; escrows: number }> {
    const over = new AbortController();
    const before = acknowledged.size;
    const loading = (async () => {
      while (!over.signal.aborted) {
        const { keyIds } = await load(fleet, 'escrow', url(), 8);
        for (const keyId of keyIds) acknowledged.add(keyId);
        await new Promise((resolve) => setTimeout(resolve, 150));
      }
    })();
    try {
      const result = await work();
      return { result, escrows: acknowledged.size - before };
    } finally {
      over.abort();
      await loading;
    }
  }

  /** Every acknowledged key is at the edge, and so at the centre, which holds the same; one is given out. */
  async function nothingIsLost(): Promise<void> {
    await untilNone(() => disagreements(cluster), 20_000);
    const keyIds = [...acknowledged];
    const lost: string[] = [];
    await inParallel(keyIds, 16, async (keyId) => {
      const { body } = await search(cluster, url(), keyId);
      if (!JSON.stringify(body).includes(keyId)) lost.push(keyId);
    });
    expect(lost).toEqual([]);
    expect(await disclose(cluster, url(), keyIds.at(-1) ?? '')).toMatchObject({ status: 201 });
  }

  it('that never becomes ready is taken back, with nothing lost of what either version acknowledged', async () => {
    const { result, escrows } = await underLoad(() => upgrade('never', '--within', '4'));
    expect(result).toEqual({
      code: 1,
      said: 'holdfast: 0.2.0 was not kept, and 0.1.0 runs on: It did not become ready within 4 s.',
    });
    expect(escrows).toBeGreaterThan(50);
    expect(await running()).toMatchObject({ version: '0.1.0', ready: true });
    await nothingIsLost();
  });

  it('that crashes is taken back, is said to have been, and is not tried again by itself', async () => {
    expect(await stage('crashing', '--edge', EDGE)).toMatchObject({ id: `edge-${EDGE}`, version: '0.2.1' });
    await until('it is wanted', 20_000, async () => (await running()).wanted === '0.2.1');
    await underLoad(async () => {
      await machine.run('systemctl', 'start', 'holdfast-upgrade.service').catch(() => undefined);
    });
    expect(await running()).toMatchObject({
      ...{ version: '0.1.0', ready: true },
      alarms: expect.arrayContaining([expect.objectContaining({ type: 'upgrade', subject: EDGE })]),
    });
    await nothingIsLost();
    const pid = await machine.unit('holdfast-edge.service', 'MainPID');
    await machine.run('systemctl', 'start', 'holdfast-upgrade.service').catch(() => undefined);
    expect(await machine.run('journalctl', '--output=cat', '--unit=holdfast-upgrade')).toMatch(
      /0\.2\.1 was not kept, and 0\.1\.0 runs on: It ended 3 times\.[^]*0\.2\.1 went back before/,
    );
    expect(await machine.unit('holdfast-edge.service', 'MainPID')).toBe(pid);
    expect(await stage(null, '--edge', EDGE, '--withdraw')).toMatchObject({ withdrawn: true });
  });

  it('that is killed in the middle is taken back by whatever runs next', async () => {
    const journal = path.join(machine.root, 'var/lib/.holdfast-edge-install');
    await underLoad(async () => {
      const killed = upgrade('never', '--within', '60');
      await until('the new version answers', 30_000, async () => (await running()).version === '0.2.0');
      await machine.run('pkill', '-KILL', '-f', '^sh /var/lib/holdfast-upgrade/unpacked');
      await machine.run('pkill', '-KILL', '-f', '^sh /opt/holdfast/upgrade.sh').catch(() => undefined);
      await killed;
      expect(await readFile(path.join(journal, 'restarted'), 'utf8')).toContain('holdfast-edge.service');
      // As at the start of the machine after a power cut.
      await machine.run('systemctl', 'start', 'holdfast-edge-recover.service');
    });
    await until('0.1.0 is ready', 20_000, async () => (await running()).version === '0.1.0');
    await nothingIsLost();
  });

  it('that becomes ready stays, and came from the centre, which wanted it in this region', async () => {
    expect(await stage('good', '--region', 'centro', '--not-before', '2100-01-01T00:00Z')).toMatchObject({
      edges: 1,
    });
    await until('it is wanted', 20_000, async () => (await running()).wanted === '0.3.0');
    await machine.run('systemctl', 'start', 'holdfast-upgrade.service');
    expect(await running()).toMatchObject({ version: '0.1.0', wanted: '0.3.0' });
    expect(await stage('good', '--region', 'centro')).toMatchObject({
      id: 'region-centro',
      version: '0.3.0',
    });
    await until('its time has come', 20_000, async () => (await metrics()).includes('version="0.3.0"} 1'));
    await underLoad(() => machine.run('systemctl', 'start', 'holdfast-upgrade.service'));
    expect(await running()).toMatchObject({ version: '0.3.0', ready: true });
    await nothingIsLost();
    await until('the centre knows', 20_000, async () => {
      const answer = z.looseObject({ freshness: z.array(z.looseObject({ version: z.string().nullable() })) });
      const { freshness } = answer.parse(await (await fetch(`${cluster.centreUrl}/readyz`)).json());
      return freshness[0]?.version === '0.3.0';
    });
    expect(await metrics()).toContain('holdfast_upgrade_pending{node="edge-madrid",version="0.3.0"} 0');
    expect(await upgrade('good')).toEqual({ code: 0, said: 'This box runs 0.3.0 already.' });
    expect(await upgrade('never')).toMatchObject({
      code: 1,
      said: expect.stringMatching(/0\.2\.0 is older than 0\.3\.0/),
    });
  });

  it('has units that systemd finds no fault with', async () => {
    const units = ['holdfast-edge-recover.service', 'holdfast-upgrade.service', 'holdfast-upgrade.timer'];
    expect(await machine.run('systemd-analyze', 'verify', ...units)).toBe('');
  });
});
