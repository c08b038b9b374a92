/** What a case reached, and whether that was new. Without an instrumented bundle nothing is counted and nothing is new. */
import type { Compared } from './mutate.ts';

interface Probe {
  readonly hits: Uint8Array;
  readonly counters: number;
  readonly words: readonly string[];
  tracing: boolean;
  compared: [string | number, string | number][];
}

const COMPARED_MAX = 64;
const OPERAND_CHARACTERS_MAX = 64;

/** How often a place was passed, in classes as AFL has them: 1, 2, 3, 4-7, 8-15, 16-31, 32-127, more. */
const CLASS_OF = Uint8Array.from({ length: 256 }, (_, count) => {
  if (count === 0) return 0;
  if (count < 4) return 1 << (count - 1);
  return count < 8 ? 8 : count < 16 ? 16 : count < 32 ? 32 : count < 128 ? 64 : 128;
});

export class Coverage {
  readonly #probe = (globalThis as { $fuzz?: Probe }).$fuzz;
  readonly #words = new Uint32Array(
    this.#probe?.hits.buffer ?? new ArrayBuffer(0),
    0,
    Math.ceil((this.#probe?.counters ?? 0) / 4),
  );
  /** classes seen of each counter */
  readonly #seen = new Uint8Array(this.#words.length * 4);
  /** counters that were reached at least once */
  reached = 0;

  get counters(): number {
    return this.#probe?.counters ?? 0;
  }

  /** Short literals of the code. */
  get literals(): readonly string[] {
    return this.#probe?.words ?? [];
  }

  /** Forgets what was counted since the last case, such as by making its input. */
  begin(tracing: boolean): void {
    if (!this.#probe) return;
    this.#words.fill(0);
    this.#probe.tracing = tracing;
    this.#probe.compared = [];
  }

  /** Whether the case reached something new, or something much more often than before. */
  end(): boolean {
    if (!this.#probe) return false;
    this.#probe.tracing = false;
    let isNew = false;
    for (let word = 0; word < this.#words.length; word += 1) {
      if (this.#words[word] === 0) continue;
      for (let at = word * 4; at < word * 4 + 4; at += 1) {
        const passed = CLASS_OF[this.#probe.hits[at] ?? 0] ?? 0;
        const seen = this.#seen[at] ?? 0;
        if ((seen | passed) === seen) continue;
        if (seen === 0) this.reached += 1;
        this.#seen[at] = seen | passed;
        isNew = true;
      }
    }
    return isNew;
  }

  /** Counters that the last case passed. */
  passed(): number[] {
    const hits = this.#probe?.hits.subarray(0, this.counters) ?? [];
    return [...hits.entries()].flatMap(([at, count]) => (count > 0 ? [at] : []));
  }

  /** Comparisons of the last case that did not hold, where they were traced. */
  compared(): Compared[] {
    return (this.#probe?.compared ?? [])
      .filter((pair) => pair.every((operand) => String(operand).length <= OPERAND_CHARACTERS_MAX))
      .slice(0, COMPARED_MAX);
  }
}
