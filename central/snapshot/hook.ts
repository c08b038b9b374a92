/**
 * What any backup tool calls before and after it reads (the requester's part in VSS):
 *
 *     pre    a snapshot is made, verified, and put at the stable place; or the tool is told not to begin
 *     post   the tool has read it, or failed
 *
 * What ties them is the tool's name: one that was told not to begin and then says that it failed says nothing of the one
 * that is reading.
 *
 * Both are bounded: `pre` by its own timeout, after which nothing is left under way, and the time between the two by
 * when the tool is to report back, after which it is an alarm.
 */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { WriterEvent, WriterState } from '../../shared/snapshot/writer-state.ts';
import { packageRoot } from '../local/processes.ts';
import { nodePlatform } from '../platform.ts';
import { type Fault, fault, readFault, say } from '../words/fault.ts';
import { en } from '../words/en.ts';
import { type BackupNote, currentFolder, expose, readBackup, writeBackup } from './backup.ts';
import { SnapshotError } from './capture.ts';
import { type LockFault, folderFault, withLock } from './lock.ts';
import { repositoryFor } from './repository.ts';
import type { SnapshotSettings } from './settings.ts';
import { thawFromOutside } from './turn.ts';
import { type WorkerMessage, workerMessage } from './worker-message.ts';
import { WriterRegister } from './writers.ts';

/** A note is read and written in milliseconds; a disk that takes so long is as good as none. */
const NOTE_WAIT_MS_MAX = 10_000;

export interface PreOptions {
  readonly settings: SnapshotSettings;
  /** of the process that makes the snapshot: the centre's own */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** who asks */
  readonly tool: string;
  /** for the snapshot */
  readonly timeoutMs: number;
  /** until the tool is to report back */
  readonly reportMs: number;
}

export interface Prepared {
  readonly id: string;
  /** what to back up */
  readonly folder: string;
}

/** Throws SnapshotError: then the tool must not begin, for there is nothing new to back up. */
export async function beforeBackup(options: PreOptions): Promise<Prepared> {
  const { folder } = options.settings;
  const refused = (why: LockFault): SnapshotError =>
    new SnapshotError('identify', why === 'held' ? fault('backupPreparing') : folderFault(folder, why));
  // Of two that begin at once, one is told to wait for the other: both would read what one of them replaces.
  return withLock(path.join(folder, '.backup-lock'), { refused }, () => prepare(options));
}

async function prepare({ settings, env, tool, timeoutMs, reportMs }: PreOptions): Promise<Prepared> {
  const now = nodePlatform.now();
  const before = await readBackup(settings.folder);
  if (before?.endedAt === null && now < before.dueAt)
    throw new SnapshotError(
      'identify',
      fault('backupUnderWay', before.tool, minutesUntil(before.dueAt, now)),
    );
  const last = await makeInTime(env, timeoutMs, settings);
  if (last?.type !== 'created')
    throw new SnapshotError(
      'post-snapshot',
      (last?.type === 'failed' ? readFault(last.fault) : null) ?? fault('nothingMade'),
    );
  const { id, verification } = last;
  if (verification.structure === 'failed' || verification.opens === 'failed')
    throw new SnapshotError('post-snapshot', fault('madeBad', id));
  const current = currentFolder(settings.folder);
  await expose(repositoryFor(settings).pathOf(id), current);
  await changeNote(settings, (note) => ({
    ...{ tool, set: id, begunAt: now, dueAt: nodePlatform.now() + reportMs, endedAt: null, ok: null },
    ...failuresOf(note),
  }));
  return { id, folder: current };
}

/** Notes how a tool ended. Throws SnapshotError when it began none that could have gone well. */
export async function afterBackup(
  settings: SnapshotSettings,
  tool: string,
  ok: boolean,
): Promise<{ id: string | null; ok: boolean }> {
  const now = nodePlatform.now();
  const note = await changeNote(settings, (before) => {
    const open = before?.endedAt === null ? before : null;
    if (ok && open?.tool !== tool) throw new SnapshotError('backup-complete', fault('noBackup', tool));
    // Another tool reads on, and the writers are its.
    if (open && open.tool !== tool) return { ...open, failedBeside: tool };
    const begun = open ?? { set: null, begunAt: now, dueAt: now };
    const rest = ok ? { lastOkAt: now, failedBeside: null } : failuresOf(before);
    return { ...begun, tool, endedAt: now, ok, ...rest };
  });
  if (note.endedAt === null) return { id: null, ok };
  if (ok) return { id: note.set, ok };
  const register = new WriterRegister(settings.writersFolder);
  for (const { instance } of await register.list())
    await register.move(instance, ['backup-complete-failed'], fault('backupFailed'));
  return { id: note.set, ok };
}

function failuresOf(note: BackupNote | null): Pick<BackupNote, 'lastOkAt' | 'failedBeside'> {
  return { lastOkAt: note?.lastOkAt ?? null, failedBeside: note?.failedBeside ?? null };
}

function minutesUntil(at: number, now: number): number {
  return Math.max(1, Math.ceil((at - now) / 60_000));
}

/** Reads the note and writes it anew; while one process does so, another waits. */
function changeNote(
  { folder }: SnapshotSettings,
  change: (note: BackupNote | null) => BackupNote,
): Promise<BackupNote> {
  const refused = (why: LockFault): SnapshotError =>
    new SnapshotError('identify', folderFault(folder, why === 'held' ? 'unwritable' : why));
  return withLock(path.join(folder, '.note-lock'), { waitMs: NOTE_WAIT_MS_MAX, refused }, async () => {
    const changed = change(await readBackup(folder));
    await writeBackup(folder, changed);
    return changed;
  });
}

/** In a process of its own, which can be ended in the middle of anything. */
async function makeInTime(
  env: PreOptions['env'],
  timeoutMs: number,
  settings: SnapshotSettings,
): Promise<WorkerMessage | null> {
  const child = spawn(process.execPath, [path.join(packageRoot(), 'dist/central/snapshot/worker.js')], {
    ...{ env: { ...env }, stdio: ['ignore', 'pipe', 'inherit'] },
    ...{ timeout: timeoutMs, killSignal: 'SIGKILL' },
  });
  const ended = new Promise<void>((resolve) => {
    child.once('error', () => resolve());
    child.once('close', () => resolve());
  });
  let last: WorkerMessage | null = null;
  for await (const line of createInterface({ input: child.stdout })) {
    const parsed = workerMessage.safeParse(JSON.parse(line));
    if (parsed.success && parsed.data.type !== 'progress') last = parsed.data;
  }
  await ended;
  if (child.signalCode === null) return last;
  const late = fault('tooLate', Math.ceil(timeoutMs / 1000));
  const repository = repositoryFor(settings);
  // What it closed need not stay so; where somebody else makes a set by now, that one has seen to it.
  await repository.locked(() => thawFromOutside(repository, settings)).catch(() => undefined);
  await noteGivenUp(settings, late);
  return { type: 'failed', message: say(en, late), fault: late };
}

const PHASE_IN: Partial<Record<WriterState, WriterEvent>> = {
  WAITING_FOR_FREEZE: 'freeze-failed',
  WAITING_FOR_THAW: 'thaw-failed',
  WAITING_FOR_POST_SNAPSHOT: 'post-snapshot-failed',
  WAITING_FOR_BACKUP_COMPLETE: 'backup-complete-failed',
};

/** What the process would have noted itself: the writers failed in the phase that they were in. */
async function noteGivenUp(settings: SnapshotSettings, why: Fault): Promise<void> {
  const register = new WriterRegister(settings.writersFolder);
  for (const { instance, state } of await register.list()) {
    const event = PHASE_IN[state] ?? 'prepare-snapshot-failed';
    await register.move(instance, [event], why);
  }
  await repositoryFor(settings).recordAttempt({
    ...{ at: nodePlatform.now(), ok: false, id: null },
    ...{ message: say(en, why), fault: why },
  });
}
