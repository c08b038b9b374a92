// What esbuild makes of the sources: for the build, and for tests that build this program as another version.
import { existsSync } from 'node:fs';
import path from 'node:path';

/** What has to start within a second: opening the files of its packages one by one took longer than all else. */
const wholeEntries = [
  'central/main.ts',
  'central/cli/holdfast.ts',
  'central/snapshot/worker.ts',
  'central/start/main.ts',
  'central/local/dev-central.ts',
  'test/install/program.ts',
];
const nodeEntries = [
  'central/client/client.ts',
  'central/local/dev-edge.ts',
  'test/bench/main.ts',
  'test/sim/main.ts',
  'test/soak/main.ts',
  'test/fuzz/main.ts',
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

  // V8 keeps the text: without comments and indents, and in one byte a character. Names stay, for what a log says.
  const shortened = { minifyWhitespace: true, minifySyntax: true, lineLimit: 200 };

  /** @type {import('esbuild').BuildOptions[]} */
  const bundles = [
    {
      ...common,
      ...shortened,
      entryPoints: wholeEntries.filter(exists),
      platform: 'node',
      target: 'node24',
      // A machine's own code.
      external: ['libsql'],
      // Packages that are no modules ask for Node's own by a function that modules do not have.
      banner: {
        js: "import { createRequire as requireFrom } from 'node:module';const require = requireFrom(import.meta.url);",
      },
      // Read at every start, for the places in stacks alone.
      sourcesContent: false,
    },
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
      ...shortened,
    },
  ];
  return bundles.filter(({ entryPoints }) => entryPoints.length > 0);
}
