/** What else ends with an edge that is revoked: secrets meant for it, tokens used at it, and alarms about it. */
import { describe, expect, it } from 'vitest';
import { nodePlatform } from '../../central/platform.ts';
import { releaseRoutes } from '../../central/release/routes.ts';
import { createApp } from '../../shared/http/app.ts';
import { type ReleaseManifest, signRelease } from '../../shared/release/manifest.ts';
import { staffTokenHash } from '../../shared/staff/token.ts';
import { makeSigner } from '../../shared/trust/jws.ts';
import { CENTRE, type NetworkNode, edgeIn, eventually, startNetworkNode } from '../support/network.ts';
import { makeOrganisation } from '../support/organisation.ts';
import { asBearer, codeOf, configure, enrol, post } from '../support/people.ts';
import { apiToken } from '../support/tokens.ts';

const ADMIN = 'administrator-token-of-the-test';
const TOKENS = { here: 'token-of-somebody-of-this-site', elsewhere: 'token-of-somebody-of-another-site' };
const DEVICE = `d-${'a'.repeat(16)}`;
const signal = new AbortController().signal;

async function startStage() {
  const organisation = await makeOrganisation();
  const centre = await startNetworkNode(organisation, CENTRE, [], staffTokenHash(nodePlatform, ADMIN));
  // As the program at the centre serves them.
  const app = createApp(centre.node, [releaseRoutes('/nowhere')]);
  const fetch: NetworkNode['fetch'] = async (path, init) =>
    app.fetch(new Request(`http://localhost${path}`, init));
  const peers = [{ name: 'centre', fetch }];
  const box = await startNetworkNode(organisation, edgeIn('north', 'box', 'region'), peers);
  const other = await startNetworkNode(organisation, edgeIn('north', 'other', 'region'), peers);
  for (const edge of [box, other]) await sync(edge);
  return { organisation, centre, box, other };
}

async function sync({ node }: NetworkNode): Promise<void> {
  await node.links[0]?.client.exchange(true, signal);
  await node.configuration.settled();
}

const nodeIdOf = ({ node }: NetworkNode): string => node.identity.certificate.nodeId;

function revoke(centre: NetworkNode, edge: NetworkNode): Promise<unknown> {
  const how = { stolen: false, reason: 'lost', until: null };
  return centre.node.edges.revoke(nodeIdOf(edge), how);
}

/** Whom somebody's one-time codes are sealed to. */
function sealedTo({ node }: NetworkNode, staffId: string): Set<string> {
  const [totp] = node.credentials.of(staffId, 'totp');
  return new Set(totp?.secret.sealed.map(({ nodeId }) => nodeId));
}

describe('a revoked edge', { timeout: 30_000 }, () => {
  it('has no one-time codes sealed to it, old or new, also when another comes in its place', async () => {
    const { organisation, centre, box, other } = await startStage();
    const hire = (id: string) =>
      configure(centre.fetch, ADMIN, 'staff', id, {
        name: id,
        role: 'helpdesk',
        sites: null,
        revoked: false,
      });
    await hire('ana');
    await enrol(centre.fetch, ADMIN, 'ana');
    const all = [centre, box, other].map(nodeIdOf);
    expect(sealedTo(centre, 'ana')).toEqual(new Set(all));
    // As many nodes as before: counting them is not enough.
    const peers = [{ name: 'centre', fetch: centre.fetch }];
    const next = await startNetworkNode(organisation, edgeIn('north', 'box', 'region'), peers);
    await sync(next);
    await revoke(centre, box);
    await centre.node.accounts.align();
    const left = new Set([centre, other, next].map(nodeIdOf));
    expect(sealedTo(centre, 'ana')).toEqual(left);
    await hire('bea');
    await enrol(centre.fetch, ADMIN, 'bea');
    expect(sealedTo(centre, 'bea')).toEqual(left);
    const before = centre.node.ledger.origins('recovery').get(centre.node.ledger.self)?.seq;
    await centre.node.accounts.align();
    expect(centre.node.ledger.origins('recovery').get(centre.node.ledger.self)?.seq).toBe(before);
  });

  it('had tokens used at it, which are taken from everybody who could be there', async () => {
    const { centre, box } = await startStage();
    for (const [id, site] of [
      ['here', 'box'],
      ['elsewhere', 'other'],
    ] as const) {
      await configure(centre.fetch, ADMIN, 'api-token', `${id}-1`, apiToken(id, TOKENS[id]));
      const body = { name: id, role: 'advanced-helpdesk', sites: [site], revoked: false };
      await configure(centre.fetch, ADMIN, 'staff', id, body);
    }
    const search = async (token: string) =>
      codeOf(await post(centre.fetch, '/v1/recovery/search', { keyId: 'abcdef01' }, asBearer(token)));
    expect([await search(TOKENS.here), await search(TOKENS.elsewhere)]).toEqual(['ok', 'ok']);
    const path = `/v1/admin/edges/${nodeIdOf(box)}/staff-reset`;
    expect(await (await post(centre.fetch, path, {}, asBearer(ADMIN))).json()).toEqual({
      ...{ reset: ['here'], kept: [] },
    });
    expect([await search(TOKENS.here), await search(TOKENS.elsewhere)]).toEqual(['token-invalid', 'ok']);
  });

  it('was revoked by somebody, who is named in every log, as with all that is configured', async () => {
    const { centre, box, other } = await startStage();
    await configure(centre.fetch, ADMIN, 'api-token', 'eva-1', apiToken('eva', TOKENS.here));
    const eva = { name: 'Eva', role: 'administrator', sites: null, revoked: false };
    await configure(centre.fetch, ADMIN, 'staff', 'eva', eva);
    await configure(centre.fetch, TOKENS.here, 'region', 'north', { name: 'North' });
    const bearer = asBearer(TOKENS.here);
    const revoked = { reason: 'lost', stolen: false, until: null };
    await post(centre.fetch, `/v1/admin/edges/${nodeIdOf(box)}/revocation`, revoked, bearer);
    await post(centre.fetch, '/v1/admin/device-revocations', { deviceId: DEVICE, reason: 'sold' }, bearer);
    await sync(other);
    const rows = await other.node.ledger.engine.rows(
      'recovery',
      "SELECT kind, json_extract(body, '$.kind'), json_extract(body, '$.by') FROM recovery_journal " +
        "WHERE kind IN ('config', 'device-revocation', 'edge-revocation') ORDER BY seq",
      [],
    );
    expect(rows).toEqual([
      ['config', 'api-token', null],
      ['config', 'staff', null],
      ['config', 'region', 'eva'],
      ['edge-revocation', null, 'eva'],
      ['device-revocation', null, 'eva'],
    ]);
  });

  it('wakes nobody any more: what is measured of it goes', async () => {
    const { centre, box, other } = await startStage();
    const measured = async () => {
      const text = await (await centre.fetch('/metrics', {})).text();
      return ['box', 'other'].map((name) =>
        text
          .split('\n')
          .filter(
            (line) => line.includes(`"${name}"`) && /^holdfast_(last_contact|entries_behind)/.test(line),
          ),
      );
    };
    for (const edge of [box, other]) await sync(edge);
    expect((await measured()).map(({ length }) => length)).toEqual([2, 2]);
    await revoke(centre, box);
    expect((await measured()).map(({ length }) => length)).toEqual([0, 2]);
  });

  it('says that it was refused when its box asks for a release, instead of failing', async () => {
    const { organisation, centre, box } = await startStage();
    const manifest: ReleaseManifest = {
      ...{ format: 1, name: 'holdfast', version: '9.0.0', protocols: [1], projection: 1, centre: null },
      migrations: { recovery: [], compliance: [] },
      edge: { file: 'holdfast-edge.tar.gz', bytes: 1, sha256: '0'.repeat(64) },
    };
    await configure(centre.fetch, ADMIN, 'release', 'r-1', {
      manifest: await signRelease(await makeSigner(organisation.privateKey), manifest),
      ...{ regionId: null, nodeName: 'box', notBefore: null, withdrawn: false },
    });
    await sync(box);
    await eventually(() => box.node.configuration.all('release').length === 1);
    await revoke(centre, box);
    const answer = await box.fetch('/v1/box/release/file?offset=0', {});
    expect([answer.status, await codeOf(answer)]).toEqual([403, 'node-refused']);
  });
});
