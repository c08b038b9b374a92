/**
 * Puts a snapshot set back in place of the centre's databases, or of one of them.
 *
 * The set is verified first and refused unless its structure holds. The new files are made whole beside the old ones;
 * then, store by store, the old file gets a second name and the new one takes its place, so that an interruption leaves
 * each store as it was or as it shall be, and never none, which a centre would take for a new beginning. A centre that runs over the file is found by SQLite's own locks, and never replaced
 * under its feet. After its start the centre writes under a new incarnation and gets back what is newer (I6, I7).
 */
import { access, chmod, copyFile, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { STORES, type Store } from '../../shared/journal/entry.ts';
import type { SnapshotFile, SnapshotManifest } from '../../shared/snapshot/manifest.ts';
import type { CertificateAuthority } from '../../shared/trust/certificate.ts';
import { nodePlatform } from '../platform.ts';
import { type Fault, FaultError, fault } from '../words/fault.ts';
import { decryptFile } from './age.ts';
import { digestFile, makeFolder, shareFile, syncFile, syncFolder } from './disk.ts';
import { type LockFault, folderFault, withLock } from './lock.ts';
import { readSet } from './repository.ts';
import { settle } from './sqlite.ts';
import type { Verification } from './verification.ts';
import { type VerifyOptions, verifySet } from './verify.ts';

/** One sentence about a restore that was refused: nothing was changed. */
export class RestoreError extends FaultError {
  override readonly name = 'RestoreError';
  readonly verification: Verification | null;

  constructor(of: Fault, verification: Verification | null = null) {
    super(of);
    this.verification = verification;
  }
}

export interface RestoreOptions extends VerifyOptions {
  /** the set's folder */
  readonly folder: string;
  readonly files: Readonly<Record<Store, string>>;
  readonly stores: readonly Store[];
  /** replaces databases that are there, and keeps them aside */
  readonly force: boolean;
  readonly authority: CertificateAuthority;
}

export interface Restored {
  readonly id: string;
  readonly manifest: SnapshotManifest;
  readonly verification: Verification;
  /** `place`: a file, or a server's host; `aside`: a file that holds what was there */
  readonly stores: readonly {
    readonly store: Store;
    readonly place: string;
    readonly aside: string | null;
  }[];
}

export async function restoreSet(options: RestoreOptions): Promise<Restored> {
  const { files, stores, force } = options;
  const requireFree = async (): Promise<void> => {
    for (const store of stores) {
      if (!force && (await exists(files[store])))
        throw new RestoreError(fault('databaseThere', store, files[store]));
    }
  };
  await requireFree();
  const verification = await verifySet(options.folder, options);
  if (verification.structure === 'failed') throw new RestoreError(fault('notVerified'), verification);
  if (verification.structure === 'not-verified') throw new RestoreError(fault('encrypted'), verification);
  const read = await readSet(options.folder, options.authority);
  if ('fault' in read || read.manifest.kind !== 'snapshot')
    throw new RestoreError(fault('isSeed'), verification);
  const { manifest } = read;
  return alone(path.dirname(files.recovery), async () => {
    await requireFree();
    for (const store of stores) if (await exists(files[store])) requireUnused(files[store]);
    const places = await putInPlace(options, manifest);
    return { id: manifest.id, manifest, verification, stores: places };
  });
}

/** Of two at once, each would take away what the other has made beside the database. */
async function alone<T>(folder: string, work: () => Promise<T>): Promise<T> {
  await makeFolder(folder);
  const refused = (why: LockFault): RestoreError =>
    new RestoreError(why === 'held' ? fault('restoreUnderWay', folder) : folderFault(folder, why));
  return withLock(path.join(folder, '.restore-lock'), { refused }, work);
}

async function putInPlace(options: RestoreOptions, manifest: SnapshotManifest): Promise<Restored['stores']> {
  const { files, stores } = options;
  const prepared: { store: Store; made: string }[] = [];
  try {
    for (const store of stores) {
      const made = `${files[store]}.restoring-${manifest.id}`;
      prepared.push({ store, made });
      await prepare(options, manifest.files[STORES.indexOf(store)], made);
    }
    const done: { store: Store; place: string; aside: string | null }[] = [];
    for (const { store, made } of prepared)
      done.push({ store, place: files[store], aside: await replace(files[store], made) });
    return done;
  } catch (error) {
    for (const { made } of prepared) await rm(made, { force: true });
    throw error;
  }
}

/** Makes the file beside its place, and looks again at what was made: the disk it came from may be failing. */
async function prepare(
  { folder, ageIdentities }: RestoreOptions,
  file: SnapshotFile | undefined,
  made: string,
): Promise<void> {
  if (!file) throw new Error('there is a file per store');
  const beside = path.dirname(made);
  await makeFolder(beside);
  // Also what an interrupted restore of another set left.
  const like = path.basename(made).replace(/[^.]*$/, '');
  for (const name of await readdir(beside))
    if (name.startsWith(`${like}restoring-`)) await rm(path.join(beside, name), { force: true });
  const stored = path.join(folder, file.name);
  if (file.plain) await decryptFile(stored, made, ageIdentities);
  else await copyFile(stored, made);
  await chmod(made, 0o600);
  await syncFile(made);
  const wanted = file.plain ?? file;
  const { bytes, sha256 } = await digestFile(made);
  if (bytes !== wanted.bytes || sha256 !== wanted.sha256) throw new RestoreError(fault('changedMeanwhile'));
}

/** Keeps the old database aside, with its write-ahead log, and gives the new one its name. */
async function replace(file: string, made: string): Promise<string | null> {
  const aside = (await exists(file)) ? await keepAside(file) : null;
  // What a database left behind beside its file would be taken for the new one's.
  for (const suffix of ['-wal', '-shm', '-journal']) await rm(`${file}${suffix}`, { force: true });
  await rename(made, file);
  await syncFolder(path.dirname(file));
  return aside;
}

async function keepAside(file: string): Promise<string> {
  requireUnused(file);
  const aside = `${file}.before-restore-${stampOf(nodePlatform.now())}`;
  await shareFile(file, aside);
  // There is a log only where SQLite could not take it in.
  for (const suffix of ['-wal', '-shm'])
    if (await exists(`${file}${suffix}`)) await rename(`${file}${suffix}`, `${aside}${suffix}`);
  await syncFolder(path.dirname(file));
  return aside;
}

/** 20261124T053700Z: a part of a file's name */
export function stampOf(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
}

function requireUnused(file: string): void {
  try {
    settle(file);
  } catch (error) {
    if (error instanceof Error && /locked|busy/i.test(error.message))
      throw new RestoreError(fault('processHas', file));
    // A database that SQLite cannot read any more is kept as it is, with what stands beside it.
  }
}

export async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
