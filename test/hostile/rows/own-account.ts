/** Sessions, and what people change about how they sign in: what must be refused at each endpoint. */
import { z } from 'zod';
import { limits } from '../../../shared/limits.ts';
import { SoftwareAuthenticator, type Twist } from '../../support/authenticator.ts';
import { Crew, EVENT, type Member, type Session, posted, withChallenge } from '../crew.ts';
import { type Message, send } from '../http.ts';
import type { Row } from '../row.ts';

const MISFIT = [400, 'invalid-request'] as const;
const FORGED = [403, 'request-forged'] as const;
const EVERYWHERE = ['edge', 'centre'] as const;
const PASSWORD = 'a sentence nobody guesses';

interface Own {
  readonly crew: Crew;
  readonly session: Session;
  readonly member: Member;
}

/** Whose session it is. `one` and `both` (a password as well) stay as they are, `leaver` signs out, `new` is new each time. */
const WHO = {
  one: { passkey: true },
  both: { passkey: true, password: true },
  adder: { passkey: true },
  changer: { passkey: true, password: true },
  leaver: { passkey: true },
  'new one': { passkey: true },
  'new both': { passkey: true, password: true },
} as const;

type Ask = (of: Own) => Message | Promise<Message>;
type Rest = Partial<Omit<Row, 'name' | 'refused' | 'make'>> & { readonly who?: keyof typeof WHO };

/** A request by a session, for its person's own account. */
function own(name: string, refused: Row['refused'], hostile: Ask, twin: Ask, rest: Rest = {}): Row {
  const { who = 'one', ...row } = rest;
  return {
    ...{ name: `own account: ${name}`, refused, accepted: 204, at: ['centre'], ...row },
    make: async ({ stage, base }) => {
      const crew = Crew.of(stage);
      const isNew = who.startsWith('new');
      const member = await (isNew ? crew.hire(WHO[who]) : crew.shared(who, WHO[who]));
      const isAlone = isNew || who === 'leaver';
      // Signing in is written down: what a row needs of somebody else's is there before it.
      await crew.sharedSession(await crew.holder(), crew.centre);
      const at = async (where: string): Promise<Own> => {
        const session = await (isAlone ? crew.session(member, where) : crew.sharedSession(member, where));
        return { crew, member, session };
      };
      const here = await at(base);
      const there = row.twinAt === undefined ? here : await at(stage.base(row.twinAt));
      return { hostile: () => hostile(here), twin: () => twin(there) };
    },
  };
}

const ask = (session: Session, method: string, path: string, body?: object): Message => ({
  ...{ method, path },
  headers: { ...session, ...(body ? { 'Content-Type': 'application/json' } : {}) },
  ...(body ? { body: JSON.stringify(body) } : {}),
});

/** The same request asked by a page of another site, with the cookie of this one. */
const forged = ({ headers, ...message }: Message): Message => ({
  ...message,
  headers: { ...headers, Origin: 'https://elsewhere.example', 'Sec-Fetch-Site': 'cross-site' },
});

const asks =
  (method: string, path: string, body?: object): Ask =>
  ({ session }) =>
    ask(session, method, path, body);
const asksForged =
  (method: string, path: string, body?: object): Ask =>
  ({ session }) =>
    forged(ask(session, method, path, body));
/** Without the cookie, or with another one. */
const asksAs =
  (cookie: (own: string) => string, method: string, path: string): Ask =>
  ({ session }) =>
    ask({ ...session, Cookie: cookie(session['Cookie'] ?? '') }, method, path);

const OPTIONS = '/v1/session/passkeys/options';
const PASSKEYS = '/v1/session/passkeys';
const CODES = '/v1/session/recovery-codes';
const REWRITTEN = { 'recovery:credential': 1, 'recovery:forget': 1, ...EVENT } as const;

const sessionRows: readonly Row[] = [
  own(
    'without a session',
    [401, 'credentials-missing'],
    asksAs(() => '', 'GET', '/v1/session'),
    asks('GET', '/v1/session'),
    { accepted: 200, at: EVERYWHERE },
  ),
  own(
    'a session that nobody has',
    [401, 'session-over'],
    asksAs((cookie) => cookie.replace(/=.*/, `=${'A'.repeat(43)}`), 'GET', PASSKEYS),
    asks('GET', PASSKEYS),
    { accepted: 200, at: EVERYWHERE },
  ),
  own(
    'a session under another node’s name',
    [401, 'credentials-missing'],
    asksAs((cookie) => cookie.replace(/-\w+=/, '-aaaaaaaaaa='), 'GET', PASSKEYS),
    asks('GET', PASSKEYS),
    { accepted: 200, at: EVERYWHERE },
  ),
  own(
    'signing out from another site',
    FORGED,
    asksForged('DELETE', '/v1/session'),
    asks('DELETE', '/v1/session'),
    {
      ...{ at: EVERYWHERE, who: 'leaver', wrote: EVENT },
    },
  ),
  own(
    'sessions without one',
    [401, 'credentials-missing'],
    asksAs(() => '', 'GET', '/v1/sessions'),
    asks('GET', '/v1/sessions'),
    {
      accepted: 200,
      gives: z.object({ sessions: z.array(z.object({ isThis: z.boolean() }).loose()).min(1) }),
    },
  ),
  own(
    'ending other sessions from another site',
    FORGED,
    asksForged('DELETE', '/v1/sessions'),
    asks('DELETE', '/v1/sessions'),
    { at: EVERYWHERE, who: 'leaver', wrote: EVENT },
  ),
  own(
    'options for a passkey from another site',
    FORGED,
    asksForged('POST', OPTIONS, {}),
    asks('POST', OPTIONS, {}),
    {
      accepted: 200,
    },
  ),
  own(
    'options for a passkey of another',
    MISFIT,
    asks('POST', OPTIONS, { staffId: 'administrator-1' }),
    asks('POST', OPTIONS, {}),
    { accepted: 200 },
  ),
  own(
    'options for a passkey at an edge',
    [403, 'forbidden'],
    asks('POST', OPTIONS, {}),
    asks('POST', OPTIONS, {}),
    {
      ...{ accepted: 200, at: ['edge', 'escrow-only edge'], twinAt: 'centre' },
    },
  ),
];

/** What is wrong with a new passkey, or with what it is called. */
function adding(
  name: string,
  refused: Row['refused'],
  {
    called = 'Key',
    twist = {},
    spoil = (made) => made,
  }: {
    readonly called?: unknown;
    readonly twist?: Twist;
    readonly spoil?: (made: object) => object;
  },
): Row {
  const made = ({ crew, session }: Own, how: Twist = {}) =>
    crew.newPasskey(session, new SoftwareAuthenticator(), how);
  const add = ({ crew, session }: Own, as: unknown, passkey: object) =>
    posted(crew.centre, PASSKEYS, { name: as, passkey }, session);
  return own(
    `a passkey ${name}`,
    refused,
    async (of) => add(of, called, spoil(await made(of, twist))),
    async (of) => add(of, 'Key', await made(of)),
    { who: 'adder', accepted: 201, wrote: { 'recovery:credential': 1, ...EVENT } },
  );
}

const firstOf = async ({ crew, session }: Own): Promise<string> => (await crew.passkeyIds(session))[0] ?? '';
const removes: Ask = async (of) => ask(of.session, 'DELETE', `${PASSKEYS}/${await firstOf(of)}`);

function renaming(
  name: string,
  refused: Row['refused'],
  path: (of: Own) => string | Promise<string>,
  to: unknown,
): Row {
  return own(
    `renaming a passkey ${name}`,
    refused,
    async (of) => ask(of.session, 'PUT', await path(of), { name: to }),
    async (of) =>
      ask(of.session, 'PUT', `${PASSKEYS}/${await firstOf(of)}`, {
        name: 'n'.repeat(limits.passkeyNameCharactersMax),
      }),
    { wrote: REWRITTEN },
  );
}

const passkeyRows: readonly Row[] = [
  adding('without a name', MISFIT, { called: ' ' }),
  adding('with a name that is a list', MISFIT, { called: ['Key'] }),
  adding('with half a character in its name', MISFIT, { called: 'Key of the safe \ud83d' }),
  adding('that was not unlocked', [422, 'enrolment-invalid'], { twist: { flags: 0x41 } }),
  adding('made elsewhere', [422, 'enrolment-invalid'], { twist: { origin: 'https://elsewhere.example' } }),
  adding('for another domain', [422, 'enrolment-invalid'], { twist: { rpId: 'example.org' } }),
  adding('that answers no challenge', [422, 'enrolment-invalid'], { spoil: withChallenge }),
  own(
    'a passkey under the ID of another’s, who would be kept out by it',
    [422, 'enrolment-invalid'],
    async ({ crew, session }) => {
      const { authenticator } = await crew.holder();
      const passkey = await crew.newPasskey(session, authenticator ?? new SoftwareAuthenticator());
      return posted(crew.centre, PASSKEYS, { name: 'Key', passkey }, session);
    },
    asks('GET', PASSKEYS),
    { accepted: 200 },
  ),
  renaming('that is none', MISFIT, () => `${PASSKEYS}/c-1`, 'Key'),
  renaming('that nobody has', [404, 'passkey-unknown'], () => `${PASSKEYS}/c-${'a'.repeat(16)}`, 'Key'),
  renaming(
    'of another',
    [404, 'passkey-unknown'],
    async ({ crew }) => {
      const session = await crew.sharedSession(await crew.holder(), crew.centre);
      return `${PASSKEYS}/${(await crew.passkeyIds(session))[0] ?? ''}`;
    },
    'Mine',
  ),
  renaming('to nothing', MISFIT, async (of) => `${PASSKEYS}/${await firstOf(of)}`, '  '),
  renaming(
    'to 61 characters',
    MISFIT,
    async (of) => `${PASSKEYS}/${await firstOf(of)}`,
    'n'.repeat(limits.passkeyNameCharactersMax + 1),
  ),
  own(
    'removing the last passkey',
    [409, 'last-way-in'],
    removes,
    // With another one there, which comes first, it goes.
    async (of) => {
      const { crew, session } = of;
      const passkey = await crew.newPasskey(session, new SoftwareAuthenticator());
      await send(crew.centre, posted(crew.centre, PASSKEYS, { name: 'Key', passkey }, session));
      return removes(of);
    },
    {
      who: 'new one',
      wrote: { 'recovery:credential': 1, 'recovery:forget': 1, 'recovery:account-event': 2 },
    },
  ),
  own('removing a passkey from another site', FORGED, async (of) => forged(await removes(of)), removes, {
    who: 'new both',
    wrote: { 'recovery:forget': 1, ...EVENT },
  }),
];

function changing(name: string, refused: Row['refused'], body: object): Row {
  return own(
    `a password ${name}`,
    refused,
    asks('PUT', '/v1/session/password', body),
    ({ crew, member, session }) =>
      ask(session, 'PUT', '/v1/session/password', { password: PASSWORD, code: crew.nextCode(member) }),
    { who: 'changer', wrote: REWRITTEN },
  );
}

const passwordRows: readonly Row[] = [
  changing('that is weak', [422, 'password-weak'], { password: 'aaaaaaaaaaaaaaaa', code: '123456' }),
  changing('with a wrong code', [422, 'enrolment-invalid'], { password: PASSWORD, code: '000000' }),
  changing('with a NUL', MISFIT, { password: 'a sentence\0 nobody guesses', code: '123456' }),
  own('recovery codes from another site', FORGED, asksForged('POST', CODES, {}), asks('POST', CODES, {}), {
    ...{ who: 'both', accepted: 201, wrote: REWRITTEN },
    gives: z.object({ recoveryCodes: z.array(z.string()).length(limits.recoveryCodes) }),
  }),
  own(
    'recovery codes of one’s own making',
    MISFIT,
    asks('POST', CODES, { codes: ['aaaa-bbbb-cccc-dddd'] }),
    asks('POST', CODES, {}),
    { who: 'both', accepted: 201, wrote: REWRITTEN },
  ),
  own(
    'recovery codes without a password',
    [409, 'no-password'],
    asks('POST', CODES, {}),
    asks('GET', PASSKEYS),
    {
      accepted: 200,
    },
  ),
];

export const ownAccountRows: readonly Row[] = [...sessionRows, ...passkeyRows, ...passwordRows];
