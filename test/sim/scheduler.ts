/**
 * Virtual time. Whatever waits in the simulated world waits here; between two events everything that can run without
 * waiting runs to its end. Nothing else makes progress, so the same events give the same history.
 */

export interface Timer {
  cancel(): void;
}

interface Event extends Timer {
  readonly at: number;
  readonly order: number;
  run: (() => void) | null;
}

export class Scheduler {
  readonly #heap: Event[] = [];
  #now = 0;
  #order = 0;

  /** milliseconds since the world began */
  get now(): number {
    return this.#now;
  }

  /** events so far */
  get events(): number {
    return this.#order;
  }

  after(ms: number, run: () => void): Timer {
    this.#order += 1;
    const event: Event = {
      at: this.#now + Math.max(0, ms),
      order: this.#order,
      run,
      cancel: () => {
        event.run = null;
      },
    };
    this.#push(event);
    return event;
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(ms, resolve);
    });
  }

  /** Runs the world until `until` ms, or until `done`. */
  async run(until: number, done: () => boolean): Promise<void> {
    await settled();
    while (!done()) {
      const [next] = this.#heap;
      if (!next || next.at > until) {
        this.#now = Math.max(this.#now, until);
        return;
      }
      this.#pop();
      const { run } = next;
      if (!run) continue;
      this.#now = next.at;
      run();
      await settled();
    }
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(event);
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = heap[up];
      if (!parent || before(parent, event)) break;
      heap[at] = parent;
      at = up;
    }
    heap[at] = event;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let down = 2 * at + 1;
      const left = heap[down];
      const right = heap[down + 1];
      if (!left) break;
      const child = right && before(right, left) ? right : left;
      if (child === right) down += 1;
      if (before(last, child)) break;
      heap[at] = child;
      at = down;
    }
    heap[at] = last;
  }
}

function before(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

/** Resolves when all promises that could go on have: Node runs them all before the next macrotask. */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
