/** What has to be on disk before anybody is told so: files and folders written, fsynced, and only then named. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, copyFile, link, mkdir, open, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';

export async function syncFile(file: string): Promise<void> {
  await withHandle(file, 'r+', (handle) => handle.sync());
}

/** A name in a folder is durable when the folder is. */
export async function syncFolder(folder: string): Promise<void> {
  await withHandle(folder, 'r', (handle) => handle.sync());
}

async function withHandle(file: string, flags: string, work: (handle: FileHandle) => Promise<void>) {
  const handle = await open(file, flags);
  try {
    await work(handle);
  } finally {
    await handle.close();
  }
}

/** A folder that only its owner may enter, with those above it. What refuses it is named: Node says of a read-only disk ENOENT. */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    const above = path.dirname(folder);
    if (!isMissing(error) || above === folder) throw error;
    await makeFolder(above);
    await mkdir(folder, { mode: 0o700 });
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

/** A file that only its owner may read, which is there whole or not at all, also after a power cut. */
export async function writeDurably(file: string, text: string): Promise<void> {
  const folder = path.dirname(file);
  await makeFolder(folder);
  await writeFile(`${file}.new`, text, { mode: 0o600, flush: true });
  await rename(`${file}.new`, file);
  await syncFolder(folder);
}

/** Gives a file a second name or, where the file system has none, a copy. */
export async function shareFile(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (!['EXDEV', 'EPERM', 'ENOTSUP', 'ENOSYS'].includes(code)) throw error;
    await copyFile(from, to);
    await syncFile(to);
  }
}

/** The text of a file, or null when there is none. */
export async function readIfThere(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && ['ENOENT', 'ENOTDIR'].includes(String(error.code)))
      return null;
    throw error;
  }
}

export interface FileDigest {
  readonly bytes: number;
  /** base64url */
  readonly sha256: string;
}

export async function digestFile(
  file: string,
  onBytes: (bytes: number) => void = () => undefined,
): Promise<FileDigest> {
  const digest = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 })) {
    const piece = chunk as Buffer;
    digest.update(piece);
    bytes += piece.length;
    onBytes(piece.length);
  }
  return { bytes, sha256: digest.digest('base64url') };
}
