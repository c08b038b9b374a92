/**
 * From a file's bytes to lines of text. Sources are UTF-8, or UTF-16 with a byte-order mark (what PowerShell 5.1 and
 * Excel write), and older exports are Windows-1252. Which of these cannot be known before the end of a file that is
 * streamed, so it is decided line by line: what is no UTF-8 is read as Windows-1252 and counted; what is neither is a
 * fault of that line alone.
 */

/** The longest line: a key package is below 22 KiB in base64. */
const LINE_BYTES_MAX = 128 * 1024;
const LF = 0x0a;

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
    if (first === 0xff && second === 0xfe) this.#utf16 = new TextDecoder('utf-16le');
    if (first === 0xfe && second === 0xff) this.#utf16 = new TextDecoder('utf-16be');
    return this.#convert(this.#utf16 ? this.#head.subarray(2) : this.#head);
  }

  #convert(bytes: Uint8Array): Uint8Array {
    return this.#utf16 ? encoder.encode(this.#utf16.decode(bytes, { stream: true })) : bytes;
  }
}

export type Line =
  | { readonly number: number; readonly text: string; readonly windows1252: boolean }
  | { readonly number: number; readonly fault: 'encoding-unknown' | 'too-long' };

/** Lines without their CR and LF; a long one is passed over without being kept. */
export class Lines {
  readonly #input = new Utf8Input();
  #number = 0;
  #parts: Uint8Array[] = [];
  #length = 0;

  push(bytes: Uint8Array): Line[] {
    return this.#cut(this.#input.push(bytes));
  }

  end(): Line[] {
    const lines = this.#cut(this.#input.end());
    return this.#length > 0 ? [...lines, this.#line()] : lines;
  }

  #cut(bytes: Uint8Array): Line[] {
    const lines: Line[] = [];
    let from = 0;
    for (let at = bytes.indexOf(LF); at >= 0; at = bytes.indexOf(LF, from)) {
      this.#keep(bytes.subarray(from, at));
      lines.push(this.#line());
      from = at + 1;
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
    const decoded = decodeText(bytes.at(-1) === 0x0d ? bytes.subarray(0, -1) : bytes);
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
