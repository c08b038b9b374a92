/**
 * The life of a fleet, compressed: each device reports when its agent says so, and now and then something happens to
 * it. One loop, no timers of its own; it ends when the signal aborts and nothing is under way any more.
 */
import type { Platform } from '../../shared/platform.ts';
import type { Device, Pause } from './device.ts';
import type { Dice } from './random.ts';
import type { Tally } from './tally.ts';
import { abortableSleep } from './work.ts';

/** What happens to a device at one of its turns, every 90 minutes: lively, so that a demonstration shows it. */
const KEY_USED_CHANCE = 0.01;
const NEW_REMOVABLE_CHANCE = 0.01;
const MOVE_CHANCE = 0.02;
const FATE_CHANCE = 0.05;

/** How often the loop looks whose turn it is. */
const LOOK_EVERY_MS = 50;
/** How often counts are told and the fleet's file is written. */
const ROUND_MS = 5_000;

export interface Life {
  readonly devices: readonly Device[];
  readonly platform: Platform;
  readonly signal: AbortSignal;
  readonly dice: Dice;
  readonly speed: number;
  readonly concurrency: number;
  readonly tally: Tally;
  readonly newRemovable: (device: Device) => Promise<void>;
  readonly onRound: () => Promise<void>;
}

export async function live(life: Life): Promise<void> {
  const { devices, platform, signal, dice, speed, concurrency, onRound } = life;
  const begin = platform.now();
  const due = new Map(devices.map((device) => [device, begin + (dice.next() * device.agent.restMs) / speed]));
  const underWay = new Set<Promise<void>>();
  const bugs: unknown[] = [];
  let roundAt = begin + ROUND_MS;
  while (!signal.aborted && bugs.length === 0) {
    const now = platform.now();
    for (const [device, at] of due) {
      if (at > now) continue;
      if (underWay.size >= concurrency) break;
      due.set(device, Infinity);
      const turn = takeTurn(life, device)
        .then(
          (pause) => void due.set(device, platform.now() + (pause.type === 'stopped' ? 0 : pause.ms / speed)),
        )
        .catch((error: unknown) => void bugs.push(error))
        .finally(() => underWay.delete(turn));
      underWay.add(turn);
    }
    if (now >= roundAt) {
      roundAt = now + ROUND_MS;
      await onRound();
    }
    await abortableSleep(platform, LOOK_EVERY_MS, signal);
  }
  await Promise.all(underWay);
  if (bugs.length > 0) throw bugs[0];
}

async function takeTurn(life: Life, device: Device): Promise<Pause> {
  const { dice, signal } = life;
  if (device.agent.phase === 'waiting') return device.handle({ type: 'wake' }, signal);
  if (device.enrolment) await meetIncident(life, device);
  const pause = await device.handle({ type: device.plan.silent ? 'wake' : 'report-due' }, signal);
  if (dice.chance(FATE_CHANCE)) await device.meetFate();
  return (await device.encryptWanted(signal)) ?? pause;
}

async function meetIncident(
  { devices, dice, signal, tally, newRemovable }: Life,
  device: Device,
): Promise<void> {
  if (dice.chance(KEY_USED_CHANCE)) {
    const key = dice.shuffled(device.keys())[0];
    if (key) {
      tally.keysUsed += 1;
      await device.handle({ type: 'key-used', ...key }, signal);
    }
  }
  if (dice.chance(NEW_REMOVABLE_CHANCE)) await newRemovable(device);
  if (dice.chance(MOVE_CHANCE)) {
    const others = devices.filter((other) => other !== device && other.site === device.site);
    const other = others[dice.below(others.length)];
    const drive = other ? await device.unplug() : null;
    if (!other || !drive) return;
    tally.drivesMoved += 1;
    await other.plugIn(drive);
  }
}
