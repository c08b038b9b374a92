/**
 * Retrieval: finding a key by the digits somebody reads out, and giving it out. Every search, refusal and disclosure
 * is a durable audit record before anything is answered (I3); plaintext exists only in `#reveal` (I8).
 */
import { base64url } from 'jose';
import type { Configuration } from '../configuration.ts';
import { type Guid, type KeyIdPrefix, formatRecoveryPassword } from '../domain/recovery-key.ts';
import type { StaffRole } from '../domain/vocabulary.ts';
import { Problem, type ProblemCode } from '../http/problem.ts';
import type { Ledger } from '../journal/ledger.ts';
import type { NodeIdentity } from '../journal/store-journal.ts';
import { limits } from '../limits.ts';
import type { Platform } from '../platform.ts';
import type { Peers } from '../replication/peers.ts';
import type { StaffMember } from '../staff/member.ts';
import type { VaultKey } from '../vault/seal.ts';
import { type Asking, writeAudit } from './audit.ts';
import { type FoundKey, KeyFinder } from './keys.ts';
import type { Candidate, DisclosureAnswer, DisclosureRequest } from './messages.ts';
import { openKey } from './opening.ts';

export interface HelpdeskParts {
  readonly ledger: Ledger;
  readonly platform: Platform;
  readonly identity: NodeIdentity;
  readonly configuration: Configuration;
  readonly peers: Peers;
  readonly vaultKeys: readonly VaultKey[];
}

export class HelpdeskService {
  readonly #parts: HelpdeskParts;
  readonly #keys: KeyFinder;

  constructor(parts: HelpdeskParts) {
    this.#parts = parts;
    this.#keys = new KeyFinder(parts);
  }

  async search(
    asking: Asking,
    prefix: KeyIdPrefix,
  ): Promise<{ candidates: Candidate[]; askForMoreDigits: boolean }> {
    const { role } = asking.staff;
    const rows = mayRetrieve(role)
      ? (await this.#keys.find(prefix)).filter(({ candidate }) => mayAsk(asking.staff, candidate.siteId))
      : [];
    await writeAudit(this.#parts, asking, {
      action: 'search',
      status: rows.length > 0 ? 'Successful' : 'Failed',
      failure: rows.length > 0 ? null : mayRetrieve(role) ? 'key-unknown' : 'forbidden',
      keyId: prefix,
      keyType: 'Recovery Key ID',
    });
    if (!mayRetrieve(role)) throw new Problem('forbidden', { role });
    const candidates = rows.slice(0, limits.searchCandidatesMax).map(({ candidate }) => candidate);
    const letters = await this.#keys.driveLetters(candidates);
    return {
      candidates: candidates.map((found) => ({
        ...found,
        driveLetter: letters.get(`${found.deviceId} ${found.volumeId}`) ?? null,
      })),
      askForMoreDigits: rows.length > limits.searchCandidatesMax,
    };
  }

  async disclose(asking: Asking, request: DisclosureRequest): Promise<DisclosureAnswer> {
    const found = (await this.#keys.find(request.keyId as string as KeyIdPrefix)).filter(
      ({ candidate }) =>
        (request.commitment === undefined || candidate.commitment === request.commitment) &&
        (request.deviceId === undefined || candidate.deviceId === request.deviceId),
    );
    // A key of another site under the same ID must not keep this site's from being given out, nor be given out itself.
    const allowed = found.filter(({ candidate }) => mayAsk(asking.staff, candidate.siteId));
    const row = allowed[0] ?? found[0];
    const refusal = this.#refusal(asking.staff, request, found, allowed);
    if (!row || refusal) {
      const code = refusal?.code ?? 'key-unknown';
      await this.#auditDisclosure(asking, request, row?.candidate ?? null, code);
      throw new Problem(code, refusal?.facts ?? {});
    }
    return this.#reveal(asking, request, row);
  }

  async #reveal(asking: Asking, request: DisclosureRequest, found: FoundKey): Promise<DisclosureAnswer> {
    const { candidate } = found;
    const { keyId, deviceId, volumeId } = candidate;
    const opened = await openKey(this.#parts, found);
    if (!opened) {
      await this.#auditDisclosure(asking, request, candidate, 'vault-not-here');
      throw new Problem('vault-not-here', { nodes: candidate.opensAt });
    }
    const letters = await this.#keys.driveLetters([candidate]);
    // I3: the one commit that must be durable before the plaintext leaves.
    const { origin, seq, at } = await this.#auditDisclosure(asking, request, candidate, null);
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

  #refusal(
    staff: StaffMember,
    request: DisclosureRequest,
    found: readonly FoundKey[],
    allowed: readonly FoundKey[],
  ): { code: ProblemCode; facts?: Record<string, unknown> } | null {
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
    if (staff.role === 'helpdesk') {
      if (request.endUser === undefined) return { code: 'end-user-required' };
      if (!isKnownUser(request.endUser, row.candidate.users)) return { code: 'end-user-unknown' };
    }
    return null;
  }

  #auditDisclosure(
    asking: Asking,
    request: DisclosureRequest,
    row: Candidate | null,
    failure: ProblemCode | null,
  ) {
    return writeAudit(this.#parts, asking, {
      action: 'disclosure',
      status: failure === null ? 'Successful' : 'Failed',
      failure,
      endUser: request.endUser ?? null,
      computerName: row?.computerName ?? null,
      domain: row?.domain ?? null,
      deviceId: row?.deviceId ?? null,
      volumeId: row ? (row.volumeId as Guid) : null,
      keyId: request.keyId,
      keyType: 'Recovery Key Password',
      commitment: row?.commitment ?? null,
      reason: request.reason,
      verification: request.verification,
      note: request.note ?? null,
      siteId: row?.siteId ?? null,
    });
  }
}

/** I3: whoever is known and asks without the right to leaves a record, so roles are looked at here and not before. */
function mayRetrieve(role: StaffRole): boolean {
  return role === 'helpdesk' || role === 'advanced-helpdesk';
}

function mayAsk(staff: StaffMember, siteId: string): boolean {
  return staff.sites === null || staff.sites.includes(siteId);
}

/** `DOMAIN\user`, `user@domain` and `user` name the same person where the user part is the same. */
function isKnownUser(named: string, known: readonly string[]): boolean {
  const plain = (user: string) => user.toLowerCase().replace(/^.*\\/, '').replace(/@.*$/, '').trim();
  return known.some((user) => plain(user) === plain(named));
}

function toBase64(bytes: Uint8Array): string {
  const text = base64url.encode(bytes).replaceAll('-', '+').replaceAll('_', '/');
  return text + '='.repeat((4 - (text.length % 4)) % 4);
}
