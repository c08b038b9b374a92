/**
 * Enterprise compliance: how many managed computers are in which state, by site, reason and Windows version. All
 * figures come from one statement over the computers' latest reports, so they agree with each other.
 */
import { type SQL, and, count } from 'drizzle-orm';
import { z } from 'zod';
import { COMPLIANCE_STATES, type ComplianceState, NON_COMPLIANCE_REASONS } from '../domain/vocabulary.ts';
import { limits } from '../limits.ts';
import { fleet } from '../schema/compliance.ts';
import { complianceStateWords, nonComplianceReasonWords } from '../text/compliance.ts';
import { type Language, coded, wordsOf } from '../text/language.ts';
import { isInState } from './computer-conditions.ts';
import { type Reading, type ReportParts, reportHead, sitesFor } from './context.ts';
import { isNoneOf, isOneOf, matches } from './match.ts';
import type { EnterpriseAnswer, EnterpriseQuery, StateGroup } from './messages.ts';

const reasonCodes = z.array(z.number().int());
const complianceState = z.enum(COMPLIANCE_STATES).catch('unknown');

type Tally = Map<ComplianceState, number>;

export async function enterpriseCompliance(
  reading: Reading,
  query: EnterpriseQuery,
): Promise<EnterpriseAnswer> {
  const { parts, staff, language } = reading;
  const { configuration, ledger } = parts;
  const sites = sitesFor(staff, query.site);
  const head = reportHead(parts);
  const lists = await parts.standings.read();
  const within = and(sites ? isOneOf(fleet.siteId, sites) : undefined, matches(fleet.domain, query.domain));
  const counted = async (condition: SQL | undefined) => {
    const [row] = await ledger.readers.compliance.select({ is: count() }).from(fleet).where(condition);
    return row?.is ?? 0;
  };
  const { siteId, state, osVersion, reasonsJson } = fleet;
  const groups = await ledger.readers.compliance
    .select({ siteId, state, osVersion, reasonsJson, computers: count() })
    .from(fleet)
    .where(and(within, isNoneOf(fleet.deviceId, lists.gone())))
    .groupBy(siteId, state, osVersion, reasonsJson);

  const all: Tally = new Map();
  const bySite = new Map<string, Tally>(
    configuration
      .all('site')
      .filter(
        ({ id, body }) => (sites === null || sites.includes(id)) && isHeldHere(parts, id, body.regionId),
      )
      .map(({ id }) => [id, new Map()]),
  );
  const byOsVersion = new Map<string, Tally>();
  const byReason = new Map<number, number>();
  for (const found of groups) {
    const of = complianceState.parse(found.state);
    add(all, of, found.computers);
    add(tallyIn(bySite, found.siteId), of, found.computers);
    add(tallyIn(byOsVersion, found.osVersion), of, found.computers);
    if (of !== 'non-compliant') continue;
    for (const code of reasonCodes.parse(JSON.parse(found.reasonsJson))) add(byReason, code, found.computers);
  }
  const nonCompliant = all.get('non-compliant') ?? 0;
  return {
    ...head,
    ...stateGroup(all, language),
    notManaged: {
      revoked: await counted(and(within, isOneOf(fleet.deviceId, [...lists.revoked]))),
      retired: await counted(and(within, isOneOf(fleet.deviceId, [...lists.retired]))),
      replaced: await counted(and(within, isOneOf(fleet.deviceId, [...lists.replaced]))),
    },
    stolen: await counted(and(within, isOneOf(fleet.deviceId, lists.stolenAndManaged()))),
    silent: await counted(
      and(within, isNoneOf(fleet.deviceId, lists.gone()), isInState(parts, lists, 'silent')),
    ),
    bySite: [...bySite]
      .map(([id, tally]) => ({
        siteId: id,
        siteName: configuration.siteName(id),
        ...stateGroup(tally, language),
      }))
      .sort((a, b) => (a.siteId < b.siteId ? -1 : 1)),
    byReason: Object.keys(NON_COMPLIANCE_REASONS)
      .map(Number)
      .filter((code) => byReason.has(code))
      .map((code) => ({
        reason: { code, words: wordsOf(nonComplianceReasonWords, language, code) },
        computers: byReason.get(code) ?? 0,
        percentOfNonCompliant: share(byReason.get(code) ?? 0, nonCompliant),
      })),
    byOsVersion: mostFrequent(byOsVersion).map(([version, tally]) => ({
      osVersion: version,
      ...stateGroup(tally, language),
    })),
  };
}

function add<Key>(tally: Map<Key, number>, key: Key, computersMore: number): void {
  tally.set(key, (tally.get(key) ?? 0) + computersMore);
}

function tallyIn<Key>(tallies: Map<Key, Tally>, key: Key): Tally {
  const tally = tallies.get(key) ?? new Map<ComplianceState, number>();
  tallies.set(key, tally);
  return tally;
}

function sum(tally: ReadonlyMap<ComplianceState, number>): number {
  return [...tally.values()].reduce((total, one) => total + one, 0);
}

/** The versions that most computers run; what is beyond the limit comes together as null. */
function mostFrequent(byOsVersion: ReadonlyMap<string, Tally>): [string | null, Tally][] {
  const inOrder: [string | null, Tally][] = [...byOsVersion].sort(
    ([a, tallyA], [b, tallyB]) => sum(tallyB) - sum(tallyA) || (a < b ? -1 : 1),
  );
  const rest = inOrder.splice(limits.reportOsVersionsMax);
  if (rest.length === 0) return inOrder;
  const others: Tally = new Map();
  for (const [, tally] of rest) for (const [state, computersMore] of tally) add(others, state, computersMore);
  return [...inOrder, [null, others]];
}

/** How many computers are in which state, in the order of the states. */
export function stateGroup(tally: ReadonlyMap<ComplianceState, number>, language: Language): StateGroup {
  const counts = COMPLIANCE_STATES.map((state) => tally.get(state) ?? 0);
  const percents = percentages(counts);
  return {
    managed: sum(tally),
    states: COMPLIANCE_STATES.map((state, index) => ({
      state: coded(complianceStateWords, language, state),
      computers: counts[index] ?? 0,
      percent: percents[index] ?? null,
    })),
  };
}

/**
 * Percentages with one decimal that add up to 100: each is rounded down, and the tenths that are left go to those
 * that lost most by it. Of nothing there are none.
 */
export function percentages(counts: readonly number[]): (number | null)[] {
  const total = counts.reduce((all, one) => all + one, 0);
  if (total === 0) return counts.map(() => null);
  const tenths = counts.map((one, index) => {
    const exact = (one * 1000) / total;
    return { index, down: Math.floor(exact), lost: exact - Math.floor(exact) };
  });
  const left = 1000 - tenths.reduce((all, { down }) => all + down, 0);
  const most = [...tenths].sort((a, b) => b.lost - a.lost || a.index - b.index).slice(0, left);
  return tenths.map((one) => (one.down + Number(most.includes(one))) / 10);
}

function share(part: number, whole: number): number | null {
  return whole === 0 ? null : Math.round((part * 1000) / whole) / 10;
}

/** Whether this node holds the reports of a site: a zero for one that it does not hold would be a false answer. */
function isHeldHere({ identity }: ReportParts, siteId: string, regionId: string): boolean {
  const { role, scope, siteId: own, regionId: region } = identity.certificate;
  if (role === 'centre' || scope.compliance === 'all') return true;
  return scope.compliance === 'region' ? regionId === region : siteId === own;
}
