/**
 * The canary's way through people: a link, a password, an app's secret, recovery codes and sessions, used rightly at every
 * node and wrongly in every way in which people and programs do.
 */
import { randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import type { LocalCluster } from '../../central/local/cluster.ts';
import {
  bySession,
  codeOf,
  configure,
  enrol,
  fetchOf,
  makeLink,
  post,
  signedInBy,
  trySignIn,
} from '../support/people.ts';
import { type Answer, type Message, send } from './http.ts';
import { until } from './stage.ts';

type Watched = (base: string, message: Message) => Promise<Answer>;

const FORM = { 'Content-Type': 'application/x-www-form-urlencoded', Accept: 'text/html' };

/** `plant` remembers a text as a secret; `watched` sends what must not be answered with one. */
export async function signInWithCanaries(
  cluster: LocalCluster,
  bases: readonly string[],
  plant: (name: string, text: string) => void,
  watched: Watched,
): Promise<void> {
  const centre = fetchOf(cluster.centreUrl);
  const { administrator } = cluster.secrets.tokens;
  await configure(centre, administrator, 'staff', 'canary', {
    ...{ name: 'Canary', role: 'advanced-helpdesk', sites: null, revoked: false },
  });
  const unused = await makeLink(centre, administrator, 'canary');
  plant('enrolment link that another took the place of', unused);
  const password = `canary-sings-${randomBytes(6).toString('hex')}`;
  plant('password of a person', password);
  const enrolled = await enrol(centre, administrator, 'canary', password);
  const { staffId, totp, recoveryCodes } = enrolled;
  plant('secret of one-time codes', totp.secret.base32);
  plant('secret of one-time codes, hexadecimal', totp.secret.hex.toLowerCase());
  for (const [at, code] of recoveryCodes.entries()) {
    plant(`recovery code ${String(at)}`, code);
    plant(`recovery code ${String(at)} as it is typed`, code.replaceAll('-', ''));
  }
  for (const [at, base] of bases.entries()) {
    const here = fetchOf(base);
    const by = { staffId, password, recoveryCode: recoveryCodes[at] ?? '' };
    let cookie = '';
    await until(`somebody can sign in at ${base}`, async () => {
      const answer = await trySignIn(here, by);
      if (answer.status !== 201) return false;
      const session = await signedInBy(answer);
      cookie = session.cookie;
      expect(await codeOf(await here('/v1/session', { headers: bySession(session) }))).toBe('ok');
      return true;
    });
    const [name = '', secret = ''] = cookie.split('=');
    plant(`session ${String(at)}`, secret);
    await mistakes(base, { ...by, unused, cookie: `${name}=${secret}x`, secret }, watched);
  }
  expect((await post(centre, '/v1/enrolment/options', { link: unused })).status).toBe(404);
}

interface Secrets {
  readonly staffId: string;
  readonly password: string;
  readonly recoveryCode: string;
  readonly unused: string;
  readonly cookie: string;
  readonly secret: string;
}

/** Each secret in the place of every other. */
async function mistakes(base: string, of: Secrets, watched: Watched): Promise<void> {
  const { staffId, password, recoveryCode, unused, cookie, secret } = of;
  const json = (
    method: string,
    path: string,
    body: object,
    headers: Record<string, string> = {},
  ): Message => ({
    ...{ method, path, body: JSON.stringify(body) },
    headers: { 'Content-Type': 'application/json', ...headers },
  });
  const get = (path: string, headers: Record<string, string> = {}): Message => ({
    method: 'GET',
    path,
    headers,
  });
  for (const message of [
    json('POST', '/v1/session', { staffId: password, password: staffId, code: '123456' }),
    json('POST', '/v1/session', { staffId: unused, password: recoveryCode, recoveryCode: password }),
    json('POST', '/v1/session', { staffId, password, recoveryCode, [password]: 1 }),
    json('POST', '/v1/session', [password, recoveryCode]),
    json('POST', '/v1/session', { staffId, password, recoveryCode }, { 'Content-Type': 'text/plain' }),
    json('POST', `/v1/session/${password}`, { staffId }),
    json('POST', '/v1/enrolment/options', { link: unused }),
    json('POST', '/v1/enrolment', { link: unused, password, code: '123456' }),
    json('POST', '/v1/enrolment', { link: password, password: unused, code: recoveryCode }),
    json('PUT', '/v1/session/password', { password, code: '123456' }, { Cookie: cookie }),
    json(
      'POST',
      '/v1/session/passkeys',
      { name: password, passkey: { id: recoveryCode } },
      { Cookie: cookie },
    ),
    json('DELETE', `/v1/session/passkeys/${secret}`, {}, { Cookie: cookie }),
    get('/v1/session', { Cookie: cookie }),
    get('/v1/session', { Authorization: `Bearer ${secret}` }),
    get(`/v1/sessions?session=${secret}`),
    { method: 'POST', path: '/enrol', headers: FORM, body: `link=${unused}` },
    {
      ...{ method: 'POST', path: '/sign-in', headers: FORM },
      body: new URLSearchParams({ staffId, password, code: recoveryCode }).toString(),
    },
  ])
    await watched(base, message);
  // A page says its own address, for the language to come back to it: what matters is that nothing is written down.
  for (const path of [`/enrol?link=${unused}`, `/account?password=${password}`, `/${unused}`])
    await send(base, get(path, { Accept: 'text/html', Cookie: cookie }));
}
