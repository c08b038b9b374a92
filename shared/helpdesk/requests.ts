/**
 * Disclosures that wait for a second person, who approves or denies at the same node, whether or not the centre can be
 * reached. A request is nothing but audit records of this node: `request`, then `approval`, `denial` or `expiry`, then
 * the `disclosure` itself. So what is pending survives a restart, and the audit report shows each step.
 */
import type { Configuration } from '../configuration.ts';
import { CALLER_VERIFICATIONS, DISCLOSURE_REASONS } from '../domain/vocabulary.ts';
import { Problem, type ProblemCode } from '../http/problem.ts';
import { limits } from '../limits.ts';
import { randomName } from '../platform.ts';
import { type Asking, type AuditFacts, type AuditParts, writeAudit } from './audit.ts';
import { type DisclosureRequest, type RequestAnswer, disclosureRequest } from './messages.ts';
import { type OwnRecord, OwnRecords, personOf } from './own-records.ts';
import { secondPersonRefusal } from './may.ts';

/** A request as its records tell it. */
export interface PendingDisclosure {
  readonly requestId: string;
  readonly state: RequestAnswer['state'];
  readonly asked: OwnRecord;
  readonly answer: OwnRecord | null;
  readonly expiresAt: number;
}

export class DisclosureRequests {
  readonly #parts: AuditParts & { readonly configuration: Configuration };
  readonly #records: OwnRecords;

  constructor(parts: AuditParts & { readonly configuration: Configuration }) {
    this.#parts = parts;
    this.#records = new OwnRecords(parts);
  }

  /** The same question asked again is the same request. */
  async ask(asking: Asking, facts: AuditFacts): Promise<PendingDisclosure> {
    const open = await this.#open();
    const same = open.find(
      ({ asked }) =>
        asked.staffId === asking.staff.staffId &&
        (['keyId', 'commitment', 'deviceId', 'endUser', 'reason', 'verification', 'note'] as const).every(
          (column) => asked[column] === (facts[column] ?? null),
        ),
    );
    if (same) return same;
    const own = open.filter(({ asked }) => asked.staffId === asking.staff.staffId);
    if (open.length >= limits.requestsOpenMax || own.length >= limits.requestsPerPersonMax)
      throw new Problem('overloaded', {}, { 'Retry-After': '600' });
    const requestId = `r-${randomName(this.#parts.platform, 16)}`;
    await writeAudit(this.#parts, asking, {
      ...facts,
      ...{ action: 'request', status: 'Successful', failure: null, requestId },
    });
    return this.find(requestId);
  }

  /** Throws a Problem when this node has recorded no such request. */
  async find(requestId: string): Promise<PendingDisclosure> {
    const found = this.#told(await this.#records.ofRequest(requestId));
    if (!found) throw new Problem('request-unknown');
    return found;
  }

  /** Those that wait, and those that are approved and not used yet. */
  async #open(): Promise<PendingDisclosure[]> {
    const found: PendingDisclosure[] = [];
    for (const { requestId } of await this.#records.openRequests()) {
      const request = this.#told(await this.#records.ofRequest(requestId ?? ''));
      if (request && isOpen(request)) found.push(request);
    }
    return found;
  }

  /** What this person may see: their own, and those of the sites whose requests they may answer. */
  async list(asking: Asking): Promise<PendingDisclosure[]> {
    return (await this.#open()).filter(
      ({ asked }) =>
        asked.staffId === asking.staff.staffId ||
        secondPersonRefusal(asking.staff, asked.siteId ?? '') === null,
    );
  }

  /** A second person approves or denies. Throws a Problem, recorded before it is answered (I3). */
  async answer(
    asking: Asking,
    requestId: string,
    action: 'approval' | 'denial',
    note: string | null,
  ): Promise<PendingDisclosure> {
    const request = this.#told(await this.#records.ofRequest(requestId));
    const code = request ? answerRefusal(asking, request) : 'request-unknown';
    const facts: AuditFacts = {
      ...{ action, status: code === null ? 'Successful' : 'Failed', failure: code, note },
      ...(request ? aboutKey(request.asked) : {}),
    };
    await writeAudit(this.#parts, asking, facts);
    if (code !== null)
      throw new Problem(code, request && code === 'request-over' ? { state: request.state } : {});
    return this.find(requestId);
  }

  /** Writes down which requests nobody answered, or used, in time. */
  async tick(): Promise<void> {
    for (const { requestId } of await this.#records.openRequests()) {
      const request = this.#told(await this.#records.ofRequest(requestId ?? ''));
      if (request?.state !== 'expired') continue;
      await writeAudit(this.#parts, personOf(request.asked), {
        ...{ action: 'expiry', status: 'Successful', failure: null },
        ...aboutKey(request.asked),
        ...{ otherId: null, otherName: null },
      });
    }
  }

  #told(records: readonly OwnRecord[]): PendingDisclosure | null {
    const done = records.filter(({ status }) => status === 'Successful');
    const of = (action: string) => done.find((record) => record.action === action) ?? null;
    const asked = of('request');
    if (!asked?.requestId) return null;
    const denial = of('denial');
    const approval = this.#stillCounts(of('approval'));
    const expiresAt = approval ? approval.at + limits.requestApprovedMs : asked.at + limits.requestOpenMs;
    const isLate = of('expiry') !== null || this.#isOver(approval ?? asked, expiresAt);
    const state = of('disclosure')
      ? 'used'
      : denial
        ? 'denied'
        : isLate
          ? 'expired'
          : approval
            ? 'approved'
            : 'waiting';
    return { requestId: asked.requestId, state, asked, answer: approval ?? denial, expiresAt };
  }

  /** An approval counts as long as whoever gave it might give it. */
  #stillCounts(approval: OwnRecord | null): OwnRecord | null {
    const person = approval && this.#parts.configuration.get('staff', approval.staffId)?.body;
    const mayApprove =
      person?.revoked === false && secondPersonRefusal(person, approval?.siteId ?? '') === null;
    return mayApprove ? approval : null;
  }

  /** A clock that was put back makes a request expire as one that was put forward does: asking again is easy. */
  #isOver({ at }: OwnRecord, expiresAt: number): boolean {
    const now = this.#parts.platform.now();
    return now >= expiresAt || now < at - (expiresAt - at);
  }
}

/** The request as it was made. */
export function requestOf({ asked }: PendingDisclosure): DisclosureRequest {
  const { keyId, commitment, deviceId, reason, verification, endUser, note } = asked;
  return disclosureRequest.parse({
    ...{ keyId, reason, verification },
    ...(commitment === null ? {} : { commitment }),
    ...(deviceId === null ? {} : { deviceId }),
    ...(endUser === null ? {} : { endUser }),
    ...(note === null ? {} : { note }),
  });
}

export function requestAnswerOf(
  configuration: Configuration,
  { requestId, state, asked, answer, expiresAt }: PendingDisclosure,
  needs: RequestAnswer['needs'],
): RequestAnswer {
  const siteId = asked.siteId ?? '';
  return {
    ...{ requestId, state, needs, expiresAt },
    ...{ askedBy: { staffId: asked.staffId, name: asked.staffName }, askedAt: asked.at },
    answeredBy: answer && { staffId: answer.staffId, name: answer.staffName },
    ...{ keyId: asked.keyId ?? '', computerName: asked.computerName ?? '', domain: asked.domain ?? '' },
    ...{ siteId, siteName: configuration.siteName(siteId), endUser: asked.endUser, note: asked.note },
    reason: DISCLOSURE_REASONS.find((reason) => reason === asked.reason) ?? 'other',
    verification: CALLER_VERIFICATIONS.find((how) => how === asked.verification) ?? 'other',
  };
}

function isOpen({ state }: PendingDisclosure): boolean {
  return state === 'waiting' || state === 'approved';
}

/** What the records of one request say alike of the key and of who asked for it. */
function aboutKey(asked: OwnRecord): Partial<AuditFacts> {
  const { requestId, computerName, domain, deviceId, volumeId, keyId, commitment, siteId, endUser } = asked;
  return {
    ...{ requestId, computerName, domain, deviceId, keyId, commitment, siteId, endUser },
    ...{ volumeId: volumeId as AuditFacts['volumeId'] & string, keyType: 'Recovery Key Password' },
    ...{ otherId: asked.staffId, otherName: asked.staffName },
  };
}

function answerRefusal(asking: Asking, { asked, state }: PendingDisclosure): ProblemCode | null {
  if (asked.staffId === asking.staff.staffId) return 'second-person-needed';
  return (
    secondPersonRefusal(asking.staff, asked.siteId ?? '') ?? (state === 'waiting' ? null : 'request-over')
  );
}
