/** A new vault: what was sealed to the old one is sealed to it as well, by whoever can open it, and nothing is lost. */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { nodePlatform } from '../../central/platform.ts';
import { type Guid, commitmentOf } from '../../shared/domain/recovery-key.ts';
import { sealed as sealedBody } from '../../shared/journal/bodies.ts';
import { limits } from '../../shared/limits.ts';
import type { HoldfastNode } from '../../shared/node.ts';
import { Resealing, keysSealedAlone } from '../../shared/vault/resealing.ts';
import { type OpenWindows, type VaultKey, open } from '../../shared/vault/seal.ts';
import { CENTRE, edgeIn, eventually, startNetworkNode } from '../support/network.ts';
import { makeOrganisation } from '../support/organisation.ts';
import { type KnownKey, appendAll, makeVault, sealKeys, siteDraft } from '../support/vaults.ts';

/** `e2e/edge-stolen.test.ts` does it with ten times as many. */
const KEYS = 2_000;
const never = new AbortController().signal;

function resealing(node: HoldfastNode, vaultKeys: readonly VaultKey[], role: 'edge' | 'centre' = 'centre') {
  return new Resealing({ ...node, platform: node.options.platform, vaultKeys, role });
}

/** How many of these keys a vault key alone opens, by whichever copy this node holds. */
async function opened(node: HoldfastNode, key: VaultKey, keys: readonly KnownKey[]): Promise<number> {
  const wanted = new Map(keys.map(({ keyId, commitment }) => [keyId as string, commitment]));
  const windows: OpenWindows = new Map();
  const found = new Set<string>();
  for (const table of ['escrows', 'reseals']) {
    const rows = await node.ledger.engine.rows(
      'recovery',
      `SELECT key_id, device_id, volume_id, sealed_json FROM ${table} WHERE instr(sealed_json, ?) > 0`,
      [`"vaultId":"${key.vaultId}"`],
    );
    for (const [id, deviceId, volumeId, json] of rows) {
      const keyId = String(id) as Guid;
      const record = { keyId, deviceId: String(deviceId), volumeId: String(volumeId) };
      for (const copy of z.array(sealedBody).parse(JSON.parse(String(json)))) {
        if (copy.vaultId !== key.vaultId) continue;
        const secret = await open(key, { kind: 'recovery-password', ...record }, copy, windows);
        if (secret && commitmentOf(nodePlatform, keyId, secret) === wanted.get(keyId)) found.add(keyId);
      }
    }
  }
  return found.size;
}

describe('sealing again', () => {
  it(`gives ${String(KEYS)} keys a copy in the new vault, goes on after it was cut off, and makes none twice`, async () => {
    const organisation = await makeOrganisation();
    const { node } = await startNetworkNode(organisation, CENTRE);
    const [old, all] = [await makeVault('region-r-1', 'r'), await makeVault('organisation-1', null)];
    await appendAll(node, [siteDraft('s', 'r'), old.draft, all.draft]);
    const keys = await sealKeys([old.publicKey, all.publicKey], 's', KEYS);
    await appendAll(
      node,
      keys.map(({ draft }) => draft),
    );
    const fresh = await makeVault('region-r-2', 'r');
    await appendAll(node, [fresh.draft]);
    await node.configuration.settled();

    // Another process begins where the one before was cut off: it only knows what is held.
    const cut = new AbortController();
    const first = resealing(node, [all.key]);
    const cutOff = first.pass(cut.signal);
    await eventually(() => (first.progress().resealed['region-r-2'] ?? 0) > KEYS / 20, 20_000);
    cut.abort();
    await cutOff;
    const done = first.progress().resealed['region-r-2'] ?? 0;
    expect(done).toBeLessThan(KEYS);
    const { ledger } = node;
    const platform = nodePlatform;
    expect(await keysSealedAlone({ ledger, platform }, 'region-r-1', ['region-r-2'])).toBe(KEYS - done);

    const second = resealing(node, [all.key]);
    await second.pass(never);
    expect(second.progress()).toMatchObject({
      ...{ running: false, rows: KEYS, rowsSeen: KEYS, notOpenedHere: 0, failed: 0 },
      resealed: { 'region-r-2': KEYS - done },
    });
    expect(await keysSealedAlone({ ledger, platform }, 'region-r-1', ['region-r-2'])).toBe(0);

    // Nothing is left to be done, and looking through it lets others have their turn (I12).
    let turns = 0;
    let looking = true;
    const turn = (): void => {
      turns += 1;
      if (looking) setImmediate(turn);
    };
    setImmediate(turn);
    await resealing(node, [all.key]).pass(never);
    looking = false;
    expect(turns).toBeGreaterThanOrEqual(KEYS / limits.resealPageRows);
    for (const { key } of [old, fresh, all]) expect(await opened(node, key, keys)).toBe(KEYS);
    const [count] = await ledger.engine.rows('recovery', 'SELECT count(*) FROM reseals', []);
    expect(count).toEqual([KEYS]);
  }, 60_000);

  it('is done for the organisation by a helpdesk edge, when nobody else gets on with it', async () => {
    const organisation = await makeOrganisation();
    const [region, lost] = [await makeVault('region-r-1', 'r'), await makeVault('organisation-1', null)];
    const centre = await startNetworkNode(organisation, CENTRE);
    const edge = await startNetworkNode(
      organisation,
      edgeIn('r', 's', 'region'),
      [{ name: 'centre', fetch: centre.fetch }],
      null,
      [region.key],
    );
    const [other, fresh] = [await makeVault('region-q-1', 'q'), await makeVault('organisation-2', null)];
    await appendAll(centre.node, [siteDraft('s', 'r'), siteDraft('t', 'q'), region.draft, other.draft]);
    await appendAll(centre.node, [lost.draft, fresh.draft]);
    const keys = await sealKeys([region.publicKey, lost.publicKey], 's', 50);
    // A key of another region, which reaches this edge with the centre's log, is not its to open.
    const elsewhere = await sealKeys([other.publicKey, lost.publicKey], 't', 1);
    await appendAll(
      centre.node,
      [...keys, ...elsewhere].map(({ draft }) => draft),
    );
    edge.node.start();
    await eventually(async () => (await opened(centre.node, fresh.key, keys)) === 50);
    expect(await opened(centre.node, fresh.key, elsewhere)).toBe(0);
    expect(edge.node.resealing.progress()).toMatchObject({ failed: 0, notOpenedHere: 1 });
  });

  it('names a key whose copy does not open, goes on with the others, and lets nobody retire what is needed', async () => {
    const { node, fetch } = await startNetworkNode(
      await makeOrganisation(),
      CENTRE,
      [],
      nodePlatform.sha256('holdfast staff token v1\n', 'a-bootstrap-token'),
    );
    const [old, all] = [await makeVault('region-r-1', 'r'), await makeVault('organisation-1', null)];
    const impostor = await makeVault('organisation-1', null);
    const fresh = await makeVault('region-r-2', 'r');
    await appendAll(node, [siteDraft('s', 'r'), old.draft, all.draft, fresh.draft]);
    const [good] = await sealKeys([old.publicKey, all.publicKey], 's', 1);
    const [bad] = await sealKeys([old.publicKey, impostor.publicKey], 's', 1);
    if (!good || !bad) throw new Error('no keys were made');
    await appendAll(node, [bad.draft, good.draft]);
    await node.configuration.settled();
    const work = resealing(node, [all.key]);
    await work.pass(never);
    expect(work.progress()).toMatchObject({ failed: 1, resealed: { 'region-r-2': 1 } });
    expect(node.alarms.list()).toMatchObject([
      { type: 'vault-key-wrong', detail: expect.stringContaining(bad.keyId) as string },
    ]);
    const put = async (vault: typeof old, more: object) => {
      const { body } = z
        .object({ body: z.object({ body: z.record(z.string(), z.unknown()) }) })
        .parse(vault.draft);
      const answer = await fetch(`/v1/admin/config/vault/${vault.publicKey.vaultId}`, {
        method: 'PUT',
        headers: { Authorization: 'Bearer a-bootstrap-token', 'Content-Type': 'application/json' },
        body: JSON.stringify({ revision: 1, body: { ...body.body, ...more } }),
      });
      return await answer.json();
    };
    expect(await put(old, { retired: true })).toMatchObject({ status: 409, keys: 1 });
    expect(await put(fresh, { retired: true })).toMatchObject({ status: 409, why: 'newest' });
    const { publicKey } = impostor.publicKey;
    expect(await put(all, { publicKey })).toMatchObject({
      status: 409,
      type: 'urn:holdfast:problem:vault-fixed',
    });
    // Once that key has a copy in the new vault, nothing keeps the old one.
    await resealing(node, [old.key]).pass(never);
    expect(await put(old, { retired: true })).toMatchObject({ revision: 2 });
    expect(node.configuration.vaultsOf('s')?.map(({ vaultId }) => vaultId)).toEqual([
      'region-r-2',
      'organisation-1',
    ]);
  });
});
