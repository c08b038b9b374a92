/** Escrows and status reports with something wrong in them. */
import { randomUUID } from 'node:crypto';
import type { ProblemCode } from '../../../shared/http/problem.ts';
import { newPassword, volume } from '../pc.ts';
import { send } from '../http.ts';
import { Pc } from '../pc.ts';
import type { Case, Row } from '../row.ts';

const ESCROWED = { accepted: 201, wrote: { 'recovery:escrow': 1 } } as const;
const REPORTED = { accepted: 200, wrote: { 'compliance:status': 1, 'recovery:protectors': 1 } } as const;

/** Spoils the password of an otherwise valid escrow. */
function password(
  name: string,
  spoil: (good: string) => unknown,
  code: ProblemCode = 'recovery-password-invalid',
): Row {
  return {
    name: `recovery password: ${name}`,
    refused: [code === 'invalid-request' ? 400 : 422, code],
    ...ESCROWED,
    make: ({ pc, base }) => {
      const good = newPassword();
      return {
        hostile: () => pc.escrow(base, { recoveryPassword: spoil(good) }),
        twin: () => pc.escrow(base, { recoveryPassword: good }),
      };
    },
  };
}

function escrow(name: string, bad: object, good: object = {}): Row {
  return {
    ...{ name: `escrow: ${name}`, refused: [400, 'invalid-request'], ...ESCROWED },
    make: ({ pc, base }) => ({ hostile: () => pc.escrow(base, bad), twin: () => pc.escrow(base, good) }),
  };
}

/** A key ID in the address that is none, and the same one in a form that is usual. */
function keyId(name: string, spoil: (good: string) => string, twin: (good: string) => string): Row {
  return {
    ...{ name: `key ID: ${name}`, refused: [400, 'invalid-request'], ...ESCROWED },
    make: ({ pc, base }) => {
      const good = randomUUID();
      return {
        hostile: () => pc.escrow(base, {}, spoil(good)),
        twin: () => pc.escrow(base, {}, twin(good)),
      };
    },
  };
}

function status(name: string, bad: (pc: Pc) => object, good: (pc: Pc) => object = () => ({})): Row {
  return {
    ...{ name: `status: ${name}`, refused: [400, 'invalid-request'], ...REPORTED },
    make: ({ pc, base }) => ({
      hostile: () => pc.status(base, bad(pc)),
      twin: () => pc.status(base, good(pc)),
    }),
  };
}

const group = (good: string, at: number, value: string): string =>
  good
    .split('-')
    .map((digits, index) => (index === at ? value : digits))
    .join('-');
const volumes = (change: object) => (): object => ({ volumes: [volume(change)] });
const machine = (pc: Pc, change: object): object => ({
  machine: { ...pc.machine, tpmPresent: true, users: [], ...change },
});
const many = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);
const FULL_WIDTH_ZERO = 0xff10;

export const escrowRows: readonly Row[] = [
  password('47 digits', (good) => good.slice(0, -1)),
  password('49 digits', (good) => `${good}0`),
  password('no digits', () => 'not a recovery password at all'),
  password('nothing', () => ''),
  password('a letter for a digit', (good) => good.replace(/\d/, 'O')),
  password('full-width digits', (good) =>
    good.replace(/\d/g, (digit) => String.fromCharCode(FULL_WIDTH_ZERO + Number(digit))),
  ),
  password('Arabic digits', (good) =>
    good.replace(/\d/g, (digit) => String.fromCharCode(0x0660 + Number(digit))),
  ),
  password('a group not divisible by 11', (good) => group(good, 2, '000012')),
  password(
    'the sample from Microsoft\u2019s page, which is none',
    () => '311111-363319-446105-446281-446314-446303-446325-446336',
  ),
  password('a group of 720,896', (good) => group(good, 7, '720896')),
  password('a group of 999,999', (good) => group(good, 0, '999999')),
  password('a minus before a group', (good) => `-${group(good, 0, '-00011')}`),
  password('an exponent', (good) => group(good, 3, '0011e0')),
  password('dots between its groups', (good) => good.replaceAll('-', '.')),
  password('zero-width spaces in it', (good) => good.replaceAll('-', '\u200b')),
  password('a NUL behind it', (good) => `${good}\0`),
  password('a number', (good) => Number(good.replaceAll('-', '')), 'invalid-request'),
  password('a list', (good) => [good], 'invalid-request'),
  password('an object', (good) => ({ $ne: good }), 'invalid-request'),
  password('201 characters', (good) => good + ' '.repeat(150), 'invalid-request'),

  keyId(
    '31 digits',
    (good) => good.slice(0, -1),
    (good) => good,
  ),
  keyId(
    '33 digits',
    (good) => `${good}0`,
    (good) => good.toUpperCase(),
  ),
  keyId(
    'a letter beyond F',
    (good) => `g${good.slice(1)}`,
    (good) => good.replaceAll('-', ''),
  ),
  keyId(
    'a brace that is not closed',
    (good) => `%7B${good}`,
    (good) => `%7B${good}%7D`,
  ),
  keyId(
    'hyphens in other places',
    (good) => good.replaceAll('-', '').replace(/(....)/g, '$1-'),
    (good) => `{${good}}`,
  ),
  keyId(
    'an injection',
    (good) => `${good}'%20OR%201=1--`,
    (good) => `urn:uuid:${good}`,
  ),
  keyId(
    'a star',
    () => '*',
    (good) => good,
  ),

  escrow('a volume ID that is none', { volumeId: 'C:' }),
  escrow('a volume type of 4', { volumeType: 4 }, { volumeType: 3 }),
  escrow('a volume type in quotes', { volumeType: '1' }, { volumeType: 1 }),
  escrow('a counter of -1', { counter: -1 }, { counter: 0 }),
  escrow('a counter of 1.5', { counter: 1.5 }),
  escrow('a counter beyond exact numbers', { counter: 2 ** 53 }, { counter: Number.MAX_SAFE_INTEGER }),
  escrow('a key package that is not base64', { keyPackage: '<package>' }, { keyPackage: 'cGFja2FnZQ==' }),
  escrow('a key package of one base64 character', { keyPackage: 'A' }, { keyPackage: 'AA==' }),
  escrow('a key package with a base64 character too many', { keyPackage: 'AAAAA' }, { keyPackage: 'AAAA' }),
  escrow(
    'a key package of 16 KiB and one byte',
    { keyPackage: Buffer.alloc(16 * 1024 + 1).toString('base64') },
    { keyPackage: Buffer.alloc(16 * 1024).toString('base64') },
  ),
  escrow('33 users', { users: many(33, () => 'CORP\\u') }, { users: many(32, () => 'CORP\\u') }),
  escrow('a user without a name', { users: [''] }, { users: [] }),
  escrow('a NUL in a user\u2019s name', { users: ['CORP\\maria\0administrator'] }),
  {
    name: 'escrow: the 201st new key of a day',
    refused: [429, 'key-quota'],
    ...ESCROWED,
    make: async ({ stage, place, base, pc: other }: Case) => {
      const pc = await Pc.enrolled(base, stage.siteToken(place));
      const requests = await Promise.all(many(200, () => pc.escrow(base)));
      for (let at = 0; at < requests.length; at += 20)
        await Promise.all(requests.slice(at, at + 20).map((request) => send(base, request)));
      return { hostile: () => pc.escrow(base), twin: () => other.escrow(base) };
    },
  },

  status('a counter of 1e400', () => ({ counter: Infinity })),
  status(
    'a time before 1970',
    () => ({ reportedAt: -1 }),
    () => ({ reportedAt: 0 }),
  ),
  status(
    '65 volumes',
    () => ({ volumes: many(65, volume) }),
    () => ({ volumes: many(64, volume) }),
  ),
  status('33 protectors', () => ({
    volumes: [volume({ protectors: many(33, () => ({ type: 1, keyId: null })) })],
  })),
  status('a protection status of 3', volumes({ protectionStatus: 3 }), volumes({ protectionStatus: 2 })),
  status('a conversion status of 6', volumes({ conversionStatus: 6 }), volumes({ conversionStatus: 5 })),
  status(
    'an encryption method beyond 32 bits',
    volumes({ encryptionMethod: 2 ** 32 }),
    volumes({ encryptionMethod: 2 ** 32 - 1 }),
  ),
  status('101 per cent', volumes({ encryptionPercentage: 101 }), volumes({ encryptionPercentage: null })),
  status('a drive letter of two letters', volumes({ driveLetter: 'CC:' }), volumes({ driveLetter: null })),
  status('a formula for a drive letter', volumes({ driveLetter: '=1+1' })),
  status('a protector of type 11', volumes({ protectors: [{ type: 11, keyId: null }] })),
  status('a key ID of a protector that is none', volumes({ protectors: [{ type: 3, keyId: '1234' }] })),
  status(
    'a TPM that is "yes"',
    (pc) => machine(pc, { tpmPresent: 'yes' }),
    (pc) => machine(pc, { tpmPresent: null }),
  ),
  status('an enforcement of its own', (pc) => ({ policy: { ...policyOf(pc), enforcement: 'exempt-me' } })),
  status(
    'an error text of 501 characters',
    (pc) => ({ policy: { ...policyOf(pc), error: 'e'.repeat(501) } }),
    (pc) => ({
      policy: { ...policyOf(pc), error: 'e'.repeat(500) },
    }),
  ),
];

function policyOf(pc: Pc): object {
  return pc.statusBody()['policy'] as object;
}
