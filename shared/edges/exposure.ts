/**
 * Which keys a stolen edge gave away: those that its vault keys open, and those that were given out at it. Worked out
 * from what this centre holds, again and again, for what was on its way at the time comes in later.
 */
import { z } from 'zod';
import type { Configuration } from '../configuration.ts';
import type { Guid } from '../domain/recovery-key.ts';
import { guid } from '../journal/bodies.ts';
import type { Draft } from '../journal/drafts.ts';
import type { Ledger } from '../journal/ledger.ts';
import { limits } from '../limits.ts';
import type { Platform } from '../platform.ts';
import type { RevokedEdge } from '../replication/revocations.ts';
import { parseJson } from '../parse-json.ts';

export interface ExposureParts {
  readonly ledger: Ledger;
  readonly platform: Platform;
  readonly configuration: Configuration;
}

/** `could-open`: sealed to a vault whose key was in the box. `given-out`: by the box, also after it was trusted last. */
export type Exposed = ReadonlyMap<Guid, 'could-open' | 'given-out'>;

const TABLES = ['escrows', 'imports', 'reseals'];
const quarantined = z.looseObject({ keyId: guid });

export async function exposedKeys(parts: ExposureParts, edge: RevokedEdge): Promise<Exposed> {
  const found = new Map<Guid, 'could-open' | 'given-out'>();
  for (const keyId of await openedBy(parts, edge)) found.set(keyId, 'could-open');
  for (const keyId of await givenOut(parts, edge)) if (!found.has(keyId)) found.set(keyId, 'given-out');
  return found;
}

async function openedBy(
  { ledger, platform, configuration }: ExposureParts,
  edge: RevokedEdge,
): Promise<Set<Guid>> {
  const found = new Set<Guid>();
  if (!edge.opens) return found;
  // The box held the keys of its region's vaults of the time. Those made because of the theft came after.
  const vaults = configuration
    .all('vault')
    .filter(({ body }) => body.regionId === edge.regionId && (body.compromised === true || body.retired))
    .map(({ id }) => `"vaultId":${JSON.stringify(id)}`);
  const wanted = JSON.stringify(vaults);
  for (const table of TABLES) {
    const [end] = await ledger.engine.rows('recovery', `SELECT coalesce(max(rowid), 0) FROM ${table}`, []);
    for (let from = 0; from < Number(end?.[0] ?? 0); from += limits.resealCountRows) {
      const rows = await ledger.engine.rows(
        'recovery',
        `SELECT DISTINCT t.key_id FROM ${table} t WHERE t.rowid > ?1 AND t.rowid <= ?2 ` +
          `AND EXISTS (SELECT 1 FROM json_each(?3) v WHERE instr(t.sealed_json, v.value) > 0)`,
        [from, from + limits.resealCountRows, wanted],
      );
      for (const [keyId] of rows) found.add(String(keyId) as Guid);
      await platform.sleep(0);
    }
  }
  for (const keyId of await keptAside(ledger, edge, "'escrow', 'import', 'reseal'", () => true))
    found.add(keyId);
  for (const keyId of await neverReplicated(ledger, edge)) found.add(keyId);
  return found;
}

/**
 * What PCs of its site escrowed at the box alone: nobody else holds that, so they are asked for it again, and it shows in
 * a report of the drive before its first escrow at another node, after the theft.
 */
async function neverReplicated(ledger: Ledger, edge: RevokedEdge): Promise<Guid[]> {
  const rows = await ledger.engine.rows(
    'recovery',
    'SELECT DISTINCT e.key_id FROM escrows e JOIN protector_keys r ON r.key_id = e.key_id AND r.origin = e.origin ' +
      'AND r.seq < e.seq WHERE e.site_id = ?1 AND e.hlc > ?2 AND NOT EXISTS (SELECT 1 FROM escrows f ' +
      'WHERE f.key_id = e.key_id AND f.hlc < r.hlc)',
    [edge.siteId, edge.at * 1024],
  );
  return rows.map(([keyId]) => String(keyId) as Guid);
}

async function givenOut({ ledger }: ExposureParts, edge: RevokedEdge): Promise<Guid[]> {
  const rows = await ledger.engine.rows(
    'recovery',
    "SELECT DISTINCT key_id FROM audit WHERE origin >= ? AND origin < ? AND action = 'disclosure' AND status = 'Successful' " +
      'AND key_id IS NOT NULL',
    [`${edge.nodeId}.`, `${edge.nodeId}/`],
  );
  const aside = await keptAside(
    ledger,
    edge,
    "'audit'",
    (body) => body['action'] === 'disclosure' && body['status'] === 'Successful',
  );
  return [...rows.map(([keyId]) => String(keyId) as Guid), ...aside];
}

/** Key IDs in entries of the edge that are in quarantine. What cannot be read there is passed over (I9). */
async function keptAside(
  ledger: Ledger,
  edge: RevokedEdge,
  kinds: string,
  counts: (body: Readonly<Record<string, unknown>>) => boolean,
): Promise<Guid[]> {
  const rows = await ledger.engine.rows(
    'recovery',
    `SELECT body FROM recovery_quarantine WHERE origin >= ?1 AND origin < ?2 AND kind IN (${kinds}) AND body IS NOT NULL`,
    // '/' follows '.'
    [`${edge.nodeId}.`, `${edge.nodeId}/`],
  );
  return rows.flatMap(([text]) => {
    const body = quarantined.safeParse(parseJson(String(text)));
    return body.success && counts(body.data) ? [body.data.keyId] : [];
  });
}

/** Orders the rotation of exposed keys for which that was not done because of this edge. Returns how many. */
export async function orderRotation(
  { ledger }: Pick<ExposureParts, 'ledger'>,
  edge: RevokedEdge,
  keys: readonly Guid[],
): Promise<number> {
  const rows = await ledger.engine.rows('recovery', 'SELECT key_id FROM rotations WHERE because = ?', [
    edge.nodeId,
  ]);
  const ordered = new Set(rows.map(([keyId]) => String(keyId)));
  const wanted = keys.filter((keyId) => !ordered.has(keyId)).sort();
  for (let at = 0; at < wanted.length; at += limits.rotationKeysPerEntryMax) {
    const keyIds = wanted.slice(at, at + limits.rotationKeysPerEntryMax);
    const draft: Draft = { kind: 'rotation', body: { because: edge.nodeId, keyIds } };
    await ledger.append('recovery', [draft]);
  }
  return wanted.length;
}

export interface RotationProgress {
  /** keys whose rotation was ordered because of the edge */
  readonly ordered: number;
  /** of these, those that are on no drive any more, as far as reported */
  readonly rotated: number;
}

export async function rotationProgress(
  { ledger }: Pick<ExposureParts, 'ledger'>,
  nodeId: string,
): Promise<RotationProgress> {
  const [row] = await ledger.engine.rows(
    'recovery',
    'SELECT count(*), coalesce(sum(gone), 0) FROM (SELECT x.key_id, (SELECT min(k.on_drive = 0) FROM recovery_keys k ' +
      'WHERE k.key_id = x.key_id) AS gone FROM (SELECT DISTINCT key_id FROM rotations WHERE because = ?) x)',
    [nodeId],
  );
  return { ordered: Number(row?.[0] ?? 0), rotated: Number(row?.[1] ?? 0) };
}
