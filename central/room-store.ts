/** The reserve's files in a centre's data folder; see `shared/room.ts`. */
import { randomFillSync } from 'node:crypto';
import { access, rm, statfs, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { RoomStore } from '../shared/room.ts';

export function roomIn(folder: string): RoomStore {
  const at = (name: string) => path.join(folder, name);
  const remove = (name: string) =>
    rm(at(name), { force: true }).then(
      () => true,
      () => false,
    );
  return {
    held: async (names) => {
      const found = await Promise.all(
        names.map((name) =>
          access(at(name)).then(
            () => [name],
            () => [],
          ),
        ),
      );
      return found.flat();
    },
    fill: async (name, bytes) => {
      try {
        await writeFile(at(name), randomFillSync(Buffer.alloc(bytes)), { mode: 0o600 });
        return true;
      } catch {
        await remove(name);
        return false;
      }
    },
    remove,
    freeBytes: async () => {
      const { bavail, bsize } = await statfs(folder);
      return bavail * bsize;
    },
  };
}
