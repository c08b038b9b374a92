// `npm run check`: the compiler on every project, the linter and the formatter, as many at a time as there are cores.
// With --fix the linter and the formatter write their changes instead of complaining; `npm run fix -- FILE...` keeps
// them to those files.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const fix = process.argv[2] === '--fix';
const files = process.argv.slice(fix ? 3 : 2);

const tsc = 'node_modules/typescript/bin/tsc';
const projects = ['shared', '.', 'edge', 'edge/appliance', 'central', 'test', 'test/workers'];

// Markdown is laid out by hand: tables and diagrams read better that way. What drizzle-kit writes is left as it is.
const formatted = ['**/*.{ts,tsx,js,mjs,cjs,json,jsonc,css,yaml,yml}', '!migrations/**/meta/**'];
const targets = (all) => (files.length > 0 ? files : all);

/** @type {{name: string, args: string[]}[]} */
const tasks = [
  {
    name: 'eslint',
    args: ['node_modules/eslint/bin/eslint.js', ...(fix ? ['--fix'] : []), ...targets(['.'])],
  },
  ...projects
    .filter((project) => existsSync(path.join(root, project, 'tsconfig.json')))
    .map((project) => ({ name: `tsc ${project}`, args: [tsc, '-p', project, '--pretty'] })),
  {
    name: 'prettier',
    args: [
      'node_modules/prettier/bin/prettier.cjs',
      fix ? '--write' : '--check',
      '--log-level',
      'warn',
      ...targets(formatted),
    ],
  },
];

// A signal to this program alone must not leave its children behind.
const children = new Set();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    queue.length = 0;
    for (const child of children) child.kill(signal);
  });
}

/** Runs one task to its end and prints its output in one piece, so that tasks do not talk across each other. */
function run({ name, args }) {
  return new Promise((resolve) => {
    const startedAt = performance.now();
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    children.add(child);
    const output = [];
    child.stdout.on('data', (chunk) => output.push(chunk));
    child.stderr.on('data', (chunk) => output.push(chunk));
    child.on('error', (error) => output.push(Buffer.from(`${error.message}\n`)));
    child.on('close', (code) => {
      children.delete(child);
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
      const ok = code === 0;
      process.stdout.write(`${ok ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)\n`);
      if (!ok) process.stdout.write(Buffer.concat(output));
      resolve(ok);
    });
  });
}

// The formatter must not write files while the linter does.
const lanes = fix ? 1 : os.availableParallelism();
const queue = [...tasks];
const results = [];
await Promise.all(
  Array.from({ length: lanes }, async () => {
    for (let task = queue.shift(); task; task = queue.shift()) results.push(await run(task));
  }),
);
process.exitCode = results.every(Boolean) ? 0 : 1;
