/** A new edge: its box makes the key and asks by a one-time token, and whoever has the organisation's key answers. */
import { expect, it } from 'vitest';
import { nodePlatform } from '../../central/platform.ts';
import { edgeTokenHash } from '../../shared/edges/joining.ts';
import { randomName } from '../../shared/platform.ts';
import { type Certificate, issueCertificate, publicJwk } from '../../shared/trust/certificate.ts';
import { CENTRE, startNetworkNode } from '../support/network.ts';
import { makeOrganisation, makePrivateKey } from '../support/organisation.ts';

const BOOTSTRAP = 'a-bootstrap-token';
const sealingKey = 's'.repeat(43);

it('gets its certificate once, for the key that asked first and for nothing but what the token says', async () => {
  const organisation = await makeOrganisation();
  const { fetch } = await startNetworkNode(
    organisation,
    CENTRE,
    [],
    nodePlatform.sha256('holdfast staff token v1\n', BOOTSTRAP),
  );
  const call = async (method: string, url: string, body: object, token?: string) => {
    const answer = await fetch(url, {
      method,
      headers: {
        'Content-Type': 'application/json',
        ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(body),
    });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
  const configure = (kind: string, id: string, revision: number, body: object) =>
    call('PUT', `/v1/admin/config/${kind}/${id}`, { revision, body }, BOOTSTRAP);
  const ask = (token: string, key: object) => call('POST', '/v1/edges/requests', { token, key, sealingKey });
  const tokenFor = (token: string, more: object = {}) => ({
    ...{ name: 'edge-x', siteId: 'x', regionId: 'north', helpdesk: false, revoked: false },
    ...{ tokenHash: edgeTokenHash(nodePlatform, token), expiresAt: nodePlatform.now() + 60_000, ...more },
  });
  await configure('edge-token', 'edge-x-1', 0, tokenFor('good'));
  await configure('edge-token', 'old-1', 0, tokenFor('old', { expiresAt: nodePlatform.now() - 1 }));
  await configure('edge-token', 'gone-1', 0, tokenFor('gone', { revoked: true }));
  const [key, other] = [publicJwk.parse(await makePrivateKey()), publicJwk.parse(await makePrivateKey())];
  for (const token of ['unknown', 'old', 'gone', ''])
    expect(await ask(token, key)).toMatchObject({ status: 401 });
  // With the private half in it, it is no request.
  expect(await ask('good', await makePrivateKey())).toMatchObject({ status: 400 });
  expect(await ask('good', key)).toMatchObject({ status: 200, body: { certificate: null, name: 'edge-x' } });
  expect(await ask('good', other)).toMatchObject({ status: 409 });

  const certificate = (more: Partial<Certificate> = {}, by = organisation) =>
    issueCertificate(
      nodePlatform,
      by.privateKey,
      {
        ...{ nodeId: randomName(nodePlatform, 10), name: 'edge-x', role: 'edge', regionId: 'north' },
        ...{ siteId: 'x', scope: { recovery: 'own', compliance: 'own' }, key, sealingKey, ...more },
      },
      365,
    );
  const answer = async (jws: string | null, more: object = {}) =>
    (await configure('edge-request', 'edge-x-1', 1, { key, sealingKey, certificate: jws, ...more })).status;
  for (const wrong of [
    certificate({ name: 'edge-y' }),
    certificate({ siteId: 'y' }),
    certificate({ regionId: 'south' }),
    certificate({ role: 'centre' }),
    certificate({ scope: { recovery: 'all', compliance: 'own' } }),
    certificate({ key: other }),
    certificate({ sealingKey: 't'.repeat(43) }),
    certificate({}, await makeOrganisation()),
  ])
    expect(await answer(await wrong)).toBe(400);
  const good = await certificate();
  expect(await answer(good, { key: other })).toBe(400);
  expect(await answer(null)).toBe(400);
  expect(await answer(good)).toBe(200);
  expect(await ask('good', key)).toMatchObject({ status: 200, body: { certificate: good } });
  expect(await ask('good', other)).toMatchObject({ status: 409 });
  // Nobody makes up a request for a box that has not asked.
  expect((await configure('edge-request', 'gone-1', 0, { key, sealingKey, certificate: good })).status).toBe(
    400,
  );
});
