/** Who may write to a store, and when: one at a time, appends together and before others' logs (I12). */
import type { Foreground } from '../foreground.ts';
import { limits } from '../limits.ts';
import type { Platform } from '../platform.ts';
import type { Prepared } from './drafts.ts';
import type { Statement } from './engine.ts';
import type { Entry } from './entry.ts';

export interface PendingAppend {
  readonly drafts: readonly Prepared[];
  readonly local: readonly Statement[];
  readonly bytes: number;
  resolve(entries: Entry[]): void;
  reject(error: unknown): void;
}

/** The writer's queue is full: the caller answers 503 and the client comes back. */
export class OverloadedError extends Error {
  override readonly name = 'OverloadedError';
}

export class Turns {
  readonly #platform: Platform;
  readonly #foreground: Foreground | undefined;
  readonly #writeGroup: (group: readonly PendingAppend[]) => Promise<void>;
  readonly #appends: PendingAppend[] = [];
  #appendBytes = 0;
  readonly #turns: (() => Promise<void>)[] = [];
  #pumping = false;
  /** over as soon as others had their turn since the last slice of another's log */
  #pause: Promise<void> = Promise.resolve();

  /** `writeGroup` writes these appends in one transaction and settles each of them; it never rejects. */
  constructor(
    parts: { readonly platform: Platform; readonly foreground?: Foreground },
    writeGroup: (group: readonly PendingAppend[]) => Promise<void>,
  ) {
    this.#platform = parts.platform;
    this.#foreground = parts.foreground;
    this.#writeGroup = writeGroup;
  }

  /** Throws OverloadedError when too many writes are waiting. */
  checkRoom(): void {
    if (this.#appends.length >= limits.appendQueueMax || this.#appendBytes >= limits.appendQueueBytesMax)
      throw new OverloadedError('too many writes are waiting');
  }

  /** Resolves with the entries of this append once they are durable. */
  append(drafts: readonly Prepared[], local: readonly Statement[], bytes: number): Promise<Entry[]> {
    return new Promise((resolve, reject) => {
      this.#appends.push({ drafts, local, bytes, resolve, reject });
      this.#appendBytes += bytes;
      this.#pump();
    });
  }

  /** Does this when nobody else writes. */
  take<T>(work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#turns.push(() => work().then(resolve, reject));
      this.#pump();
    });
  }

  /** Resolves when nothing is waiting or being written. */
  async idle(): Promise<void> {
    while (this.#pumping) await this.#platform.sleep(1);
  }

  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    void this.#work().finally(() => {
      this.#pumping = false;
      if (this.#appends.length > 0 || this.#turns.length > 0) this.#pump();
    });
  }

  async #work(): Promise<void> {
    for (let groups = 0; ;) {
      // Whoever writes alone is written at once; others who are about to write join the group. After a slice of
      // another's log, people and devices get their turn before the next one (I12).
      const othersComing = (this.#foreground?.busy ?? 0) > this.#appends.length;
      if (othersComing) await this.#gather();
      else await (this.#appends.length === 0 ? this.#pause : Promise.resolve());
      if (this.#appends.length > 0 && (groups < limits.groupsBeforeSliceMax || this.#turns.length === 0)) {
        groups += 1;
        await this.#writeGroup(this.#takeGroup());
        continue;
      }
      groups = 0;
      const turn = this.#turns.shift();
      if (!turn) return;
      await turn();
      this.#pause = this.#platform.sleep(0);
    }
  }

  /** Requests come in waves, of which a part is ready at a time: as long as the group grows, the rest is awaited. */
  async #gather(): Promise<void> {
    let before: number;
    do {
      before = this.#appends.length;
      await this.#platform.sleep(0);
    } while (this.#appends.length > before + 1 && this.#appends.length < limits.groupEntriesMax);
  }

  #takeGroup(): PendingAppend[] {
    let entries = 0;
    let bytes = 0;
    const fits = this.#appends.findIndex((pending) => {
      entries += pending.drafts.length;
      bytes += pending.bytes;
      return entries > limits.groupEntriesMax || bytes > limits.groupBytesMax;
    });
    const group = this.#appends.splice(0, fits < 0 ? this.#appends.length : Math.max(1, fits));
    for (const pending of group) this.#appendBytes -= pending.bytes;
    return group;
  }
}
