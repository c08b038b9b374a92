/**
 * Keys from a table with a header: a plain CSV whose columns are named by the person who imports it, or found by their
 * usual names. What a cell holds is said in `FIELDS`; a cell that says NULL, as SQL tools write it, is empty.
 */
import { withoutApostrophe } from '../reports/csv.ts';
import { CsvRows, type Delimiter, type Row } from './csv.ts';
import {
  ImportFormatError,
  type ImportItem,
  type ImportReader,
  type VolumeType,
  bytesOf,
  noNotices,
  readKey,
  timeOf,
} from './record.ts';

/** Field → names under which its column is known, without case, spaces and signs. */
export type Columns = Readonly<Record<Field, readonly string[]>>;

export const FIELDS = [
  /** a GUID, with braces or without */
  'keyId',
  /** 48 digits, with hyphens, spaces or nothing between */
  'recoveryPassword',
  /** a GUID */
  'volumeId',
  /** 0 unknown, 1 operating system, 2 fixed data, 3 removable, or one of these words */
  'volumeType',
  'computerName',
  'domain',
  /** with semicolons between */
  'users',
  /** 2024-01-31, or with a time; without a zone it is UTC */
  'createdAt',
  /** 1, true or yes: given out before */
  'disclosed',
  /** 0x… or base64 */
  'keyPackage',
] as const;
export type Field = (typeof FIELDS)[number];
const REQUIRED: readonly Field[] = ['keyId', 'recoveryPassword'];

const USUAL_COLUMNS: Columns = {
  keyId: [
    'keyid',
    'recoverykeyid',
    'bitlockerkeyid',
    'recoveryguid',
    'passwordid',
    'keyprotectorid',
    'iddeclave',
  ],
  recoveryPassword: [
    ...['recoverypassword', 'recoverykey', 'bitlockerkey', 'bitlockerrecoverykey', 'key', 'password'],
    ...['clavederecuperacion', 'contrasenaderecuperacion'],
  ],
  volumeId: ['volumeid', 'volumeguid', 'iddevolumen'],
  volumeType: ['volumetype', 'drivetype', 'tipodevolumen'],
  computerName: [
    ...['computername', 'computer', 'devicename', 'machinename', 'hostname', 'pc', 'name'],
    ...['equipo', 'nombredeequipo'],
  ],
  domain: ['domain', 'domainname', 'dominio'],
  users: ['users', 'user', 'username', 'usuarios', 'usuario'],
  createdAt: ['createdat', 'created', 'createddatetime', 'date', 'lastupdatetime', 'fecha'],
  disclosed: ['disclosed', 'revealed', 'entregada'],
  keyPackage: ['keypackage', 'recoverykeypackage', 'paquetedeclave'],
};

export interface SpreadsheetOptions {
  /** null: found in the header */
  readonly delimiter: Delimiter | null;
  /** columns by the names that stand in the header */
  readonly map: Readonly<Partial<Record<Field, string>>>;
  readonly columns?: Columns;
}

export class SpreadsheetReader implements ImportReader {
  readonly notices = noNotices();
  readonly #rows: CsvRows;
  readonly #options: SpreadsheetOptions;
  #header: { readonly width: number; readonly places: ReadonlyMap<Field, number> } | null = null;

  constructor(options: SpreadsheetOptions) {
    this.#options = options;
    this.#rows = new CsvRows(options.delimiter);
  }

  /** Throws ImportFormatError when the header lacks a column that is needed or was named. */
  push(bytes: Uint8Array): ImportItem[] {
    return this.#read(this.#rows.push(bytes));
  }

  end(): ImportItem[] {
    const items = this.#read(this.#rows.end());
    if (!this.#header) throw new ImportFormatError([...REQUIRED]);
    return items;
  }

  #read(rows: readonly Row[]): ImportItem[] {
    return rows.flatMap((row) => {
      if (!this.#header) {
        this.#header = 'fault' in row ? null : headerOf(row.cells, this.#options);
        if (!this.#header) throw new ImportFormatError([...REQUIRED]);
        return [];
      }
      if ('fault' in row) return [row];
      if (row.windows1252) this.notices.windows1252 += 1;
      if (isNoRecord(row.cells)) return [];
      return [readRow(row.line, row.cells, this.#header)];
    });
  }
}

function headerOf(cells: readonly string[], { map, columns = USUAL_COLUMNS }: SpreadsheetOptions) {
  const plain = (name: string): string =>
    name
      .normalize('NFD')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]/gu, '');
  const names = cells.map(plain);
  const places = new Map<Field, number>();
  const missing: string[] = [];
  for (const field of FIELDS) {
    const named = map[field];
    const wanted = named === undefined ? columns[field] : [plain(named)];
    const exact = named === undefined ? -1 : cells.findIndex((cell) => cell.trim() === named.trim());
    const found = wanted.map((name) => names.indexOf(name)).find((place) => place >= 0);
    const place = exact >= 0 ? exact : found;
    if (place !== undefined) places.set(field, place);
    else if (named !== undefined || REQUIRED.includes(field)) missing.push(field);
  }
  if (missing.length > 0) throw new ImportFormatError(missing);
  return { width: cells.length, places };
}

/** sqlcmd draws a line below the header and counts the rows at the end. */
function isNoRecord(cells: readonly string[]): boolean {
  return (
    cells.every((cell) => /^\s*-+\s*$/.test(cell)) ||
    (cells.length === 1 && /^\(\d+ [\p{L} ]+\)$/u.test(cells[0]?.trim() ?? ''))
  );
}

function readRow(
  line: number,
  cells: readonly string[],
  { width, places }: { readonly width: number; readonly places: ReadonlyMap<Field, number> },
): ImportItem {
  if (cells.length !== width) return { line, fault: 'malformed' };
  const cell = (field: Field): string => {
    const text = cells[places.get(field) ?? -1]?.trim() ?? '';
    return text === 'NULL' ? '' : withoutApostrophe(text);
  };
  const keyPackage = cell('keyPackage');
  return readKey({
    line,
    keyId: cell('keyId'),
    recoveryPassword: cell('recoveryPassword'),
    volumeId: cell('volumeId'),
    volumeType: volumeTypeOf(cell('volumeType')),
    computerName: cell('computerName'),
    domain: cell('domain'),
    users: cell('users').split(';'),
    createdAt: timeOf(cell('createdAt')),
    disclosed: /^(1|true|yes|y|s[ií]|verdadero)$/i.test(cell('disclosed')),
    keyPackage: keyPackage === '' ? undefined : bytesOf(keyPackage),
  });
}

const VOLUME_WORDS: readonly (readonly [RegExp, VolumeType])[] = [
  [/^(1|os|operating ?system(volume)?|system)$/i, 1],
  [/^(2|fixed( ?data)?( ?volume)?|fixeddatavolume)$/i, 2],
  [/^(3|removable( ?data)?( ?volume)?|removabledatavolume)$/i, 3],
];

export function volumeTypeOf(text: string): VolumeType {
  return VOLUME_WORDS.find(([pattern]) => pattern.test(text))?.[1] ?? 0;
}
