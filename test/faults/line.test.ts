/** A branch at the end of a thin line that loses packets and is cut: devices and helpdesk notice nothing of it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { LocalCluster } from '../../central/local/cluster.ts';
import { DEMO_PLAN } from '../../central/local/plan.ts';
import { nodePlatform } from '../../central/platform.ts';
import { afterFile } from '../support/cleanup.ts';
import { freePorts, openFleet } from '../support/cluster.ts';
import { ThinLine, relay, whyNoLine } from './line.ts';
import { Witness } from './witness.ts';

const EDGE = 'edge-madrid';
/** 300 ms there and back */
const DELAY_MS = 150;
const SHAPE = { kbits: 256, lossPercent: 5 };
const CUT_MS = 2_000;
const why = whyNoLine();

describe('a line of 256 kbit/s, 300 ms and 5 % loss', { timeout: 60_000 }, () => {
  let witness: Witness;
  let line: ThinLine;

  beforeAll(async () => {
    if (why !== null) return;
    const buildError = inject('buildError');
    if (buildError !== null) throw new Error(buildError);
    const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-line-'));
    const plan = { ...DEMO_PLAN, edges: DEMO_PLAN.edges.filter(({ name }) => name === EDGE) };
    const port = await freePorts(25_300, 2);
    const cluster = await LocalCluster.prepare(folder, plan, port);
    line = ThinLine.open();
    afterFile(() => {
      line.close();
    });
    afterFile(async () => {
      await cluster.stopAll();
      await rm(folder, { recursive: true, force: true });
    });
    const socket = path.join(folder, 'edge.sock');
    await relay({ host: '127.0.0.1', port: cluster.edgePort(EDGE) }, { path: socket });
    await relay({ host: line.address, port }, { host: '127.0.0.1', port }, DELAY_MS);
    cluster.surroundings.set(EDGE, {
      within: line.within,
      listensAt: `unix:${socket}`,
      centreAt: `${line.address}:${String(port)}`,
    });
    await cluster.startAll();
    const fleet = await openFleet(cluster, { devices: 8, seed: 'line' });
    await fleet.enrolAll();
    witness = new Witness(cluster, fleet);
    await witness.expectWhole();
    line.shape(SHAPE);
  }, 60_000);

  it('keeps nobody in the branch from anything, and brings all of it', async ({ skip }) => {
    if (why !== null) skip(why);
    let rounds = 0;
    do {
      const { kept, refused } = await witness.escrow(EDGE, 100);
      expect(refused).toEqual({});
      expect(await witness.disclose(EDGE, kept[0] ?? '')).toBe(201);
      await witness.expectWhole();
      rounds += 1;
    } while (line.lost() === 0 && rounds < 10);
    expect(line.lost()).toBeGreaterThan(0);
  });

  it('that is cut in the middle goes on where it was', async ({ skip }) => {
    if (why !== null) skip(why);
    const { kept } = await witness.escrow(EDGE, 100);
    line.cut();
    try {
      const begin = performance.now();
      expect((await witness.escrow(EDGE, 20)).refused).toEqual({});
      for (const keyId of kept.slice(0, 5)) expect(await witness.disclose(EDGE, keyId)).toBe(201);
      await nodePlatform.sleep(Math.max(0, CUT_MS - (performance.now() - begin)));
    } finally {
      line.mend();
    }
    await witness.expectWhole();
  });
});
