/**
 * A process that captures both stores' files once, by one of the ways that are compared; run by Node itself from its
 * source: capture.ts HOW RECOVERY COMPLIANCE FOLDER
 *
 *   capture      what a snapshot set does (central/snapshot/capture.ts)
 *   vacuum-into  VACUUM INTO, one store after the other: each at a cut of its own
 *   backup       SQLite's online backup, which begins again whenever another process writes; given up after 5 s
 */
import path from 'node:path';
import { DatabaseSync, backup } from 'node:sqlite';
import { captureFiles } from '../../central/snapshot/capture.ts';

const BACKUP_MS_MAX = 5_000;

const [how, recovery = '', compliance = '', folder = ''] = process.argv.slice(2);
const files = { recovery, compliance };
const copies = { recovery: path.join(folder, 'recovery.db'), compliance: path.join(folder, 'compliance.db') };
const began = performance.now();
let frozenMs = 0;
let finished = true;

if (how === 'capture') {
  const quiet = { onPhase: () => undefined, onProgress: () => undefined };
  ({ frozenMs } = await captureFiles({ holder: 'bench', files, copies, freezeMs: 60_000, ...quiet }));
} else {
  for (const store of ['recovery', 'compliance'] as const) {
    const database = new DatabaseSync(files[store], { timeout: 5_000 });
    if (how === 'vacuum-into') database.prepare('VACUUM INTO ?').run(copies[store]);
    else {
      const deadline = performance.now() + BACKUP_MS_MAX;
      try {
        await backup(database, copies[store], {
          rate: 1_024,
          progress: () => {
            if (performance.now() > deadline) throw new Error('given up');
          },
        });
      } catch {
        finished = false;
      }
    }
    database.close();
  }
}
process.stdout.write(JSON.stringify({ frozenMs, finished, ms: performance.now() - began }));
