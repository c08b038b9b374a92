/** What is forgotten of a person at a centre whose databases stand on servers, and how the rest goes. */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { createClient } from '@libsql/client';
import { describe, expect, it } from 'vitest';
import { DEMO_PLAN } from '../../central/local/plan.ts';
import { until } from '../support/appliance.ts';
import { asBearer, configure, enrol, fetchOf, post } from '../support/people.ts';
import { SELECT_BODIES, filesWith, secretsOf } from '../support/secrets.ts';
import { makeWholeSnapshot, snapshotEnv } from '../support/snapshot.ts';
import { noSqld } from '../support/sqld.ts';
import { startServedCluster } from '../support/sqld-cluster.ts';

const PLAN = { ...DEMO_PLAN, edges: DEMO_PLAN.edges.slice(0, 1) };
/** What sqld keeps beside a database to feed replicas: its log of frames, and what it made of earlier ones. */
const LOGS = ['wallog', 'snapshots'];

describe.skipIf(noSqld)(`a credential at a database server ${noSqld ?? ''}`, { timeout: 90_000 }, () => {
  it('is in no database at once and in no snapshot made afterwards, and leaves the server with its log', async () => {
    const { cluster, servers } = await startServedCluster(23_200, PLAN);
    const centre = fetchOf(cluster.centreUrl);
    const { administrator } = cluster.secrets.tokens;
    const carla = { name: 'carla', role: 'helpdesk', sites: null, revoked: false };
    await configure(centre, administrator, 'staff', 'carla', carla);
    await enrol(centre, administrator, 'carla');
    const { recovery } = servers;
    const client = createClient({ url: recovery.target.url, authToken: recovery.target.authToken });
    const { rows } = await client.execute(SELECT_BODIES);
    client.close();
    const bodies = rows.map(({ body }) => (typeof body === 'string' ? body : ''));
    const secrets = secretsOf('carla', bodies);
    expect(secrets.length).toBeGreaterThan(10);
    expect(await filesWith(recovery.folder, secrets)).not.toEqual([]);

    const reset = await post(centre, '/v1/admin/accounts/carla/reset', {}, asBearer(administrator));
    expect(reset.status).toBe(200);
    const ofDatabase = (file: string) => !LOGS.some((name) => file.split(path.sep).includes(name));
    expect((await filesWith(recovery.folder, secrets)).filter(ofDatabase)).toEqual([]);
    const env = { ...snapshotEnv(cluster), ...cluster.centreEnv };
    await makeWholeSnapshot(env);
    expect(await filesWith(cluster.centreData, secrets)).toEqual([]);

    // As OPERATIONS.md says: the server makes its log anew, and the centre goes on.
    await recovery.kill();
    for (const name of LOGS) await rm(path.join(recovery.dataFolder, name), { recursive: true, force: true });
    await recovery.start();
    await until('the centre writes again', 30_000, async () => {
      await configure(centre, administrator, 'region', 'norte', { name: 'North' });
      return true;
    });
    await makeWholeSnapshot(env);
    for (const folder of [recovery.folder, cluster.centreData])
      expect(await filesWith(folder, secrets)).toEqual([]);
  });
});
