import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { nodePlatform } from '../../central/platform.ts';
import {
  commitmentOf,
  formatRecoveryPassword,
  parseGuid,
  parseKeyIdPrefix,
  parseRecoveryPassword,
} from '../../shared/domain/recovery-key.ts';
import { Redacted } from '../../shared/vault/redacted.ts';
import { guids } from '../support/drafts.ts';
import { settle } from './settings.ts';

const keys = fc.uint8Array({ minLength: 16, maxLength: 16 });
const separators = fc.constantFrom(
  '',
  '-',
  ' ',
  '\u00a0',
  '\u2007',
  '\u202f',
  '\u2011',
  '\u2013',
  '\t',
  '\r\n',
);

function keyOf(text: string): Uint8Array {
  const parsed = parseRecoveryPassword(text);
  if (!(parsed instanceof Redacted)) throw new Error(`refused: ${parsed.fault}`);
  return parsed.reveal();
}

describe('recovery passwords', () => {
  it('survive writing and reading, however they are separated', () => {
    fc.assert(
      fc.property(keys, fc.array(separators, { minLength: 9, maxLength: 9 }), (key, between) => {
        const password = formatRecoveryPassword(key);
        expect(password).toMatch(/^([0-9]{6}-){7}[0-9]{6}$/);
        const typed =
          password
            .split('-')
            .map((group, index) => `${between[index] ?? ''}${group}`)
            .join('') + (between[8] ?? '');
        expect(keyOf(typed)).toEqual(new Uint8Array(key));
      }),
      settle(300),
    );
  });

  it('are refused with the group that is wrong, and never echoed (I8)', () => {
    fc.assert(
      fc.property(
        keys,
        fc.nat(7),
        fc.integer({ min: 1, max: 10 }),
        fc.integer({ min: 65_536, max: 90_909 }),
        (key, at, off, large) => {
          const groups = formatRecoveryPassword(key).split('-');
          const change = (value: number) =>
            parseRecoveryPassword(groups.with(at, String(value).padStart(6, '0')).join('-'));
          expect(change(Number(groups[at]) + off)).toEqual({ fault: 'not-divisible-by-11', group: at + 1 });
          expect(change(large * 11)).toEqual({ fault: 'group-too-large', group: at + 1 });
          expect(parseRecoveryPassword(groups.slice(1).join('-'))).toEqual({
            fault: 'not-48-digits',
            digits: 42,
          });
          expect(parseRecoveryPassword(`${groups.join('-')}0`)).toEqual({
            fault: 'not-48-digits',
            digits: 49,
          });
          expect(parseRecoveryPassword(groups.join('-').replace(/[0-9]/, 'x'))).toMatchObject({
            fault: 'not-48-digits',
          });
          expect(parseRecoveryPassword(groups.join('_'))).toMatchObject({ fault: 'not-48-digits' });
        },
      ),
      settle(200),
    );
  });

  it('of any text are either read or refused, and are not printed', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.string({ unit: 'binary' }), keys.map(formatRecoveryPassword)),
        (text) => {
          const parsed = parseRecoveryPassword(text);
          if (!(parsed instanceof Redacted)) return;
          expect(`${String(parsed)} ${JSON.stringify(parsed)}`).toBe('<redacted> "<redacted>"');
        },
      ),
      settle(300),
    );
  });

  it('have a commitment that differs for another key or key ID', () => {
    fc.assert(
      fc.property(keys, keys, guids, guids, (a, b, one, other) => {
        const of = (id: typeof one, key: Uint8Array) => commitmentOf(nodePlatform, id, new Redacted(key));
        expect(of(one, a)).toMatch(/^[A-Za-z0-9_-]{43}$/);
        expect(of(one, a) === of(one, b)).toBe(Buffer.compare(a, b) === 0);
        expect(of(one, a) === of(other, a)).toBe(one === other);
      }),
      settle(100),
    );
  });
});

describe('GUIDs and their beginnings', () => {
  it('are read in every usual form', () => {
    fc.assert(
      fc.property(guids, (guid) => {
        const bare = guid.replaceAll('-', '');
        for (const form of [
          guid,
          `{${guid}}`,
          `urn:uuid:${guid}`,
          bare,
          `{${bare}}`,
          guid.toUpperCase(),
          ` ${guid}\n`,
        ]) {
          expect(parseGuid(form)).toBe(guid);
        }
        const wrong = [
          `{${guid}`,
          `${guid}}`,
          guid.slice(1),
          `${guid}0`,
          guid.replace('-', ''),
          guid.replace(/[0-9a-f]/, 'g'),
          '',
        ];
        for (const form of wrong) expect(parseGuid(form)).toBeNull();
      }),
      settle(200),
    );
  });

  it('give a prefix of the stored form for 8 to 32 digits as people read them out', () => {
    fc.assert(
      fc.property(
        guids,
        fc.integer({ min: 0, max: 40 }),
        fc.constantFrom('', ' ', '-'),
        (guid, length, separator) => {
          const digits = guid.replaceAll('-', '').slice(0, length);
          const read = `{${digits.toUpperCase().replaceAll(/(?<=.)(?=.)/g, separator)}`;
          if (digits.length < 8) expect(parseKeyIdPrefix(read)).toBeNull();
          else expect(guid.startsWith(String(parseKeyIdPrefix(read)))).toBe(true);
          expect(parseKeyIdPrefix(`${guid}0`)).toBeNull();
        },
      ),
      settle(200),
    );
  });
});

const project = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));
const folder = process.env['HOLDFAST_BITLK_DIR'] ?? path.join(project, '../shared/data/bitlk');
const list = path.resolve(project, folder, 'keys.json');

describe('volumes made by Windows', () => {
  it('have key IDs and passwords that are read and written back', (context) => {
    if (!existsSync(list)) {
      context.skip('the list of real BitLocker volumes (keys.json under HOLDFAST_BITLK_DIR) is not here');
    }
    const volumes = z
      .array(z.object({ keyId: z.string(), volumeId: z.string(), recoveryPassword: z.string() }))
      .min(1)
      .parse(JSON.parse(readFileSync(list, 'utf8')));
    for (const { keyId, volumeId, recoveryPassword } of volumes) {
      expect(parseGuid(`{${keyId.toUpperCase()}}`)).toBe(keyId);
      expect(parseGuid(volumeId)).toBe(volumeId);
      // Compared without naming them: a failure must not print a password.
      expect(formatRecoveryPassword(keyOf(recoveryPassword)) === recoveryPassword).toBe(true);
    }
  });
});
