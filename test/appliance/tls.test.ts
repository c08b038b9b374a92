/**
 * TLS by the appliance's haproxy configurations, in front of a real edge, between it and its centre, and in front of
 * that: devices and replication go through all of it.
 */
import { rename } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Fleet } from '../../central/fleet/fleet.ts';
import { LocalCluster } from '../../central/local/cluster.ts';
import { startEdgeProcess } from '../../central/local/processes.ts';
import { nodePlatform } from '../../central/platform.ts';
import { type Foreground, programAt, run, scratchFolder, sources, until } from '../support/appliance.ts';
import { afterFile } from '../support/cleanup.ts';
import { digestsOf, freePorts } from '../support/cluster.ts';
import {
  Authority,
  type Trust,
  http2Status,
  httpsFetch,
  misdirectedStatus,
  plainStatus,
  shownSerial,
  startHaproxy,
} from '../support/tls.ts';

const EDGE = 'edge.holdfast.test';
const CENTRE = 'centre.holdfast.test';
const PLAN = {
  regions: [{ id: 'centro', name: 'Centro' }],
  edges: [{ name: 'edge-madrid', siteId: 'madrid', siteName: 'Madrid', regionId: 'centro', helpdesk: true }],
} as const;

const haproxy = programAt('/usr/sbin/haproxy', '/usr/local/sbin/haproxy');
const openssl = programAt('/usr/bin/openssl', '/usr/local/bin/openssl');

describe('TLS in front of the appliance', { timeout: 60_000 }, () => {
  let folder: string;
  let cluster: LocalCluster;
  let authority: Authority;
  let front: Foreground;
  let edge: Trust;
  let ports: {
    node: number;
    edge: number;
    uplink: number;
    front: number;
    centreFront: number;
    spare: number;
  };

  beforeAll(async () => {
    if (!haproxy || !openssl) return;
    folder = await scratchFolder();
    const first = await freePorts(10_330, 7);
    ports = {
      ...{ node: first, edge: first + 1, uplink: first + 2, front: first + 3 },
      ...{ centreFront: first + 4, spare: first + 5 },
    };
    authority = await Authority.make(folder, 'authority');
    const ca = await authority.certificate();
    edge = { ca, port: ports.front };
    await authority.issue(EDGE, 'edge');
    await authority.issue(CENTRE, 'centre');
    front = startHaproxy(haproxy, 'front', frontEnv('edge', ports.front, ports.edge));
    startHaproxy(haproxy, 'front', frontEnv('centre', ports.centreFront, ports.node));
    startHaproxy(haproxy, 'uplink', uplinkEnv(ports.uplink, authority));

    cluster = await LocalCluster.prepare(path.join(folder, 'cluster'), PLAN, ports.node);
    afterFile(() => cluster.stopAll());
    await cluster.startCentre();
    await cluster.configure();
    const process = await startEdgeProcess({
      ...{ name: 'edge-madrid', dataFolder: cluster.edgeData('edge-madrid'), port: ports.edge },
      credentialsFolder: path.join(cluster.folder, 'edges/edge-madrid/credentials'),
      // All that the edge knows of its centre is the uplink.
      ...{ centrePort: ports.uplink, logFile: path.join(folder, 'edge.log') },
    });
    cluster.edges.set('edge-madrid', process);
    await cluster.ready(cluster.edgeUrl('edge-madrid'));
  }, 60_000);

  beforeEach(({ skip }) => {
    skip(!haproxy, 'haproxy is not installed (apt-get install haproxy)');
    skip(!openssl, 'openssl is not installed');
  });

  function frontEnv(file: string, listen: number, node: number): Record<string, string> {
    return {
      HOLDFAST_TLS_LISTEN: `127.0.0.1:${listen}`,
      HOLDFAST_TLS_CERTIFICATE: path.join(folder, `${file}.crt`),
      HOLDFAST_PORT: String(node),
    };
  }

  function uplinkEnv(listen: number, trusted: Authority, name = CENTRE): Record<string, string> {
    return {
      HOLDFAST_UPLINK_PORT: String(listen),
      HOLDFAST_CENTRE_ADDRESS: `127.0.0.1:${ports.centreFront}`,
      HOLDFAST_CENTRE_NAME: name,
      HOLDFAST_CENTRE_CA: trusted.certificateFile,
    };
  }

  it('lets devices enrol, escrow and report at https, and the helpdesk read the key there', async () => {
    const { d: _private, ...jwk } = cluster.secrets.organisationKey;
    const fleet = await Fleet.open({
      ...{ seed: 'tls', devices: 3, organisation: { jwk }, platform: nodePlatform, healthy: true },
      sites: [
        {
          siteId: 'madrid',
          nodes: [`https://${EDGE}`],
          siteToken: cluster.secrets.tokens.sites['madrid'] ?? '',
        },
      ],
      fetch: httpsFetch(edge),
    });
    afterFile(() => fleet.close());
    await fleet.enrolAll();
    await fleet.encryptAll();
    await fleet.reportAll();
    expect(fleet.counts()).toMatchObject({ encryptionNotStarted: 0 });

    const held = await digestsOf(cluster, cluster.edgeUrl('edge-madrid'));
    await until('the centre holds what the edge wrote', 15_000, async () => {
      const there = await digestsOf(cluster, cluster.centreUrl);
      return [...held].every(([log, { seq }]) => (there.get(log)?.seq ?? 0) >= seq);
    });
    const keyId = fleet.keyIds()[0] ?? '';
    const answer = await httpsFetch(edge)(
      new Request(`https://${EDGE}/v1/recovery/disclosures`, {
        method: 'POST',
        headers: {
          Authorization: `Bearer ${cluster.secrets.tokens.advancedHelpdesk}`,
          'Content-Type': 'application/json',
        },
        body: JSON.stringify({ keyId, reason: 'lost-pin', verification: 'manager' }),
      }),
    );
    expect(answer.status).toBe(201);
    expect(await answer.json()).toMatchObject({ recoveryPassword: fleet.passwordOf(keyId) });
  });

  it('is what makes the edge answer to a name at all', async () => {
    expect(await plainStatus(EDGE, '/readyz', ports.edge)).toBe(421);
    expect((await httpsFetch(edge)(new Request(`https://${EDGE}/readyz`))).status).toBe(200);
    expect(await http2Status(EDGE, '/readyz', edge)).toBe(200);
  });

  it("answers by its certificate's own names alone, so that nobody brings here what was done at another node", async () => {
    const ask = (host: string, tls?: string) =>
      misdirectedStatus(tls === undefined ? { host } : { host, tls }, ports.front);
    expect(await ask(EDGE, EDGE)).toBe(200);
    expect(await ask(`${EDGE.toUpperCase()}:443`, EDGE)).toBe(200);
    // A passkey's answer that was made for a page of the centre's name, say.
    expect(await ask(CENTRE, EDGE)).toBe(421);
    await expect(ask(CENTRE, CENTRE)).rejects.toThrow();
    await expect(ask(CENTRE)).rejects.toThrow();
  });

  it('passes on where a request came from, not what it says about that itself', async () => {
    const echo = createServer((request, response) => response.end(JSON.stringify(request.headers)));
    const port = await new Promise<number>((resolve) =>
      echo.listen(0, '127.0.0.1', () => {
        const address = echo.address();
        resolve(typeof address === 'object' && address ? address.port : 0);
      }),
    );
    afterFile(() => echo.close());
    const other = startHaproxy(haproxy ?? '', 'front', frontEnv('edge', ports.spare, port));
    const ask = httpsFetch({ ca: edge.ca, port: ports.spare });
    const forged = {
      'X-Forwarded-For': '203.0.113.7',
      'X-Forwarded-Proto': 'http',
      Forwarded: 'for=203.0.113.7',
    };
    const seen: unknown = await until('haproxy listens', 5_000, async () =>
      (await ask(new Request(`https://${EDGE}/`, { headers: forged }))).json(),
    );
    await other.stop();
    expect(seen).toMatchObject({
      host: EDGE,
      'x-forwarded-proto': 'https',
      'x-forwarded-for': '127.0.0.1',
    });
    expect(seen).not.toHaveProperty('forwarded');
  });

  it('carries nothing to a centre whose certificate does not hold', async () => {
    const stranger = await Authority.make(folder, 'stranger');
    const cases = [
      ['another authority', uplinkEnv(ports.spare, stranger), 503],
      ['another name', uplinkEnv(ports.spare, authority, 'other.holdfast.test'), 503],
      ['the true centre', uplinkEnv(ports.spare, authority), 200],
    ] as const;
    for (const [what, env, status] of cases) {
      const uplink = startHaproxy(haproxy ?? '', 'uplink', env);
      const answer = await until('haproxy listens', 5_000, () =>
        fetch(`http://127.0.0.1:${ports.spare}/healthz`),
      );
      await answer.text();
      expect([what, answer.status]).toEqual([what, status]);
      await uplink.stop();
    }
  });

  it('starts without its line, when the name of the centre cannot be found', async () => {
    const env = { ...uplinkEnv(ports.spare, authority), HOLDFAST_CENTRE_ADDRESS: 'nowhere.invalid:443' };
    const uplink = startHaproxy(haproxy ?? '', 'uplink', env);
    const answer = await until('haproxy listens', 10_000, () =>
      fetch(`http://127.0.0.1:${ports.spare}/healthz`),
    );
    await answer.text();
    await uplink.stop();
    expect(answer.status).toBe(503);
  });

  it('takes in a renewed certificate without refusing anybody, and refuses half a renewal', async () => {
    const ask = httpsFetch(edge);
    const asked: number[] = [];
    let asking = true;
    const everybody = Promise.all(
      Array.from({ length: 4 }, async () => {
        while (asking) asked.push((await ask(new Request(`https://${EDGE}/readyz`))).status);
      }),
    );
    const before = await shownSerial(EDGE, edge);
    const serials: string[] = [];
    for (let renewal = 0; renewal < 3; renewal += 1) {
      const serial = await authority.issue(EDGE, 'edge');
      front.child.kill('SIGUSR2');
      await until('the new certificate is shown', 10_000, async () => {
        return (await shownSerial(EDGE, edge)) === serial;
      });
      serials.push(serial);
    }
    expect(new Set([before, ...serials]).size).toBe(4);

    // The unit looks before it reloads; should somebody send the signal all the same, the old one stays too.
    const crt = path.join(folder, 'edge.crt');
    await rename(crt, `${crt}.whole`);
    await authority.issue(EDGE, 'half');
    await rename(path.join(folder, 'half.crt'), crt);
    const check = run(haproxy ?? '', ['-c', '-f', path.join(sources, 'front.cfg')], {
      env: frontEnv('edge', ports.front, ports.edge),
    });
    await expect(check).rejects.toThrow(/inconsistencies between private key and certificate/);
    front.child.kill('SIGUSR2');
    await until('haproxy has looked at it', 10_000, async () => front.output.includes('inconsistencies'));
    expect(await shownSerial(EDGE, edge)).toBe(serials.at(-1));
    await rename(`${crt}.whole`, crt);

    asking = false;
    await everybody;
    expect(asked.length).toBeGreaterThan(20);
    expect(new Set(asked)).toEqual(new Set([200]));
  });
});
