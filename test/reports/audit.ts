import { expect, it } from 'vitest';
import type { AuditAnswer } from '../../shared/reports/messages.ts';
import type { Host } from '../support/node.ts';
import { csvOf } from './csv-reader.ts';
import { AUDIT, audit, device, guid, openFleet } from './fleet.ts';
import { HOUR, NOW, type TestInstallation, json, tokenOf } from './installation.ts';

const PATH = '/v1/reports/recovery-audit';

/** Which of `AUDIT` these rows are, by what tells them apart. */
function which(answer: AuditAnswer): number[] {
  return answer.rows.map((row) =>
    AUDIT.findIndex(({ at = NOW - HOUR, keyId = guid(100) }) => at === row.at && keyId === row.keyId),
  );
}

async function found(centre: TestInstallation, query: string, token = tokenOf('auditor')): Promise<number[]> {
  return which(await json<AuditAnswer>(await centre.get(`${PATH}?${query}`, { token })));
}

export function auditContract(host: Host): void {
  it('shows every column, searches and refusals included, newest first', async () => {
    const { centre } = await openFleet(host);
    const answer = await json<AuditAnswer>(await centre.get(PATH));
    expect(which(answer)).toEqual([5, 0, 1, 3, 2, 4]);
    expect(answer.nextCursor).toBeNull();
    expect(answer.rows[1]).toEqual({
      ...{ origin: centre.node.ledger.self, seq: expect.any(Number), at: NOW - HOUR },
      source: { code: 'Helpdesk', words: 'Helpdesk' },
      action: { code: 'disclosure', words: 'Disclosure' },
      status: { code: 'Successful', words: 'Successful' },
      ...{ failure: null, staffId: 'maria', staffName: 'María Pérez' },
      staffRole: { code: 'helpdesk', words: 'Helpdesk' },
      ...{ endUser: 'CORP\\ana', computerName: 'PC-01', domain: 'corp.example.org' },
      ...{ deviceId: device('b'), volumeId: guid(1), keyId: guid(100) },
      keyType: { code: 'Recovery Key Password', words: 'Recovery Key Password' },
      reason: { code: 'lost-pin', words: 'Lost PIN' },
      verification: { code: 'call-back', words: 'Called back on a known number' },
      ...{ commitment: null, requestId: null, breakGlassId: null, otherId: null, otherName: null },
      ...{ note: null, siteId: 'madrid', siteName: 'Madrid', nodeId: 'abcdefghij', nodeName: 'edge-madrid' },
      ...{ address: '192.0.2.7', offlineSince: null },
    });
    expect(answer.rows[3]).toMatchObject({
      ...{ action: { code: 'search', words: 'Key ID search' }, keyId: '1234e567', siteName: null },
      ...{ keyType: { code: 'Recovery Key ID' }, reason: null, verification: null },
    });
    expect(answer.rows[4]).toMatchObject({
      ...{ status: { code: 'Failed' }, offlineSince: NOW - 27 * HOUR },
      failure: { code: 'end-user-unknown', words: expect.stringContaining('not known on that computer') },
    });
  });

  const FILTERED: readonly [query: string, records: number[]][] = [
    ['from=2026-03-02', [5, 0, 1, 3]],
    ['to=2026-03-01', [2, 4]],
    ['from=2026-03-01&to=2026-03-01', [2]],
    ['from=2026-03-02T07:00:00Z&to=2026-03-02T08:00:00Z', [1]],
    ['from=2026-03-02T08:00:00%2B01:00&to=2026-03-02T08:30:00%2B01:00', [1]],
    ['from=2026-03-02T08:00:00+01:00&to=2026-03-02T08:30:00+01:00', [1]],
    ['from=2026-03-02&timeZone=Pacific/Auckland', [5, 0, 1, 3]],
    ['to=2026-03-01&timeZone=America/Los_Angeles', [1, 3, 2, 4]],
    ['source=Helpdesk', [5, 0, 1, 3, 2]],
    ['source=Self-Service%20Portal', [4]],
    ['source=Agent', []],
    ['status=Failed', [2]],
    ['status=Successful', [5, 0, 1, 3, 4]],
    ['action=search', [3]],
    ['action=disclosure&status=Successful', [5, 0, 1, 4]],
    ['helpdeskUser=maria', [0, 3, 2, 4]],
    ['helpdeskUser=IN*', [1]],
    ['helpdeskUser=-chen', [5]],
    ['endUser=ANA', [5, 0, 4]],
    ['endUser=eve', [2]],
    ['endUser=eve@corp.example.org', [2]],
    ['endUser=ev', []],
    ['computer=pc-05', [2]],
    ['computer=PC*', [5, 0, 1, 2, 4]],
    ['domain=lab*', [5]],
    [`deviceId=${device('f')}`, [2]],
    ['keyType=Recovery%20Key%20ID', [3]],
    ['keyType=TPM%20Password%20Hash', []],
    ['reason=tpm-reset', [2]],
    ['reason=other', [4]],
    ['verification=other', [4]],
    ['node=edge-toledo', [2]],
    ['site=toledo', [2]],
    ['site=toledo&status=Successful', []],
  ];

  it('is filtered by each of its filters, in CSV as well', async () => {
    const { centre } = await openFleet(host);
    for (const [query, wanted] of FILTERED) {
      expect([query, ...(await found(centre, query))]).toEqual([query, ...wanted]);
      const csv = await centre.get(`${PATH}?${query}&format=csv&limit=1`);
      expect([query, (await csvOf(csv)).length]).toEqual([query, wanted.length]);
    }
  });

  it('pages by a cursor without repeating or leaving out, while records are added', async () => {
    const { centre } = await openFleet(host);
    const same = Array.from({ length: 23 }, () => audit({ at: NOW - 5 * HOUR, nodeName: 'edge-lugo' }));
    await centre.node.ledger.append('recovery', same);
    const seen: string[] = [];
    let cursor: string | null = '';
    let pages = 0;
    while (cursor !== null) {
      const path = `${PATH}?node=edge-lugo&limit=5${cursor && `&cursor=${cursor}`}`;
      const answer: AuditAnswer = await json<AuditAnswer>(await centre.get(path));
      seen.push(...answer.rows.map(({ origin, seq }) => `${origin} ${seq}`));
      cursor = answer.nextCursor;
      pages += 1;
      await centre.node.ledger.append('recovery', [audit({ at: NOW, nodeName: 'edge-lugo' })]);
    }
    expect(pages).toBe(5);
    expect(new Set(seen).size).toBe(23);
  });

  it('shows staff of some sites what belongs to these, and searches only to those who see all', async () => {
    const { centre } = await openFleet(host);
    expect(await found(centre, '', tokenOf('only-madrid'))).toEqual([5, 0, 1, 4]);
    expect(await found(centre, '', tokenOf('nowhere'))).toEqual([]);
    const refused = await centre.get(`${PATH}?site=toledo`, { token: tokenOf('only-madrid') });
    expect(refused.status).toBe(403);
  });

  it('is a table in CSV, formulas neutralised, digits of a search kept apart from numbers', async () => {
    const { centre } = await openFleet(host);
    const rows = await csvOf(await centre.get(`${PATH}?format=csv&timeZone=Europe/Madrid`));
    expect(rows.map((row) => row['Key ID'])).toEqual([
      ...[guid(102), guid(100), guid(101), '1234e567*', guid(100), guid(100)],
    ]);
    expect(rows[0]).toMatchObject({
      ...{ 'Helpdesk user': "'-Chen", 'Helpdesk user ID': 'chen', 'Centre unreachable since': 'never' },
      'Request date and time': '2026-03-02T09:00:00.000+01:00',
    });
    expect(rows[4]).toMatchObject({
      ...{ Note: `'=HYPERLINK("http://evil.example")`, 'Request status': 'Failed', Site: 'Toledo' },
      'Centre unreachable since': '2026-03-01T07:00:00.000+01:00',
    });
    const [first = {}] = await csvOf(await centre.get(`${PATH}?format=csv&lang=es`), 'es');
    expect(Object.keys(first).slice(0, 2)).toEqual([
      'Fecha y hora de la solicitud',
      'Origen de la solicitud',
    ]);
    expect(first).toMatchObject({
      ...{
        'Estado de la solicitud': 'Correcta',
        Motivo: 'PIN olvidado',
        'Centro inalcanzable desde': 'nunca',
      },
      'Fecha y hora de la solicitud': '2026-03-02T08:00:00.000Z',
    });
  });
}
