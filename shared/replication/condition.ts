/**
 * How a node is, by its own word: it says so with every pull, and whoever hears it passes it on with how current its
 * entries are. Nothing is decided by it; people see it on the page of nodes and in `/readyz`.
 */
import { z } from 'zod';
import type { Alarms } from '../alarms.ts';
import { STORES } from '../journal/entry.ts';
import type { Ledger } from '../journal/ledger.ts';
import type { Platform } from '../platform.ts';
import type { Room } from '../room.ts';
import type { TableComparison } from './comparison.ts';

const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

const disk = z.strictObject({
  /** stages of the reserve that are held, of how many: with each one given back something more is refused */
  held: count,
  all: count,
  /** where the host can be asked */
  freeBytes: count.nullable(),
});

/** What goes over the wire: times as they pass, for two clocks are not compared. */
export const saidCondition = z.strictObject({
  /** its clock as it asks */
  clock: count,
  /** since its tables agreed with a peer's, slice by slice; null: not since it was started */
  agreedMs: count.nullable(),
  /** rows that differ from a peer's or from the journal */
  differing: count,
  /** entries that it holds and that have no effect there */
  aside: count,
  /** null: the disk is somebody else's */
  disk: disk.nullable(),
});
export type SaidCondition = z.infer<typeof saidCondition>;

export const nodeCondition = z.object({
  /** when it said so, by the clock of who heard it */
  at: count,
  /** its clock against that of who heard it, the way of the message included; null where nobody has heard it */
  clockAheadMs: z.number().int().nullable(),
  agreedAt: count.nullable(),
  ...{ differing: count, aside: count, disk: disk.nullable() },
});
export type NodeCondition = z.infer<typeof nodeCondition>;

/** What somebody heard at `now` by their own clock. */
export function heardCondition({ clock, agreedMs, ...rest }: SaidCondition, now: number): NodeCondition {
  return {
    ...{ at: now, clockAheadMs: clock - now },
    agreedAt: agreedMs === null ? null : Math.max(0, now - agreedMs),
    ...rest,
  };
}

export interface ConditionParts {
  readonly ledger: Ledger;
  readonly platform: Platform;
  readonly alarms: Alarms;
  readonly room: Room;
  readonly comparison: Pick<TableComparison, 'agreedAt'>;
}

export class OwnCondition {
  readonly #parts: ConditionParts;
  #aside = 0;
  #freeBytes: number | null = null;

  constructor(parts: ConditionParts) {
    this.#parts = parts;
  }

  /** Looks at what takes a question to the database or the disk; a chore. */
  async look(): Promise<void> {
    const { ledger, room } = this.#parts;
    let aside = 0;
    for (const store of STORES) {
      const [row] = await ledger.engine.rows(store, `SELECT count(*) FROM "${store}_marks"`, []);
      aside += Number(row?.[0] ?? 0);
    }
    this.#aside = aside;
    this.#freeBytes = await room.freeBytes();
  }

  said(): SaidCondition {
    const { platform, alarms, room, comparison } = this.#parts;
    const now = platform.now();
    const { stages } = room;
    return {
      clock: now,
      agreedMs: comparison.agreedAt === 0 ? null : Math.max(0, now - comparison.agreedAt),
      differing: alarms.list().filter(({ type }) => type === 'tables-differ').length,
      aside: this.#aside,
      disk: stages && { ...stages, freeBytes: this.#freeBytes },
    };
  }
}
