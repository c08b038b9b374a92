/** Releases for tests: this tree built as another version, with faults of its own, and signed as an organisation does. */
import { cp, mkdir, readFile, readdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type BuildOptions, type Plugin, build } from 'esbuild';
import { packageRoot } from '../../central/local/processes.ts';
import { nodePlatform } from '../../central/platform.ts';
import { describeRelease, writeSigned } from '../../central/release/files.ts';
import { migrations } from '../../migrations/index.ts';
import { releaseMigrations, signRelease } from '../../shared/release/manifest.ts';
import { type PrivateJwk, makeSigner } from '../../shared/trust/jws.ts';
import { run } from './appliance.ts';

export interface Change {
  /** the end of a source file's path */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

export interface Variant {
  readonly version: string;
  readonly changes?: readonly Change[];
}

/** One migration more of the recovery store. */
export function oneMoreMigration(sql: string): Change {
  const last = "{ name: '0001_states', sql: recoveryStates },";
  const later = JSON.stringify({ name: '0002_later', sql });
  return { file: 'migrations/index.ts', from: last, to: `${last} ${later},` };
}

function changing({ version, changes = [] }: Variant): Plugin {
  const all: readonly Change[] = [
    { file: 'shared/version.ts', from: "VERSION = '0.1.0'", to: `VERSION = '${version}'` },
    ...changes,
  ];
  return {
    name: 'changing',
    setup: (bundle) => {
      bundle.onLoad({ filter: /\.tsx?$/ }, async ({ path: file }) => {
        const here = all.filter((change) => file.endsWith(`/${change.file}`));
        if (here.length === 0) return undefined;
        let contents = await readFile(file, 'utf8');
        for (const { from, to } of here) {
          if (!contents.includes(from)) throw new Error(`${file} has no ${from}`);
          contents = contents.replace(from, to);
        }
        return { contents, loader: file.endsWith('x') ? 'tsx' : 'ts' };
      });
    },
  };
}

/** A folder like this one, in which the programs of another version are built. */
export async function buildVariant(folder: string, variant: Variant): Promise<string> {
  const root = packageRoot();
  const settings: unknown = await import(path.join(root, 'scripts/bundles.mjs'));
  const { bundlesOf } = settings as { bundlesOf: (root: string, outdir: string) => BuildOptions[] };
  await mkdir(path.join(folder, 'dist'), { recursive: true });
  for (const name of ['package.json', 'package-lock.json', 'LICENSE', 'docs/OPERATIONS.md', 'scripts/run.sh'])
    await cp(path.join(root, name), path.join(folder, name));
  await cp(path.join(root, 'scripts/holdfast.sh'), path.join(folder, 'scripts/holdfast.sh'));
  await cp(path.join(root, 'edge/appliance'), path.join(folder, 'edge/appliance'), { recursive: true });
  await mkdir(path.join(folder, 'central'), { recursive: true });
  for (const name of await readdir(path.join(root, 'central')))
    if (/\.(service|timer)$/.test(name))
      await cp(path.join(root, 'central', name), path.join(folder, 'central', name));
  await symlink(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
  for (const options of bundlesOf(root, path.join(folder, 'dist')))
    await build({ ...options, plugins: [changing(variant), ...(options.plugins ?? [])] });
  await writeFile(path.join(folder, 'dist/.built'), '');
  return folder;
}

/** The edge's archive of a variant, in `out`. */
export async function packVariantEdge(variantRoot: string, out: string): Promise<void> {
  await mkdir(out, { recursive: true });
  await run(process.execPath, [path.join(variantRoot, 'dist/edge/appliance/main.js'), out]);
}

/** The centre's, whose packages are those of this tree. */
export async function packVariantCentre(variantRoot: string, out: string): Promise<void> {
  await mkdir(out, { recursive: true });
  const name = path.basename(variantRoot);
  await run('tar', [
    ...[
      '--create',
      '--gzip',
      `--file=${path.join(out, 'holdfast-centre.tar.gz')}`,
      `--exclude=${name}/dist/edge`,
    ],
    ...[`--directory=${path.dirname(variantRoot)}`, `--transform=flags=rh;s,^${name},holdfast-centre,`, name],
  ]);
}

/** Signs what lies in the folder of a release, by default as this tree's facts have it. */
export async function signFolder(
  folder: string,
  version: string,
  organisationKey: PrivateJwk,
): Promise<string> {
  const manifest = await describeRelease(folder, {
    ...{ version, protocols: [1], projection: 1 },
    migrations: releaseMigrations(nodePlatform, migrations),
  });
  return writeSigned(folder, await signRelease(await makeSigner(organisationKey), manifest));
}
