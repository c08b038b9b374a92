/**
 * The canary (I8): passwords, packages, tokens and private keys that this test knows go through everything that can
 * be done with them and everything that can fail, at both kinds of node. Then every byte that was kept, logged or
 * answered by mistake is searched for them, in every form in which they could have been written.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { LocalCluster } from '../../central/local/cluster.ts';
import { DEMO_PLAN } from '../../central/local/plan.ts';
import { formatRecoveryPassword } from '../../shared/domain/recovery-key.ts';
import { freePorts } from '../support/cluster.ts';
import { moveWithCanaries } from './canary-moving.ts';
import { signInWithCanaries } from './canary-people.ts';
import { type Answer, type Message, jsonOf, send, sendRaw } from './http.ts';
import { Pc, forgetNonces } from './pc.ts';
import { until } from './stage.ts';

const CENTRE_PORT = 10_700;
vi.setConfig({ testTimeout: 90_000 });

interface Canary {
  readonly name: string;
  readonly bytes: Buffer;
}

let cluster: LocalCluster;
const canaries: Canary[] = [];
/** answers that must not hold a canary: all but those that give one out by design */
const answers: { readonly to: string; readonly raw: Buffer }[] = [];

beforeAll(async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-canary-'));
  const plan = { ...DEMO_PLAN, edges: DEMO_PLAN.edges.slice(0, 2), disclosuresPerHour: 10_000 };
  cluster = await LocalCluster.prepare(folder, plan, await freePorts(CENTRE_PORT, 3));
  await cluster.startAll();
}, 60_000);

afterAll(async () => {
  await cluster.stopAll();
  rmSync(cluster.folder, { recursive: true, force: true });
});

/** Every way in which somebody could have written these bytes down. */
function plant(name: string, key: Buffer): string {
  const password = formatRecoveryPassword(key);
  const digits = password.replaceAll('-', '');
  const words = {
    digits,
    hyphenated: password,
    spaced: password.replaceAll('-', ' '),
    half: digits.slice(6, 42),
  };
  for (const [form, text] of Object.entries(words)) {
    add(`${name} ${form}`, Buffer.from(text));
    add(`${name} ${form} UTF-16LE`, Buffer.from(text, 'utf16le'));
    add(`${name} ${form} UTF-16BE`, Buffer.from(text, 'utf16le').swap16());
    add(`${name} ${form} base64`, Buffer.from(Buffer.from(text).toString('base64url').slice(0, -2)));
  }
  addBinary(name, key);
  return password;
}

function plantText(name: string, text: string): void {
  add(name, Buffer.from(text));
  add(`${name} UTF-16LE`, Buffer.from(text, 'utf16le'));
  add(`${name} base64`, Buffer.from(Buffer.from(text).toString('base64url').slice(0, -2)));
}

function addBinary(name: string, bytes: Buffer): void {
  add(`${name} raw`, bytes);
  add(`${name} hex`, Buffer.from(bytes.toString('hex')));
  add(`${name} HEX`, Buffer.from(bytes.toString('hex').toUpperCase()));
  // Without padding and without the last character, which depends on what follows.
  add(`${name} base64`, Buffer.from(bytes.toString('base64').replace(/=+$/, '').slice(0, -1)));
  add(`${name} base64url`, Buffer.from(bytes.toString('base64url').slice(0, -1)));
}

function add(name: string, bytes: Buffer): void {
  canaries.push({ name, bytes });
}

function found(where: string, bytes: Buffer): string[] {
  return canaries.filter((canary) => bytes.includes(canary.bytes)).map(({ name }) => `${name} in ${where}`);
}

/** Sends and remembers the answer for the search. */
async function watched(base: string, message: Message): Promise<Answer> {
  const answer = await send(base, message);
  answers.push({
    to: `${message.method} ${message.path.slice(0, 40)} (${String(answer.status)})`,
    raw: answer.raw,
  });
  return answer;
}

function staff(token: string, method: string, at: string, body?: object): Message {
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
  return { method, path: at, headers, ...(body ? { body: JSON.stringify(body) } : {}) };
}

const bases = (): string[] => [
  cluster.centreUrl,
  ...cluster.plan.edges.map(({ name }) => cluster.edgeUrl(name)),
];
const disclosure = (keyId: string, change: object = {}): object => ({
  ...{ keyId, reason: 'lost-pin', verification: 'badge', endUser: 'CORP\\maria' },
  ...change,
});

/** Everything that a careless client or a hostile one does with a password in its hands. */
async function mistakes(base: string, pc: Pc, password: string, keyId: string): Promise<void> {
  const good = await pc.escrow(base, { recoveryPassword: password }, keyId);
  const again = (): Promise<Message> => pc.escrow(base, { recoveryPassword: password }, keyId);
  const text = String(good.body);
  for (const headers of [
    { ...good.headers, 'Content-Type': 'text/plain' },
    { ...good.headers, DPoP: 'no proof' },
    { ...good.headers, Authorization: `DPoP ${password}` },
    { ...good.headers, Authorization: password },
  ])
    await watched(base, { ...good, headers });
  for (const body of [
    text.slice(0, -2),
    `${text}}`,
    `[${text}]`,
    text.replace('"users"', '"user"'),
    `"${password}"`,
  ])
    await watched(base, { ...(await again()), body });
  for (const change of [
    { volumeId: password },
    { recoveryPassword: `${password}-000000` },
    { recoveryPassword: [password] },
    { keyPackage: password },
    { [password]: 1 },
    { smbiosUuid: randomUUID() },
  ])
    await watched(base, await pc.escrow(base, { recoveryPassword: password, ...change }, keyId));
  await watched(base, await pc.escrow(base, { recoveryPassword: password }, password));
  await watched(base, { ...good, path: `/v1/recovery/keys/${keyId}?recoveryPassword=${password}` });
  await watched(base, { ...good, method: 'POST', path: `/v1/${password}` });
  await watched(base, { ...good, headers: { ...good.headers, Host: 'edge.example.org' } });
  const { helpdesk, auditor } = cluster.secrets.tokens;
  for (const token of [helpdesk, auditor, password.replaceAll('-', '')]) {
    await watched(base, staff(token, 'POST', '/v1/recovery/search', { keyId: password }));
    await watched(base, staff(token, 'POST', '/v1/recovery/disclosures', disclosure(password)));
    await watched(
      base,
      staff(token, 'POST', '/v1/recovery/disclosures', disclosure(keyId, { reason: password })),
    );
    await watched(base, staff(token, 'PUT', `/v1/admin/config/region/${password}`, { [password]: password }));
  }
  await watched(base, staff(helpdesk, 'GET', `/v1/admin/config/${password}`));
  await watched(base, await pc.status(base, { machine: password }));
  answers.push({
    to: 'garbage',
    raw: Buffer.from(await sendRaw(base, `${password}\r\n\r\n`, 500), 'latin1'),
  });
  // Broken off in the middle: whatever the node says of it, it says to its log.
  await sendRaw(
    base,
    `POST /v1/devices HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{"siteToken":"${password}`,
    100,
  );
}

test('keys are escrowed, given out, replicated and mishandled in every way', async () => {
  const { sites, helpdesk } = cluster.secrets.tokens;
  for (const [index, base] of bases().entries()) {
    const pc = await Pc.enrolled(base, sites['madrid'] ?? '');
    addBinary(`device key ${index}`, Buffer.from(pc.jwk.d, 'base64url'));
    const key = randomBytes(16);
    const password = plant(`password ${index}`, key);
    const other = plant(`conflicting password ${index}`, randomBytes(16));
    const keyPackage = randomBytes(96);
    addBinary(`package ${index}`, keyPackage);
    const keyId = randomUUID();
    const escrowed = await watched(
      base,
      await pc.escrow(base, { recoveryPassword: password, keyPackage: keyPackage.toString('base64') }, keyId),
    );
    expect(escrowed.status).toBe(201);
    await watched(base, await pc.escrow(base, { recoveryPassword: password.replaceAll('-', ' ') }, keyId));

    const message = staff(helpdesk, 'POST', '/v1/recovery/disclosures', disclosure(keyId));
    const given = await send(base, message);
    expect(jsonOf(given)).toMatchObject({
      recoveryPassword: password,
      keyPackage: keyPackage.toString('base64'),
    });
    expect(given.headers['cache-control']).toBe('no-store');

    await watched(base, await pc.escrow(base, { recoveryPassword: other }, keyId));
    await watched(base, message);
    await mistakes(base, pc, password, keyId);
  }
});

test('keys are imported with every fault, an import is killed, and keys are exported', async () => {
  const printed = await moveWithCanaries(cluster, plant);
  expect(printed.length).toBeGreaterThan(500);
  answers.push({ to: 'what import and export printed', raw: Buffer.from(printed) });
});

test('people enrol and sign in, rightly and wrongly', async () => {
  await signInWithCanaries(cluster, bases(), plantText, watched);
});

test('nodes are killed, started and compared', async () => {
  await cluster.edges.get('edge-madrid')?.stop('SIGKILL');
  await cluster.centre?.stop('SIGKILL');
  await cluster.startCentre();
  await cluster.startEdge('edge-madrid');
  forgetNonces();
  for (const base of bases()) await cluster.ready(base);
  const { administrator, reports } = cluster.secrets.tokens;
  for (const base of bases()) {
    await watched(base, staff(administrator, 'POST', '/v1/admin/comparison', {}));
    await watched(base, staff(administrator, 'GET', '/v1/admin/digests'));
    for (const what of ['staff', 'site-token', 'vault', 'site'])
      await watched(base, staff(administrator, 'GET', `/v1/admin/config/${what}`));
    for (const report of ['enterprise-compliance', 'computer-compliance', 'recovery-audit', 'sign-ins'])
      for (const format of ['', '?format=csv', '?format=csv&lang=es'])
        await watched(
          base,
          staff(report === 'sign-ins' ? administrator : reports, 'GET', `/v1/reports/${report}${format}`),
        );
    for (const at of ['/healthz', '/readyz', '/metrics', '/openapi.json'])
      await watched(base, { method: 'GET', path: at, headers: {} });
  }
  await until('the second edge and the centre hold what the first wrote', async () => {
    const lengths = await Promise.all(
      bases().map(
        async (base) => (await send(base, staff(administrator, 'GET', '/v1/admin/digests'))).body.length,
      ),
    );
    return new Set(lengths).size === 1;
  });
});

/** Where secrets are meant to lie, and nowhere else. */
const KEPT = /^(?:secrets\.json|centre\/identity\.json|edges\/[^/]+\/credentials\/identity\.json)$/;

function everyFile(): string[] {
  const names = readdirSync(cluster.folder, { recursive: true, withFileTypes: true });
  return names.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
}

test('no canary is in a file, a log, a report, a metric or an answer', async () => {
  const { tokens, vaults, organisationKey, centre, edges } = cluster.secrets;
  const { sites, ...people } = tokens;
  for (const [name, token] of [...Object.entries(people), ...Object.entries(sites)])
    add(`token ${name}`, Buffer.from(token));
  const privateKeys = [
    organisationKey.d,
    centre.privateKey.d,
    ...Object.values(edges).map(({ privateKey }) => privateKey.d),
  ];
  for (const d of privateKeys) addBinary('a private key', Buffer.from(d, 'base64url'));
  for (const { vaultId, privateKey } of vaults)
    addBinary(`vault ${vaultId}`, Buffer.from(privateKey, 'base64url'));

  const search = (): string[] =>
    everyFile()
      .map((file) => path.relative(cluster.folder, file))
      .filter((name) => !KEPT.test(name))
      .flatMap((name) => found(name, readFileSync(path.join(cluster.folder, name))));

  expect(everyFile().filter((file) => /\.(?:db|sqlite|log)/.test(file)).length).toBeGreaterThanOrEqual(6);
  expect(answers.length).toBeGreaterThan(150);
  // With the databases as they are written, and once more as they were left.
  expect(search()).toEqual([]);
  await cluster.stopAll();
  expect(search()).toEqual([]);
  expect(answers.flatMap(({ to, raw }) => found(to, raw))).toEqual([]);
});

test('the search would have found each of them', () => {
  const file = path.join(cluster.folder, 'logs', 'planted.log');
  for (const canary of canaries) {
    writeFileSync(file, Buffer.concat([randomBytes(33), canary.bytes, randomBytes(17)]));
    expect(found('a file', readFileSync(file))).toContain(`${canary.name} in a file`);
  }
  rmSync(file);
});

test('what a node may not lend out lies in the files that are for it alone', () => {
  const edge = readFileSync(path.join(cluster.folder, 'edges/edge-madrid/credentials/identity.json'));
  expect(edge.includes(cluster.secrets.organisationKey.d)).toBe(false);
  expect(edge.includes(cluster.secrets.centre.privateKey.d)).toBe(false);
  const organisationVault = cluster.secrets.vaults.find(({ vaultId }) => vaultId.startsWith('organisation'));
  expect(edge.includes(organisationVault?.privateKey ?? '')).toBe(false);
});
