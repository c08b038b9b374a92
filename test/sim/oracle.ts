/**
 * What must hold, and who knows it: the oracle sees every commit, every sync and every answer of the world, and says the
 * first time that something does not fit. It knows what was promised; the nodes do not know the oracle.
 */
import type { Store } from '../../shared/journal/entry.ts';
import { selectFreeze } from '../../shared/journal/freeze.ts';
import { STORES } from '../../shared/journal/entry.ts';
import type { Disk } from './disk.ts';
import type { Life, Machine } from './machine.ts';
import { AGAIN, type Operation } from './operations.ts';
import type { World } from './world.ts';

/** Something a node answered for: it must never be lost while a machine that holds it is left. */
export interface Promised {
  readonly machine: string;
  readonly what: 'escrow' | 'record';
  /** which row says it, on any node */
  readonly sql: string;
  readonly args: readonly (string | number)[];
  readonly label: string;
  /** its only holders were lost before anybody else had it */
  isExcused: boolean;
}

/** What the oracle was told of a recovery password. */
export interface KnownKey {
  readonly keyId: string;
  readonly deviceId: string;
  readonly password: string;
  readonly commitment: string;
  /** somebody who is known on that computer */
  readonly user: string;
}

/** 2150: beyond all clocks of machines in these worlds. */
const HLC_SANE_MAX = 5_680_000_000_000 * 1024;

export class Oracle {
  readonly #world: World;
  /** store, origin and seq → hash of the one entry that an honest node wrote there */
  readonly #places = new Map<string, string>();
  readonly #everAtCentre = new Set<string>();
  readonly promised: Promised[] = [];
  readonly keys: KnownKey[] = [];
  /** key IDs somebody asked to be given out */
  readonly asked = new Set<string>();
  /** origins in which more than one machine wrote, or a dishonest one */
  readonly split = new Set<string>();
  /** nodeIds of attackers */
  readonly dishonest = new Set<string>();
  readonly violations: string[] = [];
  freezes = false;

  constructor(world: World) {
    this.#world = world;
  }

  violated(invariant: string, what: string): void {
    this.#world.trace('violated', invariant, what);
    this.violations.push(`${invariant}: ${what} (at ${String(Math.round(this.#world.scheduler.now))} ms)`);
  }

  unexpected(what: string, error: unknown): void {
    const why =
      error instanceof Error ? `${error.name} ${error.message} ${error.stack ?? ''}` : String(error);
    this.violated('no surprise', `${what}: ${why}`);
  }

  /** What a node logs: errors are bugs, unless the storage was made to fail. */
  logged(life: Life, level: string, event: string, facts: Readonly<Record<string, unknown>>): void {
    if (event === 'alarm tables-differ') this.violated('I5', `${life.name} ${JSON.stringify(facts)}`);
    if (event === 'alarm vault-key-wrong') this.violated('I2', `${life.name} ${JSON.stringify(facts)}`);
    if (level !== 'error' || facts['error'] === 'EngineError') return;
    this.violated('no surprise', `${life.name} logged "${event}" ${JSON.stringify(facts)}`);
  }

  committed(life: Life, operation: Operation): void {
    const { machine } = life;
    const { store, rows } = operation;
    for (const { origin, seq, hash, hlc } of rows) {
      this.#world.trace('commit', machine.name, store, origin, seq, hash);
      const nodeId = origin.slice(0, 10);
      if (this.dishonest.has(nodeId) || this.split.has(origin)) continue;
      const place = `${store} ${origin} ${String(seq)}`;
      const known = this.#places.get(place);
      if (known === hash) continue;
      if (known !== undefined) this.violated('I4', `${life.name}: two entries at ${place}`);
      else if (nodeId === machine.certificate.nodeId) {
        this.#places.set(place, hash);
        if (hlc > HLC_SANE_MAX) this.violated('I14', `${life.name} follows a clock of the far future`);
      } else this.violated('I4', `${life.name} took in ${place}, which its author did not write`);
    }
    // A node in the wrong hands does meet another log in its name: its owner forged one.
    const { nodeId } = machine.certificate;
    if (operation.names.includes(AGAIN) && !this.dishonest.has(nodeId) && !this.#isSplitNode(nodeId))
      this.violated('I4', `${life.name} wrote again what no other copy of it contradicts`);
    if (this.freezes && !operation.opensGate) this.#checkGate(life, operation);
  }

  #isSplitNode(nodeId: string): boolean {
    return [...this.split].some((origin) => origin.startsWith(nodeId));
  }

  /** I11: whoever got past the guard did so while the gate was open. */
  #checkGate({ machine, name }: Life, { store, names, at }: Operation): void {
    const [held] = machine.disk.of(store).facts(selectFreeze(store), []);
    if (held)
      this.violated('I11', `${name} wrote (${names.join(', ')}) through a closed gate at ${String(at)}`);
  }

  synced(machine: Machine, operations: readonly Operation[]): void {
    if (!machine.isCentre) return;
    for (const { rows } of operations) for (const { hash } of rows) this.#everAtCentre.add(hash);
  }

  /** I1: what a peer is told that this machine holds is not lost with its power. */
  shown({ name, machine }: Life, store: Store, vector: Readonly<Record<string, number>>): void {
    for (const { rows } of machine.disk.of(store).unsynced)
      for (const { origin, seq } of rows)
        if ((vector[origin] ?? 0) >= seq)
          this.violated('I1', `${name} shows ${store} ${origin} ${String(seq)}, which it may lose`);
  }

  wasAtCentre(hash: string): boolean {
    return this.#everAtCentre.has(hash);
  }

  promise(promised: Omit<Promised, 'isExcused'>): void {
    this.promised.push({ ...promised, isExcused: false });
  }

  /** A disk has lost what it held: what no other machine holds is lost with it, and nobody's fault. */
  lost(): void {
    const left = this.#world.machines.filter((machine) => !machine.isGone);
    const disks = [...new Set(left.map((machine) => machine.disk))];
    for (const promised of this.promised) {
      if (!promised.isExcused && !disks.some((disk) => holds(disk, promised))) promised.isExcused = true;
    }
    // What they hold may not be synced yet; it is now, or the promise would hang on a second accident.
    for (const machine of left)
      for (const database of machine.disk.all) this.synced(machine, database.sync(database.written));
  }

  /** After a start: what this machine promised on this disk must be there (I1). */
  checkDisk(machine: Machine, name: string): void {
    for (const promised of this.promised) {
      if (promised.machine !== machine.name || promised.isExcused || this.#world.rewound.has(machine.name))
        continue;
      if (!holds(machine.disk, promised)) this.violated('I1', `${name} lost ${promised.label}`);
    }
  }
}

export function holds(disk: Disk, { sql, args }: Pick<Promised, 'sql' | 'args'>): boolean {
  return disk.of('recovery').facts(sql, args).length > 0;
}

/** Where each log ends on a disk, by store and origin. */
export function tipsOn(disk: Disk): Map<string, { store: Store; origin: string; seq: number; hash: string }> {
  const tips = new Map<string, { store: Store; origin: string; seq: number; hash: string }>();
  for (const store of STORES)
    for (const [origin, seq, hash] of disk
      .of(store)
      .facts(`SELECT origin, seq, hash FROM "${store}_origins"`, []))
      tips.set(`${store} ${String(origin)}`, {
        store,
        origin: String(origin),
        seq: Number(seq),
        hash: String(hash),
      });
  return tips;
}
