/** New inputs from old ones: bytes, blocks, words, numbers, JSON values, and operands that a comparison asked for. */
import type { Random } from '../../sim/random.ts';
import { type Input, bytesOf } from '../target.ts';
import { mutateJson } from './mutate-json.ts';

const STEPS_MAX = 4;
const BLOCK_BYTES_MAX = 64;
const INTERESTING = [
  0, 1, 9, 10, 13, 32, 34, 39, 44, 45, 46, 47, 48, 58, 59, 61, 92, 123, 125, 127, 128, 194, 255,
];
const NUMBERS = [
  '0',
  '-1',
  '1',
  '2',
  '255',
  '256',
  '65535',
  '4294967296',
  '9007199254740991',
  '9007199254740993',
  '1e308',
  '-0',
  '0.1',
];

/** Operands of a comparison that did not hold. */
export type Compared = readonly [string | number, string | number];

export interface MutationParts {
  readonly random: Random;
  readonly words: readonly string[];
  readonly bytesMax: number;
  /** another input of the corpus */
  readonly other: () => Input;
  readonly compared: readonly Compared[];
}

export function mutate(input: Input, parts: MutationParts): Input {
  const { random, bytesMax } = parts;
  if (looksLikeJson(input) && random.chance(0.4)) {
    const mutated = mutateJson(input, parts);
    if (mutated && mutated.length <= bytesMax) return mutated;
  }
  let made = input;
  for (let step = random.between(1, STEPS_MAX); step > 0; step -= 1) made = once(made, parts);
  return made.length <= bytesMax ? made : made.slice(0, bytesMax);
}

function looksLikeJson(input: Input): boolean {
  return input[0] === 0x7b || input[0] === 0x5b;
}

function once(input: Input, parts: MutationParts): Input {
  const { random, words, compared } = parts;
  const at = random.below(input.length + 1);
  switch (random.below(11)) {
    case 0:
      return replaced(input, at, 1, Uint8Array.of((input[at] ?? 0) ^ (1 << random.below(8))));
    case 1:
      return replaced(input, at, 1, Uint8Array.of(random.pick(INTERESTING)));
    case 2:
      return replaced(input, at, 0, Uint8Array.of(random.below(256)));
    case 3:
      return replaced(input, at, random.between(1, BLOCK_BYTES_MAX), new Uint8Array(0));
    case 4:
      return replaced(input, at, 0, blockOf(input, random));
    case 5:
      return replaced(input, at, random.below(BLOCK_BYTES_MAX), blockOf(parts.other(), random));
    case 6:
    case 7:
      return words.length === 0 ? input : replaced(input, at, overwrite(random), bytesOf(random.pick(words)));
    case 8:
      return numberChanged(input, random);
    case 9:
      return compared.length === 0 ? input : asCompared(input, random.pick(compared), random);
    default: {
      const other = parts.other();
      return replaced(input, at, input.length, other.slice(random.below(other.length + 1)));
    }
  }
}

function overwrite(random: Random): number {
  return random.chance(0.5) ? 0 : random.below(12);
}

function blockOf(input: Input, random: Random): Input {
  const from = random.below(input.length + 1);
  return input.slice(from, from + random.between(1, BLOCK_BYTES_MAX));
}

/** `input` with `length` bytes at a place replaced. */
function replaced(input: Input, at: number, length: number, by: Input): Input {
  const rest = input.subarray(Math.min(at + length, input.length));
  const made = new Uint8Array(at + by.length + rest.length);
  made.set(input.subarray(0, at));
  made.set(by, at);
  made.set(rest, at + by.length);
  return made;
}

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x30 && byte <= 0x39;

/** One more or less, or another number, where digits stand. */
function numberChanged(input: Input, random: Random): Input {
  let from = random.below(input.length + 1);
  while (from < input.length && !isDigit(input[from])) from += 1;
  if (from >= input.length) return input;
  while (from > 0 && isDigit(input[from - 1])) from -= 1;
  let to = from;
  while (isDigit(input[to])) to += 1;
  const digits = String.fromCharCode(...input.subarray(from, Math.min(to, from + 15)));
  const near = String(Number(digits) + random.between(-2, 2)).padStart(digits.length, '0');
  return replaced(input, from, to - from, bytesOf(random.chance(0.7) ? near : random.pick(NUMBERS)));
}

/** Puts what was wanted where stands what was there. */
function asCompared(input: Input, [a, b]: Compared, random: Random): Input {
  const [from, to] = random.chance(0.5) ? [a, b] : [b, a];
  const [sought, by] = [bytesOf(String(from)), bytesOf(String(to))];
  if (sought.length === 0) return replaced(input, random.below(input.length + 1), 0, by);
  const at = Buffer.from(input.buffer, input.byteOffset, input.length).indexOf(sought);
  return at < 0
    ? replaced(input, random.below(input.length + 1), 0, by)
    : replaced(input, at, sought.length, by);
}
