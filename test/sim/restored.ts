/**
 * I7: a centre that was started from an older copy decides nothing before the edges that it knew have brought what they
 * hold of its own logs, unless an administrator says that they will not come.
 */
import type { Life, Machine } from './machine.ts';
import { tipsOn } from './oracle.ts';
import type { World } from './world.ts';

/** A log of the centre's own as an edge held it when the centre was rewound. */
interface Stale {
  readonly edge: string;
  readonly log: string;
  readonly seq: number;
}

export class Restored {
  readonly #world: World;
  /** an administrator said that the missing edges will not come */
  isOverridden = false;
  #stale: readonly Stale[] = [];

  constructor(world: World) {
    this.#world = world;
  }

  /** This centre has an older disk from now on; null: an empty one, which knows nobody to wait for. */
  begin(centre: Machine | null): void {
    this.#stale = centre ? this.#knownElsewhere(centre) : [];
  }

  /** A centre decided something: it must know by then what the edges that it knew have of its own logs. */
  decided({ machine, name }: Life, what: string): void {
    const { oracle, rewound } = this.#world;
    if (!machine.isCentre || this.#stale.length === 0 || this.isOverridden) return;
    const held = tipsOn(machine.disk);
    for (const { edge, log, seq } of this.#stale) {
      if (rewound.has(edge) || this.#world.machine(edge).isGone || (held.get(log)?.seq ?? 0) >= seq) continue;
      oracle.violated('I7', `${name} decided ${what} before ${edge} brought ${log} ${String(seq)}`);
    }
  }

  /** What edges hold of the centre's own logs, which it cannot know after a rewind. */
  #knownElsewhere(centre: Machine): Stale[] {
    const { machines } = this.#world;
    const known = new Set([...tipsOn(centre.disk).values()].map(({ origin }) => origin.slice(0, 10)));
    return machines
      .filter(({ isGone, isCentre, certificate }) => !isGone && !isCentre && known.has(certificate.nodeId))
      .flatMap(({ name, disk }) =>
        [...tipsOn(disk)].flatMap(([log, { origin, seq }]) => {
          const byCentre = machines.some(
            ({ isCentre, certificate }) => isCentre && origin.startsWith(certificate.nodeId),
          );
          return byCentre ? [{ edge: name, log, seq }] : [];
        }),
      );
  }
}
