/**
 * A week of a region in ten minutes: `npm run faults`. PCs live a thousand times as fast as true ones, the helpdesk gives
 * out keys on working days, and what happens to branches in a week happens: a line that is cut at night, a power cut, a
 * machine that hangs, a disk that dies, a clock that jumps, and a head office that is switched off over the weekend.
 *
 * `FAULTS_SEED` gives the same week again, as far as real processes do; `FAULTS_MINUTES` how long it takes (10).
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeAll, expect, inject, it } from 'vitest';
import { Fleet } from '../../central/fleet/fleet.ts';
import { Dice } from '../../central/fleet/random.ts';
import { LocalCluster } from '../../central/local/cluster.ts';
import { DEMO_PLAN } from '../../central/local/plan.ts';
import { nodePlatform } from '../../central/platform.ts';
import { fleetSites } from '../../central/start/fleet.ts';
import { randomName } from '../../shared/platform.ts';
import { afterFile } from '../support/cleanup.ts';
import { bugsInLogs, freePorts } from '../support/cluster.ts';
import { OwnClock, whyNoClock } from './clock.ts';
import { LoopDisk, whyNoLoopDisk } from './disk.ts';
import { ThinLine, relay, whyNoLine } from './line.ts';
import { Witness } from './witness.ts';

const [MADRID, TOLEDO, LUGO, CENTRE] = ['edge-madrid', 'edge-toledo', 'edge-lugo', 'centre'] as const;
const SEED = process.env['FAULTS_SEED'] ?? randomName(nodePlatform, 8);
const MINUTES = Number(process.env['FAULTS_MINUTES'] ?? '10');
const HOURS = 7 * 24;
const HOUR_MS = (MINUTES * 60_000) / HOURS;
const SPEED = 3_600_000 / HOUR_MS;
const DEVICES = 60;
/** Once everything is well again: pauses between tries, and what a thin line then takes. */
const WHOLE_MS_MAX = 60_000;
/** From Monday 0:00. */
const at = (day: number, hour: number): number => day * 24 + hour;
const say = (line: string): void => void process.stderr.write(`week: ${line}\n`);

let cluster: LocalCluster;
let fleet: Fleet;
let witness: Witness;
let line: ThinLine | null = null;
let clock: OwnClock | null = null;
let disk: LoopDisk | null = null;

beforeAll(async () => {
  const buildError = inject('buildError');
  if (buildError !== null) throw new Error(buildError);
  for (const why of [whyNoLine(), whyNoClock, whyNoLoopDisk()]) if (why !== null) say(`left out: ${why}`);
  const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-week-'));
  const port = await freePorts(25_500, 4);
  cluster = await LocalCluster.prepare(folder, { ...DEMO_PLAN, disclosuresPerHour: 10_000 }, port);
  afterFile(async () => {
    line?.close();
    disk?.remove();
    await rm(folder, { recursive: true, force: true });
  });
  afterFile(async () => {
    await cluster.stopAll();
  });
  if (whyNoLine() === null) {
    line = ThinLine.open();
    const socket = path.join(folder, 'madrid.sock');
    await relay({ host: '127.0.0.1', port: cluster.edgePort(MADRID) }, { path: socket });
    await relay({ host: line.address, port }, { host: '127.0.0.1', port }, 150);
    cluster.surroundings.set(MADRID, {
      within: line.within,
      ...{ listensAt: `unix:${socket}`, centreAt: `${line.address}:${String(port)}` },
    });
  }
  if (whyNoClock === null) {
    clock = new OwnClock(path.join(folder, 'centre.clock'));
    cluster.surroundings.set(CENTRE, clock.surroundings);
  }
  if (whyNoLoopDisk() === null)
    disk = LoopDisk.make(cluster.edgeData(TOLEDO), path.join(folder, 'toledo.disk'));
  await cluster.startAll();
  line?.shape({ kbits: 256, lossPercent: 2 });
  fleet = await Fleet.open({
    ...{ seed: SEED, devices: DEVICES, sites: fleetSites(cluster), platform: nodePlatform, concurrency: 8 },
    organisation: { jwk: cluster.secrets.centre.organisation },
  });
  await fleet.enrolAll();
  await fleet.encryptAll();
  witness = new Witness(cluster, fleet);
  afterFile(() => fleet.close());
}, 120_000);

it(`keeps every promise of a week (seed ${SEED})`, { timeout: MINUTES * 60_000 + 300_000 }, async () => {
  const dice = new Dice(nodePlatform, SEED, 'week');
  const begin = performance.now();
  const until = async (hour: number): Promise<void> => {
    await nodePlatform.sleep(Math.max(0, begin + hour * HOUR_MS - performance.now()));
  };
  const away = new Set<string>();
  const down = async (
    name: string,
    from: number,
    hours: number,
    work: () => Promise<void>,
  ): Promise<void> => {
    await until(from);
    away.add(name);
    say(`${name} is away from hour ${String(from)} for ${String(hours)}`);
    await work();
  };
  const up = async (name: string, hour: number, work: () => Promise<unknown>): Promise<void> => {
    await until(hour);
    await work();
    await cluster.ready(name === CENTRE ? cluster.centreUrl : cluster.edgeUrl(name), 60_000);
    away.delete(name);
  };
  const nights = async (): Promise<void> => {
    for (let day = 0; day < 5 && line; day += 1) {
      const hours = 2 + dice.below(5);
      await until(at(day, 22));
      line.cut();
      await until(at(day, 22) + hours);
      line.mend();
    }
  };
  const incidents = async (): Promise<void> => {
    // Tuesday: somebody pulls the plug at Toledo. Wednesday: Lugo hangs. Thursday: Toledo's disk. Friday: the clock.
    await down(TOLEDO, at(1, 10 + dice.below(6)), 1, async () => cluster.edges.get(TOLEDO)?.stop('SIGKILL'));
    await up(TOLEDO, at(1, 17), () => cluster.startEdge(TOLEDO));
    await down(LUGO, at(2, 8 + dice.below(6)), 3, () =>
      Promise.resolve(cluster.edges.get(LUGO)?.signal('SIGSTOP')),
    );
    await up(LUGO, at(2, 17), () => Promise.resolve(cluster.edges.get(LUGO)?.signal('SIGCONT')));
    if (disk) {
      await down(TOLEDO, at(3, 9 + dice.below(6)), 2, () => Promise.resolve(disk?.fail()));
      await witness.untilAlarm(TOLEDO, 'storage', true);
      await up(TOLEDO, at(3, 18), async () => {
        await cluster.edges.get(TOLEDO)?.stop('SIGKILL');
        disk?.repair();
        await cluster.startEdge(TOLEDO);
      });
    }
    await until(at(4, 9));
    clock?.set('+90d');
    await until(at(4, 12));
    clock?.set('+0');
    await down(CENTRE, at(5, 8), 36, async () => cluster.centre?.stop('SIGKILL'));
    await until(at(5, 20));
    for (const name of [MADRID, TOLEDO, LUGO])
      await witness.untilAlarm(name, 'peer-unreachable', true, 120_000);
    await up(CENTRE, at(6, 20), () => cluster.startCentre());
  };
  const counts: Record<string, number> = {};
  const helpdesk = async (): Promise<void> => {
    for (let hour = 0; hour < HOURS; hour += 1) {
      await until(hour + 0.5);
      const isNight = hour % 24 < 8 || hour % 24 > 18;
      const key = isNight ? null : choose(dice);
      if (!key) continue;
      const own = cluster.plan.edges.find(({ siteId }) => siteId === key.siteId);
      const node = own?.helpdesk === true ? own.name : CENTRE;
      if (away.has(node)) continue;
      const status = await witness.disclose(node, key.keyId).catch((error: unknown) => {
        if (away.has(node)) return 0;
        throw error;
      });
      const told = `${node === CENTRE ? 'centre' : 'edge'} ${String(status)}`;
      if (!away.has(node)) counts[told] = (counts[told] ?? 0) + 1;
    }
  };
  const stop = new AbortController();
  const life = fleet.run(stop.signal, { speed: SPEED });
  try {
    await Promise.all([nights(), incidents(), helpdesk(), until(HOURS)]);
  } finally {
    stop.abort();
    await life;
  }
  say(`disclosures by node and status: ${JSON.stringify(counts)}`);
  say(`the fleet: ${JSON.stringify(fleet.counts())}`);
  expect(Object.keys(counts).filter((told) => !/ (201|404)$/.test(told))).toEqual([]);
  expect(counts['edge 201'] ?? 0).toBeGreaterThan(10);
  // Whoever still has something to bring does, and everything is together again.
  await fleet.reportAll({ pauses: 2 });
  await witness.expectWhole(WHOLE_MS_MAX);
  for (const name of [MADRID, TOLEDO, LUGO, CENTRE])
    for (const type of ['peer-unreachable', 'peer-refused', 'storage', 'tables-differ', 'fork'])
      await witness.untilAlarm(name, type, false);
  await witness.expectKeysHeld(fleet.devices.filter(isSettled).flatMap((device) => device.keys()));
  expect(await bugsInLogs(cluster)).toEqual([]);
});

/** A key on a PC's drive, when its agent has brought all that it should. */
function choose(dice: Dice): { readonly keyId: string; readonly siteId: string } | null {
  const device = fleet.devices[dice.below(fleet.devices.length)];
  const keys = device && isSettled(device) ? device.keys() : [];
  const key = keys[dice.below(keys.length)];
  return device && key ? { keyId: key.keyId, siteId: device.site.siteId } : null;
}

function isSettled({ agent, plan, enrolment }: Fleet['devices'][number]): boolean {
  const { silent, cloneOf } = plan;
  return (
    enrolment !== null && agent.queue.length === 0 && agent.aside.length === 0 && !silent && cloneOf === null
  );
}
