/**
 * The end of every run: no more faults, every machine that is left runs, and within a bounded time all of them hold the
 * same, nothing that was promised is missing, and every key on a drive is held by two nodes.
 */
import { STORES, type Store } from '../../shared/journal/entry.ts';
import type { Certificate } from '../../shared/trust/certificate.ts';
import type { Machine } from './machine.ts';
import { holds, tipsOn } from './oracle.ts';
import { checkEnd } from './end.ts';
import type { Play } from './play.ts';
import type { World } from './world.ts';

/** Longer than the longest pause between two tries after a refusal (15 minutes), and a little for catching up. */
const CONVERGENCE_MS_MAX = 25 * 60_000;
const LOOK_EVERY_MS = 5_000;
const REPORT_EVERY_MS = 45_000;
/** Devices give up after a few tries, which take less than this. */
const SETTLE_MS_MAX = 5 * 60_000;
/** The last messages have arrived by then, and what they brought about is over. */
const AFTERMATH_MS = 35_000;
/** Two cycles of replication, and a little. */
const REST_MS = 65_000;
/** When an administrator says that lost edges will not come. */
const OVERRIDE_AFTER_MS = 30_000;

const PROTECTORS = 'SELECT key_ids_json FROM protectors_current WHERE device_id = ? AND volume_id = ?';

/** Returns how long it took, in ms of the world. */
export async function converge(world: World, play: Play): Promise<number> {
  const { oracle, scheduler } = world;
  const violated = (): boolean => oracle.violations.length > 0;
  if (violated()) return 0;
  calmDown(world, play);
  const begunAt = scheduler.now;
  let reportedAt = -REPORT_EVERY_MS;
  for (let missing: string | null = null; ;) {
    const elapsed = scheduler.now - begunAt;
    if (elapsed > CONVERGENCE_MS_MAX) {
      oracle.violated('convergence', missing ?? 'unknown');
      return elapsed;
    }
    if (elapsed - reportedAt >= REPORT_EVERY_MS) {
      reportedAt = elapsed;
      for (const device of play.organisation.devices) device.begin(() => device.report());
    }
    if (elapsed >= OVERRIDE_AFTER_MS) override(world);
    await scheduler.run(scheduler.now + LOOK_EVERY_MS, violated);
    if (violated()) return scheduler.now - begunAt;
    missing = whatIsMissing(world, play);
    if (missing === null) break;
    world.trace('missing', missing);
  }
  const took = scheduler.now - begunAt;
  override(world);
  await checkRest(world, play);
  await checkEnd(world, play);
  return took;
}

/** I12: when nothing happens, nothing is written, except when devices were last seen, which is written by the hour. */
async function checkRest({ oracle, scheduler, machines }: World, { organisation }: Play): Promise<void> {
  const violated = (): boolean => oracle.violations.length > 0;
  const idle = (): boolean => organisation.devices.every(({ isIdle }) => isIdle);
  await scheduler.run(scheduler.now + SETTLE_MS_MAX, () => violated() || idle());
  await scheduler.run(scheduler.now + AFTERMATH_MS, violated);
  const left = machines.filter(({ isGone }) => !isGone);
  const before = new Map(left.map((machine) => [machine, writtenBy(machine)]));
  await scheduler.run(scheduler.now + REST_MS, violated);
  for (const [machine, written] of before)
    for (const [kind, count] of writtenBy(machine))
      if (count !== written.get(kind))
        oracle.violated('I12', `${machine.name} writes ${kind} although nothing happens`);
}

/** How many entries of each kind this machine wrote. */
function writtenBy({ disk, certificate }: Machine): Map<string, number> {
  const counts = new Map<string, number>();
  for (const store of STORES) {
    const sql = `SELECT kind, count(*) FROM "${store}_journal" WHERE origin LIKE ? AND kind <> 'seen' GROUP BY kind`;
    for (const [kind, count] of disk.of(store).facts(sql, [`${certificate.nodeId}.%`]))
      counts.set(`${store} ${String(kind)}`, Number(count));
  }
  return counts;
}

function calmDown(world: World, play: Play): void {
  world.trace('calm');
  world.isCalm = true;
  world.network.mend();
  for (const machine of world.machines) {
    machine.armed = null;
    machine.disk.full = false;
    machine.disk.away = false;
    machine.disk.syncMs = 2;
    machine.answersMs = 0;
    // Clocks stay as wrong as they are (I14), but go on.
    machine.clock.go(world.scheduler.now);
    if (machine.incarnation !== null || machine.rogue) world.lose(machine, true);
    else if (play.plan.upgrades) play.upgrade(machine);
    if (!machine.life) void world.boot(machine);
  }
}

function override(world: World): void {
  for (const { life, isCentre } of world.machines) {
    if (!isCentre || !life?.node || life.node.confirmation.waitingFor().length === 0) continue;
    world.restored.isOverridden = true;
    life.node.confirmation.override();
  }
}

/** One thing that keeps the world from having come together, or null. */
function whatIsMissing(world: World, { organisation, plan }: Play): string | null {
  const left = world.machines.filter(({ isGone }) => !isGone);
  for (const { name, life, program } of left) {
    if (!life?.node) return `${name} does not run`;
    if (plan.upgrades && program !== left[0]?.program) return `${name} is not upgraded`;
  }
  const tips = new Map(left.map((machine) => [machine, tipsOn(machine.disk)]));
  for (const [author, theirs] of tips) {
    for (const [log, { store, origin, seq, hash }] of theirs) {
      if (!isWhole(world, origin)) continue;
      for (const [reader, ours] of tips) {
        if (reader === author || !mayHold(left, store, reader, origin)) continue;
        const held = ours.get(log);
        if (held?.seq === seq && held.hash === hash) continue;
        return `${reader.name} has ${String(held?.seq ?? 0)} of ${log}, ${author.name} has ${String(seq)}`;
      }
    }
  }
  // I10: what a centre says that it lacks is nothing any more.
  for (const { life, name, isCentre } of left) {
    if (!isCentre || !life?.node) continue;
    const behind = life.node.peers
      .freshness(life.node.configuration)
      .find(
        ({ nodeName, entriesBehind }) =>
          (entriesBehind ?? 0) > 0 && left.some((each) => each.name === nodeName),
      );
    if (behind)
      return `${name} says that it lacks ${String(behind.entriesBehind)} entries of ${behind.nodeName}`;
  }
  for (const device of organisation.devices) {
    if (device.isRetired) continue;
    for (const { key, volumeId } of device.volumes) {
      if (!key) continue;
      // I14: whichever clock was wrong, the last word of a device counts.
      const last = left
        .find(({ isCentre }) => isCentre)
        ?.disk.of('recovery')
        .facts(PROTECTORS, [key.deviceId, volumeId]);
      if (last?.some(([keyIds]) => !String(keyIds).includes(key.keyId)) === true)
        return `a centre does not know that ${key.keyId} is on the drive of ${device.name}`;
      const sql = 'SELECT 1 FROM escrows WHERE key_id = ? AND commitment = ? AND device_id = ?';
      const args = [key.keyId, key.commitment, key.deviceId];
      const holders = left.filter(({ disk }) => holds(disk, { sql, args }));
      const copies = new Set(holders.map(({ disk }) => disk));
      // Of a log that two copies wrote, a second process over the same database may say that it has the key already.
      const isOneDatabase = world.oracle.split.size > 0 && plan.shape.centres > 1;
      if (copies.size < Math.min(isOneDatabase ? 1 : 2, device.reach))
        return `key ${key.keyId} of ${device.name} is held only by ${holders.map(({ name }) => name).join()}`;
    }
  }
  return promiseMissing(world, left);
}

/** I2: what was promised and no centre has, or null. */
function promiseMissing({ oracle, machines }: World, left: readonly Machine[]): string | null {
  const centres = left.filter(({ isCentre }) => isCentre);
  for (const promised of oracle.promised) {
    if (promised.isExcused) continue;
    const missing = centres.find(({ disk }) => !holds(disk, promised));
    if (!missing) continue;
    // What a lost twin wrote stays where it was taken in, and with the others as evidence (I4).
    const isTwins = machines.some(
      ({ name, incarnation }) => name === promised.machine && incarnation !== null,
    );
    if (isTwins && left.some(({ disk }) => holds(disk, promised))) continue;
    return `${missing.name} does not have ${promised.label}, which ${promised.machine} promised`;
  }
  return null;
}

/** Whether one honest machine alone wrote this log, so that all must hold the same of it. */
function isWhole({ oracle }: World, origin: string): boolean {
  return !oracle.split.has(origin) && !oracle.dishonest.has(origin.slice(0, 10));
}

function mayHold(left: readonly Machine[], store: Store, reader: Machine, origin: string): boolean {
  const author = left.find(({ certificate }) => certificate.nodeId === origin.slice(0, 10));
  // The log of a lost machine is where its region and the centres are; who has it is asked by those who have it.
  return author ? inScope(store, reader.certificate, author.certificate) : reader.isCentre;
}

/** Written here once more: the oracle must not err with the code that it judges. */
function inScope(store: Store, reader: Certificate, author: Certificate): boolean {
  if (reader.role === 'centre' || author.role === 'centre' || reader.nodeId === author.nodeId) return true;
  return reader.scope[store] === 'region' && reader.regionId === author.regionId;
}
