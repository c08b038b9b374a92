// Bundles the sources into dist/: what browsers are served, then what runs on Node (the centre with its packages inside,
// other programs with theirs left outside), and the edge's worker, with everything inside. An entry that does not exist is
// left out, so that a part can be built without the others.
// Files are written over the old ones: a program that runs from dist/ is not pulled from under itself.
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { buildAssets } from './assets.mjs';
import { bundlesOf } from './bundles.mjs';
import { buildDeclarations } from './declarations.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const startedAt = new Date();

try {
  await buildAssets(root);
  await buildDeclarations(root);
  await Promise.all(bundlesOf(root, path.join(root, 'dist')).map((bundle) => build(bundle)));
} catch {
  process.exit(1); // esbuild has said why.
}

// The stamp carries the time at which the build began: a source saved while it ran is newer.
const stamp = path.join(root, 'dist/.built');
mkdirSync(path.dirname(stamp), { recursive: true });
writeFileSync(stamp, '');
utimesSync(stamp, startedAt, startedAt);
