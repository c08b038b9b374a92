/** Pages of Microsoft Graph, cut out of a stream without holding it. */
import fc from 'fast-check';
import { EntraReader } from '../../../shared/import/entra.ts';
import { JsonObjects } from '../../../shared/import/json-objects.ts';
import { sourceFile, trueKeys } from '../../import/sources.ts';
import { TRUE_KEY, plain, read, readEveryWay } from '../import-reader.ts';
import { type Target, bytesOf, jsonOf, must, same, signsOf } from '../target.ts';

const keys = [...trueKeys(10, 'entra')];
const object = fc.constantFrom(...keys).chain(({ keyId, recoveryPassword, computerName }) =>
  fc.record({
    id: fc.constantFrom(keyId, keyId.toUpperCase()),
    key: fc.constant(recoveryPassword),
    deviceName: fc.oneof(
      fc.constant(computerName),
      fc.string({ unit: signsOf('ab"\\{}[]:,\u00e9😀\n'), maxLength: 12 }),
    ),
    createdDateTime: fc.constantFrom('2024-01-31T09:32:11Z', 'x', '2024-13-01T00:00:00Z'),
    volumeType: fc.constantFrom<unknown>('operatingSystemVolume', 1, '2', null),
    extra: fc.jsonValue({ maxDepth: 2 }),
  }),
);

/** The keys of a whole text, read at once: one object, lists, and pages of them. */
function objectsIn(value: unknown): object[] | null {
  if (Array.isArray(value)) {
    const inner = value.map(objectsIn);
    return inner.every((each) => each !== null) ? inner.flat() : null;
  }
  if (typeof value !== 'object' || value === null) return null;
  return 'value' in value && Array.isArray(value.value) ? objectsIn(value.value) : [value];
}

export const target: Target = {
  name: 'import-entra',
  holds:
    'the objects cut from a stream are those of the text read at once, where it is JSON; the same in pieces of any size and in every encoding',
  inputs: fc.oneof(
    fc.array(object, { maxLength: 3 }).map((list) => JSON.stringify({ '@odata.context': 'x', value: list })),
    fc
      .tuple(fc.array(object, { maxLength: 3 }), fc.constantFrom(0, 1, 2))
      .map(([list, spaces]) => JSON.stringify(list, null, spaces)),
    fc.array(object, { maxLength: 3 }).map((list) => list.map((each) => JSON.stringify(each)).join('\n')),
    fc
      .tuple(
        fc.array(object, { minLength: 1, maxLength: 2 }),
        fc.nat(400),
        fc.constantFrom('{', '}', '"', '\n', '[', ']', ',', '\\', '{"value":['),
      )
      .map(([list, at, sign]) => {
        const text = JSON.stringify({ value: list, '@odata.nextLink': 'https://x' });
        return text.slice(0, at) + sign + text.slice(at);
      }),
  ),
  words: [
    '{"value":[',
    ']}',
    '"@odata.nextLink":"x"',
    '"id":"',
    '"key":"',
    '"deviceName":"',
    '\\"',
    '\\\\',
    '{}',
    '[{',
    '}]',
    '\n',
  ],
  open: () => ({
    seeds: [
      JSON.stringify({
        value: [{ id: TRUE_KEY.keyId, key: TRUE_KEY.recoveryPassword, deviceName: 'PC' }],
        '@odata.nextLink': 'x',
      }),
      `[${JSON.stringify({ id: TRUE_KEY.keyId, key: TRUE_KEY.recoveryPassword, a: [{ b: [] }] })},\n{}]`,
      new Uint8Array(Buffer.concat([...sourceFile('entra', 100)]).subarray(0, 2_000)),
    ],
    run(input) {
      const reading = readEveryWay(() => new EntraReader(), input);
      must(reading !== null, 'a file is refused as a whole');
      const value = jsonOf(input);
      const wanted = value === undefined ? null : objectsIn(value);
      const nesting = (/[[{]/g.exec(Buffer.from(input).toString('latin1')) ?? []).length;
      if (!wanted || nesting > 14 || /[\0\ufffd]/.test(Buffer.from(input).toString('utf8'))) return;
      const text = JSON.stringify(value);
      // Two lists called "value" in one object, or a page within a record, are cut otherwise, and are nothing that Graph writes.
      if (
        (text.match(/"value":\[/g) ?? []).length > 1 ||
        (Array.isArray(value) && text.includes('"value":['))
      )
        return;
      const cut = new JsonObjects();
      const items = [...cut.push(input), ...cut.end()];
      same(
        items.map((item) => ('value' in item ? item.value : item)),
        wanted,
        'other objects than the text has',
      );
      const one = read(new EntraReader(), bytesOf(wanted.map((each) => JSON.stringify(each)).join('\n')));
      same(
        one?.items.map(plain).map(withoutLine),
        reading.items.map(plain).map(withoutLine),
        'objects one a line are read otherwise',
      );
    },
  }),
};

function withoutLine(item: unknown): unknown {
  return { ...(item as object), line: 0 };
}
