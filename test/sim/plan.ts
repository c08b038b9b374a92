/**
 * The plan of one seed: what happens, when and to whom, all drawn before anything runs. An event can be left out without
 * changing the others, which is how a failing history is shrunk.
 */
import { ATTACKS, type Attack } from './attacks.ts';
import type { LinkFaults } from './network.ts';
import { needs, passedBy, POINTS } from './points.ts';
import { Random } from './random.ts';
import type { Shape } from './setup.ts';
import type { Gate } from './snapshots.ts';

/** Machines and devices are named by their number; the number is taken modulo how many there are. */
export type Event =
  | { readonly do: 'encrypt' | 'report' | 'change' | 'revoke'; readonly device: number }
  | { readonly do: 'collide'; readonly device: number; readonly key: number }
  | { readonly do: 'disclose'; readonly machine: number; readonly key: number; readonly staff: number }
  | { readonly do: 'configure'; readonly value: number }
  | { readonly do: 'roll up' | 'write as the next version'; readonly machine: number }
  | { readonly do: 'link'; readonly machine: number; readonly faults: LinkFaults; readonly forMs: number }
  | {
      readonly do: 'partition';
      readonly machine: number;
      /** seen from the machine; between it and the centres, or all other machines */
      readonly ways: 'both' | 'out' | 'in';
      readonly from: 'centres' | 'all';
      readonly forMs: number;
    }
  | { readonly do: 'slow peer'; readonly machine: number; readonly answersMs: number; readonly forMs: number }
  | { readonly do: 'restart'; readonly machine: number }
  | { readonly do: 'crash'; readonly machine: number; readonly power: boolean }
  | { readonly do: 'arm'; readonly machine: number; readonly point: string; readonly after: number }
  | { readonly do: 'disk full' | 'slow disk'; readonly machine: number; readonly forMs: number }
  | { readonly do: 'server away'; readonly power: boolean; readonly forMs: number }
  | { readonly do: 'clock'; readonly machine: number; readonly offMs: number; readonly speed: number }
  | { readonly do: 'copy' | 'rewind' | 'upgrade'; readonly machine: number }
  | { readonly do: 'lose'; readonly machine: number; readonly forGood: boolean }
  | { readonly do: 'twin'; readonly machine: number; readonly forMs: number }
  | { readonly do: 'attack'; readonly attack: Attack; readonly target: number; readonly victim: number }
  | { readonly do: 'snapshot'; readonly gate: Gate };

export interface Planned {
  /** ms after the world is set up */
  readonly at: number;
  readonly event: Event;
}

export interface Plan {
  readonly shape: Shape;
  readonly upgrades: boolean;
  readonly events: readonly Planned[];
  readonly endsAt: number;
}

/** With hundreds of devices and helpdesk users a world takes as long as forty others. */
const LARGE_CHANCE = 0.003;

export function planOf(seed: number): Plan {
  const random = new Random(seed, 'plan');
  const focus = POINTS[seed % POINTS.length] ?? '';
  const needed = needs(focus);
  const isLarge = random.chance(LARGE_CHANCE);
  const centre = needed.server || random.chance(0.2) ? 'libsql-server' : 'libsql-file';
  const attackers = random.chance(0.3) ? 1 : 0;
  const upgrades = needed.upgrade || random.chance(0.1);
  const shape: Shape = {
    ...{ centre, attackers, rogue: random.chance(0.1) },
    edges: isLarge || random.chance(0.03) ? random.between(5, 12) : random.between(2, 4),
    devices: isLarge ? random.between(100, 300) : random.between(3, 9),
    staff: isLarge ? random.between(100, 300) : random.between(1, 5),
    centres: centre === 'libsql-server' ? random.pick([1, 1, 2, 2, 3]) : 1,
    migrates: needed.migration || random.chance(0.03),
    meshed: random.chance(0.15),
  };
  const endsAt = random.between(40, 150) * 1_000;
  const events: Planned[] = [];
  const add = (event: Event, at = random.between(0, endsAt)): void => {
    events.push({ at, event });
  };
  planWork(random, shape, add, endsAt);
  const work = events.map(({ at }) => at);
  /** while something is being done, which is when it hurts */
  const atWork = (): number => random.pick(work) + random.between(0, 60);
  planFaults(random, shape, add, endsAt, atWork);
  planFocus(random, shape, add, endsAt, focus);
  if (upgrades) {
    for (let machine = 0; machine < shape.centres + shape.edges; machine += 1)
      if (random.chance(0.7)) add({ do: 'upgrade', machine });
    for (let writes = 0; writes < 4; writes += 1)
      add({ do: 'write as the next version', machine: random.below(100) });
  }
  return { shape, upgrades, endsAt, events: events.sort((a, b) => a.at - b.at) };
}

type Add = (event: Event, at?: number) => void;

/** The crash point that this seed is about, and what it takes to come by it. */
function planFocus(random: Random, shape: Shape, add: Add, endsAt: number, focus: string): void {
  const { twin } = needs(focus);
  const edges = Array.from({ length: shape.edges }, (_, index) => shape.centres + index);
  const one = random.pick(edges);
  const resumedAt = endsAt / 4;
  if (twin || random.chance(0.06)) {
    add({ do: 'twin', machine: one, forMs: endsAt / 2 }, resumedAt);
    // Both copies write, so that the log goes on in two ways.
    for (let writes = 1; writes <= 4; writes += 1) add(disclosure(random, one), resumedAt + writes * 3_000);
    for (let device = 0; device < shape.devices; device += 1)
      if (random.chance(0.5)) add({ do: 'encrypt', device }, resumedAt + random.between(0, 10_000));
  }
  const machine = passedBy(focus) === 'centre' ? 0 : one;
  const armedAt = twin ? resumedAt - 1 : random.between(0, endsAt / 2);
  for (const after of [0, random.below(3)])
    add({ do: 'arm', machine, point: focus, after }, armedAt + after * 10_000);
  if (focus.includes('revo')) add({ do: 'revoke', device: 0 }, endsAt - 1_000);
  if (focus.includes('seen'))
    for (let reports = 0; reports < 8; reports += 1) {
      const at = endsAt / 2 + reports * 3_000;
      add({ do: 'report', device: machine - shape.centres }, at);
      add({ do: 'roll up', machine }, at + 1_500);
    }
}

function planWork(random: Random, shape: Shape, add: Add, endsAt: number): void {
  for (let device = 0; device < shape.devices; device += 1) {
    add({ do: 'encrypt', device }, random.between(0, endsAt / 2));
    for (let reports = random.between(1, 3); reports > 0; reports -= 1) {
      if (random.chance(0.5)) add({ do: 'change', device });
      add({ do: 'report', device });
    }
    if (random.chance(0.3)) add({ do: 'encrypt', device });
  }
  for (let disclosures = Math.max(shape.staff, random.between(1, 5)); disclosures > 0; disclosures -= 1)
    add(disclosure(random, random.below(100)));
  for (let changes = random.between(0, 3); changes > 0; changes -= 1)
    add({ do: 'configure', value: random.below(1_000) });
  if (random.chance(0.3)) add({ do: 'revoke', device: random.below(shape.devices) });
  if (random.chance(0.2))
    add({ do: 'collide', device: random.below(shape.devices), key: random.below(1_000) });
  for (let rolls = random.between(0, 2); rolls > 0; rolls -= 1)
    add({ do: 'roll up', machine: random.below(100) });
}

function disclosure(random: Random, machine: number): Event {
  return { do: 'disclose', machine, key: random.below(1_000), staff: random.below(1_000) };
}

function planFaults(random: Random, shape: Shape, add: Add, endsAt: number, atWork: () => number): void {
  const machines = shape.centres + shape.edges;
  const any = (): number => random.below(machines);
  const edge = (): number => shape.centres + random.below(shape.edges);
  const aWhile = (): number => random.between(1, 40) * 1_000;
  for (let links = random.between(0, 3); links > 0; links -= 1)
    add({ do: 'link', machine: random.below(100), faults: linkFaults(random), forMs: aWhile() });
  for (let cuts = random.between(0, 2); cuts > 0; cuts -= 1) {
    const ways = random.pick(['both', 'out', 'in'] as const);
    const from = random.pick(['centres', 'centres', 'all'] as const);
    add({ do: 'partition', machine: edge(), ways, from, forMs: aWhile() });
  }
  // The last is longer than any caller waits: the peer hangs.
  for (let slow = random.below(2); slow > 0; slow -= 1) {
    const answersMs = random.pick([1_000, 10_000, 100_000]);
    add({ do: 'slow peer', machine: any(), answersMs, forMs: aWhile() });
  }
  for (let restarts = random.between(1, 3); restarts > 0; restarts -= 1) {
    const machine = random.below(shape.centres);
    add(
      random.chance(0.5) ? { do: 'restart', machine } : { do: 'crash', machine, power: random.chance(0.5) },
    );
  }
  for (let crashes = random.between(0, 2); crashes > 0; crashes -= 1)
    add({ do: 'crash', machine: any(), power: random.chance(0.6) }, atWork());
  for (let arms = random.between(0, 2); arms > 0; arms -= 1)
    add({ do: 'arm', machine: any(), point: random.pick(POINTS), after: random.below(4) });
  if (random.chance(0.25)) add({ do: 'disk full', machine: any(), forMs: aWhile() / 2 });
  if (random.chance(0.25)) add({ do: 'slow disk', machine: any(), forMs: aWhile() });
  if (shape.centre === 'libsql-server') {
    for (let cuts = random.between(1, 4); cuts > 0; cuts -= 1) {
      const at = random.between(0, endsAt);
      add({ do: 'configure', value: random.below(1_000) }, at);
      add(
        { do: 'server away', power: random.chance(0.8), forMs: random.between(1, 8) * 1_000 },
        at + random.between(5, 60),
      );
    }
    if (random.chance(0.5)) add({ do: 'slow disk', machine: 0, forMs: aWhile() });
  }
  for (let clocks = random.below(3); clocks > 0; clocks -= 1) {
    const offMs = random.pick([-1, 1]) * random.pick([5_000, 3_600_000, 30 * 86_400_000, 3_650 * 86_400_000]);
    add({ do: 'clock', machine: any(), offMs, speed: random.pick([1, 1, 0, 2, -1]) });
  }
  if (random.chance(0.05)) {
    // All certificates are out of date for a while.
    const at = random.between(0, endsAt / 2);
    add({ do: 'clock', machine: 0, offMs: 101 * 365 * 86_400_000, speed: 1 }, at);
    add({ do: 'clock', machine: 0, offMs: 0, speed: 1 }, at + random.between(20, 40) * 1_000);
  }
  if (random.chance(0.35)) {
    const machine = any();
    const at = random.between(0, endsAt / 2);
    add({ do: 'copy', machine }, at);
    add({ do: 'rewind', machine }, random.between(at, endsAt));
  }
  if (random.chance(0.2)) add({ do: 'lose', machine: any(), forGood: random.chance(0.5) });
  for (let sets = random.chance(0.4) ? random.between(1, 3) : 0; sets > 0; sets -= 1) {
    const gate = {
      holdMs: random.pick([1, 5, 300]),
      freezeMs: random.pick([100, 400, 2_000]),
      dies: random.chance(0.2),
    };
    add({ do: 'snapshot', gate });
    if (random.chance(0.3)) add({ do: 'rewind', machine: 0 });
  }
  for (let attacks = shape.attackers * random.between(2, 6); attacks > 0; attacks -= 1)
    add({ do: 'attack', attack: random.pick(ATTACKS), target: any(), victim: edge() });
}

function linkFaults(random: Random): LinkFaults {
  const faults: LinkFaults = {};
  if (random.chance(0.5)) faults.loss = random.pick([0.05, 0.2, 0.5]);
  if (random.chance(0.4)) faults.duplicate = random.pick([0.1, 0.4]);
  if (random.chance(0.3)) faults.corrupt = random.pick([0.05, 0.3]);
  if (random.chance(0.3)) faults.truncate = random.pick([0.05, 0.3]);
  if (random.chance(0.5)) faults.delayMs = random.pick([100, 2_000, 20_000]);
  if (random.chance(0.2)) faults.bytesPerMs = random.pick([1, 8, 32]);
  return faults;
}
