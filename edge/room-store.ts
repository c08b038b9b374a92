/** The reserve's files in an edge's data folder, by workerd's disk service; see `shared/room.ts`. */
import type { RoomStore } from '../shared/room.ts';

/** What one call of `getRandomValues` fills at most. */
const CHUNK_BYTES = 65_536;

export function roomBy(disk: Fetcher): RoomStore {
  const call = (method: string, name: string, body?: Uint8Array<ArrayBuffer>) =>
    disk.fetch(`http://data/${name}`, { method, ...(body ? { body } : {}) });
  return {
    held: async (names) => {
      const found = await Promise.all(
        names.map(async (name) => ((await call('HEAD', name)).ok ? [name] : [])),
      );
      return found.flat();
    },
    fill: async (name, bytes) => {
      const content = new Uint8Array(bytes);
      for (let at = 0; at < bytes; at += CHUNK_BYTES)
        crypto.getRandomValues(content.subarray(at, Math.min(bytes, at + CHUNK_BYTES)));
      try {
        return (await call('PUT', name, content)).ok;
      } catch {
        // workerd leaves nothing of a file that did not fit.
        return false;
      }
    },
    remove: async (name) => {
      try {
        await call('DELETE', name);
        return true;
      } catch {
        return false;
      }
    },
    // workerd's disk service does not say.
    freeBytes: () => Promise.resolve(null),
  };
}
