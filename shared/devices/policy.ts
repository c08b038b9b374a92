/** The policy a device is told: its site's, or the organisation's, with its own exemption applied. */
import type { Configuration } from '../configuration.ts';
import { DEFAULT_RULES } from '../domain/compliance.ts';
import { limits } from '../limits.ts';
import type { Platform } from '../platform.ts';
import type { PolicyAnswer } from './messages.ts';

export function policyFor(
  configuration: Configuration,
  platform: Pick<Platform, 'now'>,
  siteId: string,
  deviceId: string,
): PolicyAnswer {
  const policy = configuration.policyOf(siteId);
  const exemption = configuration.get('exemption', deviceId)?.body;
  const holds =
    exemption && !exemption.revoked && (exemption.until === null || exemption.until > platform.now());
  return {
    version: policy?.revision ?? 0,
    rules: policy?.body.rules ?? DEFAULT_RULES,
    enforcement: !holds
      ? 'enforced'
      : exemption.kind === 'policy-not-enforced'
        ? 'not-enforced'
        : exemption.kind,
    reportEveryMs: policy?.body.reportEveryMs ?? limits.reportEveryMs,
  };
}
