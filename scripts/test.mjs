// `npm test`: the checks, then every test, then one line with the counts, which is the last line whatever happens.
// Arguments go to Vitest: `npm test -- shared/journal`.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const scratch = mkdtempSync(path.join(os.tmpdir(), 'holdfast-test-'));
const countsFile = path.join(scratch, 'counts.json');

/** The program that runs now, and whether somebody wants all of this to stop. */
let running;
let stopped = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    stopped = true;
    running?.kill(signal);
  });
}

/** Runs a program of this project to its end and says whether it succeeded. */
function run(args, env = {}) {
  return new Promise((resolve) => {
    if (stopped) return resolve(false);
    running = spawn(process.execPath, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } });
    running.on('error', () => resolve(false));
    running.on('close', (code) => resolve(code === 0));
  });
}

function readCounts() {
  try {
    return JSON.parse(readFileSync(countsFile, 'utf8'));
  } catch {
    return { passed: 0, failed: 1, skipped: 0, reasons: [] }; // The run ended before its report: a failure.
  }
}

const checked = await run(['scripts/check.mjs']);
const tested = await run(['node_modules/vitest/vitest.mjs', 'run', ...process.argv.slice(2)], {
  HOLDFAST_COUNTS_FILE: countsFile,
});
const counts = readCounts();
rmSync(scratch, { recursive: true, force: true });

if (counts.reasons.length > 0) console.log(`Skipped, and why:\n${counts.reasons.join('\n')}`);
if (!checked) console.log('npm run check failed, see above.');
if (!tested && counts.failed === 0) counts.failed = 1; // For example: no test matched.
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exitCode = checked && tested ? 0 : 1;
