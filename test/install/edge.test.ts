/**
 * The appliance's installer is one transaction as well. A stand-in takes the place of the executable, for its 150 MB are
 * copied each time; test/appliance installs the real one. Each thing that is to be undone is on disk before it is done:
 * faults and kills come at those very moments, from a `sync` that is found first.
 */
import { spawnSync } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { packageRoot } from '../../central/local/processes.ts';
import { programAt } from '../support/appliance.ts';
import { afterFile } from '../support/cleanup.ts';
import { photograph } from '../support/install.ts';

const FILES = [
  ...['install.sh', 'wake.sh', 'vault-key.sh', 'certificate.sh'],
  ...['holdfast.env', 'front.cfg', 'uplink.cfg', 'unprivileged.cfg'],
  ...['holdfast-renew.service', 'holdfast-renew.timer'],
  ...['holdfast-edge.service', 'holdfast-tls@.service', 'holdfast-certificates.path'],
  ...['upgrade.sh', 'ask.sh', 'holdfast-edge-recover.service', 'holdfast-upgrade.service'],
  ...[
    'holdfast-upgrade.timer',
    'holdfast-certificates.timer',
    'holdfast-certificates.service',
    '../../docs/OPERATIONS.md',
  ],
];

/** Does what the installer's trial asks of an edge: makes a database with a write-ahead log, and answers. */
const STAND_IN = `#!${process.execPath} --no-warnings
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { DatabaseSync } from 'node:sqlite';
const of = (name) => process.argv.find((each) => each.startsWith(name)).slice(name.length);
const data = of('--directory-path=data=') + '/holdfast-edge-node';
const identity = readFileSync(of('--directory-path=credentials=') + '/identity.json', 'utf8');
mkdirSync(data, { recursive: true });
if (identity.includes('no facility')) writeFileSync(data + '/object.sqlite', 'x'.repeat(9000));
else new DatabaseSync(data + '/object.sqlite').exec('PRAGMA journal_mode = WAL; CREATE TABLE IF NOT EXISTS t (x)');
const answer = identity.includes('nonsense')
  ? { status: 503, body: JSON.stringify({ type: 'urn:holdfast:problem:not-started', title: 'The credential is not an identity.', status: 503 }) }
  : { status: 200, body: '{}' };
createServer((_request, response) => response.writeHead(answer.status).end(answer.body))
  .listen(Number(of('--socket-addr=http=127.0.0.1:')), '127.0.0.1');
`;

const SYNC = `#!/bin/sh
n=$(($(cat "$COUNT" 2>/dev/null || echo 0) + 1))
echo $n >"$COUNT"
if [ "$n" = "$FAULT_AT" ]; then
  [ "$FAULT" = kill ] && kill -9 $PPID
  exit 1
fi
exec /bin/sync "$@"
`;

const organisation = { kty: 'EC', crv: 'P-256', x: 'x'.repeat(43), y: 'y'.repeat(43) };

const missing = [
  ...(programAt('/bin/bash') ? [] : ['bash']),
  ...(programAt('/bin/sync', '/usr/bin/sync') ? [] : ['sync']),
];

describe("an edge's installer", { timeout: 120_000 }, () => {
  let folder = '';
  let root = '';
  let before: Record<string, string> = {};

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'holdfast-edge-install-'));
    afterFile(() => rm(folder, { recursive: true, force: true }));
    const unpacked = path.join(folder, 'unpacked');
    await mkdir(unpacked);
    for (const name of FILES)
      await copyFile(
        path.join(packageRoot(), 'edge/appliance', name),
        path.join(unpacked, path.basename(name)),
      );
    await writeFile(path.join(unpacked, 'RELEASE'), 'version 0.1.0\n');
    await writeFile(path.join(unpacked, 'holdfast-edge'), STAND_IN);
    await chmod(path.join(unpacked, 'holdfast-edge'), 0o755);
    await mkdir(path.join(folder, 'bin'));
    await writeFile(path.join(folder, 'bin/sync'), SYNC);
    await chmod(path.join(folder, 'bin/sync'), 0o755);
    await writeFile(path.join(folder, 'identity.json'), JSON.stringify({ organisation }, null, 2));
  });

  beforeEach(async ({ skip }) => {
    skip(missing.length > 0, `needs ${missing.join(', ')}`);
    root = await mkdtemp(path.join(folder, 'machine-'));
    await mkdir(path.join(root, 'var/lib'), { recursive: true });
    await mkdir(path.join(root, 'etc/systemd/system'), { recursive: true });
    before = await photograph(root);
  });

  function install(fault: 'none' | 'fail' | 'kill', at: number, ...options: string[]) {
    const count = path.join(folder, 'count');
    const given =
      options.length > 0
        ? options
        : ['--identity', path.join(folder, 'identity.json'), '--centre', 'holdfast.example.org:443'];
    const { status, signal, stderr } = spawnSync('sh', [path.join(folder, 'unpacked/install.sh'), ...given], {
      encoding: 'utf8',
      env: {
        PATH: `${path.join(folder, 'bin')}:${process.env['PATH'] ?? ''}`,
        ...{ HOLDFAST_INSTALL_ROOT: root, COUNT: count, FAULT: fault, FAULT_AT: String(at) },
      },
    });
    return { status, signal, stderr };
  }

  async function points(): Promise<number> {
    await rm(path.join(folder, 'count'), { force: true });
    expect(install('none', 0)).toMatchObject({ status: 0, stderr: '' });
    const text = await readFile(path.join(folder, 'count'), 'utf8');
    await rm(root, { recursive: true });
    await mkdir(path.join(root, 'var/lib'), { recursive: true });
    await mkdir(path.join(root, 'etc/systemd/system'), { recursive: true });
    return Number(text);
  }

  it('leaves the machine as it was, whatever fails, and then a clean installation works', async () => {
    const all = await points();
    // Each file, each folder, and the end.
    expect(all).toBeGreaterThan(2 * FILES.length);
    for (let at = 1; at < all; at += 3) {
      await rm(path.join(folder, 'count'), { force: true });
      const { status, stderr } = install('fail', at);
      expect([status === 0, stderr], String(at)).toEqual([
        false,
        expect.stringMatching(/machine is as it was/),
      ]);
      expect(await photograph(root), String(at)).toEqual(before);
    }
    expect(install('none', 0).status).toBe(0);
  });

  it('leaves the machine as it was when it is killed, once it runs again', async () => {
    const all = await points();
    for (let at = 2; at < all; at += 5) {
      await rm(path.join(folder, 'count'), { force: true });
      expect(install('kill', at).signal, String(at)).toBe('SIGKILL');
      // It is the next run that undoes, whatever that run is for; this one is refused after that.
      const next = install('none', 0, '--identity', path.join(folder, 'none.json'), '--centre', 'a:1');
      expect(next.stderr).toMatch(/cannot be read/);
      await writeFile(path.join(folder, 'none.json'), 'nonsense');
      const refused = install('none', 0, '--identity', path.join(folder, 'none.json'), '--centre', 'a:1');
      await rm(path.join(folder, 'none.json'));
      expect(refused.stderr).toMatch(/undone first.*\n.*The credential is not an identity/);
      expect(await photograph(root), String(at)).toEqual(before);
    }
  });

  it('upgrades and changes settings, and an upgrade that fails leaves the edge that was there', async () => {
    expect(install('none', 0).status).toBe(0);
    const writer = await readFile(path.join(root, 'etc/holdfast/writers/edge.json'), 'utf8');
    expect(JSON.parse(writer)).toMatchObject({
      name: 'Holdfast Edge Store Writer',
      instance: expect.stringMatching(/^[a-z2-7]{16}$/),
      dependsOn: { engine: 'workerd-sqlite' },
      state: 'STABLE',
    });
    const installed = await photograph(root);
    expect(install('none', 0)).toMatchObject({ status: 0, stderr: '' });
    expect(await photograph(root)).toEqual(installed);
    await writeFile(path.join(root, 'opt/holdfast/wake.sh'), '# of the version before\n');
    const older = await photograph(root);
    const upgrade = ['--centre', 'other.example.org:443'];
    await rm(path.join(folder, 'count'), { force: true });
    // The last thing is the settings.
    for (const at of [1, 2, 3, 4, 5, 6]) {
      await rm(path.join(folder, 'count'), { force: true });
      expect(install('fail', at, ...upgrade).status).not.toBe(0);
      expect(await photograph(root), String(at)).toEqual(older);
    }
    expect(install('none', 0, ...upgrade).status).toBe(0);
    expect(await readFile(path.join(root, 'etc/holdfast/holdfast.env'), 'utf8')).toContain(
      'other.example.org',
    );
    expect(await readFile(path.join(root, 'etc/holdfast/writers/edge.json'), 'utf8')).toBe(writer);
  });

  it('refuses an edge that does not run, and one of whose database no snapshot can be taken', async () => {
    const bad = path.join(folder, 'bad.json');
    await writeFile(bad, 'no facility');
    if (programAt('/usr/bin/sqlite3')) {
      const { status, stderr } = install('none', 0, '--identity', bad, '--centre', 'a:1');
      expect([status, stderr]).toEqual([1, expect.stringMatching(/its writer depends on that/)]);
      expect(await photograph(root)).toEqual(before);
    }
    const program = path.join(folder, 'unpacked/holdfast-edge');
    await writeFile(program, '#!/bin/sh\necho "no such instruction" >&2\nexit 1\n');
    const { stderr } = install('none', 0);
    await writeFile(program, STAND_IN);
    expect(stderr).toMatch(/does not run on this machine: no such instruction/);
    expect(await photograph(root)).toEqual(before);
  });

  it('takes the edge off again, and settings and data only when told', async () => {
    expect(install('none', 0).status).toBe(0);
    await mkdir(path.join(root, 'var/lib/holdfast-edge'));
    const installed = await photograph(root);
    await rm(path.join(folder, 'count'), { force: true });
    expect(install('fail', 9, '--uninstall', 'program').status).not.toBe(0);
    expect(await photograph(root)).toEqual(installed);
    expect(install('none', 0, '--uninstall', 'program').status).toBe(0);
    const left = Object.keys(await photograph(root)).filter((name) => !(name in before));
    expect(left.filter((name) => /opt\/holdfast|writers|\.service/.test(name))).toEqual([]);
    expect(left).toEqual(expect.arrayContaining(['etc/holdfast/identity.json', 'var/lib/holdfast-edge']));
    expect(install('none', 0, '--centre', 'a.example.org:443')).toMatchObject({ status: 0 });
    expect(install('none', 0, '--uninstall', 'everything').status).toBe(0);
    expect(Object.keys(await photograph(root)).filter((name) => !(name in before))).toEqual(['opt']);
  });
});
