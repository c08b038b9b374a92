/** A branch keeps working without its centre: everything that devices and people do, while the centre's process is dead. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Fleet } from '../../central/fleet/fleet.ts';
import type { LocalCluster } from '../../central/local/cluster.ts';
import {
  ask,
  bugsInLogs,
  disagreements,
  disclose,
  openFleet,
  search,
  startCluster,
  untilNone,
} from '../support/cluster.ts';
import { load } from '../support/load.ts';

const CONVERGED_MS_MAX = 10_000;

describe('with the centre killed', { timeout: 60_000 }, () => {
  let cluster: LocalCluster;
  /** each site's PCs, by the URL of its edge */
  const fleets = new Map<string, Fleet>();
  /** two helpdesk edges of one region, and an escrow-only edge of another */
  let [madrid, toledo, lugo] = ['', '', ''];
  const before = new Map<string, string>();
  const after = new Map<string, string[]>();

  beforeAll(async () => {
    cluster = await startCluster(10_400);
    [madrid, toledo, lugo] = ['edge-madrid', 'edge-toledo', 'edge-lugo'].map((name) =>
      cluster.edgeUrl(name),
    ) as [string, string, string];
    for (const { name, siteId } of cluster.plan.edges) {
      const fleet = await openFleet(cluster, { devices: 4, seed: siteId, sites: [siteId] });
      await fleet.enrolAll();
      await fleet.encryptAll();
      await fleet.reportAll();
      const url = cluster.edgeUrl(name);
      fleets.set(url, fleet);
      before.set(url, (await load(fleet, 'escrow', url, 1)).keyIds[0] ?? '');
    }
    await untilNone(() => disagreements(cluster), 20_000);
    await cluster.centre?.stop('SIGKILL');
  }, 60_000);

  /** What gives out the true password of a key of this edge's site. */
  const trueOf = (url: string, keyId: string) => ({
    status: 201,
    body: { keyId, recoveryPassword: fleets.get(url)?.passwordOf(keyId) },
  });

  it('accepts 500 escrows and 500 reports at the edges', async () => {
    const shares = [
      [madrid, 200],
      [toledo, 200],
      [lugo, 100],
    ] as const;
    for (const [url, count] of shares) {
      const fleet = fleets.get(url);
      if (!fleet) throw new Error('a site has no fleet');
      const escrows = await load(fleet, 'escrow', url, count);
      expect(escrows.statuses).toEqual({ 201: count });
      expect(escrows.keyIds).toHaveLength(count);
      after.set(url, escrows.keyIds);
      expect((await load(fleet, 'changed-report', url, count)).statuses).toEqual({ 200: count });
    }
  });

  it('discloses at an edge a key escrowed there before, and one escrowed there since', async () => {
    const own = [before.get(madrid) ?? '', after.get(madrid)?.[0] ?? ''];
    for (const keyId of own)
      expect(await disclose(cluster, madrid, keyId)).toMatchObject(trueOf(madrid, keyId));
  });

  it('discloses at one edge of a region a key of another that had replicated', async () => {
    const keyId = before.get(toledo) ?? '';
    expect(await disclose(cluster, madrid, keyId)).toMatchObject(trueOf(toledo, keyId));
  });

  it('lets a device that enrolled at one edge offline escrow and report at another', async () => {
    const newcomers = await openFleet(cluster, { devices: 1, seed: 'newcomer', sites: ['madrid'] });
    expect(await newcomers.enrolAll()).toMatchObject({ enrolled: 1 });
    const escrows = await load(newcomers, 'escrow', toledo, 1);
    expect(escrows).toMatchObject({ statuses: { 201: 1 }, keyIds: [expect.any(String)] });
    expect((await load(newcomers, 'changed-report', toledo, 1)).statuses).toEqual({ 200: 1 });
  });

  it('opens nothing at the escrow-only edge, which says who can', async () => {
    for (const keyId of [before.get(lugo) ?? '', ...(after.get(lugo) ?? []).slice(0, 5)]) {
      const refused = { type: 'urn:holdfast:problem:vault-not-here', nodes: ['centre'] };
      expect(await disclose(cluster, lugo, keyId)).toMatchObject({ status: 409, body: refused });
      const found = { keyId, opensHere: false, opensAt: ['centre'] };
      expect(await search(cluster, lugo, keyId)).toMatchObject({
        status: 200,
        body: { candidates: [found] },
      });
    }
    // Another region's key is not even there.
    expect(await disclose(cluster, lugo, before.get(madrid) ?? '')).toMatchObject({ status: 404 });
  });

  it.each(['enterprise-compliance', 'computer-compliance', 'recovery-audit'])(
    'answers the %s report at every edge, with its freshness',
    async (report) => {
      for (const [name, edge] of cluster.edges) {
        const { status, body } = await ask(
          cluster.secrets.tokens.auditor,
          'GET',
          `${edge.url}/v1/reports/${report}`,
        );
        expect([name, status]).toEqual([name, 200]);
        const known = name === 'edge-lugo' ? [name] : ['edge-madrid', 'edge-toledo'];
        expect(body['freshness']).toMatchObject(
          known.map((nodeName) => ({
            nodeName,
            asOf: expect.any(Number),
            lastContactWithCentre: expect.any(Number),
          })),
        );
      }
    },
  );

  it('is whole again within 10 s of its return: equal vectors and equal tables, at every node', async () => {
    await cluster.startCentre();
    await untilNone(() => disagreements(cluster), CONVERGED_MS_MAX);
    for (const [url, keyIds] of after) {
      for (const keyId of [keyIds[0] ?? '', keyIds.at(-1) ?? '']) {
        const found = await search(cluster, cluster.centreUrl, keyId);
        expect([url, found.body]).toMatchObject([url, { candidates: [{ keyId, opensHere: true }] }]);
      }
    }
    expect(await bugsInLogs(cluster)).toEqual([]);
  });
});
