import { expect, it } from 'vitest';
import { limits } from '../../shared/limits.ts';
import type { Computer, ComputerAnswer } from '../../shared/reports/messages.ts';
import type { Host } from '../support/node.ts';
import { csvOf } from './csv-reader.ts';
import { device, escrow, guid, imported, openFleet, osVolume, status } from './fleet.ts';
import { HOUR, MINUTE, NOW, type TestInstallation, json, tokenOf } from './installation.ts';

const PATH = '/v1/reports/computer-compliance';

async function names(centre: TestInstallation, query: string, token = tokenOf('reports')): Promise<string[]> {
  const { computers } = await json<ComputerAnswer>(await centre.get(`${PATH}?${query}`, { token }));
  return computers.map(({ computerName }) => computerName);
}

export function computersContract(host: Host): void {
  it('shows a computer, its volumes, and the history of its keys', async () => {
    const { centre, other } = await openFleet(host);
    const response = await centre.get(`${PATH}?computer=PC-01`);
    const text = await response.text();
    const answer = JSON.parse(text) as ComputerAnswer;
    expect(answer.total).toBe(1);
    const [computer] = answer.computers;
    expect(computer).toMatchObject({
      ...{ deviceId: device('b'), computerName: 'PC-01', domain: 'corp.example.org' },
      ...{ siteId: 'madrid', siteName: 'Madrid', standing: { code: 'managed', words: 'Managed' } },
      ...{ osVersion: '10.0.22631', make: 'Contoso', model: 'Laptop 5', tpmPresent: true },
      ...{ users: ['CORP\\ana', 'svc@corp.example.org'], policyVersion: 7, error: null, reasons: [] },
      state: { code: 'compliant', words: 'Compliant' },
      ...{ reportedAt: NOW - HOUR, lastSeen: NOW - 240 * HOUR },
      reportedTo: centre.node.identity.certificate.name,
    });
    expect(computer?.volumes).toEqual([
      {
        ...{ volumeId: guid(1), type: { code: 1, words: 'Operating system' }, driveLetter: 'C:' },
        ...{ protection: { code: 1, words: 'On' }, conversion: { code: 1, words: 'Fully encrypted' } },
        ...{ encryptionPercentage: 100, encryptionMethod: { code: 7, words: 'XTS-AES-256' } },
        ...{ lock: { code: 0, words: 'Unlocked' }, suspended: false, reasons: [] },
        protectors: [
          { type: { code: 1, words: 'TPM' }, keyId: null },
          { type: { code: 3, words: 'Recovery password' }, keyId: guid(101) },
        ],
        keys: [
          {
            ...{ keyId: guid(101), state: { code: 'disclosed', words: 'Disclosed' }, onDrive: true },
            ...{
              conflicted: false,
              importedFrom: null,
              escrowedAt: NOW - 239 * HOUR + MINUTE,
              disclosedAt: [NOW - 2 * HOUR],
            },
          },
          {
            ...{ keyId: guid(100), state: { code: 'rotated', words: 'Rotated' }, onDrive: false },
            ...{ conflicted: false, importedFrom: null, escrowedAt: NOW - 239 * HOUR },
            disclosedAt: [NOW - HOUR, NOW - 400 * 24 * HOUR],
          },
        ],
        olderKeys: 0,
      },
    ]);
    expect(computer?.otherVolumes).toMatchObject([
      { volumeId: guid(9), keys: [{ keyId: guid(103), state: { code: 'present' }, onDrive: null }] },
    ]);
    expect(text).not.toMatch(/sealed|"ct"|commitment/);
    const elsewhere = await json<ComputerAnswer>(await centre.get(`${PATH}?deviceId=${device('f')}`));
    expect(elsewhere.computers).toMatchObject([
      { state: { code: 'compliant' }, reportedTo: other.node.identity.certificate.name },
    ]);
  });

  it("shows imported keys at the drive that lists them, and no other computer's keys", async () => {
    const { centre } = await openFleet(host);
    const { ledger } = centre.node;
    const protectors = [101, 300, 301].map((number) => ({ type: 3, keyId: guid(number) }));
    await ledger.append('compliance', [
      status(device('w'), 'PC-20', {
        volumes: [osVolume({ protectors: [...protectors, { type: 1, keyId: null }] })],
      }),
    ]);
    await ledger.append('recovery', [
      imported(guid(300), 'active-directory', true),
      imported(guid(301), 'mbam', false),
      imported(guid(302), 'mbam', false),
      // The device has escrowed one of them since: still one key.
      escrow(device('w'), guid(301), 2),
    ]);
    const { computers } = await json<ComputerAnswer>(await centre.get(`${PATH}?computer=PC-20`));
    expect(computers[0]?.otherVolumes).toEqual([]);
    expect(
      computers[0]?.volumes.map(({ keys }) =>
        keys.map((key) => [key.keyId, key.state.code, key.importedFrom]),
      ),
    ).toEqual([
      [
        [guid(301), 'present', { code: 'mbam', words: 'MBAM' }],
        [guid(300), 'disclosed', { code: 'active-directory', words: 'Active Directory' }],
      ],
    ]);
  });

  it('shows the newest keys of a drive, and counts the others', async () => {
    const { centre } = await openFleet(host);
    const count = limits.reportKeysPerVolumeMax + 60;
    for (let number = 0; number < count; number += 1)
      await centre.node.ledger.append('recovery', [escrow(device('c'), guid(1_000 + number), number)]);
    const { computers } = await json<ComputerAnswer>(await centre.get(`${PATH}?computer=PC-02`));
    const [volume] = computers[0]?.volumes ?? [];
    expect([volume?.keys.length, volume?.olderKeys]).toEqual([limits.reportKeysPerVolumeMax, 60]);
    expect(volume?.keys[0]?.keyId).toBe(guid(1_000 + count - 1));
  });

  it('says what is wrong in words, in Spanish too, and says suspended', async () => {
    const { centre } = await openFleet(host);
    const answer = await json<ComputerAnswer>(await centre.get(`${PATH}?computer=pc-04&lang=es`));
    expect(answer.computers[0]).toMatchObject({
      state: { code: 'non-compliant', words: 'No conforme' },
      reasons: [
        { code: 0, words: 'El cifrado no es AES de 256 bits' },
        { code: 13, words: 'La protección está suspendida' },
      ],
      error: '=cmd|calc',
      volumes: [{ suspended: true, protection: { code: 0, words: 'Desactivada' } }],
    });
  });

  const ALL = [
    ...['PC-01', 'PC-02', 'PC-03', 'PC-04', 'PC-05', 'pc-06', 'PC-07', 'PC-08', 'PC-09', 'PC-10', 'PC-11'],
    ...['PC-12', 'PC-12', 'PC-13', 'PC-13'],
  ];

  const FILTERED: readonly [query: string, names: string[]][] = [
    ['', ALL],
    ['computer=PC-06', ['pc-06']],
    ['computer=pc-0', []],
    ['computer=pc-0*', ALL.slice(0, 9)],
    ['computer=*', ALL],
    ['computer=PC-0%25', []],
    ['domain=lab.EXAMPLE.org', ['PC-08']],
    ['domain=lab*', ['PC-08']],
    [`deviceId=${device('c')}`, ['PC-02']],
    ['deviceId=d-aaaa*', ALL],
    ['deviceId=d-b*', []],
    ['state=non-compliant', ['PC-03', 'PC-04', 'PC-10', 'PC-11', 'PC-12']],
    ['state=non-compliant&standing=managed', ['PC-03', 'PC-04', 'PC-10']],
    ['state=unknown', ['PC-09']],
    ['standing=revoked', ['PC-11']],
    ['standing=replaced', ['PC-12']],
    ['standing=managed', [...ALL.slice(0, 10), 'PC-12', 'PC-13', 'PC-13']],
    ['site=toledo', ['PC-05', 'pc-06', 'PC-07', 'PC-08']],
    ['site=toledo&state=user-exempt', ['pc-06']],
    ['user=ana', ['PC-01']],
    ['user=CORP%5CANA', ['PC-01']],
    ['user=other%5Cana', []],
    ['user=an', []],
    ['user=svc', ['PC-01']],
    ['user=svc@corp.example.org', ['PC-01']],
    ['user=ana2', ['PC-03']],
    ["user=x'%20OR%201=1--", []],
  ];

  it('is filtered by each of its filters, in CSV as well', async () => {
    const { centre } = await openFleet(host);
    for (const [query, wanted] of FILTERED) {
      expect([query, await names(centre, query)]).toEqual([query, wanted]);
      const csv = await csvOf(await centre.get(`${PATH}?${query}&format=csv`));
      const rows = csv.map((row) => row['Computer']);
      expect([query, ...new Set(rows)]).toEqual([query, ...new Set(wanted)]);
    }
  });

  it('pages by name and then device, and says how many there are', async () => {
    const { centre } = await openFleet(host);
    const read = async (page: number) =>
      json<ComputerAnswer>(await centre.get(`${PATH}?limit=4&page=${page}`));
    const pages = await Promise.all([1, 2, 3, 4, 5].map(read));
    expect(pages.map(({ total, page, limit, computers }) => [total, page, limit, computers.length])).toEqual([
      ...[1, 2, 3].map((page) => [15, page, 4, 4]),
      [15, 4, 4, 3],
      [15, 5, 4, 0],
    ]);
    const devices = pages.flatMap(({ computers }) => computers.map(({ deviceId }) => deviceId));
    expect(devices).toEqual('bcdefghijklmnop'.split('').map(device));
  });

  it('is in the order that is asked for, to and fro, and whole over its pages', async () => {
    const { centre } = await openFleet(host);
    const inOrder = async (query: string) => {
      const pages = [1, 2].map((page) => centre.get(`${PATH}?${query}&limit=8&page=${page}`));
      const answers = await Promise.all((await Promise.all(pages)).map((page) => json<ComputerAnswer>(page)));
      return answers.flatMap(({ computers }) => computers);
    };
    const fields: Record<string, (of: Computer) => string | number> = {
      name: ({ computerName }: Computer) => computerName.toLowerCase(),
      site: ({ siteId }: Computer) => siteId,
      state: ({ state }: Computer) => state.code,
      os: ({ osVersion }: Computer) => osVersion,
      'last-seen': ({ lastSeen }: Computer) => lastSeen,
    };
    for (const [sort, field] of Object.entries(fields)) {
      const up = await inOrder(`sort=${sort}`);
      expect(new Set(up.map(({ deviceId }) => deviceId)).size).toBe(15);
      expect([sort, ...up.map(field)]).toEqual([sort, ...up.map(field).sort(compare)]);
      const down = await inOrder(`sort=${sort}&order=desc`);
      expect(down.map(({ deviceId }) => deviceId)).toEqual(up.map(({ deviceId }) => deviceId).reverse());
    }
  });

  it('finds computers that nobody has heard for days', async () => {
    const { centre } = await openFleet(host);
    const { computers } = await json<ComputerAnswer>(await centre.get(PATH));
    const heard = computers.filter(({ lastSeen }) => lastSeen >= NOW - 9 * 24 * HOUR);
    expect(heard).toHaveLength(1);
    const silent = computers.filter((computer) => !heard.includes(computer));
    expect(await names(centre, 'silentDays=9')).toEqual(silent.map(({ computerName }) => computerName));
    expect(await names(centre, 'silentDays=30')).toEqual([]);
    // On each side of every computer's last word: which is a report's, a roll-up's, or one that was not rolled up yet.
    for (let days = 1; days <= 12; days += 1) {
      const wanted = computers.filter(({ lastSeen }) => lastSeen < NOW - days * 24 * HOUR);
      expect([days, ...(await names(centre, `silentDays=${String(days)}`))]).toEqual([
        ...[days, ...wanted.map(({ computerName }) => computerName)],
      ]);
    }
    expect((await centre.get(`${PATH}?silentDays=0`)).status).toBe(400);
  });

  it('shows staff of some sites only those', async () => {
    const { centre } = await openFleet(host);
    const wanted = ['PC-01', 'PC-02', 'PC-03', 'PC-04', 'PC-12', 'PC-12'];
    expect(await names(centre, '', tokenOf('only-madrid'))).toEqual(wanted);
    expect(await names(centre, 'computer=PC-05', tokenOf('only-madrid'))).toEqual([]);
    const csv = await centre.get(`${PATH}?format=csv`, { token: tokenOf('only-madrid') });
    expect(new Set((await csvOf(csv)).map((row) => row['Computer']))).toEqual(new Set(wanted));
    const refused = await centre.get(`${PATH}?site=lugo&format=csv`, { token: tokenOf('only-madrid') });
    expect(refused.status).toBe(403);
  });
}

function compare(a: string | number, b: string | number): number {
  return a < b ? -1 : Number(a > b);
}
