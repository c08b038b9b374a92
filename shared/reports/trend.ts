/**
 * The enterprise report over time. A node counts once in a while how many managed computers are in which state, and keeps
 * the last count of each day: what it knew then, for reports that came later do not change what was known.
 */
import { and, count, gte, sum } from 'drizzle-orm';
import { z } from 'zod';
import { COMPLIANCE_STATES, type ComplianceState } from '../domain/vocabulary.ts';
import { limits } from '../limits.ts';
import { fleet, localTrend } from '../schema/compliance.ts';
import { type Reading, type ReportParts, reportHead, sitesFor } from './context.ts';
import { stateGroup } from './enterprise.ts';
import { isNoneOf, isOneOf } from './match.ts';
import type { TrendAnswer, TrendQuery } from './messages.ts';

const DAY_MS = 86_400_000;
const complianceState = z.enum(COMPLIANCE_STATES).catch('unknown');

export interface TrendDay {
  /** the day's beginning, UTC */
  readonly at: number;
  readonly computers: ReadonlyMap<ComplianceState, number>;
}

/** Counts anew for today, in place of today's earlier count, and forgets what is too old. */
export async function recordTrend(parts: ReportParts): Promise<void> {
  const { ledger, platform, standings } = parts;
  const lists = await standings.read();
  const { siteId, state } = fleet;
  const rows = await ledger.readers.compliance
    .select({ siteId, state, computers: count() })
    .from(fleet)
    .where(isNoneOf(fleet.deviceId, lists.gone()))
    .groupBy(siteId, state);
  const today = Math.floor(platform.now() / DAY_MS);
  await ledger.note('compliance', [
    {
      sql: 'DELETE FROM local_trend WHERE day = ? OR day < ?',
      args: [today, today - limits.trendDaysMax],
    },
    {
      sql: `INSERT INTO local_trend (day, site_id, state, computers) SELECT ?, json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]') FROM json_each(?)`,
      args: [today, JSON.stringify(rows.map((row) => [row.siteId, row.state, row.computers]))],
    },
  ]);
}

/** The days that were counted, oldest first; those before the first count are not there. */
export async function complianceTrend(
  { parts, staff }: Reading,
  query: { readonly site?: string | undefined },
  days: number,
): Promise<TrendDay[]> {
  const sites = sitesFor(staff, query.site);
  const today = Math.floor(parts.platform.now() / DAY_MS);
  const { day, state } = localTrend;
  const rows = await parts.ledger.readers.compliance
    .select({ day, state, computers: sum(localTrend.computers).mapWith(Number) })
    .from(localTrend)
    .where(and(gte(day, today - days), sites ? isOneOf(localTrend.siteId, sites) : undefined))
    .groupBy(day, state)
    .orderBy(day);
  return [...Map.groupBy(rows, (row) => row.day)].map(([of, states]) => ({
    at: of * DAY_MS,
    computers: new Map(states.map((row) => [complianceState.parse(row.state), row.computers])),
  }));
}

/** The same for programs, with each state's words and share. */
export async function trendReport(reading: Reading, query: TrendQuery): Promise<TrendAnswer> {
  const days = await complianceTrend(reading, query, query.days);
  return {
    ...reportHead(reading.parts),
    days: days.map(({ at, computers: tally }) => ({
      day: new Date(at).toISOString().slice(0, 10),
      ...stateGroup(tally, reading.language),
    })),
  };
}
