/** Import and export on real processes: what is reported, what is held, what a kill leaves, and that nothing is told. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { appendFile, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { Decrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { LibsqlEngine } from '../../central/libsql-engine.ts';
import { readRealVolumes } from '../../central/fleet/bitlk.ts';
import { LocalCluster } from '../../central/local/cluster.ts';
import { DEMO_PLAN } from '../../central/local/plan.ts';
import { generateToken } from '../../central/local/secrets.ts';
import { nodePlatform } from '../../central/platform.ts';
import { IMPORT_SOURCES, type ImportSource } from '../../shared/domain/vocabulary.ts';
import { type Guid, commitmentOf } from '../../shared/domain/recovery-key.ts';
import { limits } from '../../shared/limits.ts';
import { Redacted } from '../../shared/vault/redacted.ts';
import { generateVault } from '../../shared/vault/seal.ts';
import { afterFile } from '../support/cleanup.ts';
import {
  ask,
  bugsInLogs,
  disagreements,
  disclose,
  freePorts,
  search,
  startCluster,
  untilNone,
} from '../support/cluster.ts';
import { apiToken } from '../support/tokens.ts';
import { Pc, newPassword, volume } from '../hostile/pc.ts';
import { jsonOf, send } from '../hostile/http.ts';
import { type Ran, holdfast, startHoldfast } from './command.ts';
import { CSV_MAP, type TrueKey, fileOf, ldifEntry, sourceFile, trueKeys, truthOf } from './sources.ts';

const RECORDS = 1_000;
const NAMES: Readonly<Record<ImportSource, string>> = {
  'active-directory': 'ad',
  mbam: 'mbam',
  entra: 'entra',
  csv: 'csv',
};
const MAP = Object.entries(CSV_MAP).map(([field, column]) => `${field}=${column}`);

const summary = z.object({
  counts: z.object({
    records: z.number(),
    accepted: z.number(),
    alreadyThere: z.number(),
    conflicts: z.number(),
    invalid: z.number(),
  }),
  details: z.array(z.object({ line: z.number(), outcome: z.string(), reason: z.string() })),
  detailsLeftOut: z.number(),
});

describe('import', { timeout: 120_000 }, () => {
  let cluster: LocalCluster;
  let folder: string;
  /** everything that the command line ever printed */
  let printed = '';

  beforeAll(async () => {
    cluster = await startCluster(11_200, { ...DEMO_PLAN, edges: DEMO_PLAN.edges.slice(0, 1) });
    folder = await mkdtemp(path.join(tmpdir(), 'holdfast-import-'));
  }, 60_000);

  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function write(source: ImportSource, seed: string, records = RECORDS): Promise<string> {
    const file = path.join(folder, `${source}-${seed}.${source === 'active-directory' ? 'ldf' : 'txt'}`);
    await writeFile(file, '');
    for (const part of sourceFile(source, records, { seed })) await appendFile(file, part);
    return file;
  }

  function importArgs(source: ImportSource, file: string, ...more: string[]): string[] {
    const map = source === 'csv' ? ['--map', ...MAP] : [];
    return ['--json', 'import', NAMES[source], file, '--site', 'madrid', ...map, ...more];
  }

  async function run(args: readonly string[], options?: Parameters<typeof holdfast>[2]): Promise<Ran> {
    const ran = await holdfast(cluster, args, options);
    printed += ran.stdout + ran.stderr;
    return ran;
  }

  /** Another installation, of a centre alone, after one import. */
  async function aCentre(args: readonly string[]): Promise<LocalCluster> {
    const other = await LocalCluster.prepare(
      await mkdtemp(path.join(folder, 'centre-')),
      cluster.plan,
      await freePorts(22_500, 2),
    );
    afterFile(() => other.stopAll());
    await other.startCentre();
    await other.configure();
    await other.ready(other.centreUrl);
    const ran = await holdfast(other, args);
    printed += ran.stdout + ran.stderr;
    expect(summary.parse(JSON.parse(ran.stdout)).counts).toMatchObject({ alreadyThere: 0, invalid: 0 });
    return other;
  }

  async function counts(args: readonly string[]) {
    const ran = await run(args);
    expect(ran.stderr).toBe('');
    return summary.parse(JSON.parse(ran.stdout)).counts;
  }

  /** Rows of the centre's database, each joined. */
  async function held(sql: string): Promise<string[]> {
    const url = (store: string) => ({ url: `file:${path.join(cluster.centreData, `${store}.db`)}` });
    const engine = await LibsqlEngine.open({ recovery: url('recovery'), compliance: url('compliance') });
    const rows = await engine.rows('recovery', sql, []);
    engine.close();
    return rows.map((row) => row.map(String).join(' '));
  }

  const identity = ({ keyId, key }: TrueKey): string =>
    `${keyId} ${commitmentOf(nodePlatform, keyId, new Redacted(new Uint8Array(key)))}`;

  describe.each([...IMPORT_SOURCES])('from %s', (source) => {
    it('adds up: dry run, import, and import again', async () => {
      const file = await write(source, `${source} whole`);
      const truth = truthOf(RECORDS);
      expect(await counts(importArgs(source, file, '--dry-run'))).toEqual(truth);
      const keys = [...trueKeys(RECORDS, `${source} whole`)].map(identity).sort();
      const mine = async () =>
        (await held('SELECT key_id, commitment FROM imports')).filter((row) => keys.includes(row)).sort();
      expect(await mine()).toEqual([]);
      expect(await counts(importArgs(source, file))).toEqual(truth);
      expect(await mine()).toEqual(keys);
      const again = { ...truth, accepted: 0, alreadyThere: truth.accepted + truth.alreadyThere };
      expect(await counts(importArgs(source, file))).toEqual(again);
      expect(await counts(importArgs(source, file, '--dry-run'))).toEqual(again);
      expect(await mine()).toEqual(keys);
    });
  });

  it('ends in the same state after a kill of the command, and of the centre in the middle', async () => {
    const records = 5_000;
    const file = await write('mbam', 'killed', records);
    const keys = [...trueKeys(records, 'killed')].map(identity).sort();
    const mine = new Set(keys);
    const here = async () =>
      (await held('SELECT key_id, commitment FROM imports')).filter((row) => mine.has(row));
    const first = startHoldfast(cluster, importArgs('mbam', file));
    await until(async () => (await here()).length > 500);
    first.process.kill('SIGKILL');
    printed += JSON.stringify(await first.ended);
    const after = (await here()).length;
    expect(after).toBeLessThan(keys.length);
    const second = startHoldfast(cluster, importArgs('mbam', file));
    await until(async () => (await here()).length > after + 500);
    await cluster.centre?.stop('SIGKILL');
    expect((await here()).length).toBeLessThan(keys.length);
    await cluster.startCentre();
    const ran = await second.ended;
    printed += ran.stdout + ran.stderr;
    const {
      records: all,
      accepted,
      alreadyThere,
      conflicts,
      invalid,
    } = summary.parse(JSON.parse(ran.stdout)).counts;
    const truth = truthOf(records);
    // A request whose answer the kill took is repeated, and finds there what it wrote.
    expect({ all, conflicts, invalid }).toEqual({
      all: records,
      conflicts: truth.conflicts,
      invalid: truth.invalid,
    });
    expect(accepted + alreadyThere).toBe(truth.accepted + truth.alreadyThere);
    expect((await here()).sort()).toEqual(keys);
    await cluster.ready(cluster.centreUrl);
  });

  it('reports as text, JSON and CSV, whose counts add up and which name lines and reasons', async () => {
    const file = await write('csv', 'reported', 200);
    const reports = ['txt', 'json', 'csv'].map((form) => path.join(folder, `report.${form}`));
    const args = importArgs('csv', file, '--report', ...reports).slice(1);
    const { code, stdout } = await run(args, { lang: 'es_ES.UTF-8' });
    expect(code).toBe(1);
    expect(stdout).toMatch(/Aceptados\s+190\n.*Ya estaban\s+2\n.*Conflictos\s+2\n.*No válidos\s+6/s);
    expect(stdout).toContain('shred -u');
    const [text = '', json = '', csv = ''] = await Promise.all(
      reports.map((report) => readFile(report, 'utf8')),
    );
    expect(text).toContain('grupo mal escrito');
    const parsed = z
      .object({
        details: z.array(z.object({ line: z.number() })),
        summary: z.object({ counts: z.object({ records: z.number() }) }),
      })
      .parse(JSON.parse(json));
    expect(parsed.details).toHaveLength(8);
    const rows = csv.trim().split('\r\n').slice(1);
    expect(rows.reduce((sum, row) => sum + Number(row.split(',').at(-1)), 0)).toBe(200);
    expect(parsed.summary.counts.records).toBe(200);
    const lines = (await readFile(file, 'latin1')).split('\n');
    for (const { line } of parsed.details) expect(lines[line - 1]).toMatch(/;/);
    expect((await readdir(folder)).filter((name) => name.includes('.new-'))).toEqual([]);
  });

  it('says which file is no source, and never that all went well where nothing was read', async () => {
    const file = async (name: string, content: string | Uint8Array) => {
      await writeFile(path.join(folder, name), content);
      return path.join(folder, name);
    };
    const [key] = trueKeys(1, 'odd');
    const ran = async (source: string, name: string, content: string | Uint8Array, ...more: string[]) => {
      const args = ['import', source, await file(name, content), '--site', 'madrid', '--dry-run', ...more];
      const { code, stdout, stderr } = await run(args);
      return { code, said: (stdout + stderr).replace(/\s+/g, ' ') };
    };
    const refused = (code: number, said: string) => ({ code, said: expect.stringContaining(said) as string });
    expect(await ran('mbam', 'odd.gz', gzipSync('a,b'))).toEqual(refused(2, 'is compressed'));
    expect(await ran('mbam', 'odd.csv', 'Equipo;Clave\r\n')).toEqual(refused(2, 'mbam.sql'));
    expect(await ran('entra', 'odd.json', '[]')).toEqual(refused(1, 'There is no key in it.'));
    if (!key) throw new Error('a key is needed');
    const broken = ldifEntry(key).trimEnd();
    expect(await ran('ad', 'odd.ldf', broken)).toEqual(refused(1, 'not all there is'));
    const sites = await file('odd.sites', Buffer.from('\ufeffcomputer PC-*  madrid\r\n', 'utf16le'));
    expect(await ran('ad', 'odd.ldf', `${broken}\n`, '--sites', sites)).toEqual(refused(0, 'Accepted 1'));
  });

  it('tells how an import went also where its report has no room', async (context) => {
    const small = path.join(folder, 'small');
    await mkdir(small);
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'tmpfs', small]);
    if (mounted.status !== 0) context.skip('not allowed to make a small file system');
    onTestFinished(() => {
      execFileSync('umount', [small]);
    });
    const [key] = trueKeys(1, 'no room');
    const rows = [`${key?.keyId ?? ''},${key?.recoveryPassword ?? ''}`, ...Array<string>(2_000).fill('x,y')];
    await writeFile(path.join(folder, 'room.csv'), `keyId,recoveryPassword\n${rows.join('\n')}\n`);
    const report = path.join(small, 'report.csv');
    const named = await run([
      '--json',
      'import',
      'csv',
      path.join(folder, 'room.csv'),
      '--site',
      'madrid',
      '--report',
      report,
    ]);
    const said = z
      .object({
        counts: z.object({ accepted: z.number(), invalid: z.number() }),
        reportFaults: z.array(z.string()),
      })
      .parse(JSON.parse(named.stdout));
    expect(said).toEqual({
      counts: { accepted: 1, invalid: 2_000 },
      reportFaults: [`No report in ${report}: the disk is full.`],
    });
    expect(named.code).toBe(1);
    expect(await readdir(small)).toEqual([]);
  });

  it('is the same key once a device escrows it, and a conflict with another password, whichever came first', async () => {
    const [file, other] = [path.join(folder, 'device.ldf'), path.join(folder, 'other.ldf')];
    const keys = [...trueKeys(4, 'device')];
    await writeFile(file, keys.map((key) => ldifEntry(key)).join(''));
    await run(importArgs('active-directory', file));
    const [same, different, later, given] = keys;
    if (!same || !different || !later || !given) throw new Error('four keys are needed');
    const base = cluster.centreUrl;
    const find = async (keyId: string) =>
      candidates.parse((await search(cluster, base, keyId)).body).candidates;
    const [before] = await find(same.keyId);
    expect(before).toMatchObject({ importedFrom: 'active-directory', confirmed: false, state: 'present' });
    expect(before).toMatchObject({ computerName: `${same.computerName}, 2nd floor`, domain: 'corp.example' });

    const pc = await Pc.enrolled(base, cluster.secrets.tokens.sites['madrid'] ?? '');
    const escrow = async ({ keyId, volumeId }: TrueKey, recoveryPassword: string) => {
      const answer = await send(base, await pc.escrow(base, { volumeId, recoveryPassword }, keyId));
      return z.object({ conflict: z.boolean() }).parse(jsonOf(answer)).conflict;
    };
    const report = async ({ keyId, volumeId }: TrueKey) => {
      const volumes = [volume({ volumeId, protectors: [{ type: 3, keyId }] })];
      const answer = jsonOf(await send(base, await pc.status(base, { volumes })));
      return z.object({ instructions: z.array(z.looseObject({ type: z.string() })) }).parse(answer)
        .instructions;
    };

    // Reported: confirmed, and to be escrowed by the PC itself. Escrowed: one key.
    expect(await report(same)).toMatchObject([{ type: 'escrow-again', why: 'missing' }]);
    expect(await find(same.keyId)).toMatchObject([{ confirmed: true, onDrive: true, conflicted: false }]);
    expect(await escrow(same, same.recoveryPassword)).toBe(false);
    const escrowed = await find(same.keyId);
    expect(escrowed).toMatchObject([
      { deviceId: pc.deviceId, importedFrom: 'active-directory', state: 'present' },
    ]);
    expect(escrowed).toHaveLength(1);

    expect(await escrow(different, newPassword())).toBe(true);
    expect(await find(different.keyId)).toMatchObject([{ state: 'conflicted' }, { state: 'conflicted' }]);

    // A key that the device escrowed before: already there, and its given-out flag counts all the same.
    const before2 = { ...given, keyId: '11112222-3333-4444-5555-666677778888' as Guid };
    expect(await escrow(before2, given.recoveryPassword)).toBe(false);
    expect(await report(before2)).toMatchObject([]);
    const rows = [
      `${before2.keyId},${before2.recoveryPassword},1`,
      `${later.keyId},${given.recoveryPassword},`,
    ];
    await writeFile(other, `RecoveryKeyId,RecoveryKey,Disclosed\n${rows.join('\n')}\n`);
    expect(await counts(importArgs('mbam', other))).toMatchObject({ alreadyThere: 1, conflicts: 1 });
    expect(await find(before2.keyId)).toMatchObject([
      { deviceId: pc.deviceId, disclosed: true, state: 'disclosed' },
    ]);
    expect(await report(before2)).toMatchObject([{ type: 'rotate', keyId: before2.keyId }]);
    expect(await find(later.keyId)).toHaveLength(2);
  });

  it('brings the real volumes in from each source; they are found as Windows shows them and open their images', async (context) => {
    const bitlk =
      process.env['HOLDFAST_BITLK_DIR'] ?? path.resolve(import.meta.dirname, '../../../shared/data/bitlk');
    if (!existsSync(path.join(bitlk, 'keys.json')))
      context.skip('no real BitLocker volumes (HOLDFAST_BITLK_DIR)');
    const volumes = await readRealVolumes(bitlk);
    const images = await unpackedImages(bitlk, folder);
    for (const source of IMPORT_SOURCES) {
      const file = path.join(folder, `real-${source}`);
      const keys = volumes.map(({ keyId, volumeId, recoveryPassword }): TrueKey => ({
        ...{ keyId, volumeId, key: new Uint8Array(0), recoveryPassword: recoveryPassword.reveal() },
        ...{ computerName: 'PC-REAL', disclosed: false },
      }));
      await writeFile(file, Buffer.concat([...fileOf(source, keys)]));
      // From the second source on the same keys are there already, which says that each was read alike.
      const read = await counts(importArgs(source, file));
      expect(read.accepted + read.alreadyThere).toBe(volumes.length);
      expect(read.invalid + read.conflicts).toBe(0);
      // The first is asked at an edge, each of the others at a centre that has its keys from nowhere else.
      const place = source === 'active-directory' ? cluster : await aCentre(importArgs(source, file));
      if (place === cluster) await untilNone(() => disagreements(cluster), 15_000);
      const base = place === cluster ? cluster.edgeUrl('edge-madrid') : place.centreUrl;
      let unlocked = 0;
      for (const { keyId, image } of volumes) {
        const shown = `{${keyId.toUpperCase()}}`;
        const found = candidates.parse((await search(place, base, shown.slice(1, 9))).body).candidates;
        expect(found.map((each) => each.keyId)).toContain(keyId);
        const { status, body } = await disclose(place, base, shown);
        expect(status).toBe(201);
        const password = z.string().parse(body['recoveryPassword']);
        const unpacked = images?.find((each) => path.basename(each) === path.basename(image));
        if (unpacked !== undefined && unlocks(unpacked, password)) unlocked += 1;
      }
      if (images) expect(unlocked).toBe(volumes.length);
    }
  });

  it('is for administrators, in bounded batches, and at an edge for the sites of its own region', async () => {
    const { administrator, helpdesk } = cluster.secrets.tokens;
    const edge = cluster.edgeUrl('edge-madrid');
    const configure = (kind: string, id: string, body: object) =>
      ask(administrator, 'PUT', `${cluster.centreUrl}/v1/admin/config/${kind}/${id}`, { revision: 0, body });
    const { publicKey } = (await generateVault('region-norte-1')).publicKey;
    await configure('region', 'norte', { name: 'Norte' });
    await configure('vault', 'region-norte-1', {
      scope: 'region',
      regionId: 'norte',
      publicKey,
      retired: false,
    });
    await configure('site', 'lugo', { name: 'Lugo', regionId: 'norte' });
    const [one] = trueKeys(1, 'edge');
    if (!one) throw new Error('a key is needed');
    const { keyId, recoveryPassword } = one;
    const key = { keyId, recoveryPassword, siteId: 'madrid', computerName: 'PC', domain: '' };
    const post = (token: string, keys: readonly object[]) =>
      ask(token, 'POST', `${edge}/v1/admin/imports`, { source: 'csv', dryRun: false, keys });
    expect((await post(helpdesk, [key])).status).toBe(403);
    expect((await post('nobody-nobody-nobody', [key])).status).toBe(401);
    expect((await post(administrator, Array(limits.importKeysMax + 1).fill(key))).status).toBe(400);
    const outcome = async (change: object) => {
      const { results } = (await post(administrator, [{ ...key, ...change }])).body as { results: object[] };
      return results[0];
    };
    const elsewhere = { outcome: 'invalid', fault: 'site-elsewhere' };
    await until(async () => JSON.stringify(await outcome({ siteId: 'lugo' })).includes(elsewhere.fault));
    expect(await outcome({ siteId: 'nowhere' })).toMatchObject({ outcome: 'invalid', fault: 'site-unknown' });
    const invalid = await outcome({ recoveryPassword: '1'.repeat(47) + '2' });
    expect(invalid).toMatchObject({ outcome: 'invalid', fault: 'not-divisible-by-11', group: 8 });
    expect(await outcome({})).toMatchObject({ outcome: 'accepted' });
    expect(await outcome({})).toMatchObject({ outcome: 'already-there' });
    await until(
      async () => (await held(`SELECT key_id FROM imports WHERE key_id = '${keyId}'`)).length === 1,
    );
  });

  it('exports every key when two officers agree, each with its audit record, to those alone who can read it', async () => {
    const tokens = [cluster.secrets.tokens.administrator, generateToken('hfs')];
    const body = { name: 'Second', role: 'administrator', sites: null, revoked: false };
    const token = apiToken('administrator-2', tokens[1] ?? '');
    for (const [kind, of] of [['staff', body] as const, ['api-token', token] as const]) {
      const at = `${cluster.centreUrl}/v1/admin/config/${kind}/administrator-2`;
      await ask(tokens[0] ?? '', 'PUT', at, { revision: 0, body: of });
    }
    // More passwords under one key ID than a page of an export has room for.
    const [crowded] = trueKeys(1, 'crowded');
    const passwords = Array.from({ length: limits.exportCopiesMax + 50 }, newPassword);
    const crowd = path.join(folder, 'crowd.csv');
    await writeFile(
      crowd,
      ['keyId,recoveryPassword', ...passwords.map((each) => `${crowded?.keyId ?? ''},${each}`)].join('\n'),
    );
    expect(await counts(['--json', 'import', 'csv', crowd, '--site', 'madrid'])).toMatchObject({
      conflicts: passwords.length - 1,
    });

    const identities = [await generateX25519Identity(), await generateX25519Identity()];
    const recipient = await identityToRecipient(identities[0] ?? '');
    const out = path.join(folder, 'export.age');
    const as = (officer: 0 | 1, ...args: string[]) =>
      run(['--json', 'export', ...args], { token: tokens[officer] ?? '' });
    const purpose = ['--purpose', 'leaving', '--reason', 'we leave'];
    expect((await as(0, 'request', '--recipient', 'age1nobody', ...purpose)).code).toBe(1);
    const made = await as(0, 'request', '--recipient', recipient, ...purpose);
    const { exportId } = z.object({ exportId: z.string() }).parse(JSON.parse(made.stdout));
    // Neither unconfirmed, nor confirmed by the one who asked.
    expect((await as(0, 'fetch', exportId, '--out', out)).code).toBe(1);
    expect((await as(0, 'confirm', exportId)).code).toBe(1);
    expect((await as(1, 'confirm', exportId)).code).toBe(0);
    const audits = `SELECT count(*) FROM audit WHERE source = 'Export' AND status = 'Successful' AND note LIKE '${exportId} (administrator-1 + administrator-2)%'`;
    expect(await held(audits)).toEqual(['0']);
    const fetched = await as(1, 'fetch', exportId, '--out', out);
    expect(fetched.code).toBe(0);
    const { exported } = z.object({ exported: z.number() }).parse(JSON.parse(fetched.stdout));
    expect(await held(audits)).toEqual([String(exported)]);
    expect(await held('SELECT count(*) FROM recovery_keys')).toEqual([String(exported)]);

    const file = await readFile(out);
    const stranger = new Decrypter();
    stranger.addIdentity(identities[1] ?? '');
    await expect(stranger.decrypt(file)).rejects.toThrow();
    const reader = new Decrypter();
    reader.addIdentity(identities[0] ?? '');
    await expect(reader.decrypt(file.subarray(0, -100))).rejects.toThrow();
    const plain = await reader.decrypt(file, 'text');
    const rows = new Set(
      plain
        .split('\r\n')
        .slice(1)
        .map((row) => row.split(',').slice(0, 2).join(' ')),
    );
    for (const { keyId, recoveryPassword } of trueKeys(1_000, 'mbam whole'))
      expect(rows.has(`${keyId} ${recoveryPassword}`)).toBe(true);
    // What was exported can be imported, and nothing of it is new here.
    const plainFile = path.join(folder, 'export.csv');
    await writeFile(plainFile, plain);
    const again = await counts(['--json', 'import', 'csv', plainFile, '--site', 'madrid', '--dry-run']);
    expect(again).toMatchObject({ records: exported, accepted: 0, invalid: 0 });

    // A fetch that breaks off stands in nobody's way.
    const broken = new AbortController();
    const response = await fetch(`${cluster.centreUrl}/v1/admin/exports/${exportId}/file`, {
      ...{ method: 'POST', body: '{}', signal: broken.signal },
      headers: { Authorization: `Bearer ${tokens[0] ?? ''}`, 'Content-Type': 'application/json' },
    });
    await response.body?.getReader().read();
    broken.abort();
    const state = async () =>
      z.object({ state: z.string() }).parse(JSON.parse((await as(0, 'show', exportId)).stdout)).state;
    await until(async () => (await state()) !== 'running');
    // Whoever was dismissed meanwhile agrees to nothing.
    const dismissed = { ...body, revoked: true };
    const second = `${cluster.centreUrl}/v1/admin/config/staff/administrator-2`;
    expect(await ask(tokens[0] ?? '', 'PUT', second, { revision: 1, body: dismissed })).toMatchObject({
      status: 200,
    });
    expect((await as(0, 'fetch', exportId, '--out', path.join(folder, 'again.age'))).code).toBe(1);
    expect(existsSync(path.join(folder, 'again.age'))).toBe(false);
    // Nobody has to make a new key for a file that is only carried.
    const [first] = trueKeys(1, 'mbam whole');
    expect(await held(`SELECT state FROM recovery_keys WHERE key_id = '${first?.keyId ?? ''}'`)).toEqual([
      'present',
    ]);
  });

  it('tells no password: not in what is printed, nor in reports, logs, databases or the encrypted export', async () => {
    const secrets = new Set(
      [
        ...trueKeys(1_000, 'mbam whole'),
        ...trueKeys(1_000, 'csv whole'),
        ...trueKeys(5_000, 'killed'),
        ...trueKeys(4, 'device'),
      ].map(({ recoveryPassword }) => recoveryPassword.split('-').slice(2, 6).join('')),
    );
    const files = [
      ...(await filesIn(cluster.folder)),
      ...(await filesIn(folder)).filter((file) => !isSource(file)),
    ];
    expect(files.some((file) => file.endsWith('recovery.db'))).toBe(true);
    expect(files.some((file) => file.endsWith('report.json'))).toBe(true);
    expect(files.some((file) => file.endsWith('export.age'))).toBe(true);
    const told = (text: string): string[] => [...groupsIn(text)].filter((groups) => secrets.has(groups));
    // Otherwise nothing would be found anywhere.
    expect(told(await readFile(path.join(folder, 'device.ldf'), 'latin1'))).toHaveLength(4);
    for (const file of files)
      expect({ file, told: told(await readFile(file, 'latin1')) }).toEqual({ file, told: [] });
    expect(told(printed)).toEqual([]);
    expect(await bugsInLogs(cluster)).toEqual([]);
  });
});

const candidates = z.object({
  candidates: z.array(z.looseObject({ keyId: z.string(), deviceId: z.string() })),
});

/** Every 24 digits that follow each other, with hyphens or spaces between or nothing. */
function* groupsIn(text: string): Generator<string> {
  for (const run of text.match(/[0-9][0-9 -]{22,}/g) ?? []) {
    const digits = run.replace(/[ -]/g, '');
    for (let at = 0; at + 24 <= digits.length; at += 1) yield digits.slice(at, at + 24);
  }
}

function isSource(file: string): boolean {
  return !/report\.|export\.age$/.test(file);
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
}

async function unpackedImages(bitlk: string, folder: string): Promise<string[] | null> {
  if (!existsSync('/usr/sbin/cryptsetup') && !existsSync('/sbin/cryptsetup')) return null;
  const into = path.join(folder, 'images');
  await mkdir(into);
  const archive = path.join(bitlk, 'images.tar.xz');
  if (!existsSync(archive)) return (await filesIn(bitlk)).filter((file) => file.endsWith('.img'));
  execFileSync('tar', ['-xf', archive, '-C', into]);
  return (await filesIn(into)).filter((file) => file.endsWith('.img'));
}

function unlocks(image: string, password: string): boolean {
  try {
    execFileSync('cryptsetup', ['bitlkOpen', '-r', image, '--test-passphrase', '--key-file=-'], {
      input: password,
      env: { PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` },
    });
    return true;
  } catch {
    return false;
  }
}

async function until(check: () => Promise<boolean>, msMax = 30_000): Promise<void> {
  const deadline = Date.now() + msMax;
  while (!(await check())) {
    if (Date.now() > deadline) throw new Error('it did not come to that');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
