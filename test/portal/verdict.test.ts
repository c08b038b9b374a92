import { describe, expect, it } from 'vitest';
import { verdictOf } from '../../shared/portal/verdict.ts';
import type { KeyHistory, Volume } from '../../shared/reports/messages.ts';

const coded = (code: number) => ({ code, words: '' });
const key = (facts: Partial<KeyHistory>): KeyHistory => ({
  ...{ keyId: 'k', state: { code: 'present', words: '' }, escrowedAt: 1, onDrive: true, conflicted: false },
  ...{ importedFrom: null, disclosedAt: [] },
  ...facts,
});
const drive = (type: number, conversion: number, protection: number, keys: KeyHistory[] = []): Volume => ({
  ...{ volumeId: 'v', type: coded(type), driveLetter: `${'?CDE'.charAt(type)}:` },
  ...{
    protection: coded(protection),
    conversion: coded(conversion),
    encryptionMethod: coded(7),
    lock: coded(0),
  },
  ...{ encryptionPercentage: 100, suspended: false, protectors: [], reasons: [], keys, olderKeys: 0 },
});
const SYSTEM = drive(1, 1, 1);

describe('a lost laptop', () => {
  it.each([
    ['yes', [SYSTEM], []],
    ['yes', [SYSTEM, drive(3, 0, 0)], []],
    ['no', [SYSTEM, drive(2, 0, 0)], ['D:']],
    ['no', [drive(1, 0, 0), drive(2, 1, 0)], ['C:', 'D:']],
    ['suspended', [drive(1, 1, 0)], ['C:']],
    ['under-way', [drive(1, 2, 0)], ['C:']],
    ['under-way', [drive(1, 4, 1)], ['C:']],
    ['unknown', [drive(1, 1, 2)], ['C:']],
    ['unknown', [drive(2, 1, 1)], []],
    ['unknown', [], []],
  ] as const)('is %s', (answer, volumes, open) => {
    expect(verdictOf({ volumes: [...volumes] })).toMatchObject({ answer, open });
  });

  it('is opened by a password that was given out and that may still be on it', () => {
    const at = (keys: KeyHistory[]) => verdictOf({ volumes: [drive(1, 1, 1, keys)] }).disclosedAt;
    expect(at([key({ disclosedAt: [5, 3] }), key({ onDrive: null, disclosedAt: [7] })])).toBe(7);
    expect(at([key({ onDrive: false, disclosedAt: [5] }), key({})])).toBeNull();
  });
});
