/**
 * A short pass over every target: what was kept of long ones, inputs that once failed, and some made by fast-check and by
 * mutation, by a fixed seed. `npm run fuzz` goes on from there, guided by coverage (docs/FUZZING.md).
 */
import path from 'node:path';
import { expect, test, vi } from 'vitest';
import { lineOf, readCorpus } from './engine/corpus.ts';
import { Session } from './engine/session.ts';
import { TARGETS } from './targets.ts';
import type { Target } from './target.ts';

// A second at most, but where many others want the processor.
vi.setConfig({ testTimeout: 120_000 });

const SEED = 20_261_124;
/** Of the fastest targets; of the others their share, and a few at least. */
const CASES = 600;
const CASES_LEAST = 6;

test.each(TARGETS)('$name', async ({ name, share }) => {
  const { target } = (await import(`./targets/${name}.ts`)) as { target: Target };
  expect(target.name).toBe(name);
  const kept = ['corpus', 'regressions'].flatMap((folder) =>
    readCorpus(path.join(import.meta.dirname, folder, `${name}.jsonl`)),
  );
  const opened = await target.open();
  try {
    const generated = Math.max(CASES_LEAST, Math.round(CASES * share));
    const session = new Session(target, opened, SEED);
    const cases = opened.seeds.length + kept.length + 2 * generated;
    const outcome = await session.run({ seed: SEED, cases, generated, corpus: kept });
    expect(outcome.findings.map(({ fault, input }) => `${fault}: ${lineOf(input)}`)).toEqual([]);
    expect(outcome.generated + outcome.mutated).toBeGreaterThanOrEqual(cases);
  } finally {
    await opened.close?.();
  }
});
