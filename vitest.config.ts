import { cloudflareTest } from '@cloudflare/vitest-plugin';
import { defineConfig, type Plugin } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.ts';

/** A `.sql` file is imported as its text, as esbuild and wrangler do it. */
const sqlAsText: Plugin = {
  name: 'sql-as-text',
  enforce: 'pre',
  transform(code, id) {
    if (!id.endsWith('.sql')) return undefined;
    return { code: `export default ${JSON.stringify(code)};`, map: null, moduleType: 'js' };
  },
};

const oxc = { jsx: { runtime: 'automatic' as const, importSource: 'hono/jsx' } };

export default defineConfig({
  test: {
    reporters: ['default', './scripts/counts-reporter.mjs'],
    // Most of the suite waits for real processes: three files at a time, also where there are two processors.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        plugins: [sqlAsText],
        oxc,
        test: {
          name: 'node',
          // `npm run faults`: those of real faults alone, and with them what takes minutes.
          include:
            process.env['HOLDFAST_LONG'] === 'yes'
              ? ['test/faults/*.{test,long}.ts']
              : ['{test,shared,central}/**/*.test.{ts,tsx}'],
          exclude: ['test/workers/**'],
          globalSetup: ['./test/support/build.ts'],
        },
      },
      {
        plugins: [sqlAsText, cloudflareTest({ wrangler: { configPath: './test/workers/wrangler.jsonc' } })],
        oxc,
        test: {
          name: 'workers',
          include: ['test/workers/**/*.test.{ts,tsx}', 'edge/**/*.test.{ts,tsx}'],
          // The application imports what the build makes of browsers' files.
          globalSetup: ['./test/support/build.ts'],
        },
      },
    ],
  },
});
