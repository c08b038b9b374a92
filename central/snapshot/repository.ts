/**
 * The folder of snapshot sets.
 *
 *     ID/manifest.json, ID/recovery.db…, ID/compliance.db…     a whole set: it got its name when all of it was on disk
 *     .partial-ID/                                             one being made, or left behind by one that was interrupted
 *     results/ID.json                                          what verifying it found, each time
 *     opened.json, last.json                                   up to where sealed keys were opened; the last attempt
 *     .lock                                                    held, by SQLite's lock, while a set is made or dropped
 */
import { lstat, mkdir, readFile, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { type Cut, isNotAfter } from '../../shared/snapshot/cut.ts';
import {
  MANIFEST_BYTES_MAX,
  MANIFEST_FILE,
  type ManifestFault,
  type SnapshotManifest,
  readManifest,
  snapshotId,
} from '../../shared/snapshot/manifest.ts';
import { type Certificate, CertificateAuthority } from '../../shared/trust/certificate.ts';
import type { SnapshotSettings } from './settings.ts';
import { nodePlatform } from '../platform.ts';
import { fault, storedFault } from '../words/fault.ts';
import { SnapshotError } from './capture.ts';
import { readIfThere, syncFolder, writeDurably } from './disk.ts';
import { type LockFault, folderFault, withLock } from './lock.ts';
import { type Verification, verification } from './verification.ts';

const RESULTS_KEPT = 20;

/** How the last attempt to make a set ended. */
const lastAttempt = z.object({
  at: z.number().int(),
  ok: z.boolean(),
  id: snapshotId.nullable(),
  message: z.string().nullable(),
  fault: storedFault,
});
export type LastAttempt = z.infer<typeof lastAttempt>;

export type ListedSnapshot =
  | {
      readonly id: string;
      readonly manifest: SnapshotManifest;
      readonly by: Certificate;
      readonly latest: Verification | null;
    }
  | { readonly id: string; readonly fault: ManifestFault | 'missing' };

export class SnapshotRepository {
  readonly folder: string;
  readonly #authority: CertificateAuthority;

  constructor(folder: string, authority: CertificateAuthority) {
    this.folder = folder;
    this.#authority = authority;
  }

  pathOf(id: string): string {
    return path.join(this.folder, snapshotId.parse(id));
  }

  /** The ID of the set in a folder of this repository, or null. */
  idOf(folder: string): string | null {
    const id = path.basename(folder);
    return path.dirname(path.resolve(folder)) === this.folder && snapshotId.safeParse(id).success ? id : null;
  }

  /** Every set with a final name, oldest first; a manifest that is not believed says why. */
  async list(): Promise<ListedSnapshot[]> {
    const names = await readdir(this.folder).catch((): string[] => []);
    const ids = names.filter((name) => snapshotId.safeParse(name).success).sort();
    return Promise.all(
      ids.map(async (id): Promise<ListedSnapshot> => {
        const read = await readSet(this.pathOf(id), this.#authority);
        if ('fault' in read) return { id, fault: read.fault };
        if (read.manifest.kind !== 'snapshot' || read.manifest.id !== id) return { id, fault: 'malformed' };
        const results = await this.results(id);
        return { id, manifest: read.manifest, by: read.by, latest: results.at(-1) ?? null };
      }),
    );
  }

  /** The newest whole set that is not after a time or a cut; null when there is none. */
  async newest(point: { readonly at?: number; readonly cut?: Cut } = {}) {
    const whole = (await this.list()).filter((each) => 'manifest' in each);
    return (
      whole
        .filter(
          ({ manifest }) =>
            manifest.times.frozen <= (point.at ?? Infinity) &&
            (point.cut === undefined || isNotAfter(manifest.cut, point.cut)),
        )
        .sort((a, b) => a.manifest.times.frozen - b.manifest.times.frozen)
        .at(-1) ?? null
    );
  }

  async results(id: string): Promise<Verification[]> {
    const text = await readIfThere(path.join(this.folder, 'results', `${id}.json`));
    return text === null ? [] : (parseJson(z.array(verification), text) ?? []);
  }

  async record(id: string, result: Verification): Promise<void> {
    const results = [...(await this.results(id)), result].slice(-RESULTS_KEPT);
    await writeDurably(
      path.join(this.folder, 'results', `${id}.json`),
      `${JSON.stringify(results, null, 2)}\n`,
    );
  }

  async last(): Promise<LastAttempt | null> {
    const text = await readIfThere(path.join(this.folder, 'last.json'));
    return text === null ? null : parseJson(lastAttempt, text);
  }

  async recordAttempt(attempt: LastAttempt): Promise<void> {
    await writeDurably(path.join(this.folder, 'last.json'), `${JSON.stringify(attempt, null, 2)}\n`);
  }

  /** Runs `work` while no other process makes or drops a set here. A process that dies holds it no longer. */
  locked<T>(work: () => Promise<T>, waitMs = 0): Promise<T> {
    const { folder } = this;
    const refused = (why: LockFault): SnapshotError =>
      new SnapshotError(
        'prepare-backup',
        why === 'held' ? fault('folderBusy', folder) : folderFault(folder, why),
      );
    return withLock(path.join(folder, '.lock'), { refused, waitMs }, work);
  }

  /** The IDs of sets that were interrupted. Only while it is locked: then nobody works on any of them. */
  async interrupted(): Promise<string[]> {
    const names = await readdir(this.folder).catch((): string[] => []);
    return names.flatMap((name) => /^\.partial-(.+)$/.exec(name)?.[1] ?? []);
  }

  /** Removes what interrupted attempts left. Only while it is locked: then nobody works on any of it. */
  async sweep(): Promise<string[]> {
    const left = (await readdir(this.folder)).filter((name) => /^\.(partial|dropped)-/.test(name));
    for (const name of left) await rm(path.join(this.folder, name), { recursive: true, force: true });
    return left;
  }

  async makePartial(id: string): Promise<string> {
    const partial = path.join(this.folder, `.partial-${id}`);
    await mkdir(partial, { mode: 0o700 });
    return partial;
  }

  /** Gives a set that is wholly on disk its name. */
  async complete(id: string, partial: string): Promise<void> {
    await syncFolder(partial);
    await rename(partial, this.pathOf(id));
    await syncFolder(this.folder);
  }

  /** A dropped set loses its name first, so that an interruption leaves no half of it. */
  async drop(id: string): Promise<void> {
    const dropped = path.join(this.folder, `.dropped-${id}`);
    await rename(this.pathOf(id), dropped);
    await syncFolder(this.folder);
    await rm(dropped, { recursive: true, force: true });
    await rm(path.join(this.folder, 'results', `${id}.json`), { force: true });
  }
}

/** The manifest in a folder, wherever that is. */
export async function readSet(folder: string, authority: CertificateAuthority) {
  const file = path.join(folder, MANIFEST_FILE);
  let bytes: Buffer;
  try {
    const there = await lstat(file);
    // A device or a pipe would be read for ever.
    if (!there.isFile() || there.size > MANIFEST_BYTES_MAX) return { fault: 'malformed' as const };
    bytes = await readFile(file);
  } catch {
    return { fault: 'missing' as const };
  }
  const text = bytes.toString('utf8');
  // Bytes that are no UTF-8 are read as the same replacement character.
  if (!Buffer.from(text, 'utf8').equals(bytes)) return { fault: 'malformed' as const };
  return readManifest(nodePlatform, authority, text);
}

function parseJson<T>(schema: z.ZodType<T>, text: string): T | null {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

export function repositoryFor({
  folder,
  identity,
}: Pick<SnapshotSettings, 'folder' | 'identity'>): SnapshotRepository {
  return new SnapshotRepository(folder, new CertificateAuthority(identity.organisation));
}
