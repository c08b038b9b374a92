/** How carefully keys are given out where nothing else is configured, and which rules hold for a site. */
import type { Configuration } from '../configuration.ts';
import type { ConfigBody } from '../journal/bodies.ts';

export type DisclosureRules = Omit<ConfigBody<'disclosure-rules'>, 'siteId'>;

const DAY_MS = 86_400_000;

export const DEFAULT_DISCLOSURE_RULES: DisclosureRules = {
  /** A busy day at a helpdesk is a call every few minutes; beyond it is a fault of many machines, or theft. */
  personPerHour: 20,
  /** three people at their limit */
  nodePerHour: 60,
  twoPersons: false,
  /** A long weekend passes unnoticed; who was dismissed meanwhile may still sign in here, so then two have to agree. */
  twoPersonsOfflineMs: 7 * DAY_MS,
  breakGlassOfflineMs: 30 * DAY_MS,
  breakGlassDisclosures: 500,
  silentMs: 30 * DAY_MS,
  /** A PC that was unlocked reports within hours; three days are a weekend. */
  rotationDueMs: 3 * DAY_MS,
  domainNames: [],
};

/** A site's own rules, or the organisation's; `null`: of no site, as a centre is. */
export function disclosureRulesOf(configuration: Configuration, siteId: string | null): DisclosureRules {
  const all = configuration.all('disclosure-rules').sort((a, b) => (a.id < b.id ? -1 : 1));
  const of = (site: string | null) => all.find(({ body }) => body.siteId === site)?.body;
  return (siteId === null ? undefined : of(siteId)) ?? of(null) ?? DEFAULT_DISCLOSURE_RULES;
}
