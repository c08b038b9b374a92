/**
 * Keys from Active Directory, as LDIF (RFC 2849) written by `ldifde` or `ldapsearch`.
 *
 * Windows keeps each recovery password as an object of class msFVE-RecoveryInformation below the computer's object
 * ([MS-ADSC], [MS-ADA2]). Its attributes:
 *
 *     msFVE-RecoveryGuid       the key ID: 16 bytes in Windows' order, hence base64 behind `::`
 *     msFVE-RecoveryPassword   48 digits; only who may read confidential attributes gets it
 *     msFVE-VolumeGuid         16 bytes, as above
 *     msFVE-KeyPackage         bytes
 *     whenCreated              20240131093211.0Z
 *     dn                       CN=2024-01-31T10:32:11\+01:00{KEY-ID},CN=PC-0417,OU=Madrid,DC=corp,DC=example
 *
 * So the computer's name, its organisational unit and its domain follow from the name, whose first part repeats the
 * key ID as text: where the two differ, somebody has written the bytes in another order, and the entry is a fault.
 *
 * In LDIF an entry ends at an empty line, a line that begins with a space continues the one before, `#` begins a
 * comment (which may be continued), `name:: ` is base64 and `name:< ` names a file, which is not followed.
 */
import { type Guid, guidFromWindowsBytes, parseGuid } from '../domain/recovery-key.ts';
import { type NamePart, domainOf, nameOf, parseDistinguishedName } from './distinguished-name.ts';
import {
  type ImportFaultCode,
  type ImportItem,
  type ImportReader,
  base64Bytes,
  instantOf,
  noNotices,
  readKey,
} from './record.ts';
import { type Line, Lines, decodeText } from './text.ts';

/** An entry as `ldifde` writes it with every attribute is about 3 KiB, with the largest key package 40 KiB. */
const ENTRY_CHARACTERS_MAX = 256 * 1024;

type Value = string | Uint8Array<ArrayBuffer>;

class Entry {
  line = 0;
  characters = 0;
  windows1252 = 0;
  fault: { readonly line: number; readonly fault: ImportFaultCode } | null = null;
  readonly values = new Map<string, Value[]>();

  first(name: string): Value | undefined {
    return this.values.get(name)?.[0];
  }

  text(name: string): string {
    const value = this.first(name);
    return typeof value === 'string' ? value : value ? (decodeText(value)?.text ?? '') : '';
  }

  bytes(name: string): Uint8Array<ArrayBuffer> | undefined {
    const value = this.first(name);
    return typeof value === 'string' ? new TextEncoder().encode(value) : value;
  }
}

export class ActiveDirectoryReader implements ImportReader {
  readonly notices = noNotices();
  readonly #lines = new Lines();
  #entry = new Entry();
  /** the attribute that may still be continued */
  #open: { line: number; text: string } | null = null;

  push(bytes: Uint8Array): ImportItem[] {
    return this.#lines.push(bytes).flatMap((line) => this.#line(line));
  }

  end(): ImportItem[] {
    const items = this.#lines.end().flatMap((line) => this.#line(line));
    // Whatever writes LDIF ends each line: a value that breaks off may look like a whole one.
    this.notices.cutOff = this.#lines.endsOpen;
    return [...items, ...this.#endEntry()];
  }

  #line(line: Line): ImportItem[] {
    const entry = this.#entry;
    if (entry.line === 0) entry.line = line.number;
    if ('fault' in line) {
      entry.fault ??= { line: line.number, fault: line.fault };
      return [];
    }
    if (line.text === '') return this.#endEntry();
    if (line.windows1252) entry.windows1252 += 1;
    entry.characters += line.text.length;
    if (entry.characters > ENTRY_CHARACTERS_MAX) {
      entry.fault ??= { line: entry.line, fault: 'too-long' };
      entry.values.clear();
    } else if (!line.text.startsWith(' ')) {
      this.#endAttribute();
      this.#open = { line: line.number, text: line.text };
    } else if (this.#open) this.#open.text += line.text.slice(1);
    else entry.fault ??= { line: line.number, fault: 'malformed' };
    return [];
  }

  #endAttribute(): void {
    const open = this.#open;
    this.#open = null;
    if (!open || open.text.startsWith('#')) return;
    const found = /^([A-Za-z0-9.-]+)(?:;[A-Za-z0-9.;-]*)?:(:|<)?[ ]*(.*)$/s.exec(open.text);
    const [, name, kind, text = ''] = found ?? [];
    const value = kind === ':' ? base64Bytes(text) : text;
    if (name === undefined || value === null || kind === '<') {
      this.#entry.fault ??= { line: open.line, fault: 'malformed' };
      return;
    }
    const known = this.#entry.values.get(name.toLowerCase());
    if (known) known.push(value);
    else this.#entry.values.set(name.toLowerCase(), [value]);
  }

  #endEntry(): ImportItem[] {
    this.#endAttribute();
    const entry = this.#entry;
    this.#entry = new Entry();
    this.notices.windows1252 += entry.windows1252;
    if (entry.fault) return [entry.fault];
    if (isRecoveryInformation(entry)) return [readEntry(entry)];
    // What has no name is a comment, the version, or what ldapsearch says at its end.
    if (entry.values.has('dn')) this.notices.otherEntries += 1;
    return [];
  }
}

function isRecoveryInformation({ values }: Entry): boolean {
  const classes = values.get('objectclass') ?? [];
  return (
    values.has('msfve-recoveryguid') ||
    values.has('msfve-recoverypassword') ||
    classes.some((name) => typeof name === 'string' && name.toLowerCase() === 'msfve-recoveryinformation')
  );
}

function readEntry(entry: Entry): ImportItem {
  const { line } = entry;
  const name = parseDistinguishedName(entry.text('dn'));
  if (!name) return { line, fault: 'malformed' };
  const named = parseGuid(/\{[0-9a-f-]{36}\}$/i.exec(name[0]?.value ?? '')?.[0] ?? '');
  const stored = keyIdOf(entry);
  if (stored === null) return { line, fault: 'key-id-invalid' };
  if (stored && named && stored !== named) return { line, fault: 'key-ids-differ' };
  const volume = entry.bytes('msfve-volumeguid');
  const volumeId = volume ? guidFromWindowsBytes(volume) : undefined;
  if (volumeId === null) return { line, fault: 'volume-id-invalid' };
  return readKey({
    ...{ line, keyId: stored ?? named, recoveryPassword: entry.text('msfve-recoverypassword') },
    ...(volumeId ? { volumeId } : {}),
    ...computerOf(name),
    createdAt: generalizedTime(entry.text('whencreated')),
    keyPackage: entry.bytes('msfve-keypackage'),
  });
}

/** undefined when the entry has none, null when it is none. */
function keyIdOf(entry: Entry): Guid | null | undefined {
  const bytes = entry.bytes('msfve-recoveryguid');
  return bytes && (guidFromWindowsBytes(bytes) ?? parseGuid(entry.text('msfve-recoveryguid')));
}

function computerOf(name: readonly NamePart[]): { computerName: string; domain: string; ou: string } {
  return { computerName: name[1]?.value ?? '', domain: domainOf(name), ou: nameOf(name.slice(2)) };
}

function generalizedTime(text: string): number | null {
  const found = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.\d+)?Z$/.exec(text.trim());
  return found && instantOf(found.slice(1));
}
