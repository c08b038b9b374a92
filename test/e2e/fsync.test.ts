/**
 * I1 as the kernel sees it: no 2xx for a write leaves a node before the fsync of its transaction. Watched with strace, at
 * an edge and at the centre. (By hand it was seen to fail with a centre on `synchronous = OFF`, and with an edge whose
 * fsync did nothing.)
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Fleet } from '../../central/fleet/fleet.ts';
import type { LocalCluster } from '../../central/local/cluster.ts';
import { DEMO_PLAN } from '../../central/local/plan.ts';
import { ask, disagreements, openFleet, startCluster, untilNone } from '../support/cluster.ts';
import { load } from '../support/load.ts';
import { type Answered, Trace, answered, whyNoStrace } from '../support/strace.ts';

/** Of a report that changes nothing, only a note of the node is written, which holds little to know it by. */
const ANYTHING = '';

/** What a request carries that its transaction alone writes, by the request's address. */
const MARKERS: readonly (readonly [RegExp, (request: Answered) => string | undefined])[] = [
  [/^PUT \/v1\/recovery\/keys\//, ({ request }) => /keys\/([0-9a-f-]{36}) /.exec(request)?.[1]],
  [/^POST \/v1\/compliance\/status/, ({ body }) => /"load-\d+"/.exec(body)?.[0] ?? ANYTHING],
  [/^POST \/v1\/devices/, ({ body }) => /"computerName":"([^"]+)"/.exec(body)?.[1]],
  [/^POST \/v1\/recovery\/disclosures/, ({ body }) => /"note":"([^"]+)"/.exec(body)?.[1]],
  [/^POST \/v1\/recovery\/search/, ({ body }) => /"keyId":"([^"]+)"/.exec(body)?.[1]],
];

describe('an acknowledged write', { timeout: 60_000 }, () => {
  let cluster: LocalCluster;
  let fleet: Fleet;
  let why: string | null;

  beforeAll(async () => {
    why = await whyNoStrace();
    if (why !== null) return;
    cluster = await startCluster(10_460, { ...DEMO_PLAN, edges: DEMO_PLAN.edges.slice(0, 1) });
    fleet = await openFleet(cluster, { devices: 8, seed: 'fsync' });
    await fleet.enrolAll();
    await untilNone(() => disagreements(cluster), 10_000);
  }, 60_000);

  /** Every kind of write, one after another and many at once; `name` is unique to this call. */
  async function write(url: string, name: string): Promise<void> {
    const { tokens } = cluster.secrets;
    const newcomers = await openFleet(cluster, { devices: 2, seed: name, node: url });
    const [keyId = ''] = (await load(fleet, 'escrow', url, 1)).keyIds;
    await load(fleet, 'changed-report', url, 1);
    await newcomers.enrolAll();
    const reason = { reason: 'lost-pin', verification: 'manager' };
    const disclosure = { keyId, ...reason, note: `note of ${name}` };
    expect(
      await ask(tokens.advancedHelpdesk, 'POST', `${url}/v1/recovery/disclosures`, disclosure),
    ).toMatchObject({ status: 201 });
    await ask(tokens.advancedHelpdesk, 'POST', `${url}/v1/recovery/search`, { keyId: 'feedc0de' });
    expect((await load(fleet, 'escrow', url, 60)).statuses).toEqual({ 201: 60 });
    expect((await load(fleet, 'changed-report', url, 60)).statuses).toEqual({ 200: 60 });
  }

  async function watch(pid: number, work: () => Promise<void>): Promise<Answered[]> {
    const file = path.join(cluster.folder, `${String(pid)}.strace`);
    const trace = await Trace.attach(pid, file);
    await work();
    const calls = await trace.detach();
    expect((await readFile(file, 'latin1')).length).toBeGreaterThan(0);
    return answered(
      calls,
      (on) => on.startsWith(cluster.folder) && /\.(db|sqlite)(-wal|-journal)?$/.test(on),
    );
  }

  function expectDurable(answers: readonly Answered[]): void {
    for (const [route, markerOf] of MARKERS) {
      // A report that was overtaken by a later one of its device is answered, and nothing of it is stored.
      const ofRoute = answers.filter(
        ({ request, status, answer }) =>
          route.test(request) && status < 300 && !answer.includes('"stored":"stale"'),
      );
      const late = ofRoute.filter((answer) => {
        const marker = markerOf(answer);
        return marker === undefined || !answer.synced.some((page) => page.includes(marker));
      });
      expect(ofRoute.length, `answers to ${String(route)}`).toBeGreaterThan(0);
      expect(late.map(({ request, unsynced }) => `${request}: ${unsynced.length} writes not synced`)).toEqual(
        [],
      );
    }
  }

  it('is on disk before the answer leaves an edge', async ({ skip }) => {
    if (why !== null) skip(why);
    const edge = cluster.edges.get('edge-madrid');
    expectDurable(await watch(edge?.pid ?? 0, () => write(edge?.url ?? '', 'edge')));
  });

  it('is on disk before the answer leaves the centre, to a device, to a person and to an edge', async ({
    skip,
  }) => {
    if (why !== null) skip(why);
    let keyIds: string[] = [];
    const answers = await watch(cluster.centre?.pid ?? 0, async () => {
      await write(cluster.centreUrl, 'centre');
      keyIds = (await load(fleet, 'escrow', cluster.edgeUrl('edge-madrid'), 20)).keyIds;
      await untilNone(() => disagreements(cluster), 10_000);
      // Entries can be read before their push is answered; the next push begins after that answer.
      await load(fleet, 'escrow', cluster.edgeUrl('edge-madrid'), 1);
      await untilNone(() => disagreements(cluster), 10_000);
    });
    expectDurable(answers);
    const pushes = answers.filter(
      ({ request, status }) => request.startsWith('POST /v1/sync/push') && status === 200,
    );
    expect(pushes.flatMap(({ unsynced }) => unsynced)).toEqual([]);
    // Pushes, pulls and the devices' own requests overlap: what was synced is counted with whichever was answered next.
    expect(pushes.length).toBeGreaterThan(0);
    const pushed = answers.flatMap(({ synced }) => synced);
    for (const keyId of keyIds) expect(pushed.some((page) => page.includes(keyId))).toBe(true);
  });
});
