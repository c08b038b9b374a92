/**
 * Raises keys under whose ID more than one password or device stands (I2), wherever the second came in: escrowed here,
 * imported, or brought by replication. All of them are kept; people have to see it.
 */
import type { Alarms } from './alarms.ts';
import type { Ledger } from './journal/ledger.ts';
import type { Log } from './platform.ts';

/** In canonical text the name stands so and nowhere else: within a text its quotation marks are escaped. */
const KEY_ID = /"keyId":"([^"]*)"/;

/** Looked for after the commit and beside it, so that neither a device nor catching up waits for it. */
export function watchConflicts(ledger: Ledger, alarms: Alarms, log: Log): void {
  let looking: Promise<void> = Promise.resolve();
  ledger.onCommit((store, entries) => {
    const keyIds = entries.flatMap(({ kind, body }) =>
      kind === 'escrow' || kind === 'import' ? (KEY_ID.exec(body ?? '')?.[1] ?? []) : [],
    );
    if (store !== 'recovery' || keyIds.length === 0) return;
    looking = looking
      .then(() => raiseConflicts(ledger, alarms, keyIds))
      .catch((error: unknown) => {
        log('warn', 'conflicts could not be looked for', {
          error: error instanceof Error ? error.name : 'unknown',
        });
      });
  });
}

async function raiseConflicts(ledger: Ledger, alarms: Alarms, keyIds: readonly string[]): Promise<void> {
  const rows = await ledger.engine.rows(
    'recovery',
    'WITH named AS (SELECT DISTINCT value AS key_id FROM json_each(?)), ' +
      'copies AS (SELECT e.key_id, e.commitment, e.device_id FROM named n JOIN escrows e ON e.key_id = n.key_id ' +
      'UNION SELECT i.key_id, i.commitment, NULL FROM named n JOIN imports i ON i.key_id = n.key_id) ' +
      'SELECT key_id FROM copies GROUP BY key_id HAVING count(DISTINCT commitment) > 1 OR count(DISTINCT device_id) > 1',
    [JSON.stringify(keyIds)],
  );
  for (const [keyId] of rows) {
    alarms.raise('key-conflict', String(keyId), 'another password or device stands under this key ID');
  }
}
