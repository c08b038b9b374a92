/** How much of something each of many may do in a day, counted in memory: a flood is stopped without asking the disk (I12). */
import { limits } from './limits.ts';
import type { Platform } from './platform.ts';

const DAY_MS = 86_400_000;

export class DailyQuota {
  readonly #platform: Pick<Platform, 'now'>;
  readonly #max: number;
  readonly #used = new Map<string, { since: number; count: number }>();

  constructor(platform: Pick<Platform, 'now'>, max: number) {
    this.#platform = platform;
    this.#max = max;
  }

  /** Whether `who` may once more; counts it if so. */
  take(who: string): boolean {
    const now = this.#platform.now();
    const known = this.#used.get(who);
    // A clock that ran backwards begins another day as well.
    const isToday = known !== undefined && now >= known.since && now - known.since < DAY_MS;
    const count = isToday ? known.count : 0;
    if (count >= this.#max) return false;
    if (!known && this.#used.size >= limits.quotaSubjectsMax) this.#forgetSome(now);
    this.#used.set(who, { since: isToday ? known.since : now, count: count + 1 });
    return true;
  }

  /** What was counted came to nothing. */
  giveBack(who: string): void {
    const known = this.#used.get(who);
    if (known && known.count > 0) this.#used.set(who, { ...known, count: known.count - 1 });
  }

  /** Those of another day; and if there are none, those who came first. */
  #forgetSome(now: number): void {
    for (const [who, { since }] of this.#used)
      if (now - since >= DAY_MS || now < since) this.#used.delete(who);
    for (const who of this.#used.keys()) {
      if (this.#used.size < limits.quotaSubjectsMax) return;
      this.#used.delete(who);
    }
  }
}
