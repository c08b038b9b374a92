/**
 * Hybrid logical clock: `milliseconds × 1024 + counter` in one safe integer, until the year 2248. It orders entries
 * for people and within a page; nothing is ever decided by it (I14). A clock that is far ahead is reported, and
 * never followed.
 */
import { limits } from '../limits.ts';
import type { Platform } from '../platform.ts';

const TICKS_PER_MS = 1024;

/** 2200-01-01T00:00Z: a later time is not a clock that is wrong but a message that is malformed. */
export const HLC_MAX = 7_258_118_400_000 * TICKS_PER_MS;

export function hlcToMs(hlc: number): number {
  return Math.floor(hlc / TICKS_PER_MS);
}

export class HybridClock {
  readonly #platform: Pick<Platform, 'now'>;
  #last = 0;

  constructor(platform: Pick<Platform, 'now'>) {
    this.#platform = platform;
  }

  /** A value greater than all before it. */
  tick(): number {
    const wall = Math.min(Math.max(0, Math.floor(this.#platform.now())) * TICKS_PER_MS, HLC_MAX - 1);
    this.#last = Math.min(Math.max(wall, this.#last + 1), HLC_MAX);
    return this.#last;
  }

  /** Takes note of another's clock. Returns how far it is ahead in ms if that is beyond the limit, else 0. */
  observe(hlc: number): number {
    const ahead = hlcToMs(hlc) - this.#platform.now();
    if (ahead > limits.clockSkewMsMax) return ahead;
    if (hlc > this.#last) this.#last = hlc;
    return 0;
  }
}
