/** What a store's database file holds, read from it alone: its part of a manifest, and what verifying compares with. */
import { createHash } from 'node:crypto';
import type { Store, Vector } from '../../shared/journal/entry.ts';
import { TABLE_SHAPES } from '../../shared/journal/tables.ts';
import type { SnapshotManifest, StoreContent } from '../../shared/snapshot/manifest.ts';
import type { SqliteEngine } from './sqlite.ts';

export type TableDigests = StoreContent['tables'];

/**
 * Digest of each table that follows from the journal: SHA-256 over its rows as JSON, a line each, by origin, place and
 * key. Of the logs of `origins` alone, where they are given.
 */
export function digestTables(
  engine: SqliteEngine,
  store: Store,
  origins: readonly string[] | null = null,
): TableDigests {
  const digests: TableDigests = {};
  const only = origins === null ? '' : 'WHERE origin IN (SELECT value FROM json_each(?))';
  const args = origins === null ? [] : [JSON.stringify(origins)];
  for (const shape of TABLE_SHAPES.values()) {
    if (shape.store !== store) continue;
    const quote = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(', ');
    const sql =
      `SELECT ${quote(shape.columns)} FROM "${shape.sqlName}" ${only} ` +
      `ORDER BY ${quote(['origin', 'seq', ...shape.key])}`;
    const digest = createHash('sha256');
    let rows = 0;
    for (const row of engine.iterate(sql, args)) {
      digest.update(`${JSON.stringify(row)}\n`);
      rows += 1;
    }
    digests[shape.sqlName] = { rows, digest: digest.digest('base64url') };
  }
  return digests;
}

export function vectorIn(engine: SqliteEngine, store: Store): Vector {
  return Object.fromEntries(
    [...engine.iterate(`SELECT origin, seq FROM "${store}_origins" ORDER BY origin`)].map(([origin, seq]) => [
      String(origin),
      Number(seq),
    ]),
  );
}

export function contentOf(engine: SqliteEngine, store: Store): StoreContent {
  const heads = [...engine.iterate(`SELECT origin, hash FROM "${store}_origins" ORDER BY origin`)];
  const [marks] = engine.iterate(`SELECT count(*) FROM "${store}_marks"`);
  return {
    store,
    chainHeads: Object.fromEntries(heads.map(([origin, hash]) => [String(origin), String(hash)])),
    tables: digestTables(engine, store),
    marks: Number(marks?.[0] ?? 0),
    migrations: migrationsIn(engine, store),
  };
}

export function migrationsIn(engine: SqliteEngine, store: Store): string[] {
  return [...engine.iterate(`SELECT name FROM "${store}_migrations" ORDER BY position`)].map(([name]) =>
    String(name),
  );
}

/** The vaults configured at the cut. */
export function vaultsIn(engine: SqliteEngine): SnapshotManifest['vaults'] {
  const rows = engine.iterate(
    `SELECT id, body ->> 'publicKey', body ->> 'retired' FROM config_current WHERE kind = 'vault' ORDER BY id`,
  );
  return [...rows].map(([vaultId, publicKey, retired]) => ({
    vaultId: String(vaultId),
    publicKey: String(publicKey),
    retired: Boolean(retired),
  }));
}
