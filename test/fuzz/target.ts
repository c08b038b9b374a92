/**
 * What is fuzzed: a target reads bytes, as they come over the wire or from a file, into one piece of the product and
 * holds what it does against something independent of it. It fails by throwing; the error's message names the fault and
 * never has a secret in it.
 */
import fc from 'fast-check';

export type Input = Uint8Array<ArrayBuffer>;

export interface Opened {
  /** Throws, or rejects, where the product is at fault. */
  readonly run: (input: Input) => void | Promise<void>;
  /** valid inputs, of which others are made */
  readonly seeds: readonly (string | Input)[];
  /** inputs by their structure, where only what was opened knows it */
  readonly inputs?: fc.Arbitrary<string | Input>;
  readonly close?: () => void | Promise<void>;
}

export interface Target {
  readonly name: string;
  /** what is held against what, for docs/FUZZING.md */
  readonly holds: string;
  /** inputs by their structure, for fast-check */
  readonly inputs?: fc.Arbitrary<string | Input>;
  /** what mutations put in, beside every short literal of the code that is fuzzed */
  readonly words?: readonly string[];
  /** inputs do not grow beyond it by mutation */
  readonly bytesMax?: number;
  readonly open: () => Opened | Promise<Opened>;
}

/** Fails the case. `what` must not quote the input. */
export function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
}

/** Fails the case unless both have the same JSON. */
export function same(a: unknown, b: unknown, what: string): void {
  must(JSON.stringify(a) === JSON.stringify(b), what);
}

const encoder = new TextEncoder();
const latin1 = new TextDecoder('latin1');
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

export function bytesOf(input: string | Input): Input {
  return typeof input === 'string' ? encoder.encode(input) : input;
}

/** As UTF-8; what is none becomes replacement characters. */
export function textOf(input: Input): string {
  return utf8.decode(input);
}

/** One character for each byte. */
export function bytewise(input: Input): string {
  return latin1.decode(input);
}

/** The JSON that an input is, or undefined. */
export function jsonOf(input: Input): unknown {
  try {
    return JSON.parse(textOf(input));
  } catch {
    return undefined;
  }
}

/** One of the characters of a text. */
export function signsOf(text: string): fc.Arbitrary<string> {
  return fc.constantFrom(...Array.from(text));
}

/** Reads small numbers from an input, for targets whose cases are sequences of steps. */
export class Steps {
  readonly #bytes: Input;
  #at = 0;

  constructor(bytes: Input) {
    this.#bytes = bytes;
  }

  get isOver(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** 0 to 255; 0 beyond the end */
  byte(): number {
    const byte = this.#bytes[this.#at] ?? 0;
    this.#at += 1;
    return byte;
  }

  /** 0 ≤ n < 2^(8·bytes), of at most 6 bytes */
  number(bytes: number): number {
    let value = 0;
    for (let index = 0; index < bytes; index += 1) value = value * 256 + this.byte();
    return value;
  }

  pick<T>(list: readonly T[]): T {
    const found = list[this.byte() % list.length];
    if (found === undefined) throw new RangeError('nothing to pick from');
    return found;
  }

  rest(): Input {
    const rest = this.#bytes.slice(this.#at);
    this.#at = this.#bytes.length;
    return rest;
  }
}
