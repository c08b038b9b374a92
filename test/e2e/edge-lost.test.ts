/** An edge's disk is put back as it was, copied to a second machine, or destroyed: nothing forks, nothing stays lost. */
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Fleet } from '../../central/fleet/fleet.ts';
import type { LocalCluster } from '../../central/local/cluster.ts';
import { type NodeProcess, startEdgeProcess } from '../../central/local/processes.ts';
import { makeIdentity, writePrivate } from '../../central/local/secrets.ts';
import { certificatePayload } from '../../shared/trust/certificate.ts';
import { peekJws } from '../../shared/trust/jws.ts';
import { openAuditor } from '../support/auditor.ts';
import {
  bugsInLogs,
  digestsOf,
  disagreements,
  freePorts,
  openFleet,
  startCluster,
  untilNone,
} from '../support/cluster.ts';
import { copyData, forksSeen, replaceData } from '../support/damage.ts';
import { load } from '../support/load.ts';

const CONVERGED_MS_MAX = 15_000;
const NAME = 'edge-madrid';

describe("an edge's disk", { timeout: 90_000 }, () => {
  let cluster: LocalCluster;
  let fleet: Fleet;
  let url = '';
  const copy = () => path.join(cluster.folder, 'copy');
  const credentials = () => path.join(cluster.folder, 'edges', NAME, 'credentials');
  /** everything that was acknowledged at this edge or a clone of it, and is not to be missing anywhere */
  const acknowledged: string[] = [];

  beforeAll(async () => {
    cluster = await startCluster(10_520);
    url = cluster.edgeUrl(NAME);
    fleet = await openFleet(cluster, { devices: 9, seed: 'edge lost' });
    await fleet.enrolAll();
    await work(url);
    await untilNone(() => disagreements(cluster), CONVERGED_MS_MAX);
  }, 60_000);

  async function work(at: string): Promise<void> {
    const { keyIds } = await load(fleet, 'escrow', at, 20);
    expect(keyIds).toHaveLength(20);
    expect((await load(fleet, 'changed-report', at, 20)).statuses).toEqual({ 200: 20 });
    acknowledged.push(...keyIds);
  }

  async function kill(): Promise<void> {
    await cluster.edges.get(NAME)?.stop('SIGKILL');
  }

  /** This edge's own logs, as a node holds them. */
  async function incarnations(at: string): Promise<string[]> {
    const { nodeId } = certificatePayload.parse(
      peekJws(cluster.secrets.edges[NAME]?.certificate ?? '')?.payload,
    );
    const held = [...(await digestsOf(cluster, at)).keys()];
    return held.filter((log) => log.startsWith(`recovery ${nodeId}`)).sort();
  }

  async function missingAt(at: string, keyIds: readonly string[]): Promise<string[]> {
    const auditor = await openAuditor(cluster, at);
    await auditor.pull();
    const held = new Set([...(await auditor.escrows())].map((text) => text.split(' ')[0]));
    return keyIds.filter((keyId) => !held.has(keyId));
  }

  it('is put back as it was: its own later entries come back, and it goes on in a new log', async () => {
    await kill();
    await copyData(cluster.edgeData(NAME), copy());
    await cluster.startEdge(NAME);
    await work(url);
    await untilNone(() => disagreements(cluster), CONVERGED_MS_MAX);
    const before = await incarnations(cluster.centreUrl);
    await kill();
    await replaceData(cluster.edgeData(NAME), copy());
    await cluster.startEdge(NAME);
    // At once, before anything can have come back.
    await work(url);
    await untilNone(() => disagreements(cluster), CONVERGED_MS_MAX);
    const after = await incarnations(url);
    expect(after).toHaveLength(before.length + 1);
    expect(after).toEqual(expect.arrayContaining(before));
    expect(await missingAt(url, acknowledged)).toEqual([]);
    expect(await forksSeen(cluster)).toEqual([]);
  });

  describe('is copied to a second machine', () => {
    let clone: NodeProcess;
    const disagreeing = () => disagreements(cluster, { clones: [{ of: NAME, url: clone.url }] });

    afterAll(() => clone.stop());

    it('and both write under one identity: into logs of their own, which come to each other', async () => {
      await kill();
      const before = await incarnations(cluster.centreUrl);
      await copyData(cluster.edgeData(NAME), copy());
      clone = await startEdgeProcess({
        name: 'clone',
        dataFolder: copy(),
        credentialsFolder: credentials(),
        port: await freePorts(10_540, 1),
        centrePort: cluster.centrePort,
        logFile: path.join(cluster.folder, 'logs/clone.log'),
      });
      await cluster.startEdge(NAME);
      await Promise.all([cluster.ready(url), cluster.ready(clone.url)]);
      for (let round = 0; round < 3; round += 1) await Promise.all([work(url), work(clone.url)]);
      await untilNone(disagreeing, 40_000);
      for (const node of [url, clone.url, cluster.centreUrl])
        expect([node, await missingAt(node, acknowledged)]).toEqual([node, []]);
      expect(await incarnations(url)).toHaveLength(before.length + 2);
      expect(await forksSeen(cluster)).toEqual([]);
    });

    it('and both wait for news in peace', async () => {
      const pulls = async (): Promise<number> => {
        const metrics = await (await fetch(`${cluster.centreUrl}/metrics`)).text();
        return Number(/route="\/v1\/sync\/pull",status="200"\} (\d+)/.exec(metrics)?.[1] ?? 0);
      };
      const before = await pulls();
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      expect((await pulls()) - before).toBeLessThan(10);
    });
  });

  it('is destroyed with what it had not sent: after one round of reports every living key is escrowed again', async () => {
    await cluster.centre?.stop('SIGKILL');
    // What these PCs escrow is nowhere else, and neither are they themselves.
    const newcomers = await openFleet(cluster, { devices: 10, seed: 'newcomers', sites: ['madrid'] });
    await newcomers.enrolAll();
    await newcomers.encryptAll();
    await newcomers.reportAll();
    const lost = newcomers.devices.flatMap((device) => device.keys().map(({ keyId }) => keyId));
    expect(lost.length).toBeGreaterThanOrEqual(10);
    expect(newcomers.counts()).toMatchObject({ encryptionNotStarted: 0 });
    await kill();
    await replaceData(cluster.edgeData(NAME));

    const former = cluster.secrets.edges[NAME];
    const subject = certificatePayload.parse(peekJws(former?.certificate ?? '')?.payload);
    const identity = await makeIdentity(
      cluster.secrets.organisationKey,
      { ...subject, name: `${NAME}-2` },
      former?.vaultKeys ?? [],
    );
    cluster.secrets.edges[NAME] = identity;
    await writePrivate(path.join(credentials(), 'identity.json'), identity);
    await cluster.startCentre();
    await cluster.startEdge(NAME);
    await cluster.ready(url);

    expect(await missingAt(cluster.centreUrl, lost)).toEqual(lost);
    const before = newcomers.counts().toldToEscrowAgain;
    await newcomers.reportAll();
    expect(newcomers.counts().toldToEscrowAgain - before).toBe(lost.length);
    expect(await missingAt(url, lost)).toEqual([]);
    await untilNone(() => disagreements(cluster, { former: [former?.certificate ?? ''] }), CONVERGED_MS_MAX);
    expect(await missingAt(cluster.centreUrl, [...lost, ...acknowledged])).toEqual([]);
    expect(await forksSeen(cluster)).toEqual([]);
    expect(await bugsInLogs(cluster)).toEqual([]);
  });
});
