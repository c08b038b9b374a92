/** Processes that run seeds: each gets the next one when it has answered, and is replaced before it grows old. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import process from 'node:process';
import type { RunResult } from './run.ts';

export interface Order {
  readonly seed: number;
  readonly keep?: readonly number[];
  /** says everything that happens on the standard error */
  readonly aloud?: boolean;
}

/** After so many runs a process gives its memory back. */
const RUNS_PER_PROCESS = 400;
/** No run takes a tenth of this. */
const RUN_MS_MAX = 120_000;

export class Crew {
  readonly #program: string;
  #child: ChildProcess | null = null;
  #lines: AsyncIterator<string> | null = null;
  #runs = 0;

  constructor(program: string) {
    this.#program = program;
  }

  /** Runs one seed. A process that dies or hangs is a violation like any other. */
  async run(order: Order): Promise<RunResult> {
    if (this.#runs >= RUNS_PER_PROCESS) this.close();
    this.#runs += 1;
    const { child, lines } = this.#process();
    child.stdin?.write(`${JSON.stringify(order)}\n`);
    const timer = setTimeout(() => child.kill('SIGKILL'), RUN_MS_MAX);
    try {
      const { value, done } = await lines.next();
      if (done !== true) return JSON.parse(value) as RunResult;
    } finally {
      clearTimeout(timer);
    }
    this.close();
    const nothing = { faults: {}, operations: {}, passed: {}, crashed: {} };
    const violations = ['no surprise: the simulator ended, or did not come to an end'];
    return { seed: order.seed, violations, history: '', events: 0, planned: 0, convergedMs: 0, ...nothing };
  }

  close(): void {
    this.#child?.kill();
    this.#child = null;
    this.#lines = null;
    this.#runs = 0;
  }

  #process(): { child: ChildProcess; lines: AsyncIterator<string> } {
    if (!this.#child || !this.#lines) {
      const child = spawn(process.execPath, ['--enable-source-maps', this.#program], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      this.#child = child;
      this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    }
    return { child: this.#child, lines: this.#lines };
  }
}
