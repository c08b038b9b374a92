/** Carries out the events of a plan in a world. */
import { AttackingMachine } from './attacks.ts';
import { Disk } from './disk.ts';
import { Machine, nameOfClock } from './machine.ts';
import type { LinkFaults } from './network.ts';
import * as nextProgram from './next-program.ts';
import { configure, disclose, revoke } from './people.ts';
import type { Event, Plan } from './plan.ts';
import * as thisProgram from './program.ts';
import { type Organisation, configureAll } from './setup.ts';
import { Writers } from './snapshots.ts';
import type { World } from './world.ts';

/** Longer than any start and configuration without faults takes. */
export const SETUP_MS = 30_000;

export class Play {
  readonly plan: Plan;
  readonly organisation: Organisation;
  readonly writers = new Writers();
  readonly #world: World;
  readonly #attackers: readonly AttackingMachine[];
  #notes = 0;

  constructor(world: World, plan: Plan, organisation: Organisation) {
    this.#world = world;
    this.plan = plan;
    this.organisation = organisation;
    const [first] = world.machines;
    this.#attackers = organisation.attackers.flatMap((each) =>
      first ? [new AttackingMachine(world, each, first)] : [],
    );
  }

  /** Everything is started and configured before anything goes wrong. */
  async setUp(): Promise<void> {
    const world = this.#world;
    let isConfigured = false;
    for (const machine of world.machines) void world.boot(machine);
    const started = (): boolean => world.machines.every(({ life }) => life?.node);
    await world.scheduler.run(SETUP_MS, started);
    void configureAll(world, this.organisation).then(() => (isConfigured = true));
    const knows = ({ life }: Machine): boolean => life?.node?.configuration.all('vault').length === 3;
    await world.scheduler.run(SETUP_MS, () => isConfigured && world.machines.every(knows));
    if (!world.machines.every(knows))
      world.oracle.violated('set-up', 'the nodes do not know their configuration');
  }

  carryOut(event: Event): void {
    const world = this.#world;
    world.trace('event', event.do);
    const { devices } = this.organisation;
    if ('device' in event) {
      const device = devices[event.device % devices.length];
      const volume = device && world.random.pick(device.volumes);
      if (!device || !volume) return;
      const key = 'key' in event ? this.#key(event.key) : undefined;
      if (event.do === 'report') device.begin(() => device.report());
      else if (event.do === 'change') device.change();
      else if (event.do === 'encrypt') device.begin(() => device.encrypt(volume));
      else if (event.do === 'collide' && key) device.begin(() => device.collide(volume, key.keyId));
      else if (event.do === 'revoke' && device.deviceId !== null)
        void revoke(world, world.machine('centre-0'), device.deviceId);
      return;
    }
    if ('machine' in event) {
      const machine = world.machines[event.machine % world.machines.length];
      if (machine && !machine.isGone) this.#happens(machine, event);
      return;
    }
    this.#other(event);
  }

  #other(event: Exclude<Event, { device: number } | { machine: number }>): void {
    const world = this.#world;
    const centre = world.machine('centre-0');
    switch (event.do) {
      case 'configure':
        void configure(world, centre, 'site', 'site-1', {
          name: `site ${String(event.value)}`,
          regionId: 'south',
        });
        return;
      case 'server away':
        this.#takeServerAway(centre, event.power, event.forMs);
        return;
      case 'attack': {
        const target = world.machines[event.target % world.machines.length];
        const victim = world.machines[event.victim % world.machines.length];
        const [attacker] = this.#attackers;
        if (attacker && target && victim) void attacker.attack(event.attack, target, victim);
        return;
      }
      case 'snapshot':
        void this.writers.snapshot(world, centre, event.gate);
        return;
    }
  }

  #happens(machine: Machine, event: Extract<Event, { machine: number }>): void {
    const world = this.#world;
    switch (event.do) {
      case 'disclose': {
        if (machine.rogue) return;
        const key = this.#key(event.key);
        this.#notes += 1;
        const staff = this.organisation.staff[event.staff % this.organisation.staff.length];
        if (key && staff) void disclose(world, staff, machine, key, `n-${String(this.#notes)}`);
        return;
      }
      case 'roll up':
        void machine.life?.node?.statuses.rollUp().catch(() => undefined);
        return;
      case 'write as the next version':
        this.#writeAsNext(machine);
        return;
      case 'link':
        for (const other of world.machines) this.#fault(machine, other, event.faults, event.forMs);
        for (const name of this.#people()) this.#link(name, machine.name, event.faults, event.forMs);
        return;
      case 'partition':
        for (const other of world.machines) {
          if (other === machine || (event.from === 'centres' && !other.isCentre)) continue;
          if (event.ways !== 'in') this.#link(machine.name, other.name, { cut: true }, event.forMs);
          if (event.ways !== 'out') this.#link(other.name, machine.name, { cut: true }, event.forMs);
        }
        world.fault(event.ways === 'both' ? 'partitions' : 'one-way partitions');
        return;
      case 'slow peer':
        machine.answersMs = event.answersMs;
        world.scheduler.after(event.forMs, () => (machine.answersMs = 0));
        return;
      case 'restart':
        world.fault('restart');
        void world.stop(machine);
        return;
      case 'crash':
        world.fault(event.power ? 'power cut' : 'kill');
        world.crash(machine, event.power);
        return;
      case 'arm':
        machine.armed = { point: event.point, left: event.after };
        return;
      case 'disk full':
        machine.disk.full = true;
        world.scheduler.after(event.forMs, () => (machine.disk.full = false));
        return;
      case 'slow disk':
        world.fault('slow disk');
        machine.disk.syncMs = 400;
        world.scheduler.after(event.forMs, () => (machine.disk.syncMs = 2));
        return;
      case 'clock':
        world.fault(nameOfClock(event.offMs, event.speed));
        machine.clock.set(world.scheduler.now, event.offMs, event.speed);
        return;
      case 'copy':
        machine.copies.push({ image: machine.disk.image(), takenAt: world.scheduler.now });
        return;
      case 'rewind':
        world.rewind(machine);
        return;
      case 'lose':
        world.lose(machine, event.forGood);
        return;
      case 'twin':
        this.#twin(machine, event.forMs);
        return;
      case 'upgrade':
        this.upgrade(machine);
        return;
    }
  }

  /** whoever asks nodes without being one */
  #people(): string[] {
    const { devices, staff } = this.organisation;
    return [...devices.map(({ name }) => name), ...staff.map(({ staffId }) => staffId), 'root'];
  }

  #key(number: number) {
    const { keys } = this.#world.oracle;
    return keys[number % keys.length];
  }

  #fault(a: Machine, b: Machine, faults: LinkFaults, forMs: number): void {
    if (a === b) return;
    this.#link(a.name, b.name, faults, forMs);
    this.#link(b.name, a.name, faults, forMs);
  }

  #link(from: string, to: string, faults: LinkFaults, forMs: number): void {
    const world = this.#world;
    if (world.isCalm) return;
    world.network.set(from, to, faults);
    world.scheduler.after(forMs, () => {
      world.network.set(from, to, {});
    });
  }

  #takeServerAway({ disk }: Machine, power: boolean, forMs: number): void {
    const world = this.#world;
    if (disk.kind !== 'libsql-server') return;
    world.fault(power ? 'power cut of the database server' : 'database server away');
    disk.away = true;
    if (power) world.cutPower(world.machine('centre-0'));
    world.scheduler.after(forMs, () => (disk.away = false));
  }

  upgrade(machine: Machine): void {
    if (machine.program !== thisProgram) return;
    this.#world.fault('upgrade');
    machine.program = nextProgram;
    void this.#world.stop(machine);
  }

  #writeAsNext({ life, program }: Machine): void {
    if (program === thisProgram || !life?.node) return;
    this.#world.did('entry of the next version');
    const body = {
      devices: [{ deviceId: 'd-aaaaaaaaaaaaaaaa', counter: this.#world.random.below(1_000), seenAt: 1 }],
    };
    const draft = { kind: 'sighting', body } as unknown as Parameters<
      typeof life.node.ledger.append
    >[1][number];
    void life.node.ledger.append('compliance', [draft]).catch(() => undefined);
  }

  /** The machine is resumed twice: both copies go on in one incarnation, until one of them is found and ended. */
  #twin(machine: Machine, forMs: number): void {
    const world = this.#world;
    const { life } = machine;
    if (!life?.node) return;
    world.fault('machine resumed twice');
    const clock = (): number => twin.clock.read(world.scheduler.now);
    const twin = new Machine({
      ...{ name: `${machine.name}-twin`, certificate: machine.certificate, identity: machine.identity },
      ...{ peers: machine.peers, program: machine.program },
      disk: new Disk(machine.disk.kind, machine.disk.image(), clock),
    });
    twin.incarnation = life.node.ledger.self;
    twin.armed = machine.armed && { ...machine.armed };
    world.oracle.split.add(twin.incarnation);
    world.machines.push(twin);
    void world.boot(twin);
    for (const device of this.organisation.devices) if (device.knows(machine)) device.meets(machine, twin);
    world.scheduler.after(forMs, () => {
      world.lose(twin, true);
    });
  }
}
