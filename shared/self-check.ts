/**
 * What a node proves to itself at its start and every day after, so that it is known before it matters: that it can write
 * to its stores, that the vault keys it holds open what was sealed to them, and that its certificate will last.
 */
import { z } from 'zod';
import type { Alarms } from './alarms.ts';
import { type Guid, commitmentOf } from './domain/recovery-key.ts';
import { sealed as sealedBody } from './journal/bodies.ts';
import type { SqlValue } from './journal/engine.ts';
import type { Ledger } from './journal/ledger.ts';
import { STORES, type Store } from './journal/entry.ts';
import { limits } from './limits.ts';
import type { Platform } from './platform.ts';
import type { Certificate } from './trust/certificate.ts';
import { type VaultKey, open } from './vault/seal.ts';

const TABLES_WITH_COPIES = ['escrows', 'imports', 'reseals'];
/** Key IDs in the alarm; the first ones say enough. */
const KEYS_NAMED_MAX = 5;

export interface SelfCheckParts {
  readonly ledger: Ledger;
  readonly platform: Platform;
  readonly alarms: Alarms;
  readonly certificate: Certificate;
  readonly vaultKeys: readonly VaultKey[];
}

export async function selfCheck(parts: SelfCheckParts): Promise<void> {
  checkCertificate(parts);
  for (const store of STORES) await checkWrite(parts, store);
  for (const vaultKey of parts.vaultKeys) await checkVaultKey(parts, vaultKey);
}

/** A write that changes nothing, committed and synced as any other. Where it fails, that is an alarm, and no readiness. */
async function checkWrite({ ledger }: SelfCheckParts, store: Store): Promise<void> {
  await ledger.note(store, [
    { sql: `UPDATE "${store}_projection" SET version = version WHERE id = 1`, args: [] },
  ]);
}

function checkCertificate({ alarms, certificate, platform }: SelfCheckParts): void {
  const leftMs = certificate.exp * 1000 - platform.now();
  if (leftMs > limits.certificateWarningMs) alarms.clear('certificate-expiring', certificate.name);
  else {
    const days = Math.floor(leftMs / 86_400_000);
    alarms.raise(
      'certificate-expiring',
      certificate.name,
      `ends in ${String(days)} days; peers refuse it then`,
    );
  }
}

/**
 * Opens the oldest and the newest secrets sealed to the vault, as they were escrowed, imported and sealed again later; a
 * key that opens none of a secret's is another key. With nothing sealed to it there is nothing to prove.
 */
async function checkVaultKey(
  { ledger, platform, alarms }: SelfCheckParts,
  vaultKey: VaultKey,
): Promise<void> {
  const named = `"vaultId":${JSON.stringify(vaultKey.vaultId)}`;
  const wrong: string[] = [];
  let looked = 0;
  for (const table of TABLES_WITH_COPIES) {
    const rows = await sampleOf({ ledger, platform }, table, named);
    looked += rows.length;
    for (const [keyId, deviceId, volumeId, commitment, sealedJson] of rows) {
      const record = { keyId: String(keyId), deviceId: String(deviceId), volumeId: String(volumeId) };
      const copy = z
        .array(sealedBody)
        .parse(JSON.parse(String(sealedJson)))
        .find(({ vaultId }) => vaultId === vaultKey.vaultId);
      const opened = copy && (await open(vaultKey, { kind: 'recovery-password', ...record }, copy));
      if (!opened || commitmentOf(platform, record.keyId as Guid, opened) !== commitment)
        wrong.push(record.keyId);
    }
  }
  if (wrong.length === 0) {
    alarms.clear('vault-key-wrong', vaultKey.vaultId);
    return;
  }
  const first = wrong.slice(0, KEYS_NAMED_MAX).join(', ');
  const detail = `${String(wrong.length)} of ${String(looked)} sampled keys do not open with the vault key held here: ${first}`;
  alarms.raise('vault-key-wrong', vaultKey.vaultId, detail);
}

/** The oldest rows and the newest ones with a copy of that name, found page by page: who asks the node waits for one page. */
async function sampleOf(
  { ledger, platform }: Pick<SelfCheckParts, 'ledger' | 'platform'>,
  table: string,
  named: string,
): Promise<SqlValue[][]> {
  const ask = (sql: string, args: readonly SqlValue[]) => ledger.engine.rows('recovery', sql, args);
  const [newest] = await ask(`SELECT coalesce(max(rowid), 0) FROM ${table}`, []);
  const last = Number(newest?.[0]);
  const pages = Math.ceil(last / limits.vaultSampleRows);
  const sample = new Map<number, SqlValue[]>();
  for (const order of ['ASC', 'DESC'] as const) {
    let wanted: number = limits.vaultSampleSecrets;
    for (let page = 0; page < pages && wanted > 0; page += 1) {
      const after = limits.vaultSampleRows * (order === 'ASC' ? page : pages - page - 1);
      const found = await ask(
        `SELECT rowid, key_id, device_id, volume_id, commitment, sealed_json FROM ${table} ` +
          `WHERE rowid > ?1 AND rowid <= ?2 AND instr(sealed_json, ?3) > 0 ORDER BY rowid ${order} LIMIT ?4`,
        [after, after + limits.vaultSampleRows, named, wanted],
      );
      for (const [row, ...rest] of found) sample.set(Number(row), rest);
      wanted -= found.length;
      if (page < pages - 1) await platform.sleep(0);
    }
    // All of them were seen.
    if (wanted > 0) break;
  }
  return [...sample.values()];
}
