/** Which drives an agent encrypts by itself. */
import type { PolicyRules } from '../domain/compliance.ts';

export interface AgentPolicy {
  readonly rules: PolicyRules;
  readonly enforcement: 'enforced' | 'not-enforced' | 'user-exempt' | 'temporary-user-exempt';
}

export const RULE_OF = { 1: 'operatingSystem', 2: 'fixedData', 3: 'removable' } as const;

/** True when the policy is enforced here, requires this drive to be encrypted, and it holds nothing encrypted yet. */
export function wantsEncryption(
  policy: AgentPolicy,
  volume: { volumeType: 0 | 1 | 2 | 3; conversionStatus: number },
): boolean {
  if (policy.enforcement !== 'enforced' || volume.volumeType === 0 || volume.conversionStatus !== 0)
    return false;
  return policy.rules[RULE_OF[volume.volumeType]] === 'required';
}
