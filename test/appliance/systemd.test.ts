/** The appliance as systemd runs it: put there by its installer, with the units' hardening in force. */
import { copyFile, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LocalCluster } from '../../central/local/cluster.ts';
import { nodePlatform } from '../../central/platform.ts';
import { makeTlsAuthority } from '../../central/tls/authority.ts';
import type { TlsAuthorityFile } from '../../central/tls/file.ts';
import { buildAppliance, programAt, run, scratchFolder, until } from '../support/appliance.ts';
import { afterFile } from '../support/cleanup.ts';
import { freePorts } from '../support/cluster.ts';
import { Machine, missingForMachine } from '../support/machine.ts';
import { Authority, type Trust, httpsFetch, shownSerial, startHaproxy } from '../support/tls.ts';

const EDGE = 'edge.holdfast.test';
const CENTRE = 'centre.holdfast.test';
const PLAN = {
  regions: [{ id: 'centro', name: 'Centro' }],
  edges: [{ name: 'edge-madrid', siteId: 'madrid', siteName: 'Madrid', regionId: 'centro', helpdesk: true }],
} as const;

const haproxy = programAt('/usr/sbin/haproxy');
const missing = [
  ...missingForMachine,
  ...(haproxy ? [] : ['haproxy']),
  ...(programAt('/usr/bin/openssl') ? [] : ['openssl']),
];

describe('the appliance under systemd', { timeout: 60_000 }, () => {
  let folder: string;
  let installer: string;
  let machine: Machine;
  let authority: Authority;
  let front: Trust;
  let tls: TlsAuthorityFile;
  let edgePort: number;
  let notBooted: string | null = null;

  beforeAll(async () => {
    if (missing.length > 0) return;
    folder = await scratchFolder();
    const first = await freePorts(10_380, 5);
    const ports = {
      centre: first,
      edge: first + 1,
      uplink: first + 2,
      front: first + 3,
      centreFront: first + 4,
    };
    edgePort = ports.edge;
    authority = await Authority.make(folder, 'authority');
    front = { ca: await authority.certificate(), port: ports.front };
    await authority.issue(EDGE, 'front');
    await authority.issue(CENTRE, 'centre');
    startHaproxy(haproxy ?? '', 'front', {
      HOLDFAST_TLS_LISTEN: `127.0.0.1:${ports.centreFront}`,
      HOLDFAST_TLS_CERTIFICATE: path.join(folder, 'centre.crt'),
      HOLDFAST_PORT: String(ports.centre),
    });
    const cluster = await LocalCluster.prepare(path.join(folder, 'cluster'), PLAN, ports.centre);
    afterFile(() => cluster.stopAll());
    tls = await makeTlsAuthority('holdfast.test', nodePlatform);
    await writeFile(path.join(cluster.folder, 'centre/tls-authority.json'), JSON.stringify(tls));
    await cluster.startCentre();
    await cluster.configure();

    machine = await Machine.make(path.join(folder, 'machine'));
    await buildAppliance(folder);
    await run('tar', [
      '--extract',
      `--file=${path.join(folder, 'holdfast-edge.tar.gz')}`,
      `--directory=${folder}/`,
      '--one-top-level=unpacked',
    ]);
    installer = path.join(folder, 'unpacked/holdfast-edge/install.sh');
    await install(
      ...['--identity', path.join(cluster.folder, 'edges/edge-madrid/credentials/identity.json')],
      ...['--centre', `127.0.0.1:${ports.centreFront}`, '--centre-name', CENTRE],
      ...['--centre-ca', authority.certificateFile],
      ...['--certificate', path.join(folder, 'front.crt'), '--key', path.join(folder, 'front.key')],
    );
    await useFreePorts(ports);
    const units = ['holdfast-edge.service', 'holdfast-tls@front.service', 'holdfast-tls@uplink.service'];
    const watchers = ['holdfast-certificates.path', 'holdfast-certificates.timer'];
    await run('systemctl', [`--root=${machine.root}`, 'enable', ...units, ...watchers]);
    notBooted = await machine.boot();
  }, 90_000);

  beforeEach(({ skip }) => {
    skip(missing.length > 0, `needs ${missing.join(', ')}`);
    skip(notBooted !== null, `systemd does not boot in a container here: ${notBooted ?? ''}`);
  });

  async function install(...options: string[]): Promise<string> {
    const env = { PATH: process.env['PATH'], HOLDFAST_INSTALL_ROOT: machine.root };
    return (await run('sh', [installer, ...options], { env })).stderr;
  }

  /** Other tests run on the usual ones. */
  async function useFreePorts(ports: Readonly<Record<'edge' | 'uplink' | 'front', number>>): Promise<void> {
    const file = path.join(machine.root, 'etc/holdfast/holdfast.env');
    const text = (await readFile(file, 'utf8'))
      .replace('PORT=8701', `PORT=${ports.edge}`)
      .replace('PORT=8790', `PORT=${ports.uplink}`)
      .replace('LISTEN=0.0.0.0:443', `LISTEN=127.0.0.1:${ports.front}`);
    await writeFile(file, text);
  }

  const readyz = () => httpsFetch(front)(new Request(`https://${EDGE}/readyz`));
  const mainPid = () => machine.unit('holdfast-edge.service', 'MainPID');

  it('starts at boot and is ready, with all traffic through TLS', async () => {
    await until('the edge is ready', 30_000, async () => (await readyz()).ok);
    expect(await machine.run('systemctl', 'is-system-running')).toBe('running');
    expect(await shownSerial(EDGE, front)).toBeTruthy();
    // It was woken by its unit, not by this test: the log says so before anybody asked.
    expect(await machine.run('journalctl', '--output=cat', '--unit=holdfast-edge')).toContain(
      'edge is serving',
    );
  });

  it('runs as nobody in particular, and can write to its own folder alone', async () => {
    const status = await machine.run('cat', `/proc/${await mainPid()}/status`);
    expect(status).toMatch(/^Uid:\s+6\d{4}\b/m);
    expect(status).toMatch(/^CapEff:\s+0+$/m);
    expect(status).toMatch(/^NoNewPrivs:\s+1$/m);
    expect(status).toMatch(/^Seccomp:\s+2$/m);
    const mode = async (file: string) => (await stat(path.join(machine.root, file))).mode & 0o777;
    expect(await mode('etc/holdfast/identity.json')).toBe(0o600);
    expect(await mode('etc/holdfast/tls/front.key')).toBe(0o600);
    expect(await mode('var/lib/private/holdfast-edge')).toBe(0o700);
    const { stdout } = await run('systemd-analyze', [
      ...['security', '--offline=yes', `--root=${machine.root}`, '--threshold=20', 'holdfast-edge.service'],
    ]);
    expect(stdout).toMatch(/Overall exposure level/);
  });

  it('is there again after it was killed', async () => {
    const before = await mainPid();
    await machine.run('systemctl', 'kill', '--signal=SIGKILL', 'holdfast-edge.service');
    await until(
      'another process is ready',
      30_000,
      async () => (await mainPid()) !== before && (await readyz()).ok,
    );
    expect(await machine.unit('holdfast-edge.service', 'NRestarts')).toBe('1');
  });

  it('takes in a renewed certificate by itself, and keeps the old one when half of it is wrong', async () => {
    const tls = path.join(machine.root, 'etc/holdfast/tls');
    const put = async (...kinds: string[]) => {
      for (const kind of kinds)
        await copyFile(path.join(folder, `front.${kind}`), path.join(tls, `front.${kind}`));
    };
    const serial = await authority.issue(EDGE, 'front');
    await put('crt', 'key');
    await until('the new one is shown', 20_000, async () => (await shownSerial(EDGE, front)) === serial);

    await authority.issue(EDGE, 'front');
    await put('key');
    await until('the reload was refused', 20_000, async () =>
      (await machine.run('journalctl', '--output=cat', '--unit=holdfast-tls@front')).includes(
        'inconsistencies',
      ),
    );
    expect(await shownSerial(EDGE, front)).toBe(serial);
    expect((await readyz()).ok).toBe(true);
  });

  it('is upgraded by the same installer, which keeps settings, identity and data', async () => {
    const settings = path.join(machine.root, 'etc/holdfast/holdfast.env');
    const before = await readFile(settings, 'utf8');
    await install();
    expect(await readFile(settings, 'utf8')).toBe(before);
    await machine.run('systemctl', 'daemon-reload');
    await machine.run('systemctl', 'restart', 'holdfast-edge.service');
    expect((await readyz()).ok).toBe(true);
    await expect(install('--centre', 'no-port')).rejects.toThrow(/--centre is HOST:PORT/);
    await expect(install('--certificate', settings)).rejects.toThrow(/go together/);
  });

  it('says what is wrong with its identity in the journal, and waits for a better one', async () => {
    const identity = path.join(machine.root, 'etc/holdfast/identity.json');
    const good = await readFile(identity);
    await writeFile(identity, '{}');
    await machine.run('systemctl', 'restart', 'holdfast-edge.service');
    expect(await machine.unit('holdfast-edge.service', 'ActiveState')).toBe('active');
    expect(await machine.run('journalctl', '--output=cat', '--lines=20', '--unit=holdfast-edge')).toContain(
      'The edge cannot work yet: The credential identity.json',
    );
    await writeFile(identity, good);
    await machine.run('systemctl', 'restart', 'holdfast-edge.service');
    expect((await readyz()).ok).toBe(true);
    expect((await fetch(`http://127.0.0.1:${edgePort}/healthz`)).ok).toBe(true);
  });

  it('has its first certificate signed by the centre, and begins to serve the branch with it', async () => {
    await machine.run('systemctl', 'disable', '--now', 'holdfast-tls@front.service');
    const folder = path.join(machine.root, 'etc/holdfast/tls');
    for (const kind of ['crt', 'key']) await rm(path.join(folder, `front.${kind}`));
    await machine.run('systemctl', 'start', 'holdfast-renew.service');
    expect(await machine.run('journalctl', '--output=cat', '--unit=holdfast-renew')).toContain(
      'The centre signed a certificate',
    );
    expect((await stat(path.join(folder, 'front.crt'))).mode & 0o777).toBe(0o600);
    expect(await machine.unit('holdfast-tls@front.service', 'ActiveState')).toBe('active');
    const trust = { ca: Buffer.from(tls.certificate), port: front.port };
    const ask = () => httpsFetch(trust)(new Request('https://edge-madrid.holdfast.test/readyz'));
    expect((await until('the branch comes in', 10_000, ask)).status).toBe(200);

    // Asked again by hand, it is another, and is taken in without anybody's help.
    const before = await shownSerial('edge-madrid.holdfast.test', trust);
    await machine.run('sh', '/opt/holdfast/certificate.sh', '--now');
    await until('the renewed one is shown', 20_000, async () => {
      return (await shownSerial('edge-madrid.holdfast.test', trust)) !== before;
    });
  });

  it('has units that systemd finds no fault with', async () => {
    const units = ['holdfast-edge.service', 'holdfast-tls@front.service', 'holdfast-tls@uplink.service'];
    const watchers = [
      'holdfast-certificates.path',
      'holdfast-certificates.timer',
      'holdfast-certificates.service',
      ...['holdfast-renew.service', 'holdfast-renew.timer'],
    ];
    const said = await machine.run('systemd-analyze', 'verify', ...units, ...watchers);
    expect(said).toBe('');
  });
});
