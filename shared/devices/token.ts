/**
 * A device's token: who it is, by which key, at which site; signed by the node that enrolled it, whose certificate
 * travels along. So the next edge accepts the device through certificates alone, offline.
 */
import { z } from 'zod';
import { Problem } from '../http/problem.ts';
import { deviceId } from '../journal/bodies.ts';
import { hash } from '../journal/entry.ts';
import type { Ledger } from '../journal/ledger.ts';
import type { NodeIdentity } from '../journal/parts.ts';
import type { Platform } from '../platform.ts';
import { type CertificateAuthority, slug } from '../trust/certificate.ts';

const tokenPayload = z.object({
  aud: z.literal('holdfast-devices'),
  sub: deviceId,
  /** thumbprint of the device's key */
  jkt: hash,
  site: slug,
  claim: z.enum(['held', 'pending']),
  /** hash of SMBIOS UUID and serial number: another fingerprint under the same key is a clone */
  machine: hash,
  iat: z.number().int(),
});
export type DeviceToken = z.infer<typeof tokenPayload>;

/** What identifies the machine beneath the operating system. */
export function machineFingerprint(
  platform: Pick<Platform, 'sha256'>,
  machine: { smbiosUuid: string; serial: string },
): string {
  return platform.sha256('holdfast machine v1\n', machine.smbiosUuid, '\n', machine.serial);
}

export function issueToken(identity: NodeIdentity, payload: DeviceToken): Promise<string> {
  return identity.signer.sign('holdfast-device', tokenPayload.parse(payload), {
    cert: identity.certificateJws,
  });
}

const TOKENS_CACHED_MAX = 20_000;

/** What a token says, and what a proof that goes with it has to name. */
export interface CheckedToken {
  readonly device: DeviceToken;
  /** SHA-256 of the token, base64url */
  readonly hash: string;
}

export interface TokenParts {
  readonly authority: CertificateAuthority;
  readonly isRevoked: (nodeId: string) => boolean;
  readonly ledger: Ledger;
  readonly platform: Pick<Platform, 'sha256'>;
}

export class TokenChecker {
  readonly #authority: CertificateAuthority;
  readonly #isRevoked: (nodeId: string) => boolean;
  readonly #ledger: Ledger;
  readonly #platform: Pick<Platform, 'sha256'>;
  /** with the node that issued each */
  readonly #checked = new Map<string, CheckedToken & { readonly by: string }>();

  constructor({ authority, isRevoked, ledger, platform }: TokenParts) {
    this.#authority = authority;
    this.#isRevoked = isRevoked;
    this.#ledger = ledger;
    this.#platform = platform;
  }

  /**
   * The token's payload and its hash; throws a Problem unless a certified node of this organisation issued it. Where that node was
   * revoked, its signature alone is worth nothing: the enrolment has to be held, in the part of its log that is trusted.
   */
  async check(token: string): Promise<CheckedToken> {
    const checked = this.#checked.get(token) ?? (await this.#verify(token));
    if (this.#isRevoked(checked.by) && !(await this.#isEnrolled(checked.device)))
      throw new Problem('token-invalid');
    return checked;
  }

  async #isEnrolled({ sub, jkt, site }: DeviceToken): Promise<boolean> {
    const rows = await this.#ledger.engine.rows(
      'recovery',
      'SELECT 1 FROM devices WHERE device_id = ? AND jkt = ? AND site_id = ? LIMIT 1',
      [sub, jkt, site],
    );
    return rows.length > 0;
  }

  async #verify(token: string): Promise<CheckedToken & { by: string }> {
    const signed = await this.#authority.checkSigned('holdfast-device', token);
    const payload = tokenPayload.safeParse(signed?.payload);
    if (!signed || !payload.success) throw new Problem('token-invalid');
    if (this.#checked.size >= TOKENS_CACHED_MAX) this.#checked.clear();
    const checked = {
      ...{ device: payload.data, hash: this.#platform.sha256(token) },
      by: signed.by.nodeId,
    };
    this.#checked.set(token, checked);
    return checked;
  }
}
