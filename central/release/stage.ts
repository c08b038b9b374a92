/**
 * Stages a release for edges: its archive goes where this centre hands it to them, piece by piece, and what they are to
 * run goes through replication like everything that is configured, with the signed manifest.
 */
import { copyFile, mkdir, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import type { ConfigBody } from '../../shared/journal/bodies.ts';
import { verifyRelease } from '../../shared/release/manifest.ts';
import type { Context } from '../cli/context.ts';
import { configure } from '../cli/configuring.ts';
import { EXIT_OK, usage } from '../cli/errors.ts';
import { giveBackAtEnd } from '../cli/ownership.ts';
import { environmentFor } from '../cli/snapshot-context.ts';
import { type CentreSettings, readCentreSettings } from '../settings.ts';
import { syncFile, syncFolder } from '../snapshot/disk.ts';
import { checkRelease } from './files.ts';
import { stagedArchive } from './routes.ts';

/** Where a release is to run, from when on; or that it is not to any more. */
export interface StageFlags {
  readonly region?: string;
  readonly edge?: string;
  readonly all?: true;
  readonly release?: string;
  readonly notBefore?: string;
  readonly withdraw?: true;
}

const staged = z.object({
  items: z.array(
    z.looseObject({ id: z.string(), body: z.looseObject({ manifest: z.string(), withdrawn: z.boolean() }) }),
  ),
});
const edges = z.looseObject({
  freshness: z.array(z.looseObject({ nodeName: z.string(), wanted: z.string().nullable() })),
});

export async function stageRelease(context: Context, flags: StageFlags): Promise<number> {
  const { releasing } = context.words;
  const { region, edge, all, release, notBefore, withdraw } = flags;
  const targets = [region, edge, all].filter((each) => each !== undefined);
  if (targets.length !== 1 || (release === undefined) === (withdraw !== true))
    throw usage(releasing.oneTarget);
  const at = notBefore === undefined ? null : Date.parse(notBefore);
  if (Number.isNaN(at)) throw usage(releasing.notATime(notBefore ?? ''));
  const env = await environmentFor(context);
  const settings = readCentreSettings(env);
  const id = edge !== undefined ? `edge-${edge}` : region !== undefined ? `region-${region}` : 'all';
  const target = { regionId: region ?? null, nodeName: edge ?? null };
  const centre = await context.centre();
  const before = await centre.get('/v1/admin/config/release', staged);
  if (release === undefined) {
    const known = before.items.find((item) => item.id === id)?.body.manifest;
    if (known !== undefined)
      await configure(
        context,
        'release',
        id,
        { ...target, manifest: known, notBefore: null, withdrawn: true },
        { replace: true },
      );
    context.answer({ id, withdrawn: true }, releasing.withdrawn(id));
    return EXIT_OK;
  }
  const { manifest, jws } = await checkRelease(release, settings.identity.organisation, ['edge']);
  const { edge: archive, version } = manifest;
  if (!archive) throw usage(releasing.oneTarget);
  giveBackAtEnd(settings.dataFolder, [path.join(settings.dataFolder, 'releases')], []);
  await keep(settings, path.join(release, archive.file), archive.sha256);
  const body: ConfigBody<'release'> = { ...target, manifest: jws, notBefore: at, withdrawn: false };
  await configure(context, 'release', id, body, { replace: true });
  await forgetOthers(settings, [
    jws,
    ...before.items
      .filter((item) => item.id !== id && !item.body.withdrawn)
      .map((item) => item.body.manifest),
  ]);
  const { freshness } = await centre.readiness(edges);
  const count = freshness.filter(({ wanted }) => wanted === version).length;
  context.answer(
    { id, version, ...target, notBefore: at, edges: count },
    releasing.staged(version, id, count),
  );
  return EXIT_OK;
}

async function keep({ dataFolder }: CentreSettings, from: string, sha256: string): Promise<void> {
  const file = stagedArchive(dataFolder, sha256);
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  await copyFile(from, `${file}.new`);
  await syncFile(`${file}.new`);
  await rename(`${file}.new`, file);
  await syncFolder(path.dirname(file));
}

/** Archives that nothing staged names any more. */
async function forgetOthers(
  { dataFolder, identity }: CentreSettings,
  wanted: readonly string[],
): Promise<void> {
  const named = new Set<string>();
  for (const jws of wanted) {
    const manifest = await verifyRelease(jws, identity.organisation);
    if (manifest?.edge) named.add(path.basename(stagedArchive(dataFolder, manifest.edge.sha256)));
  }
  const folder = path.dirname(stagedArchive(dataFolder, ''));
  for (const name of await readdir(folder))
    if (!named.has(name)) await rm(path.join(folder, name), { force: true });
}
