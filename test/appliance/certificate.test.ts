/**
 * The certificate that PCs and people see, signed by the centre: from the request that the box makes, through its edge
 * and the centre, to haproxy; renewed, not renewed, refused, and left alone where the organisation brought its own.
 */
import { execFile } from 'node:child_process';
import { X509Certificate, randomBytes } from 'node:crypto';
import { copyFile, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { LocalCluster } from '../../central/local/cluster.ts';
import { nodePlatform } from '../../central/platform.ts';
import { TlsAuthority, makeTlsAuthority } from '../../central/tls/authority.ts';
import type { TlsAuthorityFile } from '../../central/tls/file.ts';
import { certificatePayload } from '../../shared/trust/certificate.ts';
import { peekJws } from '../../shared/trust/jws.ts';
import { type Foreground, programAt, run, scratchFolder, sources, until } from '../support/appliance.ts';
import { afterFile } from '../support/cleanup.ts';
import { ask, freePorts } from '../support/cluster.ts';
import { Authority, type Trust, httpsFetch, shownSerial, startHaproxy } from '../support/tls.ts';

const DOMAIN = 'holdfast.test';
const EDGE = 'edge-madrid';
const NAME = `${EDGE}.${DOMAIN}`;
const PLAN = {
  regions: [{ id: 'centro', name: 'Centro' }],
  edges: [{ name: EDGE, siteId: 'madrid', siteName: 'Madrid', regionId: 'centro', helpdesk: true }],
} as const;
const DAY_MS = 86_400_000;
const TOKEN = randomBytes(32).toString('base64url');

const haproxy = programAt('/usr/sbin/haproxy', '/usr/local/sbin/haproxy');
const openssl = programAt('/usr/bin/openssl', '/usr/local/bin/openssl');

const readiness = z.object({
  alarms: z.array(z.object({ type: z.string(), subject: z.string(), detail: z.string() })),
});

describe('a certificate that the centre signs', { timeout: 60_000 }, () => {
  let folder: string;
  let box: string;
  let front: string;
  let cluster: LocalCluster;
  let file: TlsAuthorityFile;
  let terminator: Foreground;
  let trust: Trust;

  beforeAll(async () => {
    expect(inject('buildError')).toBeNull();
    if (!haproxy || !openssl) return;
    folder = await scratchFolder();
    const port = await freePorts(23_400, 3);
    file = await makeTlsAuthority(DOMAIN, nodePlatform);
    trust = { ca: Buffer.from(file.certificate), port: port + 2 };
    cluster = await LocalCluster.prepare(path.join(folder, 'cluster'), PLAN, port);
    afterFile(() => cluster.stopAll());
    await writeFile(path.join(cluster.folder, 'centre/tls-authority.json'), JSON.stringify(file));
    await writeFile(path.join(cluster.folder, `edges/${EDGE}/credentials/box.token`), TOKEN);
    await cluster.startAll();
    box = path.join(folder, 'box');
    front = path.join(box, 'etc/holdfast/tls/front.crt');
    await mkdir(path.dirname(front), { recursive: true });
    await writeFile(path.join(box, 'etc/holdfast/holdfast.env'), `HOLDFAST_PORT=${String(port + 1)}\n`);
    await writeFile(path.join(box, 'etc/holdfast/box.token'), TOKEN);
  }, 60_000);

  beforeEach(({ skip }) => {
    skip(!haproxy, 'haproxy is not installed (apt-get install haproxy)');
    skip(!openssl, 'openssl is not installed');
  });

  /** As the timer runs it; resolves with how it ended and what it said. */
  function renew(...args: string[]): Promise<{ code: number; said: string }> {
    return new Promise((resolve) => {
      const env = { PATH: process.env['PATH'], HOLDFAST_INSTALL_ROOT: box };
      execFile('sh', [path.join(sources, 'certificate.sh'), ...args], { env }, (error, out, err) => {
        const code = error ? Number(error.code) : 0;
        resolve({ code, said: `${out}${err}`.trim() });
      });
    });
  }

  /** What the path unit does when the file is another. */
  async function reload(serial: string): Promise<void> {
    terminator.child.kill('SIGUSR2');
    await until(
      'the new certificate is shown',
      10_000,
      async () => (await shownSerial(NAME, trust)) === serial,
    );
  }

  async function inUse(): Promise<X509Certificate> {
    return new X509Certificate(await readFile(front));
  }

  async function serial(): Promise<string> {
    return (await inUse()).serialNumber;
  }

  /** In the place of the one in use, one that the centre signed so many days ago. */
  async function age(days: number): Promise<string> {
    const then = { ...nodePlatform, now: () => Date.now() - days * DAY_MS };
    const key = path.join(folder, 'aged.key');
    const made = await (await TlsAuthority.open(file, then)).certify(await request(key), EDGE);
    if (typeof made === 'string') throw new Error(made);
    const [mark] = (await readFile(front, 'utf8')).split('\n');
    await writeFile(`${front}.aged`, `${mark ?? ''}\n${made.chain}${await readFile(key, 'utf8')}`, {
      mode: 0o600,
    });
    await rename(`${front}.aged`, front);
    return serial();
  }

  /** A request with a new key, as DER. */
  async function request(key: string, ...more: string[]): Promise<Uint8Array<ArrayBuffer>> {
    const kind = more.includes('-newkey') ? [] : ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
    const out = ['-nodes', '-keyout', key, '-outform', 'DER', '-out', `${key}.der`];
    await run('openssl', ['req', '-new', ...kind, ...out, '-subj', '/', ...more]);
    return new Uint8Array(await readFile(`${key}.der`));
  }

  async function alarm(): Promise<string | null> {
    const answer = readiness.parse(await (await fetch(`${cluster.edgeUrl(EDGE)}/readyz`)).json());
    return (
      answer.alarms.find(({ type, subject }) => type === 'certificate-expiring' && subject === 'terminator')
        ?.detail ?? null
    );
  }

  const asked = () => httpsFetch(trust)(new Request(`https://${NAME}/healthz`));

  it('goes from a request on the box to haproxy, for the edge’s own name alone', async () => {
    expect(await renew()).toEqual({
      code: 0,
      said: expect.stringMatching(/^The centre signed a certificate/),
    });
    expect((await stat(front)).mode & 0o777).toBe(0o600);
    const made = await inUse();
    expect(made.subjectAltName).toBe(`DNS:${NAME}`);
    expect(made.ca).toBe(false);
    const days = (made.validToDate.getTime() - Date.now()) / DAY_MS;
    expect(days).toBeGreaterThan(89);
    expect(days).toBeLessThanOrEqual(90);
    terminator = startHaproxy(haproxy ?? '', 'front', {
      HOLDFAST_TLS_LISTEN: `127.0.0.1:${String(trust.port)}`,
      HOLDFAST_TLS_CERTIFICATE: front,
      HOLDFAST_PORT: String(cluster.edgePort(EDGE)),
    });
    // A client that trusts the authority, and nothing else, is satisfied.
    const answer = await until('haproxy serves it', 10_000, asked);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('Strict-Transport-Security')).toBe('max-age=31536000');
    expect([...answer.headers.keys()].filter((name) => /^(server|via|x-powered-by)$/.test(name))).toEqual([]);
    expect(await shownSerial(NAME, trust)).toBe(made.serialNumber);
    await expect(shownSerial(`other.${DOMAIN}`, trust)).rejects.toThrow(/unrecognized name/);
    const metrics = await (await fetch(`${cluster.edgeUrl(EDGE)}/metrics`)).text();
    expect(metrics).toContain(
      `holdfast_certificate_end_timestamp_seconds{certificate="terminator"} ${String(made.validToDate.getTime() / 1000)}\n`,
    );
    expect(await alarm()).toBeNull();
    // The authority is where the centre's credentials are, and the key of the box only on the box.
    for (const log of ['centre', EDGE])
      expect(await readFile(path.join(cluster.folder, `logs/${log}.log`), 'utf8')).not.toContain(
        'PRIVATE KEY',
      );
  });

  it('is renewed from half of its life on, under load, without a failed request', async () => {
    const young = await age(40);
    expect(await renew()).toEqual({ code: 0, said: '' });
    expect(await serial()).toBe(young);
    await reload(await age(46));
    const statuses: number[] = [];
    let asking = true;
    const everybody = Promise.all(
      Array.from({ length: 4 }, async () => {
        while (asking) statuses.push((await asked()).status);
      }),
    );
    const before = await serial();
    const { code } = await renew();
    expect(code).toBe(0);
    const renewed = await serial();
    expect(renewed).not.toBe(before);
    await reload(renewed);
    asking = false;
    await everybody;
    expect(statuses.length).toBeGreaterThan(20);
    expect(new Set(statuses)).toEqual(new Set([200]));
  });

  it('goes on while the centre is away, and is called out 30 days ahead until it is renewed', async () => {
    const old = await age(65);
    await reload(old);
    await cluster.centre?.stop();
    expect(await renew()).toMatchObject({
      code: 3,
      said: expect.stringContaining('the next run asks again'),
    });
    expect(await serial()).toBe(old);
    expect((await asked()).status).toBe(200);
    expect(await alarm()).toBe('ends in 24 days');

    // A centre without an authority says so, and the old one goes on as well.
    const authority = path.join(cluster.folder, 'centre/tls-authority.json');
    await rename(authority, `${authority}.away`);
    await cluster.startCentre();
    await cluster.ready(cluster.centreUrl);
    const without = await until('the edge has its centre again', 20_000, async () => {
      const ended = await renew();
      return ended.code === 3 ? null : ended;
    });
    expect(without).toMatchObject({ code: 4, said: expect.stringContaining('signs no TLS certificates') });
    expect(await serial()).toBe(old);

    await cluster.centre?.stop();
    await rename(`${authority}.away`, authority);
    await cluster.startCentre();
    await cluster.ready(cluster.centreUrl);
    await until('it is renewed', 20_000, async () => (await renew()).code === 0);
    await reload(await serial());
    expect(await serial()).not.toBe(old);
    expect(await alarm()).toBeNull();
  });

  it('is signed for nobody else: not for another name, another kind of key, or whoever speaks on loopback', async () => {
    const send = (body: object, headers: Record<string, string> = {}) =>
      fetch(`${cluster.edgeUrl(EDGE)}/v1/box/certificate`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${TOKEN}`, ...headers },
        body: JSON.stringify(body),
      });
    const key = path.join(folder, 'asked.key');
    const text = (der: Uint8Array) => ({ request: Buffer.from(der).toString('base64url') });
    const good = await request(key);
    const named = (...names: string[]) =>
      request(key, '-addext', `subjectAltName=${names.map((name) => `DNS:${name}`).join(',')}`);
    const forged = Uint8Array.from(good, (byte, at) => (at === good.length - 1 ? byte ^ 1 : byte));
    const refusals = [
      ['name', await named(`edge-toledo.${DOMAIN}`)],
      ['name', await named(NAME, 'www.example.org')],
      ['name', await named(`*.${DOMAIN}`)],
      ['key', await request(key, '-newkey', 'rsa:2048')],
      ['key', await request(key, '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384')],
      ['signature', forged],
      ['malformed', new Uint8Array(randomBytes(300))],
    ] as const;
    for (const [why, der] of refusals) {
      const answer = await send(text(der));
      expect([answer.status, await answer.json()]).toMatchObject([403, { why }]);
    }
    expect((await send(text(await named(NAME)))).status).toBe(200);
    expect((await send({ request: '' })).status).toBe(400);
    expect((await send({ request: 'A'.repeat(5_000) })).status).toBe(400);
    expect((await send(text(good), { Authorization: `Bearer ${'A'.repeat(43)}` })).status).toBe(401);
    expect((await send(text(good), { Authorization: '' })).status).toBe(401);
    expect((await send(text(good), { 'X-Forwarded-Proto': 'https' })).status).toBe(404);
    // And at the centre, for nobody without a session of an edge.
    const direct = await fetch(`${cluster.centreUrl}/v1/sync/certificate`, { method: 'POST', body: '{}' });
    expect(direct.status).toBe(401);
  });

  it('cannot be made for another domain even by who stole the authority', async () => {
    const stolen = await TlsAuthority.open({ ...file, domain: 'example.org' }, nodePlatform);
    const made = await stolen.certify(await request(path.join(folder, 'stolen.key')), 'intranet');
    if (typeof made === 'string') throw new Error(made);
    const [ca, leaf] = [path.join(folder, 'ca.crt'), path.join(folder, 'leaf.crt')];
    await writeFile(ca, file.certificate);
    await writeFile(leaf, made.chain);
    await expect(run('openssl', ['verify', '-CAfile', ca, leaf])).rejects.toThrow(
      /permitted subtree violation/,
    );
    await copyFile(front, leaf);
    expect((await run('openssl', ['verify', '-CAfile', ca, leaf])).stdout).toContain('OK');
  });

  it('takes the place of nothing that the organisation brought, whose end is watched as well', async () => {
    const own = await Authority.make(folder, 'own');
    const shown = await own.issue(NAME, 'brought');
    for (const kind of ['crt', 'key'])
      await rename(path.join(folder, `brought.${kind}`), path.join(path.dirname(front), `front.${kind}`));
    expect(await renew()).toEqual({ code: 0, said: '' });
    expect(await serial()).toBe(shown);
    expect(await alarm()).toBe('ends in 1 days');
    terminator.child.kill('SIGUSR2');
    const trusts = { ...trust, ca: await own.certificate() };
    await until('haproxy shows it', 10_000, async () => (await shownSerial(NAME, trusts)) === shown);

    // Taking it away is asking the centre for one; the key beside it is not in the way.
    await rm(front);
    expect((await renew()).code).toBe(0);
    await reload(await serial());
    expect(await alarm()).toBeNull();
  });

  it('ends with the edge’s own standing: who was revoked gets none, and is told', async () => {
    const nodeId = nodeIdOf(cluster.secrets.edges[EDGE]?.certificate ?? '');
    const { status } = await ask(
      cluster.secrets.tokens.administrator,
      'POST',
      `${cluster.centreUrl}/v1/admin/edges/${nodeId}/revocation`,
      { reason: 'stolen', stolen: true, until: null },
    );
    expect(status).toBeLessThan(300);
    const before = await serial();
    expect(await renew('--now')).toMatchObject({
      code: 4,
      said: expect.stringContaining('does not accept this edge'),
    });
    expect(await serial()).toBe(before);
  });
});

function nodeIdOf(certificate: string): string {
  return certificatePayload.parse(peekJws(certificate)?.payload).nodeId;
}
