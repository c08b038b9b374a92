/** What every reader of imported keys must keep to, whatever the file. */
import { parseGuid, parseRecoveryPassword } from '../../shared/domain/recovery-key.ts';
import { ImportFormatError, type ImportItem, type ImportReader } from '../../shared/import/record.ts';
import { Redacted } from '../../shared/vault/redacted.ts';
import { trueKeys } from '../import/sources.ts';
import { type Input, bytesOf, must, same } from './target.ts';

const [known] = trueKeys(1, 'fuzz');
if (!known) throw new Error('a key was asked for');
/** A record that is valid in every source. */
export const TRUE_KEY = known;

export interface Reading {
  readonly items: readonly ImportItem[];
  readonly reader: ImportReader;
}

/** null: the file is not of this source. */
export function read(reader: ImportReader, file: Input, cuts: readonly number[] = []): Reading | null {
  try {
    const items: ImportItem[] = [];
    let from = 0;
    for (const cut of [...cuts].sort((a, b) => a - b)) {
      // As whoever reads a file does: in a buffer that is used again.
      const piece = file.slice(from, cut);
      items.push(...reader.push(piece));
      piece.fill(0x22);
      from = Math.max(from, cut);
    }
    items.push(...reader.push(file.slice(from)), ...reader.end());
    return { items, reader };
  } catch (error) {
    if (error instanceof ImportFormatError) return null;
    throw error;
  }
}

/** By its mark, or by the zeros of its first character. What follows in another encoding would be read as UTF-16 too. */
export function beginsAsUtf16([first, second]: Input): boolean {
  return (
    (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff) || first === 0 || second === 0
  );
}

export function plain(item: ImportItem): unknown {
  if ('fault' in item) return item;
  const { recoveryPassword, key, keyPackage, ...rest } = item;
  return {
    ...rest,
    password: recoveryPassword.reveal(),
    key: [...key.reveal()],
    package: keyPackage && [...keyPackage.reveal()],
  };
}

const plainly = (reading: Reading | null) =>
  reading && { items: reading.items.map(plain), notices: reading.reader.notices };

/** Reads the input in several ways, which must all say the same; gives what they say. */
export function readEveryWay(make: () => ImportReader, input: Input): Reading | null {
  const whole = read(make(), input);
  const { length } = input;
  // Where the pieces end follows from the input, so that it is the same when it is tried again.
  const sum = input.reduce((before, byte) => (before * 31 + byte) >>> 0, 7);
  const cuts =
    length < 100
      ? Array.from({ length }, (_, at) => at)
      : [1, sum % length, (sum >>> 8) % length, length - 1];
  same(plainly(read(make(), input, cuts)), plainly(whole), 'a file is read otherwise in other pieces');
  checkItems(whole?.items ?? [], input);
  inOtherEncodings(make, input, whole);
  return whole;
}

function checkItems(items: readonly ImportItem[], input: Input): void {
  const lines = input.reduce(
    (sum, byte, at) => sum + Number(byte === 0x0a || (byte === 0x0d && input[at + 1] !== 0x0a)),
    1,
  );
  must(items.length <= lines + input.length / 2, 'more records than the file has room for');
  for (const item of items) {
    must(Number.isInteger(item.line) && item.line >= 1 && item.line <= lines, 'a line that the file has not');
    if ('fault' in item) {
      must(
        Object.keys(item).every((name) => ['line', 'fault', 'group'].includes(name)),
        'a fault says more than where and what',
      );
      continue;
    }
    must(parseGuid(item.keyId) === item.keyId, 'a key ID is not in its stored form');
    const key = parseRecoveryPassword(item.recoveryPassword.reveal());
    must(
      key instanceof Redacted && Buffer.from(key.reveal()).equals(item.key.reveal()),
      'the password is not that of the key',
    );
    must(
      item.volumeId === null || parseGuid(item.volumeId) === item.volumeId,
      'a volume ID is not in its stored form',
    );
    must(item.createdAt === null || (Number.isSafeInteger(item.createdAt) && item.createdAt >= 0), 'no time');
    const texts = [item.computerName, item.domain, ...item.users];
    must(
      texts.every((text) => text.isWellFormed() && !text.includes('\0') && text.length <= 320),
      'a text that cannot be stored',
    );
    const printed = JSON.stringify({ ...item, computerName: '', domain: '', users: [], ou: '' });
    must(
      !printed.includes(item.recoveryPassword.reveal().slice(0, 20)),
      'a key is printed with its password',
    );
  }
}

/** Text that is UTF-8 means the same with a byte-order mark, and in UTF-16. */
function inOtherEncodings(make: () => ImportReader, input: Input, whole: Reading | null): void {
  const buffer = Buffer.from(input);
  const text = buffer.toString('utf8');
  if (!Buffer.from(text, 'utf8').equals(buffer) || /[\0\ufffd]/.test(text) || text.startsWith('\ufeff'))
    return;
  const little = Buffer.from(`\ufeff${text}`, 'utf16le');
  const encoded = [
    () => bytesOf(`\ufeff${text}`),
    () => new Uint8Array(little),
    () => new Uint8Array(little.swap16()),
  ];
  const other = read(make(), encoded[input.length % encoded.length]?.() ?? input);
  same(
    other?.items.map(plain),
    whole?.items.map(plain),
    'the same text is read otherwise in another encoding',
  );
}
