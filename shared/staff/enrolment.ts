/**
 * How a person gets credentials, at a centre: with a one-time link that an administrator hands over. Opened, it offers a
 * TOTP secret and a passkey; once one of them is proven to work, credentials are written and the link is forgotten.
 */
import { Problem } from '../http/problem.ts';
import { limits } from '../limits.ts';
import type { Platform } from '../platform.ts';
import { Redacted } from '../vault/redacted.ts';
import { type Accounts, type NewSecret, linkHash } from './accounts.ts';
import { makeRecoveryCodes, makeTotpSecret, recoveryCodeHash, stepOfCode, totpEnrolment } from './codes.ts';
import type { Credential, Credentials } from './credentials.ts';
import type { EventParts } from './events.ts';
import type { NewPasskeyAnswer, NewPasskeyOptions, Passkeys, Place } from './passkeys.ts';
import { hashPassword, requireStrength } from './password.ts';
import type { SignInService } from './sign-in.ts';

export interface EnrolmentParts extends EventParts {
  readonly platform: Platform;
  readonly accounts: Accounts;
  readonly credentials: Credentials;
  readonly passkeys: Passkeys;
  readonly signIn: SignInService;
}

export interface Offer {
  readonly staffId: string;
  readonly name: string;
  readonly expiresAt: number;
  readonly totp: { readonly secret: string; readonly uri: string };
  /** null: no domain for passkeys is configured */
  readonly passkey: NewPasskeyOptions | null;
}

export interface Taken {
  readonly password?: string | undefined;
  readonly code?: string | undefined;
  readonly passkey?: NewPasskeyAnswer | undefined;
  /** what the person calls the passkey */
  readonly passkeyName?: string | undefined;
}

/** For whoever does not name theirs. */
const PASSKEY_NAME = 'Passkey';

interface Begun {
  readonly secret: Redacted<Uint8Array<ArrayBuffer>>;
  readonly until: number;
}

export class Enrolment {
  readonly #parts: EnrolmentParts;
  /** by the link's credential */
  readonly #begun = new Map<string, Begun>();
  readonly #finishing = new Set<string>();

  constructor(parts: EnrolmentParts) {
    this.#parts = parts;
  }

  /**
   * What the link offers; asked again, it offers something new, except to whoever shows the `shown` TOTP secret: they have
   * it in their app by now, and mistyped something. Throws a Problem.
   */
  async begin(token: string, address: string | null, shown?: string): Promise<Offer> {
    const { accounts, passkeys, platform } = this.#parts;
    const link = await this.#require(token, address);
    const { staffId, credentialId } = link;
    const { name } = accounts.requirePerson(staffId);
    const begun = this.#begun.get(credentialId);
    const isKnown =
      begun && begun.until >= platform.now() && shown === totpEnrolment(begun.secret, staffId).secret;
    const secret = isKnown ? begun.secret : new Redacted(makeTotpSecret(platform));
    for (const id of this.#begun.keys()) {
      if (this.#begun.size < limits.challengesMax) break;
      this.#begun.delete(id);
    }
    this.#begun.set(credentialId, { secret, until: platform.now() + limits.enrolmentStepMs });
    return {
      ...{ staffId, name, expiresAt: link.secret.expiresAt },
      totp: totpEnrolment(secret, staffId),
      passkey: await passkeys.newOptions(staffId, name, limits.enrolmentStepMs),
    };
  }

  /** Writes the credentials. Returns recovery codes, shown once, where there is a password. Throws a Problem. */
  async finish(
    token: string,
    taken: Taken,
    place: Place,
    address: string | null,
  ): Promise<{ staffId: string; recoveryCodes: string[] }> {
    const { accounts } = this.#parts;
    const link = await this.#require(token, address);
    const { staffId, credentialId } = link;
    // One-time: of two that come together only one goes on.
    if (this.#finishing.has(credentialId)) throw new Problem('link-invalid');
    this.#finishing.add(credentialId);
    try {
      const { secrets, recoveryCodes } = await this.#secrets(staffId, credentialId, taken, place, address);
      const event = { action: 'enrolled', method: 'link', staffId, address } as const;
      await accounts.replace(staffId, secrets, event, [link]);
      this.#begun.delete(credentialId);
      return { staffId, recoveryCodes };
    } finally {
      this.#finishing.delete(credentialId);
    }
  }

  async #secrets(
    staffId: string,
    credentialId: string,
    { password, code, passkey, passkeyName = PASSKEY_NAME }: Taken,
    place: Place,
    address: string | null,
  ): Promise<{ secrets: NewSecret[]; recoveryCodes: string[] }> {
    const { platform, passkeys, signIn } = this.#parts;
    const secrets: NewSecret[] = [];
    const recoveryCodes: string[] = [];
    if (password !== undefined && code !== undefined) {
      requireStrength(password, staffId);
      const begun = this.#begun.get(credentialId);
      const now = platform.now();
      if (!begun || begun.until < now || stepOfCode(begun.secret, code, now) === null) {
        signIn.failed(null, address);
        throw new Problem('enrolment-invalid', { what: 'code' });
      }
      recoveryCodes.push(...makeRecoveryCodes(platform));
      const hashes = recoveryCodes.map((one) => recoveryCodeHash(platform, staffId, one));
      secrets.push(
        await hashPassword(platform, password),
        { type: 'totp', secret: begun.secret },
        { type: 'recovery-codes', hashes },
      );
    }
    if (passkey) {
      const secret = await passkeys.verifyNew(passkey, passkeyName, place);
      if (!secret) {
        signIn.failed(null, address);
        throw new Problem('enrolment-invalid', { what: 'passkey' });
      }
      secrets.push(secret);
    }
    if (secrets.length === 0) throw new Problem('enrolment-invalid', { what: 'nothing' });
    return { secrets, recoveryCodes };
  }

  async #require(token: string, address: string | null): Promise<Credential<'link'>> {
    const { credentials, platform, signIn } = this.#parts;
    await signIn.throttled(null, address);
    // Looked up by the hash of 256 random bits: timing tells nothing about a link.
    const tokenHash = linkHash(platform, token);
    const link = credentials.allOf('link').find(({ secret }) => secret.tokenHash === tokenHash);
    if (link && link.secret.expiresAt >= platform.now()) return link;
    signIn.failed(null, address);
    throw new Problem('link-invalid');
  }
}
