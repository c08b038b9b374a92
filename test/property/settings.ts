/** fast-check prints the seed and path of a failure; `HOLDFAST_SEED` runs them again. */
import type fc from 'fast-check';

const seed = process.env['HOLDFAST_SEED'];

export function settle(numRuns: number): fc.Parameters<unknown> {
  return { numRuns, ...(seed === undefined ? {} : { seed: Number(seed) }) };
}
