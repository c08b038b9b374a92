/**
 * Bundles the simulator: the production code as it is, with third-party cryptography replaced (`shims/`), and a second
 * copy of it as the next version. A mutation changes one exact fragment of one file in both copies.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type Plugin, build } from 'esbuild';
import { NEXT_VERSION, type Change } from './changes.ts';

const SHIMS: Readonly<Record<string, string>> = { jose: 'shims/jose.ts', '@hpke/core': 'shims/hpke.ts' };
const NEXT = 'next-version';

/** Builds `test/sim/worker.ts` into `outfile`. Throws when a fragment that a change names is not there exactly once. */
export async function bundle(root: string, outfile: string, changes: readonly Change[]): Promise<void> {
  const used = new Set<Change>();
  const here = path.join(root, 'test/sim');
  const load = async (file: string, wanted: readonly Change[]) => {
    let contents = await readFile(file, 'utf8');
    for (const change of wanted) {
      if (path.join(root, change.file) !== file) continue;
      const parts = contents.split(change.from);
      if (parts.length !== 2)
        throw new Error(
          `${change.file} has ${String(parts.length - 1)} times what ${change.name} is to change`,
        );
      contents = parts.join(change.to);
      used.add(change);
    }
    return { contents, loader: 'ts' as const, resolveDir: path.dirname(file) };
  };
  const versions: Plugin = {
    name: 'versions',
    setup: (on) => {
      on.onResolve({ filter: /^(jose|@hpke\/core)$/ }, ({ path: name }) => ({
        path: path.join(here, SHIMS[name] ?? ''),
      }));
      on.onResolve({ filter: /^\./ }, ({ path: to, importer, namespace, resolveDir }) => {
        const file = path.resolve(resolveDir, to);
        const fromNext = namespace === NEXT || importer.endsWith('next-program.ts');
        const isProgram = /\/(?:shared|migrations)\/|\/sim\/program\.ts$/.test(file);
        return fromNext && isProgram && file.endsWith('.ts') ? { path: file, namespace: NEXT } : undefined;
      });
      on.onLoad({ filter: /\.ts$/, namespace: NEXT }, ({ path: file }) =>
        load(file, [...changes, ...NEXT_VERSION]),
      );
      on.onLoad({ filter: /\.sql$/, namespace: 'file' }, async ({ path: file }) => ({
        ...(await load(file, changes)),
        loader: 'text',
      }));
      on.onLoad({ filter: /\/shared\/.*\.ts$/, namespace: 'file' }, ({ path: file }) => load(file, changes));
    },
  };
  await build({
    ...{ absWorkingDir: root, entryPoints: [path.join(here, 'worker.ts')], outfile, bundle: true },
    ...{ format: 'esm', platform: 'node', target: 'node24', sourcemap: 'inline', logLevel: 'silent' },
    jsx: 'automatic',
    jsxImportSource: 'hono/jsx',
    external: ['@libsql/client'],
    inject: [path.join(here, 'shims/globals.ts')],
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    plugins: [versions],
  });
  for (const change of [...changes, ...NEXT_VERSION])
    if (!used.has(change))
      throw new Error(`${change.file} is no part of the simulator, so ${change.name} is nothing`);
}
