/**
 * Makes a snapshot set, phase by phase as VSS has them (`shared/snapshot/writer-state.ts`):
 *
 *   identify         both writers are registered here; one left in the middle of an earlier set is set back
 *   prepare-backup   the folder is locked and swept, there is room, the new set has a folder
 *   prepare-snapshot the databases are open
 *   freeze, thaw     the gate is closed, both are opened at one cut, the gate is open again (`capture.ts`)
 *   post-snapshot    copied, described, verified, encrypted, signed, fsynced, named
 *   backup-complete  the result is recorded
 *
 * The files are verified before they are encrypted, for this machine need not be able to decrypt them again. A set
 * whose verification fails keeps its name and is an error all the same: it may be all there is of a damaged database.
 */
import { rm, stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import { STORES, type Store } from '../../shared/journal/entry.ts';
import { limits } from '../../shared/limits.ts';
import { randomName } from '../../shared/platform.ts';
import type { SnapshotManifest } from '../../shared/snapshot/manifest.ts';
import type { Phase } from '../../shared/snapshot/writer-state.ts';
import { CertificateAuthority } from '../../shared/trust/certificate.ts';
import { nodePlatform } from '../platform.ts';
import { SettingError } from '../settings.ts';
import { type Fault, fault } from '../words/fault.ts';
import { type Captured, type CaptureOptions, SnapshotError, captureFiles } from './capture.ts';
import { captureServers } from './capture-servers.ts';
import { makeFolder } from './disk.ts';
import { describe, finish } from './package-set.ts';
import { SnapshotRepository } from './repository.ts';
import type { SnapshotSettings } from './settings.ts';
import { inTurn, thawFromOutside } from './turn.ts';
import type { Verification } from './verification.ts';
import { verifyFiles } from './verify.ts';
import { type Writer, WriterRegister, writerOf } from './writers.ts';

/** A process that was killed keeps the folder until what it was writing is on the disk. */
const DYING_MS_MAX = 2_000;

export interface CreateOptions {
  readonly settings: SnapshotSettings;
  readonly onProgress?: (step: string, done: number, all: number) => void;
  /** of the freeze; shorter in tests */
  readonly freezeMs?: number;
  /** for another's freeze, and for a process that just died to let go of the folder; shorter in tests */
  readonly patienceMs?: number;
  readonly inGate?: () => void;
}

export interface Created {
  readonly id: string;
  readonly manifest: SnapshotManifest;
  readonly verification: Verification;
}

/** Throws SnapshotError with one sentence, or SettingError; then nothing has a name and both writers say why. */
export async function createSnapshot(options: CreateOptions): Promise<Created> {
  const { settings } = options;
  if (settings.encryption === 'undecided') throw new SettingError(fault('undecided'));
  const authority = new CertificateAuthority(settings.identity.organisation);
  const repository = new SnapshotRepository(settings.folder, authority);
  const id = newId();
  const begun: { writers: Record<Store, Writer> | null } = { writers: null };
  try {
    // The writers belong to the set that has the lock.
    const created = await repository.locked(
      async () => {
        begun.writers = await identify(settings);
        return make(id, options, repository, begun.writers);
      },
      Math.min(options.patienceMs ?? DYING_MS_MAX, DYING_MS_MAX),
    );
    await repository.recordAttempt({ at: nodePlatform.now(), ok: true, id, message: null, fault: null });
    return created;
  } catch (error) {
    const failure = failureOf(error);
    const thrown = error instanceof Error && 'code' in error ? failure : error;
    // One that another set keeps out leaves its writers, and the last attempt, alone; a folder that nobody could lock does not.
    const keptOut = failure.fault.name === 'folderBusy';
    const writers = begun.writers ?? (keptOut ? null : await identify(settings).catch(() => null));
    if (!writers) throw thrown;
    // Where not even that can be written, whoever asked is told, and the next set begins with setting them back.
    await moveAll(settings, writers, [`${failure.phase}-failed`], failure.fault).catch(() => undefined);
    await repository
      .recordAttempt({
        ...{ at: nodePlatform.now(), ok: false, id: null },
        ...{ message: failure.message, fault: failure.fault },
      })
      .catch(() => undefined);
    throw thrown;
  }
}

/** What a disk does is expected; anything else is a bug, which the writers note and whoever asked gets to see. */
function failureOf(error: unknown): SnapshotError {
  if (error instanceof SnapshotError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const why = code === '' ? fault('failedUnexpectedly') : fault('failedWith', code);
  return new SnapshotError('post-snapshot', code === 'ENOSPC' ? fault('failedFull') : why);
}

/** Both writers of this server, registered now if they are not; set back where an earlier set was interrupted. */
async function identify(settings: SnapshotSettings): Promise<Record<Store, Writer>> {
  const register = new WriterRegister(settings.writersFolder);
  const [recovery, compliance] = await Promise.all(
    STORES.map((store) => register.register(store, settings.server, writerOf(settings, store))),
  );
  if (!recovery || !compliance) throw new Error('there is a writer per store');
  const writers = { recovery, compliance };
  for (const { instance, state } of Object.values(writers)) {
    const interrupted = state.startsWith('WAITING_FOR_');
    if (interrupted) await register.move(instance, ['abort'], fault('interrupted', state));
    await register.move(instance, ['identify', 'prepare-backup']);
  }
  return writers;
}

async function moveAll(
  settings: SnapshotSettings,
  writers: Record<Store, Writer>,
  events: Parameters<WriterRegister['move']>[1],
  error: Fault | null = null,
  set: string | null = null,
): Promise<void> {
  const register = new WriterRegister(settings.writersFolder);
  for (const { instance } of Object.values(writers)) await register.move(instance, events, error, set);
}

async function make(
  id: string,
  options: CreateOptions,
  repository: SnapshotRepository,
  writers: Record<Store, Writer>,
): Promise<Created> {
  const { settings, onProgress = () => undefined } = options;
  await thawFromOutside(repository, settings);
  await repository.sweep();
  await requireRoom(settings);
  const partial = await repository.makePartial(id);
  try {
    await moveAll(settings, writers, ['prepare-snapshot']);
    const passed: Phase[] = [];
    const captured = await capture(id, partial, options, passed).finally(async () => {
      // Written down after the gate is open: an fsync has no place inside.
      await moveAll(settings, writers, passed);
    });
    onProgress('describe', 0, 1);
    const plain = await describe(id, partial, settings, writers, captured);
    const verification = await verifyFiles(partial, plain, {
      authority: new CertificateAuthority(settings.identity.organisation),
      vaultKeys: settings.identity.vaultKeys,
      ageIdentities: [],
      scratch: path.join(settings.folder, '.scratch'),
      openedFolder: settings.folder,
      onProgress,
    });
    const manifest = await finish(partial, plain, settings, onProgress);
    await repository.complete(id, partial);
    await repository.record(id, verification);
    await moveAll(settings, writers, ['post-snapshot', 'backup-complete'], null, id);
    return { id, manifest, verification };
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw error;
  }
}

/** Room for plain copies, encrypted ones, and the one that tables are made again in. */
async function requireRoom(settings: SnapshotSettings): Promise<void> {
  let bytes = 0;
  for (const store of STORES) {
    const { size } = await stat(settings.files[store]).catch(() => {
      // A replica comes with the first snapshot.
      if (settings.servers) return { size: 0 };
      throw new SnapshotError('prepare-backup', fault('storeMissing', store, settings.files[store]));
    });
    bytes += size;
  }
  await makeFolder(settings.folder);
  const { bavail, bsize } = await statfs(settings.folder);
  if (bavail * bsize < bytes * 3) throw new SnapshotError('prepare-backup', fault('noRoom', settings.folder));
}

async function capture(
  id: string,
  partial: string,
  { settings, freezeMs, patienceMs = limits.freezeMsMax, inGate, onProgress }: CreateOptions,
  passed: Phase[],
): Promise<Captured> {
  const request: CaptureOptions = {
    ...{ holder: id, files: settings.files, freezeMs: freezeMs ?? limits.freezeMsMax },
    copies: { recovery: path.join(partial, 'recovery.db'), compliance: path.join(partial, 'compliance.db') },
    onPhase: (phase) => {
      passed.push(phase);
    },
    onProgress: (store, left, all) => onProgress?.(`copy ${store}`, all - left, all),
    ...(inGate ? { inGate } : {}),
  };
  const { servers } = settings;
  return inTurn(
    () => (servers ? captureServers(request, servers) : captureFiles(request)),
    patienceMs,
    (waitedMs) => onProgress?.('wait', waitedMs, patienceMs),
  );
}

/** 20261124T053700123Z-abcdefgh */
function newId(): string {
  const now = new Date(nodePlatform.now()).toISOString().replace(/[-:.]/g, '');
  return `${now}-${randomName(nodePlatform, 8)}`;
}
