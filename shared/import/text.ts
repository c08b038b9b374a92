/**
 * From a file's bytes to lines of text. Sources are UTF-8, or UTF-16 (what PowerShell 5.1 and Excel write), and older
 * exports are Windows-1252. Which of these cannot be known before the end of a file that is
 * streamed, so it is decided line by line: what is no UTF-8 is read as Windows-1252 and counted; what is neither is a
 * fault of that line alone.
 */

/** The longest line: a key package is below 22 KiB in base64. */
const LINE_BYTES_MAX = 128 * 1024;
const LF = 0x0a;
const CR = 0x0d;

/** 0x80 to 0x9F in Windows-1252 (WHATWG Encoding), a space for the five that it leaves out; all else is Latin-1. */
const HIGH_CONTROLS = '€ ‚ƒ„…†‡ˆ‰Š‹Œ Ž  ‘’“”•–—˜™š›œ žŸ';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

export interface DecodedText {
  readonly text: string;
  readonly windows1252: boolean;
}

/** The text, or null when it is in neither encoding. */
export function decodeText(bytes: Uint8Array): DecodedText | null {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    return decodeWindows1252(bytes);
  }
  // U+FFFD stands for what an earlier program, or the reading of UTF-16, could not read.
  return text.includes('\0') || text.includes('\ufffd') ? null : { text, windows1252: false };
}

function decodeWindows1252(bytes: Uint8Array): DecodedText | null {
  let text = '';
  for (const byte of bytes) {
    const character =
      byte >= 0x80 && byte < 0xa0 ? HIGH_CONTROLS.charAt(byte - 0x80) : String.fromCharCode(byte);
    if (byte === 0 || (byte >= 0x80 && byte < 0xa0 && character === ' ')) return null;
    text += character;
  }
  return { text, windows1252: true };
}

/** What a file is that is no text at all, by how it begins: the wrong file is named, instead of its first line. */
export function notText(head: Uint8Array): 'gzip' | 'zip' | 'binary' | null {
  const [first, second, third] = head;
  if (first === 0x1f && second === 0x8b) return 'gzip';
  // Workbooks of spreadsheet programs are ZIP archives.
  if (first === 0x50 && second === 0x4b && third === 3) return 'zip';
  if (utf16Of(head) !== null) return null;
  const begin = head.subarray(0, 4_096);
  return begin.filter((byte) => byte === 0).length * 10 > begin.length ? 'binary' : null;
}

/** By the mark, or by an ASCII character whose other byte is zero, which no other text has. */
function utf16Of([first, second]: Uint8Array): { readonly name: string; readonly marked: boolean } | null {
  if (first === 0xff && second === 0xfe) return { name: 'utf-16le', marked: true };
  if (first === 0xfe && second === 0xff) return { name: 'utf-16be', marked: true };
  if (first === undefined || second === undefined || (first === 0) === (second === 0)) return null;
  return { name: second === 0 ? 'utf-16le' : 'utf-16be', marked: false };
}

/** Takes a byte-order mark away, and turns UTF-16 into UTF-8. */
export class Utf8Input {
  #begun = false;
  #head = new Uint8Array(0);
  #utf16: InstanceType<typeof TextDecoder> | null = null;

  push(bytes: Uint8Array): Uint8Array {
    if (this.#begun) return this.#convert(bytes);
    this.#head = joined([this.#head, bytes]);
    return this.#head.length < 3 ? new Uint8Array(0) : this.#begin();
  }

  end(): Uint8Array {
    const rest = this.#begun ? new Uint8Array(0) : this.#begin();
    return this.#utf16 ? joined([rest, encoder.encode(this.#utf16.decode())]) : rest;
  }

  #begin(): Uint8Array {
    this.#begun = true;
    const [first, second, third] = this.#head;
    if (first === 0xef && second === 0xbb && third === 0xbf) return this.#head.subarray(3);
    const utf16 = utf16Of(this.#head);
    if (utf16) this.#utf16 = new TextDecoder(utf16.name);
    return this.#convert(utf16?.marked === true ? this.#head.subarray(2) : this.#head);
  }

  #convert(bytes: Uint8Array): Uint8Array {
    return this.#utf16 ? encoder.encode(this.#utf16.decode(bytes, { stream: true })) : bytes;
  }
}

export type Line =
  | { readonly number: number; readonly text: string; readonly windows1252: boolean }
  | { readonly number: number; readonly fault: 'encoding-unknown' | 'too-long' };

/** Lines, whether CR, LF or both end them; a long one is passed over without being kept. */
export class Lines {
  /** after `end`: whether the text ended within a line */
  endsOpen = false;
  readonly #input = new Utf8Input();
  /** the bytes before ended in CR, to which an LF belongs */
  #afterCr = false;
  #number = 0;
  #parts: Uint8Array[] = [];
  #length = 0;

  push(bytes: Uint8Array): Line[] {
    return this.#cut(this.#input.push(bytes));
  }

  end(): Line[] {
    const lines = this.#cut(this.#input.end());
    this.endsOpen = this.#length > 0;
    return this.endsOpen ? [...lines, this.#line()] : lines;
  }

  #cut(bytes: Uint8Array): Line[] {
    const lines: Line[] = [];
    if (bytes.length === 0) return lines;
    let from = this.#afterCr && bytes[0] === LF ? 1 : 0;
    this.#afterCr = false;
    let [lf, cr] = [bytes.indexOf(LF, from), bytes.indexOf(CR, from)];
    while (lf >= 0 || cr >= 0) {
      const at = cr >= 0 && (lf < 0 || cr < lf) ? cr : lf;
      this.#keep(bytes.subarray(from, at));
      lines.push(this.#line());
      from = at + 1;
      if (at === cr) {
        if (from === bytes.length) this.#afterCr = true;
        else if (bytes[from] === LF) from += 1;
      }
      if (lf >= 0 && lf < from) lf = bytes.indexOf(LF, from);
      if (cr >= 0 && cr < from) cr = bytes.indexOf(CR, from);
    }
    // A copy: whoever reads the file may use its buffer again.
    if (from < bytes.length) this.#keep(bytes.slice(from));
    return lines;
  }

  #keep(part: Uint8Array): void {
    this.#length += part.length;
    if (this.#length > LINE_BYTES_MAX) this.#parts = [];
    else if (part.length > 0) this.#parts.push(part);
  }

  #line(): Line {
    this.#number += 1;
    const number = this.#number;
    const [only] = this.#parts;
    const bytes = this.#parts.length === 1 && only ? only : joined(this.#parts);
    const tooLong = this.#length > LINE_BYTES_MAX;
    this.#parts = [];
    this.#length = 0;
    if (tooLong) return { number, fault: 'too-long' };
    const decoded = decodeText(bytes);
    return decoded ? { number, ...decoded } : { number, fault: 'encoding-unknown' };
  }
}

export function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
