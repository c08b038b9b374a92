import { expect, it } from 'vitest';
import { Problem } from '../../shared/http/problem.ts';
import { reportPartsOf } from '../../shared/reports/context.ts';
import type { EnterpriseAnswer, StateGroup, TrendAnswer } from '../../shared/reports/messages.ts';
import { TimeZone } from '../../shared/reports/time.ts';
import { complianceTrend, recordTrend } from '../../shared/reports/trend.ts';
import type { StaffMember } from '../../shared/staff/member.ts';
import type { Host } from '../support/node.ts';
import { csvOf } from './csv-reader.ts';
import { openFleet } from './fleet.ts';
import { HOUR, NOW, json, tokenOf } from './installation.ts';

const PATH = '/v1/reports/enterprise-compliance';
const TREND = '/v1/reports/compliance-trend';

/** Computers by state, in the order of the states. */
const counts = ({ managed, states }: StateGroup) => [managed, ...states.map(({ computers }) => computers)];
const percents = ({ states }: StateGroup) => states.map(({ percent }) => percent);

export function enterpriseContract(host: Host): void {
  it('is kept over time, the last count of each day', async () => {
    const { centre } = await openFleet(host);
    const parts = reportPartsOf(centre.node);
    const staff = { sites: null } as StaffMember;
    const reading = { parts, staff, language: 'en' as const, zone: new TimeZone(null) };
    const at = (days: number): typeof parts => ({
      ...parts,
      platform: { ...parts.platform, now: () => NOW + days * 24 * HOUR },
    });
    await recordTrend(at(-800));
    await recordTrend(at(-1));
    await recordTrend(parts);
    await recordTrend(parts);
    const shown = async (of: typeof reading, query: { site?: string }) =>
      (await complianceTrend(of, query, 1_000)).map(({ at: day, computers }) => [
        new Date(day).toISOString().slice(0, 10),
        computers.get('compliant'),
        computers.get('unknown'),
      ]);
    // What is older than the oldest day that is kept is gone.
    expect(await shown(reading, {})).toEqual([
      ['2026-03-01', 6, 1],
      ['2026-03-02', 6, 1],
    ]);
    expect(await shown(reading, { site: 'madrid' })).toEqual([
      ['2026-03-01', 3, undefined],
      ['2026-03-02', 3, undefined],
    ]);
    const elsewhere = { ...reading, staff: { sites: ['toledo'] } as unknown as StaffMember };
    await expect(complianceTrend(elsewhere, { site: 'madrid' }, 10)).rejects.toThrow(Problem);
    // The same for programs.
    const trend = await json<TrendAnswer>(await centre.get(`${TREND}?days=1`));
    expect(trend.days.map(({ day, ...group }) => [day, ...counts(group)])).toEqual([
      ['2026-03-01', 13, 6, 3, 1, 1, 1, 1],
      ['2026-03-02', 13, 6, 3, 1, 1, 1, 1],
    ]);
    expect(trend.freshness.length).toBeGreaterThan(0);
    expect((await json<TrendAnswer>(await centre.get(`${TREND}?site=toledo&days=1`))).days[1]?.managed).toBe(
      4,
    );
    expect((await centre.get(`${TREND}?days=0`)).status).toBe(400);
    const csv = await csvOf(await centre.get(`${TREND}?format=csv&lang=es`), 'es');
    expect(csv.map((row) => Object.entries(row).slice(0, 3))).toEqual(
      ['2026-03-01', '2026-03-02'].map((day) => [
        ['Día', day],
        ['Equipos administrados', '13'],
        ['Conforme', '6'],
      ]),
    );
    expect(csv[0]?.['Conforme %']).toBe('46,1');
  });

  it('counts what is managed, once each, by the latest report of all nodes', async () => {
    const { centre } = await openFleet(host);
    const answer = await json<EnterpriseAnswer>(await centre.get(PATH));
    expect(answer.states.map(({ state }) => state.words)).toEqual([
      ...['Compliant', 'Non-compliant', 'User exempt', 'Temporary user exempt', 'Policy not enforced'],
      'Unknown',
    ]);
    expect(counts(answer)).toEqual([13, 6, 3, 1, 1, 1, 1]);
    expect(percents(answer)).toEqual([46.1, 23.1, 7.7, 7.7, 7.7, 7.7]);
    expect(answer.notManaged).toEqual({ revoked: 1, retired: 0, replaced: 1 });
    expect(answer.bySite.map((group) => [group.siteId, group.siteName, ...counts(group)])).toEqual([
      ['lugo', 'Lugo', 4, 2, 1, 0, 0, 0, 1],
      ['madrid', 'Madrid', 5, 3, 2, 0, 0, 0, 0],
      ['soria', 'Soria', 0, 0, 0, 0, 0, 0, 0],
      ['toledo', 'Toledo', 4, 1, 0, 1, 1, 1, 0],
    ]);
    expect(answer.bySite.map(percents)).toEqual([
      [50, 25, 0, 0, 0, 25],
      [60, 40, 0, 0, 0, 0],
      [null, null, null, null, null, null],
      [25, 0, 25, 25, 25, 0],
    ]);
    expect(answer.byReason).toEqual([
      {
        reason: { code: 0, words: 'Cipher strength not AES 256' },
        computers: 1,
        percentOfNonCompliant: 33.3,
      },
      {
        reason: { code: 1, words: 'Policy requires this volume to be encrypted' },
        ...{ computers: 2, percentOfNonCompliant: 66.7 },
      },
      { reason: { code: 12, words: 'No system volume' }, computers: 1, percentOfNonCompliant: 33.3 },
      { reason: { code: 13, words: 'Protection is suspended' }, computers: 1, percentOfNonCompliant: 33.3 },
    ]);
    expect(answer.byOsVersion.map((group) => [group.osVersion, ...counts(group)])).toEqual([
      ['10.0.22631', 12, 5, 3, 1, 1, 1, 1],
      ['10.0.26100', 1, 1, 0, 0, 0, 0, 0],
    ]);
  });

  const FILTERED: readonly [query: string, counts: number[], revoked: number, replaced: number][] = [
    ['site=madrid', [5, 3, 2, 0, 0, 0, 0], 0, 1],
    ['site=lugo', [4, 2, 1, 0, 0, 0, 1], 1, 0],
    ['site=nowhere', [0, 0, 0, 0, 0, 0, 0], 0, 0],
    ['domain=LAB.example.org', [1, 0, 0, 0, 0, 1, 0], 0, 0],
    ['domain=corp*', [12, 6, 3, 1, 1, 0, 1], 1, 1],
    ['domain=corp', [0, 0, 0, 0, 0, 0, 0], 0, 0],
    ['site=toledo&domain=lab*', [1, 0, 0, 0, 0, 1, 0], 0, 0],
  ];

  it('is filtered by site and domain', async () => {
    const { centre } = await openFleet(host);
    for (const [query, managed, revoked, replaced] of FILTERED) {
      const answer = await json<EnterpriseAnswer>(await centre.get(`${PATH}?${query}`));
      expect([query, counts(answer), answer.notManaged]).toEqual([
        query,
        managed,
        { revoked, retired: 0, replaced },
      ]);
    }
  });

  it('shows staff of some sites only those', async () => {
    const { centre } = await openFleet(host);
    const answer = await json<EnterpriseAnswer>(await centre.get(PATH, { token: tokenOf('only-madrid') }));
    expect(counts(answer)).toEqual([5, 3, 2, 0, 0, 0, 0]);
    expect(answer.bySite.map(({ siteId }) => siteId)).toEqual(['madrid']);
    const none = await json<EnterpriseAnswer>(await centre.get(PATH, { token: tokenOf('nowhere') }));
    expect(counts(none)).toEqual([0, 0, 0, 0, 0, 0, 0]);
    expect(none.bySite).toEqual([]);
    const refused = await centre.get(`${PATH}?site=lugo`, { token: tokenOf('only-madrid') });
    expect([refused.status, await refused.json()]).toMatchObject([
      403,
      { type: 'urn:holdfast:problem:site-not-assigned' },
    ]);
  });

  it('is a table in CSV, in English and Spanish', async () => {
    const { centre } = await openFleet(host);
    const english = await centre.get(`${PATH}?format=csv`);
    expect(english.headers.get('Content-Type')).toBe('text/csv; charset=utf-8; header=present');
    expect(english.headers.get('Content-Disposition')).toBe(
      'attachment; filename="enterprise-compliance-2026-03-02.csv"',
    );
    const rows = await csvOf(english);
    expect(rows.map((row) => [row['Breakdown'], row['Code'], row['Name'], row['Managed computers']])).toEqual(
      [
        ['All computers', '', '', '13'],
        ['Site', 'lugo', 'Lugo', '4'],
        ['Site', 'madrid', 'Madrid', '5'],
        ['Site', 'soria', 'Soria', '0'],
        ['Site', 'toledo', 'Toledo', '4'],
        ['Reason for non-compliance', '0', 'Cipher strength not AES 256', '1'],
        ['Reason for non-compliance', '1', 'Policy requires this volume to be encrypted', '2'],
        ['Reason for non-compliance', '12', 'No system volume', '1'],
        ['Reason for non-compliance', '13', 'Protection is suspended', '1'],
        ['Windows version', '10.0.22631', '10.0.22631', '12'],
        ['Windows version', '10.0.26100', '10.0.26100', '1'],
      ],
    );
    expect(rows[0]).toMatchObject({
      Compliant: '6',
      'Compliant %': '46.1',
      Unknown: '1',
      'Unknown %': '7.7',
    });
    expect(rows[6]).toMatchObject({ Compliant: '', '% of non-compliant computers': '66.7' });

    const spanish = await centre.get(PATH, { headers: { Accept: 'text/csv', 'Accept-Language': 'es-ES' } });
    expect(spanish.headers.get('Content-Language')).toBe('es');
    const [all, ...rest] = await csvOf(spanish, 'es');
    expect(all).toMatchObject({ Desglose: 'Todos los equipos', 'Conforme %': '46,1', 'No conforme': '3' });
    expect(rest[5]).toMatchObject({
      Nombre: 'La directiva exige que este volumen esté cifrado',
      '% de los equipos no conformes': '66,7',
    });
  });
}
