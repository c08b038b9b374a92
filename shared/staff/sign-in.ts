/**
 * Signing in at this node, whoever else can be reached. A password always comes with a second factor; a passkey, which
 * its authenticator gives only to its owner, is both. Whatever is wrong is answered alike and takes as long: an account
 * that does not exist has its password hashed and its code checked as any other.
 */
import type { Alarms } from '../alarms.ts';
import type { Configuration } from '../configuration.ts';
import { Problem } from '../http/problem.ts';
import {
  type AccountEvent,
  type SignInFailure,
  type SignInMethod,
  accountEvent,
} from '../journal/staff-bodies.ts';
import { limits } from '../limits.ts';
import { parseJson } from '../parse-json.ts';
import type { Origin } from '../trust/certificate.ts';
import { type SealedToNode, type SealingKey, openSealedToNode, sealToNode } from '../trust/sealing.ts';
import { Redacted } from '../vault/redacted.ts';
import { makeTotpSecret, recoveryCodeHash, stepOfCode } from './codes.ts';
import type { Credentials } from './credentials.ts';
import { type EventParts, type UsableCode, isUsed, writeEvent } from './events.ts';
import type { PasskeyAnswer, PasskeyOptions, Passkeys, Place } from './passkeys.ts';
import { isPassword } from './password.ts';
import type { Session, Sessions } from './sessions.ts';
import { Throttle } from './throttle.ts';

export interface SignInParts extends EventParts {
  readonly configuration: Configuration;
  readonly alarms: Alarms;
  readonly sealing: SealingKey;
  readonly credentials: Credentials;
  readonly sessions: Sessions;
  readonly passkeys: Passkeys;
}

export type SecondFactor = { readonly code: string } | { readonly recoveryCode: string };

/** What is known of a try before it is known whether it succeeds. */
interface Outcome {
  readonly failure: SignInFailure | null;
  readonly method: SignInMethod;
  readonly credentialIds: readonly string[];
  /** the code that is used up by it */
  readonly used?: UsableCode;
}

/** Events of other nodes that are looked at; cheaper than reading the body of each. */
const TOLD_ELSEWHERE = /"action":"(?:throttled|sign-out-elsewhere)"/;

/** Where nobody says which address a request comes from, it comes from this machine. */
const NO_ADDRESS = 'local';

export class SignInService {
  readonly #parts: SignInParts;
  readonly #throttle: Throttle;
  /** codes that are being used at this moment */
  readonly #claimed = new Set<string>();
  #hashing: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #decoy: Promise<SealedToNode> | null = null;
  /** subjects of alarms, and when each was last raised */
  readonly #alarmed = new Map<string, number>();

  constructor(parts: SignInParts) {
    this.#parts = parts;
    this.#throttle = new Throttle(parts.platform);
    parts.ledger.onCommit((store, entries, by) => {
      if (store !== 'recovery' || by !== 'absorb') return;
      for (const { kind, body, origin } of entries) {
        if (kind !== 'account-event' || body === null || !TOLD_ELSEWHERE.test(body)) continue;
        const event = accountEvent.safeParse(parseJson(body));
        if (event.success) this.#heard(event.data, origin);
      }
    });
  }

  /** What happened at another node and matters here. */
  #heard({ action, staffId, nodeName, address }: AccountEvent, origin: Origin): void {
    // Throttling is local; that it was needed is told everywhere.
    if (action === 'throttled') this.#alarm(`${nodeName} ${address ?? NO_ADDRESS}`);
    // From a centre alone: an edge that was stolen is not to sign everybody out, again and again.
    const isCentres = this.#parts.ledger.origins('recovery').get(origin)?.certificate.role === 'centre';
    if (action === 'sign-out-elsewhere' && isCentres)
      this.#parts.sessions.endAll((session) => session.staffId === staffId);
  }

  /** Throws the Problem `sign-in-failed` or `too-many-attempts`. */
  async byPassword(
    request: { readonly staffId: string; readonly password: string } & SecondFactor,
    address: string | null,
  ): Promise<{ secret: string; session: Session }> {
    const { staffId } = request;
    await this.throttled(staffId, address);
    const outcome = await this.#tryPassword(request);
    return this.#finish(staffId, outcome, address);
  }

  passkeyOptions(): Promise<PasskeyOptions> {
    return this.#parts.passkeys.options();
  }

  async byPasskey(
    answer: PasskeyAnswer,
    place: Place,
    address: string | null,
  ): Promise<{ secret: string; session: Session }> {
    const { passkeys } = this.#parts;
    const owner = passkeys.ownerOf(answer);
    // Counted by themselves: wrong passwords are not to keep anybody's passkey out, whose ID nobody guesses.
    await this.throttled(owner, address, 'passkey');
    const found = await passkeys.verify(answer, place);
    const credentialIds = found ? [found.credentialId] : [];
    const failure = found ? null : 'wrong-passkey';
    return this.#finish(owner, { failure, method: 'passkey', credentialIds }, address);
  }

  async signOut(session: Session, address: string | null): Promise<void> {
    const { staffId, method } = session;
    await writeEvent(this.#parts, { action: 'sign-out', staffId, method, address });
    this.#parts.sessions.end(session.id);
  }

  /** Ends a person's other sessions at this node; said at a centre, at every other node as soon as it hears of it. */
  async signOutElsewhere({ id, staffId, method }: Session, address: string | null): Promise<void> {
    await writeEvent(this.#parts, { action: 'sign-out-elsewhere', staffId, method, address });
    this.#parts.sessions.endAll((session) => session.staffId === staffId && session.id !== id);
  }

  /** Throws a Problem while too much failed; the first time it is an alert, here and, in the log, everywhere. */
  async throttled(account: string | null, address: string | null, method?: SignInMethod): Promise<void> {
    const refusal = this.#throttle.refusal(counted(account, method), address ?? NO_ADDRESS);
    if (!refusal) return;
    if (refusal.isFirst) {
      const staffId = account !== null && this.#parts.configuration.get('staff', account) ? account : null;
      this.#alarm(address ?? NO_ADDRESS);
      await writeEvent(this.#parts, { action: 'throttled', staffId, address, failure: 'too-many-attempts' });
    }
    const seconds = Math.ceil(refusal.retryAfterMs / 1000);
    throw new Problem(
      'too-many-attempts',
      { retryAfterSeconds: seconds },
      { 'Retry-After': String(seconds) },
    );
  }

  /** Takes back alarms of what is over. */
  calm(): void {
    const now = this.#parts.platform.now();
    for (const [subject, at] of this.#alarmed) {
      if (Math.abs(now - at) < limits.signInWindowMs) continue;
      this.#alarmed.delete(subject);
      this.#parts.alarms.clear('sign-in-attack', subject);
    }
  }

  /** Anybody may read alarms: named by the account, they would tell which accounts there are. The audit names it. */
  #alarm(subject: string): void {
    this.#alarmed.set(subject, this.#parts.platform.now());
    this.#parts.alarms.raise('sign-in-attack', subject, 'too many sign-ins failed');
  }

  /** Counts a failure that is no sign-in, such as of an enrolment link. */
  failed(account: string | null, address: string | null): void {
    this.#throttle.failed(account, address ?? NO_ADDRESS);
  }

  /** The time step whose one-time code of this person this is, or null. */
  async stepFor(staffId: string, code: string): Promise<number | null> {
    const { used } = await this.#tryCode(staffId, code);
    return used && 'step' in used ? used.step : null;
  }

  async #tryPassword(
    request: { readonly staffId: string; readonly password: string } & SecondFactor,
  ): Promise<Outcome> {
    const { credentials, configuration, platform } = this.#parts;
    const { staffId } = request;
    const person = configuration.get('staff', staffId);
    const [password = null] = credentials.of(staffId, 'password');
    const isRight = await this.#inTurn(() =>
      isPassword(platform, request.password, password?.secret ?? null),
    );
    const factor =
      'code' in request
        ? await this.#tryCode(staffId, request.code)
        : this.#tryRecoveryCode(staffId, request.recoveryCode);
    const failure =
      person === undefined
        ? 'unknown-account'
        : person.body.revoked
          ? 'revoked'
          : password === null
            ? 'no-password'
            : isRight
              ? factor.failure
              : 'wrong-password';
    const credentialIds = [...(password ? [password.credentialId] : []), ...factor.credentialIds];
    return { ...factor, failure, credentialIds };
  }

  async #tryCode(staffId: string, code: string): Promise<Outcome> {
    const { credentials, identity, sealing, platform } = this.#parts;
    const [totp] = credentials.of(staffId, 'totp');
    const mine = totp?.secret.sealed.find(({ nodeId }) => nodeId === identity.certificate.nodeId);
    const record = totp && mine ? recordOf(totp) : DECOY;
    const secret = await openSealedToNode(sealing, mine ?? (await this.#sealedDecoy()), record);
    const step = secret && stepOfCode(secret, code, platform.now());
    const method = 'password+totp';
    if (!totp || !mine) return { failure: 'no-second-factor', method, credentialIds: [] };
    if (step === null) return { failure: 'wrong-code', method, credentialIds: [] };
    return { failure: null, method, credentialIds: [totp.credentialId], used: { step } };
  }

  #tryRecoveryCode(staffId: string, code: string): Outcome {
    const { credentials, platform } = this.#parts;
    const codeHash = recoveryCodeHash(platform, staffId, code);
    const [codes] = credentials.of(staffId, 'recovery-codes');
    const method = 'password+recovery-code';
    if (!codes) return { failure: 'no-second-factor', method, credentialIds: [] };
    // 80 random bits each: timing tells nothing about them.
    if (!codes.secret.hashes.includes(codeHash)) return { failure: 'wrong-code', method, credentialIds: [] };
    return { failure: null, method, credentialIds: [codes.credentialId], used: { codeHash } };
  }

  /** Writes down what happened and only then answers. */
  async #finish(
    tried: string | null,
    outcome: Outcome,
    address: string | null,
  ): Promise<{ secret: string; session: Session }> {
    const { configuration, sessions } = this.#parts;
    const { method, credentialIds, used = null } = outcome;
    const person = tried === null ? undefined : configuration.get('staff', tried);
    const staffId = person ? tried : null;
    const about = { action: 'sign-in', staffId, method, address } as const;
    // Nobody else may use the same code while this is being written.
    const claim = used && `${String(tried)} ${JSON.stringify(used)}`;
    const isMine = claim !== null && !this.#claimed.has(claim);
    if (isMine) this.#claimed.add(claim);
    try {
      let { failure } = outcome;
      if (person?.body.revoked !== false) failure ??= 'revoked';
      if (used && !(isMine && tried !== null && !(await isUsed(this.#parts.ledger, tried, used))))
        failure ??= 'used-code';
      if (failure !== null || staffId === null) {
        this.#throttle.failed(counted(tried, method), address ?? NO_ADDRESS);
        await writeEvent(this.#parts, { ...about, failure: failure ?? 'unknown-account' });
        throw new Problem('sign-in-failed', {}, SESSION_CHALLENGE);
      }
      await writeEvent(this.#parts, { ...about, ...used });
      this.#throttle.succeeded(counted(staffId, method) ?? staffId, address ?? NO_ADDRESS);
      return sessions.open({ staffId, method, credentialIds, address });
    } finally {
      if (isMine) this.#claimed.delete(claim);
    }
  }

  /** One password at a time: each takes a tenth of a second, and others have work to do. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#waiting >= limits.passwordQueueMax) throw new Problem('overloaded', {}, { 'Retry-After': '2' });
    this.#waiting += 1;
    const turn = this.#hashing.then(work).finally(() => {
      this.#waiting -= 1;
    });
    this.#hashing = turn.catch(() => undefined);
    return turn;
  }

  /** What is opened for those who have no one-time codes here. */
  #sealedDecoy(): Promise<SealedToNode> {
    const { identity, sealing, platform } = this.#parts;
    const to = { nodeId: identity.certificate.nodeId, sealingKey: sealing.publicKey };
    this.#decoy ??= sealToNode(to, DECOY, new Redacted(makeTotpSecret(platform)));
    return this.#decoy;
  }
}

function counted(account: string | null, method?: SignInMethod): string | null {
  return account !== null && method === 'passkey' ? `${account} by passkey` : account;
}

/** RFC 9110 asks for a scheme with every 401, and names none for cookies. */
export const SESSION_CHALLENGE = { 'WWW-Authenticate': 'Bearer' } as const;

const DECOY = { credentialId: 'c-aaaaaaaaaaaaaaaa', staffId: 'nobody' } as const;

/** What a TOTP secret is sealed for: it opens for nobody else. */
export function recordOf(of: {
  readonly credentialId: string;
  readonly staffId: string;
}): Readonly<Record<string, string>> {
  return { credentialId: of.credentialId, staffId: of.staffId };
}
