/**
 * Every route of a node, asked by anybody in any way. An input is JSON of one request: who asks, method, path, headers,
 * body. The seeds are the examples of the node's own `/openapi.json`, so a new route is fuzzed by being declared.
 */
import http from 'node:http';
import fc from 'fast-check';
import { z } from 'zod';
import { nodePlatform } from '../../central/platform.ts';
import { STAFF_ROLES } from '../../shared/domain/vocabulary.ts';
import type { ApiDocument } from '../../shared/http/reference/openapi-types.ts';
import { METHODS } from '../../shared/http/reference/openapi-types.ts';
import { mutateJson } from './engine/mutate-json.ts';
import { type FuzzedNode, PASSWORD, PC, SITE_TOKEN, openFuzzedNode, proofFor, tokenOf } from './node.ts';
import { Random } from '../sim/random.ts';
import { type Opened, bytesOf, jsonOf, must, textOf, signsOf } from './target.ts';

const ASKERS = [...STAFF_ROLES, 'device', 'browser', 'session', 'page', 'nobody'] as const;

const asked = z.looseObject({
  as: z.string(),
  method: z.string().max(20),
  path: z.string().max(2_000),
  headers: z.record(z.string(), z.string()).optional(),
  body: z.unknown().optional(),
});
type Asked = z.infer<typeof asked>;

/** Cases after which a node is made anew: what was configured meanwhile would soon refuse everybody. */
const CASES_PER_NODE = 3_000;
const ANSWER_BYTES_MAX = 4 * 1024 * 1024;
/** What a refusal may leave behind: its own audit, and attempts to sign in. */
const AUDITED = ['audit', 'account-event', 'genesis'];
const FORM_SECRET = 'f'.repeat(32);

export const ENDPOINTS_HOLD =
  'no request is answered with a 5xx, or makes the application log a failure of its own; a refusal is a problem document that stores nothing but its audit; no answer but a disclosure’s has the password; every answer has the headers that protect it';

export async function openEndpoints(role: 'edge' | 'centre'): Promise<Opened> {
  let stage = await stageOf(role);
  let cases = 0;
  const seeds = await seedsOf(stage);
  return {
    seeds,
    inputs: endpointInputs(seeds),
    run: async (input) => {
      const parsed = asked.safeParse(jsonOf(input));
      const request: Asked = parsed.success
        ? parsed.data
        : { as: 'nobody', method: 'POST', path: '/v1/devices', body: textOf(input) };
      if ((cases += 1) % CASES_PER_NODE === 0) {
        await stage.close();
        stage = await stageOf(role);
      }
      try {
        await ask(stage, request);
      } catch (error) {
        // What one case broke must not be what the next one finds.
        cases = CASES_PER_NODE - 1;
        throw error;
      }
    },
    close: () => stage.close(),
  };
}

async function stageOf(role: 'edge' | 'centre'): Promise<FuzzedNode> {
  const stage = await openFuzzedNode(role);
  const { smbiosUuid, serial, computerName, volumeId, keyId } = PC;
  const body = {
    recoveryPassword: PASSWORD,
    volumeId,
    volumeType: 1,
    counter: 1,
    smbiosUuid,
    serial,
    computerName,
    domain: 'corp.example',
    users: ['CORP\\maria'],
  };
  const answer = await stage.app.fetch(
    await requestOf(stage, { as: 'device', method: 'PUT', path: `/v1/recovery/keys/${keyId}`, body }),
  );
  if (answer.status !== 201)
    throw new Error(`the first escrow was answered with ${answer.status}: ${await answer.text()}`);
  return stage;
}

/** The examples of all operations, asked by those who may and, once, by somebody else. */
async function seedsOf({ app }: FuzzedNode): Promise<string[]> {
  const document = (await (
    await app.fetch(new Request('http://localhost/openapi.json'))
  ).json()) as ApiDocument;
  const found: Asked[] = [];
  for (const [path, item] of Object.entries(document.paths))
    for (const method of METHODS) {
      const operation = item[method];
      if (!operation) continue;
      const query = new URLSearchParams();
      let at = path;
      for (const { name, in: where, example } of operation.parameters ?? []) {
        const value = typeof example === 'string' ? example : JSON.stringify(example);
        if (where === 'path') at = at.replace(`{${name}}`, name === 'keyId' ? PC.keyId : value);
        if (where === 'query') query.set(name, value);
      }
      const media = operation.requestBody?.content['application/json'];
      const bodies = media?.examples
        ? Object.entries(media.examples).map(([kind, { value }]) => [kind, value] as const)
        : [[String(operation.operationId), media?.example] as const];
      for (const [kind, body] of bodies)
        found.push({
          as: asksFirst(at),
          method: method.toUpperCase(),
          path: (query.size === 0 ? at : `${at}?${String(query)}`).replace('{kind}', kind),
          ...(body === undefined ? {} : { body }),
        });
    }
  const pages = [
    '/',
    '/keys',
    '/keys/search',
    '/sign-in',
    '/computers',
    '/audit',
    '/nodes',
    '/reports/enterprise',
    '/admin',
    '/admin/staff',
    '/account',
    '/requests',
    '/break-glass',
    '/language',
    '/reference',
  ];
  const device = {
    recoveryPassword: PASSWORD,
    volumeId: PC.volumeId,
    volumeType: 1,
    counter: 2,
    smbiosUuid: PC.smbiosUuid,
    serial: PC.serial,
    computerName: PC.computerName,
    domain: 'corp.example',
    users: [],
  };
  return [
    ...found,
    ...pages.flatMap((path) => [
      { as: 'browser', method: 'GET', path },
      { as: 'browser', method: 'POST', path, body: 'keyId=3fd763f9&reason=lost-pin' },
    ]),
    { as: 'device', method: 'PUT', path: `/v1/recovery/keys/${PC.keyId}`, body: device },
    ...['session', 'page'].map((as) => ({ as, method: 'GET', path: '/account' })),
    ...[
      { Origin: 'https://evil.example' },
      { 'Sec-Fetch-Site': 'cross-site' },
      { 'Holdfast-CSRF': 'x' },
      {},
    ].map((headers) => ({
      ...{ as: 'session', method: 'POST', path: '/v1/recovery/search', headers },
      body: { keyId: PC.keyId.slice(0, 8) },
    })),
    { as: 'helpdesk', method: 'POST', path: '/v1/recovery/search', body: { keyId: PC.keyId.slice(0, 8) } },
    {
      as: 'helpdesk',
      method: 'POST',
      path: '/v1/recovery/disclosures',
      body: { keyId: PC.keyId, reason: 'lost-pin', verification: 'badge', endUser: 'CORP\\maria' },
    },
    {
      as: 'device',
      method: 'POST',
      path: '/v1/devices',
      body: {
        siteToken: SITE_TOKEN,
        attributes: {
          computerName: 'X',
          domain: '',
          smbiosUuid: PC.smbiosUuid,
          serial: '',
          make: '',
          model: '',
          osVersion: '',
        },
      },
    },
  ].map((one) => JSON.stringify(one));
}

function asksFirst(path: string): string {
  if (/^\/v1\/(devices|compliance|recovery\/keys\/)/.test(path)) return 'device';
  if (path.startsWith('/v1/recovery')) return 'advanced-helpdesk';
  return path.startsWith('/v1/') ? 'administrator' : 'nobody';
}

let proofs = 0;

async function requestOf(
  stage: FuzzedNode,
  { as, method, path, headers = {}, body }: Asked,
): Promise<Request> {
  const url = new URL(path.startsWith('/') ? path : `/${path}`, 'http://localhost');
  // Servers hand on no others: hono itself stumbles over a method called "constructor".
  if (!http.METHODS.includes(method.toUpperCase())) throw new TypeError('no method');
  // Another host is another matter, and no address of this node.
  url.host = 'localhost';
  const made = new Headers();
  const isForm = as === 'browser' || as === 'page';
  made.set('Content-Type', isForm ? 'application/x-www-form-urlencoded' : 'application/json');
  if ((STAFF_ROLES as readonly string[]).includes(as)) made.set('Authorization', `Bearer ${tokenOf(as)}`);
  if (as === 'device') {
    proofs += 1;
    made.set('DPoP', await proofFor(stage, method, url.href, `fuzz-proof-${proofs}`));
    if (url.pathname !== '/v1/devices') made.set('Authorization', `DPoP ${stage.device.token}`);
  }
  if (isForm) {
    made.set('Accept', 'text/html');
    made.set('Cookie', `holdfast_form=${FORM_SECRET}`);
  }
  if ((as === 'session' || as === 'page') && stage.session) {
    const { cookie, csrf } = stage.session;
    made.set('Cookie', as === 'page' ? `${cookie}; holdfast_form=${FORM_SECRET}` : cookie);
    made.set('Holdfast-CSRF', csrf);
  }
  for (const [name, value] of Object.entries(headers)) made.set(name, value);
  const hasBody = !/^(GET|HEAD)$/i.test(method) && body !== undefined;
  const text =
    typeof body === 'string' && isForm
      ? `form=${nodePlatform.sha256('holdfast form v1\n', FORM_SECRET)}&${body}`
      : JSON.stringify(body);
  return new Request(url, { method, headers: made, ...(hasBody ? { body: text } : {}) });
}

async function ask(stage: FuzzedNode, request: Asked): Promise<void> {
  let made: Request;
  try {
    made = await requestOf(stage, request);
  } catch (error) {
    // No client can send a header or a method that is none.
    if (error instanceof TypeError) return;
    throw error;
  }
  const before = stage.mark();
  const answer = await stage.app.fetch(made);
  const place = `${made.method} ${new URL(made.url).pathname.replace(/[0-9a-f-]{30,}|%.*|[^\x20-\x7e]+/gi, '*').slice(0, 60)}`;
  const failure = stage.unexpected.shift();
  must(failure === undefined, `${failure?.error ?? ''} ${failure?.stack[0]?.trim() ?? ''} at ${place}`);
  // A bound that was reached, with a word of when to come again, and a node that waits for somebody, are no failures.
  const isSaid =
    answer.status === 503 && (answer.headers.has('Retry-After') || new URL(made.url).pathname === '/readyz');
  must((answer.status >= 200 && answer.status < 500) || isSaid, `${answer.status} at ${place}`);
  for (const name of [
    'X-Content-Type-Options',
    'Content-Security-Policy',
    'Cache-Control',
    'Referrer-Policy',
  ])
    must(answer.headers.has(name), `no ${name} at ${place}`);
  const isStream = (answer.headers.get('Content-Type') ?? '').startsWith('text/event-stream');
  if (isStream) {
    await answer.body?.cancel();
    return;
  }
  const isForged =
    stage.session !== null && request.as === 'session' && !showsItself(made, stage.session.csrf);
  must(!isForged || answer.status >= 400, `a forged request counts at ${place}`);
  const text = await answer.text();
  must(text.length < ANSWER_BYTES_MAX, `a very long answer at ${place}`);
  const gives =
    answer.ok &&
    /\/v1\/recovery\/(disclosures|requests|exports)|^\/(keys|requests)/.test(new URL(made.url).pathname);
  must(gives || !holdsPassword(text), `a password is given out at ${place}`);
  if (answer.status < 400) return;
  if (new URL(made.url).pathname.startsWith('/v1/')) {
    must(
      answer.headers.get('Content-Type') === 'application/problem+json' ||
        request.as === 'browser' ||
        made.method === 'HEAD',
      `a refusal is no problem document at ${place}`,
    );
    const grown = (await stage.since(before)).filter((kind) => !AUDITED.includes(kind));
    must(grown.length === 0, `a refusal stores ${grown.join(', ')} at ${place}`);
  }
}

/** Whether a request that changes something says, as browsers or programs do, that it comes from this node's own pages. */
function showsItself({ method, url, headers }: Request, csrf: string): boolean {
  // Without a session it is no session's request.
  if (/^(GET|HEAD|OPTIONS)$/.test(method) || headers.has('Authorization')) return true;
  if (/\/v1\/(session|enrolment|edges\/join|devices|sync)/.test(url)) return true;
  const site = headers.get('Sec-Fetch-Site');
  if (site !== null) return site === 'same-origin';
  const origin = headers.get('Origin');
  if (origin !== null)
    return URL.canParse(origin) && new URL(origin).host === (headers.get('Host') ?? 'localhost');
  return headers.get('Holdfast-CSRF') === csrf;
}

/** In any form: the middle of it, for whoever has that has all. */
function holdsPassword(text: string): boolean {
  const groups = PASSWORD.split('-').slice(2, 5);
  return ['-', ' ', ''].some((sign) => text.includes(groups.join(sign)));
}

const METHOD = fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'PROPFIND');

/** A seed by its number, asked by somebody else or changed as JSON. */
function endpointInputs(seeds: readonly string[]): fc.Arbitrary<string> {
  const seed = fc.constantFrom(...seeds);
  const parsed = seed.map((text) => JSON.parse(text) as Asked);
  return fc.oneof(
    fc.tuple(parsed, fc.constantFrom(...ASKERS)).map(([one, as]) => JSON.stringify({ ...one, as })),
    fc.tuple(parsed, METHOD).map(([one, method]) => JSON.stringify({ ...one, method })),
    fc
      .tuple(
        parsed,
        fc.constantFrom(
          'Accept',
          'Content-Type',
          'Accept-Language',
          'Host',
          'Origin',
          'Sec-Fetch-Site',
          'X-Forwarded-Proto',
          'X-Forwarded-For',
          'Cookie',
          'Authorization',
          'DPoP',
          'Content-Length',
          'If-None-Match',
          'Holdfast-CSRF',
          'Range',
        ),
        fc.oneof(
          fc.constantFrom(
            'text/html',
            'text/csv',
            'application/json',
            '',
            'https',
            'es',
            '*/*',
            '0',
            '999999999',
            'null',
            'a=b; c',
          ),
          fc.string({ maxLength: 30 }),
        ),
      )
      .map(([one, name, value]) => JSON.stringify({ ...one, headers: { [name]: value } })),
    fc.tuple(parsed, fc.nat()).map(([one, number]) => {
      if (typeof one.body !== 'object' || one.body === null) return JSON.stringify(one);
      const random = new Random('endpoint', number);
      const body = mutateJson(bytesOf(JSON.stringify(one.body)), {
        random,
        words: [PC.keyId, PC.deviceId, 'madrid', 'north-1'],
        bytesMax: 1e5,
        other: () => bytesOf('{}'),
        compared: [],
      });
      return JSON.stringify({ ...one, body: body ? jsonOf(body) : null });
    }),
    fc
      .tuple(parsed, fc.string({ unit: signsOf('abcdef0123-{}%/?&=.*'), maxLength: 30 }))
      .map(([one, more]) => JSON.stringify({ ...one, path: `${one.path.split('?')[0] ?? ''}?${more}` })),
  );
}
