/**
 * The simulated world of one seed: machines with their disks and clocks, the network between them, the people and devices
 * that use them, and what goes wrong. `run.ts` carries out a plan in it.
 */
import { hash } from 'node:crypto';
import { limits } from '../../shared/limits.ts';
import { Disk, type DiskImage } from './disk.ts';
import { SimEngine } from './engine.ts';
import { Life, type Machine } from './machine.ts';
import { Network } from './network.ts';
import { Oracle } from './oracle.ts';
import { peerApp, peerFetch } from './peering.ts';
import { simPlatform } from './platform.ts';
import { Random } from './random.ts';
import { Restored } from './restored.ts';
import { Scheduler } from './scheduler.ts';

export class World {
  readonly seed: number;
  readonly scheduler = new Scheduler();
  readonly random: Random;
  readonly network: Network;
  readonly oracle: Oracle;
  readonly machines: Machine[] = [];
  /** machines that were started from an older copy of their disk */
  readonly rewound = new Set<string>();
  readonly faults = new Map<string, number>();
  readonly operations = new Map<string, number>();
  /** crash points: how often passed, and how often a process died there */
  readonly passed = new Map<string, number>();
  readonly crashed = new Map<string, number>();
  readonly #engines = new WeakMap<Life, SimEngine>();
  readonly #say: ((line: string) => void) | null;
  #history = '';
  #pending: string[] = [];
  isCalm = false;
  readonly restored = new Restored(this);

  constructor(seed: number, say: ((line: string) => void) | null) {
    this.seed = seed;
    this.#say = say;
    this.random = new Random(seed, 'world');
    this.network = new Network(this);
    this.oracle = new Oracle(this);
  }

  /** One hash over everything that happened: the same for the same seed and plan. */
  get history(): string {
    this.#fold();
    return this.#history;
  }

  trace(...facts: readonly (string | number)[]): void {
    const line = `${String(Math.round(this.scheduler.now * 1000))} ${facts.join(' ')}`;
    this.#pending.push(line);
    this.#say?.(line);
    if (this.#pending.length >= 256) this.#fold();
  }

  #fold(): void {
    this.#history = hash('sha256', `${this.#history}\n${this.#pending.join('\n')}`, 'hex');
    this.#pending = [];
  }

  fault(kind: string): void {
    count(this.faults, kind);
  }

  did(operation: string): void {
    count(this.operations, operation);
  }

  machine(name: string): Machine {
    const found = this.machines.find((machine) => machine.name === name);
    if (!found) throw new Error(`there is no machine ${name}`);
    return found;
  }

  /** Resolves after `ms` if the process still lives then. */
  sleep(life: Life, ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.scheduler.after(ms, () => {
        if (life.alive) resolve();
      });
    });
  }

  /** Waits for `work` while the world goes on. */
  async through<T>(work: Promise<T>): Promise<T> {
    const wait = { isOver: false };
    const over = work.finally(() => (wait.isOver = true));
    over.catch(() => undefined);
    await this.scheduler.run(this.scheduler.now + 120_000, () => wait.isOver);
    if (!wait.isOver) throw new Error('the world stood still');
    return over;
  }

  /** Resolves when what the process committed so far is synced, where answers wait for that. */
  gate(life: Life): Promise<void> {
    return this.#engines.get(life)?.gate() ?? Promise.resolve();
  }

  /** A named crash point is passed. Returns whether the process died here. */
  point(life: Life, name: string): boolean {
    if (!life.alive) return true;
    count(this.passed, name);
    const { machine } = life;
    const { armed } = machine;
    if (armed?.point !== name || this.isCalm) return false;
    armed.left -= 1;
    if (armed.left >= 0) return false;
    machine.armed = null;
    count(this.crashed, name);
    this.fault('crash at a named point');
    this.crash(machine, this.random.chance(0.5));
    return true;
  }

  /** The process dies; with `power`, what its disk had not synced may be gone as well. */
  crash(machine: Machine, power: boolean): void {
    const { life } = machine;
    if (!life) return;
    this.trace('crash', life.name, power ? 1 : 0);
    life.alive = false;
    machine.life = null;
    for (const gone of life.onDeath) gone();
    // A database server is a machine of its own.
    if (power && machine.disk.kind !== 'libsql-server') this.cutPower(machine);
    this.#restartLater(machine);
  }

  cutPower(machine: Machine): void {
    let lost = 0;
    for (const database of machine.disk.all)
      lost += database.cut((unsynced) => this.random.below(unsynced + 1));
    if (lost > 0) this.fault('unsynced transactions lost');
    this.trace('power', machine.name, lost);
  }

  /** The machine is started from an older copy of its disk. */
  rewind(machine: Machine): void {
    if (machine.copies.length === 0) return;
    this.fault('rollback to an older copy');
    this.#replaceDisk(machine, this.random.pick(machine.copies).image);
  }

  /** The machine burns. A centre is always made anew; an edge only unless it is lost for good. */
  lose(machine: Machine, forGood: boolean): void {
    if (machine.isGone) return;
    this.fault('loss of a node');
    if (!forGood || machine.isCentre) {
      this.#replaceDisk(machine, null);
      return;
    }
    machine.isGone = true;
    this.crash(machine, false);
    this.oracle.lost();
  }

  #replaceDisk(machine: Machine, image: DiskImage | null): void {
    const before = machine.disk;
    const disk = new Disk(before.kind, image, () => machine.clock.read(this.scheduler.now));
    for (const sharer of this.machines.filter((each) => each.disk === before)) {
      this.crash(sharer, false);
      sharer.disk = disk;
      this.rewound.add(sharer.name);
    }
    before.close();
    if (machine.isCentre) this.restored.begin(image ? machine : null);
    this.oracle.lost();
  }

  /** In good order; a process that is still starting is ended. */
  async stop(machine: Machine): Promise<void> {
    const { life } = machine;
    if (!life?.node) {
      this.crash(machine, false);
      return;
    }
    try {
      await life.node.stop();
    } catch {
      this.trace('a stop failed', life.name);
    }
    if (!life.alive) return;
    life.alive = false;
    machine.life = null;
    for (const gone of life.onDeath) gone();
    this.#restartLater(machine);
  }

  #restartLater(machine: Machine): void {
    const life = machine.lives;
    this.scheduler.after(this.random.between(50, this.isCalm ? 200 : 8_000), () => {
      if (machine.isWanted && !machine.isGone && !machine.life && machine.lives === life)
        void this.boot(machine);
    });
  }

  /** Starts the machine's program on its disk. */
  async boot(machine: Machine): Promise<void> {
    if (machine.life || machine.isGone) return;
    machine.lives += 1;
    const life = new Life(machine, new Random(this.seed, machine.name, machine.lives));
    machine.life = life;
    const engine = new SimEngine(this, life, machine.disk);
    this.#engines.set(life, engine);
    const { program } = machine;
    this.trace('boot', life.name);
    try {
      life.node = await program.openNode({
        engine,
        platform: simPlatform(this, life),
        migrations: program.migrations,
        identity: machine.identity,
        log: (level, event, facts = {}) => {
          if (!life.alive) return;
          this.#say?.(`  ${life.name} ${level} ${event} ${JSON.stringify(facts)}`);
          this.oracle.logged(life, level, event, facts);
        },
        sliceEntries: machine.isCentre ? limits.absorbSliceQuietEntriesMax : 8,
        peers: machine.peers.map((name) => ({ name, fetch: peerFetch(this, life, this.machine(name)) })),
        version: 'sim',
        bootstrapTokenHash: null,
      });
    } catch (error) {
      life.alive = false;
      machine.life = null;
      const expected = machine.disk.full || machine.disk.away || /\((full|unavailable)\)/.test(String(error));
      if (!expected) this.oracle.unexpected(`${life.name} could not start`, error);
      this.#restartLater(machine);
      return;
    }
    life.app = peerApp(this, program, life.node);
    this.oracle.checkDisk(machine, life.name);
    life.node.start();
    this.did('start of a node');
  }
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
