/** Mutations of JSON that leave it JSON: values replaced, taken away, doubled, nested, exchanged. */
import { type Input, bytesOf, jsonOf } from '../target.ts';
import type { MutationParts } from './mutate.ts';

type Holder = Record<string, unknown>;

interface Place {
  readonly holder: Holder;
  readonly name: string;
}

const PLACES_MAX = 2_000;
const LONG = 'x'.repeat(600);
const JUNK: readonly unknown[] = [
  ...[
    null,
    true,
    false,
    0,
    -1,
    -0,
    0.5,
    1e308,
    2 ** 53,
    2 ** 53 - 1,
    '',
    ' ',
    '\0',
    '\ud800',
    '\ufeff',
    '\ufffd',
  ],
  ...[
    '__proto__',
    'constructor',
    '=1+1',
    '../..',
    '%00',
    '\u202e',
    'ﬀ',
    '\u{1f4bb}',
    LONG,
    [],
    {},
    [[]],
    [''],
  ],
];

/** null where it is no JSON with anything in it. */
export function mutateJson(input: Input, parts: MutationParts): Input | null {
  const { random } = parts;
  const value = jsonOf(input);
  for (let step = random.between(1, 3); step > 0; step -= 1) {
    const places = placesIn(value);
    if (places.length === 0) return null;
    change(random.pick(places), places, parts);
  }
  return bytesOf(JSON.stringify(value));
}

/** Every place in a value at which something can be put, taken away or doubled. */
export function placesIn(value: unknown, found: Place[] = []): Place[] {
  if (typeof value !== 'object' || value === null || found.length > PLACES_MAX) return found;
  const holder = value as Holder;
  for (const name of Object.keys(holder)) {
    found.push({ holder, name });
    placesIn(holder[name], found);
  }
  return found;
}

function change(
  { holder, name }: Place,
  places: readonly Place[],
  { random, words, compared }: MutationParts,
): void {
  const value = holder[name];
  switch (random.below(9)) {
    case 0:
      Reflect.deleteProperty(holder, name);
      return;
    case 1:
      put(holder, name, structuredClone(random.pick(JUNK)));
      return;
    case 2: {
      const from = random.pick(places);
      put(holder, name, structuredClone(from.holder[from.name]));
      return;
    }
    case 3:
      put(holder, Array.isArray(holder) ? String(holder.length) : `${name} `, structuredClone(value));
      return;
    case 4:
      put(holder, name, random.chance(0.5) ? [structuredClone(value)] : { [name]: structuredClone(value) });
      return;
    case 5:
      if (words.length > 0) put(holder, name, random.pick(words));
      return;
    case 6: {
      const pair = compared.length === 0 ? null : random.pick(compared);
      if (pair) put(holder, name, pair[0] === value ? pair[1] : pair[0]);
      return;
    }
    default:
      if (typeof value === 'number') put(holder, name, value + random.between(-2, 2));
      else if (typeof value === 'boolean') put(holder, name, !value);
      else if (typeof value === 'string') put(holder, name, textChanged(value, random));
  }
}

/** Its own property, also where its name is `__proto__`. */
function put(holder: Holder, name: string, value: unknown): void {
  Object.defineProperty(holder, name, { value, writable: true, enumerable: true, configurable: true });
}

function textChanged(text: string, random: MutationParts['random']): string {
  const at = random.below(text.length + 1);
  switch (random.below(4)) {
    case 0:
      return text.slice(0, at) + text.slice(at + random.between(1, 4));
    case 1:
      return text.slice(0, at) + String.fromCodePoint(random.between(32, 0xffff)) + text.slice(at);
    case 2:
      return (
        text.slice(0, at) +
        String.fromCharCode((text.charCodeAt(at) || 0) + random.between(-1, 1)) +
        text.slice(at + 1)
      );
    default:
      return random.chance(0.5) ? text.toUpperCase() : text + text;
  }
}
