/** A centre's data is deleted, or put back as it was: its edges make it whole again, and until then it decides nothing. */
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Fleet } from '../../central/fleet/fleet.ts';
import type { LocalCluster } from '../../central/local/cluster.ts';
import { makeIdentity, writePrivate } from '../../central/local/secrets.ts';
import { openAuditor } from '../support/auditor.ts';
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
import { copyData, forksSeen, replaceData } from '../support/damage.ts';
import { load } from '../support/load.ts';

const CONVERGED_MS_MAX = 15_000;

describe("a centre's data", { timeout: 90_000 }, () => {
  let cluster: LocalCluster;
  let fleet: Fleet;
  const escrowed: string[] = [];

  beforeAll(async () => {
    cluster = await startCluster(10_490);
    fleet = await openFleet(cluster, { devices: 9, seed: 'centre lost' });
    await fleet.enrolAll();
    await work();
    await untilNone(() => disagreements(cluster), CONVERGED_MS_MAX);
  }, 60_000);

  /** Escrows and reports at every edge that runs, and at the centre where `urls` says so. */
  async function work(urls = cluster.plan.edges.map(({ name }) => cluster.edgeUrl(name))): Promise<string[]> {
    const keyIds: string[] = [];
    for (const url of urls) {
      keyIds.push(...(await load(fleet, 'escrow', url, 10)).keyIds);
      expect((await load(fleet, 'changed-report', url, 10)).statuses).toEqual({ 200: 10 });
    }
    expect(keyIds).toHaveLength(10 * urls.length);
    escrowed.push(...keyIds);
    return keyIds;
  }

  async function killEdges(): Promise<void> {
    await Promise.all([...cluster.edges.values()].map((edge) => edge.stop('SIGKILL')));
  }

  async function startEdges(): Promise<void> {
    await Promise.all(cluster.plan.edges.map(({ name }) => cluster.startEdge(name)));
  }

  /** Vectors and tables agree, the centre has every key ever escrowed and opens one of each edge; nothing forked. */
  async function expectWhole(): Promise<void> {
    await untilNone(() => disagreements(cluster), CONVERGED_MS_MAX);
    await cluster.ready(cluster.centreUrl, CONVERGED_MS_MAX);
    const auditor = await openAuditor(cluster, cluster.centreUrl);
    await auditor.pull();
    const held = new Set([...(await auditor.escrows())].map((text) => text.split(' ')[0]));
    expect(escrowed.filter((keyId) => !held.has(keyId))).toEqual([]);
    for (const keyId of escrowed.slice(-30).filter((_, index) => index % 10 === 0)) {
      const password = { status: 201, body: { recoveryPassword: fleet.passwordOf(keyId) } };
      expect(await disclose(cluster, cluster.centreUrl, keyId)).toMatchObject(password);
    }
    await untilNone(() => disagreements(cluster), CONVERGED_MS_MAX);
    expect(await forksSeen(cluster)).toEqual([]);
    expect(await bugsInLogs(cluster)).toEqual([]);
  }

  it('comes back whole from the edges when it was deleted, with what they had not sent yet', async () => {
    await cluster.centre?.stop('SIGKILL');
    await work();
    await replaceData(cluster.centreData);
    await cluster.startCentre();
    await expectWhole();
  });

  it('comes back whole to a centre with another identity of the same organisation', async () => {
    await cluster.centre?.stop('SIGKILL');
    await work();
    await replaceData(cluster.centreData);
    const identity = await makeIdentity(
      cluster.secrets.organisationKey,
      {
        ...{ name: 'centre-2', role: 'centre', regionId: null, siteId: null },
        scope: { recovery: 'all', compliance: 'all' },
      },
      cluster.secrets.centre.vaultKeys,
    );
    await writePrivate(path.join(cluster.centreData, 'identity.json'), identity);
    await cluster.startCentre();
    await expectWhole();
  });

  describe('put back as it was', () => {
    const backup = () => path.join(cluster.folder, 'backup');
    const administrator = () => cluster.secrets.tokens.administrator;

    /** A copy is made, everybody works on, the edges do so a little longer, and the copy takes the centre's place. */
    async function rollBack(): Promise<void> {
      await cluster.centre?.stop('SIGKILL');
      await copyData(cluster.centreData, backup());
      await cluster.startCentre();
      await cluster.ready(cluster.centreUrl);
      await work([cluster.centreUrl, ...[...cluster.edges.values()].map(({ url }) => url)]);
      await untilNone(() => disagreements(cluster), CONVERGED_MS_MAX);
      await cluster.centre?.stop('SIGKILL');
      await work();
      await killEdges();
      await replaceData(cluster.centreData, backup());
      await cluster.startCentre();
    }

    async function expectUnconfirmed(): Promise<void> {
      const waitingFor = cluster.plan.edges.map(({ name }) => name).sort();
      const refused = {
        status: 503,
        body: { type: 'urn:holdfast:problem:centre-unconfirmed', waitingFor },
      };
      const known = escrowed[0] ?? '';
      expect(await disclose(cluster, cluster.centreUrl, known)).toMatchObject(refused);
      expect(await search(cluster, cluster.centreUrl, known)).toMatchObject(refused);
      const before = await unavailableAnswers();
      expect(await enrolAtCentre('refused')).toBe(0);
      expect(await unavailableAnswers()).toBe(before + 1);
      const region = { revision: 1, body: { name: 'Renamed' } };
      expect(
        await ask(administrator(), 'PUT', `${cluster.centreUrl}/v1/admin/config/region/centro`, region),
      ).toMatchObject(refused);
    }

    /** How many requests the centre has answered with 503. */
    async function unavailableAnswers(): Promise<number> {
      const metrics = await (await fetch(`${cluster.centreUrl}/metrics`)).text();
      const counts = [...metrics.matchAll(/^holdfast_requests_total\{.*status="503"\} (\d+)$/gm)];
      return counts.reduce((sum, [, count]) => sum + Number(count), 0);
    }

    async function enrolAtCentre(seed: string): Promise<number> {
      const newcomers = await openFleet(cluster, { devices: 1, seed, node: cluster.centreUrl });
      return (await newcomers.enrolAll()).enrolled;
    }

    it('discloses, enrols and configures nothing until its edges have synced, and is then whole', async () => {
      await rollBack();
      await expectUnconfirmed();
      await startEdges();
      await expectWhole();
      expect(await enrolAtCentre('accepted')).toBe(1);
    });

    it("knows a revocation again, of which the copy knew nothing, before it takes anybody's word", async () => {
      const revoke = async (): Promise<void> => {
        const url = `${cluster.centreUrl}/v1/admin/config/staff/helpdesk-2`;
        const list = await ask(administrator(), 'GET', `${cluster.centreUrl}/v1/admin/config/staff`);
        const item = (list.body['items'] as { id: string; body: object; revision: number }[]).find(
          ({ id }) => id === 'helpdesk-2',
        );
        const body = { ...item?.body, revoked: true };
        expect(await ask(administrator(), 'PUT', url, { revision: item?.revision ?? 0, body })).toMatchObject(
          { status: 200 },
        );
      };
      await cluster.centre?.stop('SIGKILL');
      await copyData(cluster.centreData, backup());
      await cluster.startCentre();
      await cluster.ready(cluster.centreUrl);
      await revoke();
      await untilNone(() => disagreements(cluster), CONVERGED_MS_MAX);
      await cluster.centre?.stop('SIGKILL');
      await replaceData(cluster.centreData, backup());
      await cluster.startCentre();
      const answers = new Set<number>();
      await untilNone(async () => {
        const { status } = await disclose(cluster, cluster.centreUrl, escrowed[0] ?? '');
        answers.add(status);
        return status === 401 ? [] : [String(status)];
      }, CONVERGED_MS_MAX);
      expect([...answers].filter((status) => status !== 503 && status !== 401)).toEqual([]);
    });

    it('serves on the word of an administrator that the edges will not come', async () => {
      await rollBack();
      const confirmation = `${cluster.centreUrl}/v1/admin/confirmation`;
      expect((await ask(cluster.secrets.tokens.helpdesk, 'POST', confirmation)).status).toBe(403);
      expect(await ask(administrator(), 'POST', confirmation)).toMatchObject({ status: 200 });
      expect(await enrolAtCentre('by override')).toBe(1);
      await work([cluster.centreUrl]);
      await startEdges();
      await untilNone(() => disagreements(cluster), CONVERGED_MS_MAX);
      expect(await forksSeen(cluster)).toEqual([]);
      expect(await bugsInLogs(cluster)).toEqual([]);
    });
  });
});
