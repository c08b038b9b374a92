/** One run: a world is set up, its plan is carried out, then faults end and everything has to come together again. */
import { converge } from './convergence.ts';
import { type Plan, planOf } from './plan.ts';
import { Play, SETUP_MS } from './play.ts';
import * as thisProgram from './program.ts';
import { type Images, found } from './setup.ts';
import { World } from './world.ts';

export interface RunOptions {
  readonly seed: number;
  /** numbers of the planned events to carry out; all of them when left out */
  readonly keep?: ReadonlySet<number>;
  readonly say?: (line: string) => void;
}

export interface RunResult {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly history: string;
  readonly events: number;
  readonly planned: number;
  readonly convergedMs: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly operations: Readonly<Record<string, number>>;
  readonly passed: Readonly<Record<string, number>>;
  readonly crashed: Readonly<Record<string, number>>;
}

let images: Images | null = null;

export async function run({ seed, keep, say }: RunOptions): Promise<RunResult> {
  images ??= await migratedImages();
  return runOn(images, seed, keep, say ?? null);
}

async function runOn(
  from: Images | null,
  seed: number,
  keep: ReadonlySet<number> | undefined,
  say: ((line: string) => void) | null,
): Promise<RunResult> {
  const plan = planOf(seed);
  const world = new World(seed, say);
  const onUnhandled = (error: unknown): void => {
    world.oracle.unexpected('a rejection that nobody handles', error);
  };
  process.on('unhandledRejection', onUnhandled);
  const played = new Play(world, plan, await found(world, plan.shape, from, thisProgram));
  try {
    await played.setUp();
    for (const [number, { at, event }] of plan.events.entries()) {
      if (keep && !keep.has(number)) continue;
      world.scheduler.after(at, () => {
        if (world.oracle.violations.length === 0) played.carryOut(event);
      });
    }
    await world.scheduler.run(world.scheduler.now + plan.endsAt, () => world.oracle.violations.length > 0);
    const convergedMs = await converge(world, played);
    return { ...report(world, plan), convergedMs };
  } finally {
    process.off('unhandledRejection', onUnhandled);
    for (const disk of new Set(world.machines.map((machine) => machine.disk))) disk.close();
  }
}

function report(world: World, { events }: Plan): Omit<RunResult, 'convergedMs'> {
  return {
    ...{ seed: world.seed, violations: world.oracle.violations, history: world.history },
    ...{ events: world.scheduler.events, planned: events.length },
    faults: Object.fromEntries(world.faults),
    operations: Object.fromEntries(world.operations),
    passed: Object.fromEntries(world.passed),
    crashed: Object.fromEntries(world.crashed),
  };
}

/** Databases as a first start leaves them. */
async function migratedImages(): Promise<Images> {
  const world = new World(-1, null);
  const shape = {
    edges: 1,
    devices: 0,
    staff: 0,
    centre: 'libsql-file',
    centres: 1,
    attackers: 0,
    rogue: false,
  } as const;
  await found(world, { ...shape, migrates: true, meshed: false }, null, thisProgram);
  for (const machine of world.machines) void world.boot(machine);
  await world.scheduler.run(SETUP_MS, () => world.machines.every(({ life }) => life?.node));
  return { edge: world.machine('edge-0').disk.image(), centre: world.machine('centre-0').disk.image() };
}
