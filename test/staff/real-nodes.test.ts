/** People at real nodes: a centre over libSQL files and edges in workerd, which are killed and started again. */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { LocalCluster } from '../../central/local/cluster.ts';
import { bugsInLogs, startCluster } from '../support/cluster.ts';
import {
  type Enrolled,
  type NodeFetch,
  type SignedIn,
  asBearer,
  bySession,
  codeOf,
  configure,
  enrol,
  fetchOf,
  post,
  signIn,
  trySignIn,
} from '../support/people.ts';
import { bodiesIn, filesWith, secretsOf } from '../support/secrets.ts';
import { makeWholeSnapshot, snapshotEnv } from '../support/snapshot.ts';

const SEARCH = '/v1/recovery/search';

describe('people at real nodes', { timeout: 60_000 }, () => {
  let cluster: LocalCluster;
  let token: string;
  let [centre, madrid, lugo] = [fetchOf(''), fetchOf(''), fetchOf('')];
  const people = new Map<string, Enrolled>();
  const person = (id: string): Enrolled => {
    const found = people.get(id);
    if (!found) throw new Error(`${id} is not enrolled`);
    return found;
  };
  const searchAs = async (node: NodeFetch, as: SignedIn): Promise<string> =>
    codeOf(await post(node, SEARCH, { keyId: 'abcdef01' }, bySession(as)));

  beforeAll(async () => {
    cluster = await startCluster(21_100);
    token = cluster.secrets.tokens.administrator;
    [centre, madrid, lugo] = [
      fetchOf(cluster.centreUrl),
      fetchOf(cluster.edgeUrl('edge-madrid')),
      fetchOf(cluster.edgeUrl('edge-lugo')),
    ];
    const sites: Record<string, string[] | null> = { ana: ['madrid'], bea: null, carla: null };
    for (const [id, at] of Object.entries(sites)) {
      await configure(centre, token, 'staff', id, {
        ...{ name: id, role: 'advanced-helpdesk', sites: at, revoked: false },
      });
      people.set(id, await enrol(centre, token, id));
    }
    for (const id of ['ana', 'bea', 'carla']) await arrival('edge-madrid', id);
    await arrival('edge-lugo', 'carla');
  }, 60_000);

  /** Resolves when this edge knows somebody's credentials: a wrong code is then no unknown one. */
  async function arrival(edge: string, id: string): Promise<void> {
    const deadline = Date.now() + 20_000;
    while ((await heldBy(edge)).filter((body) => body.includes(`"${id}"`)).length < 3) {
      if (Date.now() > deadline) throw new Error(`${id} did not come to ${edge}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  it('revokes at once where it is said, and at an edge within 5 s', async () => {
    const bea = person('bea');
    const [there, here] = [await signIn(madrid, bea), await signIn(centre, bea, 1)];
    expect([await searchAs(madrid, there), await searchAs(centre, here)]).toEqual(['ok', 'ok']);
    await configure(centre, token, 'staff', 'bea', {
      ...{ name: 'bea', role: 'advanced-helpdesk', sites: null, revoked: true },
    });
    const revokedAt = performance.now();
    expect(await searchAs(centre, here)).toBe('session-over');
    while ((await searchAs(madrid, there)) === 'ok') {
      if (performance.now() - revokedAt > 5_000) break;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(performance.now() - revokedAt).toBeLessThan(5_000);
    expect(await searchAs(madrid, there)).toBe('session-over');
    const code = bea.totp.generate({ timestamp: Date.now() - 30_000 });
    expect(await codeOf(await trySignIn(madrid, { staffId: 'bea', password: bea.password, code }))).toBe(
      'sign-in-failed',
    );
  });

  it('forgets credentials in every file, in a snapshot made afterwards and in the logs', async () => {
    const secrets = secretsOf('carla', bodiesIn(path.join(cluster.centreData, 'recovery.db')));
    // Salt and hash, ten codes, and a secret for each of four nodes.
    expect(secrets).toHaveLength(20);
    // What is looked for can be found: at the centre, and at an edge that is to have it.
    expect(await filesWith(cluster.folder, secrets)).toEqual(
      expect.arrayContaining([
        expect.stringContaining('centre/recovery.db'),
        expect.stringContaining('edge-madrid'),
        expect.stringContaining('edge-lugo'),
      ]),
    );
    const here = await signIn(lugo, person('carla'));
    const answer = await post(centre, '/v1/admin/accounts/carla/reset', {}, asBearer(token));
    expect(answer.status).toBe(200);
    expect(await filesWith(path.join(cluster.folder, 'centre'), secrets)).toEqual([]);
    const deadline = Date.now() + 10_000;
    let left = await filesWith(cluster.folder, secrets);
    while (left.length > 0 && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      left = await filesWith(cluster.folder, secrets);
    }
    expect(left).toEqual([]);
    expect(await searchAs(lugo, here)).toBe('session-over');
    const { verification } = await makeWholeSnapshot(snapshotEnv(cluster));
    expect(verification.structure).toBe('verified');
    expect(await filesWith(cluster.folder, secrets)).toEqual([]);
    // Others' are still there, and the tables of all nodes agree.
    expect(await heldBy('edge-madrid')).not.toEqual([]);
    expect(await comparison()).toEqual([]);
  });

  it('signs in offline at an edge, once with each code, also after the edge was killed', async () => {
    await cluster.centre?.stop('SIGKILL');
    const ana = person('ana');
    const { staffId, password } = ana;
    const code = ana.totp.generate();
    const first = await trySignIn(madrid, { staffId, password, code });
    expect(first.status).toBe(201);
    expect(first.headers.get('Set-Cookie')).toMatch(
      /^holdfast-[a-z2-7]{10}=[\w-]{43}; Max-Age=36000; Path=\/; HttpOnly; SameSite=Strict$/,
    );
    const [recoveryCode = ''] = ana.recoveryCodes;
    expect((await trySignIn(madrid, { staffId, password, recoveryCode })).status).toBe(201);
    await cluster.edges.get('edge-madrid')?.stop('SIGKILL');
    await cluster.startEdge('edge-madrid');
    await cluster.ready(cluster.edgeUrl('edge-madrid'));
    const again = [
      { staffId, password, code },
      { staffId, password, recoveryCode },
      { staffId, password: 'another password', code: ana.totp.generate({ timestamp: Date.now() + 30_000 }) },
    ];
    for (const by of again) expect(await codeOf(await trySignIn(madrid, by))).toBe('sign-in-failed');
    const next = ana.totp.generate({ timestamp: Date.now() + 30_000 });
    expect((await trySignIn(madrid, { staffId, password, code: next })).status).toBe(201);
    // Their credentials are for Madrid alone.
    const [, unused = ''] = ana.recoveryCodes;
    expect(await codeOf(await trySignIn(lugo, { staffId, password, recoveryCode: unused }))).toBe(
      'sign-in-failed',
    );
    expect(await bugsInLogs(cluster)).toEqual([]);
  });

  /** Bodies of credentials that an edge holds. */
  async function heldBy(edge: string): Promise<string[]> {
    const folder = path.join(cluster.edgeData(edge), 'holdfast-edge-node');
    const file = (await readdir(folder)).find((name) => /^[0-9a-f]{64}\.sqlite$/.test(name));
    return file === undefined ? [] : bodiesIn(path.join(folder, file));
  }

  async function comparison(): Promise<unknown> {
    const answer = await post(centre, '/v1/admin/comparison', {}, asBearer(token));
    return z.object({ differences: z.array(z.unknown()) }).parse(await answer.json()).differences;
  }
});
