/** RFC 8785 by the library, and the text of a chain's hash, against a canonical form written from the standard. */
import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { hashEntry, isStorable } from '../../../shared/journal/entry.ts';
import type { Origin } from '../../../shared/trust/certificate.ts';
import { type Target, jsonOf, must, same, textOf } from '../target.ts';

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  // By UTF-16 code units, as the standard has it and `<` compares.
  const names = Object.keys(value).sort((a, b) => (a < b ? -1 : 1));
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical((value as Record<string, unknown>)[name])}`).join(',')}}`;
}

const isWellFormed = (value: unknown): boolean =>
  isStorable(JSON.stringify(value)) && !/\\ud[89a-f]/i.test(JSON.stringify(value));

const hasInfinity = (value: unknown): boolean =>
  typeof value === 'object' && value !== null
    ? Object.values(value).some(hasInfinity)
    : value === Infinity || value === -Infinity;

export const target: Target = {
  name: 'canonical-json',
  holds:
    'the library’s RFC 8785 equals one written from the standard, is read back as the same value, and is its own canonical form; an entry is hashed over it',
  inputs: fc.jsonValue({ maxDepth: 5 }).map((value) => JSON.stringify(value)),
  words: [
    '1e21',
    '1e-7',
    '-0',
    '333333333.33333329',
    '\\u0000',
    '\\ud83d\\ude02',
    '\u20ac',
    '\ufb33',
    '__proto__',
    '0',
    '10',
    '9',
  ],
  open: () => ({
    seeds: [
      '{"b":[1,2.5,{"z":null,"a":true}],"a":"\\u20ac$\\u000f\\nA\'B\\"\\\\"}',
      '{"numbers":[333333333.33333329,1E30,4.50,2e-3,1e-27],"1":1,"10":2,"9":3,"\\ud83d\\ude02":4,"\\ufb33":5}',
      '["",{},[],-0,0.1,9007199254740993,{"__proto__":{"a":1}}]',
      '{"kind":"status","version":1,"hlc":1741880000000000,"seq":7}',
    ],
    run(input) {
      const value = jsonOf(input);
      if (value === undefined) return;
      let text: string | undefined;
      try {
        text = canonicalize(value);
      } catch {
        // A lone surrogate has no canonical form (RFC 8785, 3.2.2.2), nor a number that no double holds.
        must(
          !isWellFormed(value) || hasInfinity(value),
          'a value of well-formed texts has no canonical form',
        );
        return;
      }
      must(text !== undefined, 'a value of JSON has no canonical form');
      must(text === canonical(value), 'another canonical form');
      same(canonicalize(JSON.parse(text)), text, 'the canonical form is not its own');
      hashed(value, textOf(input));
    },
  }),
};

/** The text that a chain hashes is the canonical one, whatever stands in the fields. */
function hashed(value: unknown, text: string): void {
  if (typeof value !== 'object' || value === null) return;
  const of = value as Record<string, unknown>;
  const number = (field: unknown) => (Number.isSafeInteger(field) ? Number(field) : 1);
  const entry = {
    ...{ store: 'recovery' as const, origin: text.slice(0, 24) as Origin, bodyHash: text.slice(0, 43) },
    ...{
      seq: number(of['seq']),
      hlc: number(of['hlc']),
      version: number(of['version']),
      kind: String(of['kind']),
    },
  };
  const texts: unknown[] = [];
  hashEntry({ sha256: (...parts) => String(texts.push(...parts)) }, entry, 'before');
  if (isWellFormed(entry))
    same(texts, [canonicalize({ ...entry, prev: 'before' })], 'a chain hashes another text');
}
