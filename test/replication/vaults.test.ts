import { expect, it } from 'vitest';
import type { Draft } from '../../shared/journal/drafts.ts';
import { CENTRE, startNetworkNode } from '../support/network.ts';
import { makeOrganisation } from '../support/organisation.ts';

it('seals to the newest living vault, of which the tenth follows the ninth, and to the one that it takes over from', async () => {
  const { node } = await startNetworkNode(await makeOrganisation(), CENTRE);
  const vault = (id: string, regionId: string | null, more: object = {}, revision = 1): Draft => ({
    kind: 'config',
    body: {
      ...{ kind: 'vault', id, revision },
      body: {
        scope: regionId === null ? 'organisation' : 'region',
        ...{ regionId, publicKey: 'a'.repeat(43), retired: false, ...more },
      },
    },
  });
  const site = {
    kind: 'config',
    body: { kind: 'site', id: 's', revision: 1, body: { name: 'S', regionId: 'r' } },
  } as const;
  const sealedTo = async (...drafts: Draft[]) => {
    await node.ledger.append('recovery', drafts);
    await node.configuration.settled();
    return node.configuration.vaultsOf('s')?.map(({ vaultId }) => vaultId);
  };
  expect(await sealedTo(site, vault('region-q-99', 'q'), vault('region-r-2', 'r'))).toBeUndefined();
  expect(await sealedTo(vault('organisation-1', null))).toEqual(['region-r-2', 'organisation-1']);
  expect(
    await sealedTo(
      ...['region-r-9', 'region-r-10'].map((id) => vault(id, 'r')),
      vault('region-r-11', 'r', { retired: true }),
    ),
  ).toEqual(['region-r-10', 'region-r-9', 'organisation-1']);
  expect(await sealedTo(vault('region-r-9', 'r', { compromised: true }, 2))).toEqual([
    'region-r-10',
    'organisation-1',
  ]);
  expect(node.configuration.newestVaults()).toEqual(['organisation-1', 'region-q-99', 'region-r-10']);
});
