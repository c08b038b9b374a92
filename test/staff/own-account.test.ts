/** What people change about how they sign in, and their sessions, at a centre and an edge in this process. */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { nodePlatform } from '../../central/platform.ts';
import { limits } from '../../shared/limits.ts';
import { staffTokenHash } from '../../shared/staff/token.ts';
import { SoftwareAuthenticator, type Twist } from '../support/authenticator.ts';
import {
  CENTRE,
  type NetworkNode,
  edgeIn,
  eventually,
  hastyPlatform,
  startNetworkNode,
} from '../support/network.ts';
import { makeOrganisation } from '../support/organisation.ts';
import {
  type Enrolled,
  type SignedIn,
  asBearer,
  bySession,
  codeOf,
  configure,
  enrol,
  post,
  signedInBy,
  trySignIn,
} from '../support/people.ts';

const ADMIN = 'administrator-token-of-the-test';
const ORIGIN = 'http://localhost';
const PASSKEYS = '/v1/session/passkeys';

/** A centre with a clock of its own, an edge, and Ana and Bea with passwords and codes. */
async function start() {
  let aheadMs = 0;
  const platform = { ...hastyPlatform, now: () => Date.now() + aheadMs };
  const organisation = await makeOrganisation();
  const hash = staffTokenHash(nodePlatform, ADMIN);
  const centre = await startNetworkNode(organisation, CENTRE, [], hash, [], platform);
  const peers = [{ name: 'centre', fetch: centre.fetch }];
  const edge = await startNetworkNode(organisation, edgeIn('north', 'a', 'region'), peers);
  for (const { node } of [centre, edge]) node.start();
  await configure(centre.fetch, ADMIN, 'sign-in', 'sign-in', { rpId: 'localhost' });
  const people: Enrolled[] = [];
  for (const id of ['ana', 'bea']) {
    await configure(centre.fetch, ADMIN, 'staff', id, {
      ...{ name: id, role: 'advanced-helpdesk', sites: null, revoked: false },
    });
    people.push(await enrol(centre.fetch, ADMIN, id));
    await eventually(() => edge.node.credentials.of(id, 'recovery-codes').length === 1);
  }
  const [ana, bea] = people;
  if (!ana || !bea) throw new Error('somebody is missing');
  const used = new Map<string, number>();
  const signIn = async ({ fetch }: NetworkNode, { staffId, password, recoveryCodes }: Enrolled) => {
    const at = used.get(staffId) ?? 0;
    used.set(staffId, at + 1);
    return signedInBy(await trySignIn(fetch, { staffId, password, recoveryCode: recoveryCodes[at] ?? '' }));
  };
  const pass = (ms: number) => {
    aheadMs += ms;
  };
  return { centre, edge, ana, bea, signIn, pass };
}

function ask(
  { fetch }: NetworkNode,
  as: SignedIn,
  method: string,
  path: string,
  body: object = {},
): Promise<Response> {
  if (method === 'POST') return post(fetch, path, body, bySession(as));
  return fetch(path, { method, headers: bySession(as) });
}

/** Whether a session is one. */
const lives = async (at: NetworkNode, as: SignedIn): Promise<boolean> =>
  (await codeOf(await ask(at, as, 'GET', '/v1/session'))) === 'ok';

async function addPasskey(
  centre: NetworkNode,
  as: SignedIn,
  authenticator = new SoftwareAuthenticator(),
  twist: Twist = {},
) {
  const options = await ask(centre, as, 'POST', `${PASSKEYS}/options`);
  if (!options.ok) return options;
  const passkey = authenticator.create(await options.json(), ORIGIN, twist);
  return ask(centre, as, 'POST', PASSKEYS, { name: 'Key', passkey });
}

describe('one’s own account', () => {
  it('ends other sessions at once here, and elsewhere when a centre says so', async () => {
    const { centre, edge, ana, bea, signIn } = await start();
    const own = await signIn(centre, ana);
    const [other, there, theirs] = [
      await signIn(centre, ana),
      await signIn(edge, ana),
      await signIn(edge, bea),
    ];
    // What an edge says of it is believed nowhere else: one that was stolen could sign everybody out.
    expect(await codeOf(await ask(edge, there, 'DELETE', '/v1/sessions'))).toBe('ok');
    await eventually(async () => {
      const [row] = await centre.node.ledger.engine.rows(
        'recovery',
        "SELECT 1 FROM account_events WHERE action = 'sign-out-elsewhere'",
        [],
      );
      return row !== undefined;
    });
    expect([await lives(centre, own), await lives(centre, other), await lives(edge, there)]).toEqual([
      ...[true, true, true],
    ]);
    expect(await codeOf(await ask(centre, own, 'DELETE', '/v1/sessions'))).toBe('ok');
    expect([await lives(centre, own), await lives(centre, other)]).toEqual([true, false]);
    await eventually(async () => !(await lives(edge, there)));
    expect(await lives(edge, theirs)).toBe(true);
  });

  it('takes so many passkeys, none of another, and changes only soon after signing in', async () => {
    const { centre, ana, bea, signIn, pass } = await start();
    const own = await signIn(centre, ana);
    const authenticator = new SoftwareAuthenticator();
    expect((await addPasskey(centre, own, authenticator)).status).toBe(201);
    // Under the ID of Ana's passkey Bea would keep her out.
    const stranger = await signIn(centre, bea);
    for (const id of [authenticator.id, 'A'.repeat(43)])
      expect(await codeOf(await addPasskey(centre, stranger, authenticator, { id }))).toBe(
        'enrolment-invalid',
      );
    for (let count = 1; count < limits.passkeysPerPersonMax; count += 1)
      expect((await addPasskey(centre, own)).status).toBe(201);
    expect(await codeOf(await addPasskey(centre, own))).toBe('passkeys-many');
    const listed = await (await ask(centre, own, 'GET', PASSKEYS)).json();
    const { passkeys } = z.object({ passkeys: z.array(z.object({ passkeyId: z.string() })) }).parse(listed);
    expect(passkeys).toHaveLength(limits.passkeysPerPersonMax);

    pass(limits.signInRecentMs + 1);
    const path = `${PASSKEYS}/${passkeys[0]?.passkeyId ?? ''}`;
    for (const [method, at] of [
      ['POST', `${PASSKEYS}/options`],
      ['POST', '/v1/session/recovery-codes'],
      ['DELETE', path],
    ] as const)
      expect([at, await codeOf(await ask(centre, own, method, at))]).toEqual([at, 'sign-in-again']);
    const again = await signIn(centre, ana);
    expect(await codeOf(await ask(centre, again, 'DELETE', path))).toBe('ok');

    // Whose password somebody else may know chooses another one first.
    await post(centre.fetch, '/v1/admin/accounts/ana/password-change', {}, asBearer(ADMIN));
    const demanded = await signIn(centre, ana);
    expect(await codeOf(await addPasskey(centre, demanded))).toBe('change-demanded');
    expect(await codeOf(await ask(centre, demanded, 'POST', '/v1/session/recovery-codes'))).toBe(
      'change-demanded',
    );
    expect(await centre.node.comparison.withJournal()).toEqual([]);
  });
});
