/**
 * `npm run sim`: runs seeds of the simulator. `SIM_SEED` is the first (0), `SIM_RUNS` how many (200, or 1 with
 * `SIM_KEEP`), `SIM_PROCESSES` how many at once (2). A seed that fails is shrunk, and one line says how to see it again.
 * With `SIM_STATE`, a file, a run goes on after the seeds counted there, and prints the total. `-- --mutations` runs the
 * mutation check instead.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { bundle } from './bundle.ts';
import { Crew } from './crew.ts';
import { checkMutations } from './mutation-check.ts';
import { formatNumbers, parseNumbers, shrink } from './shrink.ts';
import { readState, writeState } from './state.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const scratch = mkdtempSync(path.join(os.tmpdir(), 'holdfast-sim-'));
process.on('exit', () => {
  rmSync(scratch, { recursive: true, force: true });
});

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

if (process.argv.includes('--mutations')) process.exitCode = await checkMutations(root, scratch, say);
else process.exitCode = await simulate();

async function simulate(): Promise<number> {
  const { SIM_SEED = '0', SIM_RUNS, SIM_KEEP, SIM_PROCESSES = '2', SIM_STATE } = process.env;
  const program = path.join(scratch, 'world.mjs');
  await bundle(root, program, []);
  if (SIM_KEEP !== undefined) return replay(program, Number(SIM_SEED), parseNumbers(SIM_KEEP));
  const state = readState(SIM_STATE, program, Number(SIM_SEED));
  const { first, tally } = state;
  let next = first + tally.runs;
  const end = next + Number(SIM_RUNS ?? '200');
  const began = performance.now();
  const crews = Array.from({ length: Number(SIM_PROCESSES) }, () => new Crew(program));
  await Promise.all(
    crews.map(async (crew) => {
      while (next < end) {
        const seed = next;
        next += 1;
        const result = await crew.run({ seed });
        tally.add(result);
        if (result.violations.length > 0) await explain(crew, result);
        if (tally.runs % 500 === 0) say(`${String(tally.runs)} seeds, ${String(tally.failed.length)} failed`);
      }
      crew.close();
    }),
  );
  if (SIM_STATE !== undefined) writeState(SIM_STATE, state);
  for (const line of tally.lines()) say(line);
  const missing = tally.missing();
  if (missing.length > 0) say(`never: ${missing.join(', ')}`);
  for (const { seed, why } of tally.failed) say(`failed: seed ${String(seed)}: ${why.split('\n')[0] ?? ''}`);
  const seconds = (performance.now() - began) / 1000;
  say(
    `${String(tally.runs)} seeds from ${String(first)}, the last of them in ${seconds.toFixed(0)} s: ` +
      `${String(tally.failed.length)} failed; ${String(tally.events)} events, ` +
      `all together again within ${String(Math.round(tally.slowestMs / 1000))} s of the world`,
  );
  return tally.failed.length === 0 ? 0 : 1;
}

async function explain(crew: Crew, failed: Awaited<ReturnType<Crew['run']>>): Promise<void> {
  const { seed } = failed;
  say(`seed ${String(seed)} failed: ${failed.violations[0] ?? ''}`);
  const { keep, result } = await shrink(failed, (kept) => crew.run({ seed, keep: kept }));
  say(
    `  shrunk from ${String(failed.planned)} to ${String(keep.length)} events: ${result.violations[0] ?? ''}`,
  );
  say(`  again: SIM_SEED=${String(seed)} SIM_KEEP=${formatNumbers(keep)} npm run sim`);
}

async function replay(program: string, seed: number, keep: readonly number[]): Promise<number> {
  const crew = new Crew(program);
  const { violations } = await crew.run({ seed, keep, aloud: true });
  crew.close();
  for (const violation of violations) say(violation);
  say(violations.length === 0 ? 'This history does not fail.' : 'This history fails.');
  return violations.length === 0 ? 0 : 1;
}
