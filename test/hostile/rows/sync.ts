/** Between nodes: who may speak at all, and messages that are none. */
import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { z } from 'zod';
import { nodePlatform } from '../../../central/platform.ts';
import { limits } from '../../../shared/limits.ts';
import { randomName } from '../../../shared/platform.ts';
import { publicJwk, issueCertificate } from '../../../shared/trust/certificate.ts';
import { type TestIdentity, makeIdentity, makeOrganisation } from '../../support/organisation.ts';
import { type Message, send } from '../http.ts';
import { challengeOf, openSession, pullBody, sessionMessage, syncMessage } from '../peer.ts';
import { type Case, type Row, withHeaders } from '../row.ts';

const challenged = { accepted: 200, gives: z.object({ nonce: z.string(), nodeId: z.string() }) };
const opened = { accepted: 200, gives: z.object({ session: z.string(), proof: z.string() }) };
const pulled = { accepted: 200, gives: z.object({ recovery: z.array(z.unknown()), vectors: z.unknown() }) };

/**
 * A node that the organisation certified. Nothing can be sealed to it: for a new node with a sealing key the centre writes
 * people's one-time codes anew, beside whatever request comes just then.
 */
export async function certified(of: Case): Promise<TestIdentity> {
  const identity = await makeIdentity(nodePlatform, of.stage.organisation, 'edge', { hasSealingKey: false });
  of.forgers.push(identity.certificate.nodeId);
  return identity;
}

/** A message that is wrong before anybody looks at who sends it. */
function message(name: string, refused: Row['refused'], spoil: (good: Message) => Message): Row {
  return {
    ...{ name: `sync: ${name}`, refused, ...challenged },
    make: () => ({
      hostile: () => spoil(syncMessage('challenge', {})),
      twin: () => syncMessage('challenge', {}),
    }),
  };
}

/** A session that a node should not get. */
function session(
  name: string,
  refused: Row['refused'],
  spoil: (of: Case, good: TestIdentity) => Promise<Message>,
): Row {
  return {
    ...{ name: `sync session: ${name}`, refused, ...opened },
    make: async (of) => {
      const identity = await certified(of);
      return { hostile: () => spoil(of, identity), twin: () => sessionMessage(of.base, identity) };
    },
  };
}

/** A request within a session whose body does not fit. */
function within(
  path: 'pull' | 'push' | 'digests',
  name: string,
  bad: unknown,
  refused: Row['refused'] = [400, 'invalid-request'],
): Row {
  return {
    ...{ name: `sync ${path}: ${name}`, refused, ...pulled },
    make: async (of) => {
      const token = await openSession(of.base, await certified(of));
      return {
        hostile: () => syncMessage(path, bad, token),
        twin: () => syncMessage('pull', pullBody(), token),
      };
    },
  };
}

/** Who has no session gets nothing, whatever the path. */
function outside(name: string, authorization: (of: Case) => string | null): Row[] {
  return (['pull', 'push', 'digests'] as const).map((path) => ({
    ...{ name: `sync ${path}: ${name}`, refused: [401, 'session-invalid'], ...pulled },
    make: async (of) => {
      const token = await openSession(of.base, await certified(of));
      const good = syncMessage(path, pullBody(), token);
      return {
        hostile: () => withHeaders(good, { Authorization: authorization(of) }),
        twin: () => syncMessage('pull', pullBody(), token),
      };
    },
  }));
}

const origin = (): string => `${randomName(nodePlatform, 10)}.${randomName(nodePlatform, 13)}`;
const digest = { store: 'recovery', origin: origin(), at: 1, from: 1, to: 500, detail: true };
const vectors = (recovery: object): object => pullBody({ vectors: { recovery, compliance: {} } });

export const syncRows: readonly Row[] = [
  message('no protocol version', [400, 'protocol-unsupported'], (good) =>
    withHeaders(good, { 'Holdfast-Protocol': null }),
  ),
  message('protocol version 2', [400, 'protocol-unsupported'], (good) =>
    withHeaders(good, { 'Holdfast-Protocol': '2' }),
  ),
  message('protocol version 1 twice', [400, 'protocol-unsupported'], (good) =>
    withHeaders(good, { 'Holdfast-Protocol': '1, 1' }),
  ),
  message('JSON for its media type', [415, 'unsupported-media-type'], (good) =>
    withHeaders(good, { 'Content-Type': 'application/json' }),
  ),
  message('not gzip', [400, 'malformed-json'], (good) => ({ ...good, body: '{}' })),
  message('gzip that is cut off', [400, 'malformed-json'], (good) => ({
    ...good,
    body: gzipSync('{"padding":"0123456789012345678901234567890123456789"}').subarray(0, -12),
  })),
  message('gzip of something else', [400, 'malformed-json'], (good) => ({
    ...good,
    body: gzipSync('nonce'),
  })),
  message('gzip of 10 MB in 10 KB', [413, 'body-too-large'], (good) => ({
    ...good,
    body: gzipSync(Buffer.alloc(10 * 1024 * 1024, 0x20)),
  })),
  message('17 KB that nobody has vouched for', [413, 'body-too-large'], (good) => ({
    ...good,
    body: randomBytes(17 * 1024),
  })),
  message('lists nested 5,000 deep', [400, 'invalid-request'], (good) => ({
    ...good,
    body: gzipSync(`{"a":${'['.repeat(5_000)}${']'.repeat(5_000)}}`),
  })),
  message('a member that is not in the schema', [400, 'invalid-request'], (good) => ({
    ...good,
    body: gzipSync('{"nonce":"x"}'),
  })),

  session('by a node of another organisation', [403, 'node-refused'], async ({ base }) => {
    return sessionMessage(base, await makeIdentity(nodePlatform, await makeOrganisation()));
  }),
  session('with another node\u2019s certificate', [403, 'node-refused'], async (of, identity) => {
    const other = await certified(of);
    return sessionMessage(of.base, identity, { certificate: other.certificateJws });
  }),
  session('with a certificate that has expired', [403, 'node-refused'], async ({ base, stage }, identity) => {
    const { iat: _iat, exp: _exp, ...subject } = identity.certificate;
    const year = 365 * 86_400_000;
    const old = { now: () => Date.now() - year };
    const certificate = await issueCertificate(old, stage.organisation.privateKey, subject, 30);
    return sessionMessage(base, identity, { certificate });
  }),
  session('with a certificate that it signed itself', [403, 'node-refused'], async ({ base }, identity) => {
    const { privateKey, certificate: subject } = identity;
    const key = publicJwk.parse(privateKey);
    const certificate = await issueCertificate(
      nodePlatform,
      privateKey,
      { ...subject, key, role: 'centre' },
      30,
    );
    return sessionMessage(base, identity, { certificate });
  }),
  session('with a nonce of its own', [403, 'node-refused'], ({ base }, identity) =>
    sessionMessage(base, identity, { nonce: randomName(nodePlatform, 32) }),
  ),
  session('with a nonce that was used', [403, 'node-refused'], async ({ base }, identity) => {
    const { nonce } = await challengeOf(base);
    await send(base, await sessionMessage(base, identity, { nonce }));
    return sessionMessage(base, identity, { nonce });
  }),
  session('for the eyes of another node', [403, 'node-refused'], ({ base }, identity) =>
    sessionMessage(base, identity, { audience: randomName(nodePlatform, 10) }),
  ),
  session('with a signature of another kind', [403, 'node-refused'], ({ base }, identity) =>
    sessionMessage(base, identity, { type: 'holdfast-head' }),
  ),
  session('with a nonce that is too short', [400, 'invalid-request'], async ({ base }, identity) => {
    const { certificateJws: certificate } = identity;
    const good = await sessionMessage(base, identity);
    return { ...good, body: gzipSync(JSON.stringify({ certificate, proof: 'a.b.c', nonce: 'short' })) };
  }),

  ...outside('without a session', () => null),
  ...outside('with a session that was never opened', () => `Bearer ${randomName(nodePlatform, 40)}`),
  ...outside('with a staff token', ({ stage }) => `Bearer ${stage.cluster.secrets.tokens.administrator}`),

  within(
    'pull',
    'a vector of 50,001 origins',
    vectors(Object.fromEntries(Array.from({ length: limits.vectorOriginsMax + 1 }, () => [origin(), 1]))),
  ),
  within('pull', 'an origin that is none', vectors({ '042647-302313-590458-071500': 1 })),
  within('pull', 'a place of -1', vectors({ [origin()]: -1 })),
  within('pull', 'a place beyond exact numbers', vectors({ [origin()]: 2 ** 53 })),
  within('pull', 'a wait of a day', pullBody({ waitMs: 86_400_000 })),
  within('pull', 'a million entries at once', pullBody({ entriesMax: 1_000_000 })),
  within('pull', 'no vectors', {}),
  within('digests', 'a store that there is not', { ...digest, store: 'secrets' }),
  within('digests', 'a range of the whole log', { ...digest, to: 1_000_000 }),
  within('digests', 'a range that ends before it begins', { ...digest, from: 9, to: 1 }),
  within('push', 'nothing', { store: 'recovery', segments: [] }),
  within('push', 'something that is no segment', { store: 'recovery', segments: [{ origin: origin() }] }),
  within('push', 'a body that inflates beyond the limit', ' '.repeat(limits.syncBodyBytesMax), [
    413,
    'body-too-large',
  ]),
];
