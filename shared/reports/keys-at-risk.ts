/**
 * Keys that need somebody: given out and still on their drive, contradicted, never confirmed, or never seen since. The
 * tables are read by the key ID, a few hundred at a time with a pause after each, whatever the size of the fleet.
 */
import { and, asc, eq, gt, gte, lte, min, sql } from 'drizzle-orm';
import { unionAll } from 'drizzle-orm/sqlite-core';
import { disclosureRulesOf } from '../helpdesk/rules.ts';
import { hlcToMs } from '../journal/hlc.ts';
import { limits } from '../limits.ts';
import { audit, escrows, imports, recoveryKeys } from '../schema/recovery.ts';
import { KEY_RISKS, type KeyRisk, keyRiskWords } from '../text/audit.ts';
import { volumeTypeWords } from '../text/compliance.ts';
import { coded, wordsOf } from '../text/language.ts';
import { type Reading, reportHead, sitesFor } from './context.ts';
import { isOneOf } from './match.ts';
import type { KeyAtRisk, KeysAtRiskAnswer, KeysAtRiskQuery } from './messages.ts';

type Facts = typeof recoveryKeys.$inferSelect;

export async function keysAtRisk(reading: Reading, query: KeysAtRiskQuery): Promise<KeysAtRiskAnswer> {
  const head = reportHead(reading.parts);
  const rows: KeyAtRisk[] = [];
  let nextCursor: string | null = query.cursor ?? '';
  for (let chunk = 0; chunk < limits.riskChunksPerPageMax && rows.length < query.limit; chunk += 1) {
    const found: Chunk = await chunkAfter(reading, query, nextCursor);
    rows.push(...found.rows);
    nextCursor = found.last;
    if (nextCursor === null) break;
    await reading.parts.platform.sleep(0);
  }
  return { ...head, rows, nextCursor };
}

/** All of them, in small pages. */
export async function* keysAtRiskPages(
  reading: Reading,
  query: KeysAtRiskQuery,
): AsyncGenerator<KeyAtRisk[]> {
  let after: string | null = '';
  while (after !== null) {
    const found: Chunk = await chunkAfter(reading, query, after);
    yield found.rows;
    after = found.last;
    await reading.parts.platform.sleep(0);
  }
}

interface Chunk {
  readonly rows: KeyAtRisk[];
  /** the last key ID that was looked at; null when there are no more */
  readonly last: string | null;
}

async function chunkAfter(reading: Reading, query: KeysAtRiskQuery, after: string): Promise<Chunk> {
  const reader = reading.parts.ledger.readers.recovery;
  const idsOf = (table: typeof escrows | typeof imports) =>
    reader.selectDistinct({ keyId: table.keyId }).from(table).where(gt(table.keyId, after));
  const ids = await unionAll(idsOf(escrows), idsOf(imports))
    .orderBy(asc(sql`1`))
    .limit(limits.riskChunkKeys);
  const [first, last] = [ids[0]?.keyId, ids.at(-1)?.keyId];
  if (first === undefined || last === undefined) return { rows: [], last: null };
  const sites = sitesFor(reading.staff, query.site);
  const found = await reader
    .select()
    .from(recoveryKeys)
    .where(
      and(
        ...[gte(recoveryKeys.keyId, first), lte(recoveryKeys.keyId, last)],
        sites ? isOneOf(recoveryKeys.siteId, sites) : undefined,
      ),
    )
    .orderBy(asc(recoveryKeys.keyId), asc(recoveryKeys.commitment), asc(recoveryKeys.deviceId));
  const risky = found.flatMap((facts) => {
    const risks = risksOf(facts).filter((risk) => query.risk === undefined || risk === query.risk);
    return risks.length > 0 ? [{ facts, risks }] : [];
  });
  const disclosures = await firstDisclosures(
    reading,
    risky.map(({ facts }) => facts.keyId),
  );
  const rows = risky
    .map(({ facts, risks }) => rowOf(reading, facts, risks, disclosures.get(facts.keyId) ?? null))
    .filter(({ overdue }) => query.overdue !== 'true' || overdue);
  return { rows, last: ids.length < limits.riskChunkKeys ? null : last };
}

/** What is wrong with one key; nothing for one that is as it should be. */
function risksOf({ disclosed, onDrive, conflicted, confirmed, importedFrom }: Facts): KeyRisk[] {
  const isGone = onDrive === 0;
  const holds: Record<KeyRisk, boolean> = {
    'to-be-rotated': disclosed === 1 && !isGone,
    conflict: conflicted === 1,
    unverified: importedFrom !== null && confirmed === 0,
    'never-seen-again': onDrive === null && confirmed === 1,
  };
  return KEY_RISKS.filter((risk) => holds[risk]);
}

function rowOf(
  reading: Reading,
  facts: Facts,
  risks: readonly KeyRisk[],
  disclosedAt: number | null,
): KeyAtRisk {
  const { parts, language } = reading;
  const { keyId, deviceId, volumeId, volumeType, computerName, domain, siteId, onDrive, firstHlc } = facts;
  const { rotationDueMs } = disclosureRulesOf(parts.configuration, null);
  return {
    ...{ keyId, deviceId, volumeId, computerName, domain, siteId },
    siteName: parts.configuration.siteName(siteId),
    volumeType: { code: volumeType, words: wordsOf(volumeTypeWords, language, volumeType) },
    risks: risks.map((risk) => coded(keyRiskWords, language, risk)),
    ...{ escrowedAt: hlcToMs(firstHlc), onDrive: onDrive === null ? null : onDrive === 1, disclosedAt },
    overdue:
      risks.includes('to-be-rotated') &&
      disclosedAt !== null &&
      parts.platform.now() - disclosedAt > rotationDueMs,
  };
}

async function firstDisclosures(
  { parts }: Reading,
  keyIds: readonly string[],
): Promise<ReadonlyMap<string | null, number>> {
  if (keyIds.length === 0) return new Map();
  const rows = await parts.ledger.readers.recovery
    .select({ keyId: audit.keyId, at: min(audit.at) })
    .from(audit)
    .where(and(isOneOf(audit.keyId, keyIds), eq(audit.action, 'disclosure'), eq(audit.status, 'Successful')))
    .groupBy(audit.keyId);
  return new Map(rows.map(({ keyId, at }) => [keyId, at ?? 0]));
}
