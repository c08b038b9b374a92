/**
 * How much a node is asked by people and devices just now, so that what can wait does (I12): the writer waits for
 * those who are about to write as well, and another's log is applied in small slices while somebody is there.
 */
import type { Platform } from './platform.ts';

/** Who was here so recently is expected back: a device sends several messages, a helpdesk searches and then discloses. */
const LINGERS_MS = 2_000;

export class Foreground {
  readonly #platform: Pick<Platform, 'now'>;
  #busy = 0;
  #lastAt = -LINGERS_MS;

  constructor(platform: Pick<Platform, 'now'>) {
    this.#platform = platform;
  }

  /** Requests that are being answered. */
  get busy(): number {
    return this.#busy;
  }

  /** Whether nobody asks, nor did a moment ago. */
  get quiet(): boolean {
    return this.#busy === 0 && Math.abs(this.#platform.now() - this.#lastAt) >= LINGERS_MS;
  }

  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#busy += 1;
    try {
      return await work();
    } finally {
      this.#busy -= 1;
      this.#lastAt = this.#platform.now();
    }
  }
}
