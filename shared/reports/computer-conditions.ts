/** Which computers a query means, as conditions that an index serves where one can. */
import { type SQL, and, gte, lt, sql } from 'drizzle-orm';
import { disclosureRulesOf } from '../helpdesk/rules.ts';
import { fleet } from '../schema/compliance.ts';
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
    sites ? isOneOf(fleet.siteId, sites) : undefined,
    matches(fleet.computerName, query.computer),
    matches(fleet.domain, query.domain),
    matches(fleet.deviceId, query.deviceId),
    // A state is many computers' word: an index of anything else that is asked for finds fewer.
    state && sql`+${fleet.state} = ${state}`,
    inStanding(query, lists),
    user === undefined ? undefined : isUsedBy(user),
    silentDays === undefined ? undefined : lt(fleet.lastSeen, parts.platform.now() - silentDays * 86_400_000),
    deviceState && isInState(parts, lists, deviceState),
  );
}

function inStanding({ standing }: ComputerQuery, lists: StandingLists): SQL | undefined {
  if (standing === 'managed') return isNoneOf(fleet.deviceId, lists.gone());
  return standing === 'revoked' || standing === 'replaced' || standing === 'retired'
    ? isOneOf(fleet.deviceId, [...lists[standing]])
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
  if (state === 'stolen') return isOneOf(fleet.deviceId, [...stolen]);
  const others = isNoneOf(fleet.deviceId, [...stolen]);
  if (state === 'retired') return and(others, isOneOf(fleet.deviceId, [...retired]));
  const since = silentSince(parts);
  return and(
    others,
    isNoneOf(fleet.deviceId, [...retired]),
    state === 'silent' ? lt(fleet.lastSeen, since) : gte(fleet.lastSeen, since),
  );
}

/** Looks for the text first, which spares nearly every list its parsing. */
function isUsedBy(user: string): SQL {
  const inJson = lowerAscii(JSON.stringify(user).slice(1, -1));
  const value = sql`value`;
  return sql`instr(lower(${fleet.usersJson}), ${inJson}) > 0 AND EXISTS (SELECT 1 FROM json_each(${fleet.usersJson}) WHERE ${isUser(value, user)})`;
}
