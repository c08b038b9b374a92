/**
 * Retrieval: finding a key by the digits somebody reads out, and giving it out. Every search, refusal and disclosure
 * is a durable audit record before anything is answered (I3); plaintext exists only in `#reveal` (I8).
 */
import { base64url } from 'jose';
import { z } from 'zod';
import type { Configuration } from '../configuration.ts';
import { type Guid, type KeyIdPrefix, formatRecoveryPassword } from '../domain/recovery-key.ts';
import { Problem, type ProblemCode } from '../http/problem.ts';
import { type AuditBody, escrow as escrowBody, sealed as sealedBody } from '../journal/bodies.ts';
import { segment } from '../journal/entry.ts';
import { hlcToMs } from '../journal/hlc.ts';
import type { Ledger } from '../journal/ledger.ts';
import type { NodeIdentity } from '../journal/store-journal.ts';
import { limits } from '../limits.ts';
import type { Platform } from '../platform.ts';
import type { Peers } from '../replication/peers.ts';
import { type SealContext, type VaultKey, open } from '../vault/seal.ts';
import type { Candidate, DisclosureAnswer, DisclosureRequest } from './messages.ts';
import type { StaffMember } from './staff.ts';

export interface HelpdeskParts {
  readonly ledger: Ledger;
  readonly platform: Platform;
  readonly identity: NodeIdentity;
  readonly configuration: Configuration;
  readonly peers: Peers;
  readonly vaultKeys: readonly VaultKey[];
}

/** Where a request came from, for the audit record. */
export interface Asking {
  readonly staff: StaffMember;
  readonly address: string | null;
}

interface KeyRow {
  readonly candidate: Candidate;
  readonly sealedJson: string;
  readonly packageJson: string | null;
}

const KEY_COLUMNS =
  'key_id, commitment, device_id, volume_id, volume_type, computer_name, domain, users_json, site_id, first_hlc, ' +
  'state, disclosed, conflicted, on_drive, claim, revoked, sealed_json, package_json';

export class HelpdeskService {
  readonly #parts: HelpdeskParts;

  constructor(parts: HelpdeskParts) {
    this.#parts = parts;
  }

  async search(
    asking: Asking,
    prefix: KeyIdPrefix,
  ): Promise<{ candidates: Candidate[]; askForMoreDigits: boolean }> {
    const rows = (await this.#find(prefix)).filter(({ candidate }) => mayAsk(asking.staff, candidate.siteId));
    await this.#audit(asking, {
      action: 'search',
      status: rows.length > 0 ? 'Successful' : 'Failed',
      failure: rows.length > 0 ? null : 'key-unknown',
      keyId: prefix,
      keyType: 'Recovery Key ID',
    });
    const candidates = rows.slice(0, limits.searchCandidatesMax).map(({ candidate }) => candidate);
    const letters = await this.#driveLetters(candidates);
    return {
      candidates: candidates.map((found) => ({
        ...found,
        driveLetter: letters.get(`${found.deviceId} ${found.volumeId}`) ?? null,
      })),
      askForMoreDigits: rows.length > limits.searchCandidatesMax,
    };
  }

  async disclose(asking: Asking, request: DisclosureRequest): Promise<DisclosureAnswer> {
    const found = (await this.#find(request.keyId as string as KeyIdPrefix)).filter(
      ({ candidate }) =>
        (request.commitment === undefined || candidate.commitment === request.commitment) &&
        (request.deviceId === undefined || candidate.deviceId === request.deviceId),
    );
    const [row] = found;
    const refusal = this.#refusal(asking.staff, request, found);
    if (!row || refusal) {
      const code = refusal?.code ?? 'key-unknown';
      await this.#auditDisclosure(asking, request, row?.candidate ?? null, code);
      throw new Problem(code, refusal?.facts ?? {});
    }
    return this.#reveal(asking, request, row);
  }

  async #reveal(
    asking: Asking,
    request: DisclosureRequest,
    { candidate, sealedJson, packageJson }: KeyRow,
  ): Promise<DisclosureAnswer> {
    const { keyId, deviceId, volumeId } = candidate;
    const record = { keyId, deviceId, volumeId };
    const key = await this.#unseal({ kind: 'recovery-password', ...record }, sealedJson);
    if (!key) {
      await this.#auditDisclosure(asking, request, candidate, 'vault-not-here');
      throw new Problem('vault-not-here', { nodes: candidate.opensAt });
    }
    const keyPackage =
      packageJson === null ? null : await this.#unseal({ kind: 'key-package', ...record }, packageJson);
    const letters = await this.#driveLetters([candidate]);
    // I3: the one commit that must be durable before the plaintext leaves.
    const { origin, seq, at } = await this.#auditDisclosure(asking, request, candidate, null);
    return {
      disclosure: { origin, seq, at },
      keyId,
      computerName: candidate.computerName,
      domain: candidate.domain,
      volumeType: candidate.volumeType,
      driveLetter: letters.get(`${deviceId} ${volumeId}`) ?? null,
      recoveryPassword: formatRecoveryPassword(key.reveal()),
      keyPackage: keyPackage && toBase64(keyPackage.reveal()),
      rotation: 'ordered',
    };
  }

  #refusal(
    staff: StaffMember,
    request: DisclosureRequest,
    found: readonly KeyRow[],
  ): { code: ProblemCode; facts?: Record<string, unknown> } | null {
    const [row] = found;
    if (!row) return { code: 'key-unknown' };
    if (found.some(({ candidate }) => !mayAsk(staff, candidate.siteId))) return { code: 'site-not-assigned' };
    if (found.length > 1) {
      return {
        code: 'key-ambiguous',
        facts: {
          keys: found.map(({ candidate: { commitment, deviceId, computerName } }) => ({
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

  async #unseal(context: SealContext, sealedJson: string) {
    for (const one of z.array(sealedBody).parse(JSON.parse(sealedJson))) {
      const key = this.#parts.vaultKeys.find(({ vaultId }) => vaultId === one.vaultId);
      const opened = key && (await open(key, context, one));
      if (opened) return opened;
    }
    return null;
  }

  /** Keys whose ID begins with `prefix`, newest escrow first; those found only in refused forks last. */
  async #find(prefix: KeyIdPrefix): Promise<KeyRow[]> {
    const rows = await this.#parts.ledger.engine.rows(
      'recovery',
      `SELECT ${KEY_COLUMNS} FROM recovery_keys WHERE key_id >= ? AND key_id < ? ORDER BY first_hlc DESC LIMIT ?`,
      // 'g' follows every hex digit and '-'
      [prefix, `${prefix}g`, limits.searchCandidatesMax + 1],
    );
    const found = rows.map((row) => {
      const [
        keyId,
        commitment,
        deviceId,
        volumeId,
        volumeType,
        computerName,
        domain,
        usersJson,
        siteId,
        firstHlc,
      ] = row;
      const [state, disclosed, conflicted, onDrive, claim, revoked, sealedJson, packageJson] = row.slice(10);
      return this.#keyRow(
        {
          ...{
            keyId: String(keyId),
            commitment: String(commitment),
            deviceId: String(deviceId),
            volumeId: String(volumeId),
          },
          ...{ volumeType: Number(volumeType), computerName: String(computerName), domain: String(domain) },
          ...{ users: z.array(z.string()).parse(JSON.parse(String(usersJson))), siteId: String(siteId) },
          escrowedAt: hlcToMs(Number(firstHlc)),
          state: z.enum(['present', 'disclosed', 'rotated', 'conflicted']).parse(state),
          ...{
            disclosed: disclosed === 1,
            conflicted: conflicted === 1,
            onDrive: onDrive === null ? null : onDrive === 1,
          },
          ...{
            claim: claim === 'pending' ? 'pending' : 'held',
            deviceRevoked: revoked === 1,
            fromFork: false,
          },
        },
        String(sealedJson),
        typeof packageJson === 'string' ? packageJson : null,
      );
    });
    return [...found, ...(await this.#findInForks(prefix, found))];
  }

  /** I4: escrows in a refused fork stay searchable, for the drive they unlock does not care about the fork. */
  async #findInForks(prefix: KeyIdPrefix, known: readonly KeyRow[]): Promise<KeyRow[]> {
    const rows = await this.#parts.ledger.engine.rows(
      'recovery',
      'SELECT segment FROM recovery_forks ORDER BY seen_at DESC LIMIT 1000',
      [],
    );
    const found = new Map<string, KeyRow>();
    for (const [text] of rows) {
      for (const entry of segment.parse(JSON.parse(String(text))).entries) {
        if (entry.kind !== 'escrow' || !('body' in entry)) continue;
        const body = escrowBody.safeParse(JSON.parse(entry.body));
        if (!body.success || !body.data.keyId.startsWith(prefix)) continue;
        const {
          keyId,
          commitment,
          deviceId,
          volumeId,
          volumeType,
          computerName,
          domain,
          users,
          siteId,
          claim,
        } = body.data;
        if (
          known.some(
            ({ candidate }) =>
              candidate.keyId === keyId &&
              candidate.commitment === commitment &&
              candidate.deviceId === deviceId,
          )
        )
          continue;
        found.set(
          `${keyId} ${commitment} ${deviceId}`,
          this.#keyRow(
            {
              ...{
                keyId,
                commitment,
                deviceId,
                volumeId,
                volumeType,
                computerName,
                domain,
                users,
                siteId,
                claim,
              },
              ...{
                escrowedAt: hlcToMs(entry.hlc),
                state: 'present',
                disclosed: false,
                conflicted: false,
                onDrive: null,
              },
              ...{ deviceRevoked: this.#parts.configuration.isRevoked(deviceId), fromFork: true },
            },
            JSON.stringify(body.data.sealed),
            body.data.package && JSON.stringify(body.data.package),
          ),
        );
      }
    }
    return [...found.values()];
  }

  #keyRow(
    facts: Omit<Candidate, 'siteName' | 'driveLetter' | 'hasKeyPackage' | 'opensHere' | 'opensAt'>,
    sealedJson: string,
    packageJson: string | null,
  ): KeyRow {
    const vaults = z
      .array(sealedBody)
      .parse(JSON.parse(sealedJson))
      .map(({ vaultId }) => vaultId);
    const candidate = {
      ...facts,
      siteName: this.#parts.configuration.siteName(facts.siteId),
      driveLetter: null,
      hasKeyPackage: packageJson !== null,
      opensHere: vaults.some((vaultId) => this.#parts.vaultKeys.some((key) => key.vaultId === vaultId)),
      opensAt: this.#openers(facts.siteId),
    };
    return { candidate, sealedJson, packageJson };
  }

  /** Names of the nodes that hold this region's keys: its helpdesk edges, as their certificates say. */
  #openers(siteId: string): string[] {
    const regionId = this.#parts.configuration.get('site', siteId)?.body.regionId;
    const names = new Set<string>();
    for (const { certificate } of this.#parts.ledger.origins('recovery').values()) {
      const opens =
        certificate.role === 'centre' ||
        (certificate.regionId === regionId && certificate.scope.recovery !== 'own');
      if (opens && certificate.nodeId !== this.#parts.identity.certificate.nodeId)
        names.add(certificate.name);
    }
    return [...names].sort();
  }

  async #driveLetters(of: readonly Candidate[]): Promise<Map<string, string>> {
    const wanted = JSON.stringify([...new Set(of.map(({ deviceId }) => deviceId))]);
    const rows = await this.#parts.ledger.engine.rows(
      'compliance',
      'SELECT device_id, volume_id, drive_letter FROM volumes WHERE drive_letter IS NOT NULL AND device_id IN (SELECT value FROM json_each(?)) ORDER BY counter',
      [wanted],
    );
    return new Map(
      rows.map(([deviceId, volumeId, letter]) => [`${String(deviceId)} ${String(volumeId)}`, String(letter)]),
    );
  }

  #auditDisclosure(
    asking: Asking,
    request: DisclosureRequest,
    row: Candidate | null,
    failure: ProblemCode | null,
  ) {
    return this.#audit(asking, {
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
      reason: request.reason,
      verification: request.verification,
      note: request.note ?? null,
      siteId: row?.siteId ?? null,
    });
  }

  async #audit(
    { staff, address }: Asking,
    facts: Pick<AuditBody, 'action' | 'status' | 'failure' | 'keyId' | 'keyType'> & Partial<AuditBody>,
  ): Promise<{ origin: string; seq: number; at: number }> {
    const { ledger, platform, identity, peers } = this.#parts;
    const at = platform.now();
    const [entry] = await ledger.append('recovery', [
      {
        kind: 'audit',
        body: {
          ...{
            endUser: null,
            computerName: null,
            domain: null,
            deviceId: null,
            volumeId: null,
            siteId: null,
          },
          ...{ reason: null, verification: null, note: null },
          ...facts,
          ...{
            at,
            source: 'Helpdesk',
            staffId: staff.staffId,
            staffName: staff.name,
            staffRole: staff.role,
            address,
          },
          ...{ nodeId: identity.certificate.nodeId, nodeName: identity.certificate.name },
          offlineSince: peers.offlineSince(2 * limits.cycleEveryMs),
        },
      },
    ]);
    if (!entry) throw new Error('an append resolved without its entry');
    return { origin: entry.origin, seq: entry.seq, at };
  }
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
