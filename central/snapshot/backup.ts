/**
 * What a backup tool has of the centre: the newest set as plain files at one stable place, and a note of how its backup
 * went, so that a tool which fails, or never comes back, is as loud as a snapshot that fails.
 *
 *     current/       the set's files, by hard links: same names every time, so that unchanged parts deduplicate
 *     backup.json    begun, until when the tool is to report back, and how it ended
 */
import { readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { snapshotId } from '../../shared/snapshot/manifest.ts';
import { makeFolder, readIfThere, shareFile, syncFolder, writeDurably } from './disk.ts';

const milliseconds = z.number().int();

/** By what name a tool calls itself, before and after it reads. */
export const toolName = z.string().regex(/^[A-Za-z0-9][\w.-]{0,39}$/);
export const UNNAMED_TOOL = 'backup';

export const backupNote = z.object({
  tool: toolName,
  /** null when the tool failed before there was one */
  set: snapshotId.nullable(),
  begunAt: milliseconds,
  /** when the tool should have reported back */
  dueAt: milliseconds,
  endedAt: milliseconds.nullable(),
  ok: z.boolean().nullable(),
  /** when the last backup that went well had ended */
  lastOkAt: milliseconds.nullable(),
  /** another tool that said since then that it failed, while this one was reading */
  failedBeside: toolName.nullable(),
});
export type BackupNote = z.infer<typeof backupNote>;

export function currentFolder(folder: string): string {
  return path.join(folder, 'current');
}

export async function readBackup(folder: string): Promise<BackupNote | null> {
  const text = await readIfThere(path.join(folder, 'backup.json'));
  if (text === null) return null;
  try {
    return backupNote.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

export async function writeBackup(folder: string, note: BackupNote): Promise<void> {
  await writeDurably(path.join(folder, 'backup.json'), `${JSON.stringify(note, null, 2)}\n`);
}

/** What may be wrong with backups, as alarms and logs say it; the command line has it in each language. */
export const BACKUP_FAULTS = {
  silent: 'the backup tool did not report back in time',
  failed: 'the last backup failed',
  overdue: 'no backup was made in time',
} as const;
export type BackupFault = keyof typeof BACKUP_FAULTS;

/** What is wrong with backups, or null. `everyMs` is how often one is expected. */
export function backupFault(
  note: BackupNote | null,
  everyMs: number | null,
  since: number,
  now: number,
): BackupFault | null {
  if (note?.endedAt === null && now > note.dueAt) return 'silent';
  if (note?.ok === false || (note?.failedBeside ?? null) !== null) return 'failed';
  if (everyMs === null) return null;
  const lastOkAt = note?.lastOkAt ?? since;
  return now - lastOkAt > 2 * everyMs ? 'overdue' : null;
}

/** Puts a set at the stable place, in place of the one before. */
export async function expose(set: string, current: string): Promise<void> {
  const made = `${current}.new`;
  const old = `${current}.old`;
  for (const each of [made, old]) await rm(each, { recursive: true, force: true });
  await makeFolder(made);
  // A set's files never change, so a second name is as good as a copy.
  for (const name of await readdir(set)) await shareFile(path.join(set, name), path.join(made, name));
  await syncFolder(made);
  await rename(current, old).catch(unlessMissing);
  await rename(made, current);
  await syncFolder(path.dirname(current));
  await rm(old, { recursive: true, force: true });
}

function unlessMissing(error: unknown): void {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return;
  throw error;
}
