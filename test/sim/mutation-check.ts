/** `npm run sim -- --mutations [word …]`: is every deliberate defect found, and after how many seeds? */
import path from 'node:path';
import process from 'node:process';
import { bundle } from './bundle.ts';
import { Crew } from './crew.ts';
import { MUTATIONS } from './mutations.ts';
import { planOf } from './plan.ts';

/** A defect that so many seeds do not show is not caught. */
export const MUTATION_SEEDS_MAX = 300;

/** Prints one line per defect. Returns how the process is to end. */
export async function checkMutations(
  root: string,
  scratch: string,
  say: (line: string) => void,
): Promise<number> {
  const words = process.argv.slice(process.argv.indexOf('--mutations') + 1);
  const chosen = MUTATIONS.filter(
    ({ name }) => words.length === 0 || words.some((word) => name.includes(word)),
  );
  let caught = 0;
  for (const { name, changes, where } of chosen) {
    const program = path.join(scratch, 'mutant.mjs');
    await bundle(root, program, changes);
    const crew = new Crew(program);
    let verdict = `NOT CAUGHT by ${String(MUTATION_SEEDS_MAX)} seeds`;
    let tried = 0;
    for (let seed = 0; tried < MUTATION_SEEDS_MAX; seed += 1) {
      if (where && !where(planOf(seed))) continue;
      tried += 1;
      const { violations } = await crew.run({ seed });
      if (violations.length === 0) continue;
      caught += 1;
      verdict = `after ${String(tried).padStart(3)}, seed ${String(seed).padStart(4)}: ${(violations[0] ?? '').split('\n')[0]?.slice(0, 110) ?? ''}`;
      break;
    }
    crew.close();
    say(`${name.padEnd(52)} ${verdict}`);
  }
  say(`${String(caught)} of ${String(chosen.length)} defects caught`);
  return caught === chosen.length ? 0 : 1;
}
