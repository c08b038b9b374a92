import { describe, expect, it } from 'vitest';
import { nodePlatform } from '../../central/platform.ts';
import { staffTokenHash } from '../../shared/staff/token.ts';
import { CENTRE, edgeIn, eventually, startNetworkNode } from '../support/network.ts';
import { makeOrganisation } from '../support/organisation.ts';
import { bySession, codeOf, configure, enrol, post, signIn, trySignIn } from '../support/people.ts';

const ADMIN = 'administrator-token-of-the-test';

describe('an account', () => {
  it('is enrolled by a one-time link, and signs in at the sites it is for', async () => {
    const organisation = await makeOrganisation();
    const tokenHash = staffTokenHash(nodePlatform, ADMIN);
    const centre = await startNetworkNode(organisation, CENTRE, [], tokenHash);
    const peers = [{ name: 'centre', fetch: centre.fetch }];
    const a = await startNetworkNode(organisation, edgeIn('north', 'a', 'region'), peers);
    const b = await startNetworkNode(organisation, edgeIn('north', 'b', 'region'), peers);
    for (const { node } of [centre, a, b]) node.start();
    await eventually(() => centre.node.peers.certificates().length === 2);
    await configure(centre.fetch, ADMIN, 'staff', 'ana', {
      ...{ name: 'Ana', role: 'helpdesk', sites: ['a'], tokenHash: null, revoked: false },
    });
    const ana = await enrol(centre.fetch, ADMIN, 'ana');
    expect(ana.recoveryCodes).toHaveLength(10);
    await eventually(() => a.node.credentials.of('ana', 'totp').length === 1);
    const session = await signIn(a.fetch, ana);
    expect(session.session).toMatchObject({ staffId: 'ana', role: 'helpdesk', isFresh: true });
    expect(
      await codeOf(await post(a.fetch, '/v1/recovery/search', { keyId: 'abcdef01' }, bySession(session))),
    ).toBe('ok');
    // At another site nobody has heard of them.
    const code = ana.totp.generate({ timestamp: Date.now() + 30_000 });
    expect(await codeOf(await trySignIn(b.fetch, { staffId: 'ana', password: ana.password, code }))).toBe(
      'sign-in-failed',
    );
    expect(b.node.credentials.all()).toEqual([]);
  });
});
