/** Finds a shorter history that fails in the same way: planned events are left out as long as it still fails. */
import type { RunResult } from './run.ts';

/** Runs that shrinking may cost. */
const RUNS_MAX = 150;

/** The invariant a violation is of. */
export function invariantOf(violation: string | undefined): string {
  return violation?.split(':')[0] ?? '';
}

/** The numbers of the events that are needed for the failure of `failed`, as far as `runsMax` runs find out. */
export async function shrink(
  failed: RunResult,
  runKept: (keep: readonly number[]) => Promise<RunResult>,
  runsMax = RUNS_MAX,
): Promise<{ keep: readonly number[]; result: RunResult }> {
  const invariant = invariantOf(failed.violations[0]);
  let keep: readonly number[] = Array.from({ length: failed.planned }, (_, number) => number);
  let result = failed;
  let runs = 0;
  for (let size = Math.ceil(keep.length / 2); size >= 1;) {
    let hasShrunk = false;
    for (let at = 0; at < keep.length && runs < runsMax;) {
      const without = [...keep.slice(0, at), ...keep.slice(at + size)];
      runs += 1;
      const tried = await runKept(without);
      if (tried.violations.length > 0 && invariantOf(tried.violations[0]) === invariant) {
        keep = without;
        result = tried;
        hasShrunk = true;
      } else at += size;
    }
    if (runs >= runsMax || (size === 1 && !hasShrunk)) break;
    size = size === 1 ? 1 : Math.ceil(size / 2);
  }
  return { keep, result };
}

/** `0,3,7-9` ↔ numbers */
export function parseNumbers(text: string): number[] {
  return text
    .split(',')
    .filter((part) => part !== '')
    .flatMap((part) => {
      const [from = 0, to = from] = part.split('-').map(Number);
      return Array.from({ length: to - from + 1 }, (_, index) => from + index);
    });
}

export function formatNumbers(numbers: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const number of numbers) {
    const last = ranges.at(-1);
    if (last?.[1] === number - 1) last[1] = number;
    else ranges.push([number, number]);
  }
  return ranges.map(([from, to]) => (from === to ? String(from) : `${String(from)}-${String(to)}`)).join(',');
}
