/**
 * A disk that fails: an ext4 file system in a file, on a loop device. The kernel itself is told that it found an error,
 * and makes it read-only under whoever has files open there (`errors=remount-ro`), as it does with a dying disk. A plain
 * `mount -o remount,ro` is refused while anybody writes.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const SIZE = '96M';

export class LoopDisk {
  readonly folder: string;
  readonly #image: string;

  private constructor(folder: string, image: string) {
    this.folder = folder;
    this.#image = image;
  }

  /** Makes a disk, and mounts it at `folder`, which is made. */
  static make(folder: string, image: string): LoopDisk {
    run('truncate', '-s', SIZE, image);
    run('mkfs.ext4', '-q', image);
    mkdirSync(folder, { recursive: true });
    const disk = new LoopDisk(folder, image);
    disk.mount();
    return disk;
  }

  mount(): void {
    run('mount', '-o', 'loop,errors=remount-ro', this.#image, this.folder);
  }

  /** What was put there before the test is not what it is about. */
  sync(): void {
    run('sync', '-f', this.folder);
  }

  /** From here on nothing can be written. */
  fail(): void {
    const [device = ''] = run('findmnt', '-n', '-o', 'SOURCE', this.folder).trim().split('\n');
    writeFileSync(`/sys/fs/ext4/${path.basename(device)}/trigger_fs_error`, 'holdfast');
  }

  /** What somebody does about it, when nobody has a file open there any more. */
  repair(): void {
    run('umount', this.folder);
    // It ends with 1 when it has repaired something.
    run('sh', '-c', 'e2fsck -p "$0" || [ $? -eq 1 ]', this.#image);
    this.mount();
  }

  remove(): void {
    run('umount', this.folder);
  }
}

/** Null, or why this machine lets nobody have such a disk. */
export function whyNoLoopDisk(): string | null {
  const scratch = mkdtempSync(path.join(tmpdir(), 'holdfast-disk-'));
  try {
    const disk = LoopDisk.make(path.join(scratch, 'mounted'), path.join(scratch, 'image'));
    try {
      disk.fail();
      writeFileSync(path.join(disk.folder, 'file'), '');
      return 'this kernel does not make a file system with errors read-only';
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EROFS') return null;
      throw error;
    } finally {
      disk.remove();
    }
  } catch {
    return 'no loop device with ext4 may be mounted here, or its errors cannot be triggered';
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function run(command: string, ...args: string[]): string {
  return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
}
