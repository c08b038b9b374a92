/**
 * Whether the object's database is still where it was opened. SQLite goes on writing to a file that was deleted or moved
 * away, syncs it, and reports success: all of that is gone with the process. workerd tells nobody, so its disk service
 * is asked every two seconds; what was acknowledged since the last look is the most that such a hand can take.
 */
import { limits } from '../shared/limits.ts';
import { workerdPlatform } from './platform.ts';

/** As workerd lays them out: the namespace's `uniqueKey`, and a database for each object. */
const FOLDER = 'holdfast-edge-node';

/** Resolves with one sentence when the database's file, or its write-ahead log, is gone; never if they stay. */
export async function untilGone(disk: Fetcher, id: string): Promise<string> {
  const seen = new Set<string>();
  for (;;) {
    for (const file of [`${id}.sqlite`, `${id}.sqlite-wal`]) {
      const status = await disk.fetch(`http://data/${FOLDER}/${file}`, { method: 'HEAD' }).then(
        (answer) => answer.status,
        () => null,
      );
      if (status === 200) seen.add(file);
      if (status === 404 && seen.has(file)) return 'its file was deleted or moved while it was open';
    }
    await workerdPlatform.sleep(limits.databaseLookMs);
  }
}
