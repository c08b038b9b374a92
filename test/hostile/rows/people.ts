/** Signing in, and enrolling by a one-time link: what must be refused at each endpoint. */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { SoftwareAuthenticator } from '../../support/authenticator.ts';
import { Crew, EVENT, type Member, posted, withChallenge } from '../crew.ts';
import type { Message } from '../http.ts';
import { type Case, type Row, withBody } from '../row.ts';

/** A sign-in that failed is written down, and nothing else is. */
const WRITTEN_DOWN = { ...EVENT, recovery_journal: 1, recovery_heads: 1, account_events: 1 } as const;
const AT_CENTRE = { at: ['centre'] } as const;
const MISFIT = [400, 'invalid-request'] as const;
const FAILED = [401, 'sign-in-failed'] as const;

type Body = Record<string, unknown>;
const changed = (change: (body: Body) => object) => (message: Message) => withBody(message, change);
const list = (message: Message): Message => ({ ...message, body: `[${String(message.body)}]` });

// ── Signing in with a password ───────────────────────────────────────────────────────────────────────────────────────

function password(
  name: string,
  refused: Row['refused'],
  spoil: (message: Message) => Message,
  keeps?: Row['keeps'],
): Row {
  return {
    ...{ name: `sign-in: ${name}`, refused, accepted: 201, wrote: EVENT, ...(keeps ? { keeps } : {}) },
    // What is no sign-in at all is refused by the same schema everywhere.
    ...(keeps ? {} : { at: ['edge'] as const }),
    make: async ({ stage, base }) => {
      const crew = Crew.of(stage);
      await crew.prepareCodes();
      const spare = { staffId: 'helpdesk-1', password: 'not the password', code: '123456' };
      return {
        hostile: () => spoil(posted(base, '/v1/session', spare)),
        twin: () => posted(base, '/v1/session', crew.takeCode()),
      };
    },
  };
}

const signInRows: readonly Row[] = [
  password('a wrong password', FAILED, (message) => message, WRITTEN_DOWN),
  password(
    'nobody’s name',
    FAILED,
    changed((body) => ({ ...body, staffId: 'nobody-at-all' })),
    WRITTEN_DOWN,
  ),
  password(
    'a name that is a prototype’s',
    FAILED,
    changed((body) => ({ ...body, staffId: 'constructor' })),
    WRITTEN_DOWN,
  ),
  password(
    'a code of five digits',
    MISFIT,
    changed((body) => ({ ...body, code: '12345' })),
  ),
  password(
    'a code of Arabic digits',
    MISFIT,
    changed((body) => ({ ...body, code: '١٢٣٤٥٦' })),
  ),
  password(
    'a code and a recovery code',
    MISFIT,
    changed((body) => ({ ...body, recoveryCode: 'aaaa-bbbb' })),
  ),
  password(
    'no second factor',
    MISFIT,
    changed(({ code: _code, ...body }) => body),
  ),
  password(
    'an empty password',
    MISFIT,
    changed((body) => ({ ...body, password: '' })),
  ),
  password(
    'a password of a megabyte',
    [413, 'body-too-large'],
    changed((body) => ({ ...body, password: 'x'.repeat(1_000_000) })),
  ),
  password(
    'a password of 201 characters',
    MISFIT,
    changed((body) => ({ ...body, password: 'correct horse'.repeat(16) })),
  ),
  password(
    'half a character in the password',
    MISFIT,
    changed((body) => ({ ...body, password: 'correct horse \udc00' })),
  ),
  password(
    'a NUL in the name',
    MISFIT,
    changed((body) => ({ ...body, staffId: 'helpdesk\0-1' })),
  ),
  password(
    'a name of 64 characters',
    MISFIT,
    changed((body) => ({ ...body, staffId: 'n'.repeat(64) })),
  ),
  password(
    'a password that is a pattern',
    MISFIT,
    changed((body) => ({ ...body, password: { $ne: '' } })),
  ),
  password('a list of sign-ins', MISFIT, list),
  password(
    'a role with it',
    MISFIT,
    changed((body) => ({ ...body, role: 'administrator' })),
  ),
  password('as a form', [415, 'unsupported-media-type'], ({ headers, ...message }) => ({
    ...message,
    headers: { ...headers, 'Content-Type': 'application/x-www-form-urlencoded' },
  })),
];

// ── Signing in with a passkey ────────────────────────────────────────────────────────────────────────────────────────

type Answer = Awaited<ReturnType<Crew['answer']>>;

function passkey(
  name: string,
  refused: Row['refused'],
  hostile: (crew: Crew, holder: Member, of: Case) => Promise<object>,
  keeps?: Row['keeps'],
): Row {
  return {
    ...{ name: `passkey: ${name}`, refused, accepted: 201, wrote: EVENT, ...(keeps ? { keeps } : {}) },
    make: async (of) => {
      const crew = Crew.of(of.stage);
      const holder = await crew.holder();
      const sent = (body: object) => posted(of.base, '/v1/session/passkey', body);
      return {
        hostile: async () => sent(await hostile(crew, holder, of)),
        twin: async () => sent(await crew.answer(holder, of.base)),
      };
    },
  };
}

/** The right answer with one thing wrong in its form. */
const misformed = (name: string, spoil: (answer: Answer) => object): Row => ({
  ...passkey(name, MISFIT, async (crew, holder, { base }) => spoil(await crew.answer(holder, base))),
  at: ['edge'],
});

const passkeyRows: readonly Row[] = [
  passkey(
    'of another origin',
    FAILED,
    (crew, holder, { base }) => crew.answer(holder, base, { origin: 'https://localhost.example' }),
    WRITTEN_DOWN,
  ),
  passkey(
    'of another domain',
    FAILED,
    (crew, holder, { base }) => crew.answer(holder, base, { rpId: 'example.org' }),
    WRITTEN_DOWN,
  ),
  passkey(
    'to a challenge of nobody',
    FAILED,
    (crew, holder, { base }) =>
      crew.answer(holder, base, { challenge: randomBytes(32).toString('base64url') }),
    WRITTEN_DOWN,
  ),
  passkey(
    'to a challenge of the other node',
    FAILED,
    (crew, holder, { stage, place, base }) =>
      crew.answer(holder, stage.base(place === 'centre' ? 'edge' : 'centre'), {
        origin: base.replace('127.0.0.1', 'localhost'),
      }),
    WRITTEN_DOWN,
  ),
  passkey(
    'that was not unlocked',
    FAILED,
    (crew, holder, { base }) => crew.answer(holder, base, { flags: 0x01 }),
    WRITTEN_DOWN,
  ),
  passkey(
    'that nobody knows',
    FAILED,
    async (crew, holder, { base }) => {
      const stranger = { ...holder, authenticator: new SoftwareAuthenticator() };
      return crew.answer(stranger, base);
    },
    WRITTEN_DOWN,
  ),
  passkey(
    'under another’s ID',
    FAILED,
    async (crew, holder, { base }) => {
      const stranger = { ...holder, authenticator: new SoftwareAuthenticator() };
      return crew.answer(stranger, base, { id: holder.authenticator?.id ?? '' });
    },
    WRITTEN_DOWN,
  ),
  misformed('that is a password', (answer) => ({ ...answer, type: 'password' })),
  misformed('with an ID that is no base64url', (answer) => ({ ...answer, id: 'an ID+/=' })),
  misformed('with an ID of 9,000 characters', (answer) => ({ ...answer, id: 'A'.repeat(9_000) })),
  misformed('without a signature', ({ response: { signature: _none, ...response }, ...answer }) => ({
    ...answer,
    response,
  })),
  misformed('with a name', (answer) => ({ ...answer, staffId: 'administrator-1' })),
  misformed('with a signature that is a list', ({ response, ...answer }) => ({
    ...answer,
    response: { ...response, signature: [response.signature] },
  })),
  {
    ...{ name: 'passkey options: for a name', refused: MISFIT, accepted: 200 },
    gives: z.looseObject({ challenge: z.string(), rpId: z.literal('localhost') }),
    make: ({ base }) => {
      const asked = (body: object) => posted(base, '/v1/session/passkey/options', body);
      return { hostile: () => asked({ staffId: 'helpdesk-1' }), twin: () => asked({}) };
    },
  },
];

// ── Enrolling by a link ──────────────────────────────────────────────────────────────────────────────────────────────

function opening(name: string, refused: Row['refused'], link: unknown): Row {
  return {
    ...{ name: `enrolment link: ${name}`, refused, accepted: 200, ...AT_CENTRE },
    gives: z.object({ staffId: z.string(), totp: z.object({ secret: z.string() }) }).loose(),
    make: async ({ stage, base }) => {
      const { link: good } = await Crew.of(stage).invite();
      const open = (of: unknown) => posted(base, '/v1/enrolment/options', { link: of });
      return { hostile: () => open(link), twin: () => open(good) };
    },
  };
}

/** A link that is good, a passkey that answers it, and what is done with them. */
function enrolling(
  name: string,
  refused: Row['refused'],
  hostile: (of: {
    link: string;
    code: () => Promise<string>;
    passkey: () => Promise<object>;
  }) => object | Promise<object>,
): Row {
  return {
    ...{ name: `enrolment: ${name}`, refused, accepted: 201, ...AT_CENTRE },
    wrote: { 'recovery:credential': 1, 'recovery:forget': 1, ...EVENT },
    make: async ({ stage, base }) => {
      const crew = Crew.of(stage);
      const { link } = await crew.invite();
      const origin = base.replace('127.0.0.1', 'localhost');
      const passkeyOf = async () =>
        new SoftwareAuthenticator().create((await crew.offerOf(link)).passkey, origin);
      // Of a code of six digits, the one that is not right.
      const code = async () => {
        await crew.offerOf(link);
        return '000000';
      };
      const finish = (body: object) => posted(base, '/v1/enrolment', body);
      return {
        hostile: async () => finish(await hostile({ link, code, passkey: passkeyOf })),
        twin: async () => finish({ link, passkey: await passkeyOf(), passkeyName: 'Móvil' }),
      };
    },
  };
}

const GOOD_PASSWORD = 'a sentence nobody guesses';
const enrolmentRows: readonly Row[] = [
  opening('that nobody made', [404, 'link-invalid'], `hfl_${'A'.repeat(43)}`),
  opening('that is a site’s token', MISFIT, `hft_${'A'.repeat(43)}`),
  opening('that is a whole address', MISFIT, `https://holdfast.example.org/enrol#hfl_${'A'.repeat(43)}`),
  opening('with a line’s end', MISFIT, `hfl_${'A'.repeat(43)}\n`),
  opening('that is a list', MISFIT, [`hfl_${'A'.repeat(43)}`]),
  {
    ...{ name: 'enrolment link: at an edge', refused: [404, 'link-invalid'], accepted: 200 },
    ...{ at: ['edge'], twinAt: 'centre' },
    make: async ({ stage, base }) => {
      const { link } = await Crew.of(stage).invite();
      const open = (at: string) => posted(at, '/v1/enrolment/options', { link });
      return { hostile: () => open(base), twin: () => open(stage.cluster.centreUrl) };
    },
  },
  enrolling('with nothing', [422, 'enrolment-invalid'], ({ link }) => ({ link })),
  enrolling('with a password alone', [422, 'enrolment-invalid'], ({ link }) => ({
    link,
    password: GOOD_PASSWORD,
  })),
  enrolling('with a wrong code', [422, 'enrolment-invalid'], async ({ link, code }) => ({
    link,
    password: GOOD_PASSWORD,
    code: await code(),
  })),
  enrolling('with a weak password', [422, 'password-weak'], async ({ link, code }) => ({
    link,
    password: 'aaaaaaaaaaaaaaaa',
    code: await code(),
  })),
  enrolling('with a password of 201 characters', MISFIT, ({ link }) => ({
    link,
    password: 'correct horse'.repeat(16),
    code: '123456',
  })),
  enrolling(
    'with a passkey of another challenge',
    [422, 'enrolment-invalid'],
    async ({ link, passkey: made }) => {
      const first = await made();
      return { link, passkey: withChallenge(first) };
    },
  ),
  enrolling('with a passkey without a name', MISFIT, async ({ link, passkey: made }) => ({
    link,
    passkey: await made(),
    passkeyName: ' ',
  })),
  enrolling('with a NUL in the passkey’s name', MISFIT, async ({ link, passkey: made }) => ({
    link,
    passkey: await made(),
    passkeyName: 'my\0telephone',
  })),
  enrolling('as somebody else', MISFIT, async ({ link, passkey: made }) => ({
    link,
    passkey: await made(),
    staffId: 'administrator-1',
  })),
];

export const peopleRows: readonly Row[] = [...signInRows, ...passkeyRows, ...enrolmentRows];
