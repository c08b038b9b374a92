/**
 * Fuzzes one target for a number of cases: a part of them made by fast-check from what the target says of its inputs,
 * the rest by mutation of the corpus, into which goes what reached something new. A fault is made small before it is
 * reported; the same fault is reported once.
 */
import process from 'node:process';
import fc from 'fast-check';
import { Random } from '../../sim/random.ts';
import { type Input, type Opened, type Target, bytesOf } from '../target.ts';
import { Coverage } from './coverage.ts';
import { type Compared, mutate } from './mutate.ts';

export interface Order {
  readonly seed: number;
  readonly cases: number;
  /** of these, by fast-check */
  readonly generated: number;
  readonly corpus: readonly Input[];
}

export interface Finding {
  readonly fault: string;
  readonly input: Input;
  readonly by: 'corpus' | 'fast-check' | 'mutation' | 'time';
}

export interface Outcome {
  readonly generated: number;
  readonly mutated: number;
  readonly counters: number;
  readonly reached: number;
  /** of `reached`, what fast-check alone had reached */
  readonly reachedGenerated: number;
  readonly corpus: readonly { readonly input: Input; readonly reaches: readonly number[] }[];
  readonly findings: readonly Finding[];
}

/** Of faults that differ; a target with more is broken, and stops. */
const FINDINGS_MAX = 20;
const BYTES_MAX = 4_096;
/** A case takes microseconds. One that seems slow is tried again by the processor's time: the machine may be busy. */
const CASE_MS_MAX = 1_500;
const SLOW_TRIES = 3;
/** How often a session says that it goes on. */
const ALIVE_EVERY_MS = 1_000;
/** Inputs that fast-check makes at once. */
const BATCH = 500;
/** Comparisons are traced in every so many cases: it costs time. */
const TRACE_EVERY = 16;
const TRACED_MAX = 256;
const SHRINK_TRIES = 2_000;

export class Session {
  readonly #target: Target;
  readonly #opened: Opened;
  readonly #random: Random;
  readonly #coverage = new Coverage();
  readonly #corpus: Input[] = [];
  readonly #reaches: number[][] = [];
  readonly #findings = new Map<string, Finding>();
  #compared: Compared[] = [];
  #cases = 0;
  /** told now and then, so that somebody notices when a case does not end */
  readonly #alive: () => void;
  #said = 0;

  constructor(target: Target, opened: Opened, seed: number, alive: () => void = () => undefined) {
    this.#target = target;
    this.#opened = opened;
    this.#random = new Random(target.name, seed);
    this.#alive = alive;
  }

  async run({ seed, cases, generated, corpus }: Order): Promise<Outcome> {
    for (const input of [...this.#opened.seeds.map(bytesOf), ...corpus]) await this.#try(input, 'corpus');
    await this.#generate(seed, generated);
    const made = this.#cases;
    const reachedGenerated = this.#coverage.reached;
    await this.#guide(cases);
    return {
      ...{ generated: made, mutated: this.#cases - made, counters: this.#coverage.counters },
      ...{ reached: this.#coverage.reached, reachedGenerated, findings: [...this.#findings.values()] },
      corpus: this.#corpus.map((input, index) => ({ input, reaches: this.#reaches[index] ?? [] })),
    };
  }

  async #generate(seed: number, count: number): Promise<void> {
    const arbitrary = this.#opened.inputs ?? this.#target.inputs ?? fc.uint8Array({ maxLength: 200 });
    for (let made = 0; made < count && this.#findings.size < FINDINGS_MAX; made += BATCH) {
      const numRuns = Math.min(BATCH, count - made);
      const inputs = fc.sample(arbitrary, { seed: seed + made, numRuns });
      for (const input of inputs) await this.#try(bytesOf(input), 'fast-check');
    }
  }

  async #guide(cases: number): Promise<void> {
    const random = this.#random;
    const words = [...new Set([...(this.#target.words ?? []), ...this.#coverage.literals])];
    if (this.#corpus.length === 0) this.#corpus.push(new Uint8Array(0));
    while (this.#cases < cases && this.#findings.size < FINDINGS_MAX) {
      const input = mutate(this.#pick(), {
        ...{ random, words, compared: this.#compared, other: () => random.pick(this.#corpus) },
        bytesMax: this.#target.bytesMax ?? BYTES_MAX,
      });
      await this.#try(input, 'mutation');
    }
  }

  /** The newest half of the time, for they are nearest to what is not reached yet. */
  #pick(): Input {
    const { length } = this.#corpus;
    const newest = Math.max(1, length >> 3);
    const at = this.#random.chance(0.5)
      ? length - 1 - this.#random.below(newest)
      : this.#random.below(length);
    return this.#corpus[at] ?? new Uint8Array(0);
  }

  async #try(input: Input, by: Finding['by']): Promise<void> {
    this.#cases += 1;
    const tracing = this.#cases % TRACE_EVERY === 0;
    this.#coverage.begin(tracing);
    const began = performance.now();
    if (began - this.#said > ALIVE_EVERY_MS) {
      this.#said = began;
      this.#alive();
    }
    const fault = await this.#faultOf(input);
    const isSlow = performance.now() - began > CASE_MS_MAX;
    const isNew = this.#coverage.end();
    if (tracing) this.#compared = [...this.#coverage.compared(), ...this.#compared].slice(0, TRACED_MAX);
    if (fault !== null) await this.#report(fault, input, by);
    else if (isSlow && (await this.#staysSlow(input)))
      this.#add({ fault: 'takes too long', input, by: 'time' });
    else if (isNew || by === 'corpus') {
      // The corpus is what finds the way on, so an input is kept as it was before the case could change it.
      this.#corpus.push(input);
      this.#reaches.push(this.#coverage.passed());
    }
  }

  /** What is wrong, or null. */
  async #faultOf(input: Input): Promise<string | null> {
    try {
      const running = this.#opened.run(input.slice());
      if (running) await running;
      return null;
    } catch (error) {
      return error instanceof Error ? nameOf(error) : 'something that is no error was thrown';
    }
  }

  async #staysSlow(input: Input): Promise<boolean> {
    for (let again = 0; again < SLOW_TRIES; again += 1) {
      const began = process.cpuUsage();
      await this.#faultOf(input);
      const { user, system } = process.cpuUsage(began);
      if (user + system <= CASE_MS_MAX * 1000) return false;
    }
    return true;
  }

  async #report(fault: string, input: Input, by: Finding['by']): Promise<void> {
    if (this.#findings.has(fault)) return;
    this.#add({ fault, input: await this.#shrunk(fault, input), by });
  }

  #add(finding: Finding): void {
    if (!this.#findings.has(finding.fault)) this.#findings.set(finding.fault, finding);
  }

  /** A shorter input with the same fault: pieces are left out, ever smaller ones. */
  async #shrunk(fault: string, input: Input): Promise<Input> {
    let small = input;
    let tries = 0;
    for (let size = input.length >> 1; size >= 1; size >>= 1) {
      for (let at = 0; at < small.length && tries < SHRINK_TRIES; tries += 1) {
        const shorter = new Uint8Array([...small.subarray(0, at), ...small.subarray(at + size)]);
        if ((await this.#faultOf(shorter)) === fault) small = shorter;
        else at += size;
      }
    }
    return small;
  }
}

/** The message of a target's own check; of anything else, also where it came from. */
function nameOf(error: Error): string {
  const place = /\n\s+at (\S+)/.exec(error.stack ?? '')?.[1] ?? '';
  return error.constructor === Error ? error.message : `${error.name}: ${error.message} (${place})`;
}
