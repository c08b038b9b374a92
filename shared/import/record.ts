/**
 * What a source of keys is read into: keys, and faults that name a line and a reason and never quote what stands there
 * (I8). Every reader takes the file's bytes as they come and keeps one record in memory at most.
 */
import { base64url } from 'jose';
import {
  type Guid,
  type PasswordFault,
  formatRecoveryPassword,
  parseGuid,
  parseRecoveryPassword,
} from '../domain/recovery-key.ts';
import { isStorable } from '../journal/entry.ts';
import { limits } from '../limits.ts';
import { Redacted } from '../vault/redacted.ts';

export type VolumeType = 0 | 1 | 2 | 3;

export interface ImportedKey {
  /** where its record begins, from 1 */
  readonly line: number;
  readonly keyId: Guid;
  /** hyphenated, whatever the source has */
  readonly recoveryPassword: Redacted<string>;
  readonly key: Redacted<Uint8Array<ArrayBuffer>>;
  /** null where the source does not say */
  readonly volumeId: Guid | null;
  readonly volumeType: VolumeType;
  readonly computerName: string;
  readonly domain: string;
  /** the DN of what the computer's object stands in, in Active Directory alone */
  readonly ou: string | null;
  readonly users: readonly string[];
  readonly createdAt: number | null;
  readonly disclosed: boolean;
  readonly keyPackage: Redacted<Uint8Array<ArrayBuffer>> | null;
}

export const IMPORT_FAULTS = [
  'encoding-unknown',
  'too-long',
  'malformed',
  'key-id-missing',
  'key-id-invalid',
  'key-ids-differ',
  'password-missing',
  'not-48-digits',
  'not-divisible-by-11',
  'group-too-large',
  'volume-id-invalid',
  'key-package-invalid',
  'text-invalid',
  'site-missing',
  'site-unknown',
  'site-elsewhere',
  'refused',
] as const;
export type ImportFaultCode = (typeof IMPORT_FAULTS)[number];

export interface ImportFault {
  readonly line: number;
  readonly fault: ImportFaultCode;
  /** which group of the password is wrong, 1 to 8 */
  readonly group?: number;
}

export type ImportItem = ImportedKey | ImportFault;

/** What people should know of a file beside its records. */
export interface ImportNotices {
  /** lines, or objects, that are no UTF-8 and were read as Windows-1252 */
  windows1252: number;
  /** entries of the source that are no recovery keys */
  otherEntries: number;
  /** the last page names a next one, which is not in the file */
  pagesMissing: boolean;
  /** the file ends in the middle of something */
  cutOff: boolean;
}

export interface ImportReader {
  readonly notices: ImportNotices;
  /** The records that end in these bytes. */
  push(bytes: Uint8Array): ImportItem[];
  /** What is left at the end of the file. */
  end(): ImportItem[];
}

export function noNotices(): ImportNotices {
  return { windows1252: 0, otherEntries: 0, pagesMissing: false, cutOff: false };
}

/** The file cannot be read as what it was said to be; `missing` are fields whose column is not there. */
export class ImportFormatError extends Error {
  override readonly name = 'ImportFormatError';
  readonly missing: readonly string[];

  constructor(missing: readonly string[]) {
    super('the file has no column for some fields');
    this.missing = missing;
  }
}

/** A record as the source's words say it, empty where it says nothing. */
export interface RawKey {
  readonly line: number;
  readonly keyId: string | Guid | null;
  readonly recoveryPassword: string;
  readonly volumeId?: string;
  readonly volumeType?: VolumeType;
  readonly computerName: string;
  readonly domain: string;
  readonly ou?: string | null;
  readonly users?: readonly string[];
  readonly createdAt?: number | null;
  readonly disclosed?: boolean;
  /** bytes, null for what is none */
  readonly keyPackage?: Uint8Array<ArrayBuffer> | null | undefined;
}

/** The one place where what a source says becomes a key, or a reason why not. */
export function readKey(raw: RawKey): ImportItem {
  const { line } = raw;
  if (raw.keyId === null || raw.keyId.trim() === '') return { line, fault: 'key-id-missing' };
  const keyId = parseGuid(raw.keyId);
  if (!keyId) return { line, fault: 'key-id-invalid' };
  if (raw.recoveryPassword.trim() === '') return { line, fault: 'password-missing' };
  const key = parseRecoveryPassword(raw.recoveryPassword);
  if (!(key instanceof Redacted)) return { line, ...passwordFault(key) };
  const volumeText = raw.volumeId?.trim() ?? '';
  const volumeId = volumeText === '' ? null : parseGuid(volumeText);
  if (volumeText !== '' && !volumeId) return { line, fault: 'volume-id-invalid' };
  if (raw.keyPackage === null || (raw.keyPackage?.length ?? 0) > limits.keyPackageBytesMax)
    return { line, fault: 'key-package-invalid' };
  const computerName = raw.computerName.trim();
  const domain = raw.domain.trim();
  const users = [...new Set((raw.users ?? []).map((user) => user.trim()))].filter((user) => user !== '');
  if (![computerName, domain].every((text) => text.length <= 255 && isStorable(text)))
    return { line, fault: 'text-invalid' };
  if (!users.every((user) => user.length <= 320 && isStorable(user))) return { line, fault: 'text-invalid' };
  return {
    ...{ line, keyId, key, volumeId, computerName, domain },
    recoveryPassword: new Redacted(formatRecoveryPassword(key.reveal())),
    volumeType: raw.volumeType ?? 0,
    ou: raw.ou ?? null,
    users: users.slice(0, limits.usersMax),
    createdAt: raw.createdAt ?? null,
    disclosed: raw.disclosed ?? false,
    keyPackage: raw.keyPackage && raw.keyPackage.length > 0 ? new Redacted(raw.keyPackage) : null,
  };
}

function passwordFault(found: PasswordFault): Omit<ImportFault, 'line'> {
  return found.fault === 'not-48-digits'
    ? { fault: found.fault }
    : { fault: found.fault, group: found.group };
}

/** Standard base64, with or without padding and white space; null when it is none. */
export function base64Bytes(text: string): Uint8Array<ArrayBuffer> | null {
  const digits = text.replace(/\s/g, '').replace(/={1,2}$/, '');
  if (!/^[A-Za-z0-9+/]*$/.test(digits) || digits.length % 4 === 1) return null;
  return new Uint8Array(base64url.decode(digits.replaceAll('+', '-').replaceAll('/', '_')));
}

/** `0x…` as SQL Server writes bytes, or base64. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> | null {
  if (!/^\s*0x/i.test(text)) return base64Bytes(text);
  const hex = /^0x((?:[0-9a-f]{2})*)$/i.exec(text.trim())?.[1];
  if (hex === undefined) return null;
  return Uint8Array.from({ length: hex.length / 2 }, (_, index) =>
    Number.parseInt(hex.slice(index * 2, index * 2 + 2), 16),
  );
}

/** `YYYY-MM-DD`, with a time and a zone or without (then it is UTC, as SQL Server's and Graph's are); otherwise null. */
export function timeOf(text: string): number | null {
  const found =
    /^\s*(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(\.\d{1,7})?)?\s*(Z|[+-]\d\d:?\d\d)?)?\s*$/i.exec(
      text,
    );
  if (!found) return null;
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = '0', zone = 'Z'] = found;
  const at = instantOf([year, month, day, hour, minute, second]);
  const offset = /^([+-])(\d\d):?(\d\d)$/.exec(zone);
  const minutes = offset ? (offset[1] === '-' ? -1 : 1) * (Number(offset[2]) * 60 + Number(offset[3])) : 0;
  if (at === null || (offset && (Number(offset[2]) > 23 || Number(offset[3]) > 59))) return null;
  const time = at + Math.floor(Number(`0${fraction}`) * 1000) - minutes * 60_000;
  return Number.isSafeInteger(time) && time >= 0 ? time : null;
}

/** The instant of a year, month, day, hour, minute and second in UTC, as digits of full width; null where a calendar has none. */
export function instantOf(digits: readonly (string | undefined)[]): number | null {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = digits.map(Number);
  const at = Date.UTC(year, month - 1, day, hour, minute, second);
  // JavaScript takes 30 February for 2 March, and the year 99 for 1999.
  const isReal =
    !Number.isNaN(at) && new Date(at).toISOString().replace(/\D/g, '').startsWith(digits.join(''));
  return isReal && at >= 0 ? at : null;
}
