/**
 * What a test file starts is stopped when its tests are over, the last thing first. For use anywhere: Vitest never runs
 * an `afterAll` that is called inside a hook or a test. The one below it sees, since this module is loaded at the top of
 * the file.
 */
import { afterAll } from 'vitest';

const TIMEOUT_MS = 60_000;

const undone: (() => unknown)[] = [];

export function afterFile(work: () => unknown): void {
  undone.push(work);
}

afterAll(async () => {
  const failures: unknown[] = [];
  for (let work = undone.pop(); work; work = undone.pop()) {
    try {
      await work();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, 'not everything could be stopped');
}, TIMEOUT_MS);
