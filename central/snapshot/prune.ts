/** Drops the sets that the retention policy does not keep. */
import {
  type RetentionChoice,
  type RetentionPolicy,
  chooseRetention,
} from '../../shared/snapshot/retention.ts';
import { repositoryFor } from './repository.ts';
import type { SnapshotSettings } from './settings.ts';

export interface Pruned {
  readonly kept: RetentionChoice['keep'];
  readonly dropped: readonly string[];
}

/** With `dry` it only says what it would do. A set whose manifest is not believed is nobody's to drop. */
export async function pruneSnapshots(
  settings: SnapshotSettings,
  policy: RetentionPolicy = settings.retention,
  dry = false,
): Promise<Pruned> {
  const repository = repositoryFor(settings);
  return repository.locked(async () => {
    const snapshots = (await repository.list())
      .filter((each) => 'manifest' in each)
      .map(({ id, manifest, latest }) => ({
        id,
        at: manifest.times.frozen,
        verified: latest?.structure === 'verified',
      }));
    const { keep, drop } = chooseRetention(snapshots, policy);
    if (!dry) for (const id of drop) await repository.drop(id);
    return { kept: keep, dropped: drop };
  });
}
