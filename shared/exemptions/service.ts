/**
 * Exemptions that a user asks for. The helpdesk writes down who asks and why, at any node and without the centre; an
 * administrator at a centre approves, which configures the exemption in the same commit, or refuses. Both are entries,
 * so whoever asked sees the answer at their own node, and the device is told with its next report there.
 */
import { and, count, desc, eq, exists, not, sql } from 'drizzle-orm';
import { QueryBuilder } from 'drizzle-orm/sqlite-core';
import type { Configuration } from '../configuration.ts';
import { Problem } from '../http/problem.ts';
import { inTurn } from '../in-turn.ts';
import type { Draft } from '../journal/drafts.ts';
import type { Ledger } from '../journal/ledger.ts';
import type { NodeIdentity } from '../journal/parts.ts';
import { limits } from '../limits.ts';
import { type Platform, randomName } from '../platform.ts';
import { isOneOf } from '../reports/match.ts';
import { computers } from '../schema/compliance.ts';
import { exemptionAnswers, exemptionRequests } from '../schema/recovery.ts';
import type { StaffMember } from '../staff/member.ts';
import type { AskExemption, AskedExemption } from './messages.ts';

export interface ExemptionParts {
  readonly ledger: Ledger;
  readonly platform: Platform;
  readonly identity: NodeIdentity;
  readonly configuration: Configuration;
}

export class ExemptionService {
  readonly #parts: ExemptionParts;
  readonly #inTurn = inTurn();

  constructor(parts: ExemptionParts) {
    this.#parts = parts;
  }

  /** Throws a Problem: an unknown computer, one of another's sites, one that was asked for already. */
  ask(staff: StaffMember, asked: AskExemption): Promise<AskedExemption> {
    return this.#inTurn(async () => {
      const { ledger, platform } = this.#parts;
      const [computer] = await ledger.readers.compliance
        .select({ siteId: computers.siteId, computerName: computers.computerName })
        .from(computers)
        .where(eq(computers.deviceId, asked.deviceId));
      if (!computer) throw new Problem('not-found');
      if (!maySee(staff, computer.siteId)) throw new Problem('site-not-assigned');
      if (asked.until !== null && asked.until <= platform.now())
        throw new Problem('invalid-request', { fields: [{ at: 'until', code: 'in_the_past' }] });
      const before = await this.#read({ deviceId: asked.deviceId });
      if (before.some(({ state }) => state === 'waiting')) throw new Problem('exemption-open');
      if ((await this.#waiting()) >= limits.exemptionRequestsOpenMax)
        throw new Problem('overloaded', {}, { 'Retry-After': '3600' });
      const requestId = `x-${randomName(platform, 16)}`;
      const { staffId, name: staffName } = staff;
      const body = { requestId, ...asked, ...computer, at: platform.now(), staffId, staffName };
      await ledger.append('recovery', [{ kind: 'exemption-request', body }]);
      return this.#find(requestId);
    });
  }

  /** Of the sites that this person sees, those that wait first, then the newest, up to a bound. */
  async list(staff: StaffMember, of: { readonly deviceId?: string | undefined }): Promise<AskedExemption[]> {
    return (await this.#read(of)).filter(({ siteId }) => maySee(staff, siteId));
  }

  /** Configures what was asked for, until the day that the administrator says. Throws a Problem. */
  approve(
    staff: StaffMember,
    requestId: string,
    { until, note }: { readonly until: number | null; readonly note?: string | undefined },
  ): Promise<AskedExemption> {
    const { configuration, ledger, platform } = this.#parts;
    return configuration.inTurn(async () => {
      const { deviceId, endUser, reason } = await this.#answerable(requestId);
      if (until !== null && until <= platform.now())
        throw new Problem('invalid-request', { fields: [{ at: 'until', code: 'in_the_past' }] });
      const body = {
        kind: until === null ? ('user-exempt' as const) : ('temporary-user-exempt' as const),
        ...{ until, revoked: false },
        reason: `${endUser}: ${reason}`.slice(0, limits.noteCharactersMax),
      };
      const revision = (configuration.get('exemption', deviceId)?.revision ?? 0) + 1;
      const by = staff.staffId;
      const exemption: Draft = {
        kind: 'config',
        body: { kind: 'exemption', id: deviceId, revision, body, by },
      };
      await ledger.append('recovery', [
        exemption,
        this.#answer(staff, requestId, { approved: true, until, note: note ?? null }),
      ]);
      await configuration.settled();
      return this.#find(requestId);
    });
  }

  /** Throws a Problem. */
  refuse(
    staff: StaffMember,
    requestId: string,
    { note }: { readonly note?: string | undefined },
  ): Promise<AskedExemption> {
    return this.#parts.configuration.inTurn(async () => {
      await this.#answerable(requestId);
      const answer = { approved: false, until: null, note: note ?? null };
      await this.#parts.ledger.append('recovery', [this.#answer(staff, requestId, answer)]);
      return this.#find(requestId);
    });
  }

  #answer(
    { staffId, name: staffName }: StaffMember,
    requestId: string,
    answer: { approved: boolean; until: number | null; note: string | null },
  ): Draft {
    const at = this.#parts.platform.now();
    return { kind: 'exemption-answer', body: { requestId, ...answer, at, staffId, staffName } };
  }

  async #answerable(requestId: string): Promise<AskedExemption> {
    if (this.#parts.identity.certificate.role !== 'centre')
      throw new Problem('forbidden', { why: 'only a centre configures' });
    const request = await this.#find(requestId);
    if (request.state !== 'waiting') throw new Problem('exemption-over');
    return request;
  }

  async #find(requestId: string): Promise<AskedExemption> {
    const [found] = await this.#read({ requestId });
    if (!found) throw new Problem('exemption-unknown');
    return found;
  }

  async #waiting(): Promise<number> {
    const [all] = await this.#parts.ledger.readers.recovery
      .select({ waiting: count() })
      .from(exemptionRequests)
      .where(not(isAnswered));
    return all?.waiting ?? 0;
  }

  async #read(of: {
    readonly deviceId?: string | undefined;
    readonly requestId?: string;
  }): Promise<AskedExemption[]> {
    const { ledger, configuration } = this.#parts;
    const reader = ledger.readers.recovery;
    const { deviceId, requestId, hlc } = exemptionRequests;
    const asked = await reader
      .select()
      .from(exemptionRequests)
      .where(
        and(
          of.deviceId === undefined ? undefined : eq(deviceId, of.deviceId),
          of.requestId === undefined ? undefined : eq(requestId, of.requestId),
        ),
      )
      .orderBy(isAnswered, desc(hlc))
      .limit(limits.exemptionRequestsShownMax);
    const answers = await reader
      .select()
      .from(exemptionAnswers)
      .where(
        isOneOf(
          exemptionAnswers.requestId,
          asked.map((request) => request.requestId),
        ),
      )
      .orderBy(exemptionAnswers.hlc, exemptionAnswers.origin);
    return asked.map((request) =>
      told(
        request,
        // Of several, which two centres may have given at once, the first counts.
        answers.find((answer) => answer.requestId === request.requestId),
        configuration.siteName(request.siteId),
      ),
    );
  }
}

const isAnswered = exists(
  new QueryBuilder()
    .select({ one: sql`1` })
    .from(exemptionAnswers)
    .where(eq(exemptionAnswers.requestId, exemptionRequests.requestId)),
);

function told(
  request: typeof exemptionRequests.$inferSelect,
  answer: typeof exemptionAnswers.$inferSelect | undefined,
  siteName: string,
): AskedExemption {
  const { requestId, deviceId, siteId, computerName, endUser, reason, until } = request;
  return {
    ...{ requestId, deviceId, siteId, siteName, computerName, endUser, reason, until },
    askedAt: request.at,
    askedBy: { staffId: request.staffId, name: request.staffName },
    state: !answer ? 'waiting' : answer.approved === 1 ? 'approved' : 'refused',
    answer: answer
      ? {
          ...{ until: answer.until, note: answer.note, answeredAt: answer.at },
          answeredBy: { staffId: answer.staffId, name: answer.staffName },
        }
      : null,
  };
}

function maySee({ sites }: StaffMember, siteId: string): boolean {
  return sites === null || sites.includes(siteId);
}
