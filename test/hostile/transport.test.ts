/**
 * How nodes speak, on real processes: what every answer carries, where a node listens, and that it connects to nobody
 * but its named peers. The edge's way out is tried by a program of its own in the appliance's configuration; the centre
 * is watched by strace from its first instruction on.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { type AddressInfo, type Server, createServer as createTcpServer } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import path from 'node:path';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { LocalCluster } from '../../central/local/cluster.ts';
import { NodeProcess, packageRoot, workerdPath } from '../../central/local/processes.ts';
import { nodePlatform } from '../../central/platform.ts';
import { limits } from '../../shared/limits.ts';
import { staffTokenHash } from '../../shared/staff/token.ts';
import { centreApp } from '../api/app.ts';
import { Foreground, programAt, until } from '../support/appliance.ts';
import { afterFile } from '../support/cleanup.ts';
import { freePorts, openFleet } from '../support/cluster.ts';
import { send } from './http.ts';

const PLAN = {
  regions: [{ id: 'centro', name: 'Centro' }],
  edges: [{ name: 'edge-madrid', siteId: 'madrid', siteName: 'Madrid', regionId: 'centro', helpdesk: true }],
} as const;
const strace = programAt('/usr/bin/strace', '/usr/local/bin/strace');

const described = z.object({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) });

let folder: string;
let cluster: LocalCluster;
let port: number;

beforeAll(async () => {
  expect(inject('buildError')).toBeNull();
  folder = await mkdtemp(path.join(tmpdir(), 'holdfast-transport-'));
  afterFile(() => rm(folder, { recursive: true, force: true }));
  port = await freePorts(23_480, 4);
  cluster = await LocalCluster.prepare(path.join(folder, 'cluster'), PLAN, port);
  afterFile(() => cluster.stopAll());
  // Under strace, so that its start is watched as well.
  if (strace) await startWatched();
  else {
    await cluster.startCentre();
    await cluster.startEdge('edge-madrid');
  }
  await cluster.configure();
  await cluster.ready(cluster.edgeUrl('edge-madrid'));
}, 60_000);

async function startWatched(): Promise<void> {
  const { tokens } = cluster.secrets;
  cluster.centre = await watched('centre', cluster.centreUrl, process.execPath, ['dist/central/main.js'], {
    HOLDFAST_DATA: cluster.centreData,
    HOLDFAST_IDENTITY_FILE: path.join(cluster.folder, 'centre/identity.json'),
    HOLDFAST_PORT: String(port),
    HOLDFAST_BOOTSTRAP_TOKEN_HASH: staffTokenHash(nodePlatform, tokens.administrator),
    HOLDFAST_SNAPSHOT_PLAIN: 'yes',
  });
  const { name } = PLAN.edges[0];
  await mkdir(cluster.edgeData(name), { recursive: true });
  const edge = await watched(name, cluster.edgeUrl(name), workerdPath(), [
    ...['serve', 'edge/appliance/edge.capnp', `--directory-path=data=${cluster.edgeData(name)}`],
    `--directory-path=credentials=${path.join(cluster.folder, 'edges', name, 'credentials')}`,
    `--socket-addr=http=127.0.0.1:${String(cluster.edgePort(name))}`,
    `--external-addr=centre=127.0.0.1:${String(port)}`,
  ]);
  cluster.edges.set(name, edge);
}

/** A node whose every call that names another address is written down, from its first instruction on. */
function watched(
  name: string,
  url: string,
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<NodeProcess> {
  const calls = ['-e', 'trace=connect,sendto,sendmsg,sendmmsg', '-o', traceOf(name)];
  return NodeProcess.start({
    // With -D strace stands aside, and signals reach the node.
    ...{ name, url, command: strace ?? '', args: ['-D', '-f', '-qq', ...calls, command, ...args], env },
    logFile: path.join(cluster.folder, `logs/${name}.log`),
  });
}

function traceOf(name: string): string {
  return path.join(folder, `${name}.trace`);
}

/** `address:port` of everybody it sent something to by naming an address: TCP, UDP, names that are looked up. */
async function addressed(name: string): Promise<string[]> {
  const text = await readFile(traceOf(name), 'utf8');
  const found = text.matchAll(/sin6?_port=htons\((\d+)\).*?inet_(?:addr|pton)\((?:AF_INET6, )?"([^"]+)"/g);
  return [...new Set([...found].map(([, to = '', address = '']) => `${address}:${to}`))];
}

describe('every answer', () => {
  /** Each address with each of its methods, as it was declared: what programs call, pages, and what pages load. */
  async function declared(): Promise<{ method: string; path: string }[]> {
    const { routes } = await centreApp();
    const found = routes.flatMap(({ method, path: at }) =>
      method === 'ALL' ? [] : [{ method, path: at.replace(/:\w+(\{[^}]*\})?/g, 'x') }],
    );
    return [...found, { method: 'GET', path: '/nothing-here' }, { method: 'DELETE', path: '/readyz' }];
  }

  it('says what a browser may do with it, at both nodes, whoever asks and whatever comes of it', async () => {
    const wrong: string[] = [];
    const types = new Set<string>();
    let count = 0;
    for (const url of [cluster.centreUrl, cluster.edgeUrl('edge-madrid')]) {
      const document = described.parse(await (await fetch(`${url}/openapi.json`)).json());
      const all = new Map<string, { method: string; path: string }>();
      for (const [at, methods] of Object.entries(document.paths))
        for (const method of Object.keys(methods))
          all.set(`${method.toUpperCase()} ${at}`, {
            ...{ method: method.toUpperCase(), path: at.replace(/\{\w+\}/g, 'x') },
          });
      for (const each of await declared()) all.set(`${each.method} ${each.path}`, each);
      for (const token of ['', cluster.secrets.tokens.administrator]) {
        for (const { method, path: at } of all.values()) {
          const answer = await fetch(url + at, {
            ...{ method, redirect: 'manual' },
            headers: {
              ...{ 'X-Forwarded-Proto': 'https', Accept: 'text/html', 'Content-Type': 'application/json' },
              ...(token === '' ? {} : { Authorization: `Bearer ${token}` }),
            },
          });
          const isPage = answer.headers.get('Content-Type')?.startsWith('text/html') === true;
          types.add(isPage ? 'page' : 'other');
          const text = isPage ? await answer.text() : '';
          if (!isPage) await answer.body?.cancel();
          for (const fault of [...faults(answer, isPage), ...(isPage ? scripts(text) : [])])
            wrong.push(`${method} ${url}${at} ${String(answer.status)}: ${fault}`);
          count += 1;
        }
      }
    }
    expect(wrong).toEqual([]);
    expect(count).toBeGreaterThan(300);
    expect(types).toEqual(new Set(['page', 'other']));
  }, 60_000);

  it('says nothing of TLS to whoever came without', async () => {
    const answer = await fetch(`${cluster.centreUrl}/healthz`);
    expect(answer.headers.get('Strict-Transport-Security')).toBeNull();
  });

  function faults({ headers }: Response, isPage: boolean): string[] {
    const policy = headers.get('Content-Security-Policy') ?? '';
    const expected: Readonly<Record<string, string>> = {
      'X-Content-Type-Options': 'nosniff',
      'Referrer-Policy': 'no-referrer',
      'Cross-Origin-Resource-Policy': 'same-origin',
      'Strict-Transport-Security': 'max-age=31536000',
      ...(isPage
        ? { 'Cross-Origin-Opener-Policy': 'same-origin' }
        : { 'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'" }),
    };
    return [
      ...Object.entries(expected).flatMap(([name, value]) =>
        headers.get(name) === value ? [] : [`${name} is ${String(headers.get(name))}`],
      ),
      ...(policy.includes("default-src 'none'") && policy.includes("frame-ancestors 'none'") ? [] : [policy]),
      // Nobody else's, nothing inline, nothing made of text.
      ...(/unsafe|https?:|\*|data:|blob:/.test(policy) ? [policy] : []),
      ...['Server', 'X-Powered-By', 'Via'].filter((name) => headers.has(name)),
      ...(headers.has('Cache-Control') ? [] : ['may be kept by anybody']),
    ];
  }

  /** What the policy would forbid, and so should not be there to be missed. */
  function scripts(html: string): string[] {
    return html.match(/<script(?![^>]*\bsrc=)[^>]*>|<style|\sstyle="|\son[a-z]+="|javascript:/gi) ?? [];
  }
});

describe('what anybody may read', () => {
  it('does not say which accounts there are, whatever was tried', async () => {
    const url = cluster.edgeUrl('edge-madrid');
    const seen = async (account: string, address: string) => {
      const before = alarmsIn(await (await fetch(`${url}/metrics`)).text());
      const statuses: number[] = [];
      for (let tries = 0; tries <= limits.signInFailuresPerPairMax; tries += 1) {
        const answer = await fetch(`${url}/v1/session`, {
          method: 'POST',
          headers: { 'Content-Type': 'application/json', 'X-Forwarded-For': address },
          body: JSON.stringify({ staffId: account, password: 'no password of theirs', code: '123456' }),
        });
        statuses.push(answer.status);
      }
      const ready = await (await fetch(`${url}/readyz`)).text();
      expect(ready).not.toContain(account);
      expect(ready).toContain(address);
      return { statuses, more: alarmsIn(await (await fetch(`${url}/metrics`)).text()) - before };
    };
    const known = await seen('helpdesk-1', '203.0.113.7');
    expect(known.statuses.at(-1)).toBe(429);
    expect(await seen('helpdesk-9', '203.0.113.8')).toEqual(known);
  });

  function alarmsIn(metrics: string): number {
    return Number(/^holdfast_alarms\{type="sign-in-attack"\} (\d+)$/m.exec(metrics)?.[1] ?? 0);
  }
});

describe('where a node listens', () => {
  it.each(['0.0.0.0', 'holdfast.example.org'])(
    'the centre refuses to listen at %s, in one sentence that names the setting',
    async (host) => {
      const env = {
        ...{
          HOLDFAST_HOST: host,
          HOLDFAST_PORT: String(port + 3),
          HOLDFAST_DATA: path.join(folder, 'never'),
        },
        HOLDFAST_IDENTITY_FILE: path.join(cluster.folder, 'centre/identity.json'),
      };
      const refused = new Foreground(process.execPath, ['dist/central/main.js'], env);
      expect(await refused.ended).toBe(2);
      expect(refused.output).toBe(
        'holdfast: HOLDFAST_HOST is not usable: must be a loopback address: a TLS terminator stands in front of it.\n',
      );
    },
  );

  it('nodes cannot be reached at this machine’s other addresses', async ({ skip }) => {
    const others = Object.values(networkInterfaces())
      .flatMap((each) => each ?? [])
      .filter(({ internal, family }) => !internal && family === 'IPv4');
    skip(others.length === 0, 'this machine has no other address');
    for (const { address } of others)
      for (const at of [port, port + 1])
        await expect(fetch(`http://${address}:${String(at)}/healthz`)).rejects.toThrow();
  });

  it('the edge’s unit gives it loopback, whatever the settings say, and a port that is none is named', async () => {
    const unit = await readFile(path.join(packageRoot(), 'edge/appliance/holdfast-edge.service'), 'utf8');
    expect(unit.match(/--socket-addr\S+/g)).toEqual(['--socket-addr=http=127.0.0.1:${HOLDFAST_PORT}']);
    expect(unit).toMatch(/^IPAddressDeny=any\nIPAddressAllow=localhost$/m);
    const wake = new Foreground('/bin/bash', ['edge/appliance/wake.sh', '0.0.0.0:8701'], {});
    expect(await wake.ended).toBe(1);
    expect(wake.output).toMatch(/^HOLDFAST_PORT must be a port number/);
  });

  it('behind a name, without TLS, every address answers that it was reached the wrong way', async () => {
    for (const url of [cluster.centreUrl, cluster.edgeUrl('edge-madrid')])
      for (const at of ['/', '/readyz', '/v1/devices', '/v1/sync/challenge']) {
        const message = { method: 'GET', path: at, headers: { Host: 'holdfast.example.org' } };
        expect([at, (await send(url, message)).status]).toEqual([at, 421]);
      }
  });
});

describe('whom a node calls', () => {
  it.skipIf(!strace)('its named peers alone, through a day of work', { timeout: 60_000 }, async () => {
    const fleet = await openFleet(cluster, { devices: 4, seed: 'outbound' });
    await fleet.enrolAll();
    await fleet.encryptAll();
    await fleet.reportAll();
    const headers = {
      Authorization: `Bearer ${cluster.secrets.tokens.administrator}`,
      'Content-Type': 'application/json',
    };
    const made = await fetch(`${cluster.centreUrl}/v1/admin/snapshots`, {
      method: 'POST',
      headers,
      body: '{}',
    });
    expect(made.status).toBeLessThan(300);
    for (const url of [cluster.centreUrl, cluster.edgeUrl('edge-madrid')])
      for (const at of ['/v1/reports/enterprise', '/', '/recover'])
        await (await fetch(url + at, { headers })).arrayBuffer();
    expect(await addressed('centre')).toEqual([]);
    expect(await addressed('edge-madrid')).toEqual([`127.0.0.1:${String(port)}`]);
  });

  it('a program in the edge’s place reaches nobody else', async () => {
    const reached: string[] = [];
    const web = createServer((_, response) => {
      reached.push('http');
      response.end('reached');
    });
    const raw = createTcpServer((socket) => {
      reached.push('tcp');
      socket.end();
    });
    const [webPort, rawPort] = await Promise.all([web, raw].map(listening));
    const probe = `
      import { DurableObject } from 'cloudflare:workers';
      import { connect } from 'cloudflare:sockets';
      export class EdgeNode extends DurableObject {}
      const tried = async (work) => { try { return await work(); } catch (error) { return String(error); } };
      export default { async fetch(request, env) {
        if (new URL(request.url).pathname === '/healthz') return new Response('ok');
        return Response.json({
          centre: await tried(async () => (await env.CENTRE.fetch('http://localhost/healthz')).status),
          web: await tried(async () => (await fetch('http://127.0.0.1:${String(webPort)}/')).status),
          name: await tried(async () => (await fetch('http://localhost:${String(webPort)}/')).status),
          world: await tried(async () => (await fetch('https://example.org/')).status),
          raw: await tried(async () => {
            const socket = connect('127.0.0.1:${String(rawPort)}');
            await socket.opened;
            return 'opened';
          }),
        });
      } };`;
    await writeFile(path.join(folder, 'probe.js'), probe);
    const shipped = await readFile(path.join(packageRoot(), 'edge/appliance/edge.capnp'), 'utf8');
    const config = shipped.replace('"../../dist/edge/worker.js"', '"probe.js"');
    expect(config).not.toBe(shipped);
    await writeFile(path.join(folder, 'probe.capnp'), config);
    await mkdir(path.join(folder, 'probe-data'));
    const url = `http://127.0.0.1:${String(port + 2)}`;
    const running = new Foreground(workerdPath(), [
      ...[
        'serve',
        path.join(folder, 'probe.capnp'),
        `--directory-path=data=${path.join(folder, 'probe-data')}`,
      ],
      `--directory-path=credentials=${path.join(folder, 'probe-data')}`,
      ...[
        `--socket-addr=http=127.0.0.1:${String(port + 2)}`,
        `--external-addr=centre=127.0.0.1:${String(port)}`,
      ],
    ]);
    const answer: unknown = await until('it answers', 10_000, async () => (await fetch(url)).json());
    await running.stop();
    const refused = expect.stringMatching(/^\w*Error/);
    expect(answer).toMatchObject({ centre: 200, web: refused, name: refused, world: refused, raw: refused });
    expect(reached).toEqual([]);
  });

  function listening(server: Server): Promise<number> {
    afterFile(() => server.close());
    return new Promise((resolve) =>
      server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)),
    );
  }
});
