import { expect, it, vi } from 'vitest';
import { limits } from '../../shared/limits.ts';
import { CENTRE, edgeIn, hastyPlatform, startNetworkNode } from '../support/network.ts';
import { makeOrganisation } from '../support/organisation.ts';

it('compares what has not moved once an hour, and what was written at once', async () => {
  const organisation = await makeOrganisation();
  const centre = await startNetworkNode(organisation, CENTRE);
  let ahead = 0;
  const platform = { ...hastyPlatform, now: () => hastyPlatform.now() + ahead };
  const peers = [{ name: 'centre', fetch: centre.fetch }];
  const { node } = await startNetworkNode(
    organisation,
    edgeIn('north', 'a', 'region'),
    peers,
    null,
    [],
    platform,
  );
  const { signal } = new AbortController();
  const client = node.links[0]?.client;
  if (!client) throw new Error('the edge has a peer');
  const revoke = () =>
    node.ledger.append('recovery', [
      { kind: 'device-revocation', body: { deviceId: 'd-aaaaaaaaaaaaaaaa', reason: 'test' } },
    ]);
  const digests = vi.spyOn(client, 'digests');
  const slicesOf = async (steps: number): Promise<number> => {
    digests.mockClear();
    for (let step = 0; step < steps; step += 1) await node.comparison.step(client, signal);
    return digests.mock.calls.length;
  };
  await revoke();
  await client.exchange(true, signal);
  expect(await slicesOf(5)).toBe(1);
  expect(await slicesOf(5)).toBe(0);
  await revoke();
  await client.exchange(true, signal);
  expect(await slicesOf(5)).toBe(1);
  ahead += limits.compareAgainMs;
  expect(await slicesOf(5)).toBe(1);
  // The centre lacks it still: it is asked again until it can say.
  await revoke();
  expect(await slicesOf(2)).toBeGreaterThan(1);
  await client.exchange(true, signal);
  expect(await slicesOf(5)).toBeLessThan(3);
});
