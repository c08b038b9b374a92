/** An edge is revoked: it and what it signs are refused, its logs count up to a place, and nothing beyond is lost (I2). */
import { describe, expect, it } from 'vitest';
import { nodePlatform } from '../../central/platform.ts';
import { issueToken } from '../../shared/devices/token.ts';
import { digestSlice } from '../../shared/journal/digest.ts';
import type { Draft } from '../../shared/journal/drafts.ts';
import { limits } from '../../shared/limits.ts';
import { RefusedError } from '../../shared/replication/transport.ts';
import { randomName } from '../../shared/platform.ts';
import { sample, statusBodies } from '../support/drafts.ts';
import { CENTRE, type NetworkNode, edgeIn, startNetworkNode } from '../support/network.ts';
import { type Organisation, makeOrganisation } from '../support/organisation.ts';
import { type KnownKey, appendAll, makeVault, sealKeys, siteDraft } from '../support/vaults.ts';

const signal = new AbortController().signal;
const sync = async ({ node }: NetworkNode): Promise<void> => {
  await node.links[0]?.client.exchange(true, signal);
  await node.revocations.settled();
  await node.configuration.settled();
};

interface Stage {
  readonly organisation: Organisation;
  readonly centre: NetworkNode;
  readonly box: NetworkNode;
  readonly neighbour: NetworkNode;
  /** escrowed at the box while it was trusted, and after */
  readonly before: KnownKey[];
  readonly after: KnownKey[];
}

const deviceId = `d-${'a'.repeat(16)}`;
const volumeId = '0f0f0f0f-0000-4000-8000-000000000009';
const [aStatus] = sample(statusBodies, 1, 5);
const status = (counter: number): Draft => {
  if (!aStatus) throw new Error('no status was made');
  return { kind: 'status', body: { ...aStatus, deviceId, counter } };
};
const protectors = (counter: number, keyId: string): Draft => ({
  kind: 'protectors',
  body: { deviceId, counter, volumes: [{ volumeId, keyIds: [keyId] }] } as never,
});

async function stage(): Promise<Stage> {
  const organisation = await makeOrganisation();
  const centre = await startNetworkNode(organisation, CENTRE);
  const peers = [{ name: 'centre', fetch: centre.fetch }];
  const box = await startNetworkNode(organisation, edgeIn('north', 'box', 'region'), peers);
  const neighbour = await startNetworkNode(organisation, edgeIn('north', 'neighbour', 'region'), peers);
  const [region, all] = [await makeVault('region-north-1', 'north'), await makeVault('organisation-1', null)];
  await appendAll(centre.node, [siteDraft('box', 'north'), region.draft, all.draft]);
  const [before, after] = [
    await sealKeys([region.publicKey, all.publicKey], 'box', 3),
    await sealKeys([region.publicKey, all.publicKey], 'box', 2),
  ];
  await appendAll(box.node, [...before.map(({ draft }) => draft), protectors(1, before[0]?.keyId ?? '')]);
  await box.node.ledger.append('compliance', [status(1)]);
  for (const node of [box, neighbour]) await sync(node);
  return { organisation, centre, box, neighbour, before, after };
}

const keysAt = async ({ node }: NetworkNode): Promise<string[]> =>
  (await node.ledger.engine.rows('recovery', 'SELECT key_id FROM escrows ORDER BY key_id', [])).map(([id]) =>
    String(id),
  );
const idsOf = (...keys: KnownKey[]): string[] => keys.map(({ keyId }) => String(keyId)).sort();
const revoke = ({ centre, box }: Stage, until: number | null = null) =>
  centre.node.edges.revoke(box.node.identity.certificate.nodeId, { stolen: false, reason: 'lost', until });

describe('a revoked edge', () => {
  it('is cut off where it is trusted at nodes that hold more, with every row as if the rest had never come', async () => {
    const here = await stage();
    const { centre, box, neighbour, before, after } = here;
    const { self } = box.node.ledger;
    const trustedAt = nodePlatform.now();
    await nodePlatform.sleep(5);
    await appendAll(box.node, [...after.map(({ draft }) => draft), protectors(2, after[0]?.keyId ?? '')]);
    await box.node.ledger.append('compliance', [status(2)]);
    for (const node of [box, neighbour]) await sync(node);
    expect(await keysAt(neighbour)).toEqual(idsOf(...before, ...after));

    await revoke(here, trustedAt);
    await sync(neighbour);
    for (const { node } of [centre, neighbour]) {
      expect(await keysAt({ node, fetch: centre.fetch })).toEqual(idsOf(...before));
      const [row] = await node.ledger.engine.rows(
        'recovery',
        'SELECT counter, key_ids_json FROM protectors_current WHERE device_id = ?',
        [deviceId],
      );
      expect(row).toEqual([1, JSON.stringify([before[0]?.keyId])]);
      const aside = await node.ledger.engine.rows(
        'recovery',
        'SELECT count(*) FROM recovery_quarantine WHERE origin = ?',
        [self],
      );
      expect(aside).toEqual([[3]]);
      for (const store of ['recovery', 'compliance'] as const) {
        const tip = node.ledger.origins(store).get(self);
        expect(tip?.headSeq).toBe(tip?.seq);
        expect(await node.comparison.withJournal()).toEqual([]);
      }
    }
    // I5: equal vectors, equal tables.
    const digest = async ({ node }: NetworkNode) =>
      digestSlice(node.ledger.engine, nodePlatform, 'recovery', self, 1, 100);
    expect((await digest(neighbour)).tables).toEqual((await digest(centre)).tables);
  });

  it('gets no session, and what it signs is refused, while its devices go on elsewhere', async () => {
    const here = await stage();
    const { centre, box, neighbour, before } = here;
    const token = await issueToken(box.node.identity, {
      ...{ aud: 'holdfast-devices', sub: deviceId, jkt: 'a'.repeat(43), site: 'box', claim: 'held' },
      ...{ machine: 'b'.repeat(43), iat: 1 },
    });
    expect(await neighbour.node.tokens.check(token)).toMatchObject({ device: { sub: deviceId } });
    const known = `d-${'k'.repeat(16)}`;
    const enrolled = await issueToken(box.node.identity, {
      ...{ aud: 'holdfast-devices', sub: known, jkt: 'k'.repeat(43), site: 'box', claim: 'held' },
      ...{ machine: 'b'.repeat(43), iat: 1 },
    });
    const attributes = {
      ...{ computerName: 'PC', domain: 'D', smbiosUuid: volumeId, serial: 'S', make: 'm', model: 'm' },
      osVersion: '11',
    };
    const key = { kty: 'EC', crv: 'P-256', x: 'a'.repeat(43), y: 'a'.repeat(43) };
    const body = { deviceId: known, siteId: 'box', key, jkt: 'k'.repeat(43), claim: 'held', attributes };
    await appendAll(box.node, [{ kind: 'device', body } as never]);
    for (const node of [box, neighbour]) await sync(node);
    // An open session ends as well, and a pull that waits.
    const waiting = (async () => {
      // A wait takes 25 ms here: one of them is under way, or just over, when the revocation comes.
      for (;;) await box.node.links[0]?.client.listen(signal);
    })().catch((error: unknown) => error);
    await nodePlatform.sleep(20);
    await revoke(here);
    await sync(neighbour);
    expect(await waiting).toBeInstanceOf(RefusedError);
    await expect(sync(box)).rejects.toBeInstanceOf(RefusedError);
    for (const { node } of [centre, neighbour])
      await expect(node.tokens.check(token)).rejects.toMatchObject({ code: 'token-invalid' });
    // Whom it had enrolled while it was trusted goes on as the same device.
    expect(await neighbour.node.tokens.check(enrolled)).toMatchObject({ device: { sub: known } });
    // What it wrote while it was trusted stays (I2), and nobody waits for it any more.
    expect(await keysAt(neighbour)).toEqual(idsOf(...before));
    expect(centre.node.confirmation.waitingFor()).toEqual([]);
  });

  it('leaves nothing more by way of others, and an administrator takes back in what is believed, one by one', async () => {
    const here = await stage();
    const { organisation, centre, box, neighbour, before, after } = here;
    const { self } = box.node.ledger;
    await revoke(here);
    // A node that has not heard of it passes on what the box wrote afterwards, with all signatures in order.
    await appendAll(
      box.node,
      after.map(({ draft }) => draft),
    );
    const segment = await box.node.ledger.read('recovery', self, 0, limits.segmentEntriesMax);
    if (!segment) throw new Error('the box has no log');
    for (const { node } of [centre, neighbour]) {
      await node.ledger.absorb('recovery', segment);
      await sync(neighbour);
      expect(await keysAt({ node, fetch: centre.fetch })).toEqual(idsOf(...before));
    }
    // Neither does a log that begins after the revocation.
    const origin = `${self.slice(0, 10)}.${randomName(nodePlatform, 13)}`;
    expect(centre.node.revocations.trusted('recovery', origin as typeof self)).toMatchObject({ seq: 0 });

    const { nodeId } = box.node.identity.certificate;
    const aside = await centre.node.edges.keptAside(nodeId);
    expect(aside.map(({ keyId }) => keyId).sort()).toEqual(idsOf(...after));
    const stateOf = async (hash: string) =>
      (await centre.node.edges.keptAside(nodeId)).find((one) => one.hash === hash)?.state;
    const [wanted] = aside;
    if (!wanted) throw new Error('nothing was kept aside');
    // What was refused stays where it is, and can be released all the same.
    await centre.node.edges.refuse({ ...wanted, origin: self }, 'ana');
    await centre.node.edges.refuse({ ...wanted, origin: self }, 'ana');
    expect(await stateOf(wanted.hash)).toBe('refused');
    expect(await keysAt(centre)).toEqual(idsOf(...before));
    await centre.node.edges.release({ ...wanted, origin: self }, 'ana');
    await centre.node.edges.release({ ...wanted, origin: self }, 'ana');
    await centre.node.edges.refuse({ ...wanted, origin: self }, 'ana');
    expect(await stateOf(wanted.hash)).toBe('released');
    await expect(
      centre.node.edges.release({ origin: self, seq: 1, hash: wanted.hash }, 'ana'),
    ).rejects.toMatchObject({ code: 'not-kept-aside' });
    await sync(neighbour);
    const released = after.filter(({ keyId }) => keyId === wanted.keyId);
    for (const node of [centre, neighbour]) {
      expect(await keysAt(node)).toEqual(idsOf(...before, ...released));
      expect(
        await node.node.ledger.engine.rows(
          'recovery',
          'SELECT of_origin, of_seq, staff_id FROM releases',
          [],
        ),
      ).toEqual([[self, wanted.seq, 'ana']]);
    }
    // A node that is new learns of log and revocation in whichever order, and holds the same.
    const peers = [{ name: 'centre', fetch: centre.fetch }];
    const late = await startNetworkNode(organisation, edgeIn('north', 'late', 'region'), peers);
    await sync(late);
    await sync(late);
    expect(await keysAt(late)).toEqual(idsOf(...before, ...released));
  });
});
