/**
 * What somebody who is signed in changes about how they sign in, at a centre: another password, passkeys, recovery
 * codes. The last way to sign in cannot be removed.
 */
import { Problem } from '../http/problem.ts';
import { limits } from '../limits.ts';
import { type Accounts, type Held, draftOf } from './accounts.ts';
import { makeRecoveryCodes, recoveryCodeHash } from './codes.ts';
import type { Credential, Credentials } from './credentials.ts';
import { type EventParts, isUsed } from './events.ts';
import type { NewPasskeyAnswer, NewPasskeyOptions, Passkeys, Place } from './passkeys.ts';
import { hashPassword, requireStrength } from './password.ts';
import type { Session } from './sessions.ts';
import { SESSION_CHALLENGE, type SignInService } from './sign-in.ts';

export interface OwnAccountParts extends EventParts {
  readonly accounts: Accounts;
  readonly credentials: Credentials;
  readonly passkeys: Passkeys;
  readonly signIn: SignInService;
}

/** Who changes something, and from where. */
export interface Own {
  readonly session: Session;
  readonly address: string | null;
}

export interface PasskeyItem {
  readonly passkeyId: string;
  readonly name: string;
  readonly createdAt: number;
  /** whether it is for the domain that is configured now: only then is it of use */
  readonly isUsable: boolean;
  /** whether this session was begun by it */
  readonly isThis: boolean;
}

export class OwnAccount {
  readonly #parts: OwnAccountParts;

  constructor(parts: OwnAccountParts) {
    this.#parts = parts;
  }

  /** Another password, for somebody who shows a code of theirs. Ends all sessions but those by passkey. */
  async changePassword({ session, address }: Own, password: string, code: string): Promise<void> {
    const { accounts, platform, signIn } = this.#parts;
    const { staffId } = session;
    accounts.requirePerson(staffId);
    requireStrength(password, staffId);
    await signIn.throttled(staffId, address);
    const step = await signIn.stepFor(staffId, code);
    if (step === null || (await isUsed(this.#parts.ledger, staffId, { step }))) {
      signIn.failed(staffId, address);
      throw new Problem('enrolment-invalid', { what: 'code' });
    }
    const event = { action: 'password-changed', staffId, address, step, method: 'password+totp' } as const;
    await accounts.replace(staffId, [await hashPassword(platform, password)], event);
  }

  /** Whether a domain for passkeys is configured. */
  get hasPasskeys(): boolean {
    return this.#parts.passkeys.rpId !== null;
  }

  /** How many recovery codes are left, as far as this node heard of those that were used. */
  async recoveryCodesLeft({ staffId }: Session): Promise<number> {
    const { credentials, ledger } = this.#parts;
    const hashes = credentials.of(staffId, 'recovery-codes')[0]?.secret.hashes ?? [];
    const used = await Promise.all(hashes.map((codeHash) => isUsed(ledger, staffId, { codeHash })));
    return used.filter((one) => !one).length;
  }

  /** The oldest first. */
  passkeys({ staffId, credentialIds }: Session): PasskeyItem[] {
    const { credentials, passkeys } = this.#parts;
    return credentials
      .of(staffId, 'passkey')
      .map(({ credentialId, secret: { name, createdAt, rpId } }) => ({
        ...{ passkeyId: credentialId, name, createdAt },
        isUsable: rpId === passkeys.rpId,
        isThis: credentialIds.includes(credentialId),
      }))
      .sort((a, b) => a.createdAt - b.createdAt);
  }

  /** Throws the Problem `passkeys-off`, `passkeys-many` or `sign-in-again`. */
  async passkeyOptions({ session }: Own): Promise<NewPasskeyOptions> {
    const { accounts, credentials, passkeys } = this.#parts;
    this.#requireRecent(session);
    const { name } = accounts.requirePerson(session.staffId);
    requireRoom(credentials.of(session.staffId, 'passkey'));
    const options = await passkeys.newOptions(session.staffId, name);
    if (!options) throw new Problem('passkeys-off');
    return options;
  }

  /** Throws the Problem `enrolment-invalid` for what answers no challenge of this node. */
  async addPasskey(
    { session, address }: Own,
    answer: NewPasskeyAnswer,
    name: string,
    place: Place,
  ): Promise<string> {
    const { accounts, passkeys } = this.#parts;
    const { staffId } = session;
    this.#requireRecent(session);
    accounts.requirePerson(staffId);
    const secret = await passkeys.verifyNew(answer, name, place);
    if (!secret) throw new Problem('enrolment-invalid', { what: 'passkey' });
    const credentialId = accounts.newId();
    await accounts.change(about('passkey-added', { session, address }), (held, sites) => {
      requireRoom(held.passkeys);
      return { drafts: [draftOf({ credentialId, staffId, sites, secret })], forgotten: [] };
    });
    return credentialId;
  }

  /** Throws the Problem `passkey-unknown`. */
  renamePasskey(own: Own, passkeyId: string, name: string): Promise<void> {
    return this.#parts.accounts.change(about('passkey-renamed', own), ({ passkeys }) => {
      const passkey = requirePasskey(passkeys, passkeyId);
      return { drafts: [draftOf({ ...passkey, secret: { ...passkey.secret, name } })], forgotten: [passkey] };
    });
  }

  /** Sessions that it began end with it. Throws the Problem `passkey-unknown`, `last-way-in` or `sign-in-again`. */
  async removePasskey(own: Own, passkeyId: string): Promise<void> {
    this.#requireRecent(own.session);
    await this.#parts.accounts.change(about('passkey-removed', own), (held) => {
      const passkey = requirePasskey(held.passkeys, passkeyId);
      const others = held.passkeys.filter((other) => other !== passkey);
      if (!this.#getsIn({ ...held, passkeys: others })) throw new Problem('last-way-in');
      return { drafts: [], forgotten: [passkey] };
    });
  }

  /** New recovery codes in the place of the old ones, whose sessions end. Throws the Problem `no-password` or `sign-in-again`. */
  async makeRecoveryCodes(own: Own): Promise<string[]> {
    const { accounts, credentials, platform } = this.#parts;
    const { staffId } = own.session;
    this.#requireRecent(own.session);
    accounts.requirePerson(staffId);
    // They go with a password and are nothing without one.
    if (credentials.of(staffId, 'password').length === 0) throw new Problem('no-password');
    const codes = makeRecoveryCodes(platform);
    const hashes = codes.map((code) => recoveryCodeHash(platform, staffId, code));
    await accounts.replace(staffId, [{ type: 'recovery-codes', hashes }], about('recovery-codes-made', own));
    return codes;
  }

  #getsIn({ passwords, hasTotp, passkeys }: Held): boolean {
    const { rpId } = this.#parts.passkeys;
    return (passwords.length > 0 && hasTotp) || passkeys.some(({ secret }) => secret.rpId === rpId);
  }

  /** Whoever finds a browser that somebody left may use it for minutes, and must not make it their own. */
  #requireRecent({ startedAt }: Session): void {
    const ageMs = this.#parts.platform.now() - startedAt;
    if (ageMs < 0 || ageMs > limits.signInRecentMs) throw new Problem('sign-in-again', {}, SESSION_CHALLENGE);
  }
}

function about<A extends 'passkey-added' | 'passkey-renamed' | 'passkey-removed' | 'recovery-codes-made'>(
  action: A,
  { session: { staffId, method }, address }: Own,
) {
  return { action, staffId, method, address };
}

function requireRoom(held: readonly unknown[]): void {
  const most = limits.passkeysPerPersonMax;
  if (held.length >= most) throw new Problem('passkeys-many', { most });
}

function requirePasskey(held: readonly Credential<'passkey'>[], passkeyId: string): Credential<'passkey'> {
  const found = held.find(({ credentialId }) => credentialId === passkeyId);
  if (!found) throw new Problem('passkey-unknown');
  return found;
}
