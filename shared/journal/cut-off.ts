/**
 * Cutting a revoked edge's log off where it is trusted (I2, I4): what lies beyond goes into quarantine, as it is, and
 * the tables are what they would be had it never come. In one transaction, so that readers see the one or the other.
 */
import type { NodeRole, Origin } from '../trust/certificate.ts';
import type { Engine, Statement } from './engine.ts';
import type { Entry, Store } from './entry.ts';
import { jsonRows, selectJsonRows } from './json-rows.ts';
import { FACT_TABLES, type FactTable, project } from './kinds.ts';
import { Projector } from './projection.ts';
import { TABLE_SHAPES } from './tables.ts';
import { limits } from '../limits.ts';

/** Where a log is trusted to; `seq` 0: nowhere. `head` is its author's signature there. */
export interface Trusted {
  readonly seq: number;
  readonly hash: string;
  readonly head: string;
}

const PAGE_ENTRIES = 500;
const COLUMNS = 'origin, seq, hlc, kind, version, salt, body, body_hash, hash';

/** Moves entries after `seq` out of the journal and takes their rows away; restores rows that they had replaced. */
export async function cutAfter(
  engine: Pick<Engine, 'rows'>,
  store: Store,
  origin: Origin,
  seq: number,
  role: NodeRole,
): Promise<Statement[]> {
  const args = [origin, seq];
  const beyond = 'WHERE origin = ? AND seq > ?';
  const tables = [...TABLE_SHAPES.values()].filter((shape) => shape.store === store);
  const restored = await replacedRows(engine, store, origin, seq, role);
  return [
    {
      sql: `INSERT OR IGNORE INTO "${store}_quarantine" (${COLUMNS}) SELECT ${COLUMNS} FROM "${store}_journal" ${beyond}`,
      args,
    },
    ...[`${store}_journal`, `${store}_heads`, `${store}_marks`, ...tables.map(({ sqlName }) => sqlName)].map(
      (table) => ({ sql: `DELETE FROM "${table}" ${beyond}`, args }),
    ),
    ...restored,
  ];
}

/**
 * Where a later row takes an earlier one's place, the earlier ones that entries beyond `seq` have replaced: the newest
 * of each key in the trusted part of the log, for the devices that are concerned.
 */
async function replacedRows(
  engine: Pick<Engine, 'rows'>,
  store: Store,
  origin: Origin,
  seq: number,
  role: NodeRole,
): Promise<Statement[]> {
  const devices = new Map<FactTable, ReadonlySet<string>>();
  for (const [name, shape] of TABLE_SHAPES) {
    if (shape.store !== store || shape.newer === null || !shape.columns.includes('device_id')) continue;
    const rows = await engine.rows(
      store,
      `SELECT DISTINCT device_id FROM "${shape.sqlName}" WHERE origin = ? AND seq > ?`,
      [origin, seq],
    );
    if (rows.length > 0) devices.set(name, new Set(rows.map(([deviceId]) => String(deviceId))));
  }
  if (devices.size === 0) return [];
  const newest = new Map<string, { name: FactTable; entry: Entry; fact: object; rank: number }>();
  for (let after = 0; after < seq; after += PAGE_ENTRIES) {
    const page = await engine.rows(
      store,
      `SELECT seq, hlc, kind, version, body FROM "${store}_journal" WHERE origin = ? AND seq > ? AND seq <= ? ORDER BY seq`,
      [origin, after, Math.min(seq, after + PAGE_ENTRIES)],
    );
    for (const [at, hlc, kind, version, body] of page) {
      const entry: Entry = {
        ...{ store, origin, seq: Number(at), hlc: Number(hlc), kind: String(kind), version: Number(version) },
        ...{ salt: null, body: body === null || body === undefined ? null : String(body) },
        ...{ bodyHash: '', hash: '' },
      };
      const projected = project(entry, role);
      if ('mark' in projected) continue;
      for (const [name, facts] of Object.entries(projected.rows) as [FactTable, Facts[]][])
        for (const fact of facts) {
          if (!devices.get(name)?.has(String(fact['deviceId']))) continue;
          const id = JSON.stringify([name, fact['deviceId'], fact['volumeId']]);
          const rank = Number(fact[FACT_TABLES[name].newer ?? ''] ?? 0);
          if (rank > (newest.get(id)?.rank ?? -1)) newest.set(id, { name, entry, fact, rank });
        }
    }
  }
  const projector = new Projector();
  for (const { name, entry, fact } of newest.values())
    // One row of the table that its own entry gave it.
    projector.add(entry, { [name]: [fact] });
  return projector.statements();
}

type Facts = Readonly<Record<string, unknown>>;

/** Keeps entries that came beyond where their log is trusted, up to a bound for each log (I12). */
export function insertQuarantine(store: Store, entries: readonly Entry[]): Statement[] {
  const rows = entries.map((entry) => [
    ...[entry.origin, entry.seq, entry.hlc, entry.kind, entry.version, entry.salt, entry.body],
    ...[entry.body === null ? entry.bodyHash : null, entry.hash],
  ]);
  const [first] = entries;
  return jsonRows(rows).map((json) => ({
    sql:
      `INSERT OR IGNORE INTO "${store}_quarantine" (${COLUMNS}) ${selectJsonRows(9)} ` +
      `WHERE (SELECT count(*) FROM "${store}_quarantine" WHERE origin = ?) < ?`,
    args: [json, first?.origin ?? '', limits.quarantineEntriesMax],
  }));
}
