/**
 * Who may do what: every route a node serves, every role, with the centre and without it. The expectations are written
 * by hand from what each role is for; a route that has no row fails, and so does a row that has no route.
 */
import { describe, expect, it } from 'vitest';
import { releaseRoutes } from '../../central/release/routes.ts';
import { nodePlatform } from '../../central/platform.ts';
import { snapshotRoutes } from '../../central/snapshot/routes.ts';
import { tlsRoutes } from '../../central/tls/routes.ts';
import { STAFF_ROLES, type StaffRole } from '../../shared/domain/vocabulary.ts';
import { createApp } from '../../shared/http/app.ts';
import { Problem } from '../../shared/http/problem.ts';
import { staffTokenHash } from '../../shared/staff/token.ts';
import { CENTRE, edgeIn, eventually, type NetworkNode, startNetworkNode } from '../support/network.ts';
import { makeOrganisation } from '../support/organisation.ts';
import { asBearer, configure } from '../support/people.ts';
import { apiToken } from '../support/tokens.ts';

/**
 * A list: those whom the route answers, by role; all others are refused. `anybody`: needs no sign-in. `session`: of
 * whoever is signed in, whatever the role, and of no token. `device`, `node`, `box`: not for people at all.
 */
type Whom = 'anybody' | 'session' | 'device' | 'node' | 'box' | 'form' | readonly StaffRole[];

interface Row {
  readonly whom: Whom;
  /** a body that its schema accepts, where there is one */
  readonly body?: object;
  /** with its parameters */
  readonly path?: string;
  /** refused to everybody at any other node */
  readonly onlyAt?: 'centre' | 'edge';
  /** about one thing by its random ID, of which there is none here: then nobody learns more than that */
  readonly isNamed?: true;
}

const EVERYBODY: readonly StaffRole[] = STAFF_ROLES;
const HELPDESK: readonly StaffRole[] = ['helpdesk', 'advanced-helpdesk'];
const APPROVERS: readonly StaffRole[] = ['helpdesk', 'advanced-helpdesk', 'break-glass-officer'];
const OFFICERS: readonly StaffRole[] = ['break-glass-officer'];
const AUDIT: readonly StaffRole[] = ['reports', 'auditor', 'administrator'];
const WATCHERS: readonly StaffRole[] = ['auditor', 'administrator'];
const ADMIN: readonly StaffRole[] = ['administrator'];
const KEY_ID = '00000000-0000-4000-8000-000000000001';
const KEY = { keyId: KEY_ID, recoveryPassword: 'none', siteId: 'a', computerName: 'PC-1', domain: 'corp' };
const LINK = `hfl_${'A'.repeat(43)}`;
const NODE_ID = 'aaaaaaaaaa';
const NEW_PASSKEY = {
  ...{ id: 'A', rawId: 'A', type: 'public-key', clientExtensionResults: {} },
  response: { clientDataJSON: 'A', attestationObject: 'A' },
};
const REQUEST = `/v1/recovery/requests/r-${'a'.repeat(16)}`;
const OPENING = `/v1/break-glass/b-${'a'.repeat(16)}`;
const ASIDE = { origin: `${NODE_ID}.${'a'.repeat(13)}`, seq: 1, hash: 'A'.repeat(43) };

const anybody = (body?: object): Row => ({ whom: 'anybody', ...(body ? { body } : {}) });
const admin = (path?: string, body?: object): Row => ({
  ...{ whom: ADMIN, ...(path === undefined ? {} : { path }) },
  ...(body ? { body } : {}),
});
const page = (whom: readonly StaffRole[], path?: string): Row => ({
  whom,
  ...(path === undefined ? {} : { path }),
});
const form: Row = { whom: 'form' };

const ROWS: Readonly<Record<string, Row>> = {
  'GET /healthz': anybody(),
  'GET /readyz': anybody(),
  'GET /metrics': anybody(),
  'GET /openapi.json': anybody(),
  'POST /v1/devices': { whom: 'device' },
  'PUT /v1/recovery/keys/:keyId': { whom: 'device' },
  'POST /v1/compliance/status': { whom: 'device' },
  'POST /v1/sync/challenge': { whom: 'node' },
  'POST /v1/sync/session': { whom: 'node' },
  'POST /v1/sync/pull': { whom: 'node' },
  'POST /v1/sync/push': { whom: 'node' },
  'POST /v1/sync/hashes': { whom: 'node' },
  'POST /v1/sync/digests': { whom: 'node' },
  'POST /v1/sync/release': { whom: 'node' },
  'POST /v1/sync/certificate': { whom: 'node' },
  // What the box itself asks, over loopback.
  'GET /v1/box/release': { whom: 'box' },
  'GET /v1/box/release/file': { whom: 'box' },
  'POST /v1/box/outcome': { whom: 'box' },
  'POST /v1/box/certificate': { whom: 'box' },
  'POST /v1/box/certificate/end': { whom: 'box' },
  // A new box, by its one-time token.
  'POST /v1/edges/requests': { whom: 'box' },
  // Coming and going.
  'POST /v1/session': anybody({ staffId: 'nobody', password: 'none', code: '123456' }),
  'GET /v1/session': { whom: 'session' },
  'DELETE /v1/session': { whom: 'session' },
  'PUT /v1/session/password': { whom: 'session', body: { password: 'a long password', code: '123456' } },
  'GET /v1/session/passkeys': { whom: 'session' },
  'POST /v1/session/passkeys/options': { whom: 'session' },
  'POST /v1/session/passkeys': { whom: 'session', body: { name: 'Phone', passkey: NEW_PASSKEY } },
  'PUT /v1/session/passkeys/:passkeyId': {
    ...{ whom: 'session', path: `/v1/session/passkeys/c-${'a'.repeat(16)}` },
    body: { name: 'Phone' },
  },
  'DELETE /v1/session/passkeys/:passkeyId': {
    whom: 'session',
    path: `/v1/session/passkeys/c-${'a'.repeat(16)}`,
  },
  'POST /v1/session/recovery-codes': { whom: 'session' },
  'GET /v1/sessions': { whom: 'session' },
  'DELETE /v1/sessions': { whom: 'session' },
  'POST /v1/session/passkey/options': anybody({}),
  'POST /v1/session/passkey': anybody({
    ...{ id: 'A', rawId: 'A', type: 'public-key', clientExtensionResults: {} },
    response: { clientDataJSON: 'A', authenticatorData: 'A', signature: 'A' },
  }),
  'POST /v1/enrolment/options': anybody({ link: LINK }),
  'POST /v1/enrolment': anybody({ link: LINK }),
  // Keys: nobody who only reads or administers is given one.
  'POST /v1/recovery/search': { whom: HELPDESK, body: { keyId: 'abcdef01' } },
  'POST /v1/recovery/disclosures': {
    whom: HELPDESK,
    body: { keyId: KEY_ID, reason: 'lost-pin', verification: 'manager' },
  },
  // Whoever asks sees their own and what they may answer: for most, nothing.
  'GET /v1/recovery/requests': { whom: EVERYBODY },
  'POST /v1/recovery/requests/:requestId/approval': {
    whom: APPROVERS,
    path: `${REQUEST}/approval`,
    body: {},
    isNamed: true,
  },
  'POST /v1/recovery/requests/:requestId/denial': {
    whom: APPROVERS,
    path: `${REQUEST}/denial`,
    body: {},
    isNamed: true,
  },
  'POST /v1/recovery/requests/:requestId/disclosure': {
    whom: APPROVERS,
    path: `${REQUEST}/disclosure`,
    body: {},
    isNamed: true,
  },
  'GET /v1/break-glass': { whom: EVERYBODY },
  'POST /v1/break-glass': { whom: OFFICERS, body: { siteId: 'a', reason: 'a test' }, onlyAt: 'edge' },
  'POST /v1/break-glass/:openingId/confirmation': {
    ...{ whom: OFFICERS, path: `${OPENING}/confirmation` },
    ...{ body: {}, isNamed: true as const, onlyAt: 'edge' as const },
  },
  'POST /v1/break-glass/:openingId/end': {
    ...{ whom: OFFICERS, path: `${OPENING}/end` },
    ...{ body: {}, isNamed: true as const, onlyAt: 'edge' as const },
  },
  // A user asks for an exemption, through who hears them; an administrator answers.
  'POST /v1/exemptions/requests': {
    whom: HELPDESK,
    body: { deviceId: `d-${'a'.repeat(16)}`, endUser: 'ana', reason: 'a test', until: null },
  },
  'GET /v1/exemptions/requests': { whom: EVERYBODY },
  'POST /v1/exemptions/requests/:requestId/approval': {
    ...admin(`/v1/exemptions/requests/x-${'a'.repeat(16)}/approval`, { until: null }),
    onlyAt: 'centre',
  },
  'POST /v1/exemptions/requests/:requestId/refusal': {
    ...admin(`/v1/exemptions/requests/x-${'a'.repeat(16)}/refusal`, {}),
    onlyAt: 'centre',
  },
  // Reports.
  'GET /v1/reports/enterprise-compliance': { whom: EVERYBODY },
  'GET /v1/reports/compliance-trend': { whom: EVERYBODY },
  'GET /v1/reports/computer-compliance': { whom: EVERYBODY },
  'GET /v1/reports/keys-at-risk': { whom: EVERYBODY },
  'GET /v1/reports/recovery-audit': { whom: AUDIT },
  'GET /v1/reports/sign-ins': { whom: WATCHERS },
  // Administration.
  'GET /v1/admin/config/:kind': admin('/v1/admin/config/staff'),
  'PUT /v1/admin/config/:kind/:id': {
    ...admin('/v1/admin/config/region/north', { revision: 7, body: { name: 'North' } }),
    onlyAt: 'centre',
  },
  'POST /v1/admin/device-revocations': admin(undefined, {
    deviceId: `d-${'a'.repeat(16)}`,
    reason: 'a test',
  }),
  'GET /v1/admin/digests': admin(),
  'POST /v1/admin/comparison': admin(undefined, {}),
  'POST /v1/admin/confirmation': admin(undefined, {}),
  'GET /v1/admin/outbox': admin(),
  'GET /v1/admin/accounts': admin(),
  'POST /v1/admin/accounts/:staffId/links': { ...admin(undefined, {}), onlyAt: 'centre' },
  'POST /v1/admin/accounts/:staffId/reset': { ...admin(undefined, {}), onlyAt: 'centre' },
  'POST /v1/admin/accounts/:staffId/password-change': { ...admin(undefined, {}), onlyAt: 'centre' },
  'POST /v1/admin/imports': admin(undefined, { source: 'csv', dryRun: true, keys: [KEY] }),
  'POST /v1/admin/exports': admin(undefined, { recipients: ['age1a'], purpose: 'leaving', reason: 'a test' }),
  'GET /v1/admin/exports/:exportId': admin(`/v1/admin/exports/e-${'a'.repeat(16)}`),
  'POST /v1/admin/exports/:exportId/confirmation': admin(
    `/v1/admin/exports/e-${'a'.repeat(16)}/confirmation`,
  ),
  'POST /v1/admin/exports/:exportId/file': admin(`/v1/admin/exports/e-${'a'.repeat(16)}/file`),
  'GET /v1/admin/vaults': admin(),
  'GET /v1/admin/edges': admin(),
  'POST /v1/admin/edges/:nodeId/revocation': {
    ...admin(`/v1/admin/edges/${NODE_ID}/revocation`, {
      reason: 'a test',
      stolen: false,
      until: null,
    }),
    onlyAt: 'centre',
  },
  'POST /v1/admin/edges/:nodeId/exposure': {
    ...admin(`/v1/admin/edges/${NODE_ID}/exposure`, {}),
    onlyAt: 'centre',
  },
  'GET /v1/admin/edges/:nodeId/exposure': {
    ...admin(`/v1/admin/edges/${NODE_ID}/exposure`),
    onlyAt: 'centre',
  },
  'POST /v1/admin/edges/:nodeId/staff-reset': {
    ...admin(`/v1/admin/edges/${NODE_ID}/staff-reset`, {}),
    onlyAt: 'centre',
  },
  'GET /v1/admin/edges/:nodeId/quarantine': admin(`/v1/admin/edges/${NODE_ID}/quarantine`),
  'POST /v1/admin/edges/releases': { ...admin(undefined, ASIDE), onlyAt: 'centre' },
  'POST /v1/admin/edges/refusals': { ...admin(undefined, ASIDE), onlyAt: 'centre' },
  'GET /v1/admin/writers': admin(),
  'GET /v1/admin/snapshots': admin(),
  'POST /v1/admin/snapshots': admin(undefined, {}),
  // Pages: the same roles, and forms that only a page of this node can have made.
  'GET /': page(EVERYBODY),
  'GET /sign-in': anybody(),
  'GET /enrol': anybody(),
  'GET /reference': anybody(),
  'GET /reference/:group': anybody(),
  'GET /assets/:file': anybody(),
  'GET /account': { whom: 'session' },
  // The page is for everybody: whoever may not search is refused, and recorded, when they do.
  'GET /recover': page(EVERYBODY),
  'GET /requests': page(APPROVERS),
  'GET /break-glass': page(OFFICERS),
  'GET /computers': page(EVERYBODY),
  'GET /computers/:deviceId': page(EVERYBODY),
  'GET /computers/:deviceId/exemption': page(HELPDESK),
  'GET /reports/compliance': page(EVERYBODY),
  'GET /reports/audit': page(AUDIT),
  'GET /reports/sign-ins': page(WATCHERS),
  'GET /reports/keys-at-risk': page(EVERYBODY),
  'GET /nodes': page(EVERYBODY),
  'GET /nodes/events': page(EVERYBODY),
  'GET /admin': page(ADMIN),
  'GET /admin/edges': page(ADMIN),
  'GET /admin/edges/:nodeId': page(ADMIN, `/admin/edges/${NODE_ID}`),
  'GET /admin/edges/:nodeId/aside': page(ADMIN, `/admin/edges/${NODE_ID}/aside`),
  'GET /admin/exemption-requests': page(ADMIN),
  'GET /admin/:kind': page(ADMIN, '/admin/staff'),
  'GET /admin/:kind/:id': page(ADMIN, '/admin/staff/ana'),
  'POST /language': form,
  'POST /sign-in': form,
  'POST /sign-in/resume': form,
  'POST /sign-out': form,
  'POST /enrol': form,
  'POST /enrol/finish': form,
  'POST /account/password': form,
  'POST /account/passkey': form,
  'POST /account/passkey/removal': form,
  'POST /account/recovery-codes': form,
  'POST /account/sessions': form,
  'POST /recover': form,
  'POST /recover/password': form,
  'POST /requests/approval': form,
  'POST /requests/denial': form,
  'POST /requests/password': form,
  'POST /break-glass': form,
  'POST /break-glass/confirmation': form,
  'POST /break-glass/end': form,
  'POST /admin/:kind': form,
  'POST /admin/site-token/new': form,
  'POST /admin/staff/link': form,
  'POST /admin/staff/reset': form,
  'POST /computers/:deviceId/exemption': form,
  'POST /admin/exemption-requests/approval': form,
  'POST /admin/exemption-requests/refusal': form,
  'POST /admin/edges/tokens': form,
  'POST /admin/edges/tokens/revocation': form,
  'POST /admin/edges/:nodeId/aside': form,
  'POST /admin/edges/revocation': form,
  'POST /admin/edges/exposure': form,
  'POST /admin/edges/staff-reset': form,
};

/** A service whose every method refuses: it is asked only for who may ask. */
const busy: unknown = new Proxy(() => undefined, {
  get: () => busy,
  apply: () => {
    throw new Problem('overloaded');
  },
});

const BOOTSTRAP = 'administrator-token-of-the-test';
const tokenOf = (role: StaffRole): string => `token-of-somebody-${role}`;

interface Place {
  readonly name: string;
  readonly at: NetworkNode;
  readonly routes: readonly string[];
  readonly ask: (path: string, init: RequestInit) => Promise<Response>;
}

describe('permissions', { timeout: 30_000 }, () => {
  it('are those of each role on every route, with the centre and without it', async () => {
    const organisation = await makeOrganisation();
    const centre = await startNetworkNode(organisation, CENTRE, [], staffTokenHash(nodePlatform, BOOTSTRAP));
    let isCut = false;
    const fetch: NetworkNode['fetch'] = (path, init) =>
      isCut ? Promise.reject(new Error('cut')) : centre.fetch(path, init);
    const edge = await startNetworkNode(organisation, edgeIn('north', 'a', 'region'), [
      { name: 'centre', fetch },
    ]);
    for (const { node } of [centre, edge]) node.start();
    // The first administrator ends what the installation's token may do.
    for (const role of [...STAFF_ROLES.filter((one) => one !== 'administrator'), 'administrator'] as const)
      for (const [kind, body] of [
        ['api-token', apiToken(role, tokenOf(role))],
        ['staff', { name: role, role, sites: null, revoked: false }],
      ] as const)
        await configure(centre.fetch, BOOTSTRAP, kind, role, body);
    await configure(centre.fetch, tokenOf('administrator'), 'region', 'north', { name: 'North' });
    await configure(centre.fetch, tokenOf('administrator'), 'site', 'a', { name: 'A', regionId: 'north' });
    await eventually(() => edge.node.configuration.get('site', 'a') !== undefined);
    await eventually(() => edge.node.configuration.all('staff').length === STAFF_ROLES.length);
    const centreOnly = [snapshotRoutes(busy as never), releaseRoutes('/nowhere'), tlsRoutes(null)];
    const places = [placeOf('the centre', centre, centreOnly), placeOf('an edge', edge, [])];
    const known = new Set(places.flatMap(({ routes }) => routes));
    expect([...known].filter((route) => !Object.hasOwn(ROWS, route))).toEqual([]);
    expect(Object.keys(ROWS).filter((route) => !known.has(route))).toEqual([]);
    const wrong: string[] = [];
    for (const place of places) wrong.push(...(await faultsAt(place)));
    isCut = true;
    const [, edgePlace] = places;
    if (edgePlace) wrong.push(...(await faultsAt({ ...edgePlace, name: 'an edge without its centre' })));
    expect(wrong).toEqual([]);
  });
});

function placeOf(name: string, at: NetworkNode, more: Parameters<typeof createApp>[1]): Place {
  const app = createApp(at.node, more);
  const routes = app.routes.filter(({ method, path }) => method !== 'ALL' && path !== '/*');
  return {
    ...{ name, at },
    routes: [...new Set(routes.map(({ method, path }) => `${method} ${path}`))],
    ask: async (path, init) => app.fetch(new Request(`http://localhost${path}`, init)),
  };
}

/** What is not as the rows say, one line each. */
async function faultsAt({ name, at, routes, ask }: Place): Promise<string[]> {
  const wrong: string[] = [];
  const { role: nodeRole } = at.node.identity.certificate;
  for (const route of routes) {
    const row = ROWS[route];
    if (!row) continue;
    for (const actor of [null, ...STAFF_ROLES]) {
      const [method = '', declared = ''] = route.split(' ');
      const path = row.path ?? declared.replace(/:\w+/g, 'nobody');
      const answer = await ask(path, {
        method,
        headers: {
          ...(actor === null ? {} : asBearer(tokenOf(actor))),
          ...(method === 'GET' ? {} : { 'Content-Type': 'application/json' }),
        },
        ...(method === 'GET' ? {} : { body: JSON.stringify(row.body ?? {}) }),
      });
      const found = await verdictOf(answer);
      const wanted = wantedOf(row, actor, nodeRole);
      if (!wanted.includes(found))
        wrong.push(`${name}: ${route} by ${actor ?? 'nobody'}: ${found} instead of ${wanted.join(' or ')}`);
    }
  }
  return wrong;
}

type Verdict = 'answered' | 'none' | 'misfit' | 'unknown' | 'role' | 'elsewhere' | 'form' | 'failed';

async function verdictOf(answer: Response): Promise<Verdict> {
  // A stream that tells what happens is answered at once and never ends.
  const isStream = answer.headers.get('Content-Type')?.startsWith('text/event-stream') === true;
  if (isStream) await answer.body?.cancel();
  const text = isStream ? '' : await answer.text();
  if (answer.status >= 500 && answer.status !== 503) return 'failed';
  if (answer.status === 401) return text.includes('sign-in-failed') ? 'answered' : 'unknown';
  if (answer.status === 400) return 'misfit';
  if (answer.status === 404 && /problem:(request|break-glass)-unknown/.test(text)) return 'none';
  if (answer.status === 415) return 'form';
  if (answer.status === 403 && text.includes('form-expired')) return 'form';
  if (answer.status === 403 && text.includes('problem:forbidden'))
    return text.includes('"why"') ? 'elsewhere' : 'role';
  return 'answered';
}

function wantedOf({ whom, onlyAt, isNamed }: Row, actor: StaffRole | null, nodeRole: string): Verdict[] {
  if (whom === 'anybody') return ['answered'];
  if (whom === 'form') return ['form'];
  // A token is no session.
  if (whom === 'session') return actor === null ? ['unknown'] : ['unknown', 'role'];
  // What is malformed is refused before anybody is asked who they are.
  if (whom === 'device' || whom === 'node' || whom === 'box')
    return ['unknown', 'answered', 'form', 'misfit'];
  if (actor === null) return ['unknown'];
  if (isNamed) return ['none'];
  if (!whom.includes(actor)) return ['role'];
  return onlyAt === undefined || onlyAt === nodeRole ? ['answered'] : ['elsewhere'];
}
