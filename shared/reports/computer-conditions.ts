/** Which computers a query means, as conditions that an index serves where one can. */
import { type SQL, and, eq, gte, lt, sql } from 'drizzle-orm';
import { disclosureRulesOf } from '../helpdesk/rules.ts';
import { hlcOf } from '../journal/hlc.ts';
import { computers, localSeen, seen, statusReports } from '../schema/compliance.ts';
import type { ShownDeviceState } from '../text/compliance.ts';
import { type Reading, sitesFor } from './context.ts';
import { isNoneOf, isOneOf, isUser, lowerAscii, matches } from './match.ts';
import type { ComputerQuery } from './messages.ts';
import type { StandingLists } from './standing.ts';

export function conditionOf(
  { staff, parts }: Reading,
  query: ComputerQuery,
  lists: StandingLists,
): SQL | undefined {
  const sites = sitesFor(staff, query.site);
  const { state, user, silentDays, deviceState } = query;
  return and(
    sites ? isOneOf(computers.siteId, sites) : undefined,
    matches(computers.computerName, query.computer),
    matches(computers.domain, query.domain),
    matches(computers.deviceId, query.deviceId),
    // A state is many computers' word: an index of anything else that is asked for finds fewer.
    state && sql`+${computers.state} = ${state}`,
    inStanding(computers.deviceId, query, lists),
    user === undefined ? undefined : isUsedBy(user),
    silentDays === undefined ? undefined : isUnheardSince(parts.platform.now() - silentDays * 86_400_000),
    deviceState && isInState(parts, lists, deviceState),
  );
}

/** Whether nothing narrows a query but what the device ID tells: every computer that ever reported is in it, or none. */
export function isWhole({ staff }: Reading, query: ComputerQuery): boolean {
  const { site, computer, domain, deviceId, state, user, silentDays, deviceState } = query;
  const narrows = [site, computer, domain, deviceId, state, user, silentDays, deviceState];
  return staff.sites === null && narrows.every((each) => each === undefined);
}

export function inStanding(
  deviceId: typeof computers.deviceId | typeof statusReports.deviceId,
  { standing }: ComputerQuery,
  lists: StandingLists,
): SQL | undefined {
  if (standing === 'managed') return isNoneOf(deviceId, lists.gone());
  return standing === 'revoked' || standing === 'replaced' || standing === 'retired'
    ? isOneOf(deviceId, [...lists[standing]])
    : undefined;
}

/** No node has heard a device since then that is to count as live. */
export function silentSince({ platform, configuration }: Reading['parts']): number {
  return platform.now() - disclosureRulesOf(configuration, null).silentMs;
}

export function isInState(
  parts: Reading['parts'],
  { retired, stolen }: StandingLists,
  state: ShownDeviceState,
): SQL | undefined {
  if (state === 'stolen') return isOneOf(computers.deviceId, [...stolen]);
  const others = isNoneOf(computers.deviceId, [...stolen]);
  if (state === 'retired') return and(others, isOneOf(computers.deviceId, [...retired]));
  const isSilent = isUnheardSince(silentSince(parts));
  return and(
    others,
    isNoneOf(computers.deviceId, [...retired]),
    state === 'silent' ? isSilent : sql`NOT (${isSilent})`,
  );
}

/**
 * Whether no node heard a computer since then. Most of a fleet was heard, and what may not have been is found in two
 * indexes, without asking of each report whether it is the latest.
 */
function isUnheardSince(at: number): SQL {
  const sameDevice = (table: typeof seen | typeof localSeen) =>
    and(eq(table.deviceId, statusReports.deviceId), gte(table.seenAt, at));
  const perhaps = sql`SELECT ${statusReports.deviceId} FROM ${statusReports} WHERE ${and(
    lt(statusReports.hlc, hlcOf(at)),
    sql`NOT EXISTS (SELECT 1 FROM ${seen} WHERE ${sameDevice(seen)})`,
    sql`NOT EXISTS (SELECT 1 FROM ${localSeen} WHERE ${sameDevice(localSeen)})`,
  )}`;
  return sql`(${computers.deviceId} IN (${perhaps}) AND ${computers.lastSeen} < ${at})`;
}

/** Looks for the text first, which spares nearly every list its parsing. */
function isUsedBy(user: string): SQL {
  const inJson = lowerAscii(JSON.stringify(user).slice(1, -1));
  const value = sql`value`;
  return sql`instr(lower(${computers.usersJson}), ${inJson}) > 0 AND EXISTS (SELECT 1 FROM json_each(${computers.usersJson}) WHERE ${isUser(value, user)})`;
}
