/** Whether a store's database still needs migrations; one that does not fit this program is an error at once. */
import { migrations } from '../../migrations/index.ts';
import { type Engine, EngineError } from '../../shared/journal/engine.ts';
import type { Store } from '../../shared/journal/entry.ts';
import { migrate } from '../../shared/journal/migrate.ts';
import { nodePlatform } from '../platform.ts';
import { SqliteEngine } from '../snapshot/sqlite.ts';
import { engineFault, fault } from '../words/fault.ts';
import { InstallError } from './error.ts';

/** Goes through the migrations as migrating does, on an engine that reads and stops before the first write. */
export async function pendingMigrations(store: Store, file: string): Promise<boolean> {
  let engine: SqliteEngine;
  try {
    engine = new SqliteEngine(file, 'read');
  } catch {
    throw new InstallError(fault('storeUnopenable', store, file));
  }
  const seen = { pending: false };
  const reading: Engine = {
    kind: 'libsql-file',
    rows: (of, sql, args) => engine.rows(of, sql, args),
    batch: async (_of, statements) => {
      // One statement alone makes the table of migrations where there is none; the next read finds that out.
      if (statements.length <= 1) return;
      seen.pending = true;
      throw new EngineError('other', 'it is only read');
    },
  };
  try {
    await migrate(reading, store, migrations[store], nodePlatform);
    return false;
  } catch (error) {
    if (seen.pending || (error instanceof EngineError && error.message.includes('no such table')))
      return true;
    if (error instanceof EngineError)
      throw new InstallError(fault('storeUnreadable', store, file, engineFault(error)));
    throw error;
  } finally {
    engine.close();
  }
}
