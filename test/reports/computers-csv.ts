import { expect, it } from 'vitest';
import { EngineError } from '../../shared/journal/engine.ts';
import type { ComputerAnswer } from '../../shared/reports/messages.ts';
import type { Host } from '../support/node.ts';
import { csvOf } from './csv-reader.ts';
import { device, guid, openFleet, osVolume, status } from './fleet.ts';
import { json } from './installation.ts';

const PATH = '/v1/reports/computer-compliance';

export function computersCsvContract(host: Host): void {
  it('is a table in CSV with a row for each volume, in UTC or local time, in both languages', async () => {
    const { centre } = await openFleet(host);
    const [first, second] = await csvOf(await centre.get(`${PATH}?computer=PC-01&format=csv`));
    expect(first).toMatchObject({
      ...{
        Computer: 'PC-01',
        Site: 'Madrid',
        'TPM present': 'Yes',
        Users: 'CORP\\ana | svc@corp.example.org',
      },
      ...{
        Drive: 'C:',
        Protection: 'On',
        Suspended: 'No',
        'Encrypted %': '100',
        'Compliance state': 'Compliant',
      },
      'Key protectors': 'TPM | Recovery password',
      'Recovery key IDs': `${guid(101)} | ${guid(100)}`,
      'Key states': 'Disclosed | Rotated',
      'Keys escrowed at': '2026-02-20T10:01:00.000Z | 2026-02-20T10:00:00.000Z',
      'Keys disclosed at': '2026-03-02T07:00:00.000Z | 2026-03-02T08:00:00.000Z, 2025-01-26T09:00:00.000Z',
      'Reported at (device clock)': '2026-03-02T08:00:00.000Z',
    });
    expect(second).toMatchObject({
      'Volume ID': guid(9),
      Drive: '',
      Protection: '',
      'Key states': 'Present',
    });
    // No volumes: one row. A clock beyond the calendar: an empty cell.
    const query = 'computer=PC-09&format=csv&lang=es&timeZone=Europe/Madrid';
    expect(await csvOf(await centre.get(`${PATH}?${query}`), 'es')).toMatchObject([
      {
        ...{ Equipo: 'PC-09', 'Estado de conformidad': 'Desconocido', Unidad: '', 'TPM presente': '' },
        ...{
          'Visto por última vez': '2026-02-20T10:00:00.000+01:00',
          'Informado (reloj del dispositivo)': '',
        },
        'Motivos de no conformidad': 'No hay volumen de sistema',
      },
    ]);
  });

  it('neutralises formulas and keeps numbers and names readable', async () => {
    const { centre } = await openFleet(host);
    const evil = [
      '=1+1',
      '+1',
      '-2+3',
      '@sum',
      '\tx',
      '＝1',
      '-7',
      'a;b',
      'c,d',
      'say "hi"',
      "O'Neil",
      ' pad ',
    ];
    await centre.node.ledger.append(
      'compliance',
      evil.map((name, index) =>
        status(device(`${'qrstuvwxyz23'.charAt(index)}x`), name, { domain: 'evil', volumes: [osVolume()] }),
      ),
    );
    for (const [lang, heading] of [
      ['en', 'Computer'],
      ['es', 'Equipo'],
    ] as const) {
      const rows = await csvOf(await centre.get(`${PATH}?domain=evil&format=csv&lang=${lang}`), lang);
      expect(new Set(rows.map((row) => row[heading]))).toEqual(
        new Set([
          ...["'=1+1", "'+1", "'-2+3", "'@sum", "'\tx", "'＝1"],
          ...['-7', 'a;b', 'c,d', 'say "hi"', "O'Neil", ' pad '],
        ]),
      );
    }
  });

  it('streams every page, however many there are', async () => {
    const { centre } = await openFleet(host);
    const letters = 'abcdefghijklmnopqrstuvwxyz234567';
    const many = Array.from({ length: 1_203 }, (_, index) => {
      const pair = letters.charAt(index % 32) + letters.charAt(Math.floor(index / 32) % 32);
      const third = letters.charAt(Math.floor(index / 1_024));
      // Names that differ in case only, and many that are the same.
      return status(device(`x${third}${pair}`), index % 2 === 0 ? 'Same' : 'sAME', { domain: 'many' });
    });
    for (let at = 0; at < many.length; at += 200)
      await centre.node.ledger.append('compliance', many.slice(at, at + 200));
    const whole = `${PATH}?domain=many&format=csv&limit=1`;
    const rows = await csvOf(await centre.get(whole));
    expect(rows).toHaveLength(1_203);
    expect(new Set(rows.map((row) => row['Device ID'])).size).toBe(1_203);
    const page = await json<ComputerAnswer>(await centre.get(`${PATH}?domain=many&limit=1000&page=2`));
    expect([page.total, page.computers.length]).toEqual([1_203, 203]);

    // Too late for a problem document: the transfer breaks off, and nobody takes half a file for a whole one.
    const broken = await centre.get(whole);
    centre.breakReads(new EngineError('unavailable', 'no further detail'));
    await expect(broken.text()).rejects.toThrow();
    centre.breakReads(null);
    // Whoever leaves in the middle ends the reading.
    const left = await centre.get(whole);
    const before = centre.queries.length;
    await left.body?.cancel();
    expect(centre.queries.length).toBe(before);
  });
}
