/** Bundles one target with the fuzzer and the product's code, which is instrumented. */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { build } from 'esbuild';
import { Instrumenter, PROLOGUE } from './instrument.ts';

const PRODUCT = /\/(?:shared|central|edge)\/.*\.tsx?$/;

/** Builds a program that fuzzes `name` as it is told on its standard input (`child.ts`). */
export async function bundleTarget(root: string, name: string, outfile: string): Promise<void> {
  const instrumenter = new Instrumenter();
  const entry = 'fuzzed:entry';
  await build({
    ...{ absWorkingDir: root, entryPoints: [entry], outfile, bundle: true, packages: 'external' },
    ...{ format: 'esm', platform: 'node', target: 'node24', logLevel: 'warning' },
    ...{ jsx: 'automatic', jsxImportSource: 'hono/jsx', loader: { '.sql': 'text' } },
    banner: { js: PROLOGUE },
    plugins: [
      {
        name: 'instrument',
        setup: (on) => {
          on.onResolve({ filter: /^fuzzed:entry$/ }, () => ({ path: entry, namespace: 'fuzzed' }));
          on.onLoad({ filter: /.*/, namespace: 'fuzzed' }, () => ({
            contents:
              `import { target } from './targets/${name}.ts';\n` +
              `import { serve } from './engine/child.ts';\nawait serve(target);\n`,
            resolveDir: path.join(root, 'test/fuzz'),
          }));
          on.onLoad({ filter: PRODUCT, namespace: 'file' }, async ({ path: file }) => {
            const product = path.relative(root, file);
            if (!PRODUCT.test(`/${product}`) || product.startsWith('test')) return undefined;
            return { contents: instrumenter.transpile(await readFile(file, 'utf8'), file), loader: 'js' };
          });
        },
      },
    ],
  });
  await appendEpilogue(outfile, instrumenter.epilogue());
}

/** The counters are known when all files were read; they are wanted before the first case. */
async function appendEpilogue(outfile: string, epilogue: string): Promise<void> {
  const text = await readFile(outfile, 'utf8');
  await writeFile(
    outfile,
    text.replace(PROLOGUE.trim(), () => `${PROLOGUE.trim()}\n${epilogue}`),
  );
}
