/** An edge dies in the middle of a burst, again and again: what it acknowledged is there, and its log verifies. */
import { beforeAll, describe, expect, it } from 'vitest';
import { DEMO_PLAN } from '../../central/local/plan.ts';
import type { LocalCluster } from '../../central/local/cluster.ts';
import type { PreparedRequest } from '../../central/fleet/prepare.ts';
import type { Fleet } from '../../central/fleet/fleet.ts';
import { inParallel } from '../../central/fleet/work.ts';
import { escrowAnswer, receiptPayload } from '../../shared/devices/messages.ts';
import { peekJws } from '../../shared/trust/jws.ts';
import { type Auditor, openAuditor } from '../support/auditor.ts';
import { bugsInLogs, disagreements, openFleet, startCluster, untilNone } from '../support/cluster.ts';

const KILLS = 20;
const BURST = 120;
const CONNECTIONS = 16;

describe('an edge killed in the middle of a burst', { timeout: 120_000 }, () => {
  const plan = { ...DEMO_PLAN, edges: DEMO_PLAN.edges.slice(0, 1) };
  const name = 'edge-madrid';
  let cluster: LocalCluster;
  let fleet: Fleet;
  let auditor: Auditor;
  /** receipts of all acknowledged escrows */
  const acknowledged: string[] = [];

  beforeAll(async () => {
    cluster = await startCluster(10_430, plan);
    // A device may escrow 200 keys a day.
    fleet = await openFleet(cluster, { devices: 20, seed: 'edge killed' });
    await fleet.enrolAll();
    auditor = await openAuditor(cluster, cluster.edgeUrl(name));
  }, 60_000);

  /** Sends escrows and kills the edge once `kill` of them were acknowledged. Returns how many were not. */
  async function burst(prepared: readonly PreparedRequest[], kill: number): Promise<number> {
    let acks = 0;
    let dead: Promise<void> | undefined;
    await inParallel(prepared, CONNECTIONS, async (escrow) => {
      const response = await fleet.wire.send(escrow.request).catch(() => null);
      if (!response) return;
      expect(response.status).toBe(201);
      expect(await escrow.check(response)).toBe('valid');
      acknowledged.push(escrowAnswer.parse(JSON.parse(response.body)).receipt);
      acks += 1;
      if (acks === kill) dead = cluster.edges.get(name)?.stop('SIGKILL');
    });
    await dead;
    return prepared.length - acks;
  }

  it(`has every acknowledged escrow after each of ${String(KILLS)} kills, in a valid chain`, async () => {
    let unanswered = 0;
    for (let round = 0; round < KILLS; round += 1) {
      const prepared = await fleet.prepare('escrow', cluster.edgeUrl(name), BURST);
      unanswered += await burst(prepared, 1 + ((round * 37) % 97));
      expect(cluster.edges.get(name)?.running).toBe(false);
      await cluster.startEdge(name);
      await auditor.pull();
      for (const receipt of acknowledged.slice(-BURST)) await expectHeld(receipt);
    }
    // Otherwise no kill came in the middle.
    expect(unanswered).toBeGreaterThan(KILLS);
  });

  async function expectHeld(receipt: string): Promise<void> {
    const { keyId, commitment, origin, seq, hash } = receiptPayload.parse(peekJws(receipt)?.payload);
    expect(await auditor.hashOf(origin, seq)).toBe(hash);
    expect(await auditor.escrows()).toContain(`${keyId} ${commitment}`);
  }

  it('still has all of them at the end, and so has the centre', async () => {
    for (const receipt of acknowledged) await expectHeld(receipt);
    await untilNone(() => disagreements(cluster), 10_000);
    const atCentre = await openAuditor(cluster, cluster.centreUrl);
    await atCentre.pull();
    expect(await atCentre.escrows()).toEqual(await auditor.escrows());
    expect(await bugsInLogs(cluster)).toEqual([]);
  });
});
