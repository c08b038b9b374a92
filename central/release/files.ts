/** Makes the folder of a release, and checks one: the manifest by the organisation's key, then every file by the manifest. */
import { execFile } from 'node:child_process';
import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { migrations } from '../../migrations/index.ts';
import { PROJECTION_VERSION } from '../../shared/journal/kinds.ts';
import { limits } from '../../shared/limits.ts';
import {
  RELEASE_FILES,
  RELEASE_FORMAT,
  type ReleaseManifest,
  type ReleasePart,
  releaseManifest,
  releaseMigrations,
  verifyRelease,
} from '../../shared/release/manifest.ts';
import { PROTOCOLS_SPOKEN } from '../../shared/replication/protocol.ts';
import type { PublicJwk } from '../../shared/trust/jws.ts';
import { VERSION } from '../../shared/version.ts';
import { packageRoot } from '../local/processes.ts';
import { nodePlatform } from '../platform.ts';
import { digestFile, readIfThere, writeDurably } from '../snapshot/disk.ts';
import { packCentre } from './bundle.ts';
import { ReleaseError } from './error.ts';

export const MANIFEST_UNSIGNED = 'release.json';
export const MANIFEST_SIGNED = 'release.jws';

/** Builds the archives of these parts and the manifest that is to be signed. Resolves with that. */
export async function makeRelease(folder: string, parts: readonly ReleasePart[]): Promise<ReleaseManifest> {
  await mkdir(folder, { recursive: true });
  if (parts.includes('edge')) await packEdge(folder);
  if (parts.includes('centre')) await packCentre(packageRoot(), path.join(folder, RELEASE_FILES.centre));
  return describeRelease(folder, {
    ...{ version: VERSION, protocols: [...PROTOCOLS_SPOKEN], projection: PROJECTION_VERSION },
    migrations: releaseMigrations(nodePlatform, migrations),
  });
}

/** Writes the manifest of the archives that a folder holds. */
export async function describeRelease(
  folder: string,
  facts: Pick<ReleaseManifest, 'version' | 'protocols' | 'projection' | 'migrations'>,
): Promise<ReleaseManifest> {
  const manifest = releaseManifest.parse({
    ...{ format: RELEASE_FORMAT, name: 'holdfast', ...facts },
    edge: await archiveIn(folder, 'edge'),
    centre: await archiveIn(folder, 'centre'),
  });
  await writeFile(path.join(folder, MANIFEST_UNSIGNED), `${JSON.stringify(manifest, null, 2)}\n`);
  // A signature of what was there before is no signature of this.
  await rm(path.join(folder, MANIFEST_SIGNED), { force: true });
  return manifest;
}

async function archiveIn<P extends ReleasePart>(folder: string, part: P) {
  const file = RELEASE_FILES[part];
  const found = path.join(folder, file);
  return (await isFile(found)) ? { file, ...(await digestHex(found)) } : null;
}

/** The edge's build is a program of its own: nothing of the centre reaches into it. */
async function packEdge(folder: string): Promise<void> {
  const program = path.join(packageRoot(), 'dist/edge/appliance/main.js');
  if (!(await isFile(program))) throw new ReleaseError('not-made', 'dist/edge');
  await promisify(execFile)(process.execPath, [program, path.resolve(folder)]);
  await rm(path.join(folder, 'holdfast-edge'), { force: true });
}

/** The manifest to sign, from a release's folder or from the file alone, as it came to the offline machine. */
export async function readUnsigned(from: string): Promise<{ manifest: ReleaseManifest; folder: string }> {
  const isFolder = await stat(from).then(
    (found) => found.isDirectory(),
    () => false,
  );
  const file = isFolder ? path.join(from, MANIFEST_UNSIGNED) : from;
  const text = await readIfThere(file);
  if (text === null) throw new ReleaseError('no-manifest', file);
  try {
    return { manifest: releaseManifest.parse(JSON.parse(text)), folder: path.dirname(path.resolve(file)) };
  } catch {
    throw new ReleaseError('no-manifest', file);
  }
}

export async function writeSigned(folder: string, jws: string): Promise<string> {
  const file = path.join(folder, MANIFEST_SIGNED);
  await writeDurably(file, `${jws}\n`);
  return file;
}

export interface CheckedRelease {
  readonly folder: string;
  readonly manifest: ReleaseManifest;
  readonly jws: string;
}

/** Throws ReleaseError unless the manifest is signed by this organisation and the files of these parts are its own. */
export async function checkRelease(
  folder: string,
  organisation: PublicJwk,
  parts: readonly ReleasePart[],
): Promise<CheckedRelease> {
  const text = await readIfThere(path.join(folder, MANIFEST_SIGNED));
  if (text === null || text.length > limits.releaseManifestCharactersMax)
    throw new ReleaseError('no-manifest', path.join(folder, MANIFEST_SIGNED));
  const jws = text.trim();
  const manifest = await verifyRelease(jws, organisation);
  if (!manifest) throw new ReleaseError('not-signed');
  for (const part of parts) {
    const wanted = manifest[part];
    if (!wanted) throw new ReleaseError('no-part', part);
    const file = path.join(folder, wanted.file);
    if (!(await isFile(file))) throw new ReleaseError('file-missing', wanted.file);
    const found = await digestHex(file);
    if (found.bytes !== wanted.bytes || found.sha256 !== wanted.sha256)
      throw new ReleaseError('file-differs', wanted.file);
  }
  return { folder, manifest, jws };
}

export async function digestHex(file: string): Promise<{ bytes: number; sha256: string }> {
  const { bytes, sha256 } = await digestFile(file);
  return { bytes, sha256: Buffer.from(sha256, 'base64url').toString('hex') };
}

function isFile(file: string): Promise<boolean> {
  return stat(file).then(
    (found) => found.isFile(),
    () => false,
  );
}
