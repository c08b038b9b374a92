/**
 * Retrieval: finding a key by the digits somebody reads out, and giving it out. Every search, refusal and disclosure
 * is a durable audit record before anything is answered (I3); plaintext exists only in `#reveal` (I8).
 *
 * What stands between a request and a password, in this order:
 *
 *     role, site, one key ─▶ the user named ─▶ a stolen device, the centre away too long ─▶ a second person
 *       └──────────────── refused, at once ──────────────────────────┘                       └ waits: requests.ts
 *     ─▶ the vault is here ─▶ the limits of the hour ─▶ the audit record ─▶ the password
 */
import { base64url } from 'jose';
import type { Configuration } from '../configuration.ts';
import { type Guid, type KeyIdPrefix, formatRecoveryPassword } from '../domain/recovery-key.ts';
import { Problem, type ProblemCode } from '../http/problem.ts';
import { inTurn } from '../in-turn.ts';
import { limits } from '../limits.ts';
import type { StaffMember } from '../staff/member.ts';
import type { VaultKey } from '../vault/seal.ts';
import { type Asking, type AuditFacts, type AuditParts, type AuditPlace, writeAudit } from './audit.ts';
import type { BreakGlass } from './break-glass.ts';
import { type FoundKey, KeyFinder } from './keys.ts';
import type { LivedTime } from './lived.ts';
import { mayAsk, mayRetrieve } from './may.ts';
import type { Candidate, DisclosureAnswer, DisclosureRequest, Need, RequestAnswer } from './messages.ts';
import { openKey } from './opening.ts';
import { OwnRecords } from './own-records.ts';
import { DisclosureRequests, type PendingDisclosure, requestAnswerOf, requestOf } from './requests.ts';
import { type DisclosureRules, disclosureRulesOf } from './rules.ts';
import { isKnownUser } from './users.ts';

export interface HelpdeskParts extends AuditParts {
  readonly configuration: Configuration;
  readonly vaultKeys: readonly VaultKey[];
}

interface Refusal {
  readonly code: ProblemCode;
  readonly facts?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What asking for a key leads to. */
export type Disclosed =
  | { readonly outcome: 'disclosed'; readonly answer: DisclosureAnswer }
  /** a second person has to approve first */
  | { readonly outcome: 'waiting'; readonly answer: RequestAnswer };

export class HelpdeskService {
  readonly #parts: HelpdeskParts;
  readonly #keys: KeyFinder;
  readonly #lived: LivedTime;
  readonly #breakGlass: BreakGlass;
  readonly #records: OwnRecords;
  readonly #requests: DisclosureRequests;
  /** what is counted is looked at and added to by one disclosure at a time, so that many at once find no more room */
  readonly #inTurn = inTurn();
  readonly #searchInTurn = inTurn();

  constructor(parts: HelpdeskParts, lived: LivedTime, breakGlass: BreakGlass) {
    this.#parts = parts;
    this.#keys = new KeyFinder(parts);
    this.#lived = lived;
    this.#breakGlass = breakGlass;
    this.#records = new OwnRecords(parts);
    this.#requests = new DisclosureRequests(parts);
  }

  async search(
    asking: Asking,
    prefix: KeyIdPrefix,
  ): Promise<{ candidates: Candidate[]; askForMoreDigits: boolean }> {
    const { role } = asking.staff;
    const rows = mayRetrieve(role)
      ? (await this.#keys.find(prefix)).filter(({ candidate }) => mayAsk(asking.staff, candidate.siteId))
      : [];
    await this.#searchInTurn(async () => {
      const refusal: Refusal | null = mayRetrieve(role)
        ? await this.#searchRefusal(asking.staff)
        : { code: 'forbidden', facts: { role } };
      const isFound = refusal === null && rows.length > 0;
      await writeAudit(this.#parts, asking, {
        action: 'search',
        status: isFound ? 'Successful' : 'Failed',
        failure: isFound ? null : (refusal?.code ?? 'key-unknown'),
        keyId: prefix,
        keyType: 'Recovery Key ID',
      });
      if (refusal) throw new Problem(refusal.code, refusal.facts, refusal.headers);
    });
    const candidates = rows.slice(0, limits.searchCandidatesMax).map(({ candidate }) => candidate);
    const letters = await this.#keys.driveLetters(candidates);
    return {
      candidates: candidates.map((found) => ({
        ...found,
        driveLetter: letters.get(`${found.deviceId} ${found.volumeId}`) ?? null,
        needs: this.#needs(found),
      })),
      askForMoreDigits: rows.length > limits.searchCandidatesMax,
    };
  }

  async disclose(asking: Asking, request: DisclosureRequest): Promise<Disclosed> {
    const { key, needs } = await this.#admit(asking, request, null);
    if (needs.length === 0) {
      const answer = await this.#reveal(asking, request, key, null);
      // Whoever was before it in turn used up what let it pass: it is looked at once more, and waits or is refused.
      return answer ? { outcome: 'disclosed', answer } : this.disclose(asking, request);
    }
    const facts = factsOf(request, key.candidate, null);
    const pending = await this.#inTurn(() => this.#requests.ask(asking, facts)).catch((error: unknown) => {
      if (!(error instanceof Problem)) throw error;
      return this.#refuse(asking, request, key.candidate, error, null);
    });
    return { outcome: 'waiting', answer: requestAnswerOf(this.#parts.configuration, pending, needs) };
  }

  /** Gives out what a second person approved. Throws a Problem, and records it, as long as that is not so. */
  async collect(asking: Asking, requestId: string): Promise<DisclosureAnswer> {
    const pending = await this.#ownRequest(asking, requestId);
    const request = requestOf(pending);
    const { key } = await this.#admit(asking, request, pending);
    return (await this.#reveal(asking, request, key, pending)) ?? this.collect(asking, requestId);
  }

  async requests(asking: Asking): Promise<RequestAnswer[]> {
    return Promise.all((await this.#requests.list(asking)).map((pending) => this.#shown(pending)));
  }

  async answer(
    asking: Asking,
    requestId: string,
    action: 'approval' | 'denial',
    note: string | null = null,
  ): Promise<RequestAnswer> {
    return this.#shown(await this.#inTurn(() => this.#requests.answer(asking, requestId, action, note)));
  }

  /** Writes down what ended by itself. */
  async tick(): Promise<void> {
    await this.#inTurn(() => this.#requests.tick());
  }

  async #ownRequest(asking: Asking, requestId: string): Promise<PendingDisclosure> {
    const pending = await this.#requests.find(requestId).catch((error: unknown) => {
      if (error instanceof Problem) return null;
      throw error;
    });
    if (pending?.asked.staffId === asking.staff.staffId) return pending;
    // Whose request it is, is nobody else's business.
    await writeAudit(this.#parts, asking, {
      ...{ action: 'disclosure', status: 'Failed', failure: 'request-unknown', requestId },
      keyType: 'Recovery Key Password',
    });
    throw new Problem('request-unknown');
  }

  async #shown(pending: PendingDisclosure): Promise<RequestAnswer> {
    const { keyId, commitment, deviceId } = pending.asked;
    const [found] = (await this.#keys.find((keyId ?? '') as KeyIdPrefix)).filter(
      ({ candidate }) => candidate.commitment === commitment && candidate.deviceId === deviceId,
    );
    return requestAnswerOf(this.#parts.configuration, pending, found ? this.#needs(found.candidate) : []);
  }

  /** The one key that may be given out, and why that takes a second person. Throws a Problem that is in the audit. */
  async #admit(
    asking: Asking,
    request: DisclosureRequest,
    pending: PendingDisclosure | null,
  ): Promise<{ key: FoundKey; needs: Need[] }> {
    const found = (await this.#keys.find(request.keyId as string as KeyIdPrefix)).filter(
      ({ candidate }) =>
        (request.commitment === undefined || candidate.commitment === request.commitment) &&
        (request.deviceId === undefined || candidate.deviceId === request.deviceId),
    );
    // A key of another site under the same ID must not keep this site's from being given out, nor be given out itself.
    const allowed = found.filter(({ candidate }) => mayAsk(asking.staff, candidate.siteId));
    const key = allowed[0] ?? found[0];
    const refusal =
      this.#refusal(asking.staff, request, found, allowed) ??
      (key && this.#situationRefusal(asking.staff, request, key.candidate, pending));
    if (!key || refusal)
      return this.#refuse(
        asking,
        request,
        key?.candidate ?? null,
        refusal ?? { code: 'key-unknown' },
        pending,
      );
    const { candidate } = key;
    if (!candidate.opensHere)
      return this.#refuse(asking, request, candidate, vaultNotHere(candidate), pending);
    return { key, needs: this.#needsOf(asking.staff, request, candidate) };
  }

  #needsOf(staff: StaffMember, request: DisclosureRequest, candidate: Candidate): Need[] {
    const needs = this.#needs(candidate);
    if (request.secondPerson === true) needs.push('asked-for');
    if (this.#isStranger(staff, request, candidate)) needs.push('end-user-unknown');
    return needs;
  }

  /** Null when it may not be given out any more as it might when it was admitted. */
  async #reveal(
    asking: Asking,
    request: DisclosureRequest,
    found: FoundKey,
    pending: PendingDisclosure | null,
  ): Promise<DisclosureAnswer | null> {
    const { candidate } = found;
    const { keyId, deviceId, volumeId } = candidate;
    const opened = await openKey(this.#parts, found);
    if (!opened) return this.#refuse(asking, request, candidate, vaultNotHere(candidate), pending);
    const letters = await this.#keys.driveLetters([candidate]);
    // I3: the one commit that must be durable before the plaintext leaves.
    const place = await this.#inTurn(() => this.#record(asking, request, candidate, pending));
    if (!place) return null;
    const { origin, seq, at } = place;
    return {
      disclosure: { origin, seq, at },
      keyId,
      computerName: candidate.computerName,
      domain: candidate.domain,
      volumeType: candidate.volumeType,
      driveLetter: letters.get(`${deviceId} ${volumeId}`) ?? null,
      recoveryPassword: formatRecoveryPassword(opened.key.reveal()),
      keyPackage: opened.keyPackage && toBase64(opened.keyPackage.reveal()),
      rotation: 'ordered',
    };
  }

  /**
   * The audit record of a disclosure that fits into the limits, and uses up an approval that is not used yet. Null when
   * break-glass, which let it pass, has ended meanwhile: nothing may be given out by rules that hold no longer.
   */
  async #record(
    asking: Asking,
    request: DisclosureRequest,
    candidate: Candidate,
    pending: PendingDisclosure | null,
  ): Promise<AuditPlace | null> {
    const isAdmitted =
      this.#situationRefusal(asking.staff, request, candidate, pending) === null &&
      (pending !== null || this.#needsOf(asking.staff, request, candidate).length === 0);
    if (!isAdmitted) return null;
    const opening = this.#breakGlass.inForceFor(candidate.siteId);
    const again = pending && (await this.#requests.find(pending.requestId));
    const refusal = stateRefusal(again) ?? (opening ? null : await this.#limitRefusal(asking.staff));
    if (refusal) return this.#refuse(asking, request, candidate, refusal, pending);
    const place = await writeAudit(this.#parts, asking, {
      ...factsOf(request, candidate, pending),
      breakGlassId: opening?.openingId ?? null,
    });
    if (opening) this.#breakGlass.count(opening.openingId);
    return place;
  }

  #refusal(
    staff: StaffMember,
    request: DisclosureRequest,
    found: readonly FoundKey[],
    allowed: readonly FoundKey[],
  ): Refusal | null {
    const [row] = allowed;
    if (!mayRetrieve(staff.role)) return { code: 'forbidden', facts: { role: staff.role } };
    if (!row) return { code: found.length > 0 ? 'site-not-assigned' : 'key-unknown' };
    if (allowed.length > 1) {
      return {
        code: 'key-ambiguous',
        facts: {
          keys: allowed.map(({ candidate: { commitment, deviceId, computerName } }) => ({
            commitment,
            deviceId,
            computerName,
          })),
        },
      };
    }
    return staff.role === 'helpdesk' && request.endUser === undefined ? { code: 'end-user-required' } : null;
  }

  /** What no second person makes good, except the one who approved already. */
  #situationRefusal(
    staff: StaffMember,
    request: DisclosureRequest,
    candidate: Candidate,
    pending: PendingDisclosure | null,
  ): Refusal | null {
    if (candidate.deviceState === 'stolen' && staff.role !== 'advanced-helpdesk')
      return { code: 'device-stolen' };
    const offlineMs = this.#lived.offlineMs();
    const rules = this.#rules(candidate);
    if (offlineMs >= rules.breakGlassOfflineMs && !this.#breakGlass.inForceFor(candidate.siteId))
      return { code: 'break-glass-needed', facts: { offlineMs } };
    if (pending) return stateRefusal(pending);
    return request.secondPerson !== true && this.#isStranger(staff, request, candidate)
      ? { code: 'end-user-unknown' }
      : null;
  }

  /** A helpdesk user alone may help only those who are known on the computer. */
  #isStranger(staff: StaffMember, { endUser }: DisclosureRequest, candidate: Candidate): boolean {
    if (staff.role !== 'helpdesk' || endUser === undefined) return false;
    const { users, computerName } = candidate;
    return !isKnownUser(endUser, { users, computerName, domainNames: this.#rules(candidate).domainNames });
  }

  /** Why a key takes a second person, whoever asks. */
  #needs(candidate: Candidate): Need[] {
    const rules = this.#rules(candidate);
    const isOpened = this.#breakGlass.inForceFor(candidate.siteId) !== null;
    return [
      ...(rules.twoPersons && !isOpened ? (['site-rule'] as const) : []),
      ...(this.#lived.offlineMs() >= rules.twoPersonsOfflineMs && !isOpened
        ? (['centre-away'] as const)
        : []),
      ...(candidate.deviceState === 'stolen' ? (['device-stolen'] as const) : []),
    ];
  }

  #rules({ siteId }: Candidate): DisclosureRules {
    return disclosureRulesOf(this.#parts.configuration, siteId);
  }

  /**
   * Counted from this node's own audit records an hour before and after its clock's now: a clock that is put back by a
   * little frees nobody, and one that was far ahead locks nobody out for longer than that.
   */
  async #limitRefusal({ staffId }: StaffMember): Promise<Refusal | null> {
    const { personPerHour, nodePerHour } = this.#ownRules();
    const now = this.#parts.platform.now();
    const windowMs = limits.disclosureWindowMs;
    const [own, all] = await Promise.all([
      this.#records.lastDisclosureOf(staffId, personPerHour - 1, now, windowMs),
      this.#records.lastDisclosure(nodePerHour - 1, now, windowMs),
    ]);
    return hourRefusal('disclosure-limit', now, [
      { per: 'person', limit: personPerHour, leaving: own },
      { per: 'node', limit: nodePerHour, leaving: all },
    ]);
  }

  /** So many searches go with the keys that a person may give out; while break-glass is open, with those of it. */
  async #searchRefusal({ staffId }: StaffMember): Promise<Refusal | null> {
    const { personPerHour, breakGlassDisclosures } = this.#ownRules();
    const keys = this.#breakGlass.state() ? Math.max(personPerHour, breakGlassDisclosures) : personPerHour;
    const now = this.#parts.platform.now();
    const limit = keys * limits.searchesPerKey;
    const leaving = await this.#records.lastSearchOf(staffId, limit - 1, now, limits.disclosureWindowMs);
    return hourRefusal('search-limit', now, [{ per: 'person', limit, leaving }]);
  }

  #ownRules(): DisclosureRules {
    const { configuration, identity } = this.#parts;
    return disclosureRulesOf(configuration, identity.certificate.siteId);
  }

  async #refuse(
    asking: Asking,
    request: DisclosureRequest,
    candidate: Candidate | null,
    { code, facts = {}, headers = {} }: Refusal,
    pending: PendingDisclosure | null,
  ): Promise<never> {
    await writeAudit(this.#parts, asking, {
      ...factsOf(request, candidate, pending),
      ...{ status: 'Failed', failure: code },
    });
    throw new Problem(code, facts, headers);
  }
}

function factsOf(
  request: DisclosureRequest,
  row: Candidate | null,
  pending: PendingDisclosure | null,
): AuditFacts {
  return {
    ...{ action: 'disclosure', status: 'Successful', failure: null },
    endUser: request.endUser ?? null,
    computerName: row?.computerName ?? null,
    domain: row?.domain ?? null,
    deviceId: row?.deviceId ?? null,
    volumeId: row ? (row.volumeId as Guid) : null,
    keyId: request.keyId,
    keyType: 'Recovery Key Password',
    commitment: row?.commitment ?? null,
    requestId: pending?.requestId ?? null,
    otherId: pending?.answer?.staffId ?? null,
    otherName: pending?.answer?.staffName ?? null,
    reason: request.reason,
    verification: request.verification,
    note: request.note ?? null,
    siteId: row?.siteId ?? null,
  };
}

/** The limit that is reached and holds the longest. `leaving`: when what leaves its hour next was; null: there is room. */
function hourRefusal(
  code: ProblemCode,
  now: number,
  counted: readonly { readonly per: string; readonly limit: number; readonly leaving: number | null }[],
): Refusal | null {
  const reached = counted.flatMap(({ per, limit, leaving }) =>
    leaving === null ? [] : [{ per, limit, retryAt: leaving + limits.disclosureWindowMs }],
  );
  const [first] = reached.sort((a, b) => b.retryAt - a.retryAt);
  if (!first) return null;
  const seconds = Math.max(1, Math.ceil((first.retryAt - now) / 1000));
  return { code, facts: first, headers: { 'Retry-After': String(seconds) } };
}

function stateRefusal(pending: PendingDisclosure | null): Refusal | null {
  if (!pending || pending.state === 'approved') return null;
  return pending.state === 'waiting'
    ? { code: 'request-waiting', facts: { expiresAt: pending.expiresAt } }
    : { code: 'request-over', facts: { state: pending.state } };
}

function vaultNotHere({ opensAt }: Candidate): Refusal {
  return { code: 'vault-not-here', facts: { nodes: opensAt } };
}

function toBase64(bytes: Uint8Array): string {
  const text = base64url.encode(bytes).replaceAll('-', '+').replaceAll('_', '/');
  return text + '='.repeat((4 - (text.length % 4)) % 4);
}
