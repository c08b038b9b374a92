/**
 * Reports, computed live from what this node holds, as JSON or CSV. Each says how fresh its data is: JSON in its
 * `freshness`; CSV in the header `Holdfast-Freshness`, because a line that is no record would spoil the table.
 */
import { createRoute, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { type StaffRole, STAFF_ROLES } from '../../domain/vocabulary.ts';
import { limits } from '../../limits.ts';
import type { HoldfastNode } from '../../node.ts';
import { auditCsv } from '../../reports/audit-csv.ts';
import { auditPages, recoveryAudit } from '../../reports/audit.ts';
import { computersCsv } from '../../reports/computers-csv.ts';
import { computerCompliance, computerPages } from '../../reports/computers.ts';
import { type Reading, type ReportParts, reportHead, reportPartsOf } from '../../reports/context.ts';
import { streamOf } from '../../reports/csv.ts';
import { enterpriseCsv } from '../../reports/enterprise-csv.ts';
import { enterpriseCompliance } from '../../reports/enterprise.ts';
import { keysAtRiskCsv } from '../../reports/keys-at-risk-csv.ts';
import { keysAtRisk, keysAtRiskPages } from '../../reports/keys-at-risk.ts';
import * as messages from '../../reports/messages.ts';
import { signInsCsv } from '../../reports/sign-ins-csv.ts';
import { signInPages, signIns } from '../../reports/sign-ins.ts';
import { TimeZone } from '../../reports/time.ts';
import { trendCsv } from '../../reports/trend-csv.ts';
import { trendReport } from '../../reports/trend.ts';
import { requireStaff } from '../../staff/authenticate.ts';
import { type Language, preferredLanguage } from '../../text/language.ts';
import type { AppEnv, Routes } from '../context.ts';
import { jsonContent, problems, staffToken } from '../openapi.ts';

const AUDIT_ROLES: readonly StaffRole[] = ['reports', 'auditor', 'administrator'];
/** What people did, not what became of keys: for those who watch over people. */
const SIGN_IN_ROLES: readonly StaffRole[] = ['auditor', 'administrator'];
const FRESHNESS_HEADER = 'Holdfast-Freshness';

const headers = z.object({
  [FRESHNESS_HEADER]: z
    .string()
    .optional()
    .openapi({ description: 'With CSV: JSON of what `freshness` says, the stalest nodes first.' }),
});

const answers = <S extends z.ZodType>(schema: S, description: string) => ({
  200: {
    description,
    headers,
    content: { ...jsonContent(schema), 'text/csv': { schema: z.string() } },
  },
  ...problems(
    ...(['credentials-missing', 'token-invalid', 'forbidden', 'site-not-assigned'] as const),
    ...(['centre-unconfirmed', 'overloaded', 'storage-unavailable'] as const),
  ),
});

const enterpriseRoute = createRoute({
  method: 'get',
  path: '/v1/reports/enterprise-compliance',
  summary: 'How many managed computers are in which compliance state',
  description:
    'By site, by reason for non-compliance and by Windows version. Staff of some sites see those alone.',
  security: staffToken,
  request: { query: messages.enterpriseQuery },
  responses: answers(messages.enterpriseAnswer, 'Computers and percentages'),
});

const trendRoute = createRoute({
  method: 'get',
  path: '/v1/reports/compliance-trend',
  summary: 'How many managed computers were in which compliance state, day by day',
  description:
    'Each node counts once an hour and keeps the last count of each day, as it knew it then: the days before it was set up are not there.',
  security: staffToken,
  request: { query: messages.trendQuery },
  responses: answers(messages.trendAnswer, 'Days, the oldest first'),
});

const computerRoute = createRoute({
  method: 'get',
  path: '/v1/reports/computer-compliance',
  summary: 'Computers with their volumes and the history of their keys',
  description: 'By computer name. CSV has a row for each volume, and every page.',
  security: staffToken,
  request: { query: messages.computerQuery },
  responses: answers(messages.computerAnswer, 'One page of computers'),
});

const auditRoute = createRoute({
  method: 'get',
  path: '/v1/reports/recovery-audit',
  summary: 'Who asked for which recovery key',
  description:
    'Newest first, key-ID searches and refusals included. What belongs to no site, such as a search, is shown to those who see every site. CSV has every page.',
  security: staffToken,
  request: { query: messages.auditQuery },
  responses: answers(messages.auditAnswer, 'One page of the audit'),
});

const keysAtRiskRoute = createRoute({
  method: 'get',
  path: '/v1/reports/keys-at-risk',
  summary: 'Keys that need somebody: given out and not rotated, in conflict, not confirmed, never seen since',
  description:
    'By key ID. A key that was given out is to be rotated until its drive is reported without it; the answer says which are overdue. CSV has every page.',
  security: staffToken,
  request: { query: messages.keysAtRiskQuery },
  responses: answers(messages.keysAtRiskAnswer, 'One page of keys'),
});

const signInRoute = createRoute({
  method: 'get',
  path: '/v1/reports/sign-ins',
  summary: 'Who signed in and who tried to, and what was done to accounts',
  description:
    'Newest first. Staff of some sites see what happened at the nodes of these. Which codes were used is not among it. CSV has every page.',
  security: staffToken,
  request: { query: messages.signInQuery },
  responses: answers(messages.signInAnswer, 'One page of what happened'),
});

export const reportRoutes: Routes = (app, node) => {
  const parts = reportPartsOf(node);

  app.openapi(enterpriseRoute, async (c) => {
    const query = c.req.valid('query');
    const reading = await readingOf(node, parts, c, query, STAFF_ROLES);
    const answer = await enterpriseCompliance(reading, query);
    if (!wantsCsv(c, query.format)) return c.json(answer, 200, common(reading));
    return c.body(await streamOf(enterpriseCsv(answer, reading)), 200, csvHeaders(reading, enterpriseRoute));
  });
  app.openapi(trendRoute, async (c) => {
    const query = c.req.valid('query');
    const reading = await readingOf(node, parts, c, query, STAFF_ROLES);
    const answer = await trendReport(reading, query);
    if (!wantsCsv(c, query.format)) return c.json(answer, 200, common(reading));
    return c.body(await streamOf(trendCsv(answer, reading)), 200, csvHeaders(reading, trendRoute));
  });
  app.openapi(computerRoute, async (c) => {
    const query = c.req.valid('query');
    const reading = await readingOf(node, parts, c, query, STAFF_ROLES);
    if (!wantsCsv(c, query.format))
      return c.json(await computerCompliance(reading, query), 200, common(reading));
    const texts = computersCsv(computerPages(reading, query), reading);
    return c.body(await streamOf(texts), 200, csvHeaders(reading, computerRoute));
  });
  app.openapi(keysAtRiskRoute, async (c) => {
    const query = c.req.valid('query');
    const reading = await readingOf(node, parts, c, query, STAFF_ROLES);
    if (!wantsCsv(c, query.format)) return c.json(await keysAtRisk(reading, query), 200, common(reading));
    const texts = keysAtRiskCsv(keysAtRiskPages(reading, query), reading);
    return c.body(await streamOf(texts), 200, csvHeaders(reading, keysAtRiskRoute));
  });
  app.openapi(signInRoute, async (c) => {
    const query = c.req.valid('query');
    const reading = await readingOf(node, parts, c, query, SIGN_IN_ROLES);
    if (!wantsCsv(c, query.format)) return c.json(await signIns(reading, query), 200, common(reading));
    const texts = signInsCsv(signInPages(reading, query), reading);
    return c.body(await streamOf(texts), 200, csvHeaders(reading, signInRoute));
  });
  app.openapi(auditRoute, async (c) => {
    const query = c.req.valid('query');
    const reading = await readingOf(node, parts, c, query, AUDIT_ROLES);
    if (!wantsCsv(c, query.format)) return c.json(await recoveryAudit(reading, query), 200, common(reading));
    const texts = auditCsv(auditPages(reading, query), reading);
    return c.body(await streamOf(texts), 200, csvHeaders(reading, auditRoute));
  });
};

async function readingOf(
  node: HoldfastNode,
  parts: ReportParts,
  c: Context<AppEnv>,
  query: { lang?: Language | undefined; timeZone?: string | undefined },
  roles: readonly StaffRole[],
): Promise<Reading> {
  node.confirmation.require();
  return {
    parts,
    staff: await requireStaff(node, c, 'reports', roles),
    language: query.lang ?? preferredLanguage(c.req.header('Accept-Language')),
    zone: new TimeZone(query.timeZone ?? null),
  };
}

function wantsCsv(c: Context<AppEnv>, format: 'json' | 'csv' | undefined): boolean {
  if (format !== undefined) return format === 'csv';
  const named = /\b(text\/csv|application\/json)\b/i.exec(c.req.header('Accept') ?? '')?.[1];
  return named?.toLowerCase() === 'text/csv';
}

function common({ language }: Reading): Record<string, string> {
  return {
    'Cache-Control': 'no-store',
    'Content-Language': language,
    Vary: 'Accept, Accept-Language, Authorization',
  };
}

function csvHeaders(reading: Reading, { path }: { readonly path: string }): Record<string, string> {
  const head = reportHead(reading.parts);
  const day = new Date(head.generatedAt).toISOString().slice(0, 10);
  return {
    ...common(reading),
    'Content-Type': 'text/csv; charset=utf-8; header=present',
    'Content-Disposition': `attachment; filename="${path.replace(/^.*\//, '')}-${day}.csv"`,
    [FRESHNESS_HEADER]: freshnessHeader(head),
  };
}

/** Short enough for every proxy: without names for people, and the stalest nodes first. */
function freshnessHeader({ generatedAt, node, offlineSince, freshness }: messages.ReportHead): string {
  const text = (ms: number | null) => (ms === 0 ? 'never' : ms && new Date(ms).toISOString());
  const stalest = [...freshness].sort((a, b) => (a.asOf ?? 0) - (b.asOf ?? 0));
  const shown = stalest.slice(0, limits.freshnessHeaderNodesMax);
  return JSON.stringify({
    generatedAt: text(generatedAt),
    node: node.name,
    offlineSince: text(offlineSince),
    nodes: shown.map(({ nodeName, siteId, asOf, entriesBehind, lastContactWithCentre }) => ({
      ...{ node: nodeName, site: siteId, asOf: text(asOf), entriesBehind },
      lastContactWithCentre: text(lastContactWithCentre),
    })),
    nodesNotShown: stalest.length - shown.length,
  });
}
