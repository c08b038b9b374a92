/**
 * What this node's own audit records say: how much was given out in the last hour, what waits for a second person, what
 * was opened. Nothing of it is kept elsewhere, so it outlives every restart and is in the audit report as it is.
 *
 * Own records are those in this node's own logs. What is in other nodes' counts for one thing here: it uses up the hour
 * of the person that it names.
 */
import {
  type SQL,
  and,
  asc,
  count,
  desc,
  eq,
  getTableColumns,
  gt,
  gte,
  inArray,
  isNull,
  like,
  lt,
  ne,
  notInArray,
  or,
  sql,
} from 'drizzle-orm';
import { z } from 'zod';
import { STAFF_ROLES } from '../domain/vocabulary.ts';
import type { Ledger } from '../journal/ledger.ts';
import type { NodeIdentity } from '../journal/parts.ts';
import { audit, recoveryJournal } from '../schema/recovery.ts';
import type { Recorded } from './audit.ts';

export type OwnRecord = typeof audit.$inferSelect;

/** Whose record it is. */
export function personOf({ staffId, staffName, staffRole, address }: OwnRecord): Recorded {
  return { staff: { staffId, name: staffName, role: z.enum(STAFF_ROLES).parse(staffRole) }, address };
}

const DISCLOSED = and(eq(audit.action, 'disclosure'), eq(audit.status, 'Successful'));
/** what the limits of the hour count */
const COUNTED = and(DISCLOSED, eq(audit.source, 'Helpdesk'), isNull(audit.breakGlassId));

export class OwnRecords {
  readonly #reader: Ledger['readers']['recovery'];
  readonly #own: SQL | undefined;

  constructor({ ledger, identity }: { ledger: Ledger; identity: NodeIdentity }) {
    this.#reader = ledger.readers.recovery;
    const { nodeId } = identity.certificate;
    // An origin is `nodeId.incarnation`, and '/' follows '.'. The plus keeps SQLite from reading all own records by this:
    // the few in question have an index of their own.
    const origin = sql`+${audit.origin}`;
    this.#own = and(gte(origin, `${nodeId}.`), lt(origin, `${nodeId}/`));
  }

  /**
   * When the last disclosure but `nth` at this node was, of those within `windowMs` of `now` that are not under
   * break-glass; null when there are not so many.
   */
  lastDisclosure(nth: number, now: number, windowMs: number): Promise<number | null> {
    return this.#last(nth, now, windowMs, COUNTED, this.#own);
  }

  /**
   * The same of one person at whatever node, as far as records of it are held here: somebody who goes on at another node
   * has no other hour there.
   */
  lastDisclosureOf(staffId: string, nth: number, now: number, windowMs: number): Promise<number | null> {
    return this.#last(nth, now, windowMs, COUNTED, eq(audit.staffId, staffId));
  }

  /** The same of one person's searches, but for those that were refused because there were too many. */
  lastSearchOf(staffId: string, nth: number, now: number, windowMs: number): Promise<number | null> {
    const isSearch = and(
      eq(audit.action, 'search'),
      or(isNull(audit.failure), ne(audit.failure, 'search-limit')),
    );
    return this.#last(nth, now, windowMs, isSearch, eq(audit.staffId, staffId));
  }

  async #last(
    nth: number,
    now: number,
    windowMs: number,
    ...conditions: (SQL | undefined)[]
  ): Promise<number | null> {
    const [row] = await this.#reader
      .select({ at: audit.at })
      .from(audit)
      .where(and(gt(audit.at, now - windowMs), lt(audit.at, now + windowMs), ...conditions))
      .orderBy(desc(audit.at))
      .limit(1)
      .offset(nth);
    return row?.at ?? null;
  }

  /** All records of one request, in their order. */
  ofRequest(requestId: string): Promise<OwnRecord[]> {
    return this.#records(eq(audit.requestId, requestId));
  }

  /** Requests that were neither denied nor used, and have not been found to be expired. */
  openRequests(): Promise<OwnRecord[]> {
    const ended = this.#reader
      .select({ requestId: audit.requestId })
      .from(audit)
      .where(
        and(
          ...[gt(audit.requestId, ''), this.#own, eq(audit.status, 'Successful')],
          inArray(audit.action, ['denial', 'expiry', 'disclosure']),
        ),
      );
    return this.#records(
      and(gt(audit.requestId, ''), eq(audit.action, 'request'), notInArray(audit.requestId, ended)),
    );
  }

  /** What was asked for, opened and ended of break-glass, in its order. */
  openings(): Promise<OwnRecord[]> {
    return this.#records(
      and(gt(audit.breakGlassId, ''), like(audit.action, 'break-glass-%'), eq(audit.status, 'Successful')),
    );
  }

  async disclosedUnder(breakGlassId: string): Promise<number> {
    const [row] = await this.#reader
      .select({ is: count() })
      .from(audit)
      .where(and(eq(audit.breakGlassId, breakGlassId), DISCLOSED, this.#own));
    return row?.is ?? 0;
  }

  /** In the order in which they were written, which no clock changes (I14). */
  #records(condition: SQL | undefined): Promise<OwnRecord[]> {
    return this.#reader
      .select(getTableColumns(audit))
      .from(audit)
      .innerJoin(
        recoveryJournal,
        and(eq(recoveryJournal.origin, audit.origin), eq(recoveryJournal.seq, audit.seq)),
      )
      .where(and(condition, this.#own))
      .orderBy(asc(recoveryJournal.arrival));
  }
}
