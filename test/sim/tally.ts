/** What runs add up to: operations, faults by kind, crash points. */
import { ATTACKS } from './attacks.ts';
import { POINTS } from './points.ts';
import { LIES } from './rogue.ts';
import type { RunResult } from './run.ts';

/** Kinds of faults of which none may be missing. */
export const FAULTS: readonly string[] = [
  ...['loss', 'delay', 'duplication', 'reordering', 'truncation', 'corruption', 'slow line', 'slow peer'],
  ...['partitions', 'one-way partitions', 'partition'],
  ...['restart', 'kill', 'power cut', 'crash at a named point', 'unsynced transactions lost'],
  ...['disk full', 'slow disk', 'database server away', 'power cut of the database server'],
  ...['clock jump', 'clock drift', 'clock running backwards', 'clock a century ahead'],
  ...['rollback to an older copy', 'loss of a node', 'machine resumed twice', 'upgrade'],
  ...['snapshot died in its gate', 'freeze ended by itself'],
  ...ATTACKS.map((attack) => `attack: ${attack}`),
  ...LIES.map((lie) => `lie: ${lie}`),
];

type Counts = Record<string, number>;

const COUNTED = ['faults', 'operations', 'passed', 'crashed'] as const;

/** One failed seed, by the first thing that was violated. */
interface Failed {
  readonly seed: number;
  readonly why: string;
}

export class Tally {
  runs = 0;
  events = 0;
  slowestMs = 0;
  readonly failed: Failed[] = [];
  readonly faults: Counts = {};
  readonly operations: Counts = {};
  readonly passed: Counts = {};
  readonly crashed: Counts = {};

  /** Goes on with what another one had counted, as `JSON.stringify` wrote it. */
  static from(counted: Tally): Tally {
    return Object.assign(new Tally(), counted);
  }

  add(result: RunResult): void {
    this.runs += 1;
    this.events += result.events;
    this.slowestMs = Math.max(this.slowestMs, result.convergedMs);
    const [why] = result.violations;
    if (why !== undefined) this.failed.push({ seed: result.seed, why });
    for (const what of COUNTED)
      for (const [name, count] of Object.entries(result[what]))
        this[what][name] = (this[what][name] ?? 0) + count;
  }

  /** Faults and crash points that never came about. */
  missing(): string[] {
    return [
      ...FAULTS.filter((name) => !this.faults[name]).map((name) => `fault "${name}"`),
      ...POINTS.filter((name) => !this.crashed[name]).map((name) => `crash point "${name}"`),
    ];
  }

  lines(): string[] {
    const list = (title: string, counts: Counts, names: readonly string[] = Object.keys(counts).sort()) => [
      `${title}:`,
      ...names.map((name) => `  ${String(counts[name] ?? 0).padStart(9)}  ${name}`),
    ];
    return [
      ...list('operations', this.operations),
      ...list('faults', this.faults, [...new Set([...FAULTS, ...Object.keys(this.faults).sort()])]),
      ...list('processes that died at a named point', this.crashed, POINTS),
    ];
  }
}
