/**
 * From the facts a device reports to a compliance state with reasons: MBAM's rules, as one pure function.
 * A device states facts only; every node derives the same state from the same entry, so an upgrade of the
 * rules re-derives everything and nothing has to be asked again.
 */
import type { ComplianceState, ReasonCode } from './vocabulary.ts';

/** The encryption policy a device enforces, as the node told it. Version numbers tell which one a report is about. */
export interface PolicyRules {
  /** What must be encrypted. */
  operatingSystem: 'required' | 'forbidden' | 'optional';
  fixedData: 'required' | 'forbidden' | 'optional';
  removable: 'required' | 'forbidden' | 'optional';
  /** The weakest cipher that is accepted. */
  cipher: 'any' | 'aes-256' | 'xts-128' | 'xts-256';
  /** Which protector the operating-system volume needs. */
  osProtector: 'any' | 'tpm' | 'tpm-and-pin';
  allowWithoutTpm: boolean;
}

/** What a new installation enforces until an administrator says otherwise. */
export const DEFAULT_RULES: PolicyRules = {
  operatingSystem: 'required',
  fixedData: 'required',
  removable: 'optional',
  cipher: 'aes-256',
  osProtector: 'tpm',
  allowWithoutTpm: true,
};

export interface VolumeFacts {
  volumeType: 0 | 1 | 2 | 3;
  protectionStatus: 0 | 1 | 2;
  conversionStatus: 0 | 1 | 2 | 3 | 4 | 5;
  encryptionMethod: number;
  /** KeyProtectorType numbers present on the volume. */
  protectorTypes: readonly number[];
}

export interface MachineFacts {
  /** null when the device could not tell. */
  tpmPresent: boolean | null;
  /** How the device is bound to the policy. */
  enforcement: 'enforced' | 'not-enforced' | 'user-exempt' | 'temporary-user-exempt';
  rules: PolicyRules;
}

const TPM_PROTECTORS = [1, 4, 5, 6, 9];
const PIN_PROTECTORS = [4, 6];
const AES_256 = [2, 4, 7];
const XTS = [6, 7];

/** The reasons, ascending, for which one volume is not compliant; empty when it is. */
export function volumeReasons(machine: MachineFacts, volume: VolumeFacts): ReasonCode[] {
  const { rules } = machine;
  const reasons: ReasonCode[] = [];
  const wanted =
    volume.volumeType === 1
      ? rules.operatingSystem
      : volume.volumeType === 2
        ? rules.fixedData
        : volume.volumeType === 3
          ? rules.removable
          : 'optional';
  const encrypted = volume.conversionStatus === 1;
  const decrypted = volume.conversionStatus === 0;
  if (wanted === 'required' && !encrypted) reasons.push(1);
  if (wanted === 'forbidden' && !decrypted) reasons.push(2);
  if (encrypted && wanted !== 'forbidden') {
    const method = volume.encryptionMethod;
    if (rules.cipher === 'aes-256' && !AES_256.includes(method)) reasons.push(0);
    if (rules.cipher === 'xts-128' && !XTS.includes(method)) reasons.push(15);
    if (rules.cipher === 'xts-256' && method !== 7) reasons.push(16);
    if (volume.protectionStatus === 0) reasons.push(13);
  }
  if (volume.volumeType === 1 && encrypted && wanted === 'required') {
    const types = volume.protectorTypes;
    const bound = types.some((type) => TPM_PROTECTORS.includes(type));
    if (bound && machine.tpmPresent === false) reasons.push(6);
    if (rules.osProtector === 'tpm' && !bound && machine.tpmPresent !== false) reasons.push(3);
    if (rules.osProtector === 'tpm-and-pin' && !types.some((type) => PIN_PROTECTORS.includes(type)))
      reasons.push(4);
    if (machine.tpmPresent === false && !rules.allowWithoutTpm) reasons.push(5);
  }
  return reasons.sort((a, b) => a - b);
}

/** The computer's state and the union of its volumes' reasons (ascending). */
export function computerCompliance(
  machine: MachineFacts,
  volumes: readonly VolumeFacts[],
): { state: ComplianceState; reasons: ReasonCode[] } {
  if (machine.enforcement === 'user-exempt') return { state: 'user-exempt', reasons: [] };
  if (machine.enforcement === 'temporary-user-exempt') return { state: 'temporary-user-exempt', reasons: [] };
  if (machine.enforcement === 'not-enforced') return { state: 'policy-not-enforced', reasons: [] };
  if (volumes.length === 0) return { state: 'unknown', reasons: [12] };
  const found = new Set<ReasonCode>();
  for (const volume of volumes) for (const reason of volumeReasons(machine, volume)) found.add(reason);
  if (!volumes.some((volume) => volume.volumeType === 1)) found.add(12);
  const reasons = [...found].sort((a, b) => a - b);
  if (reasons.length > 0) return { state: 'non-compliant', reasons };
  const undecided = volumes.some((volume) => volume.volumeType !== 3 && volume.protectionStatus === 2);
  return { state: undecided ? 'unknown' : 'compliant', reasons: [] };
}
