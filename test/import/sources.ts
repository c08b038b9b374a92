/**
 * Files as the four sources write them, with known truth. Of every hundred records one is a duplicate, one stands under
 * the ID of the record before with another password, one has an invalid password, one a broken line and one bytes that
 * are in no encoding. Everything follows from the index, so a file of any length can be written as it is made.
 */
import { hash } from 'node:crypto';
import type { ImportSource } from '../../shared/domain/vocabulary.ts';
import { type Guid, formatRecoveryPassword } from '../../shared/domain/recovery-key.ts';

export type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be';
type Flaw = 'duplicate' | 'conflict' | 'invalid-password' | 'broken' | 'unknown-encoding' | null;

export interface TrueKey {
  readonly keyId: Guid;
  readonly key: Uint8Array;
  readonly recoveryPassword: string;
  readonly volumeId: Guid;
  readonly computerName: string;
  readonly disclosed: boolean;
}

export interface Truth {
  readonly records: number;
  readonly accepted: number;
  readonly alreadyThere: number;
  readonly conflicts: number;
  readonly invalid: number;
}

/** Written as one byte 0x81, or half a surrogate pair: in no encoding. */
const UNKNOWN = '\ue000';
/** Written as 0xF1: ñ in Windows-1252, and no UTF-8. */
const WINDOWS_1252 = '\ue001';

const FLAWS: Readonly<Record<number, Flaw>> = {
  10: 'duplicate',
  20: 'conflict',
  30: 'invalid-password',
  40: 'broken',
  50: 'unknown-encoding',
};

/** `records` must be a multiple of 100. */
export function truthOf(records: number): Truth {
  const each = records / 100;
  return { records, accepted: 95 * each, alreadyThere: each, conflicts: each, invalid: 3 * each };
}

/** The file, some hundred records at a time. */
export function* sourceFile(
  source: ImportSource,
  records: number,
  options: { readonly seed?: string; readonly encoding?: Encoding } = {},
): Generator<Buffer> {
  const { seed = 'import', encoding = 'utf-8' } = options;
  if (encoding === 'utf-16le') yield Buffer.from([0xff, 0xfe]);
  if (encoding === 'utf-16be') yield Buffer.from([0xfe, 0xff]);
  const form = FORMS[source];
  let text = form.head;
  for (let index = 0; index < records; index += 1) {
    text += form.record(trueKey(seed, index), FLAWS[index % 100] ?? null, index, records);
    if (index % 500 < 499) continue;
    yield encoded(text, encoding);
    text = '';
  }
  yield encoded(text + form.tail, encoding);
}

/** A file of these keys alone. */
export function* fileOf(source: ImportSource, keys: readonly TrueKey[]): Generator<Buffer> {
  const form = FORMS[source];
  const records = keys.map((key, index) => form.record(key, null, index, keys.length));
  yield encoded(form.head + records.join('') + form.tail, 'utf-8');
}

/** Keys that the file holds in a valid form, the second ones of conflicts included. */
export function* trueKeys(records: number, seed = 'import'): Generator<TrueKey> {
  for (let index = 0; index < records; index += 1) {
    const flaw = FLAWS[index % 100] ?? null;
    if (flaw === null || flaw === 'conflict') yield trueKey(seed, index);
  }
}

function trueKey(seed: string, index: number): TrueKey {
  const flaw = FLAWS[index % 100] ?? null;
  const like = flaw === 'duplicate' || flaw === 'conflict' ? index - 1 : index;
  const identity = bytesOf(`${seed} identity ${String(like)}`);
  const key = bytesOf(`${seed} key ${String(flaw === 'duplicate' ? like : index)}`).subarray(0, 16);
  return {
    keyId: guid(identity.subarray(0, 16)),
    key,
    recoveryPassword: formatRecoveryPassword(key),
    volumeId: guid(identity.subarray(16, 32)),
    computerName: `PC-${String(like).padStart(6, '0')}`,
    disclosed: like % 10 === 3,
  };
}

function bytesOf(text: string): Uint8Array {
  return hash('sha256', text, 'buffer');
}

function guid(bytes: Uint8Array): Guid {
  const hex = Buffer.from(bytes).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}` as Guid;
}

function encoded(text: string, encoding: Encoding): Buffer {
  if (encoding === 'utf-8') {
    const parts = text.split(/([\ue000\ue001])/);
    return Buffer.concat(
      parts.map((part) =>
        part === UNKNOWN
          ? Buffer.from([0x81])
          : part === WINDOWS_1252
            ? Buffer.from([0xf1])
            : Buffer.from(part),
      ),
    );
  }
  const units = text.replaceAll(UNKNOWN, '\ud800').replaceAll(WINDOWS_1252, 'ñ');
  const little = Buffer.from(units, 'utf16le');
  return encoding === 'utf-16le' ? little : little.swap16();
}

interface Form {
  readonly head: string;
  readonly tail: string;
  record(key: TrueKey, flaw: Flaw, index: number, records: number): string;
}

/** A password that fails in its third group. */
function passwordOf({ recoveryPassword }: TrueKey, flaw: Flaw): string {
  if (flaw !== 'invalid-password') return recoveryPassword;
  const groups = recoveryPassword.split('-');
  groups[2] = String((Number(groups[2]) + 1) % 720_896).padStart(6, '0');
  return groups.join('-');
}

function windowsBytes(id: Guid): Buffer {
  const bytes = Buffer.from(id.replaceAll('-', ''), 'hex');
  return Buffer.concat([
    bytes.subarray(0, 4).reverse(),
    bytes.subarray(4, 6).reverse(),
    bytes.subarray(6, 8).reverse(),
    bytes.subarray(8),
  ]);
}

/** Folded as `ldifde` does it. */
function attribute(name: string, value: string | Buffer): string {
  const line = typeof value === 'string' ? `${name}: ${value}` : `${name}:: ${value.toString('base64')}`;
  return `${line.replace(/(.{76})(?=.)/gs, '$1\r\n ')}\r\n`;
}

export function ldifEntry(key: TrueKey, flaw: Flaw = null, spelling = ''): string {
  const name = `2024-01-31T09:32:11\\+01:00{${key.keyId.toUpperCase()}}`;
  const dn = `CN=${name},CN=${key.computerName}\\, ${spelling}2nd floor,OU=Madrid,OU=PCs,DC=corp,DC=example`;
  return [
    attribute('dn', dn),
    '# a comment that is\r\n  continued\r\n',
    'changetype: add\r\nobjectClass: top\r\nobjectClass: msFVE-RecoveryInformation\r\n',
    attribute('whenCreated', '20240131083211.0Z'),
    ...(flaw === 'broken' ? ['this line has no colon\r\n'] : []),
    ...(flaw === 'unknown-encoding' ? [`description: ${UNKNOWN}\r\n`] : []),
    attribute('msFVE-RecoveryGuid', windowsBytes(key.keyId)),
    attribute('msFVE-VolumeGuid', windowsBytes(key.volumeId)),
    attribute('msFVE-RecoveryPassword', passwordOf(key, flaw)),
    attribute('msFVE-KeyPackage', Buffer.from(`package of ${key.keyId}, a little longer than one line`)),
    '\r\n',
  ].join('');
}

const FORMS: Readonly<Record<ImportSource, Form>> = {
  'active-directory': {
    head: 'version: 1\r\n\r\ndn: OU=PCs,DC=corp,DC=example\r\nobjectClass: organizationalUnit\r\n\r\n',
    tail: '',
    record: (key, flaw, index) => ldifEntry(key, flaw, index % 100 === 60 ? WINDOWS_1252 : ''),
  },
  mbam: {
    head: 'RecoveryKeyId,RecoveryKey,RecoveryKeyPackage,VolumeGuid,ComputerName,DomainName,Users,LastUpdateTime,Disclosed\r\n',
    tail: '',
    record: (key, flaw, index) => {
      const users = index % 100 === 60 ? `"CORP\\mu${WINDOWS_1252}oz;CORP\\ana"` : '"CORP\\maria"';
      const cells = [
        ...[key.keyId, passwordOf(key, flaw), '0x00ff10', key.volumeId, key.computerName, 'corp.example'],
        ...[users, '2024-01-31 08:32:11.123', key.disclosed ? 'True' : 'False'],
      ];
      if (flaw === 'broken') cells[6] = '"CORP\\maria" and more';
      if (flaw === 'unknown-encoding') cells[6] = `CORP\\${UNKNOWN}`;
      return `${cells.join(',')}\r\n`;
    },
  },
  entra: {
    head: '',
    tail: '',
    record: (key, flaw, index, records) => {
      const object = {
        ...{ id: key.keyId, createdDateTime: '2024-01-31T08:32:11Z', volumeType: 'operatingSystemVolume' },
        ...{ deviceId: key.volumeId, deviceName: key.computerName, key: passwordOf(key, flaw) },
        userPrincipalName: index % 100 === 60 ? `mu${WINDOWS_1252}oz@corp.example` : 'maria@corp.example',
        ...(flaw === 'unknown-encoding' ? { note: UNKNOWN } : {}),
      };
      const whole = JSON.stringify(object);
      const broken = index % 200 === 40 ? whole.replace('"key":', '"key":,') : whole.replace(/"}$/, '}');
      const first =
        index % 1_000 === 0 ? '{"@odata.context":"x","@odata.nextLink":"https://x","value":[\n' : ',\n';
      const isLast = index === records - 1;
      const next = isLast ? ']}\n' : '],"more":{"a":[1]}}\n';
      const head =
        isLast || records - index > 1_000 ? first : first.replace('"@odata.nextLink":"https://x",', '');
      return `${head}${flaw === 'broken' ? broken : whole}${isLast || index % 1_000 === 999 ? next : ''}`;
    },
  },
  csv: {
    head: 'sep=;\r\n"Id. de clave";"Contraseña";Equipo;"Entregada"\r\n',
    tail: '',
    record: (key, flaw, index) => {
      const floor = index % 100 === 60 ? `planta ${WINDOWS_1252}` : 'planta 2\r\nala "norte"';
      const name = `"${`${key.computerName}; ${floor}`.replaceAll('"', '""')}"`;
      const cells = [
        `{${key.keyId.toUpperCase()}}`,
        passwordOf(key, flaw).replaceAll('-', ' '),
        name,
        key.disclosed ? 'sí' : '',
      ];
      // On one line: who reads it cannot know how many lines were meant.
      if (flaw === 'broken') cells.splice(1, 2, `"${cells[1] ?? ''}`, key.computerName);
      if (flaw === 'unknown-encoding') cells[2] = UNKNOWN;
      return `${cells.join(';')}\r\n`;
    },
  },
};

/** The columns of the plain CSV, which have unusual names. */
export const CSV_MAP = { keyId: 'Id. de clave', recoveryPassword: 'Contraseña' } as const;
