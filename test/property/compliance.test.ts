import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type MachineFacts,
  type VolumeFacts,
  computerCompliance,
  volumeReasons,
} from '../../shared/domain/compliance.ts';
import { COMPLIANCE_STATES, NON_COMPLIANCE_REASONS } from '../../shared/domain/vocabulary.ts';
import { settle } from './settings.ts';

const wanted = fc.constantFrom('required' as const, 'forbidden' as const, 'optional' as const);
const machines: fc.Arbitrary<MachineFacts> = fc.record({
  tpmPresent: fc.constantFrom(true, false, null),
  enforcement: fc.constantFrom('enforced', 'not-enforced', 'user-exempt', 'temporary-user-exempt'),
  rules: fc.record({
    operatingSystem: wanted,
    fixedData: wanted,
    removable: wanted,
    cipher: fc.constantFrom('any', 'aes-256', 'xts-128', 'xts-256'),
    osProtector: fc.constantFrom('any', 'tpm', 'tpm-and-pin'),
    allowWithoutTpm: fc.boolean(),
  }),
});
const volumes: fc.Arbitrary<VolumeFacts> = fc.record({
  volumeType: fc.constantFrom(0, 1, 2, 3),
  protectionStatus: fc.constantFrom(0, 1, 2),
  conversionStatus: fc.constantFrom(0, 1, 2, 3, 4, 5),
  encryptionMethod: fc.constantFrom(0, 1, 2, 3, 4, 5, 6, 7, 42, 0xffffffff),
  protectorTypes: fc.array(fc.nat(10), { maxLength: 4 }),
});

describe('compliance', () => {
  it('is total: a known state, known reasons, ascending and each once', () => {
    fc.assert(
      fc.property(machines, fc.array(volumes, { maxLength: 5 }), (machine, list) => {
        const { state, reasons } = computerCompliance(machine, list);
        expect(COMPLIANCE_STATES).toContain(state);
        for (const found of [reasons, ...list.map((volume) => volumeReasons(machine, volume))]) {
          expect(found).toEqual([...new Set(found)].sort((a, b) => a - b));
          for (const reason of found) expect(NON_COMPLIANCE_REASONS).toHaveProperty(String(reason));
        }
        expect(
          state === 'non-compliant' ? reasons.length > 0 : state === 'unknown' || reasons.length === 0,
        ).toBe(true);
      }),
      settle(1_000),
    );
  });

  it('does not depend on the order of volumes or protectors', () => {
    fc.assert(
      fc.property(machines, fc.array(volumes, { maxLength: 5 }), (machine, list) => {
        const turned = list
          .map((volume) => ({ ...volume, protectorTypes: volume.protectorTypes.toReversed() }))
          .reverse();
        expect(computerCompliance(machine, turned)).toEqual(computerCompliance(machine, list));
      }),
      settle(300),
    );
  });

  it('names every reason of every volume, and only an enforced policy finds fault', () => {
    fc.assert(
      fc.property(machines, fc.array(volumes, { minLength: 1, maxLength: 5 }), (machine, list) => {
        const { state, reasons } = computerCompliance(machine, list);
        if (machine.enforcement !== 'enforced') {
          expect(reasons).toEqual([]);
          expect(['user-exempt', 'temporary-user-exempt', 'policy-not-enforced']).toContain(state);
          return;
        }
        for (const volume of list)
          for (const reason of volumeReasons(machine, volume)) expect(reasons).toContain(reason);
        if (state === 'compliant') expect(list.some((volume) => volume.volumeType === 1)).toBe(true);
      }),
      settle(500),
    );
  });
});
