/**
 * Nodes of different versions, as they are while an installation is upgraded: this version, the next one (a protocol,
 * a projection and a migration more) and one that has left this one behind, built from this tree.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Fleet } from '../../central/fleet/fleet.ts';
import type { LocalCluster } from '../../central/local/cluster.ts';
import { packageRoot } from '../../central/local/processes.ts';
import { scratchFolder, until } from '../support/appliance.ts';
import { disagreements, openFleet, search, startCluster, untilNone } from '../support/cluster.ts';
import { load } from '../support/load.ts';
import { type Change, buildVariant, oneMoreMigration } from '../support/release.ts';

const PLAN = {
  regions: [{ id: 'centro', name: 'Centro' }],
  edges: ['madrid', 'toledo'].map((siteId) => ({
    ...{ name: `edge-${siteId}`, siteId, siteName: siteId, regionId: 'centro', helpdesk: true },
  })),
};
const CONVERGED_MS_MAX = 15_000;

async function oneMoreProjection(): Promise<Change> {
  const file = 'shared/journal/kinds.ts';
  const from =
    /PROJECTION_VERSION = \d+/.exec(await readFile(path.join(packageRoot(), file), 'utf8'))?.[0] ?? '';
  return { file, from, to: `${from}00` };
}

function protocols(oldest: number, newest: number): Change[] {
  const file = 'shared/replication/protocol.ts';
  return [
    { file, from: 'PROTOCOL_VERSION = 1', to: `PROTOCOL_VERSION = ${newest}` },
    { file, from: 'PROTOCOL_OLDEST = 1', to: `PROTOCOL_OLDEST = ${oldest}` },
  ];
}

describe('nodes of different versions', { timeout: 60_000 }, () => {
  let cluster: LocalCluster;
  let fleets: Fleet[] = [];
  let [next, far] = ['', ''];
  const acknowledged: string[] = [];

  beforeAll(async () => {
    const folder = await scratchFolder();
    const more = [await oneMoreProjection(), oneMoreMigration('CREATE TABLE later (x integer)')];
    next = await buildVariant(path.join(folder, 'next'), {
      ...{ version: '0.2.0', changes: [...protocols(1, 2), ...more] },
    });
    far = await buildVariant(path.join(folder, 'far'), {
      ...{ version: '0.4.0', changes: [...protocols(3, 4), ...more] },
    });
    cluster = await startCluster(22_680, PLAN);
    fleets = await Promise.all(
      PLAN.edges.map(({ siteId }) => openFleet(cluster, { devices: 3, seed: siteId, sites: [siteId] })),
    );
    for (const fleet of fleets) await fleet.enrolAll();
  }, 60_000);

  async function escrow(): Promise<void> {
    for (const [index, { name }] of PLAN.edges.entries()) {
      const fleet = fleets[index];
      if (!fleet) throw new Error('each edge has a fleet');
      const { keyIds } = await load(fleet, 'escrow', cluster.edgeUrl(name), 10);
      expect(keyIds).toHaveLength(10);
      acknowledged.push(...keyIds);
    }
  }

  async function startEdge(name: string, program: string | null): Promise<void> {
    await cluster.edges.get(name)?.stop();
    if (program === null) cluster.programs.delete(name);
    else cluster.programs.set(name, program);
    await cluster.startEdge(name);
  }

  async function startCentre(program: string | null): Promise<void> {
    await cluster.centre?.stop();
    if (program === null) cluster.programs.delete('centre');
    else cluster.programs.set('centre', program);
    await cluster.startCentre();
  }

  async function everywhere(): Promise<void> {
    await untilNone(() => disagreements(cluster), CONVERGED_MS_MAX);
    for (const url of [cluster.centreUrl, ...PLAN.edges.map(({ name }) => cluster.edgeUrl(name))])
      for (const keyId of acknowledged.filter((_, index) => index % 7 === 0))
        expect(JSON.stringify((await search(cluster, url, keyId)).body)).toContain(keyId);
  }

  async function readyz(url: string) {
    const alarm = z.looseObject({ type: z.string(), detail: z.string() });
    const answer = z.looseObject({ version: z.string(), alarms: z.array(alarm) });
    return answer.parse(await (await fetch(`${url}/readyz`)).json());
  }

  it('replicate: an edge is upgraded before its centre', async () => {
    await startEdge('edge-toledo', next);
    await escrow();
    await everywhere();
    expect(await readyz(cluster.edgeUrl('edge-toledo'))).toMatchObject({ version: '0.2.0' });
  });

  it('replicate: a centre is upgraded before an edge, and goes back over what it wrote meanwhile', async () => {
    await startCentre(next);
    await escrow();
    await cluster.ready(cluster.centreUrl);
    await everywhere();
    await startCentre(null);
    await escrow();
    await cluster.ready(cluster.centreUrl);
    await everywhere();
  });

  it('refuse each other beyond the window, by name, and edges go on and lose nothing', async () => {
    await startCentre(far);
    await escrow();
    for (const { name } of PLAN.edges) {
      const refused = await until(`${name} says why`, CONVERGED_MS_MAX, async () => {
        const { alarms } = await readyz(cluster.edgeUrl(name));
        return alarms.find(({ type }) => type === 'peer-refused') ?? null;
      });
      expect(refused.detail).toMatch(
        /^it speaks protocol 3, 4 and this program 1(, 2)?: upgrade the older of the two$/,
      );
    }
    await startCentre(null);
    // A refusal is not asked about again for a while; starting anew asks.
    for (const { name } of PLAN.edges) await startEdge(name, null);
    await cluster.ready(cluster.centreUrl);
    await everywhere();
  });
});
