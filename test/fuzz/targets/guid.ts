/** GUIDs in every usual form, beginnings of them as people read them out, and Windows' bytes. */
import fc from 'fast-check';
import { guidFromWindowsBytes, parseGuid, parseKeyIdPrefix } from '../../../shared/domain/recovery-key.ts';
import { type Target, must, same, textOf, signsOf } from '../target.ts';

const SEEDS = [
  '3fd763f9-74c7-4e90-8fa2-1f6a2e2b4e0c',
  '{3FD763F9-74C7-4E90-8FA2-1F6A2E2B4E0C}',
  'urn:uuid:3fd763f9-74c7-4e90-8fa2-1f6a2e2b4e0c',
  '3fd763f974c74e908fa21f6a2e2b4e0c',
  ' {3fd763f974c74e908fa21f6a2e2b4e0c}\r\n',
  '3FD7 63F9',
];
const LENGTHS = ['32', '8-4-4-4-12'];

/** The 32 digits of a text that has one of the usual forms, read from its outside to its inside. */
function digitsOf(text: string): string | null {
  let inner = text.trim();
  if (/^urn:uuid:/i.test(inner)) inner = inner.slice(9);
  if (inner.startsWith('{') && inner.endsWith('}') && inner.length > 1) inner = inner.slice(1, -1);
  const groups = inner.split('-');
  if (!LENGTHS.includes(groups.map(({ length }) => length).join('-'))) return null;
  return groups.every((group) => /^[0-9a-f]+$/i.test(group)) ? groups.join('').toLowerCase() : null;
}

export const target: Target = {
  name: 'guid',
  holds:
    'one stored form for every usual one, by an independent reading; a beginning is one of the stored form; bytes in Windows’ order',
  inputs: fc.oneof(
    fc
      .tuple(fc.uuid(), fc.constantFrom('#', '{#}', 'urn:uuid:#', ' #\n', '{#', 'URN:UUID:{#}'))
      .map(([id, form]) => form.replace('#', id)),
    fc.tuple(fc.uuid(), fc.nat(36)).map(([id, length]) => id.slice(0, length).toUpperCase()),
    fc.string({ unit: signsOf('0123456789abcdefABCDEF-{} urn:id'), maxLength: 48 }),
  ),
  bytesMax: 128,
  open: () => ({
    seeds: SEEDS,
    run(input) {
      const text = textOf(input);
      const guid = parseGuid(text);
      same(guid?.replaceAll('-', '') ?? null, digitsOf(text), 'another reading');
      if (guid !== null) {
        must(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(guid), 'not in the stored form');
        must(parseGuid(guid) === guid, 'the stored form is read otherwise');
      }
      const prefix = parseKeyIdPrefix(text);
      const hex = Array.from(text)
        .filter((character) => !/[\s{}-]/u.test(character))
        .join('')
        .toLowerCase();
      const isPrefix = hex.length >= 8 && hex.length <= 32 && /^[0-9a-f]*$/.test(hex);
      must((prefix !== null) === isPrefix, 'a beginning is taken or refused wrongly');
      if (prefix !== null) {
        same(prefix.replaceAll('-', ''), hex, 'a beginning of other digits');
        must(parseGuid(hex.padEnd(32, '0'))?.startsWith(prefix) === true, 'no beginning of a stored form');
      }
      const bytes = guidFromWindowsBytes(input.subarray(0, 16));
      must((bytes !== null) === input.length >= 16, 'bytes of another length');
      if (bytes !== null) {
        const view = new DataView(input.buffer, input.byteOffset, 16);
        const first = [view.getUint32(0, true), view.getUint16(4, true), view.getUint16(6, true)];
        const hexOf = (value: number, length: number) => value.toString(16).padStart(length, '0');
        const expected = `${hexOf(first[0] ?? 0, 8)}${hexOf(first[1] ?? 0, 4)}${hexOf(first[2] ?? 0, 4)}${Buffer.from(input.subarray(8, 16)).toString('hex')}`;
        same(bytes.replaceAll('-', ''), expected, 'bytes in another order');
      }
    },
  }),
};
