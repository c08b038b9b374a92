/** What a bench found: figures with their baseline and their aim, as a table for people and as JSON for machines. */
export interface Figure {
  readonly bench: string;
  readonly name: string;
  readonly value: number;
  readonly unit: '/s' | 'ms' | 'µs' | 'bytes' | 'KB' | 'MB' | 's' | '×' | '%' | 'CLS';
  /** measured in the same run */
  readonly baseline?: { readonly name: string; readonly value: number };
  readonly aim?: Aim;
  /** what issue 7 wants later */
  readonly laterAim?: Aim;
}

export interface Aim {
  readonly atLeast?: number;
  readonly atMost?: number;
}

export function isMet(value: number, { atLeast = -Infinity, atMost = Infinity }: Aim): boolean {
  return value >= atLeast && value <= atMost;
}

export function table(figures: readonly Figure[]): string {
  const rows = figures.map(({ bench, name, value, unit, baseline, aim, laterAim }) => [
    bench,
    name,
    `${round(value)} ${unit}`,
    baseline ? `${round(baseline.value)} ${unit} ${baseline.name}` : '',
    aim ? verdict(value, aim, unit) : '',
    laterAim ? verdict(value, laterAim, unit) : '',
  ]);
  const head = ['bench', 'figure', 'value', 'beside it, in the same run', 'aim', 'later aim'];
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  const judged = figures.flatMap(({ value, aim, laterAim }) =>
    [aim, laterAim].flatMap((each) => (each ? [isMet(value, each)] : [])),
  );
  const met = `${String(judged.filter(Boolean).length)} of ${String(judged.length)} aims are met.`;
  return [
    ...[line(head), line(widths.map((width) => '─'.repeat(width))), ...rows.map(line)],
    ...['', met],
  ].join('\n');
}

function verdict(value: number, aim: Aim, unit: Figure['unit']): string {
  const bound = aim.atLeast === undefined ? `≤ ${round(aim.atMost ?? 0)}` : `≥ ${round(aim.atLeast)}`;
  return `${bound} ${unit}: ${isMet(value, aim) ? 'met' : 'NOT MET'}`;
}

function round(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en');
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}

/** How many times more data the larger of two runs has. */
export const GROWTH = 10;
/** Deeper trees, and a machine that is not the same from one minute to the next. */
const NOISE = 1.2;

interface OfSize {
  readonly entries: number;
}

/** Figures of the same work over some data and over `GROWTH` times as much. */
export function compareWith<C extends OfSize & { readonly [K in keyof C]: number }>(
  bench: string,
  small: C,
  large: C,
) {
  return {
    /** what the larger one cost, beside the smaller one */
    at: (of: keyof C & string, name: string, unit: Figure['unit'], laterAim?: Aim): Figure => ({
      ...{ bench, name: `${name}, at ${large.entries.toLocaleString('en')} entries`, unit },
      value: large[of],
      baseline: { name: `at ${small.entries.toLocaleString('en')} entries`, value: small[of] },
      ...(laterAim ? { laterAim } : {}),
    }),
    /** how many times as much; `linear`: 1 for what is given by an entry */
    growth: (of: keyof C & string, name: string, linear: number): Figure => ({
      ...{ bench, name: `${name}: growth with ${String(GROWTH)} × the data (linear: ${String(linear)})` },
      ...{ value: large[of] / small[of], unit: '×', laterAim: { atMost: linear * NOISE } },
    }),
  };
}

/** The value below which a share `at` of the ascending `sorted` lies (nearest rank). */
export function percentile(sorted: ArrayLike<number>, at: number): number {
  if (sorted.length === 0) return NaN;
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(at * sorted.length) - 1))] ?? NaN;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

export function ascending(values: Iterable<number>): number[] {
  return [...values].sort((a, b) => a - b);
}
