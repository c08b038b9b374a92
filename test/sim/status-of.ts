/** What a simulated PC says of itself. */
import { DEFAULT_RULES } from '../../shared/domain/compliance.ts';
import type { Guid } from '../../shared/domain/recovery-key.ts';
import type { StatusRequest } from '../../shared/devices/messages.ts';
import type { KnownKey } from './oracle.ts';

export type Attributes = Pick<
  StatusRequest['machine'],
  'computerName' | 'domain' | 'smbiosUuid' | 'serial' | 'make' | 'model' | 'osVersion'
>;

export interface Volume {
  readonly volumeId: Guid;
  /** what the drive is protected by now */
  key: KnownKey | null;
}

export function userOf(pc: string): string {
  return `example\\${pc}`;
}

export function attributesOf(pc: string, smbiosUuid: Guid): Attributes {
  return {
    ...{ computerName: pc.toUpperCase(), domain: 'example', smbiosUuid, serial: pc },
    ...{ make: 'Make', model: 'Model', osVersion: '10.0.26100' },
  };
}

/** A status report. With each of its `changes` something about the PC is another way than before. */
export function reportOf(
  attributes: Attributes,
  counter: number,
  changes: number,
  volumes: readonly Volume[],
): StatusRequest {
  return {
    ...{ counter, reportedAt: 1_800_000_000_000 + counter },
    machine: { ...attributes, tpmPresent: changes % 2 === 0, users: [userOf(attributes.serial)] },
    policy: { version: 0, rules: DEFAULT_RULES, enforcement: 'enforced', error: null },
    volumes: volumes.map(({ volumeId, key }) => ({
      ...{ volumeId, volumeType: 1 as const, driveLetter: 'C:', lockStatus: 0 as const },
      ...{ protectionStatus: key ? (1 as const) : (0 as const), encryptionPercentage: key ? 100 : 0 },
      ...{ conversionStatus: key ? (1 as const) : (0 as const), encryptionMethod: key ? 7 : 0 },
      protectors: key ? [{ type: 3, keyId: key.keyId as Guid }] : [],
    })),
  };
}
