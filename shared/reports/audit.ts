/**
 * Recovery audit: who asked for which key, for whom and why, and what came of it; searches by key ID as well. Newest
 * first.
 */
import { type SQL, and, desc, eq, gte, lt, or } from 'drizzle-orm';
import { z } from 'zod';
import { STAFF_ROLES } from '../domain/vocabulary.ts';
import { audit } from '../schema/recovery.ts';
import {
  auditActionWords,
  auditKeyTypeWords,
  auditSourceWords,
  auditStatusWords,
  disclosureReasonWords,
  failureWords,
  staffRoleWords,
  verificationWords,
} from '../text/audit.ts';
import { type CodedWords, type Words, coded, wordsOf } from '../text/language.ts';
import { type Reading, reportHead, sitesFor } from './context.ts';
import { isOneOf, isUser, matches } from './match.ts';
import type { AuditAnswer, AuditQuery, AuditRow } from './messages.ts';
import { type Place, chunksOf, isBeyond, pageOf } from './place.ts';
import { spanOf } from './time.ts';

type Facts = typeof audit.$inferSelect;

export async function recoveryAudit(reading: Reading, query: AuditQuery): Promise<AuditAnswer> {
  const head = reportHead(reading.parts);
  const { found, nextCursor } = await pageOf(readerOf(reading, query), query);
  return { ...head, rows: found.map((row) => rowOf(reading, row)), nextCursor };
}

/** All records of a query, in small pages. */
export async function* auditPages(reading: Reading, query: AuditQuery): AsyncGenerator<AuditRow[]> {
  for await (const found of chunksOf(readerOf(reading, query), reading.parts.platform))
    yield found.map((row) => rowOf(reading, row));
}

function readerOf(reading: Reading, query: AuditQuery) {
  const { at, origin, seq } = audit;
  return (after: Place | null, rowsMax: number): Promise<Facts[]> =>
    reading.parts.ledger.readers.recovery
      .select()
      .from(audit)
      .where(and(conditionOf(reading, query), after ? isBeyond(audit, after) : undefined))
      .orderBy(desc(at), desc(origin), desc(seq))
      .limit(rowsMax);
}

function conditionOf({ staff, zone }: Reading, query: AuditQuery): SQL | undefined {
  const sites = sitesFor(staff, query.site);
  const { from, to, helpdeskUser, endUser, source, action, status, keyType, reason, verification, node } =
    query;
  return and(
    // A search, or a key that is not known, belongs to no site: only those who see every site see it.
    sites ? isOneOf(audit.siteId, sites) : undefined,
    from === undefined ? undefined : gte(audit.at, spanOf(from, zone).from),
    to === undefined ? undefined : lt(audit.at, spanOf(to, zone).until),
    matches(audit.computerName, query.computer),
    matches(audit.domain, query.domain),
    matches(audit.deviceId, query.deviceId),
    helpdeskUser === undefined
      ? undefined
      : or(matches(audit.staffId, helpdeskUser), matches(audit.staffName, helpdeskUser)),
    endUser === undefined ? undefined : isUser(audit.endUser, endUser),
    source && eq(audit.source, source),
    action && eq(audit.action, action),
    status && eq(audit.status, status),
    keyType && eq(audit.keyType, keyType),
    reason && eq(audit.reason, reason),
    verification && eq(audit.verification, verification),
    node === undefined ? undefined : eq(audit.nodeName, node),
  );
}

function rowOf({ parts, language }: Reading, facts: Facts): AuditRow {
  const { hlc: _hlc, ...row } = facts;
  const say = <Code extends string>(words: Words<Code>, code: string): CodedWords<string> => ({
    code,
    words: wordsOf(words, language, code),
  });
  return {
    ...row,
    source: say(auditSourceWords, facts.source),
    action: say(auditActionWords, facts.action),
    status: say(auditStatusWords, facts.status),
    failure: facts.failure === null ? null : say(failureWords, facts.failure),
    staffRole: coded(staffRoleWords, language, z.enum(STAFF_ROLES).parse(facts.staffRole)),
    keyType: facts.keyType === null ? null : say(auditKeyTypeWords, facts.keyType),
    reason: facts.reason === null ? null : say(disclosureReasonWords, facts.reason),
    verification: facts.verification === null ? null : say(verificationWords, facts.verification),
    siteName: facts.siteId === null ? null : parts.configuration.siteName(facts.siteId),
  };
}
