/**
 * An installed centre runs as a user of its own, and an administrator's command as root. What such a command makes
 * beside the centre's files is given to their owner when it ends, or the centre could not read its own snapshots.
 */
import { chownSync, lchownSync, lstatSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';

/** `like` is the folder whose owner it is; below `folders` everything that is root's becomes the owner's. */
export function giveBackAtEnd(like: string, folders: readonly string[], files: readonly string[]): void {
  if (process.getuid?.() !== 0) return;
  process.once('exit', () => {
    // systemd puts a link in place of the folder.
    const owner = statSync(like, { throwIfNoEntry: false });
    if (!owner || owner.uid === 0) return;
    for (const file of files) if (statusOf(file)?.uid === 0) chownSync(file, owner.uid, owner.gid);
    for (const folder of folders) give(folder, owner);
  });
}

function give(file: string, owner: { readonly uid: number; readonly gid: number }): void {
  const found = statusOf(file);
  if (!found) return;
  if (found.uid === 0) lchownSync(file, owner.uid, owner.gid);
  if (found.isDirectory()) for (const name of readdirSync(file)) give(path.join(file, name), owner);
}

function statusOf(file: string) {
  return lstatSync(file, { throwIfNoEntry: false });
}
