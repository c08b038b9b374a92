import { expect, it } from 'vitest';
import { limits } from '../../shared/limits.ts';
import type { PeerFetch } from '../../shared/replication/client.ts';
import { CENTRE, edgeIn, hastyPlatform, startNetworkNode } from '../support/network.ts';
import { makeOrganisation } from '../support/organisation.ts';

it('asks for news by itself when no wait has brought an answer for a cycle: its connection may be dead', async () => {
  const organisation = await makeOrganisation();
  const centre = await startNetworkNode(organisation, CENTRE);
  let pulls = 0;
  const fetch: PeerFetch = (path, init) => {
    if (path.endsWith('/pull')) pulls += 1;
    return centre.fetch(path, init);
  };
  let ahead = 0;
  const platform = { ...hastyPlatform, now: () => hastyPlatform.now() + ahead };
  const peers = [{ name: 'centre', fetch }];
  const { node } = await startNetworkNode(
    organisation,
    edgeIn('north', 'a', 'region'),
    peers,
    null,
    [],
    platform,
  );
  const exchange = () => node.links[0]?.client.exchange(false, new AbortController().signal);
  await exchange();
  const before = pulls;
  await exchange();
  expect(pulls).toBe(before);
  ahead = limits.cycleEveryMs;
  await exchange();
  expect(pulls).toBe(before + 1);
  // I14: also when the clock was put back.
  ahead = -3_600_000;
  await exchange();
  expect(pulls).toBe(before + 2);
});
