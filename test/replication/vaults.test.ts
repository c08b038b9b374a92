import { expect, it } from 'vitest';
import type { Draft } from '../../shared/journal/drafts.ts';
import { CENTRE, startNetworkNode } from '../support/network.ts';
import { makeOrganisation } from '../support/organisation.ts';

it('seals to the newest living vault, of which the tenth follows the ninth', async () => {
  const { node } = await startNetworkNode(await makeOrganisation(), CENTRE);
  const vault = (id: string, regionId: string | null, retired = false): Draft => ({
    kind: 'config',
    body: {
      ...{ kind: 'vault', id, revision: 1 },
      body: {
        scope: regionId === null ? 'organisation' : 'region',
        regionId,
        publicKey: 'a'.repeat(43),
        retired,
      },
    },
  });
  const site = {
    kind: 'config',
    body: { kind: 'site', id: 's', revision: 1, body: { name: 'S', regionId: 'r' } },
  } as const;
  await node.ledger.append('recovery', [
    site,
    ...['region-r-9', 'region-r-10', 'region-r-2'].map((id) => vault(id, 'r')),
    ...[vault('region-r-11', 'r', true), vault('organisation-1', null), vault('region-q-99', 'q')],
  ]);
  await node.configuration.settled();
  expect(node.configuration.vaultsOf('s')?.map(({ vaultId }) => vaultId)).toEqual([
    'region-r-10',
    'organisation-1',
  ]);
});
