/** The history of the keys of some computers, without anything secret: which, since when, and when given out. */
import { and, desc, eq } from 'drizzle-orm';
import { z } from 'zod';
import { hlcToMs } from '../journal/hlc.ts';
import { limits } from '../limits.ts';
import { audit, recoveryKeys } from '../schema/recovery.ts';
import { KEY_STATES, keyStateWords } from '../text/audit.ts';
import { type Language, coded } from '../text/language.ts';
import type { ReportParts } from './context.ts';
import { isOneOf } from './match.ts';
import type { KeyHistory } from './messages.ts';

const keyState = z.enum(KEY_STATES);

export interface VolumeKeys {
  readonly deviceId: string;
  readonly volumeId: string;
  readonly volumeType: number;
  /** newest first */
  readonly keys: KeyHistory[];
  /** how many more there are, beyond `reportKeysPerVolumeMax` */
  olderKeys: number;
}

/** By device ID, then by volume ID. */
export type KeysByDevice = ReadonlyMap<string, ReadonlyMap<string, VolumeKeys>>;

export async function keysOf(
  parts: ReportParts,
  deviceIds: readonly string[],
  language: Language,
): Promise<KeysByDevice> {
  const { keyId, deviceId, volumeId, volumeType, firstHlc, state, conflicted, onDrive } = recoveryKeys;
  const rows = await parts.ledger.readers.recovery
    .select({ keyId, deviceId, volumeId, volumeType, firstHlc, state, conflicted, onDrive })
    .from(recoveryKeys)
    .where(isOneOf(deviceId, deviceIds))
    .orderBy(desc(firstHlc), keyId);
  const disclosures = await disclosedAt(parts, [...new Set(rows.map((row) => row.keyId))]);
  const found = new Map<string, Map<string, VolumeKeys>>();
  for (const row of rows) {
    const volumes = found.get(row.deviceId) ?? new Map<string, VolumeKeys>();
    found.set(row.deviceId, volumes);
    const volume: VolumeKeys = volumes.get(row.volumeId) ?? {
      ...{ deviceId: row.deviceId, volumeId: row.volumeId, volumeType: row.volumeType },
      ...{ keys: [], olderKeys: 0 },
    };
    volumes.set(row.volumeId, volume);
    if (volume.keys.length === limits.reportKeysPerVolumeMax) {
      volume.olderKeys += 1;
      continue;
    }
    volume.keys.push({
      keyId: row.keyId,
      state: coded(keyStateWords, language, keyState.parse(row.state)),
      escrowedAt: hlcToMs(row.firstHlc),
      onDrive: row.onDrive === null ? null : row.onDrive === 1,
      conflicted: row.conflicted === 1,
      disclosedAt: disclosures.get(row.keyId) ?? [],
    });
  }
  return found;
}

async function disclosedAt(
  { ledger }: ReportParts,
  keyIds: readonly string[],
): Promise<ReadonlyMap<string, number[]>> {
  const rows = await ledger.readers.recovery
    .select({ keyId: audit.keyId, at: audit.at })
    .from(audit)
    .where(and(isOneOf(audit.keyId, keyIds), eq(audit.action, 'disclosure'), eq(audit.status, 'Successful')))
    .orderBy(desc(audit.at));
  const found = new Map<string, number[]>();
  for (const { keyId, at } of rows) {
    if (keyId === null) continue;
    const times = found.get(keyId) ?? [];
    if (times.length < limits.reportDisclosuresPerKeyMax) times.push(at);
    found.set(keyId, times);
  }
  return found;
}
