/** I11 under load: sets made while three edges write without a pause are each at one cut, and nobody waits for them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Fleet } from '../../central/fleet/fleet.ts';
import type { LocalCluster } from '../../central/local/cluster.ts';
import { entriesOf, isNotAfter, isSameCut } from '../../shared/snapshot/cut.ts';
import { bugsInLogs, openFleet, startCluster } from '../support/cluster.ts';
import { load } from '../support/load.ts';
import {
  makeWholeSnapshot,
  repositoryOf,
  snapshotEnv,
  snapshotSettings,
  verifyOptions,
} from '../support/snapshot.ts';
import { verifySet } from '../../central/snapshot/verify.ts';

const SETS = 20;
/** Writes of a few milliseconds; a freeze that reached an edge would show as seconds. */
const WRITE_MS_MAX = 2_000;

describe('20 sets under a continuous load of writes', { timeout: 120_000 }, () => {
  let cluster: LocalCluster;
  let fleet: Fleet;
  let writing = true;
  let slowestMs = 0;
  let acknowledged = 0;
  const writers: Promise<void>[] = [];

  beforeAll(async () => {
    cluster = await startCluster(11_000);
    fleet = await openFleet(cluster, { devices: 60, seed: 'sets under load' });
    await fleet.enrolAll();
    for (const { name } of cluster.plan.edges) writers.push(write(cluster.edgeUrl(name)));
  }, 60_000);

  afterAll(async () => {
    writing = false;
    await Promise.all(writers);
  });

  async function write(url: string): Promise<void> {
    while (writing) {
      const kind = acknowledged % 3 === 0 ? 'changed-report' : 'escrow';
      const begin = performance.now();
      const { statuses } = await load(fleet, kind, url, 4);
      slowestMs = Math.max(slowestMs, performance.now() - begin);
      acknowledged += (statuses['200'] ?? 0) + (statuses['201'] ?? 0);
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
  }

  it('makes each whole, verified, and with both stores at the cut that it names', async () => {
    const env = snapshotEnv(cluster);
    const frozen: number[] = [];
    for (let set = 0; set < SETS; set += 1) {
      const { frozenMs, verification } = await makeWholeSnapshot(env);
      expect(verification).toMatchObject({ structure: 'verified', findings: [] });
      frozen.push(frozenMs);
    }
    expect(Math.max(...frozen)).toBeLessThan(500);
    const settings = snapshotSettings(env);
    const sets = await repositoryOf(settings).list();
    expect(sets).toHaveLength(SETS);
    // Later sets hold all that earlier ones hold, and more: the load went on.
    const cuts = sets.map((set) => ('manifest' in set ? set.manifest.cut : null));
    for (const [index, cut] of cuts.entries()) {
      const before = cuts[index - 1];
      if (cut && before) expect([isNotAfter(before, cut), isSameCut(before, cut)]).toEqual([true, false]);
    }
    const [first, last] = [cuts[0], cuts.at(-1)];
    if (!first || !last) throw new Error('there are cuts');
    expect(entriesOf(last)).toBeGreaterThan(entriesOf(first) + SETS);
    const again = await verifySet(
      repositoryOf(settings).pathOf(sets.at(-1)?.id ?? ''),
      verifyOptions(settings),
    );
    expect(again).toMatchObject({ structure: 'verified', findings: [] });
    expect(slowestMs).toBeLessThan(WRITE_MS_MAX);
    expect(await bugsInLogs(cluster)).toEqual([]);
  });
});
