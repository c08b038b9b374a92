/**
 * `npm run fuzz`: every target, or those named behind `--`. Each is bundled with counters in the product's code and run
 * in a process of its own: a fifth of its cases are made by fast-check, the others by mutation of what reached something
 * new (docs/FUZZING.md).
 *
 *     FUZZ_SEED    the first (1)
 *     FUZZ_CASES   of each target (20,000)
 *     FUZZ_SCALE   set to 1: each target's share instead, slow ones fewer; FUZZ_CASES is then for the fastest
 *     FUZZ_KEEP    set to 1: test/fuzz/corpus/NAME.jsonl is replaced by what was found, made small
 *     FUZZ_RECORD  a file to which each target's numbers are added, one JSON line each
 */
import { spawn } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { bundleTarget } from './engine/bundle.ts';
import { type Report, report } from './engine/child.ts';
import { TARGETS } from './targets.ts';

const GENERATED_SHARE = 0.2;
/** A process that says nothing for so long is in a case that does not end. */
const SILENCE_MS_MAX = 60_000;
const KEEP_BYTES_MAX = 1_024;
const WORK_BYTES_MAX = 64 * 1024;

const root = path.resolve(import.meta.dirname, '../../..');
const scratch = mkdtempSync(path.join(os.tmpdir(), 'holdfast-fuzz-'));
process.on('exit', () => {
  rmSync(scratch, { recursive: true, force: true });
});

const { FUZZ_SEED = '1', FUZZ_CASES = '20000', FUZZ_SCALE, FUZZ_KEEP, FUZZ_RECORD } = process.env;
const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const named = process.argv.slice(2);
const unknown = named.filter((name) => !TARGETS.some((target) => target.name === name));
if (unknown.length > 0) {
  say(`There is no target ${unknown.join(', ')}; there are ${TARGETS.map(({ name }) => name).join(', ')}.`);
  process.exit(2);
}
let faults = 0;
let total = 0;
say(
  'target                    cases   cases/s  fast-check  mutated  branches reached (by fast-check)  corpus  findings',
);
for (const { name, share } of TARGETS) {
  if (named.length > 0 && !named.includes(name)) continue;
  const cases = Math.max(1, Math.round(Number(FUZZ_CASES) * (FUZZ_SCALE === '1' ? share : 1)));
  const result = await fuzz(name, Number(FUZZ_SEED), cases);
  if (typeof result === 'string') {
    faults += 1;
    say(
      `${name}: ${result}; again: FUZZ_SEED=${FUZZ_SEED} FUZZ_CASES=${String(cases)} npm run fuzz -- ${name}`,
    );
    continue;
  }
  total += result.generated + result.mutated;
  faults += result.findings.length;
  say(row(name, result));
  for (const { fault, by, input } of result.findings) say(`  ${fault} (by ${by}): ${input}`);
  if (FUZZ_RECORD !== undefined)
    appendFileSync(FUZZ_RECORD, `${JSON.stringify({ name, seed: Number(FUZZ_SEED), ...result })}\n`);
}
say(`${String(total)} cases, ${String(faults)} findings`);
process.exitCode = faults === 0 ? 0 : 1;

function row(name: string, of: Report): string {
  const cases = of.generated + of.mutated;
  const right = (value: number, width: number) => Math.round(value).toString().padStart(width);
  return (
    `${name.padEnd(22)}${right(cases, 9)}${right(cases / of.seconds, 10)}${right(of.generated, 12)}${right(of.mutated, 9)}` +
    `   ${right(of.reached, 6)} of ${right(of.counters, 6)} (${right(of.reachedGenerated, 6)})   ${right(of.corpus, 11)}${right(of.findings.length, 10)}`
  );
}

/** The report, or in a sentence why there is none. */
async function fuzz(name: string, seed: number, cases: number): Promise<Report | string> {
  // Beside its packages, which are not bundled.
  const program = path.join(root, 'dist/test/fuzz', `${path.basename(scratch)}-${name}.mjs`);
  mkdirSync(path.dirname(program), { recursive: true });
  const corpus = path.join(root, 'test/fuzz/corpus', `${name}.jsonl`);
  const regressions = path.join(root, 'test/fuzz/regressions', `${name}.jsonl`);
  const work = path.join(root, 'dist/fuzz', `${name}.jsonl`);
  try {
    await bundleTarget(root, name, program);
    return await order(program, {
      ...{
        seed,
        cases,
        generated: Math.round(cases * GENERATED_SHARE),
        corpora: [regressions, corpus, work],
      },
      ...(FUZZ_KEEP === '1'
        ? { keep: corpus, keepBytesMax: KEEP_BYTES_MAX }
        : { keep: work, keepBytesMax: WORK_BYTES_MAX }),
    });
  } finally {
    rmSync(program, { force: true });
  }
}

function order(program: string, what: object): Promise<Report | string> {
  const child = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(JSON.stringify(what));
  let result: Report | string = 'the process ended without a word';
  const silence = setTimeout(() => {
    result = 'a case does not end';
    child.kill('SIGKILL');
  }, SILENCE_MS_MAX);
  createInterface({ input: child.stdout }).on('line', (line) => {
    silence.refresh();
    const parsed = report.safeParse(JSON.parse(line));
    if (parsed.success) result = parsed.data;
  });
  return new Promise((resolve) => {
    child.on('close', () => {
      clearTimeout(silence);
      resolve(result);
    });
  });
}
