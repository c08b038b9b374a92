/**
 * The freeze of a store: a row with a deadline in its database, which every write transaction looks at (`statements.ts`).
 * Both times are the database's own, so that several processes need not agree on a clock. A freeze in force is never
 * taken over, but whoever knows that its holder is dead may end it; an expired one is in nobody's way.
 */
import { limits } from '../limits.ts';
import type { Platform } from '../platform.ts';
import { type Engine, EngineError, type Statement } from './engine.ts';
import type { Store } from './entry.ts';
import { guardFreeze } from './statements.ts';

const NOW = `CAST(unixepoch('subsec') * 1000 AS INTEGER)`;

/** Closes the gate for `ms`, unless another's freeze is in force. Ask `selectFreeze` who holds it afterwards. */
export function setFreeze(store: Store, holder: string, ms: number): Statement {
  const table = `"${store}_freeze"`;
  return {
    sql:
      `INSERT INTO ${table} (id, holder, set_at, deadline) VALUES (1, ?1, ${NOW}, ${NOW} + ?2) ` +
      `ON CONFLICT (id) DO UPDATE SET holder = excluded.holder, set_at = excluded.set_at, deadline = excluded.deadline ` +
      `WHERE NOT (${NOW} BETWEEN ${table}.set_at AND ${table}.deadline)`,
    args: [holder, ms],
  };
}

/** A freeze in force: its holder, and the milliseconds until its deadline. One row, or none. */
export function selectFreeze(store: Store): string {
  return `SELECT holder, deadline - ${NOW} AS "left" FROM "${store}_freeze" WHERE ${NOW} BETWEEN set_at AND deadline`;
}

/** Opens the gate again that one of these closed; another's freeze stays. */
export function clearFreeze(store: Store, ...holders: readonly string[]): Statement {
  return {
    sql: `DELETE FROM "${store}_freeze" WHERE holder IN (SELECT value FROM json_each(?))`,
    args: [JSON.stringify(holders)],
  };
}

/**
 * A write transaction of a node's start, before its journal is open: one that meets a freeze is tried again until that
 * has ended, which it does by itself. Throws EngineError.
 */
export async function batchUnfrozen(
  engine: Engine,
  platform: Pick<Platform, 'sleep'>,
  store: Store,
  statements: readonly Statement[],
): Promise<void> {
  for (let waitedMs = 0; ; waitedMs += limits.frozenRetryMs) {
    try {
      await engine.batch(store, [guardFreeze(store), ...statements]);
      return;
    } catch (error) {
      const frozen = error instanceof EngineError && error.reason === 'frozen';
      if (!frozen || waitedMs > limits.freezeMsMax) throw error;
      await platform.sleep(limits.frozenRetryMs);
    }
  }
}
