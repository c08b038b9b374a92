/** API tokens of staff, for scripts: 256 random bits, of which nodes hold the hash, with a scope and an end. */
import type { Configuration } from '../configuration.ts';
import type { Platform } from '../platform.ts';
import type { Presence, StaffMember } from './member.ts';

export function staffTokenHash(platform: Pick<Platform, 'sha256'>, token: string): string {
  return platform.sha256('holdfast staff token v1\n', token);
}

/** Whose token it is, or null. */
export function memberByToken(
  configuration: Configuration,
  platform: Pick<Platform, 'sha256' | 'now'>,
  token: string,
): StaffMember | null {
  // Looked up by the hash of 256 random bits: timing tells nothing about a token.
  const tokenHash = staffTokenHash(platform, token);
  const found = configuration.all('api-token').find(({ body }) => body.tokenHash === tokenHash);
  if (!found || found.body.revoked || found.body.expiresAt < platform.now()) return null;
  const { staffId, scope } = found.body;
  return member(configuration, staffId, { by: 'token', tokenId: found.id, scope });
}

function member(configuration: Configuration, staffId: string, presence: Presence): StaffMember | null {
  const person = configuration.get('staff', staffId)?.body;
  if (!person || person.revoked) return null;
  const { name, role, sites } = person;
  return { staffId, name, role, sites, presence };
}
