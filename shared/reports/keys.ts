/**
 * The history of the keys of some computers, without anything secret: which, since when, and when given out. A
 * computer's keys are those that it escrowed, and imported ones that its latest report lists on a drive.
 *
 * `recovery_keys` joins two tables, so only conditions on the key ID itself reach their indexes, and a list only as
 * bound values: hence key IDs first, and then their rows by the handful.
 */
import { and, desc, eq, inArray, min } from 'drizzle-orm';
import { z } from 'zod';
import { IMPORT_SOURCES } from '../domain/vocabulary.ts';
import { hlcToMs } from '../journal/hlc.ts';
import { limits } from '../limits.ts';
import { audit, escrows, recoveryKeys } from '../schema/recovery.ts';
import { KEY_STATES, importSourceWords, keyStateWords } from '../text/audit.ts';
import { type Language, coded } from '../text/language.ts';
import type { ReportParts } from './context.ts';
import { isOneOf } from './match.ts';
import type { KeyHistory } from './messages.ts';

/** A Durable Object binds at most 100 values. */
const BOUND_VALUES_MAX = 90;

const keyState = z.enum(KEY_STATES);
const importSource = z.enum(IMPORT_SOURCES);

/** A volume, and the key IDs by which it can be unlocked as far as its computer knows. */
export interface ListedVolume {
  readonly deviceId: string;
  readonly volumeId: string;
  readonly volumeType: number;
  readonly keyIds: readonly string[];
}

export interface VolumeKeys {
  readonly volumeId: string;
  readonly volumeType: number;
  /** newest first */
  readonly keys: KeyHistory[];
  /** how many more there are, beyond `reportKeysPerVolumeMax` */
  readonly olderKeys: number;
}

/** By device ID, then by volume ID. */
export type KeysByDevice = ReadonlyMap<string, ReadonlyMap<string, VolumeKeys>>;

/** What is known to belong to one volume before its keys are read. */
interface Place {
  readonly deviceId: string;
  readonly volumeId: string;
  readonly volumeType: number;
  readonly escrowed: Set<string>;
  readonly listed: ReadonlySet<string>;
  olderKeys: number;
}

export async function keysOf(
  parts: ReportParts,
  deviceIds: readonly string[],
  listed: readonly ListedVolume[],
  language: Language,
): Promise<KeysByDevice> {
  const places = await placesOf(parts, deviceIds, listed);
  const keyIds = [...new Set(places.flatMap((place) => [...place.escrowed, ...place.listed]))];
  const rows = Map.groupBy(await rowsOf(parts, keyIds), ({ keyId }) => keyId);
  const disclosures = await disclosedAt(parts, keyIds);
  const found = new Map<string, Map<string, VolumeKeys>>();
  for (const place of places) {
    const { deviceId, volumeId, volumeType, escrowed, listed: onList, olderKeys } = place;
    const keys = [...new Set([...escrowed, ...onList])]
      .flatMap((keyId) => rows.get(keyId) ?? [])
      // The same key ID may stand for another computer's key as well; an imported key stands for none until it is listed.
      .filter((row) =>
        row.deviceId === deviceId
          ? row.volumeId === volumeId
          : row.importedFrom !== null && !escrowed.has(row.keyId),
      )
      .sort((a, b) => b.firstHlc - a.firstHlc || (a.keyId < b.keyId ? -1 : 1))
      .map((row): KeyHistory => ({
        keyId: row.keyId,
        state: coded(keyStateWords, language, keyState.parse(row.state)),
        escrowedAt: hlcToMs(row.firstHlc),
        onDrive: row.onDrive === null ? null : row.onDrive === 1,
        conflicted: row.conflicted === 1,
        importedFrom:
          row.importedFrom === null
            ? null
            : coded(importSourceWords, language, importSource.parse(row.importedFrom)),
        disclosedAt: disclosures.get(row.keyId) ?? [],
      }));
    if (keys.length === 0) continue;
    const volumes = found.get(deviceId) ?? new Map<string, VolumeKeys>();
    found.set(deviceId, volumes.set(volumeId, { volumeId, volumeType, keys, olderKeys }));
  }
  return found;
}

/** The volumes that were listed, and those for which keys were escrowed, newest keys first. */
async function placesOf(
  { ledger }: ReportParts,
  deviceIds: readonly string[],
  listed: readonly ListedVolume[],
): Promise<Place[]> {
  const places = new Map<string, Place>();
  const nameOf = (of: { deviceId: string; volumeId: string }) => `${of.deviceId} ${of.volumeId}`;
  for (const volume of listed)
    places.set(nameOf(volume), {
      ...{ ...volume, escrowed: new Set<string>(), listed: new Set(volume.keyIds), olderKeys: 0 },
    });
  const { keyId, deviceId, volumeId, volumeType } = escrows;
  const rows = await ledger.readers.recovery
    .select({ keyId, deviceId, volumeId, volumeType })
    .from(escrows)
    .where(isOneOf(deviceId, deviceIds))
    .groupBy(deviceId, volumeId, keyId)
    .orderBy(desc(min(escrows.hlc)));
  for (const row of rows) {
    const place: Place = places.get(nameOf(row)) ?? {
      ...{ deviceId: row.deviceId, volumeId: row.volumeId, volumeType: row.volumeType },
      ...{ escrowed: new Set<string>(), listed: new Set<string>(), olderKeys: 0 },
    };
    places.set(nameOf(row), place);
    if (place.escrowed.size < limits.reportKeysPerVolumeMax) place.escrowed.add(row.keyId);
    else place.olderKeys += 1;
  }
  return [...places.values()];
}

async function rowsOf({ ledger }: ReportParts, keyIds: readonly string[]) {
  const { keyId, deviceId, volumeId, firstHlc, state, conflicted, onDrive, importedFrom } = recoveryKeys;
  const read = (some: readonly string[]) =>
    ledger.readers.recovery
      .select({ keyId, deviceId, volumeId, firstHlc, state, conflicted, onDrive, importedFrom })
      .from(recoveryKeys)
      .where(inArray(keyId, some));
  const rows: Awaited<ReturnType<typeof read>> = [];
  for (let at = 0; at < keyIds.length; at += BOUND_VALUES_MAX)
    rows.push(...(await read(keyIds.slice(at, at + BOUND_VALUES_MAX))));
  return rows;
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
