// What esbuild makes of the sources: for the build, and for tests that build this program as another version.
import { existsSync } from 'node:fs';
import path from 'node:path';

const nodeEntries = [
  'central/main.ts',
  'central/cli/holdfast.ts',
  'central/client/client.ts',
  'central/snapshot/worker.ts',
  'central/start/main.ts',
  'central/local/dev-central.ts',
  'central/local/dev-edge.ts',
  'test/bench/main.ts',
  'test/sim/main.ts',
  'test/soak/main.ts',
  'test/fuzz/main.ts',
  'test/install/program.ts',
  'edge/appliance/main.ts',
];
const workerEntries = ['edge/worker.ts'];

/**
 * @param {string} root @param {string} outdir @returns {import('esbuild').BuildOptions[]}
 */
export function bundlesOf(root, outdir) {
  /** @type {import('esbuild').BuildOptions} */
  const common = {
    absWorkingDir: root,
    bundle: true,
    format: 'esm',
    sourcemap: true,
    outbase: root,
    outdir,
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
      // V8 keeps the text: without comments and indents, and in one byte a character. Names stay, for what a log says.
      minifyWhitespace: true,
      minifySyntax: true,
      lineLimit: 200,
    },
  ];
  return bundles.filter(({ entryPoints }) => entryPoints.length > 0);
}
