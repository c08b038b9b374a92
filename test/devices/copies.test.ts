import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { nodePlatform } from '../../central/platform.ts';
import { DEFAULT_RULES } from '../../shared/domain/compliance.ts';
import { type Guid, formatRecoveryPassword } from '../../shared/domain/recovery-key.ts';
import type { StatusRequest } from '../../shared/devices/messages.ts';
import { type DeviceToken, machineFingerprint } from '../../shared/devices/token.ts';
import type { Draft } from '../../shared/journal/drafts.ts';
import { limits } from '../../shared/limits.ts';
import { randomName } from '../../shared/platform.ts';
import { generateVault } from '../../shared/vault/seal.ts';
import { CENTRE, type NetworkNode, edgeIn, eventually, startNetworkNode } from '../support/network.ts';
import { makeOrganisation } from '../support/organisation.ts';

const guid = (): Guid => randomUUID() as Guid;
const password = (): string => formatRecoveryPassword(nodePlatform.random(16));

interface Pc {
  readonly token: DeviceToken;
  readonly smbiosUuid: Guid;
  readonly volumeId: Guid;
}

function pc(site = 'a', volumeId = guid(), smbiosUuid = guid()): Pc {
  const machine = machineFingerprint(nodePlatform, { smbiosUuid, serial: 'S1' });
  const sub = `d-${randomName(nodePlatform, 16)}`;
  const jkt = nodePlatform.sha256(sub);
  return {
    token: { aud: 'holdfast-devices', sub, jkt, site, claim: 'held', machine, iat: 1 },
    smbiosUuid,
    volumeId,
  };
}

const escrow = (
  { node }: NetworkNode,
  { token, smbiosUuid, volumeId }: Pc,
  keyId: Guid,
  recoveryPassword = password(),
) =>
  node.escrows.escrow(token, keyId, {
    ...{ recoveryPassword, volumeId, volumeType: 1, counter: 1, smbiosUuid, serial: 'S1' },
    ...{ computerName: 'PC', domain: 'D', users: ['D\\u'] },
  });

async function report(
  { node }: NetworkNode,
  { token, smbiosUuid, volumeId }: Pc,
  keyId: Guid,
  volumeType: 1 | 3 = 1,
  counter = 5,
) {
  const request: StatusRequest = {
    ...{ counter, reportedAt: 1 },
    machine: {
      ...{
        computerName: 'PC',
        domain: 'D',
        smbiosUuid,
        serial: 'S1',
        make: 'm',
        model: 'm',
        osVersion: '11',
      },
      ...{ tpmPresent: true, users: [] },
    },
    policy: { version: 0, rules: DEFAULT_RULES, enforcement: 'enforced', error: null },
    volumes: [
      {
        ...{ volumeId, volumeType, driveLetter: 'C:', protectionStatus: 1, conversionStatus: 1 },
        ...{
          encryptionMethod: 7,
          encryptionPercentage: 100,
          lockStatus: 0,
          protectors: [{ type: 3, keyId }],
        },
      },
    ],
  };
  const { instructions } = await node.statuses.report(token, request);
  return instructions.map((instruction) => (instruction.type === 'rotate' ? 'rotate' : instruction.why));
}

async function configured(subject: Parameters<typeof startNetworkNode>[1]): Promise<NetworkNode> {
  const organisation = await makeOrganisation();
  const centre = await startNetworkNode(organisation, CENTRE);
  const node = await startNetworkNode(organisation, subject, [{ name: 'centre', fetch: centre.fetch }]);
  const vault = async (id: string, regionId: string | null): Promise<Draft> => {
    const { publicKey } = (await generateVault(id)).publicKey;
    const body = {
      scope: regionId === null ? 'organisation' : 'region',
      regionId,
      publicKey,
      retired: false,
    } as const;
    return { kind: 'config', body: { kind: 'vault', id, revision: 1, body } };
  };
  const site = (id: string): Draft => ({
    kind: 'config',
    body: { kind: 'site', id, revision: 1, body: { name: id, regionId: 'north' } },
  });
  await centre.node.ledger.append('recovery', [
    site('a'),
    site('b'),
    await vault('r', 'north'),
    await vault('o', null),
  ]);
  await node.node.links[0]?.client.exchange(true, new AbortController().signal);
  await node.node.configuration.settled();
  return node;
}

const alarms = ({ node }: NetworkNode): string[] =>
  node.alarms.list().map(({ type, subject }) => `${type} ${subject}`);

describe('copies of a key (I2, I13)', () => {
  it("never count a stranger's escrow for a PC's own: it is asked for, and not told to rotate", async () => {
    const edge = await configured(edgeIn('north', 'a', 'region'));
    const [stranger, victim, keyId] = [pc(), pc(), guid()];
    await escrow(edge, stranger, keyId);
    await edge.node.ledger.append('recovery', [disclosureOf(edge, keyId, stranger)]);
    expect(await report(edge, victim, keyId)).toEqual(['missing']);
    expect(await report(edge, stranger, keyId)).toEqual(['rotate']);
  });

  it('count what the same machine escrowed before it was set up anew, and a removable volume in every PC', async () => {
    const edge = await configured(edgeIn('north', 'a', 'region'));
    const [before, keyId] = [pc(), guid()];
    const after = pc('a', before.volumeId, before.smbiosUuid);
    await edge.node.ledger.append('recovery', [deviceOf(before), deviceOf(after)]);
    await escrow(edge, before, keyId);
    expect(await report(edge, after, keyId)).toEqual([]);
    const [stick, elsewhere] = [guid(), pc('a', before.volumeId)];
    await escrow(edge, before, stick);
    expect(await report(edge, elsewhere, stick, 3)).toEqual([]);
  });

  it('and what protects a drive are written down again when they stand in a log that goes on in two ways', async () => {
    const organisation = await makeOrganisation();
    const [there, here] = [
      await startNetworkNode(organisation, edgeIn('north', 'a', 'region')),
      await startNetworkNode(organisation, edgeIn('north', 'b', 'region')),
    ];
    const [machine, keyId] = [pc(), guid()];
    await report(there, machine, keyId);
    const { self } = there.node.ledger;
    for (const store of ['recovery', 'compliance'] as const) {
      const segment = await there.node.ledger.read(store, self, 0, 10);
      expect(segment && (await here.node.ledger.absorb(store, segment))).toMatchObject({
        outcome: 'applied',
      });
    }
    const written = async (counter: number): Promise<string[]> => {
      const kinds: string[] = [];
      const stop = here.node.ledger.onCommit((_store, entries) => {
        kinds.push(...entries.map(({ kind }) => kind).filter((kind) => kind !== 'genesis'));
      });
      await report(here, machine, keyId, 1, counter);
      stop();
      return kinds.sort();
    };
    expect(await written(6)).toEqual([]);
    for (const store of ['recovery', 'compliance'] as const) here.node.peers.split(store, self);
    expect(await written(7)).toEqual(['protectors', 'status']);
    expect(await written(8)).toEqual([]);
  });

  it('are asked for while they are held here alone, whatever a node claims that may not hold them', async () => {
    const edge = await configured(edgeIn('north', 'a', 'region'));
    const [machine, keyId] = [pc(), guid()];
    await escrow(edge, machine, keyId);
    const { self } = edge.node.ledger;
    const later = {
      ...edge.node.options.platform,
      now: () => nodePlatform.now() + 2 * limits.singleCopyGraceMs,
    };
    Object.assign(edge.node.options.platform, { now: later.now });
    const liar = (name: string, region: string, reach: 'own' | 'region') => ({
      ...edge.node.identity.certificate,
      ...edgeIn(region, name, reach),
      nodeId: name.padEnd(10, 'z'),
    });
    edge.node.peers.contact(liar('south', 'south', 'region'), 'recovery', { [self]: 2 });
    edge.node.peers.contact(liar('escrows', 'north', 'own'), 'recovery', { [self]: 2 });
    edge.node.peers.contact(liar('braggart', 'north', 'region'), 'recovery', {
      [self]: Number.MAX_SAFE_INTEGER,
    });
    expect(edge.node.peers.heldElsewhere('recovery', self, 2)).toBe(false);
    edge.node.peers.contact(liar('honest', 'north', 'region'), 'recovery', { [self]: 2 });
    expect(edge.node.peers.heldElsewhere('recovery', self, 2)).toBe(true);
  });

  it('are asked for although the only one was written by a clock that was years ahead (I14)', async () => {
    const edge = await configured(edgeIn('north', 'a', 'region'));
    const [machine, keyId] = [pc(), guid()];
    const { platform } = edge.node.options;
    Object.assign(platform, { now: () => nodePlatform.now() + 10 * 365 * 86_400_000 });
    await escrow(edge, machine, keyId);
    Object.assign(platform, { now: () => nodePlatform.now() });
    expect(await report(edge, machine, keyId)).toEqual(['single-copy']);
  });

  it('raise a conflict however the second came: at the same moment, or from another node', async () => {
    const edge = await configured(edgeIn('north', 'a', 'region'));
    const [together, apart] = [guid(), guid()];
    const answers = await Promise.all([escrow(edge, pc(), together), escrow(edge, pc(), together)]);
    expect(answers.some(({ conflict }) => conflict)).toBe(true);
    await eventually(() => alarms(edge).includes(`key-conflict ${together}`));
    await escrow(edge, pc(), apart);
    const organisationPeer = edge.node.links[0]?.client;
    await organisationPeer?.exchange(true, new AbortController().signal);
    expect(alarms(edge)).not.toContain(`key-conflict ${apart}`);
    await escrow(edge, pc(), apart);
    await eventually(() => alarms(edge).includes(`key-conflict ${apart}`));
  });

  it('are limited for each device, also when all come at once (I12)', async () => {
    const edge = await configured(edgeIn('north', 'a', 'region'));
    const flood = pc();
    const wanted = limits.deviceKeyIdsPerDayMax + 60;
    const answers = await Promise.allSettled(
      Array.from({ length: wanted }, () => escrow(edge, flood, guid())),
    );
    const taken = answers.filter(({ status }) => status === 'fulfilled').length;
    expect(taken).toBeLessThanOrEqual(limits.deviceKeyIdsPerDayMax);
    expect(taken).toBeGreaterThan(0);
    await expect(escrow(edge, pc(), guid())).resolves.toMatchObject({ created: true });
  });
});

describe('a key of another site under the same ID', () => {
  it("neither keeps this site's from being given out, nor is given out itself", async () => {
    const edge = await configured(edgeIn('north', 'a', 'region'));
    const keyId = guid();
    for (const machine of [pc('a'), pc('b')]) await escrow(edge, machine, keyId);
    const asking = (site: string) => ({
      staff: {
        ...({ staffId: 's', name: 'S', role: 'advanced-helpdesk', sites: [site] } as const),
        presence: { by: 'token', tokenId: 's', scope: ['keys'] } as const,
      },
      address: null,
    });
    const request = { keyId, reason: 'other', verification: 'other' } as const;
    // This node holds no vault key, so an allowed request ends there, and says of which device.
    for (const site of ['a', 'b']) {
      await expect(edge.node.helpdesk.disclose(asking(site), request)).rejects.toMatchObject({
        code: 'vault-not-here',
      });
      const [last] = await edge.node.ledger.engine.rows(
        'recovery',
        'SELECT site_id, failure FROM audit ORDER BY seq DESC LIMIT 1',
        [],
      );
      expect(last).toEqual([site, 'vault-not-here']);
    }
    await expect(edge.node.helpdesk.disclose(asking('c'), request)).rejects.toMatchObject({
      code: 'site-not-assigned',
    });
  });
});

function deviceOf({ token, smbiosUuid }: Pc): Draft {
  const key = { kty: 'EC', crv: 'P-256', x: 'a'.repeat(43), y: 'a'.repeat(43) } as const;
  const names = {
    computerName: 'PC',
    domain: 'D',
    smbiosUuid,
    serial: 'S1',
    make: 'm',
    model: 'm',
    osVersion: '11',
  };
  return {
    kind: 'device',
    body: { deviceId: token.sub, siteId: token.site, key, jkt: token.jkt, claim: 'held', attributes: names },
  };
}

function disclosureOf({ node }: NetworkNode, keyId: Guid, { token, volumeId }: Pc): Draft {
  const { nodeId, name } = node.identity.certificate;
  return {
    kind: 'audit',
    body: {
      ...{
        action: 'disclosure',
        at: 1,
        source: 'Helpdesk',
        status: 'Successful',
        failure: null,
        staffId: 's',
      },
      ...{ staffName: 'S', staffRole: 'helpdesk', endUser: null, computerName: null, domain: null },
      ...{ deviceId: token.sub, volumeId, keyId, keyType: 'Recovery Key Password', reason: 'other' },
      ...{ commitment: null, requestId: null, breakGlassId: null, otherId: null, otherName: null },
      ...{
        verification: 'other',
        note: null,
        siteId: 'a',
        nodeId,
        nodeName: name,
        address: null,
        offlineSince: null,
      },
    },
  };
}
