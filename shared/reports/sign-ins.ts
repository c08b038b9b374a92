/**
 * Sign-ins: who came in and who tried to, by what and from where, at which node, and what was done to accounts. Newest
 * first. It belongs to the site of the node where it happened, which the node's certificate says.
 */
import { type SQL, and, desc, eq, gte, lt, or, sql } from 'drizzle-orm';
import { accountEvents } from '../schema/recovery.ts';
import { auditStatusWords } from '../text/audit.ts';
import { type CodedWords, type Words, wordsOf } from '../text/language.ts';
import { accountActionWords, signInFailureWords, signInMethodWords } from '../text/sign-ins.ts';
import type { Origin } from '../trust/certificate.ts';
import { type Reading, type ReportParts, reportHead, sitesFor } from './context.ts';
import { isNamed, isOneOf, matches } from './match.ts';
import type { SignInAnswer, SignInQuery, SignInRow } from './messages.ts';
import { type Place, chunksOf, isBeyond, pageOf } from './place.ts';
import { spanOf } from './time.ts';

type Facts = typeof accountEvents.$inferSelect;

export async function signIns(reading: Reading, query: SignInQuery): Promise<SignInAnswer> {
  const head = reportHead(reading.parts);
  const { found, nextCursor } = await pageOf(readerOf(reading, query), query);
  return { ...head, rows: found.map((row) => rowOf(reading, row)), nextCursor };
}

/** All that a query finds, in small pages. */
export async function* signInPages(reading: Reading, query: SignInQuery): AsyncGenerator<SignInRow[]> {
  for await (const found of chunksOf(readerOf(reading, query), reading.parts.platform))
    yield found.map((row) => rowOf(reading, row));
}

function readerOf(reading: Reading, query: SignInQuery) {
  const { at, origin, seq } = accountEvents;
  return (after: Place | null, rowsMax: number): Promise<Facts[]> =>
    reading.parts.ledger.readers.recovery
      .select()
      .from(accountEvents)
      .where(and(conditionOf(reading, query), after ? isBeyond(accountEvents, after) : undefined))
      .orderBy(desc(at), desc(origin), desc(seq))
      .limit(rowsMax);
}

function conditionOf({ parts, staff, zone }: Reading, query: SignInQuery): SQL | undefined {
  const sites = sitesFor(staff, query.site);
  const { from, to, person, action, status, failure, method, node, address } = query;
  return and(
    // What happened at a centre belongs to no site: only those who see every site see it.
    sites ? isOneOf(sql`substr(${accountEvents.origin}, 1, 10)`, nodesAt(parts, sites)) : undefined,
    from === undefined ? undefined : gte(accountEvents.at, spanOf(from, zone).from),
    to === undefined ? undefined : lt(accountEvents.at, spanOf(to, zone).until),
    person === undefined
      ? undefined
      : or(matches(accountEvents.staffId, person), isOneOf(accountEvents.staffId, idsOf(parts, person))),
    action && eq(accountEvents.action, action),
    status && eq(accountEvents.status, status),
    failure && eq(accountEvents.failure, failure),
    method && eq(accountEvents.method, method),
    node === undefined ? undefined : eq(accountEvents.nodeName, node),
    matches(accountEvents.address, address),
  );
}

/** The nodes that stand at these sites. Whose log it is says which node it was; what the record says of it is its word. */
function nodesAt({ ledger }: ReportParts, sites: readonly string[]): string[] {
  const certificates = [...ledger.origins('recovery').values()].map(({ certificate }) => certificate);
  const found = certificates.filter(({ siteId }) => siteId !== null && sites.includes(siteId));
  return [...new Set(found.map(({ nodeId }) => nodeId))];
}

/** Sign-in names of those who are called so. */
function idsOf({ configuration }: ReportParts, pattern: string): string[] {
  return configuration.all('staff').flatMap(({ id, body }) => (isNamed(body.name, pattern) ? [id] : []));
}

function rowOf({ parts: { ledger, configuration }, language }: Reading, facts: Facts): SignInRow {
  const { origin, seq, at, staffId, byStaffId, nodeId, nodeName, address, offlineSince } = facts;
  const say = <Code extends string>(words: Words<Code>, code: string): CodedWords<string> => ({
    code,
    words: wordsOf(words, language, code),
  });
  const nameOf = (id: string | null) =>
    id === null ? null : (configuration.get('staff', id)?.body.name ?? null);
  const siteId = ledger.origins('recovery').get(origin as Origin)?.certificate.siteId ?? null;
  return {
    ...{ origin, seq, at, nodeId, nodeName, address, offlineSince },
    action: say(accountActionWords, facts.action),
    status: say(auditStatusWords, facts.status),
    failure: facts.failure === null ? null : say(signInFailureWords, facts.failure),
    method: facts.method === null ? null : say(signInMethodWords, facts.method),
    ...{ staffId, staffName: nameOf(staffId) },
    ...{ byId: byStaffId, byName: nameOf(byStaffId) },
    ...{ siteId, siteName: siteId === null ? null : configuration.siteName(siteId) },
  };
}
