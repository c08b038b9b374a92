/** Accounts at a centre and two edges in this process: enrolment, passkeys, sessions, and what ends them. */
import { TOTP } from 'otpauth';
import { describe, expect, it } from 'vitest';
import { nodePlatform } from '../../central/platform.ts';
import type { HoldfastNode } from '../../shared/node.ts';
import { staffTokenHash } from '../../shared/staff/token.ts';
import { SoftwareAuthenticator } from '../support/authenticator.ts';
import { CENTRE, edgeIn, eventually, type NetworkNode, startNetworkNode } from '../support/network.ts';
import { makeOrganisation } from '../support/organisation.ts';
import {
  type Enrolled,
  type SignedIn,
  asBearer,
  bySession,
  codeOf,
  configure,
  enrol,
  makeLink,
  post,
  signIn,
  signedInBy,
  trySignIn,
} from '../support/people.ts';

const ADMIN = 'administrator-token-of-the-test';
const SEARCH = '/v1/recovery/search';
const DIGITS = { keyId: 'abcdef01' };
/** Where pages of the nodes in this process come from. */
const ORIGIN = 'http://localhost';

async function startInstallation() {
  const organisation = await makeOrganisation();
  const centre = await startNetworkNode(organisation, CENTRE, [], staffTokenHash(nodePlatform, ADMIN));
  let isCut = false;
  const fetch: NetworkNode['fetch'] = (path, init) =>
    isCut ? Promise.reject(new Error('cut')) : centre.fetch(path, init);
  const peers = [{ name: 'centre', fetch }];
  const a = await startNetworkNode(organisation, edgeIn('north', 'a', 'region'), peers);
  const b = await startNetworkNode(organisation, edgeIn('north', 'b', 'region'), peers);
  for (const { node } of [centre, a, b]) node.start();
  await eventually(() => centre.node.peers.certificates().length === 2);
  await configure(centre.fetch, ADMIN, 'sign-in', 'sign-in', { rpId: 'localhost' });
  const hire = (id: string, sites: string[] | null, change: object = {}) =>
    configure(centre.fetch, ADMIN, 'staff', id, {
      ...{ name: id, role: 'advanced-helpdesk', sites, revoked: false },
      ...change,
    });
  return {
    ...{ centre, a, b, hire },
    cut: (now: boolean) => {
      isCut = now;
    },
  };
}

const hasTotp = (node: HoldfastNode, id: string) => () => {
  const [totp] = node.credentials.of(id, 'totp');
  return totp?.secret.sealed.some(({ nodeId }) => nodeId === node.identity.certificate.nodeId) ?? false;
};

const search = async ({ fetch }: NetworkNode, as: SignedIn): Promise<string> =>
  codeOf(await post(fetch, SEARCH, DIGITS, bySession(as)));

function ahead({ totp }: Enrolled, steps: number): string {
  return totp.generate({ timestamp: Date.now() + steps * 30_000 });
}

describe('an account', { timeout: 30_000 }, () => {
  it('signs in where it is assigned, and nowhere else; other nodes hold nothing of it', async () => {
    const { centre, a, b, hire } = await startInstallation();
    await hire('ana', ['a']);
    const ana = await enrol(centre.fetch, ADMIN, 'ana');
    await eventually(hasTotp(a.node, 'ana'));
    const session = await signIn(a.fetch, ana);
    expect(session.session).toMatchObject({ staffId: 'ana', role: 'advanced-helpdesk', isFresh: true });
    expect(await search(a, session)).toBe('ok');
    const { staffId, password } = ana;
    expect(await codeOf(await trySignIn(b.fetch, { staffId, password, code: ahead(ana, 1) }))).toBe(
      'sign-in-failed',
    );
    expect(b.node.credentials.all()).toEqual([]);
    // A cookie is of one node, and of no use without being sent from its pages.
    expect(await search(b, session)).toBe('credentials-missing');
    const there = session.cookie.replace(/-[a-z2-7]{10}=/, `-${b.node.identity.certificate.nodeId}=`);
    expect(await search(b, { ...session, cookie: there })).toBe('session-over');
    // Moved, they sign in at the other site, and the first one has forgotten them.
    await hire('ana', ['b']);
    await eventually(hasTotp(b.node, 'ana'));
    await eventually(() => a.node.credentials.all().length === 0);
    expect(await search(a, session)).toBe('session-over');
    expect((await trySignIn(b.fetch, { staffId, password, code: ahead(ana, 1) })).status).toBe(201);
    expect(await centre.node.comparison.withJournal()).toEqual([]);
  });

  it('is enrolled once by a link, which a later link and a wrong proof do not change', async () => {
    const { centre, hire } = await startInstallation();
    await hire('ana', null);
    const old = await makeLink(centre.fetch, ADMIN, 'ana');
    const link = await makeLink(centre.fetch, ADMIN, 'ana');
    const begin = (of: string) => post(centre.fetch, '/v1/enrolment/options', { link: of });
    expect(await codeOf(await begin(old))).toBe('link-invalid');
    const offer = (await (await begin(link)).json()) as { totp: { secret: string } };
    const code = new TOTP({ secret: offer.totp.secret }).generate();
    const password = 'a sufficiently long one';
    const finish = (of: object) => post(centre.fetch, '/v1/enrolment', { link, ...of });
    expect(await codeOf(await finish({ password: 'short', code }))).toBe('password-weak');
    expect(await codeOf(await finish({ password, code: '000000' }))).toBe('enrolment-invalid');
    expect(await codeOf(await finish({}))).toBe('enrolment-invalid');
    const both = await Promise.all([finish({ password, code }), finish({ password, code })]);
    expect((await Promise.all(both.map(codeOf))).sort()).toEqual(['link-invalid', 'ok']);
    expect(await codeOf(await finish({ password, code }))).toBe('link-invalid');
    expect(centre.node.credentials.allOf('link')).toEqual([]);
  });

  it('has a passkey made at the centre that is good at an edge, for that edge alone and once', async () => {
    const { centre, a, hire, cut } = await startInstallation();
    await hire('ana', null);
    const link = await makeLink(centre.fetch, ADMIN, 'ana');
    const offer = (await (await post(centre.fetch, '/v1/enrolment/options', { link })).json()) as {
      passkey: unknown;
    };
    const authenticator = new SoftwareAuthenticator();
    const passkey = authenticator.create(offer.passkey, ORIGIN);
    expect(await codeOf(await post(centre.fetch, '/v1/enrolment', { link, passkey }))).toBe('ok');
    await eventually(() => a.node.credentials.allOf('passkey').length === 1);
    cut(true);
    const options = async (at: NetworkNode): Promise<unknown> =>
      (await post(at.fetch, '/v1/session/passkey/options', {})).json();
    const present = (answer: unknown) => post(a.fetch, '/v1/session/passkey', answer);
    const answer = authenticator.get(await options(a), ORIGIN);
    const signedIn = await present(answer);
    expect(signedIn.status).toBe(201);
    expect(await search(a, await signedInBy(signedIn))).toBe('ok');
    const stranger = new SoftwareAuthenticator();
    const wrong = [
      answer,
      authenticator.get(await options(centre), ORIGIN),
      authenticator.get(await options(a), ORIGIN, { origin: 'http://localhost.example' }),
      authenticator.get(await options(a), ORIGIN, { origin: 'https://localhost' }),
      authenticator.get(await options(a), ORIGIN, { rpId: 'example' }),
      authenticator.get(await options(a), ORIGIN, { type: 'webauthn.create' }),
      // Present, but not verified: a key that somebody found.
      authenticator.get(await options(a), ORIGIN, { flags: 0x01 }),
      stranger.get(await options(a), ORIGIN),
      stranger.get(await options(a), ORIGIN, { id: authenticator.id }),
    ];
    for (const one of wrong) {
      expect(await codeOf(await present(one))).toBe('sign-in-failed');
      // Between them the right one goes on being good.
      expect((await present(authenticator.get(await options(a), ORIGIN))).status).toBe(201);
    }
  });

  it('revoked at the centre, is stopped at an edge that was offline by its first sync', async () => {
    const { centre, a, hire, cut } = await startInstallation();
    await hire('ana', null);
    const ana = await enrol(centre.fetch, ADMIN, 'ana');
    await eventually(hasTotp(a.node, 'ana'));
    cut(true);
    const session = await signIn(a.fetch, ana);
    await hire('ana', null, { revoked: true });
    expect(await search(a, session)).toBe('ok');
    cut(false);
    await eventually(async () => (await search(a, session)) === 'session-over');
    await eventually(() => a.node.credentials.all().length === 0);
  });

  it('that is guessed at is throttled at that node, told of at the centre, and open elsewhere', async () => {
    const { centre, a, b, hire } = await startInstallation();
    await hire('ana', null);
    const ana = await enrol(centre.fetch, ADMIN, 'ana');
    for (const { node } of [a, b]) await eventually(hasTotp(node, 'ana'));
    const { staffId, password } = ana;
    const guess = () => trySignIn(a.fetch, { staffId, password: 'a guess', code: '123456' });
    for (let guesses = 0; guesses < 5; guesses += 1)
      expect(await codeOf(await guess())).toBe('sign-in-failed');
    const refused = await guess();
    expect(refused.headers.get('Retry-After')).toMatch(/^\d+$/);
    expect(await codeOf(refused)).toBe('too-many-attempts');
    await eventually(() =>
      centre.node.alarms
        .list()
        .some(({ type, subject }) => type === 'sign-in-attack' && subject === 'a local'),
    );
    expect((await trySignIn(b.fetch, { staffId, password, code: ahead(ana, 0) })).status).toBe(201);
  });

  it('asked to change its password, does so at the centre, and is let work where there is none', async () => {
    const { centre, a, hire, cut } = await startInstallation();
    await hire('ana', null);
    const ana = await enrol(centre.fetch, ADMIN, 'ana');
    await eventually(hasTotp(a.node, 'ana'));
    expect(
      (await post(centre.fetch, '/v1/admin/accounts/ana/password-change', {}, asBearer(ADMIN))).status,
    ).toBe(200);
    await eventually(() => a.node.credentials.of('ana', 'password')[0]?.secret.mustChange === true);
    const there = await signIn(a.fetch, ana);
    expect(await search(a, there)).toBe('change-demanded');
    cut(true);
    await eventually(() => a.node.peers.offlineSince(0) !== null);
    const here = await signIn(centre.fetch, ana, 1);
    expect(here.session).toMatchObject({ mustChange: true });
    expect(await search(centre, here)).toBe('change-demanded');
    const change = (password: string, code: string) =>
      centre.fetch('/v1/session/password', {
        method: 'PUT',
        headers: { 'Content-Type': 'application/json', ...bySession(here) },
        body: JSON.stringify({ password, code }),
      });
    const password = 'another one that is long';
    expect(await codeOf(await change(password, '000000'))).toBe('enrolment-invalid');
    expect((await change(password, ahead(ana, -1))).status).toBe(204);
    expect(await search(centre, here)).toBe('session-over');
    const { staffId, recoveryCodes } = ana;
    const by = { staffId, password, recoveryCode: recoveryCodes[0] ?? '' };
    const again = await signedInBy(await trySignIn(centre.fetch, by));
    expect(await search(centre, again)).toBe('ok');
  });
});

describe('a session', { timeout: 30_000 }, () => {
  it('changes nothing that was not asked for by a page of its node', async () => {
    const { centre, hire } = await startInstallation();
    await hire('ana', null);
    const ana = await enrol(centre.fetch, ADMIN, 'ana');
    const session = await signIn(centre.fetch, ana);
    const { Cookie = '' } = bySession(session);
    const from = async (headers: Record<string, string>) =>
      codeOf(await post(centre.fetch, SEARCH, DIGITS, { Cookie, ...headers }));
    expect(await from({})).toBe('request-forged');
    expect(await from({ 'Holdfast-CSRF': 'A'.repeat(22) })).toBe('request-forged');
    expect(await from({ 'Holdfast-CSRF': session.csrf })).toBe('ok');
    expect(await from({ Origin: 'http://localhost' })).toBe('ok');
    expect(await from({ Origin: 'http://localhost:1' })).toBe('request-forged');
    expect(await from({ Origin: 'null' })).toBe('request-forged');
    for (const site of ['cross-site', 'same-site', 'none'])
      expect(await from({ 'Sec-Fetch-Site': site, 'Holdfast-CSRF': session.csrf })).toBe('request-forged');
    expect(await from({ 'Sec-Fetch-Site': 'same-origin' })).toBe('ok');
    expect(await codeOf(await centre.fetch('/v1/session', { headers: { Cookie } }))).toBe('ok');
    const out = await centre.fetch('/v1/session', {
      method: 'DELETE',
      headers: { ...bySession(session) },
    });
    expect(out.status).toBe(204);
    expect(await search(centre, session)).toBe('session-over');
    // Over TLS the cookie has a name that no other host can set.
    const { staffId, password } = ana;
    const answer = await trySignIn(
      centre.fetch,
      { staffId, password, code: ahead(ana, 1) },
      { 'X-Forwarded-Proto': 'https' },
    );
    expect(answer.headers.get('Set-Cookie')).toMatch(
      /^__Host-holdfast-[a-z2-7]{10}=[\w-]{43}; Max-Age=36000; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
    );
    await trySignIn(centre.fetch, { staffId, password: 'wrong', code: ahead(ana, -1) });
    await trySignIn(centre.fetch, { staffId: 'nobody at all', password: 'wrong', code: '123456' });
    // All of it is written down, but not a name that is nobody's: it may be a password.
    const rows = await centre.node.ledger.engine.rows(
      'recovery',
      'SELECT action, status, method, staff_id FROM account_events ORDER BY seq',
      [],
    );
    expect(rows).toEqual([
      ['link-made', 'Successful', null, 'ana'],
      ['enrolled', 'Successful', 'link', 'ana'],
      ['sign-in', 'Successful', 'password+totp', 'ana'],
      ['sign-out', 'Successful', 'password+totp', 'ana'],
      ['sign-in', 'Successful', 'password+totp', 'ana'],
      ['sign-in', 'Failed', 'password+totp', 'ana'],
      ['sign-in', 'Failed', 'password+totp', null],
    ]);
  });
});

describe('the form to sign in', { timeout: 30_000 }, () => {
  it('is taken from a page of its node alone, also where another node of the domain can set cookies', async () => {
    const { centre } = await startInstallation();
    for (const [proto, name] of [
      ['http', 'holdfast_form'],
      ['https', '__Host-holdfast_form'],
    ] as const) {
      const over = { 'X-Forwarded-Proto': proto };
      const page = await centre.fetch('/sign-in', { headers: over });
      const cookie = page.headers.get('Set-Cookie')?.split(';')[0] ?? '';
      expect(cookie.split('=')[0]).toBe(name);
      const token = /name="form" value="([^"]+)"/.exec(await page.text())?.[1] ?? '';
      const send = async (from: string, withCookie = cookie) => {
        const headers = { ...over, Cookie: withCookie, 'Content-Type': 'application/x-www-form-urlencoded' };
        const answer = await centre.fetch('/sign-in', {
          method: 'POST',
          headers: { ...headers, 'Sec-Fetch-Site': from },
          body: String(new URLSearchParams({ form: token, staffId: 'x', password: 'x', code: '123456' })),
        });
        return (await answer.text()).includes('form-expired') ? 'expired' : 'taken';
      };
      expect([proto, await send('same-origin')]).toEqual([proto, 'taken']);
      expect([proto, await send('same-site'), await send('cross-site')]).toEqual([
        proto,
        'expired',
        'expired',
      ]);
      // What a whole domain can be made to send is not what this host has set.
      if (proto === 'https') expect(await send('same-origin', cookie.replace('__Host-', ''))).toBe('expired');
    }
  });
});

describe('an API token', { timeout: 30_000 }, () => {
  it('is good for its scope, until its end, and while its person is there', async () => {
    const { centre, hire } = await startInstallation();
    await hire('ana', null);
    const token = 'hfs_a-token-for-a-script';
    const give = (change: object) =>
      configure(centre.fetch, ADMIN, 'api-token', 'ana-1', {
        ...{ staffId: 'ana', label: 'a script', scope: ['reports'], revoked: false },
        ...{ tokenHash: staffTokenHash(nodePlatform, token), expiresAt: Date.now() + 60_000 },
        ...change,
      });
    const report = async () =>
      codeOf(await centre.fetch('/v1/reports/enterprise-compliance', { headers: asBearer(token) }));
    const find = async () => codeOf(await post(centre.fetch, SEARCH, DIGITS, asBearer(token)));
    expect(await report()).toBe('token-invalid');
    await give({});
    expect([await report(), await find()]).toEqual(['ok', 'forbidden']);
    await give({ scope: ['keys'] });
    expect([await report(), await find()]).toEqual(['forbidden', 'ok']);
    await give({ expiresAt: Date.now() - 1 });
    expect(await find()).toBe('token-invalid');
    await give({ scope: ['keys'] });
    await hire('ana', null, { revoked: true });
    expect(await find()).toBe('token-invalid');
  });
});
