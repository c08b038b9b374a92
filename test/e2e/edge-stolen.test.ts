/** A box is stolen, with real processes and disks: what a thief can read, and what one command makes of it. */
import { randomUUID } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Fleet } from '../../central/fleet/fleet.ts';
import type { LocalCluster } from '../../central/local/cluster.ts';
import { writePrivate } from '../../central/local/secrets.ts';
import { nodePlatform } from '../../central/platform.ts';
import { edgeDatabasePath } from '../../central/snapshot/seed.ts';
import { type Guid, commitmentOf, formatRecoveryPassword } from '../../shared/domain/recovery-key.ts';
import { sealed as sealedBody } from '../../shared/journal/bodies.ts';
import { vaultsAnswer } from '../../shared/http/routes/vaults.ts';
import { limits } from '../../shared/limits.ts';
import { vaultFile } from '../../shared/trust/vault-file.ts';
import { type OpenWindows, type VaultKey, open } from '../../shared/vault/seal.ts';
import { holdfast, startHoldfast } from '../import/command.ts';
import { afterFile } from '../support/cleanup.ts';
import { ask, bugsInLogs, disclose, openFleet, startCluster, untilNone } from '../support/cluster.ts';
import { load } from '../support/load.ts';
import { makeWholeSnapshot, repositoryOf, snapshotEnv, snapshotSettings } from '../support/snapshot.ts';

const KEYS = 20_000;
const ESCROWS = 1_000;

interface Row {
  readonly keyId: Guid;
  readonly record: { readonly keyId: string; readonly deviceId: string; readonly volumeId: string };
  readonly commitment: string;
  readonly siteId: string;
  readonly copies: z.infer<typeof sealedBody>[];
}

/** Every sealed key on a disk, as whoever has the disk reads it. */
function readRows(file: string): Row[] {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    const select = (table: string, site: string) =>
      `SELECT key_id, device_id, volume_id, commitment, ${site} AS site, sealed_json FROM ${table}`;
    return database
      .prepare(
        [select('escrows', 'site_id'), select('imports', 'site_id'), select('reseals', "''")].join(
          ' UNION ALL ',
        ),
      )
      .all()
      .map((row) => ({
        keyId: String(row['key_id']) as Guid,
        record: {
          keyId: String(row['key_id']),
          deviceId: String(row['device_id']),
          volumeId: String(row['volume_id']),
        },
        commitment: String(row['commitment']),
        siteId: String(row['site']),
        copies: z.array(sealedBody).parse(JSON.parse(String(row['sealed_json']))),
      }));
  } finally {
    database.close();
  }
}

/** The key IDs that these private keys open, whichever vault a copy names. */
async function opened(
  rows: readonly Row[],
  keys: readonly VaultKey[],
  anyVault = false,
): Promise<Set<string>> {
  const windows: OpenWindows = new Map();
  const found = new Set<string>();
  for (const { keyId, record, commitment, copies } of rows)
    for (const copy of copies)
      for (const key of keys) {
        if (!anyVault && key.vaultId !== copy.vaultId) continue;
        const secret = await open(key, { kind: 'recovery-password', ...record }, copy, windows);
        if (secret && commitmentOf(nodePlatform, keyId, secret) === commitment) found.add(keyId);
      }
  return found;
}

/** Whatever may be a private key in these texts: 32 bytes, base64url. */
function candidates(...texts: string[]): VaultKey[] {
  const found = new Set(
    texts.flatMap((text) => text.match(/(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])/g) ?? []),
  );
  return [...found].map((privateKey, index) => ({ vaultId: `candidate-${String(index)}`, privateKey }));
}

describe('a stolen box', { timeout: 120_000 }, () => {
  let cluster: LocalCluster;
  let fleet: Fleet;
  const edgeFile = (name: string) => path.join(cluster.edgeData(name), edgeDatabasePath());
  const centreFile = () => path.join(cluster.centreData, 'recovery.db');
  const administrator = (method: string, url: string, body?: object) =>
    ask(cluster.secrets.tokens.administrator, method, `${cluster.centreUrl}${url}`, body);
  const vaults = async () => vaultsAnswer.parse((await administrator('GET', '/v1/admin/vaults')).body);
  /** What root finds beside the database: credentials and the process's environment. */
  async function secretsOf(name: string): Promise<string> {
    const folder = path.join(cluster.folder, 'edges', name, 'credentials');
    const files = await Promise.all(
      (await readdir(folder)).map((file) => readFile(path.join(folder, file), 'utf8')),
    );
    const environment = await readFile(`/proc/${String(cluster.edges.get(name)?.pid)}/environ`, 'utf8');
    return [...files, environment].join('\n');
  }

  beforeAll(async () => {
    cluster = await startCluster(21_900);
    const { d: _private, ...jwk } = cluster.secrets.organisationKey;
    fleet = await Fleet.open({
      ...{ seed: 'stolen', devices: 12, organisation: { jwk }, platform: nodePlatform },
      ...{ healthy: true, concurrency: 16 },
      sites: cluster.plan.edges.map(({ name, siteId }) => ({
        siteId,
        // A PC that finds its own node gone goes to the centre.
        nodes: [cluster.edgeUrl(name), cluster.centreUrl],
        siteToken: cluster.secrets.tokens.sites[siteId] ?? '',
      })),
    });
    afterFile(() => fleet.close());
    await fleet.enrolAll();
    await fleet.encryptAll();
    await fleet.reportAll();
  }, 60_000);

  it(`opens none of ${String(ESCROWS)} keys, with its whole disk and environment, where it is escrow-only`, async () => {
    const branch = await openFleet(cluster, { devices: 10, seed: 'branch', sites: ['lugo'] });
    await branch.enrolAll();
    const { keyIds } = await load(branch, 'escrow', cluster.edgeUrl('edge-lugo'), ESCROWS);
    expect(keyIds).toHaveLength(ESCROWS);
    const rows = readRows(edgeFile('edge-lugo')).filter(({ keyId }) => keyIds.includes(keyId));
    expect(rows).toHaveLength(ESCROWS);
    const found = candidates(await secretsOf('edge-lugo'));
    expect(found.length).toBeGreaterThan(2);
    expect(await opened(rows, found, true)).toEqual(new Set());
    // The twin that succeeds: the same rows, with the key that the box never had.
    const [key] = cluster.secrets.vaults.filter(({ vaultId }) => vaultId === 'region-norte-1');
    expect((await opened(rows, key ? [key] : [])).size).toBe(ESCROWS);
    // Swapped between two records, a ciphertext opens as neither.
    const [first, second] = rows;
    if (!first || !second || !key) throw new Error('there are no rows');
    for (const [of, as] of [
      [first, second],
      [second, first],
    ] as const)
      for (const copy of of.copies.filter(({ vaultId }) => vaultId === key.vaultId))
        expect(await open(key, { kind: 'recovery-password', ...as.record }, copy)).toBeNull();
  });

  it('opens none with a whole snapshot set: all that the centre has is there, but nothing that opens', async () => {
    const env = snapshotEnv(cluster);
    const { id, verification } = await makeWholeSnapshot(env);
    expect(verification.structure).toBe('verified');
    const set = repositoryOf(snapshotSettings(env)).pathOf(id);
    const files = await Promise.all(
      (await readdir(set, { recursive: true, withFileTypes: true }))
        .filter((entry) => entry.isFile())
        .map((entry) => readFile(path.join(entry.parentPath, entry.name))),
    );
    const { vaults: all, centre, edges, organisationKey, tokens } = cluster.secrets;
    const secrets = [
      ...all.map(({ privateKey }) => privateKey),
      ...[centre, ...Object.values(edges)].map(({ privateKey }) => privateKey.d),
      ...[organisationKey.d, tokens.administrator, tokens.helpdesk, ...Object.values(tokens.sites)],
    ];
    for (const secret of secrets)
      expect(files.some((bytes) => bytes.includes(secret.replace(/^hf\w_/, '')))).toBe(false);
    const rows = readRows(path.join(set, 'recovery.db')).slice(0, ESCROWS);
    expect(rows).toHaveLength(ESCROWS);
    // Whatever looks like a key in what the centre was told and made, but for the sealed secrets themselves.
    const database = new DatabaseSync(path.join(set, 'recovery.db'), { readOnly: true });
    const told = ['config', 'recovery_origins', 'recovery_erasable', 'local_notes', 'local_peers'].flatMap(
      (table) =>
        database
          .prepare(`SELECT * FROM ${table}`)
          .all()
          .map((row) => JSON.stringify(row)),
    );
    database.close();
    const manifest = await readFile(path.join(set, 'manifest.json'), 'utf8');
    const found = candidates(manifest, ...told);
    expect(found.length).toBeGreaterThan(20);
    expect(await opened(rows.slice(0, 10), found, true)).toEqual(new Set());
    // The twin that succeeds: the same set, with a vault's key.
    expect((await opened(rows, all)).size).toBe(ESCROWS);
  });

  it(`has ${String(KEYS)} keys of a region sealed to a new vault, also when the centre is killed meanwhile`, async () => {
    for (let at = 0; at < KEYS; at += limits.importKeysMax) {
      const keys = Array.from({ length: limits.importKeysMax }, (_, index) => ({
        ...{ keyId: randomUUID(), recoveryPassword: formatRecoveryPassword(nodePlatform.random(16)) },
        ...{ siteId: 'lugo', computerName: `PC${String(at + index)}`, domain: 'D' },
      }));
      const { status } = await administrator('POST', '/v1/admin/imports', {
        ...{ source: 'csv', dryRun: false, keys },
      });
      expect(status).toBe(200);
    }
    const out = path.join(cluster.folder, 'region-norte-2.json');
    const rotating = startHoldfast(cluster, ['vault', 'rotate', '--region', 'norte', '--out', out]);
    const resealed = async () => {
      const text = await (await fetch(`${cluster.centreUrl}/metrics`)).text();
      return Number(/holdfast_resealed_keys\{vault="region-norte-2"\} (\d+)/.exec(text)?.[1] ?? 0);
    };
    while ((await resealed()) < KEYS / 10) await nodePlatform.sleep(20);
    await cluster.centre?.stop('SIGKILL');
    await rotating.ended;
    const before = readRows(centreFile()).filter(({ siteId }) => siteId === '').length;
    expect(before).toBeGreaterThan(0);
    expect(before).toBeLessThan(KEYS + ESCROWS);
    await cluster.startCentre();
    await cluster.ready(cluster.centreUrl);
    const left = async () =>
      (await vaults()).vaults.flatMap(({ vaultId, keysAlone }) =>
        vaultId === 'region-norte-1' && keysAlone !== 0 ? [`${String(keysAlone)} keys are left`] : [],
      );
    await untilNone(left, 60_000);

    const rows = readRows(centreFile());
    const all = new Set(rows.filter(({ siteId }) => siteId === 'lugo').map(({ keyId }) => keyId as string));
    expect(all.size).toBeGreaterThan(KEYS + ESCROWS);
    const made = vaultFile.parse(JSON.parse(await readFile(out, 'utf8')));
    const old = cluster.secrets.vaults.filter(({ vaultId }) => vaultId === 'region-norte-1');
    for (const keys of [[made], old]) expect(await opened(rows, keys)).toEqual(all);
    // Each once: what was done before the kill was not done again.
    expect(rows.filter(({ siteId }) => siteId === '')).toHaveLength(all.size);
    const retired = await holdfast(cluster, ['vault', 'retire', 'region-norte-1']);
    expect(retired).toMatchObject({ code: 0 });
  });

  it('opens nothing of another region where it is a helpdesk edge, although it holds it', async () => {
    const held = async () => {
      const rows = readRows(edgeFile('edge-madrid')).filter(({ siteId }) => siteId === 'lugo');
      return rows.length >= KEYS ? [] : [`${String(rows.length)} of another region's keys are there`];
    };
    await untilNone(held, 60_000);
    const keys = candidates(await secretsOf('edge-madrid'));
    const rows = readRows(edgeFile('edge-madrid'));
    const foreign = rows.filter(({ siteId }) => siteId === 'lugo').slice(0, ESCROWS);
    expect(await opened(foreign, keys, true)).toEqual(new Set());
    const own = rows.filter(({ siteId }) => ['madrid', 'toledo'].includes(siteId));
    expect((await opened(own, keys, true)).size).toBe(new Set(own.map(({ keyId }) => keyId)).size);
  });

  it('is answered by one command: it names exactly the exposed keys, and the fleet rotates every one', async () => {
    const ofRegion = (rows: Row[]) =>
      [
        ...new Set(
          rows.filter(({ siteId }) => ['madrid', 'toledo'].includes(siteId)).map(({ keyId }) => keyId),
        ),
      ].sort();
    const exposed = ofRegion(readRows(centreFile()));
    expect(exposed.length).toBeGreaterThan(7);
    const out = path.join(cluster.folder, 'region-centro-2.json');
    const args = ['edge', 'stolen', 'edge-madrid', '--reason', 'broken into', '--out', out, '--json'];
    const { code, stdout, stderr } = await holdfast(cluster, args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const answer = z
      .looseObject({
        keys: z.array(z.object({ keyId: z.string(), how: z.string() })),
        staff: z.object({ reset: z.array(z.string()), kept: z.array(z.string()) }),
        ordered: z.number(),
      })
      .parse(JSON.parse(stdout));
    expect(answer.keys).toEqual(exposed.map((keyId) => ({ keyId, how: 'could-open' })));
    expect(answer.ordered).toBe(exposed.length);
    expect(answer.staff.kept).toEqual(['administrator-1']);
    expect(answer.staff.reset).toEqual(expect.arrayContaining(['helpdesk-1', 'helpdesk-2']));
    expect((await disclose(cluster, cluster.centreUrl, exposed[0] ?? '')).status).toBe(401);

    // The thief has the box; its PCs go to the centre, as the same devices, and everybody makes a new password.
    await cluster.edges.get('edge-madrid')?.stop('SIGKILL');
    const path2 = path.join(cluster.folder, 'edges/edge-toledo/credentials/vault-region-centro-2.json');
    await writePrivate(path2, JSON.parse(await readFile(out, 'utf8')));
    await cluster.edges.get('edge-toledo')?.stop();
    await cluster.startEdge('edge-toledo');
    await cluster.ready(cluster.edgeUrl('edge-toledo'));
    const { edges } = z
      .looseObject({ edges: z.array(z.looseObject({ nodeId: z.string(), name: z.string() })) })
      .parse((await administrator('GET', '/v1/admin/edges')).body);
    const nodeId = edges.find(({ name }) => name === 'edge-madrid')?.nodeId ?? '';
    const waiting = async () => {
      await fleet.reportAll({ pauses: 3 });
      const { body } = await administrator('GET', `/v1/admin/edges/${nodeId}/exposure`);
      return body['rotated'] === exposed.length ? [] : [JSON.stringify(body)];
    };
    await untilNone(waiting, 40_000);
    // Run again, it does what is left, which is nothing: no other vault, and it waits for nobody.
    const again = await holdfast(cluster, [
      'edge',
      'stolen',
      'edge-madrid',
      '--reason',
      'x',
      '--keep-staff',
      '--wait',
      '--json',
    ]);
    expect(JSON.parse(again.stdout)).toMatchObject({
      vault: null,
      ordered: 0,
      progress: { ordered: exposed.length },
    });
    const onDrives = new Set(
      fleet.devices.flatMap((device) => device.keys().map(({ keyId }) => keyId as string)),
    );
    expect(exposed.filter((keyId) => onDrives.has(keyId))).toEqual([]);
    // What they made instead opens with the new key alone, and with nothing that was in the box.
    const fresh = readRows(centreFile()).filter(
      ({ siteId, keyId }) => siteId === 'madrid' && !exposed.includes(keyId),
    );
    expect(new Set(fresh.map(({ keyId }) => keyId)).size).toBeGreaterThan(2);
    expect(
      await opened(
        fresh,
        candidates(
          await readFile(path.join(cluster.folder, 'edges/edge-madrid/credentials/identity.json'), 'utf8'),
        ),
        true,
      ),
    ).toEqual(new Set());
    const made = vaultFile.parse(JSON.parse(await readFile(out, 'utf8')));
    expect((await opened(fresh, [made])).size).toBe(new Set(fresh.map(({ keyId }) => keyId)).size);
    expect(await bugsInLogs(cluster)).toEqual([]);
  });
});
