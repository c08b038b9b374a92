/** What runs out in time, and what does not grow: a node in this process, whose clock the test owns. */
import { randomBytes, randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { LibsqlEngine } from '../../central/libsql-engine.ts';
import { generateSigningKey, generateToken, makeIdentity } from '../../central/local/secrets.ts';
import { nodePlatform } from '../../central/platform.ts';
import { migrations } from '../../migrations/index.ts';
import { staffTokenHash } from '../../shared/staff/token.ts';
import { createApp } from '../../shared/http/app.ts';
import type { App } from '../../shared/http/context.ts';
import { limits } from '../../shared/limits.ts';
import { type HoldfastNode, openNode } from '../../shared/node.ts';
import { makeSigner } from '../../shared/trust/jws.ts';
import { type TestIdentity, makeIdentity as makePeer, makeOrganisation } from '../support/organisation.ts';
import { apiToken } from '../support/tokens.ts';
import type { Answer, Message } from './http.ts';
import { pullBody, syncMessage, unpacked } from './peer.ts';

vi.setConfig({ testTimeout: 60_000 });

const bootstrapToken = generateToken('hfa');
let clock: number;
let engine: LibsqlEngine;
let node: HoldfastNode;
let app: App;
let peer: TestIdentity;

beforeEach(async () => {
  clock = Date.now();
  const organisation = await makeOrganisation();
  peer = await makePeer(nodePlatform, organisation);
  const memory = { url: ':memory:' };
  engine = await LibsqlEngine.open({ recovery: memory, compliance: memory });
  const scope = { recovery: 'all', compliance: 'all' } as const;
  const subject = { name: 'centre', role: 'centre', regionId: null, siteId: null, scope } as const;
  node = await openNode({
    ...{ engine, migrations, peers: [], version: 'test', sliceEntries: 100, log: () => undefined },
    platform: { ...nodePlatform, now: () => clock },
    identity: await makeIdentity(organisation.privateKey, subject, []),
    bootstrapTokenHash: staffTokenHash(nodePlatform, bootstrapToken),
  });
  app = createApp(node);
});

afterEach(async () => {
  await node.stop();
  engine.close();
});

async function ask({ method, path, headers, body }: Message): Promise<Answer> {
  const response = await app.request(`http://localhost${path}`, {
    ...{ method, headers: { Host: 'localhost', ...(headers as Record<string, string>) } },
    ...(body === undefined ? {} : { body: body as BodyInit }),
  });
  const answer = Buffer.from(await response.arrayBuffer());
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: answer,
    raw: answer,
  };
}

async function sessionRequest(): Promise<Message> {
  const challenge = z.object({ nonce: z.string(), nodeId: z.string() });
  const { nonce, nodeId } = challenge.parse(unpacked(await ask(syncMessage('challenge', {}))));
  const proof = await peer.signer.sign('holdfast-challenge', { nonce, audience: nodeId });
  return syncMessage('session', { certificate: peer.certificateJws, proof, nonce: 'n'.repeat(32) });
}

test('a challenge is good for a minute and for one try', async () => {
  const late = await sessionRequest();
  clock += 61_000;
  expect((await ask(late)).status).toBe(403);
  const inTime = await sessionRequest();
  clock += 59_000;
  expect((await ask(inTime)).status).toBe(200);
  expect((await ask(inTime)).status).toBe(403);
});

test('a session ends in time', async () => {
  const opened = await ask(await sessionRequest());
  const { session } = z.object({ session: z.string() }).parse(unpacked(opened));
  clock += limits.nodeSessionMs - 1_000;
  expect((await ask(syncMessage('pull', pullBody(), session))).status).toBe(200);
  clock += 1_000;
  expect((await ask(syncMessage('pull', pullBody(), session))).status).toBe(401);
});

test('challenges that nobody answers are forgotten, the oldest first, and the node goes on', async () => {
  const old = await sessionRequest();
  for (let count = 0; count < limits.nodeSessionsMax; count += 1) node.sync.challenge();
  expect((await ask(old)).status).toBe(403);
  expect((await ask(await sessionRequest())).status).toBe(200);
});

/** Proofs by one key, each with the nonce it is given. */
async function prover(): Promise<(nonce: string, jti: string) => Promise<{ check: () => Promise<unknown> }>> {
  const { d, ...jwk } = await generateSigningKey();
  const signer = await makeSigner({ ...jwk, d });
  return async (nonce, jti) => {
    const claims = { jti, htm: 'POST', htu: 'http://localhost/v1/devices', nonce };
    const proof = await signer.sign('dpop+jwt', claims, { jwk });
    const request = { method: 'POST', path: '/v1/devices', host: 'localhost', proof, tokenHash: null };
    return { check: () => node.proofs.check(request) };
  };
}

const code = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'taken',
    (error: unknown) => z.object({ code: z.string() }).parse(error).code,
  );

test('a proof is remembered for as long as its nonce is accepted', async () => {
  const prove = await prover();
  const proof = await prove(node.proofs.nonce(), randomUUID());
  expect(await code(proof.check())).toBe('taken');
  for (const waited of [0, limits.proofNonceMs - 1, limits.proofNonceMs - 1]) {
    clock += waited;
    expect(await code(proof.check())).toBe('proof-replayed');
  }
  clock += limits.proofNonceMs;
  expect(await code(proof.check())).toBe('use-dpop-nonce');
  const other = await prove(node.proofs.nonce(), randomUUID());
  clock += 3 * limits.proofNonceMs;
  expect(await code(other.check())).toBe('use-dpop-nonce');
});

test('a nonce of before a restart is worth nothing, nor one that is made up', async () => {
  const prove = await prover();
  for (const nonce of ['', '1', `1.${randomBytes(32).toString('base64url')}`, '0.', 'NaN.x'])
    expect(await code((await prove(nonce, randomUUID())).check())).toBe('use-dpop-nonce');
});

test('an administrator who was revoked does not come back by the token of the installation', async () => {
  const put = async (path: string, revision: number, body: object): Promise<number> => {
    const headers = { Authorization: `Bearer ${bootstrapToken}`, 'Content-Type': 'application/json' };
    const at = `/v1/admin/config/${path}`;
    return (await ask({ method: 'PUT', path: at, body: JSON.stringify({ revision, body }), headers })).status;
  };
  const administrator = { name: 'A', role: 'administrator', sites: null, revoked: false };
  // Kept for the first administrator, it goes on as the installation's until there is one.
  const token = apiToken('first', bootstrapToken);
  expect(await put('api-token/first', 0, token)).toBe(200);
  expect(await put('staff/first', 0, administrator)).toBe(200);
  expect(await put('staff/first', 1, { ...administrator, revoked: true })).toBe(200);
  expect(await put('staff/mallory', 0, administrator)).toBe(401);
  expect(await put('api-token/first', 1, { ...token, staffId: 'mallory' })).toBe(401);
});
