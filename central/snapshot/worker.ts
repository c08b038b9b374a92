/**
 * The process in which a centre has a snapshot made: the centre itself has its databases open through libSQL, and two
 * SQLite libraries in one process do not see each other's locks (`sqlite.ts`). It also keeps the centre's own turn free
 * of hashing and copying.
 *
 * Reads the same environment as the centre; says what it does as JSON, a line each, on its standard output.
 */
import { readCentreSettings, SettingError } from '../settings.ts';
import { fault } from '../words/fault.ts';
import { SnapshotError } from './capture.ts';
import { createSnapshot } from './create.ts';
import { pruneSnapshots } from './prune.ts';
import { readSnapshotSettings } from './settings.ts';
import type { WorkerMessage } from './worker-message.ts';

function say(message: WorkerMessage): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

/** Steps go by quickly; whoever waits looks at them now and then. */
const PROGRESS_EVERY_MS = 200;
let saidAt = 0;

try {
  const settings = readSnapshotSettings(process.env, readCentreSettings(process.env));
  const { id, manifest, verification } = await createSnapshot({
    settings,
    onProgress: (step, done, all) => {
      if (performance.now() - saidAt < PROGRESS_EVERY_MS) return;
      saidAt = performance.now();
      say({ type: 'progress', step, done, all });
    },
  });
  const {
    dropped: [...dropped],
  } = await pruneSnapshots(settings);
  say({ type: 'created', id, frozenMs: manifest.frozenMs, verification, dropped: [...dropped] });
} catch (error) {
  const failure =
    error instanceof SnapshotError || error instanceof SettingError ? error : diskRefusal(error);
  if (!failure) throw error;
  say({ type: 'failed', message: failure.message, fault: failure.fault });
  process.exitCode = 1;
}

/** What a disk refuses outside of the making of a set, such as dropping another. */
function diskRefusal(error: unknown): SnapshotError | null {
  if (!(error instanceof Error && 'code' in error && 'path' in error)) return null;
  return new SnapshotError('identify', fault('diskRefused', String(error.code), String(error.path)));
}
