// Bundles the sources into dist/: what browsers are served, then what runs on Node, with its packages left outside, and
// the edge's worker, with everything inside. An entry that does not exist is left out, so that a part can be built without the others.
// Files are written over the old ones: a program that runs from dist/ is not pulled from under itself.
import { existsSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { buildAssets } from './assets.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const startedAt = new Date();

const nodeEntries = [
  'central/main.ts',
  'central/cli/holdfast.ts',
  'central/snapshot/worker.ts',
  'central/start/main.ts',
  'central/local/dev-central.ts',
  'central/local/dev-edge.ts',
  'test/bench/main.ts',
  'test/install/program.ts',
  'edge/appliance/main.ts',
];
const workerEntries = ['edge/worker.ts'];

/** @type {import('esbuild').BuildOptions} */
const common = {
  absWorkingDir: root,
  bundle: true,
  format: 'esm',
  sourcemap: true,
  outbase: root,
  outdir: path.join(root, 'dist'),
  jsx: 'automatic',
  jsxImportSource: 'hono/jsx',
  loader: { '.sql': 'text' },
  logLevel: 'warning',
};

const exists = (entry) => existsSync(path.join(root, entry));

/** @type {import('esbuild').BuildOptions[]} */
const bundles = [
  {
    ...common,
    entryPoints: nodeEntries.filter(exists),
    platform: 'node',
    target: 'node24',
    packages: 'external',
  },
  {
    ...common,
    entryPoints: workerEntries.filter(exists),
    platform: 'browser',
    target: 'es2024',
    mainFields: ['browser', 'module', 'main'],
    conditions: ['workerd', 'worker', 'browser'],
    external: ['node:*', 'cloudflare:*'],
    define: { 'process.env.NODE_ENV': '"production"' },
  },
];

try {
  await buildAssets(root);
  await Promise.all(bundles.filter((bundle) => bundle.entryPoints.length > 0).map((bundle) => build(bundle)));
} catch {
  process.exit(1); // esbuild has said why.
}

// The stamp carries the time at which the build began: a source saved while it ran is newer.
const stamp = path.join(root, 'dist/.built');
mkdirSync(path.dirname(stamp), { recursive: true });
writeFileSync(stamp, '');
utimesSync(stamp, startedAt, startedAt);
