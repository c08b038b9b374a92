import { expect, it } from 'vitest';
import type { Draft } from '../../shared/journal/drafts.ts';
import type { AccountEvent } from '../../shared/journal/staff-bodies.ts';
import type { SignInAnswer } from '../../shared/reports/messages.ts';
import type { Host } from '../support/node.ts';
import { csvOf } from './csv-reader.ts';
import { openFleet } from './fleet.ts';
import { HOUR, NOW, copyInto, json, staffDrafts, tokenOf } from './installation.ts';

const PATH = '/v1/reports/sign-ins';
const SITE = 'site-1';
const HASH = 'A'.repeat(43);

function event(facts: Partial<AccountEvent>): Draft {
  return {
    kind: 'account-event',
    body: {
      ...{ action: 'sign-in', at: NOW - HOUR, status: 'Successful', failure: null, staffId: 'auditor' },
      ...{ method: 'passkey', step: null, codeHash: null, byStaffId: null },
      ...{ nodeId: 'abcdefghij', nodeName: 'edge-madrid', address: '192.0.2.7', offlineSince: null },
      ...facts,
    },
  };
}

/** At an edge, the oldest first. */
const THERE = [
  event({ at: NOW - 30 * HOUR, method: 'password+totp', step: 59_000_000, offlineSince: NOW - 31 * HOUR }),
  event({ at: NOW - 5 * HOUR, status: 'Failed', failure: 'unknown-account', staffId: null, address: '=1+1' }),
  event({ at: NOW - 4 * HOUR, method: 'password+recovery-code', codeHash: HASH, address: null }),
];
/** At the centre. */
const HERE = [
  event({
    at: NOW - 3 * HOUR,
    action: 'reset',
    method: null,
    byStaffId: 'administrator',
    nodeName: 'centre',
  }),
  event({
    ...{ at: NOW - 2 * HOUR, action: 'throttled', method: null, status: 'Failed', offlineSince: 0 },
    ...{ failure: 'too-many-attempts', staffId: 'only-madrid', nodeName: 'centre' },
  }),
];

async function openWatched(host: Host) {
  const { centre, other } = await openFleet(host);
  await other.node.ledger.append('recovery', THERE);
  await centre.node.ledger.append('recovery', [
    ...HERE,
    ...staffDrafts(host.platform, 'watcher', 'auditor', [SITE]),
  ]);
  await copyInto(other.node, centre.node);
  const token = tokenOf('auditor');
  return {
    centre,
    get: (query: string, as = token) => centre.get(`${PATH}?${query}`, { token: as }),
    /** how many hours ago what was found happened */
    hours: async (query: string, as = token) =>
      (await json<SignInAnswer>(await centre.get(`${PATH}?${query}`, { token: as }))).rows.map(
        ({ at }) => (NOW - at) / HOUR,
      ),
  };
}

const FILTERED: readonly [query: string, hours: number[]][] = [
  ['', [2, 3, 4, 5, 30]],
  ['from=2026-03-02', [2, 3, 4, 5]],
  ['to=2026-03-01', [30]],
  ['from=2026-03-02T05:00:00Z&to=2026-03-02T06:00:00Z', [4]],
  ['person=AUDITOR', [3, 4, 30]],
  ['person=only-*', [2]],
  ['person=staff%20audi*', [3, 4, 30]],
  ['person=staff', []],
  ['action=sign-in', [4, 5, 30]],
  ['action=throttled', [2]],
  ['status=Failed', [2, 5]],
  ['failure=unknown-account', [5]],
  ['method=passkey', [5]],
  ['method=password%2Brecovery-code', [4]],
  ['node=centre', [2, 3]],
  ['address=192.0.*', [2, 3, 30]],
  ['site=site-1', [4, 5, 30]],
  ['site=site-1&method=passkey', [5]],
  ['site=madrid', []],
];

export function signInsContract(host: Host): void {
  it('shows who, how, from where, at which node and what came of it, by each of its filters, in CSV as well', async () => {
    const { get, hours } = await openWatched(host);
    for (const [query, wanted] of FILTERED) {
      expect([query, ...(await hours(query))]).toEqual([query, ...wanted]);
      expect([query, (await csvOf(await get(`${query}&format=csv&limit=1`))).length]).toEqual([
        query,
        wanted.length,
      ]);
    }
    const { rows, ...head } = await json<SignInAnswer>(await get(''));
    expect(head).toMatchObject({ nextCursor: null, node: { role: 'centre' }, freshness: expect.any(Array) });
    // Which code it was is nobody's to read.
    expect(JSON.stringify(rows)).not.toMatch(/AAAAA|59000000/);
    expect(rows[4]).toEqual({
      ...{ origin: expect.any(String), seq: 1 + 1, at: NOW - 30 * HOUR },
      action: { code: 'sign-in', words: 'Sign-in' },
      status: { code: 'Successful', words: 'Successful' },
      ...{ failure: null, method: { code: 'password+totp', words: 'Password and one-time code' } },
      ...{ staffId: 'auditor', staffName: 'Staff auditor', byId: null, byName: null },
      ...{ siteId: SITE, siteName: SITE, nodeId: 'abcdefghij', nodeName: 'edge-madrid' },
      ...{ address: '192.0.2.7', offlineSince: NOW - 31 * HOUR },
    });
    expect(rows[1]).toMatchObject({ byId: 'administrator', byName: 'Staff administrator', siteId: null });
    expect(rows[3]).toMatchObject({
      staffId: null,
      staffName: null,
      failure: { words: 'Nobody by that name' },
    });

    const [, , , last = {}] = await csvOf(await get('format=csv&lang=es&timeZone=Europe/Madrid'), 'es');
    expect(last).toMatchObject({
      ...{ 'Fecha y hora': '2026-03-02T05:00:00.000+01:00', Qué: 'Inicio de sesión', Estado: 'Fallida' },
      ...{ 'Motivo del fallo': 'Nadie con ese nombre', Con: 'Llave de acceso', Dirección: "'=1+1" },
    });
    const [first = {}] = await csvOf(await get('format=csv'));
    expect(first['Centre unreachable since']).toBe('never');
  });

  it('is paged, and for auditors and administrators of the sites where it happened', async () => {
    const { centre, get, hours } = await openWatched(host);
    const seen: number[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page: SignInAnswer = await json<SignInAnswer>(
        await get(`limit=2${cursor && `&cursor=${cursor}`}`),
      );
      seen.push(...page.rows.map(({ at }) => (NOW - at) / HOUR));
      cursor = page.nextCursor;
    }
    expect(seen).toEqual([2, 3, 4, 5, 30]);
    // What happened at a centre belongs to no site.
    expect(await hours('', tokenOf('watcher'))).toEqual([4, 5, 30]);
    expect(await hours('', tokenOf('only-madrid'))).toEqual([]);
    const status = async (query: string, who: string) => (await get(query, tokenOf(who))).status;
    expect(await status('site=madrid', 'watcher')).toBe(403);
    for (const who of ['reports', 'helpdesk', 'advanced']) expect(await status('', who)).toBe(403);
    for (const wrong of ['cursor=AAAA', 'limit=0', 'action=nothing', 'password=x', 'from=2026-02-30'])
      expect([wrong, await status(wrong, 'administrator')]).toEqual([wrong, 400]);
    expect((await centre.get(PATH, { token: null })).status).toBe(401);
  });
}
