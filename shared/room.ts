/**
 * Room on the disk, in stages (I12): three files that hold nothing are given back one after the other when the disk is
 * full, and with each of them something more is refused, until only people who give out keys, and their audit, are left.
 *
 *     held    refused                                           what the last stage given back is for
 *     3       nothing
 *     2       status reports, others' compliance logs           everything else
 *     1       enrolments as well                                escrows and disclosures
 *     0       escrows and others' recovery logs as well         disclosures and their audit
 *
 * That the disk is nearly full is found out by writing a file and removing it, for not every host can be asked. When
 * there is room again, the stages are taken back in the same way, with some to spare, so that it does not go to and fro.
 */
import type { Alarms } from './alarms.ts';
import { Problem } from './http/problem.ts';
import type { Store } from './journal/entry.ts';
import { limits } from './limits.ts';
import type { Platform } from './platform.ts';

/** Files beside the databases, on the same disk. */
export interface RoomStore {
  /** Which of these files are there. */
  held(names: readonly string[]): Promise<readonly string[]>;
  /** Writes a file that no file system can make smaller; false where there is no room, and nothing is left of it. */
  fill(name: string, bytes: number): Promise<boolean>;
  /** False where it could not be removed: nothing can be written there any more. */
  remove(name: string): Promise<boolean>;
  /** What is free on that disk; null where the host cannot be asked. */
  freeBytes(): Promise<number | null>;
}

const STAGES = ['reserve-1.bin', 'reserve-2.bin', 'reserve-3.bin'];
const PROBE = 'reserve-probe.bin';

export type Asked = 'status' | 'enrolment' | 'escrow';
const REFUSED_FROM: Readonly<Record<Asked, number>> = { status: 1, enrolment: 2, escrow: 3 };
const LOG_REFUSED_FROM: Readonly<Record<Store, number>> = { compliance: 1, recovery: 3 };

export class Room {
  readonly #store: RoomStore | null;
  readonly #platform: Pick<Platform, 'now'>;
  readonly #alarms: Alarms;
  /** stages given back */
  #given = 0;
  /** not even a stage could be given back: the disk is read-only, or broken */
  #dead = false;
  #lookedAt = -Infinity;
  #looking: Promise<void> | null = null;

  private constructor(store: RoomStore | null, platform: Pick<Platform, 'now'>, alarms: Alarms) {
    this.#store = store;
    this.#platform = platform;
    this.#alarms = alarms;
  }

  /** `store`: null where the disk is somebody else's. */
  static async open(store: RoomStore | null, platform: Pick<Platform, 'now'>, alarms: Alarms): Promise<Room> {
    const room = new Room(store, platform, alarms);
    if (!store) return room;
    const held = await store.held(STAGES);
    room.#given = STAGES.length - held.length;
    // The last stages first: they are for what matters most.
    for (const name of [...STAGES].reverse())
      if (!held.includes(name) && (await store.fill(name, limits.reserveStageBytes))) room.#given -= 1;
    room.#tell();
    return room;
  }

  /** How many stages are held, and how many there are; null where the disk is somebody else's. */
  get stages(): { readonly held: number; readonly all: number } | null {
    return this.#store && { held: STAGES.length - this.#given, all: STAGES.length };
  }

  freeBytes(): Promise<number | null> {
    return this.#store ? this.#store.freeBytes() : Promise.resolve(null);
  }

  /** Throws the Problem `storage-full` for what is refused now. */
  require(asked: Asked): void {
    if (this.#given >= REFUSED_FROM[asked])
      throw new Problem('storage-full', {}, { 'Retry-After': String(limits.reserveRetrySeconds) });
  }

  /** Whether another's log may be taken in. */
  takes(store: Store): boolean {
    return this.#given < LOG_REFUSED_FROM[store];
  }

  /** Looks how much room there is, at most every `reserveLookMs`, whoever asks. Never throws. */
  async look(): Promise<void> {
    if (!this.#store) return;
    const elapsed = this.#platform.now() - this.#lookedAt;
    if (elapsed >= 0 && elapsed < limits.reserveLookMs) return;
    this.#looking ??= this.#look(this.#store).finally(() => {
      this.#lookedAt = this.#platform.now();
      this.#looking = null;
    });
    await this.#looking;
  }

  /** A write found no room. Gives the next stage back; false when there is none left. */
  async exhausted(): Promise<boolean> {
    if (!this.#store || this.#given >= STAGES.length) return false;
    await this.#giveBack(this.#store);
    return true;
  }

  async #look(store: RoomStore): Promise<void> {
    if (!(await this.#hasRoom(store, limits.reserveProbeBytes))) {
      if (this.#given < STAGES.length) await this.#giveBack(store);
      return;
    }
    if (this.#dead) {
      this.#dead = false;
      this.#tell();
    }
    if (this.#given === 0 || !(await this.#hasRoom(store, 2 * limits.reserveStageBytes))) return;
    const name = STAGES[this.#given - 1];
    if (name === undefined || !(await store.fill(name, limits.reserveStageBytes))) return;
    this.#given -= 1;
    this.#tell();
  }

  async #hasRoom(store: RoomStore, bytes: number): Promise<boolean> {
    const fits = await store.fill(PROBE, bytes);
    if (fits) await store.remove(PROBE);
    return fits;
  }

  async #giveBack(store: RoomStore): Promise<void> {
    const name = STAGES[this.#given];
    this.#dead = name !== undefined && !(await store.remove(name));
    if (!this.#dead) this.#given += 1;
    this.#tell();
  }

  #tell(): void {
    if (this.#dead) this.#alarms.raise('storage', 'room', 'nothing can be written on the disk');
    else if (this.#given === 0) this.#alarms.clear('storage', 'room');
    else {
      const refused = Object.entries(REFUSED_FROM).flatMap(([asked, from]) =>
        this.#given >= from ? [asked] : [],
      );
      this.#alarms.raise('storage', 'room', `the disk is nearly full; refused: ${refused.join(', ')}`);
    }
  }
}
