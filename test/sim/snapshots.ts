/** Snapshots of a centre at any moment, by the statements, the guard and the state machine of the production code. */
import { clearFreeze, selectFreeze, setFreeze } from '../../shared/journal/freeze.ts';
import { STORES, type Store } from '../../shared/journal/entry.ts';
import { type Phase, type WriterState, isFailed, transition } from '../../shared/snapshot/writer-state.ts';
import { Disk } from './disk.ts';
import type { Machine } from './machine.ts';
import { operationOf } from './operations.ts';
import { tipsOn } from './oracle.ts';
import type { World } from './world.ts';

/** What a snapshot does between freezing both stores and opening the gate again. */
export interface Gate {
  readonly holdMs: number;
  /** after which the freeze ends by itself */
  readonly freezeMs: number;
  /** the snapshot's process dies inside */
  readonly dies: boolean;
}

/** The states of both writers, through all sets. */
export class Writers {
  readonly #states: Record<Store, WriterState> = { recovery: 'STABLE', compliance: 'STABLE' };
  #sets = 0;
  #isBusy = false;

  get states(): readonly WriterState[] {
    return Object.values(this.#states);
  }

  async snapshot(world: World, machine: Machine, gate: Gate): Promise<void> {
    const { disk } = machine;
    if (disk.away || disk.full || this.#isBusy || tipsOn(disk).size === 0) return;
    this.#isBusy = true;
    this.#sets += 1;
    const holder = `set-${String(this.#sets)}`;
    world.oracle.freezes = true;
    world.did('snapshot');
    for (const phase of ['identify', 'prepare-backup', 'prepare-snapshot'] as const) this.#enter(phase);
    const cut = this.#freeze(world, disk, holder, gate.freezeMs);
    this.#enter('freeze');
    await world.scheduler.sleep(gate.holdMs);
    this.#isBusy = false;
    if (gate.dies || machine.disk !== disk) {
      if (gate.dies) world.fault('snapshot died in its gate');
      for (const store of STORES) this.#states[store] = transition(this.#states[store], 'abort');
      return;
    }
    const image = disk.image();
    const stillFrozen = STORES.every(
      (store) => disk.of(store).facts(selectFreeze(store), [])[0]?.[0] === holder,
    );
    for (const store of STORES) commit(disk, store, clearFreeze(store, holder));
    if (!stillFrozen) {
      world.fault('freeze ended by itself');
      for (const store of STORES) this.#states[store] = transition(this.#states[store], 'thaw-failed');
      return;
    }
    this.#enter('thaw');
    const copy = new Disk(disk.kind, image, () => 0);
    if (JSON.stringify([...tipsOn(copy)]) !== cut)
      world.oracle.violated('I11', `${holder} is not at its cut`);
    for (const store of STORES) commit(copy, store, clearFreeze(store, holder));
    machine.copies.push({ image: copy.image(), takenAt: world.scheduler.now });
    copy.close();
    this.#enter('post-snapshot');
    this.#enter('backup-complete');
  }

  /** One freeze and one thaw in every story, whatever happened in between. */
  check(world: World, machine: Machine): void {
    for (const store of STORES) {
      const state = this.#states[store];
      if (state !== 'STABLE' && !isFailed(state)) world.oracle.violated('I11', `a writer was left ${state}`);
      const [held] = machine.disk.of(store).facts(selectFreeze(store), []);
      if (held) world.oracle.violated('I11', `${store} was left frozen by ${String(held[0])}`);
    }
  }

  #freeze(world: World, disk: Disk, holder: string, ms: number): string {
    for (const store of STORES) {
      commit(disk, store, setFreeze(store, holder, ms));
      const [held] = disk.of(store).facts(selectFreeze(store), []);
      if (held && held[0] !== holder) world.fault('another snapshot held the gate');
    }
    return JSON.stringify([...tipsOn(disk)]);
  }

  #enter(phase: Phase): void {
    for (const store of STORES) this.#states[store] = transition(this.#states[store], phase);
  }
}

function commit(disk: Disk, store: Store, statement: Parameters<typeof operationOf>[1][number]): void {
  disk.of(store).commit(operationOf(store, [statement], ''));
}
