/**
 * People of a stage who sign in: enrolled at its centre as everybody is, some with a password and codes, some with a
 * passkey in software. Each recovery code is good once, so there are always more people than the rows need.
 */
import { randomBytes } from 'node:crypto';
import { TOTP } from 'otpauth';
import { z } from 'zod';
import { limits } from '../../shared/limits.ts';
import { SoftwareAuthenticator, type Twist } from '../support/authenticator.ts';
import { type Message, jsonOf, send } from './http.ts';
import { PLACES, type Place, type Stage, until } from './stage.ts';

const offer = z.object({ totp: z.object({ secret: z.string() }), passkey: z.unknown() });
/** What signing in, and whatever is done to an account, leaves in the log. */
export const EVENT = { 'recovery:account-event': 1 } as const;
const JSON_BODY = { 'Content-Type': 'application/json' };

/** Passkeys belong to names: nodes are called by theirs. */
function hostOf(base: string): string {
  return new URL(base).host.replace('127.0.0.1', 'localhost');
}

/** Each from an address of its own, so that what is refused is refused for what it is. */
export function posted(base: string, path: string, body: object, headers: Message['headers'] = {}): Message {
  const [a, b, c] = randomBytes(3);
  const from = `10.${String(a)}.${String(b)}.${String(c)}`;
  return {
    ...{ method: 'POST', path, body: JSON.stringify(body) },
    headers: { ...JSON_BODY, Host: hostOf(base), 'X-Forwarded-For': from, ...headers },
  };
}

/** What a session's requests carry. */
export type Session = Readonly<Record<string, string>>;

export interface Member {
  readonly staffId: string;
  readonly password: string | null;
  readonly totp: TOTP;
  readonly recoveryCodes: readonly string[];
  readonly authenticator: SoftwareAuthenticator | null;
}

export class Crew {
  readonly #stage: Stage;
  readonly #codes: { readonly staffId: string; readonly password: string; readonly recoveryCode: string }[] =
    [];
  readonly #shared = new Map<string, Promise<Member>>();
  readonly #sessions = new Map<string, Promise<Session>>();
  readonly #steps = new Map<string, number>();
  static readonly #crews = new WeakMap<Stage, Crew>();

  private constructor(stage: Stage) {
    this.#stage = stage;
  }

  static of(stage: Stage): Crew {
    const known = Crew.#crews.get(stage) ?? new Crew(stage);
    Crew.#crews.set(stage, known);
    return known;
  }

  get centre(): string {
    return this.#stage.cluster.centreUrl;
  }

  /** Somebody new, with an enrolment link. */
  async invite(): Promise<{ staffId: string; link: string }> {
    const staffId = `p-${randomBytes(5).toString('hex')}`;
    await this.#stage.put('staff', staffId, {
      ...{ name: 'Somebody', role: 'advanced-helpdesk', sites: null, revoked: false },
    });
    const { administrator } = this.#stage.cluster.secrets.tokens;
    const asked = this.#stage.staff(administrator, 'POST', `/v1/admin/accounts/${staffId}/links`, {});
    const { link } = z.object({ link: z.string() }).parse(jsonOf(await send(this.centre, asked)));
    return { staffId, link };
  }

  async offerOf(link: string): Promise<z.infer<typeof offer>> {
    return offer.parse(
      jsonOf(await send(this.centre, posted(this.centre, '/v1/enrolment/options', { link }))),
    );
  }

  /** Somebody new who can sign in at every node. */
  async hire(by: { readonly password?: true; readonly passkey?: true }): Promise<Member> {
    const { staffId, link } = await this.invite();
    const {
      totp: { secret },
      passkey,
    } = await this.offerOf(link);
    const totp = new TOTP({ secret });
    const password = by.password ? `correct horse battery ${staffId}` : null;
    const authenticator = by.passkey ? new SoftwareAuthenticator() : null;
    const body = {
      link,
      ...(password !== null && { password, code: totp.generate() }),
      ...(authenticator && { passkey: authenticator.create(passkey, `http://${hostOf(this.centre)}`) }),
    };
    const answer = await send(this.centre, posted(this.centre, '/v1/enrolment', body));
    if (answer.status !== 201) throw new Error(`nobody was enrolled: ${answer.body.toString()}`);
    const { recoveryCodes } = z.object({ recoveryCodes: z.array(z.string()) }).parse(jsonOf(answer));
    for (const place of PLACES) await this.#arrival(place, staffId);
    return { staffId, password, totp, recoveryCodes, authenticator };
  }

  async #arrival(place: Place, staffId: string): Promise<void> {
    const { administrator } = this.#stage.cluster.secrets.tokens;
    const accounts = z.object({
      accounts: z.array(z.object({ staffId: z.string(), password: z.boolean(), passkeys: z.number() })),
    });
    const asked = this.#stage.staff(administrator, 'GET', '/v1/admin/accounts');
    await until(`the ${place} knows ${staffId}`, async () => {
      const parsed = accounts.safeParse(jsonOf(await send(this.#stage.base(place), asked)));
      const found = parsed.data?.accounts.find((one) => one.staffId === staffId);
      return found !== undefined && (found.password || found.passkeys > 0);
    });
  }

  /** Has enough codes ready, for enrolling somebody writes entries that no row is to be blamed for. */
  async prepareCodes(): Promise<void> {
    if (this.#codes.length > limits.recoveryCodes) return;
    const { staffId, password, recoveryCodes } = await this.hire({ password: true });
    this.#codes.push(
      ...recoveryCodes.map((recoveryCode) => ({ staffId, password: password ?? '', recoveryCode })),
    );
  }

  /** A right way to sign in with a password, good once. */
  takeCode(): { staffId: string; password: string; recoveryCode: string } {
    const taken = this.#codes.pop();
    if (!taken) throw new Error('no codes were prepared');
    return taken;
  }

  /** Somebody with a passkey and nothing else, who is left as they are. */
  holder(): Promise<Member> {
    return this.shared('holder', { passkey: true });
  }

  /** One person of this name for all rows. */
  shared(name: string, by: Parameters<Crew['hire']>[0]): Promise<Member> {
    const known = this.#shared.get(name) ?? this.hire(by);
    this.#shared.set(name, known);
    return known;
  }

  /** A session that many rows use, for one person may have only so many. */
  sharedSession(member: Member, base: string): Promise<Session> {
    const key = `${member.staffId} ${base}`;
    const known = this.#sessions.get(key) ?? this.session(member, base);
    this.#sessions.set(key, known);
    return known;
  }

  /** A one-time code of theirs that was not used before: those of three half minutes are good at any time. */
  nextCode({ staffId, totp }: Member): string {
    const now = Math.floor(Date.now() / 30_000);
    const step = Math.max((this.#steps.get(staffId) ?? 0) + 1, now - 1);
    this.#steps.set(staffId, step);
    return totp.generate({ timestamp: step * 30_000 });
  }

  /** The answer of somebody's authenticator to a new challenge of this node. */
  async answer({ authenticator }: Member, base: string, twist: Twist = {}) {
    if (!authenticator) throw new Error('they have no passkey');
    const options = jsonOf(await send(base, posted(base, '/v1/session/passkey/options', {})));
    return authenticator.get(options, `http://${hostOf(base)}`, twist);
  }

  async session(member: Member, base: string): Promise<Session> {
    const answer = await send(base, posted(base, '/v1/session/passkey', await this.answer(member, base)));
    if (answer.status !== 201) throw new Error(`nobody was signed in: ${answer.body.toString()}`);
    const cookie = /^[^;]+/.exec(answer.headers['set-cookie']?.[0] ?? '')?.[0] ?? '';
    const { csrf } = z.object({ csrf: z.string() }).parse(jsonOf(answer));
    return { Cookie: cookie, 'Holdfast-CSRF': csrf };
  }

  /** A new passkey for whoever has this session at the centre, as their authenticator makes it. */
  async newPasskey(session: Session, authenticator: SoftwareAuthenticator, twist: Twist = {}) {
    const asked = posted(this.centre, '/v1/session/passkeys/options', {}, session);
    return authenticator.create(
      jsonOf(await send(this.centre, asked)),
      `http://${hostOf(this.centre)}`,
      twist,
    );
  }

  /** IDs of the passkeys of whoever has this session, the oldest first. */
  async passkeyIds(session: Session): Promise<string[]> {
    const asked = { method: 'GET', path: '/v1/session/passkeys', headers: session };
    const answer = z.object({ passkeys: z.array(z.object({ passkeyId: z.string() })) });
    return answer.parse(jsonOf(await send(this.centre, asked))).passkeys.map(({ passkeyId }) => passkeyId);
  }
}

/** As if the browser had been asked by somebody else. */
export function withChallenge(made: object): object {
  const passkey = made as { response: { clientDataJSON: string } };
  const said = JSON.parse(Buffer.from(passkey.response.clientDataJSON, 'base64url').toString()) as object;
  const other = { ...said, challenge: randomBytes(32).toString('base64url') };
  const clientDataJSON = Buffer.from(JSON.stringify(other)).toString('base64url');
  return { ...passkey, response: { ...passkey.response, clientDataJSON } };
}
