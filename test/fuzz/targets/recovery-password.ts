/** Recovery passwords as people type them, against arithmetic on whole numbers. */
import fc from 'fast-check';
import { formatRecoveryPassword, parseRecoveryPassword } from '../../../shared/domain/recovery-key.ts';
import { Redacted } from '../../../shared/vault/redacted.ts';
import { type Target, must, same, textOf, signsOf } from '../target.ts';

/** White space, the hyphens and dashes that keyboards and documents have, and nothing else. */
const SEPARATOR = /[\s\u00a0\u2007\u202f\u2010-\u2015-]/u;

/** The 48 digits, or null. */
function digitsIn(text: string): string | null {
  const digits = Array.from(text).filter((character) => !SEPARATOR.test(character));
  return digits.length === 48 && digits.every((digit) => digit >= '0' && digit <= '9')
    ? digits.join('')
    : null;
}

/** The number that the eight words make, each in 16 bits, the lowest first; or null. */
function numberIn(digits: string): bigint | null {
  let number = 0n;
  for (let group = 7; group >= 0; group -= 1) {
    const value = BigInt(digits.slice(group * 6, group * 6 + 6));
    if (value % 11n !== 0n || value / 11n > 0xffffn) return null;
    number = (number << 16n) | (value / 11n);
  }
  return number;
}

const keys = fc.uint8Array({ minLength: 16, maxLength: 16 }).map(formatRecoveryPassword);

export const target: Target = {
  name: 'recovery-password',
  holds:
    'the key is the number that whole-number arithmetic makes of the groups; writing it again gives the same digits; a fault names its group and echoes nothing',
  inputs: fc.oneof(
    keys,
    fc
      .tuple(keys, fc.constantFrom('', ' ', '-', '\u00a0', '\u2011', '\r\n'))
      .map(([text, sign]) => text.replaceAll('-', sign)),
    fc
      .tuple(keys, fc.nat(55), signsOf('0123456789 -x９'))
      .map(([text, at, sign]) => text.slice(0, at) + sign + text.slice(at + 1)),
    fc.string({ unit: 'binary', maxLength: 80 }),
  ),
  bytesMax: 256,
  open: () => ({
    seeds: [
      '000000-000011-720885-000022-111111-222222-333333-444444',
      '111111222222333333444444555555666666000000000011',
      ' 000000\u00a0000011\u2011720885\u2013000022 111111 222222 333333 444444\r\n',
      '720896-000000-000000-000000-000000-000000-000000-000000',
    ],
    run(input) {
      const text = textOf(input);
      const parsed = parseRecoveryPassword(text);
      const digits = digitsIn(text);
      const number = digits === null ? null : numberIn(digits);
      if (!(parsed instanceof Redacted)) {
        must(number === null, 'a valid password is refused');
        must((parsed.fault === 'not-48-digits') === (digits === null), 'another fault than the digits have');
        must(
          Object.values(parsed).every((value) => typeof value !== 'string' || !/\d{6}/.test(value)),
          'digits are echoed',
        );
        if ('group' in parsed && digits !== null) {
          const value = Number(digits.slice(parsed.group * 6 - 6, parsed.group * 6));
          must(
            parsed.fault === 'group-too-large' ? value >= 720_896 : value % 11 !== 0,
            'the group that is named is right',
          );
        }
        return;
      }
      must(number !== null && digits !== null, 'an invalid password is accepted');
      const key = parsed.reveal();
      must(
        key.length === 16 && BigInt(`0x${Buffer.from(key).reverse().toString('hex')}`) === number,
        'another key',
      );
      same(formatRecoveryPassword(key).replaceAll('-', ''), digits, 'it is written otherwise');
      must(!`${String(parsed)}${JSON.stringify(parsed)}`.includes(digits.slice(0, 6)), 'it is printed');
    },
  }),
};
