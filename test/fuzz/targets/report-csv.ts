/** CSV of reports and exports, read back by a reader of RFC 4180 and by the product's own import. */
import fc from 'fast-check';
import { exportRow, EXPORT_HEADER } from '../../../shared/export/csv.ts';
import type { Candidate } from '../../../shared/helpdesk/messages.ts';
import { SpreadsheetReader } from '../../../shared/import/spreadsheet.ts';
import { csvHead, csvLine } from '../../../shared/reports/csv.ts';
import { TimeZone } from '../../../shared/reports/time.ts';
import { LANGUAGES } from '../../../shared/text/language.ts';
import { readCsvRows } from '../../reports/csv-reader.ts';
import { TRUE_KEY, read } from '../import-reader.ts';
import { type Target, bytesOf, must, same, textOf, signsOf } from '../target.ts';

const zone = new TimeZone(null);

/** What a spreadsheet shows of a cell, or would run. */
function isFormula(shown: string): boolean {
  return /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/.test(shown) && !/^-?\d+([.,]\d+)?$/.test(shown);
}

export const target: Target = {
  name: 'report-csv',
  holds:
    'every cell is read back as it was by a strict reader of RFC 4180, none is a formula; an exported key is imported again with its texts',
  inputs: fc
    .array(fc.string({ unit: signsOf('ab "\',;\t\r\n|=+-@0１＝ñ😀\u2028'), maxLength: 14 }), {
      minLength: 1,
      maxLength: 4,
    })
    .map((cells) => cells.join('\u0001')),
  words: ['=1+1', '+1', '-1', '-1.5', '@x', '"', '""', ',', ';', '\r\n', '\u0001', '＝1', "'", '\t=1'],
  bytesMax: 400,
  open: () => ({
    seeds: [
      'PC-1\u0001=cmd|x\u0001"a", b;\u0001-5',
      '\u0001 lead\u0001trail \u0001\r\n',
      "'x\u0001-1,5\u0001+1",
    ],
    run(input) {
      const cells = textOf(input).split('\u0001').slice(0, 20);
      for (const language of LANGUAGES) {
        const style = { language, zone };
        const text =
          csvHead(
            cells.map((_, index) => `c${index}`),
            style,
          ) + csvLine(cells, style);
        must(text.startsWith('\ufeff') === (language === 'es'), 'a byte-order mark belongs to Spanish');
        const rows = readCsvRows(language === 'es' ? text.slice(1) : text, language === 'es' ? ';' : ',');
        must(rows.length === 2, 'a row is read as another number of rows');
        for (const [index, cell] of cells.entries()) {
          const shown = rows[1]?.[index] ?? '';
          must(!isFormula(shown), 'a cell is a formula');
          const needsOne = isFormula(cell) || /^'+/.test(cell);
          must(shown === cell || (shown === `'${cell}` && needsOne), 'a cell is another text');
        }
      }
      exported(cells);
    },
  }),
};

function exported([name = '', domain = '', ...users]: readonly string[]): void {
  const key = {
    ...{
      keyId: TRUE_KEY.keyId,
      computerName: name,
      domain,
      users,
      volumeId: TRUE_KEY.volumeId,
      volumeType: 1,
      siteId: 'madrid',
    },
    ...{ escrowedAt: 1_700_000_000_000, state: 'active', disclosed: true, deviceId: 'd-aaaaaaaaaaaaaaaa' },
  } as unknown as Candidate;
  const file = bytesOf(EXPORT_HEADER + exportRow(key, TRUE_KEY.recoveryPassword, Uint8Array.of(0, 255)));
  const texts = [name, domain, ...users];
  // The import takes spaces off both ends of a cell.
  if (texts.some((text) => text.trim() !== text)) return;
  // Names with ends of lines or beyond what is stored are no names that a node has.
  if (texts.some((text) => /[\0\r\n\ufffd]/.test(text) || !text.isWellFormed() || text.length > 255)) return;
  const items = read(new SpreadsheetReader({ delimiter: null, map: {} }), file)?.items ?? [];
  const [item] = items;
  must(items.length === 1 && item !== undefined && 'keyId' in item, 'an exported key is not imported');
  must(
    item.keyId === TRUE_KEY.keyId &&
      item.recoveryPassword.reveal() === TRUE_KEY.recoveryPassword &&
      item.disclosed,
    'an exported key is imported as another',
  );
  const blank = (text: string) => (text === 'NULL' ? '' : text);
  same(
    [item.computerName, item.domain],
    [blank(name), blank(domain)],
    'an exported name is imported as another',
  );
  same([...(item.keyPackage?.reveal() ?? [])], [0, 255], 'an exported key package is imported as another');
}
