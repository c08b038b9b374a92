import { describe, expect, it } from 'vitest';
import { nodePlatform } from '../../central/platform.ts';
import { staffTokenHash } from '../../shared/staff/token.ts';
import { CENTRE, type NetworkNode, startNetworkNode } from '../support/network.ts';
import { makeOrganisation } from '../support/organisation.ts';

const TOKEN = 'a-token-of-the-installation';

async function centre(): Promise<NetworkNode> {
  return startNetworkNode(await makeOrganisation(), CENTRE, [], staffTokenHash(nodePlatform, TOKEN));
}

const put = (node: NetworkNode, path: string, revision: number, body: object) =>
  node.fetch(`/v1/admin/config/${path}`, {
    method: 'PUT',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${TOKEN}` },
    body: JSON.stringify({ revision, body }),
  });

describe('configuring a centre', () => {
  it('tells only one of two people who read the same revision that their change holds', async () => {
    const node = await centre();
    const answers = await Promise.all(
      ['Norte', 'Nord', 'North'].map((name) => put(node, 'region/north', 0, { name })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409]);
    expect(node.node.configuration.get('region', 'north')?.body.name).toBe('Norte');
  });

  it('refuses a vault key that nothing can be sealed to', async () => {
    const node = await centre();
    const vault = { scope: 'organisation', regionId: null, retired: false };
    const lowOrder = await put(node, 'vault/bad', 0, { ...vault, publicKey: 'A'.repeat(43) });
    expect(lowOrder.status).toBe(400);
    expect(await lowOrder.json()).toMatchObject({ type: 'urn:holdfast:problem:invalid-request' });
    expect(node.node.configuration.all('vault')).toEqual([]);
  });
});
