/**
 * 2,000 requests by somebody who is not who they say, drawn from a seed: against sign-in, sessions, API tokens, devices'
 * tokens and proofs, nodes' sessions, passkeys and enrolment links, at a real edge. Of each kind there is a valid twin,
 * which succeeds before and after; none of the others may, and none may fail the node.
 */
import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { base64url } from 'jose';
import type { LocalCluster } from '../../central/local/cluster.ts';
import { generateSigningKey } from '../../central/local/secrets.ts';
import { nodePlatform } from '../../central/platform.ts';
import { staffTokenHash } from '../../shared/staff/token.ts';
import { CertificateAuthority, publicJwk } from '../../shared/trust/certificate.ts';
import { makeSigner } from '../../shared/trust/jws.ts';
import { SoftwareAuthenticator, type Twist } from '../support/authenticator.ts';
import { bugsInLogs, startCluster } from '../support/cluster.ts';
import { makeIdentity } from '../support/organisation.ts';
import {
  type Enrolled,
  asBearer,
  bySession,
  configure,
  enrol,
  fetchOf,
  makeLink,
  post,
  signIn,
} from '../support/people.ts';
import { type Message, send } from './http.ts';
import { Pc } from './pc.ts';
import { openSession, pullBody, syncMessage } from './peer.ts';

const SEED = 20_261_124;
const AT_ONCE = 8;

interface Kind {
  readonly name: string;
  readonly count: number;
  readonly base: string;
  readonly hostile: (random: Random, index: number) => Message | Promise<Message>;
  readonly twin: () => Message | Promise<Message>;
}

class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** a whole number below `bound` */
  below(bound: number): number {
    this.#state = (Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1) + 0x9e3779b9) >>> 0;
    const mixed = Math.imul(this.#state ^ (this.#state >>> 13), 0x85ebca6b) >>> 0;
    return ((mixed ^ (mixed >>> 16)) >>> 0) % bound;
  }

  pick<T>(from: readonly T[]): T {
    const found = from[this.below(from.length)];
    if (found === undefined) throw new Error('nothing to pick from');
    return found;
  }
}

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** Another text than this secret, and one that looks like it; such as header fields can carry. */
function spoilt(secret: string, random: Random): string {
  const at = random.below(secret.length - 1);
  const other = LETTERS.charAt((LETTERS.indexOf(secret.charAt(at)) + 1 + random.below(62)) % LETTERS.length);
  const made = random.pick([
    () => secret.slice(0, at) + other + secret.slice(at + 1),
    () => secret.slice(0, at),
    () => secret.slice(at + 1),
    () => secret + other,
    () => secret + secret,
    () => secret.toLowerCase(),
    () => secret.toUpperCase(),
    () => Array.from(secret).reverse().join(''),
    () => `${secret}=`,
    () => `${secret.slice(0, at)}%00${secret.slice(at)}`,
    () => `${secret.slice(0, at)}.${secret.slice(at)}`,
    () => `${secret}, ${secret}`,
    () => `'${secret}'`,
    () => ` \u00a0${secret}\u00ad`,
    () => secret.slice(0, at) + '\u00e9' + secret.slice(at + 1),
    () => encodeURIComponent(`${secret} `),
    () => base64url.encode(secret),
    () => Array.from(secret, () => LETTERS.charAt(random.below(64))).join(''),
  ])();
  return made === secret || made.trim() === secret ? `${secret}x` : made;
}

/** A JWS whose parts do not belong together any more, or whose algorithm is none. */
function spoiltJws(jws: string, random: Random): string {
  const [header = '', payload = '', signature = ''] = jws.split('.');
  const json = (part: string): Record<string, unknown> =>
    JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>;
  const part = (value: object): string => base64url.encode(JSON.stringify(value));
  const flipped = (text: string): string => {
    const at = random.below(text.length - 2);
    const next = LETTERS.charAt((LETTERS.indexOf(text.charAt(at)) + 1) % LETTERS.length);
    return text.slice(0, at) + next + text.slice(at + 1);
  };
  return random.pick([
    () =>
      `${part({ ...json(header), alg: random.pick(['none', 'None', 'NONE', 'HS256', 'ES384']) })}.${payload}.${signature}`,
    () => `${part({ ...json(header), alg: 'none' })}.${payload}.`,
    () =>
      `${part({ ...json(header), typ: random.pick(['JWT', 'dpop+jwt ', 'holdfast-head']) })}.${payload}.${signature}`,
    () => `${part({ ...json(header), crit: ['exp'] })}.${payload}.${signature}`,
    () =>
      `${header}.${part({ ...json(payload), sub: `d-${'a'.repeat(16)}`, jti: randomUUID() })}.${signature}`,
    () => `${header}.${part({ ...json(payload), exp: 9_999_999_999, iat: 9_999_999_999 })}.${signature}`,
    () => `${header}.${payload}.${flipped(signature)}`,
    () => `${header}.${flipped(payload)}.${signature}`,
    () => `${flipped(header)}.${payload}.${signature}`,
    () => `${header}.${payload}`,
    () => `${header}..${signature}`,
    () => `${header}.${payload}.${signature}.${signature}`,
    () => `${header}.${payload}.${'A'.repeat(86)}`,
    () => `${payload}.${header}.${signature}`,
    () => jws.slice(0, random.below(jws.length - 1)),
  ])();
}

const SEARCH = JSON.stringify({ keyId: 'abcdef01' });
const json = { 'Content-Type': 'application/json' };
const searchBy = (headers: Message['headers']): Message => ({
  ...{ method: 'POST', path: '/v1/recovery/search', body: SEARCH },
  headers: { ...json, ...headers },
});
const posted = (path: string, body: object, random?: Random): Message => ({
  ...{ method: 'POST', path, body: JSON.stringify(body) },
  // As if from many places, so that what is refused is refused for what it is.
  headers: {
    ...json,
    ...(random
      ? { 'X-Forwarded-For': `10.${String(random.below(250))}.${String(random.below(250))}.9` }
      : {}),
  },
});

describe('whoever is not who they say', { timeout: 120_000 }, () => {
  let cluster: LocalCluster;
  let kinds: readonly Kind[] = [];

  beforeAll(async () => {
    cluster = await startCluster(21_200);
    kinds = await kindsAt(cluster);
  }, 60_000);

  it('gets in nowhere, 2,000 times, while everybody else does', async () => {
    expect(kinds.reduce((sum, { count }) => sum + count, 0)).toBe(2_000);
    const wrong: string[] = [];
    for (const kind of kinds) {
      wrong.push(...(await playTwin(kind, 'before')));
      const random = new Random(SEED + kind.count);
      for (let at = 0; at < kind.count; at += AT_ONCE) {
        const indices = Array.from({ length: Math.min(AT_ONCE, kind.count - at) }, (_, index) => at + index);
        const messages: Message[] = [];
        for (const index of indices) messages.push(await kind.hostile(random, index));
        const answers = await Promise.all(messages.map((message) => send(kind.base, message)));
        for (const [index, { status }] of answers.entries())
          if (status < 400 || status >= 500)
            wrong.push(
              `${kind.name}: ${String(status)} for ${JSON.stringify(messages[index]?.headers).slice(0, 300)}`,
            );
      }
      wrong.push(...(await playTwin(kind, 'after')));
    }
    expect(wrong).toEqual([]);
    expect(await bugsInLogs(cluster)).toEqual([]);
  });
});

async function playTwin({ name, base, twin }: Kind, when: string): Promise<string[]> {
  const { status, body } = await send(base, await twin());
  return status < 300
    ? []
    : [
        `${name}: the valid twin ${when} was answered with ${String(status)} ${body.toString().slice(0, 200)}`,
      ];
}

async function kindsAt(cluster: LocalCluster): Promise<Kind[]> {
  const { tokens, organisationKey } = cluster.secrets;
  const [centre, base, other] = [
    cluster.centreUrl,
    cluster.edgeUrl('edge-madrid'),
    cluster.edgeUrl('edge-toledo'),
  ];
  const at = fetchOf(centre);
  const hire = (id: string) =>
    configure(at, tokens.administrator, 'staff', id, {
      ...{ name: id, role: 'advanced-helpdesk', sites: null, revoked: false },
    });
  for (const id of ['ana', 'bea']) await hire(id);
  const ana = await enrol(at, tokens.administrator, 'ana');
  const passkey = await enrolPasskey(cluster, 'bea');
  const script = 'hfs_token-of-a-script-for-reports-alone';
  await configure(at, tokens.administrator, 'api-token', 'ana-1', {
    ...{ staffId: 'ana', label: 'a script', scope: ['reports'], revoked: false },
    ...{ tokenHash: staffTokenHash(nodePlatform, script), expiresAt: Date.now() + 3_600_000 },
  });
  await arrival(base, ana, script);
  const here = await signIn(fetchOf(base), ana);
  const there = await signIn(fetchOf(other), ana, 1);
  const pc = await Pc.enrolled(base, tokens.sites['madrid'] ?? '');
  const stranger = await Pc.enrolled(base, tokens.sites['madrid'] ?? '');
  const { d: _d, ...pinned } = organisationKey;
  const organisation = {
    privateKey: organisationKey,
    authority: new CertificateAuthority(publicJwk.parse(pinned)),
  };
  const node = await openSession(base, await makeIdentity(nodePlatform, organisation));
  const foreignKey = await generateSigningKey();
  const foreign = await makeSigner(foreignKey);
  const [name = '', secret = ''] = here.cookie.split('=');
  const session = bySession(here);
  const escrow = (): Promise<Message> => pc.escrow(base);
  const link = await makeLink(at, tokens.administrator, 'ana');
  return [
    {
      ...{ name: 'a session', count: 400, base, twin: () => searchBy(session) },
      hostile: (random, index) =>
        index % 8 === 0
          ? searchBy({
              ...session,
              Cookie: `${name}=${there.cookie.split('=')[1] ?? ''}`,
              'Holdfast-CSRF': there.csrf,
            })
          : searchBy({ ...session, Cookie: `${name}=${spoilt(secret, random)}` }),
    },
    {
      ...{ name: 'a request from elsewhere', count: 100, base, twin: () => searchBy(session) },
      hostile: (random) => {
        const { Cookie = '' } = session;
        return random.pick([
          () => searchBy({ Cookie }),
          () => searchBy({ Cookie, 'Holdfast-CSRF': spoilt(here.csrf, random) }),
          () => searchBy({ Cookie, 'Holdfast-CSRF': there.csrf }),
          () =>
            searchBy({ ...session, 'Sec-Fetch-Site': random.pick(['cross-site', 'same-site', 'none', '']) }),
          () =>
            searchBy({
              ...session,
              Origin: random.pick(['null', 'https://evil.example', other, `${base}.evil.example`]),
            }),
        ])();
      },
    },
    {
      ...{ name: 'an API token', count: 400, base, twin: () => searchBy(asBearer(tokens.helpdesk)) },
      hostile: (random, index) => {
        if (index % 20 === 0) return searchBy(asBearer(script));
        if (index % 20 === 1) return searchBy(asBearer(staffTokenHash(nodePlatform, tokens.helpdesk)));
        if (index % 20 === 2) return searchBy({ Authorization: `Basic ${btoa(`ana:${tokens.helpdesk}`)}` });
        if (index % 20 === 3) return searchBy(asBearer(random.pick([node, pc.token, secret])));
        return searchBy(asBearer(spoilt(tokens.helpdesk, random)));
      },
    },
    {
      ...{ name: "a device's token", count: 400, base, twin: escrow },
      hostile: async (random, index) => {
        const message = await escrow();
        const token =
          index % 20 === 0
            ? stranger.token
            : index % 20 === 1
              ? await foreign.sign('holdfast-device', { sub: pc.deviceId }, {})
              : spoiltJws(pc.token, random);
        return { ...message, headers: { ...message.headers, Authorization: `DPoP ${token}` } };
      },
    },
    {
      ...{ name: "a device's proof", count: 400, base, twin: escrow },
      hostile: async (random, index) => {
        const message = await escrow();
        const { method, path } = message;
        const claim = (change: object) =>
          pc.proof(base, method, path, ({ payload }) => ({ payload: { ...payload, ...change } }));
        const good = String(message.headers['DPoP']);
        if (index % 10 === 0) {
          // A proof is good once: it is used up before it is used here.
          await send(base, message);
          return message;
        }
        const proof = await random.pick([
          () => Promise.resolve(spoiltJws(good, random)),
          () => Promise.resolve(spoiltJws(good, random)),
          () => claim({ htm: random.pick(['GET', 'put', 'POST']) }),
          () =>
            claim({
              htu: random.pick([`${other}${path}`, `${base}/v1/devices`, `${base}${path}x`]),
            }),
          () => claim({ nonce: spoilt('AAAAAAAAAAAAAAAAAAAAAA', random) }),
          () => claim({ ath: nodePlatform.sha256(stranger.token) }),
          () => pc.proof(base, method, path, () => ({ key: foreignKey })),
          () =>
            pc.proof(base, method, path, ({ header }) => ({
              key: foreignKey,
              header: { ...header, jwk: publicJwk.parse(foreignKey) },
            })),
        ])();
        return { ...message, headers: { ...message.headers, DPoP: proof } };
      },
    },
    {
      ...{ name: "a node's session", count: 200, base, twin: () => syncMessage('pull', pullBody(), node) },
      hostile: (random) =>
        syncMessage('pull', pullBody(), random.pick([spoilt(node, random), tokens.administrator, secret])),
    },
    {
      name: 'a passkey',
      ...{ count: 50, base: base.replace('127.0.0.1', 'localhost') },
      ...{ twin: async () => posted('/v1/session/passkey', await passkey.answer(base, {})) },
      hostile: async (random) => {
        const twist = random.pick<Twist>([
          { origin: random.pick(['http://localhost', 'https://evil.example', other]) },
          { challenge: base64url.encode(nodePlatform.random(32)) },
          { type: 'webauthn.create' },
          { rpId: 'evil.example' },
          { flags: random.pick([0x00, 0x01, 0x04]) },
          { id: base64url.encode(nodePlatform.random(32)) },
        ]);
        return posted('/v1/session/passkey', await passkey.answer(base, twist), random);
      },
    },
    {
      ...{
        name: 'an enrolment link',
        count: 30,
        base: centre,
        twin: () => posted('/v1/enrolment/options', { link }),
      },
      hostile: (random) => posted('/v1/enrolment/options', { link: spoilt(link, random) }, random),
    },
    {
      name: 'a password',
      ...{ count: 20, base },
      twin: () => searchBy(session),
      hostile: (random) => {
        const { password, staffId } = ana;
        const code = ana.totp.generate({ timestamp: Date.now() - 30_000 });
        const tricked = random.pick([
          () => password.replace('o', '\u043e'),
          () => `${password} `,
          () => password.slice(0, -1),
          () => password.toUpperCase(),
          () => `${password}\u200b`,
          () => password.replace('e', 'e\u0301'),
          () => `${password}\u0000`,
        ])();
        return posted('/v1/session', { staffId, password: tricked, code }, random);
      },
    },
  ];
}

/** Resolves when the edge knows the person and their token. */
async function arrival(base: string, { staffId }: Enrolled, token: string): Promise<void> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const answer = await fetch(`${base}/v1/reports/enterprise-compliance`, { headers: asBearer(token) });
    await answer.arrayBuffer();
    if (answer.ok) return;
    if (Date.now() > deadline) throw new Error(`${staffId} did not come to ${base}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** A passkey of somebody, made at the centre; the edges are asked for by the name that its domain has. */
async function enrolPasskey(cluster: LocalCluster, staffId: string) {
  const named = (url: string): string => url.replace('127.0.0.1', 'localhost');
  const at = fetchOf(cluster.centreUrl);
  const link = await makeLink(at, cluster.secrets.tokens.administrator, staffId);
  const options = async (url: string, path: string, body: object): Promise<unknown> =>
    (await post(fetchOf(named(url)), path, body)).json();
  const authenticator = new SoftwareAuthenticator();
  const offer = (await options(cluster.centreUrl, '/v1/enrolment/options', { link })) as { passkey: unknown };
  const passkey = authenticator.create(offer.passkey, named(cluster.centreUrl));
  const enrolled = await post(fetchOf(named(cluster.centreUrl)), '/v1/enrolment', { link, passkey });
  if (enrolled.status !== 201) throw new Error(`the passkey was not enrolled: ${await enrolled.text()}`);
  return {
    answer: async (base: string, twist: Twist) =>
      authenticator.get(await options(base, '/v1/session/passkey/options', {}), named(base), twist),
  };
}
