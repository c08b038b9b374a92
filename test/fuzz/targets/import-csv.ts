/** CSV as spreadsheets and SQL tools write it. */
import fc from 'fast-check';
import { joined } from '../../../shared/import/text.ts';
import { mbamReader } from '../../../shared/import/mbam.ts';
import { SpreadsheetReader } from '../../../shared/import/spreadsheet.ts';
import { CSV_MAP, sourceFile, trueKeys } from '../../import/sources.ts';
import { TRUE_KEY, read, readEveryWay } from '../import-reader.ts';
import { type Target, bytesOf, must, same, signsOf } from '../target.ts';

const HEADER = 'keyId,recoveryPassword,computerName,users,disclosed\r\n';
const keys = [...trueKeys(10, 'csv')];
const cells = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: signsOf('ab "\',;\t\r\n|=ñ😀0-'), maxLength: 20 }) },
  { weight: 1, arbitrary: fc.constantFrom('NULL', ' ', '', '\u2028', '=1+1', '---', '0x00ff') },
);
const row = fc.tuple(fc.constantFrom(...keys), cells, cells, fc.boolean());
const quoted = (cell: string) => `"${cell.replaceAll('"', '""')}"`;
const line = ([key, name, user, disclosed]: [(typeof keys)[number], string, string, boolean]) =>
  [key.keyId, key.recoveryPassword, name, user, String(disclosed)].map(quoted).join(',');

export const target: Target = {
  name: 'import-csv',
  holds:
    'the same records in pieces of any size and in every encoding; what was written by RFC 4180 is read back cell by cell; a last row is read whatever stands before it',
  inputs: fc.oneof(
    fc.array(row, { maxLength: 4 }).map((rows) => HEADER + rows.map((each) => `${line(each)}\r\n`).join('')),
    fc
      .tuple(
        fc.array(row, { maxLength: 3 }),
        fc.nat(300),
        fc.constantFrom('"', '\n', ',', '"\n', '""', ';', '\r'),
      )
      .map(([rows, at, sign]) => {
        const text = HEADER + rows.map((each) => `${line(each)}\n`).join('');
        return text.slice(0, HEADER.length + at) + sign + text.slice(HEADER.length + at);
      }),
    fc
      .constantFrom(';', '\t', '|', ',')
      .chain((sign) =>
        fc
          .array(fc.array(cells, { maxLength: 4 }), { maxLength: 3 })
          .map((rows) => `Key ID${sign}Recovery Password\n${rows.map((each) => each.join(sign)).join('\n')}`),
      ),
  ),
  words: [
    'sep=;\r\n',
    '"',
    '""',
    '\r\n',
    'Key ID',
    'Recovery Password',
    'RecoveryKeyId',
    'RecoveryKey',
    'keyPackage',
    'volumeType',
    'createdAt',
    '2024-02-30',
    '0x',
    '(3 rows affected)',
    '-----',
    'NULL',
  ],
  open: () => ({
    seeds: [
      `${HEADER}${TRUE_KEY.keyId},${TRUE_KEY.recoveryPassword},PC-1,"a;b",1\r\n`,
      `sep=;\r\n"Key ID";"Clave de recuperación";Equipo\r\n{${TRUE_KEY.keyId.toUpperCase()}};${TRUE_KEY.recoveryPassword.replaceAll('-', ' ')};"x\r\ny"\r\n`,
      new Uint8Array(Buffer.concat([...sourceFile('csv', 100)]).subarray(0, 2_000)),
      new Uint8Array(Buffer.concat([...sourceFile('mbam', 100)]).subarray(0, 2_000)),
    ],
    run(input) {
      const sources = [
        () => new SpreadsheetReader({ delimiter: null, map: {} }),
        () => new SpreadsheetReader({ delimiter: ';', map: CSV_MAP }),
        () => mbamReader(null),
      ];
      const fits = sources.filter((make) => read(make(), input) !== null);
      for (const make of fits.length > 0 ? fits : sources.slice(input.length % 3).slice(0, 1))
        readEveryWay(make, input);
      lastRow(input);
      writtenAndRead(input);
    },
  }),
};

function lastRow(input: Uint8Array<ArrayBuffer>): void {
  const last = `\n${TRUE_KEY.keyId},${TRUE_KEY.recoveryPassword},PC-1,,1`;
  const file = joined([bytesOf(HEADER), input, bytesOf(last)]);
  const item = read(new SpreadsheetReader({ delimiter: ',', map: {} }), file)?.items.at(-1);
  must(item !== undefined && 'keyId' in item, 'a last row is lost');
  must(
    item.keyId === TRUE_KEY.keyId && item.computerName === 'PC-1' && item.disclosed,
    'a last row is changed',
  );
}

/** Any text, written as a quoted cell, comes back but for what is trimmed and how its lines end. */
function writtenAndRead(input: Uint8Array<ArrayBuffer>): void {
  const text = Buffer.from(input)
    .toString('latin1')
    .replace(/[\0\x80-\x9f]/g, 'x')
    .slice(0, 200);
  if (text.split(/\r\n?|\n/).length > 40) return;
  const row = [TRUE_KEY.keyId, TRUE_KEY.recoveryPassword, text, '', ''].map(quoted).join(',');
  const reading = read(new SpreadsheetReader({ delimiter: ',', map: {} }), bytesOf(`${HEADER}${row}\r\n`));
  const [item] = reading?.items ?? [];
  must(item !== undefined && 'keyId' in item && reading?.items.length === 1, 'a quoted cell is not read');
  const wanted = text.trim() === 'NULL' ? '' : text.trim();
  // What stands before a formula in the product's own files is taken away again.
  const shown = wanted.replace(/^'(?=[=+\-@\t\r\n])/, '').replace(/\r\n?/g, '\n');
  same(item.computerName, shown.trim(), 'a quoted cell is read otherwise');
}
