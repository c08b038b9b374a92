/**
 * The objects of a JSON text that is too long to be held: one object, an array of them, pages as OData has them
 * (`{"value": [...], "@odata.nextLink": "..."}`), or several of these one after the other. Each object is cut out by its
 * brackets and read alone, so one that is no JSON is a fault of its own. A bracket or quotation mark that is missing is
 * noticed where JSON allows no such thing (a line end within a string, an object where a name belongs), and reading
 * goes on at the next object.
 */
import { Utf8Input, decodeText, joined } from './text.ts';
import { parseJson } from '../parse-json.ts';

/** The largest object: a key with its package is below 30 KiB. */
const OBJECT_BYTES_MAX = 256 * 1024;
/** Arrays and pages within each other; Graph has one, several files joined have two. */
const NESTING_MAX = 16;

const [LF, QUOTE, BACKSLASH, COMMA, COLON] = [0x0a, 0x22, 0x5c, 0x2c, 0x3a];
const [OPEN_LIST, CLOSE_LIST, OPEN, CLOSE] = [0x5b, 0x5d, 0x7b, 0x7d];
const NEXT_LINK = '"@odata.nextLink"';

export type JsonItem =
  | { readonly line: number; readonly value: object; readonly windows1252: boolean }
  | { readonly line: number; readonly fault: 'encoding-unknown' | 'too-long' | 'malformed' };

interface Page {
  readonly hasNext: boolean;
}

interface OpenObject {
  readonly line: number;
  /** the rest of a page behind its list, which is no record */
  readonly rest: Page | null;
  /** opening brackets within it, itself included */
  readonly brackets: number[];
  readonly parts: Uint8Array[];
  bytes: number;
  /** where its bytes begin in the chunk at hand */
  from: number;
  inString: boolean;
  escaped: boolean;
  /** the last sign outside strings, and the last string that stood directly in this object */
  last: number;
  name: string;
}

export class JsonObjects {
  readonly #input = new Utf8Input();
  #line = 1;
  #object: OpenObject | null = null;
  /** what is open around the object: a list, or the list of a page */
  readonly #around: (Page | 'list')[] = [];
  /** something that is no object was met, and everything up to the next one is passed over */
  #lost = false;
  /** whether the last page named a next one */
  pagesMissing = false;

  push(bytes: Uint8Array): JsonItem[] {
    return this.#read(this.#input.push(bytes));
  }

  end(): JsonItem[] {
    const items = this.#read(this.#input.end());
    const object = this.#object;
    this.#object = null;
    return object ? [...items, { line: object.line, fault: 'malformed' }] : items;
  }

  /** Whether the text ended within something. */
  get cutOff(): boolean {
    return this.#object !== null || this.#around.length > 0;
  }

  #read(chunk: Uint8Array): JsonItem[] {
    const items: JsonItem[] = [];
    if (this.#object) this.#object.from = 0;
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at] ?? 0;
      const item = this.#object ? this.#within(this.#object, byte, at, chunk) : this.#between(byte, at);
      if (item) items.push(item);
      if (byte === LF) this.#line += 1;
    }
    const object = this.#object;
    if (object) {
      object.parts.push(chunk.slice(object.from));
      object.bytes += chunk.length - object.from;
    }
    return items;
  }

  #between(byte: number, at: number): JsonItem | null {
    if (byte <= 0x20 || byte === COMMA) return null;
    if (byte === OPEN) this.#begin(at, null);
    else if (byte === OPEN_LIST && this.#around.length < NESTING_MAX) this.#around.push('list');
    else if (byte === CLOSE_LIST) {
      const closed = this.#around.pop();
      if (closed !== undefined && closed !== 'list') this.#begin(at, closed);
    } else if (!this.#lost) {
      this.#lost = true;
      return { line: this.#line, fault: 'malformed' };
    }
    return null;
  }

  #begin(at: number, rest: Page | null): void {
    this.#lost = false;
    this.#object = {
      ...{ line: this.#line, rest, brackets: [OPEN], parts: [], bytes: 0, from: at },
      ...{ inString: false, escaped: false, last: OPEN, name: '' },
    };
  }

  #within(object: OpenObject, byte: number, at: number, chunk: Uint8Array): JsonItem | null {
    if (object.bytes + at - object.from > OBJECT_BYTES_MAX) return this.#giveUp(object, 'too-long');
    if (object.inString) return this.#inString(object, byte);
    const { last, brackets } = object;
    if (byte <= 0x20) return null;
    object.last = byte;
    if (byte === QUOTE) {
      object.inString = true;
      object.name = '';
    } else if (byte === OPEN || byte === OPEN_LIST) {
      if (!mayOpen(last, brackets.at(-1))) {
        const fault = this.#giveUp(object, 'malformed');
        if (byte === OPEN) this.#begin(at, null);
        return fault;
      }
      if (byte === OPEN_LIST && brackets.length === 1 && object.name === 'value' && last === COLON)
        return this.#openPage(object, at, chunk);
      brackets.push(byte);
    } else if (byte === CLOSE || byte === CLOSE_LIST) {
      if (brackets.pop() !== (byte === CLOSE ? OPEN : OPEN_LIST)) return this.#giveUp(object, 'malformed');
      if (brackets.length === 0) return this.#complete(object, at, chunk);
    }
    return null;
  }

  #inString(object: OpenObject, byte: number): JsonItem | null {
    if (byte === LF) return this.#giveUp(object, 'malformed');
    if (object.escaped) object.escaped = false;
    else if (byte === BACKSLASH) object.escaped = true;
    else if (byte === QUOTE) object.inString = false;
    else if (object.brackets.length === 1 && object.name.length < 16)
      object.name += String.fromCharCode(byte);
    return null;
  }

  #giveUp(object: OpenObject, fault: 'too-long' | 'malformed'): JsonItem {
    this.#object = null;
    this.#lost = true;
    return { line: object.line, fault };
  }

  #openPage(object: OpenObject, at: number, chunk: Uint8Array): null {
    this.#object = null;
    const text = decodeText(bytesOf(object, at, chunk))?.text ?? '';
    if (this.#around.length < NESTING_MAX) this.#around.push({ hasNext: text.includes(NEXT_LINK) });
    return null;
  }

  #complete(object: OpenObject, at: number, chunk: Uint8Array): JsonItem | null {
    this.#object = null;
    const { line, rest } = object;
    const decoded = decodeText(bytesOf(object, at + 1, chunk));
    if (rest) {
      this.pagesMissing = rest.hasNext || decoded?.text.includes(NEXT_LINK) === true;
      return null;
    }
    if (!decoded) return { line, fault: 'encoding-unknown' };
    const value = parseJson(decoded.text);
    return typeof value === 'object' && value !== null
      ? { line, value, windows1252: decoded.windows1252 }
      : { line, fault: 'malformed' };
  }
}

/** Whether JSON allows a bracket to open behind this sign: a value, or a member of a list. */
function mayOpen(last: number, innermost: number | undefined): boolean {
  return last === COLON || last === OPEN_LIST || (last === COMMA && innermost === OPEN_LIST);
}

function bytesOf(object: OpenObject, end: number, chunk: Uint8Array): Uint8Array {
  return joined([...object.parts, chunk.subarray(object.from, end)]);
}
