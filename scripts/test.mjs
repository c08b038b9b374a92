// `npm test`: every test, and the checks meanwhile, for most tests wait; then what the checks said, and one line with the
// counts, which is the last line whatever happens. Arguments go to Vitest: `npm test -- shared/journal`.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const scratch = mkdtempSync(path.join(os.tmpdir(), 'holdfast-test-'));
const countsFile = path.join(scratch, 'counts.json');

/** The programs that run now, and whether somebody wants all of this to stop. */
const running = new Set();
let stopped = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    stopped = true;
    for (const child of running) child.kill(signal);
  });
}

/** Runs a program of this project to its end and says whether it succeeded; `say` gets what it writes, in one piece. */
function run(args, env = {}, say = undefined) {
  return new Promise((resolve) => {
    if (stopped) return resolve(false);
    const stdio = say ? ['ignore', 'pipe', 'pipe'] : 'inherit';
    const child = spawn(process.execPath, args, { cwd: root, stdio, env: { ...process.env, ...env } });
    running.add(child);
    // Tests have deadlines and come first.
    if (say && child.pid !== undefined) {
      try {
        os.setPriority(child.pid, os.constants.priority.PRIORITY_BELOW_NORMAL);
      } catch {
        // It has ended already, or nobody may set one here.
      }
    }
    const output = [];
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => output.push(chunk));
    child.on('error', () => resolve(false));
    child.on('close', (code) => {
      running.delete(child);
      say?.(Buffer.concat(output));
      resolve(code === 0);
    });
  });
}

function readCounts() {
  try {
    return JSON.parse(readFileSync(countsFile, 'utf8'));
  } catch {
    return { passed: 0, failed: 1, skipped: 0, reasons: [] }; // The run ended before its report: a failure.
  }
}

let said = Buffer.alloc(0);
const [checked, tested] = await Promise.all([
  run(['scripts/check.mjs'], {}, (output) => (said = output)),
  run(['node_modules/vitest/vitest.mjs', 'run', ...process.argv.slice(2)], {
    HOLDFAST_COUNTS_FILE: countsFile,
  }),
]);
process.stdout.write(said);
const counts = readCounts();
rmSync(scratch, { recursive: true, force: true });

if (counts.reasons.length > 0) console.log(`Skipped, and why:\n${counts.reasons.join('\n')}`);
if (!checked) console.log('npm run check failed, see above.');
if (!tested && counts.failed === 0) counts.failed = 1; // For example: no test matched.
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exitCode = checked && tested ? 0 : 1;
