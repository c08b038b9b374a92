/** What is forgotten of a person at a centre whose databases stand on servers, and from where it goes later. */
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
/** As OPERATIONS.md asks for, but for its length. */
const COMPACTING = ['--max-log-duration', '2'];

describe.skipIf(noSqld)(`a credential at a database server ${noSqld ?? ''}`, { timeout: 90_000 }, () => {
  it('is in no database at once, in no snapshot made afterwards, and leaves the log of the server with its time', async () => {
    const { cluster, servers } = await startServedCluster(23_200, PLAN, COMPACTING);
    const centre = fetchOf(cluster.centreUrl);
    const { administrator } = cluster.secrets.tokens;
    const carla = { name: 'carla', role: 'helpdesk', sites: null, revoked: false };
    await configure(centre, administrator, 'staff', 'carla', carla);
    await enrol(centre, administrator, 'carla');
    const { url, authToken } = servers.recovery.target;
    const client = createClient({ url, authToken });
    const { rows } = await client.execute(SELECT_BODIES);
    client.close();
    const bodies = rows.map(({ body }) => (typeof body === 'string' ? body : ''));
    const secrets = secretsOf('carla', bodies);
    expect(secrets.length).toBeGreaterThan(10);
    const { folder } = servers.recovery;
    expect(await filesWith(folder, secrets)).not.toEqual([]);

    const reset = await post(centre, '/v1/admin/accounts/carla/reset', {}, asBearer(administrator));
    expect(reset.status).toBe(200);
    // What is left is the log from which replicas are fed.
    const left = (await filesWith(folder, secrets)).map((file) => path.basename(file));
    expect(left.filter((name) => name !== 'wallog')).toEqual([]);
    await makeWholeSnapshot({ ...snapshotEnv(cluster), ...cluster.centreEnv });
    expect(await filesWith(cluster.centreData, secrets)).toEqual([]);
    await until('the log is compacted', 30_000, async () => {
      await configure(centre, administrator, 'region', 'norte', { name: String(Math.random()) });
      return (await filesWith(folder, secrets)).length === 0;
    });
  });
});
