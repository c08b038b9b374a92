/** I11: whatever is done to a set, verifying rejects it and restoring refuses it, and nothing is put in place. */
import { cp, mkdir, mkdtemp, readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeIdentity } from '../../central/local/secrets.ts';
import { nodePlatform } from '../../central/platform.ts';
import { createSnapshot } from '../../central/snapshot/create.ts';
import { digestFile } from '../../central/snapshot/disk.ts';
import { contentOf } from '../../central/snapshot/inspect.ts';
import { readSet } from '../../central/snapshot/repository.ts';
import { exists, restoreSet } from '../../central/snapshot/restore.ts';
import { SqliteEngine } from '../../central/snapshot/sqlite.ts';
import { verifySet } from '../../central/snapshot/verify.ts';
import type { CheckName } from '../../central/snapshot/verification.ts';
import { STORES } from '../../shared/journal/entry.ts';
import { MANIFEST_FILE, type SnapshotManifest, signManifest } from '../../shared/snapshot/manifest.ts';
import type { IdentityFile } from '../../shared/trust/certificate.ts';
import { makeSigner } from '../../shared/trust/jws.ts';
import { makePrivateKey } from '../support/organisation.ts';
import { type SavedCentre, makeSavedCentre, writeSomething } from '../support/saved-centre.ts';
import { authorityOf, repositoryOf, verifyOptions } from '../support/snapshot.ts';

const FILES = [MANIFEST_FILE, 'recovery.db', 'compliance.db'] as const;
/** 200 damages, with the rows below. */
const FLIPS = 107;
const TRUNCATIONS = 40;
const EXTENSIONS = 20;

describe('a damaged set', { timeout: 120_000 }, () => {
  let centre: SavedCentre;
  /** the set that is damaged, and an older one of the same centre */
  let [set, older] = ['', ''];

  beforeAll(async () => {
    centre = await makeSavedCentre('file');
    await writeSomething(centre, 20, 1);
    older = (await createSnapshot({ settings: centre.settings })).id;
    await writeSomething(centre, 20, 2);
    set = (await createSnapshot({ settings: centre.settings })).id;
    const folder = (id: string): string => repositoryOf(centre.settings).pathOf(id);
    [set, older] = [folder(set), folder(older)];
  }, 60_000);

  afterAll(() => rm(centre.folder, { recursive: true, force: true }));

  /** Checks that have something to say about a copy of the set after `damage`; restoring it must change nothing. */
  async function checksAfter(damage: (folder: string) => Promise<void>): Promise<CheckName[]> {
    const place = await mkdtemp(path.join(centre.folder, 'damaged-'));
    try {
      const folder = path.join(place, path.basename(set));
      await cp(set, folder, { recursive: true });
      await damage(folder);
      const options = verifyOptions(centre.settings);
      const { structure, opens, findings } = await verifySet(folder, options);
      const files = {
        recovery: path.join(place, 'recovery.db'),
        compliance: path.join(place, 'compliance.db'),
      };
      const restored = restoreSet({ ...options, folder, files, stores: STORES, force: true });
      if (structure === 'verified') {
        // Its structure holds, and what is wrong is that keys do not open.
        expect(opens).toBe('failed');
        await restored;
      } else {
        expect(structure).toBe('failed');
        await expect(restored).rejects.toMatchObject({ name: 'RestoreError' });
        expect([await exists(files.recovery), await exists(files.compliance)]).toEqual([false, false]);
      }
      return findings.map(({ check }) => check);
    } finally {
      await rm(place, { recursive: true, force: true });
    }
  }

  it('is none as long as nothing was done to it', async () => {
    const verification = await verifySet(set, verifyOptions(centre.settings));
    expect(verification).toMatchObject({ structure: 'verified', opens: 'not-verified', findings: [] });
    expect(verification.vaults).toMatchObject([
      { vaultId: 'organisation-1', copies: 40, opened: 40, outcome: 'verified' },
      { vaultId: 'region-north-1', copies: 40, opened: 0, outcome: 'not-verified' },
    ]);
    const both = { vaultKeys: centre.vaults.map(({ key }) => key) };
    const withBoth = await verifySet(set, verifyOptions(centre.settings, both));
    expect(withBoth).toMatchObject({ structure: 'verified', opens: 'verified' });
  });

  it(`is rejected after each of ${FLIPS} single-bit flips, ${TRUNCATIONS} truncations and ${EXTENSIONS} extensions`, async () => {
    const random = seeded(20_261_124);
    for (let index = 0; index < FLIPS + TRUNCATIONS + EXTENSIONS; index += 1) {
      const name = FILES[Math.floor(random() * FILES.length)] ?? MANIFEST_FILE;
      const [share, bit] = [random(), Math.floor(random() * 8)];
      const found = await checksAfter(async (folder) => {
        const file = path.join(folder, name);
        const bytes = await readFile(file);
        const at = Math.floor(share * bytes.length);
        if (index < FLIPS) {
          bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << bit), at);
          await writeFile(file, bytes);
        } else if (index < FLIPS + TRUNCATIONS) await truncate(file, at);
        else await writeFile(file, Buffer.concat([bytes, Buffer.alloc(1 + at, bit)]));
      });
      expect([name, share, bit, found]).toEqual([
        name,
        share,
        bit,
        [name === MANIFEST_FILE ? 'manifest' : 'file'],
      ]);
    }
  });

  const swap = async (folder: string, a: string, b: string): Promise<void> => {
    await rename(path.join(folder, a), path.join(folder, 'aside'));
    await rename(path.join(folder, b), path.join(folder, a));
    await rename(path.join(folder, 'aside'), path.join(folder, b));
  };
  const linkTo = async (to: string, folder: string, name: string): Promise<void> => {
    await rm(path.join(folder, name));
    await symlink(to, path.join(folder, name));
  };
  /** The file is whole, and stands elsewhere. */
  const linkAway = async (folder: string, name: string): Promise<void> => {
    const away = path.join(centre.folder, `away-${name}`);
    await cp(path.join(folder, name), away);
    await linkTo(away, folder, name);
  };
  const folderFor = async (folder: string, name: string): Promise<void> => {
    await rm(path.join(folder, name));
    await mkdir(path.join(folder, name));
  };
  const take = (folder: string, name: string): Promise<void> =>
    cp(path.join(older, name), path.join(folder, name), { force: true });

  it.each<[string, CheckName, (folder: string) => Promise<void>]>([
    ['files swapped', 'file', (folder) => swap(folder, 'recovery.db', 'compliance.db')],
    ['the manifest taken for a file', 'manifest', (folder) => swap(folder, MANIFEST_FILE, 'recovery.db')],
    ['a file of an older set', 'file', (folder) => take(folder, 'compliance.db')],
    ['the other file of an older set', 'file', (folder) => take(folder, 'recovery.db')],
    ['the manifest of an older set', 'file', (folder) => take(folder, MANIFEST_FILE)],
    ['a file missing', 'file', (folder) => rm(path.join(folder, 'compliance.db'))],
    ['the manifest missing', 'manifest', (folder) => rm(path.join(folder, MANIFEST_FILE))],
    ['a link in place of a file', 'file', (folder) => linkAway(folder, 'recovery.db')],
    ['a link in place of the manifest', 'manifest', (folder) => linkAway(folder, MANIFEST_FILE)],
    ['a device in place of the manifest', 'manifest', (folder) => linkTo('/dev/zero', folder, MANIFEST_FILE)],
    ['a folder in place of a file', 'file', (folder) => folderFor(folder, 'compliance.db')],
    ['a file that nobody signed', 'file', (folder) => writeFile(path.join(folder, 'recovery.db-wal'), 'x')],
  ])('with %s is rejected', async (_what, check, damage) => {
    expect(await checksAfter(damage)).toContain(check);
  });

  /** Signs the set anew, as it is now, after `change`; by the centre itself or by somebody else. */
  async function resign(
    folder: string,
    identity: IdentityFile,
    change: (manifest: SnapshotManifest) => SnapshotManifest = (manifest) => manifest,
  ): Promise<void> {
    const read = await readSet(set, authorityOf(centre.settings));
    if ('fault' in read || read.manifest.kind !== 'snapshot') throw new Error('the set is whole');
    const { manifest } = read;
    const [recovery, compliance] = await Promise.all(
      manifest.files.map(async (file) => ({ ...file, ...(await digestFile(path.join(folder, file.name))) })),
    );
    if (!recovery || !compliance) throw new Error('there are two files');
    const signer = await makeSigner(identity.privateKey);
    const made = change({ ...manifest, files: [recovery, compliance] });
    const text = await signManifest(nodePlatform, signer, identity.certificate, made);
    await writeFile(path.join(folder, MANIFEST_FILE), text);
  }

  async function other(
    role: 'edge' | 'centre',
    organisation = centre.organisationKey,
  ): Promise<IdentityFile> {
    const scope = { recovery: 'all', compliance: 'all' } as const;
    return makeIdentity(organisation, { name: 'other', role, regionId: null, siteId: null, scope }, []);
  }

  it('signed anew by another organisation, by an edge, or in the name of another node is rejected', async () => {
    const foreign = await other('centre', await makePrivateKey());
    for (const identity of [foreign, await other('edge'), await other('centre')])
      expect(await checksAfter((folder) => resign(folder, identity))).toEqual(['manifest']);
  });

  it('whose manifest was edited after it was signed is rejected', async () => {
    const found = await checksAfter(async (folder) => {
      const file = path.join(folder, MANIFEST_FILE);
      const text = await readFile(file, 'utf8');
      await writeFile(file, text.replace(/"frozenMs": [\d.]+/, '"frozenMs": 7'));
    });
    expect(found).toEqual(['manifest']);
  });

  // What the files of a damaged or tampered database give, captured and signed by the centre in good faith.
  const last = `(SELECT max(arrival) FROM recovery_journal WHERE kind = 'escrow')`;
  it.each<[string, CheckName, string]>([
    ['a fact row edited', 'tables', `UPDATE escrows SET computer_name = 'other' WHERE rowid = 3`],
    ['a fact row missing', 'tables', `DELETE FROM escrows WHERE rowid = 3`],
    [
      'a fact row made up',
      'tables',
      `INSERT INTO device_revocations SELECT origin, seq, hlc, 'd-aaaaaaaaaaaaaaaa', 'x' FROM escrows LIMIT 1`,
    ],
    [
      'a mark made up',
      'tables',
      `INSERT INTO recovery_marks SELECT origin, seq, 'escrow', 'malformed' FROM escrows LIMIT 1`,
    ],
    ['an entry edited', 'chain', `UPDATE recovery_journal SET hlc = hlc + 1 WHERE arrival = 9`],
    [
      'a hash edited',
      'chain',
      `UPDATE recovery_journal SET hash = (SELECT hash FROM recovery_journal WHERE arrival = 4) WHERE arrival = 9`,
    ],
    ['an entry missing', 'chain', `DELETE FROM recovery_journal WHERE arrival = 9`],
    [
      'the last entry missing',
      'chain',
      `DELETE FROM recovery_journal WHERE arrival = (SELECT max(arrival) FROM recovery_journal)`,
    ],
    [
      'an escrow without its body',
      'chain',
      `UPDATE recovery_journal SET body = NULL, salt = NULL, body_hash = hash WHERE arrival = ${last}`,
    ],
    [
      'a log that is not there',
      'chain',
      `INSERT INTO recovery_origins SELECT 'aaaaaaaaaa.aaaaaaaaaaaaa', 1, hash, 1, certificate FROM recovery_origins LIMIT 1`,
    ],
    [
      'a head of another place',
      'heads',
      `UPDATE recovery_heads SET jws = (SELECT jws FROM recovery_heads WHERE rowid = 3) WHERE rowid = 5`,
    ],
    [
      'the last head missing',
      'chain',
      `DELETE FROM recovery_heads WHERE seq = (SELECT max(seq) FROM recovery_heads)`,
    ],
    [
      'a view altered',
      'schema',
      `DROP VIEW config_current; CREATE VIEW config_current AS SELECT origin, kind, id, revision, body FROM config`,
    ],
    ['a trigger added', 'schema', `CREATE TRIGGER t AFTER INSERT ON escrows BEGIN DELETE FROM escrows; END`],
    ['an index missing', 'schema', `DROP INDEX escrows_device`],
  ])('with %s is rejected although the centre signed it', async (_what, check, sql) => {
    const found = await checksAfter(async (folder) => {
      const engine = new SqliteEngine(path.join(folder, 'recovery.db'), 'write');
      engine.execute(sql);
      const content = check === 'schema' ? null : contentOf(engine, 'recovery');
      engine.close();
      await resign(folder, centre.identity, (manifest) =>
        content ? { ...manifest, stores: [content, manifest.stores[1]] } : manifest,
      );
    });
    expect(found).toContain(check);
  });

  it('whose stores are at different cuts is rejected although the centre signed it', async () => {
    const found = await checksAfter(async (folder) => {
      await take(folder, 'compliance.db');
      await resign(folder, centre.identity);
    });
    expect(found).toContain('cut');
  });

  it('whose sealed keys were sealed for somebody else is found by opening them', async () => {
    await centre.write(async (ledger) => {
      const [draft] = await centre.escrows(1, 9);
      const [wrong] = await centre.escrows(1, 10);
      if (draft?.kind !== 'escrow' || wrong?.kind !== 'escrow') throw new Error('escrows were asked for');
      await ledger.append('recovery', [
        { kind: 'escrow', body: { ...draft.body, sealed: wrong.body.sealed } },
      ]);
    });
    const { verification } = await createSnapshot({ settings: centre.settings });
    expect(verification).toMatchObject({ structure: 'verified', opens: 'failed' });
    expect(verification.findings).toMatchObject([{ check: 'sealed-keys', subject: 'organisation-1' }]);
  });
});

/** mulberry32 */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
