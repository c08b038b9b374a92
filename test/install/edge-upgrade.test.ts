/**
 * What a box makes of a release before anything of it runs: `upgrade.sh` with what a plain Debian has, on releases made
 * and signed by the real commands. (Putting one on, and going back: test/appliance/upgrade.test.ts.)
 */
import { spawnSync } from 'node:child_process';
import { chmod, copyFile, cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CompactSign, base64url, importJWK } from 'jose';
import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { packageRoot } from '../../central/local/processes.ts';
import { checkRelease, describeRelease } from '../../central/release/files.ts';
import { ReleaseError } from '../../central/release/error.ts';
import { publicJwk } from '../../shared/trust/certificate.ts';
import type { PrivateJwk } from '../../shared/trust/jws.ts';
import { programAt, run } from '../support/appliance.ts';
import { afterFile } from '../support/cleanup.ts';
import { makePrivateKey } from '../support/organisation.ts';

const missing = ['openssl', 'bash', 'flock', 'tar'].filter(
  (name) => !programAt(`/usr/bin/${name}`, `/bin/${name}`),
);
const TYPE = { alg: 'ES256', typ: 'holdfast-release' };

describe('a release on a box', { timeout: 60_000 }, () => {
  let folder = '';
  let root = '';
  let organisation: PrivateJwk;
  let release = '';

  beforeAll(async () => {
    if (missing.length > 0) return;
    folder = await mkdtemp(path.join(tmpdir(), 'holdfast-release-'));
    afterFile(() => rm(folder, { recursive: true, force: true }));
    organisation = await makePrivateKey();
    root = path.join(folder, 'machine');
    for (const name of ['var/lib', 'opt/holdfast', 'etc/holdfast'])
      await mkdir(path.join(root, name), { recursive: true });
    await writeFile(
      path.join(root, 'opt/holdfast/RELEASE'),
      'version 0.1.0\nmigration recovery/0000_a changes\n',
    );
    await writeFile(path.join(root, 'etc/holdfast/holdfast.env'), 'HOLDFAST_PORT=1\n');
    const identity = path.join(folder, 'identity.json');
    const { d: _private, ...key } = organisation;
    await writeFile(
      identity,
      JSON.stringify({ organisation: key, privateKey: { x: 'z'.repeat(43) } }, null, 2),
    );
    // The installer's own words make the key of it.
    const installer = await readFile(path.join(packageRoot(), 'edge/appliance/install.sh'), 'utf8');
    const made = /^organisation_key\(\) \{$[^]*?^\}$/m.exec(installer)?.[0] ?? '';
    await writeFile(path.join(folder, 'key.sh'), `${made}\norganisation_key "$1"\n`);
    const { status, stdout } = spawnSync('sh', [path.join(folder, 'key.sh'), identity]);
    expect([status, stdout.length]).toEqual([0, 91]);
    await writeFile(path.join(root, 'etc/holdfast/organisation.der'), stdout);
    await archive(
      'version 0.2.0\nmigration recovery/0000_a changes\nmigration recovery/0001_b adds\n',
      'archive',
    );
  });

  beforeEach(async ({ skip }) => {
    skip(missing.length > 0, `needs ${missing.join(', ')}`);
    release = await mkdtemp(path.join(folder, 'release-'));
    await copyFile(path.join(folder, 'archive'), path.join(release, 'holdfast-edge.tar.gz'));
    await manifest('0.2.0');
    await sign();
  });

  async function archive(facts: string, name: string): Promise<void> {
    const contents = path.join(folder, `${name}-of/holdfast-edge`);
    await mkdir(contents, { recursive: true });
    await writeFile(path.join(contents, 'RELEASE'), facts);
    await writeFile(
      path.join(contents, 'install.sh'),
      'echo "holdfast: it is not to be run here" >&2; exit 1\n',
    );
    await chmod(path.join(contents, 'install.sh'), 0o755);
    const above = path.dirname(contents);
    await run('tar', [
      '--create',
      '--gzip',
      `--file=${path.join(folder, name)}`,
      `--directory=${above}`,
      'holdfast-edge',
    ]);
  }

  async function manifest(version: string): Promise<void> {
    const facts = { protocols: [1], projection: 1, migrations: { recovery: [], compliance: [] } };
    await describeRelease(release, { version, ...facts });
  }

  async function sign(
    header: object = TYPE,
    by = organisation,
    pick = (_jws: string) => true,
  ): Promise<string> {
    const payload = JSON.stringify(JSON.parse(await readFile(path.join(release, 'release.json'), 'utf8')));
    const key = await importJWK(by, 'ES256');
    for (;;) {
      const jws = await new CompactSign(new TextEncoder().encode(payload))
        .setProtectedHeader({ ...header, alg: 'ES256' })
        .sign(key);
      if (!pick(jws)) continue;
      await writeFile(path.join(release, 'release.jws'), `${jws}\n`);
      return jws;
    }
  }

  function upgrade(options: readonly string[] = ['--dry-run'], env: Readonly<Record<string, string>> = {}) {
    const { status, stdout, stderr } = spawnSync(
      'sh',
      [path.join(packageRoot(), 'edge/appliance/upgrade.sh'), release, ...options],
      { encoding: 'utf8', env: { PATH: process.env['PATH'] ?? '', HOLDFAST_INSTALL_ROOT: root, ...env } },
    );
    return { code: status, said: `${stdout}${stderr}`.trim() };
  }

  /** What Node makes of it; null when nothing is wrong. */
  async function centralFault(): Promise<string | null> {
    const key = publicJwk.parse(organisation);
    return checkRelease(release, key, ['edge']).then(
      () => null,
      (error: unknown) => {
        if (error instanceof ReleaseError) return error.fault;
        throw error;
      },
    );
  }

  const good = { code: 0, said: '0.2.0 is signed, whole and newer than 0.1.0; nothing was changed.' };

  it('is accepted whatever numbers its signature is made of', async () => {
    expect(upgrade()).toEqual(good);
    const bytes = (jws: string) => base64url.decode(jws.split('.')[2] ?? '');
    const shapes: ((jws: string) => boolean)[] = [
      (jws) => bytes(jws)[0] === 0,
      (jws) => bytes(jws)[32] === 0,
      (jws) => (bytes(jws)[0] ?? 0) > 127 && (bytes(jws)[32] ?? 0) > 127,
      (jws) => (bytes(jws)[0] ?? 0) < 128 && (bytes(jws)[32] ?? 0) < 128,
      (jws) => bytes(jws)[0] === 0 && (bytes(jws)[1] ?? 0) > 127,
    ];
    for (const shape of shapes) {
      await sign(TYPE, organisation, shape);
      expect(upgrade()).toEqual(good);
    }
    expect(await centralFault()).toBeNull();
  });

  const unsigned = /^holdfast: The release is not signed by this organisation/;

  it.each<[string, () => Promise<unknown>]>([
    ['another organisation', async () => sign(TYPE, await makePrivateKey())],
    ['the organisation as something else', () => sign({ typ: 'holdfast-snapshot' })],
    ['nobody in particular', () => sign({})],
  ])('is refused when it was signed by %s', async (_who, signing) => {
    await signing();
    expect(upgrade()).toEqual({ code: 1, said: expect.stringMatching(unsigned) });
    expect(await centralFault()).toBe('not-signed');
  });

  it('is refused when any part of its manifest is another', async () => {
    const jws = await sign();
    const parts = jws.split('.');
    const flip = (text: string, at: number) =>
      `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`;
    const places = [0, 1, 2].flatMap((part) =>
      [0, 0.3, 0.6, 0.9].map((share): [number, number] => [part, share]),
    );
    const wrong = [
      ...places.map(([part, share]) =>
        parts
          .map((text, index) => (index === part ? flip(text, Math.floor(text.length * share)) : text))
          .join('.'),
      ),
      ...[
        '',
        '.',
        '..',
        'a.b.c',
        jws.slice(0, -1),
        `${jws}.`,
        `${jws}A`,
        `${jws} ${jws}`,
        parts.slice(0, 2).join('.'),
      ],
      `${parts[0] ?? ''}.${parts[1] ?? ''}.`,
    ];
    for (const text of wrong) {
      await writeFile(path.join(release, 'release.jws'), text);
      expect(upgrade(), text).toEqual({ code: 1, said: expect.stringMatching(unsigned) });
    }
    await rm(path.join(release, 'release.jws'));
    expect(upgrade()).toEqual({ code: 1, said: expect.stringMatching(/release\.jws is not there/) });
  });

  it('is refused when its archive is another', async () => {
    const file = path.join(release, 'holdfast-edge.tar.gz');
    const content = await readFile(file);
    const changed = Buffer.from(content);
    changed.writeUInt8(changed.readUInt8(content.length - 9) ^ 1, content.length - 9);
    for (const other of [
      changed,
      content.subarray(1),
      Buffer.concat([content, Buffer.alloc(1)]),
      Buffer.alloc(0),
    ]) {
      await writeFile(file, other);
      expect(upgrade()).toEqual({
        code: 1,
        said: 'holdfast: holdfast-edge.tar.gz is not the file that was signed.',
      });
      expect(await centralFault()).toBe('file-differs');
    }
    await rm(file);
    expect(upgrade()).toMatchObject({
      code: 1,
      said: expect.stringMatching(/holdfast-edge\.tar\.gz is not there/),
    });
  });

  it('is refused on a full disk, by that name, and not for its signature', async (context) => {
    const work = path.join(root, 'var/lib/holdfast-upgrade');
    await mkdir(work, { recursive: true });
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', work]);
    context.skip(mounted.status !== 0, 'not allowed to make a small file system');
    onTestFinished(() => {
      spawnSync('umount', [work]);
    });
    const noRoom = { code: 1, said: `holdfast: There is no room for it in ${work}.` };
    expect(upgrade()).toEqual(good);
    const filler = path.join(work, 'filler');
    await writeFile(filler, Buffer.alloc(2 * 1024 * 1024 - 12 * 1024));
    expect(upgrade()).toEqual(noRoom);
    await rm(filler);
    // The archive has room here, and what is in it has not.
    const large = path.join(folder, 'large-of/holdfast-edge');
    await archive('version 0.2.0\n', 'large');
    await writeFile(path.join(large, 'holdfast-edge'), Buffer.alloc(4 * 1024 * 1024));
    await archive('version 0.2.0\n', 'large');
    await copyFile(path.join(folder, 'large'), path.join(release, 'holdfast-edge.tar.gz'));
    await manifest('0.2.0');
    await sign();
    expect(upgrade()).toEqual({ ...noRoom, said: expect.stringContaining(noRoom.said) as string });
    expect(await readdir(work)).not.toContain('unpacked');
  });

  it('is refused when there would be no way back, and when it is older, unless that is meant', async () => {
    await archive('version 0.2.0\nmigration recovery/0001_b changes\n', 'one-way');
    await copyFile(path.join(folder, 'one-way'), path.join(release, 'holdfast-edge.tar.gz'));
    await manifest('0.2.0');
    await sign();
    expect(upgrade().said).toMatch(/no way back: recovery\/0001_b changes the tables/);
    for (const version of ['0.0.9', '0.1.0', '0.10.0']) {
      await archive(`version ${version}\nmigration recovery/0000_a changes\n`, version);
      await copyFile(path.join(folder, version), path.join(release, 'holdfast-edge.tar.gz'));
      await manifest(version);
      await sign();
      if (version === '0.1.0') expect(upgrade()).toEqual({ code: 0, said: 'This box runs 0.1.0 already.' });
      else if (version === '0.10.0') expect(upgrade()).toMatchObject({ code: 0 });
      else {
        expect(upgrade()).toMatchObject({ code: 1, said: expect.stringMatching(/older than 0\.1\.0/) });
        expect(upgrade(['--dry-run', '--downgrade'])).toMatchObject({ code: 0 });
      }
    }
    // Named as one version and signed as another.
    await manifest('0.3.0');
    await sign();
    expect(upgrade()).toMatchObject({
      code: 1,
      said: expect.stringMatching(/another version than the manifest/),
    });
  });

  it('speaks both languages, and to programs', async () => {
    expect(upgrade(['--dry-run'], { LANG: 'es_ES.UTF-8' }).said).toBe(
      'La 0.2.0 está firmada y completa, y sustituiría a la 0.1.0; no se cambió nada.',
    );
    expect(JSON.parse(upgrade(['--dry-run', '--json']).said)).toEqual({
      ...{ outcome: 'dry-run', from: '0.1.0', to: '0.2.0', title: good.said },
    });
    await rm(path.join(release, 'release.jws'));
    expect(JSON.parse(upgrade(['--json'], { LC_ALL: 'es' }).said)).toMatchObject({
      outcome: 'refused',
      from: '0.1.0',
    });
    for (const options of [['--within', 'x'], ['--within'], ['--nonsense'], ['another']])
      expect(upgrade(options).code, options.join(' ')).toBe(2);
    expect(await readdir(path.join(root, 'var/lib/holdfast-upgrade'))).not.toContain('unpacked');
  });

  it('that its own installer refuses changes nothing, and the reason is said', async () => {
    expect(upgrade([])).toEqual({
      code: 1,
      said: 'holdfast: 0.2.0 was not kept, and 0.1.0 runs on: it is not to be run here',
    });
    await cp(release, `${release}-again`, { recursive: true });
    expect(await readFile(path.join(root, 'opt/holdfast/RELEASE'), 'utf8')).toMatch(/^version 0\.1\.0$/m);
  });
});
