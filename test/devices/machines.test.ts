/** What becomes of a machine that comes again as another, or of another that comes as it: one row each. */
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { nodePlatform } from '../../central/platform.ts';
import { enrol } from '../../shared/devices/enrolment.ts';
import { checkMachine } from '../../shared/devices/escrow.ts';
import type { Guid } from '../../shared/domain/recovery-key.ts';
import { peekJws, thumbprint } from '../../shared/trust/jws.ts';
import { CENTRE, type NetworkNode, startNetworkNode } from '../support/network.ts';
import { makeOrganisation, makePrivateKey } from '../support/organisation.ts';
import { appendAll, siteDraft } from '../support/vaults.ts';

const TOKEN = 'a site token';

interface Machine {
  readonly key: Awaited<ReturnType<typeof makePrivateKey>>;
  readonly computerName: string;
  readonly smbiosUuid: Guid;
}

async function machine(computerName: string): Promise<Machine> {
  return { key: await makePrivateKey(), computerName, smbiosUuid: randomUUID() as Guid };
}

async function stage(): Promise<NetworkNode> {
  const centre = await startNetworkNode(await makeOrganisation(), CENTRE);
  const tokenHash = nodePlatform.sha256('holdfast site token v1\n', TOKEN);
  const body = { siteId: 's', tokenHash, expiresAt: nodePlatform.now() + 60_000, revoked: false };
  await appendAll(centre.node, [
    siteDraft('s', 'r'),
    { kind: 'config', body: { kind: 'site-token', id: 's-1', revision: 1, body } },
  ]);
  await centre.node.configuration.settled();
  return centre;
}

async function enrolAt({ node }: NetworkNode, { key, computerName, smbiosUuid }: Machine) {
  const { d: _d, ...jwk } = key;
  const proven = { jwk, jkt: await thumbprint(jwk) };
  const attributes = {
    ...{ computerName, domain: 'D', smbiosUuid, serial: 'S1', make: 'm', model: 'm', osVersion: '11' },
  };
  return enrol({ ...node, platform: node.options.platform }, proven, { siteToken: TOKEN, attributes });
}

describe('a machine that comes again', () => {
  const rows: [
    what: string,
    again: (first: Machine) => Promise<Machine>,
    is: { same: boolean; claim: 'held' | 'pending' },
  ][] = [
    [
      'unchanged, for its answer was lost: the same device',
      (first) => Promise.resolve(first),
      { same: true, claim: 'held' },
    ],
    [
      'set up anew, with a new key: a device of its own, which holds the name of its machine',
      async (first) => ({ ...first, key: await makePrivateKey() }),
      { same: false, claim: 'held' },
    ],
    [
      'renamed, with its key: the same device',
      (first) => Promise.resolve({ ...first, computerName: 'PC-NEW' }),
      { same: true, claim: 'held' },
    ],
    [
      'as a clone, with the key of another machine: another device, whose name is in doubt',
      (first) => Promise.resolve({ ...first, smbiosUuid: randomUUID() as Guid }),
      { same: false, claim: 'pending' },
    ],
    [
      'as a stranger that took the name of a living one: its name is in doubt',
      (first) => machine(first.computerName),
      { same: false, claim: 'pending' },
    ],
  ];

  it.each(rows)('%s', async (_what, again, { same, claim }) => {
    const centre = await stage();
    const first = await machine('PC');
    const before = await enrolAt(centre, first);
    const after = await enrolAt(centre, await again(first));
    expect({ same: after.deviceId === before.deviceId, claim: after.claim }).toEqual({ same, claim });
    // The first one is what it was.
    expect((await enrolAt(centre, first)).claim).toBe('held');
  });

  it('with the token of one machine is refused on another, as a clone', async () => {
    const centre = await stage();
    const first = await machine('PC');
    const { token } = await enrolAt(centre, first);
    expect(peekJws(token)).not.toBeNull();
    const { device: checked } = await centre.node.tokens.check(token);
    const here = { smbiosUuid: first.smbiosUuid, serial: 'S1' };
    expect(() => {
      checkMachine(nodePlatform, checked, here);
    }).not.toThrow();
    for (const other of [
      { ...here, smbiosUuid: randomUUID() },
      { ...here, serial: 'S2' },
    ])
      expect(() => {
        checkMachine(nodePlatform, checked, other);
      }).toThrow('another machine');
  });

  it('under a name whose holder was revoked holds it', async () => {
    const centre = await stage();
    const { deviceId } = await enrolAt(centre, await machine('PC'));
    await appendAll(centre.node, [{ kind: 'device-revocation', body: { deviceId, reason: 'gone' } }]);
    await centre.node.configuration.settled();
    expect((await enrolAt(centre, await machine('PC'))).claim).toBe('held');
  });
});
