/**
 * Computer compliance: each computer's latest report, its volumes, and the history of their keys. The stores may
 * stand in different databases, so they are read one after the other and put together here.
 */
import { type SQL, and, asc, count, desc, sql } from 'drizzle-orm';
import { z } from 'zod';
import { users as usersOf } from '../journal/bodies.ts';
import type { Origin } from '../trust/certificate.ts';
import { limits } from '../limits.ts';
import { computerVolumes, computers, fleet } from '../schema/compliance.ts';
import {
  complianceStateWords,
  conversionWords,
  deviceStateWords,
  encryptionMethodWords,
  lockWords,
  nonComplianceReasonWords,
  protectionWords,
  protectorWords,
  standingWords,
  volumeTypeWords,
} from '../text/compliance.ts';
import { type CodedWords, type Language, type Words, coded, wordsOf } from '../text/language.ts';
import { conditionOf, silentSince } from './computer-conditions.ts';
import { type Reading, reportHead } from './context.ts';
import { type VolumeKeys, keysOf } from './keys.ts';
import { isOneOf } from './match.ts';
import type { Computer, ComputerAnswer, ComputerQuery, Volume } from './messages.ts';
import type { StandingLists } from './standing.ts';

const codes = z.array(z.number().int());
const protectors = z.array(z.object({ type: z.number().int(), keyId: z.string().nullable() }));

/** `KeyProtectorType` of a numerical password. */
const RECOVERY_PASSWORD = 3;
const byName = sql`${fleet.computerName} COLLATE NOCASE`;

type ComputerFacts = typeof computers.$inferSelect;

export async function computerCompliance(reading: Reading, query: ComputerQuery): Promise<ComputerAnswer> {
  const { parts } = reading;
  const head = reportHead(parts);
  const lists = await parts.standings.read();
  const condition = conditionOf(reading, query, lists);
  const { page, limit } = query;
  const reader = parts.ledger.readers.compliance;
  const [counted] = await reader.select({ total: count() }).from(fleet).where(condition);
  const ids = await reader
    .select({ deviceId: fleet.deviceId })
    .from(fleet)
    .where(condition)
    .orderBy(...orderOf(query))
    .limit(limit)
    .offset((page - 1) * limit);
  const found = await factsOf(reading, ids);
  return {
    ...head,
    total: counted?.total ?? 0,
    page,
    limit,
    computers: await complete(reading, found, lists),
  };
}

/** All computers of a query, in small pages that each begin after the last name of the one before. */
export async function* computerPages(reading: Reading, query: ComputerQuery): AsyncGenerator<Computer[]> {
  const { parts } = reading;
  const lists = await parts.standings.read();
  const condition = conditionOf(reading, query, lists);
  let after: SQL | undefined;
  for (;;) {
    const ids = await parts.ledger.readers.compliance
      .select({ deviceId: fleet.deviceId, computerName: fleet.computerName })
      .from(fleet)
      .where(and(condition, after))
      .orderBy(byName, fleet.deviceId)
      .limit(limits.reportChunkRows);
    const found = await factsOf(reading, ids);
    yield await complete(reading, found, lists);
    const last = ids.at(-1);
    if (!last || ids.length < limits.reportChunkRows) return;
    after = sql`(${byName}, ${fleet.deviceId}) > (${last.computerName}, ${last.deviceId})`;
    await parts.platform.sleep(0);
  }
}

/** The device ID decides among equals, so that no page repeats or leaves one out: an index has it beside the others. */
function orderOf({ sort, order }: ComputerQuery): SQL[] {
  const columns = {
    ...{ name: byName, site: fleet.siteId, state: fleet.state, os: fleet.osVersion },
    'last-seen': fleet.lastSeen,
  };
  const turned = order === 'desc' ? desc : asc;
  return [turned(columns[sort]), turned(fleet.deviceId)];
}

/** The latest reports of these computers, in their order. */
async function factsOf(
  { parts }: Reading,
  ids: readonly { readonly deviceId: string }[],
): Promise<ComputerFacts[]> {
  const place = new Map(ids.map(({ deviceId }, index) => [deviceId, index]));
  const rows = await parts.ledger.readers.compliance
    .select()
    .from(computers)
    .where(isOneOf(computers.deviceId, [...place.keys()]));
  return rows.sort((a, b) => (place.get(a.deviceId) ?? 0) - (place.get(b.deviceId) ?? 0));
}

async function complete(
  reading: Reading,
  found: readonly ComputerFacts[],
  lists: StandingLists,
): Promise<Computer[]> {
  const { parts, language } = reading;
  const { ledger, configuration } = parts;
  const deviceIds = found.map(({ deviceId }) => deviceId);
  const volumes = await ledger.readers.compliance
    .select()
    .from(computerVolumes)
    .where(isOneOf(computerVolumes.deviceId, deviceIds))
    .orderBy(computerVolumes.driveLetter, computerVolumes.volumeId);
  const volumesOf = Map.groupBy(volumes, ({ deviceId }) => deviceId);
  const listed = volumes.map(({ deviceId, volumeId, volumeType, protectorsJson }) => ({
    ...{ deviceId, volumeId, volumeType },
    keyIds: protectors
      .parse(JSON.parse(protectorsJson))
      .flatMap(({ type, keyId }) => (type === RECOVERY_PASSWORD && keyId !== null ? [keyId] : [])),
  }));
  const keys = await keysOf(parts, deviceIds, listed, language);
  const nodes = ledger.origins('compliance');
  const since = silentSince(parts);
  return found.map((facts) => {
    const { deviceId, computerName, domain, siteId, osVersion, make, model, policyVersion } = facts;
    const keysHere = new Map(keys.get(deviceId));
    const reported = (volumesOf.get(deviceId) ?? []).map((volume) => {
      const of = keysHere.get(volume.volumeId);
      keysHere.delete(volume.volumeId);
      return volumeOf(volume, of, language);
    });
    return {
      ...{ deviceId, computerName, domain, siteId, siteName: configuration.siteName(siteId) },
      standing: coded(standingWords, language, lists.of(deviceId)),
      deviceState: coded(deviceStateWords, language, lists.stateOf(deviceId, facts.lastSeen, since)),
      ...{ osVersion, make, model, tpmPresent: facts.tpmPresent === null ? null : facts.tpmPresent === 1 },
      ...{ users: usersOf.parse(JSON.parse(facts.usersJson)), policyVersion },
      state: { code: facts.state, words: wordsOf(complianceStateWords, language, facts.state) },
      ...{ reasons: reasonsOf(facts.reasonsJson, language), error: facts.error },
      ...{ lastSeen: facts.lastSeen, reportedAt: facts.reportedAt },
      reportedTo: nodes.get(facts.origin as Origin)?.certificate.name ?? null,
      volumes: reported,
      otherVolumes: [...keysHere.values()].map(({ volumeType, ...rest }) => ({
        ...rest,
        type: numbered(volumeTypeWords, language, volumeType),
      })),
    };
  });
}

function volumeOf(
  facts: typeof computerVolumes.$inferSelect,
  keys: VolumeKeys | undefined,
  language: Language,
): Volume {
  const { volumeId, driveLetter, protectionStatus, conversionStatus, encryptionPercentage } = facts;
  return {
    ...{ volumeId, type: numbered(volumeTypeWords, language, facts.volumeType), driveLetter },
    protection: numbered(protectionWords, language, protectionStatus),
    conversion: numbered(conversionWords, language, conversionStatus),
    encryptionPercentage,
    encryptionMethod: numbered(encryptionMethodWords, language, facts.encryptionMethod),
    lock: numbered(lockWords, language, facts.lockStatus),
    suspended: conversionStatus === 1 && protectionStatus === 0,
    protectors: protectors.parse(JSON.parse(facts.protectorsJson)).map(({ type, keyId }) => ({
      type: numbered(protectorWords, language, type),
      keyId,
    })),
    reasons: reasonsOf(facts.reasonsJson, language),
    ...{ keys: keys?.keys ?? [], olderKeys: keys?.olderKeys ?? 0 },
  };
}

function reasonsOf(json: string, language: Language): CodedWords<number>[] {
  return codes.parse(JSON.parse(json)).map((code) => numbered(nonComplianceReasonWords, language, code));
}

/** Windows may report numbers that this version has no word for. */
function numbered<Code extends number>(
  table: Words<Code>,
  language: Language,
  code: number,
): CodedWords<number> {
  return { code, words: wordsOf(table, language, code) };
}
