/** Reads a soak's samples: what each process occupied at the beginning and at the end, and whether that is explained. */
import { median } from '../bench/figures.ts';
import type { NodeSample, Sample } from './samples.ts';

/** Minutes that a process takes to have loaded and compiled everything; what it occupies then is the beginning. */
const WARM_UP_MINUTES = 10;
/** Samples that make the beginning, and the end. */
const WINDOW = 10;
/** Growth between the two, as far as entries do not explain it. */
const MEMORY_SHARE_MAX = 0.15;
const DESCRIPTORS_MAX = 16;
/** An entry with its tables and indexes takes a kilobyte or two. */
const BYTES_PER_ENTRY_MAX = 5_000;
const MB = 1024;

interface Course {
  readonly name: string;
  readonly beginning: readonly NodeSample[];
  readonly end: readonly NodeSample[];
  readonly all: readonly NodeSample[];
  /** process changes in between */
  readonly restarted: boolean;
}

export function coursesOf(samples: readonly Sample[]): Course[] {
  const names = [...new Set(samples.flatMap(({ nodes }) => nodes.map(({ name }) => name)))];
  return names.map((name) => {
    const all = samples.flatMap(({ nodes }) => nodes.filter((node) => node.name === name));
    const warm = all.slice(Math.min(WARM_UP_MINUTES, Math.floor(all.length / 3)));
    return {
      ...{ name, all, beginning: warm.slice(0, WINDOW), end: warm.slice(-WINDOW) },
      restarted: new Set(all.map(({ pid }) => pid)).size > 1,
    };
  });
}

/** What is not flat and not explained, one line each. */
export function judge(samples: readonly Sample[]): string[] {
  return coursesOf(samples).flatMap(({ name, beginning, end, restarted }) => {
    const found: string[] = [];
    const grew = of(end, 'anonymousKb') / of(beginning, 'anonymousKb') - 1;
    if (!restarted && grew > MEMORY_SHARE_MAX) found.push(`${name}: memory grew by ${percent(grew)}`);
    const descriptors = of(end, 'descriptors') - of(beginning, 'descriptors');
    if (descriptors > DESCRIPTORS_MAX) found.push(`${name}: ${String(descriptors)} descriptors more`);
    const perEntry = bytesPerEntry(beginning, end);
    if (perEntry > BYTES_PER_ENTRY_MAX) found.push(`${name}: ${String(Math.round(perEntry))} bytes an entry`);
    return found;
  });
}

export function reportText(samples: readonly Sample[]): string {
  const head = [
    'process',
    'memory MB',
    'most',
    'descriptors',
    'threads',
    'processor',
    'databases MB',
    'log MB',
    'entries',
    'B/entry',
  ];
  const rows = coursesOf(samples).map(({ name, all, beginning, end, restarted }) => [
    restarted ? `${name} (restarted)` : name,
    `${mb(of(beginning, 'residentKb'))} → ${mb(of(end, 'residentKb'))}`,
    mb(Math.max(...all.map(({ residentKb }) => residentKb))),
    `${String(of(beginning, 'descriptors'))} → ${String(of(end, 'descriptors'))}`,
    `${String(of(beginning, 'threads'))} → ${String(of(end, 'threads'))}`,
    percent(processorShare(all)),
    `${mb(of(beginning, 'databaseBytes') / 1024)} → ${mb(of(end, 'databaseBytes') / 1024)}`,
    mb(Math.max(...all.map(({ logBytes }) => logBytes)) / 1024),
    `${String(of(beginning, 'entries'))} → ${String(of(end, 'entries'))}`,
    String(Math.round(bytesPerEntry(beginning, end))),
  ]);
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function of(
  samples: readonly NodeSample[],
  field: 'residentKb' | 'anonymousKb' | 'descriptors' | 'threads' | 'databaseBytes' | 'entries',
): number {
  return median(samples.flatMap((sample) => sample[field] ?? []));
}

function bytesPerEntry(beginning: readonly NodeSample[], end: readonly NodeSample[]): number {
  const entries = of(end, 'entries') - of(beginning, 'entries');
  return entries <= 0 ? 0 : (of(end, 'databaseBytes') - of(beginning, 'databaseBytes')) / entries;
}

/** Of one processor, over the time in which the process of the first sample lived. */
function processorShare(all: readonly NodeSample[]): number {
  const [first] = all;
  const last = all.findLast(({ pid }) => pid === first?.pid);
  if (!first || !last || last === first) return NaN;
  return (last.processorMs - first.processorMs) / 1000 / (last.upSeconds - first.upSeconds);
}

function mb(kb: number): string {
  return (kb / MB).toFixed(kb < 10 * MB ? 1 : 0);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
