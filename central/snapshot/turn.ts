/**
 * Freezes that are in the way of a set.
 *
 * That of a set which was interrupted while its gate was closed is ended. A freeze is known by its set's ID, and a set has
 * its folder, `.partial-ID`, before it freezes anything; who holds the lock of the folder of sets and finds one there
 * knows that nobody works on that set any more. Any other freeze, of another machine or of a restore, is respected: a set
 * waits for it, with its own gate open, for as long as a freeze can last.
 */
import { existsSync } from 'node:fs';
import type { Engine, Statement } from '../../shared/journal/engine.ts';
import { STORES, type Store } from '../../shared/journal/entry.ts';
import { clearFreeze } from '../../shared/journal/freeze.ts';
import { LibsqlEngine } from '../libsql-engine.ts';
import { nodePlatform } from '../platform.ts';
import { FaultError } from '../words/fault.ts';
import { openGate, untilUnlocked } from './capture.ts';
import type { SnapshotRepository } from './repository.ts';
import type { SnapshotSettings } from './settings.ts';

const LOOK_EVERY_MS = 100;

type Run = (store: Store, statement: Statement) => Promise<void>;

/** Ends the freezes of interrupted sets. Only while the repository is locked. What `run` throws is thrown. */
export async function thawInterrupted(repository: SnapshotRepository, run: Run): Promise<void> {
  const ids = await repository.interrupted();
  if (ids.length === 0) return;
  for (const store of STORES) await run(store, clearFreeze(store, ...ids));
}

/** The same by the centre, which has the databases open. Where somebody makes a set, that process does it. */
export async function thawFromInside(
  repository: SnapshotRepository,
  engine: Pick<Engine, 'batch'>,
): Promise<void> {
  if ((await repository.interrupted()).length === 0) return;
  const thaw = () => thawInterrupted(repository, (store, statement) => engine.batch(store, [statement]));
  await repository.locked(thaw).catch(() => undefined);
}

/** The same from a process other than the centre's own. A freeze that cannot be ended ends by itself. */
export async function thawFromOutside(
  repository: SnapshotRepository,
  { files, servers }: Pick<SnapshotSettings, 'files' | 'servers'>,
): Promise<void> {
  if (servers) {
    const engine = await LibsqlEngine.open(servers);
    await thawInterrupted(repository, (store, statement) => engine.batch(store, [statement]))
      .catch(() => undefined)
      .finally(() => {
        engine.close();
      });
    return;
  }
  await thawInterrupted(repository, (store, { sql, args }) => {
    if (!existsSync(files[store])) return Promise.resolve();
    const gate = openGate(files[store]);
    try {
      untilUnlocked(() => gate.prepare(sql).run(...args));
    } finally {
      gate.close();
    }
    return Promise.resolve();
  }).catch(() => undefined);
}

/** Tries again for `waitMs` while another's freeze is what refused it. Throws what `attempt` throws. */
export async function inTurn<T>(
  attempt: () => Promise<T>,
  waitMs: number,
  onWait: (waitedMs: number) => void,
): Promise<T> {
  const began = performance.now();
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      const waitedMs = Math.round(performance.now() - began);
      const another = error instanceof FaultError && error.fault.name === 'frozenByAnother';
      if (!another || waitedMs >= waitMs) throw error;
      onWait(waitedMs);
      await nodePlatform.sleep(LOOK_EVERY_MS);
    }
  }
}
