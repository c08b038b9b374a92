/** Nodes that are killed and held up at random, run out of descriptors, or live by a clock of their own. */
import { execFileSync } from 'node:child_process';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Dice } from '../../central/fleet/random.ts';
import { LocalCluster } from '../../central/local/cluster.ts';
import { DEMO_PLAN } from '../../central/local/plan.ts';
import type { NodeProcess } from '../../central/local/processes.ts';
import { nodePlatform } from '../../central/platform.ts';
import { afterFile } from '../support/cleanup.ts';
import { freePorts, openFleet, untilNone } from '../support/cluster.ts';
import { OwnClock, whyNoClock } from './clock.ts';
import { Witness } from './witness.ts';

const [MADRID, TOLEDO, CENTRE] = ['edge-madrid', 'edge-toledo', 'centre'] as const;
const SEED = process.env['FAULTS_SEED'] ?? 'holdfast';
const STEPS = 8;
/** Fewer descriptors than are in use: there is none for anything new. */
const NONE = 8;
const DAY_MS = 86_400_000;

describe('nodes', { timeout: 60_000 }, () => {
  let cluster: LocalCluster;
  let witness: Witness;
  let clock: OwnClock | null = null;

  beforeAll(async () => {
    const buildError = inject('buildError');
    if (buildError !== null) throw new Error(buildError);
    const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-nodes-'));
    const plan = { ...DEMO_PLAN, disclosuresPerHour: 10_000, edges: DEMO_PLAN.edges.slice(0, 2) };
    cluster = await LocalCluster.prepare(folder, plan, await freePorts(25_400, 3));
    if (whyNoClock === null) {
      clock = new OwnClock(path.join(folder, 'centre.clock'));
      cluster.surroundings.set(CENTRE, clock.surroundings);
    }
    afterFile(async () => {
      await cluster.stopAll();
      await rm(folder, { recursive: true, force: true });
    });
    await cluster.startAll();
    const fleet = await openFleet(cluster, { devices: 8, seed: 'nodes' });
    await fleet.enrolAll();
    witness = new Witness(cluster, fleet);
  }, 60_000);

  const processOf = (name: string): NodeProcess => {
    const node = name === CENTRE ? cluster.centre : cluster.edges.get(name);
    if (!node) throw new Error(`${name} was never started`);
    return node;
  };
  const start = (name: string) => (name === CENTRE ? cluster.startCentre() : cluster.startEdge(name));

  it(`that are killed and held up at random keep what they acknowledged (seed ${SEED})`, async () => {
    const dice = new Dice(nodePlatform, SEED, 'signals');
    for (let step = 0; step < STEPS; step += 1) {
      const name = dice.pick([MADRID, TOLEDO, CENTRE]);
      const isKilled = dice.chance(0.5);
      // Under the load of that step.
      const loads = Promise.all([MADRID, TOLEDO].map((edge) => witness.escrow(edge, 30)));
      await nodePlatform.sleep(dice.below(150));
      if (isKilled) await processOf(name).stop('SIGKILL');
      else processOf(name).signal('SIGSTOP');
      await nodePlatform.sleep(dice.below(400));
      if (isKilled) await start(name);
      else processOf(name).signal('SIGCONT');
      await loads;
    }
    await witness.expectWhole();
  });

  it('go on beside a centre whose clock is ahead by months, and say so until it is right again', async ({
    skip,
  }) => {
    if (whyNoClock !== null || !clock) return skip(whyNoClock ?? '');
    await jump('+90d', 90);
    expect((await witness.escrow(CENTRE, 3)).refused).toEqual({});
    for (const name of [MADRID, TOLEDO]) await witness.untilAlarm(name, 'clock-ahead', true);
    await expectAllToGoOn();
    clock.set('+0');
    await processOf(CENTRE).stop('SIGTERM');
    await start(CENTRE);
    // Its edges have brought what they hold, and so has the auditor, which is an edge to it.
    await witness.expectWhole();
    await cluster.ready(cluster.centreUrl);
    expect((await witness.escrow(CENTRE, 3)).refused).toEqual({});
    for (const name of [MADRID, TOLEDO]) await witness.untilAlarm(name, 'clock-ahead', false);
    await witness.expectWhole();
  });

  it('go on beside a centre whose clock fell back by years, which says that they are ahead', async ({
    skip,
  }) => {
    if (whyNoClock !== null || !clock) return skip(whyNoClock ?? '');
    await jump('-20y', -7_300);
    expect((await witness.escrow(MADRID, 3)).refused).toEqual({});
    await witness.untilAlarm(CENTRE, 'clock-ahead', true);
    await expectAllToGoOn();
    await jump('+0', 0);
    await expectAllToGoOn();
    await witness.untilAlarm(CENTRE, 'clock-ahead', false);
  });

  // Last, for workerd calls it an uncaught exception.
  it('that have no descriptors left end, lose nothing, and are well when their service starts them again', async ({
    skip,
  }) => {
    const { pid, ended } = processOf(TOLEDO);
    const [keyId = ''] = (await witness.escrow(TOLEDO, 5)).kept;
    try {
      execFileSync('prlimit', ['--pid', String(pid), `--nofile=${String(NONE)}`]);
    } catch {
      skip('prlimit is not there, or may not be used here');
    }
    // Somebody comes who has no connection yet.
    net.connect(cluster.edgePort(TOLEDO), '127.0.0.1').on('error', () => undefined);
    await ended;
    await start(TOLEDO);
    expect(await witness.disclose(TOLEDO, keyId)).toBe(201);
    expect((await witness.escrow(TOLEDO, 5)).refused).toEqual({});
    await witness.expectAgreement();
    await witness.expectKept();
  });

  /** Sets the centre's clock, and waits until it shows about so many days more than this one. */
  async function jump(offset: string, days: number): Promise<void> {
    clock?.set(offset);
    await untilNone(async () => {
      const shown = Date.parse((await fetch(`${cluster.centreUrl}/healthz`)).headers.get('Date') ?? '');
      return Math.abs((shown - Date.now()) / DAY_MS - days) < 30 ? [] : ['the clock has not jumped'];
    }, 10_000);
  }

  /** Escrows and disclosures at every node, and all of it everywhere. */
  async function expectAllToGoOn(): Promise<void> {
    for (const name of [MADRID, TOLEDO, CENTRE]) {
      const { kept, refused } = await witness.escrow(name, 5);
      expect(refused).toEqual({});
      expect(await witness.disclose(name, kept[0] ?? '')).toBe(201);
    }
    await witness.expectWhole();
  }
});
