/** A reader of JSON written from RFC 8259 alone: what it takes, and why not, is what the product is held against. */

type Refusal = { readonly code: string };

class Refused extends Error {
  readonly code: string;
  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const SPACE = /[ \t\n\r]*/y;

export class StrictJson {
  readonly #text: string;
  readonly #depthMax: number;
  #at = 0;
  /** what a whole text would be refused for, although it is JSON */
  #shape: string | null = null;

  constructor(text: string, depthMax: number) {
    this.#text = text;
    this.#depthMax = depthMax;
  }

  read(): { readonly value: unknown } | Refusal {
    try {
      const value = this.#value(1);
      this.#space();
      if (this.#at < this.#text.length) throw new Refused('malformed-json');
      return this.#shape === null ? { value } : { code: this.#shape };
    } catch (error) {
      if (error instanceof Refused) return { code: this.#shape ?? error.code };
      throw error;
    }
  }

  #value(depth: number): unknown {
    this.#space();
    const sign = this.#text.charAt(this.#at);
    if (sign === '{') return this.#object(depth);
    if (sign === '[') return this.#list(depth);
    if (sign === '"') return this.#string();
    for (const [word, value] of [
      ['true', true],
      ['false', false],
      ['null', null],
    ] as const)
      if (this.#text.startsWith(word, this.#at)) {
        this.#at += word.length;
        return value;
      }
    return Number(this.#match(NUMBER));
  }

  #object(depth: number): object {
    this.#open(depth);
    const entries = new Map<string, unknown>();
    for (let first = true; !this.#takes('}'); first = false) {
      if (!first) this.#need(',');
      this.#space();
      const name = this.#string();
      if (name === '__proto__' || entries.has(name)) this.#shape ??= 'invalid-request';
      this.#need(':');
      entries.set(name, this.#value(depth + 1));
    }
    return Object.fromEntries(entries);
  }

  #list(depth: number): unknown[] {
    this.#open(depth);
    const list: unknown[] = [];
    for (let first = true; !this.#takes(']'); first = false) {
      if (!first) this.#need(',');
      list.push(this.#value(depth + 1));
    }
    return list;
  }

  #open(depth: number): void {
    this.#at += 1;
    if (depth > this.#depthMax) throw new Refused((this.#shape ??= 'json-too-deep'));
  }

  #string(): string {
    return JSON.parse(this.#match(STRING)) as string;
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found === undefined) throw new Refused('malformed-json');
    this.#at += found.length;
    return found;
  }

  #space(): void {
    this.#match(SPACE);
  }

  #takes(sign: string): boolean {
    this.#space();
    if (!this.#text.startsWith(sign, this.#at)) return false;
    this.#at += 1;
    return true;
  }

  #need(sign: string): void {
    if (!this.#takes(sign)) throw new Refused('malformed-json');
  }
}
