/** Configuration, revocation and the rest of what administrators call; what anybody may call; and the transport. */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { ENDPOINTS, administrator, newRegion, revocation } from '../endpoints.ts';
import type { Message } from '../http.ts';
import { type Case, type Row, withBody, withHeaders } from '../row.ts';

const CONFIGURED = { accepted: 200, wrote: { 'recovery:config': 1 } } as const;
const AT_CENTRE = { at: ['centre'] } as const;
const ALIVE: Message = { method: 'GET', path: '/healthz', headers: {} };
const LIVING = { accepted: 200, gives: z.object({ ok: z.literal(true) }) } as const;

function config(name: string, refused: Row['refused'], hostile: (of: Case) => Message): Row {
  return {
    ...{ name: `configuration: ${name}`, refused, ...AT_CENTRE, ...CONFIGURED },
    make: (of) => ({ hostile: () => hostile(of), twin: () => newRegion(of) }),
  };
}

/** A thing to configure whose body does not fit its kind. */
function misconfigured(kind: string, body: object, why: string): Row {
  return config(`a ${kind} ${why}`, [400, 'invalid-request'], (of) =>
    administrator(of, 'PUT', `/v1/admin/config/${kind}/x-${randomBytes(4).toString('hex')}`, {
      ...{ revision: 0, body },
    }),
  );
}

const STAFF = { name: 'X', role: 'helpdesk', sites: null, revoked: false };
const API_TOKEN = {
  ...{ staffId: 'helpdesk-1', label: 'X', tokenHash: 'A'.repeat(43), scope: ['keys'] },
  ...{ expiresAt: Date.now() + 60_000, revoked: false },
};
const READS = [
  { path: '/v1/admin/digests', gives: z.object({ origins: z.array(z.unknown()).min(1) }) },
  { path: '/v1/admin/config/staff', gives: z.object({ items: z.array(z.unknown()).min(5) }) },
];

function forbidden(path: string, gives: z.ZodType): Row[] {
  const asked = (name: string, refused: Row['refused'], token: (of: Case) => string | null): Row => ({
    ...{ name: `${path}: ${name}`, refused, accepted: 200, gives },
    make: (of) => ({
      hostile: () => {
        const value = token(of);
        return withHeaders(administrator(of, 'GET', path), { Authorization: value && `Bearer ${value}` });
      },
      twin: () => administrator(of, 'GET', path),
    }),
  });
  return [
    asked('without a token', [401, 'credentials-missing'], () => null),
    asked('by the helpdesk', [403, 'forbidden'], ({ stage }) => stage.cluster.secrets.tokens.helpdesk),
    asked('by an auditor', [403, 'forbidden'], ({ stage }) => stage.cluster.secrets.tokens.auditor),
    asked('by a device', [401, 'credentials-missing'], ({ pc }) => pc.token.slice(0, 300)),
  ];
}

/** An address or a method that there is not, or a way in that must not be. */
function transport(
  name: string,
  refused: Row['refused'],
  hostile: Partial<Message>,
  twin: Partial<Message> = {},
  rest: Partial<Row> = {},
): Row {
  return {
    ...{ name: `transport: ${name}`, refused, ...LIVING, ...rest },
    make: () => ({ hostile: () => ({ ...ALIVE, ...hostile }), twin: () => ({ ...ALIVE, ...twin }) }),
  };
}

/** The right address with another method, for each endpoint that takes JSON. */
const otherMethods: Row[] = ENDPOINTS.flatMap(({ name, make, ...twin }) =>
  ['GET', 'DELETE', 'OPTIONS'].map((method): Row => ({
    ...{ name: `${name}: ${method}`, refused: [405, 'method-not-allowed'], ...twin },
    make: async (of) => {
      const valid = await make(of);
      return {
        hostile: async () => {
          const { body: _none, ...message } = await valid();
          return { ...message, method };
        },
        twin: valid,
      };
    },
  })),
).filter(({ name }) => name !== 'configuration: GET');

export const adminRows: readonly Row[] = [
  config('by the helpdesk', [403, 'forbidden'], (of) => {
    const { headers: _own, ...message } = newRegion(of);
    const { headers } = of.stage.staff(of.stage.cluster.secrets.tokens.helpdesk, 'PUT', '/');
    return { ...message, headers };
  }),
  config('without a token', [401, 'credentials-missing'], (of) =>
    withHeaders(newRegion(of), { Authorization: null }),
  ),
  config('with a site token', [401, 'token-invalid'], (of) =>
    withHeaders(newRegion(of), { Authorization: `Bearer ${of.stage.siteToken('edge')}` }),
  ),
  config('of a kind that there is not', [400, 'invalid-request'], (of) =>
    administrator(of, 'PUT', '/v1/admin/config/constructor/x', { revision: 0, body: {} }),
  ),
  config('of the kind __proto__', [400, 'invalid-request'], (of) =>
    administrator(of, 'PUT', '/v1/admin/config/__proto__/x', { revision: 0, body: { name: 'x' } }),
  ),
  config('under a name with capitals', [400, 'invalid-request'], (of) => ({
    ...newRegion(of),
    path: '/v1/admin/config/region/Norte',
  })),
  config('under a name of 64 characters', [400, 'invalid-request'], (of) => ({
    ...newRegion(of),
    path: `/v1/admin/config/region/${'n'.repeat(64)}`,
  })),
  config('over a revision that somebody else wrote', [409, 'revision-stale'], (of) => ({
    ...newRegion(of),
    path: '/v1/admin/config/region/norte',
  })),
  config('of a revision that nobody wrote', [409, 'revision-stale'], (of) => newRegion(of, { revision: 7 })),
  config('of the revision -1', [400, 'invalid-request'], (of) => newRegion(of, { revision: -1 })),
  config('of the revision 0.5', [400, 'invalid-request'], (of) => newRegion(of, { revision: 0.5 })),
  config('the state of what is no device', [400, 'invalid-request'], (of) =>
    administrator(of, 'PUT', '/v1/admin/config/device-state/pc-01', {
      revision: 0,
      body: { state: 'retired', reason: 'x' },
    }),
  ),
  misconfigured('device-state', { state: 'lost', reason: '' }, 'with the state lost'),
  misconfigured('region', { name: 'x'.repeat(201) }, 'with a name of 201 characters'),
  misconfigured('region', { name: 'Norte\0' }, 'with a NUL in its name'),
  misconfigured('site', { name: 'Lugo' }, 'without a region'),
  misconfigured('staff', { ...STAFF, role: 'root' }, 'with the role root'),
  misconfigured('staff', { ...STAFF, token: 'hfs_plaintext-of-a-token' }, 'with its token in plaintext'),
  misconfigured(
    'staff',
    { ...STAFF, tokenHash: 'A'.repeat(43) },
    'with a token that has no scope and no end',
  ),
  misconfigured('api-token', { ...API_TOKEN, tokenHash: 'short' }, 'with a hash that is none'),
  misconfigured('api-token', { ...API_TOKEN, scope: [] }, 'with no scope'),
  misconfigured('api-token', { ...API_TOKEN, scope: ['everything'] }, 'with a scope that there is not'),
  misconfigured('api-token', { ...API_TOKEN, expiresAt: 4_000_000_000_000 }, 'with no end within two years'),
  misconfigured(
    'vault',
    { scope: 'region', regionId: 'norte', publicKey: 'AAAA', retired: false },
    'with 3 bytes of key',
  ),
  misconfigured(
    'site-token',
    { siteId: 'lugo', tokenHash: 'A'.repeat(43), expiresAt: 1.5, revoked: false },
    'that expires at 1.5',
  ),
  misconfigured('policy', { siteId: null, rules: {}, reportEveryMs: 1 }, 'without rules'),
  misconfigured(
    'exemption',
    { kind: 'user-exempt', until: -1, reason: '', revoked: false },
    'until before 1970',
  ),
  {
    ...{ name: 'configuration: at an edge', refused: [403, 'forbidden'], ...CONFIGURED },
    ...{ at: ['edge', 'escrow-only edge'], twinAt: 'centre' },
    make: (of) => ({ hostile: () => newRegion(of), twin: () => newRegion(of) }),
  },
  ...['d-short', 'd-ABCDEFGHIJKLMNOP', '', '../../etc/passwd'].map((deviceId): Row => ({
    ...{ name: `revocation: of "${deviceId}"`, refused: [400, 'invalid-request'], accepted: 201 },
    wrote: { 'recovery:device-revocation': 1 },
    make: (of) => ({ hostile: () => revocation(of, { deviceId }), twin: () => revocation(of) }),
  })),
  {
    ...{ name: 'revocation: by the helpdesk', refused: [403, 'forbidden'], accepted: 201 },
    wrote: { 'recovery:device-revocation': 1 },
    make: (of) => ({
      hostile: () =>
        withHeaders(revocation(of), { Authorization: `Bearer ${of.stage.cluster.secrets.tokens.helpdesk}` }),
      twin: () => revocation(of),
    }),
  },
  {
    ...{
      name: 'revocation: with half a character in its reason',
      refused: [400, 'invalid-request'],
      accepted: 201,
    },
    wrote: { 'recovery:device-revocation': 1 },
    make: (of) => ({
      hostile: () => withBody(revocation(of), (body) => ({ ...body, reason: 'stolen \ud83d' })),
      twin: () => revocation(of, { reason: 'stolen \u{1f4bb}' }),
    }),
  },
  ...READS.flatMap(({ path, gives }) => forbidden(path, gives)),
  ...['comparison', 'confirmation'].map((what): Row => ({
    ...{ name: `${what}: by the helpdesk`, refused: [403, 'forbidden'], accepted: 200 },
    make: (of) => {
      const at = `/v1/admin/${what}`;
      return {
        hostile: () => of.stage.staff(of.stage.cluster.secrets.tokens.helpdesk, 'POST', at, {}),
        twin: () => administrator(of, 'POST', at, {}),
      };
    },
  })),
  ...otherMethods,

  transport('an address that there is not', [404, 'not-found'], { path: '/v1/keys' }),
  transport('a path out of the tree', [404, 'not-found'], { path: '/v1/../../../../etc/passwd' }),
  transport('a path out of the tree, encoded', [404, 'not-found'], {
    path: '/%2e%2e/%2e%2e/%2e%2e/etc/passwd',
  }),
  transport('a path out of the tree with %2f', [404, 'not-found'], {
    path: '/v1/..%2f..%2f..%2fsecrets.json',
  }),
  transport('a NUL in the path', [404, 'not-found'], { path: '/healthz%00.html' }),
  transport('a path that is no UTF-8', [404, 'not-found'], { path: '/v1/%ff%fe%c0%80' }),
  transport('a header in the path', [404, 'not-found'], { path: '/v1/x%0d%0aSet-Cookie:%20a=1234567890123' }),
  transport('an address of 7,000 characters', [404, 'not-found'], { path: `/v1/${'a/'.repeat(3_500)}` }),
  transport('two slashes for one', [404, 'not-found'], { path: '//healthz' }),
  transport(
    'another host without TLS',
    [421, 'insecure-transport'],
    { headers: { Host: 'edge.example.org' } },
    {
      headers: { Host: 'edge.example.org', 'X-Forwarded-Proto': 'https' },
    },
  ),
  transport(
    'a host that only begins like loopback',
    [421, 'insecure-transport'],
    {
      headers: { Host: '127.0.0.1.rebound.example.org' },
    },
    { headers: { Host: '127.0.0.2' } },
  ),
  transport(
    'a host that only ends like loopback',
    [421, 'insecure-transport'],
    {
      headers: { Host: 'x.localhost' },
    },
    { headers: { Host: 'localhost' } },
  ),
  transport('another host with http in front', [421, 'insecure-transport'], {
    headers: { Host: 'edge.example.org', 'X-Forwarded-Proto': 'http' },
  }),
  transport('writing to what is for reading', [405, 'method-not-allowed'], {
    ...{ method: 'POST', body: '{}', headers: { 'Content-Type': 'application/json' } },
  }),
];
