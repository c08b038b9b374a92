// Makes dist/assets.js, which the programs import as `#assets`: every style sheet, script and picture that a node
// serves to browsers, as text, so that one file of the program is all there is to install. To add one, name it here and
// link it by `assetPath` (shared/http/routes/assets.ts).
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';

/** @type {readonly {name: string, source: string}[]} */
const ASSETS = [
  { name: 'portal.css', source: 'shared/portal/assets/portal.css' },
  { name: 'portal.js', source: 'shared/portal/assets/portal.ts' },
  { name: 'reference.css', source: 'shared/http/reference/reference.css' },
  { name: 'icon.svg', source: 'shared/portal/assets/icon.svg' },
];

/** Throws when a source does not build; esbuild has then said why. */
export async function buildAssets(root) {
  const made = await Promise.all(
    ASSETS.map(async ({ name, source }) => {
      const text = await textOf(path.join(root, source));
      const hash = createHash('sha256').update(text).digest('hex').slice(0, 12);
      return [name, { file: name.replace(/(\.[a-z]+)$/, `.${hash}$1`), text }];
    }),
  );
  const file = path.join(root, 'dist/assets.js');
  mkdirSync(path.dirname(file), { recursive: true });
  const text = `export const assets = ${JSON.stringify(Object.fromEntries(made))};\n`;
  writeFileSync(file, text);
}

async function textOf(source) {
  if (!/\.(css|ts)$/.test(source)) return readFileSync(source, 'utf8');
  const { outputFiles } = await build({
    entryPoints: [source],
    ...{ bundle: true, write: false, minify: true, legalComments: 'none', logLevel: 'warning' },
    ...{ format: 'iife', platform: 'browser', target: ['chrome110', 'firefox115', 'safari16'] },
  });
  return outputFiles[0].text;
}
