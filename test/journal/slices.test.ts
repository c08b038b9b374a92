import { describe, expect, it } from 'vitest';
import { sliceOf } from '../../shared/journal/absorber.ts';
import type { Entry } from '../../shared/journal/entry.ts';
import { limits } from '../../shared/limits.ts';

const entry = (bytes: number | null): Entry =>
  ({ body: bytes === null ? null : 'x'.repeat(bytes) }) as unknown as Entry;
const lengths = (entries: readonly Entry[], entriesMax: number): number[] => {
  const found: number[] = [];
  for (let at = 0; at < entries.length; at += found.at(-1) ?? 1)
    found.push(sliceOf(entries, at, entriesMax).length);
  return found;
};

describe("a slice of another's log (I12)", () => {
  it('has so many entries of the usual size, or erased ones', () => {
    expect(lengths(Array<Entry>(70).fill(entry(600)), 32)).toEqual([32, 32, 6]);
    expect(lengths(Array<Entry>(40).fill(entry(null)), 32)).toEqual([32, 8]);
  });

  it('has fewer of large ones, and never none', () => {
    const rollUp = entry(100_000);
    expect(lengths([rollUp, rollUp, entry(600), entry(600), rollUp], 32)).toEqual([1, 1, 2, 1]);
    const quiet = limits.absorbSliceQuietEntriesMax;
    for (const length of lengths(Array<Entry>(quiet).fill(rollUp), quiet))
      expect(length).toBeLessThanOrEqual(5);
  });
});
