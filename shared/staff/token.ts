/** API tokens of staff, for scripts: 256 random bits, of which nodes hold the hash, with a scope and an end. */
import type { Configuration, Configured } from '../configuration.ts';
import type { Platform } from '../platform.ts';
import type { StaffMember } from './member.ts';

export function staffTokenHash(platform: Pick<Platform, 'sha256'>, token: string): string {
  return platform.sha256('holdfast staff token v1\n', token);
}

/** Whose token it is, or null when it, or its person, is good for nothing any more. */
export function memberByToken(
  configuration: Configuration,
  platform: Pick<Platform, 'sha256' | 'now'>,
  token: string,
): StaffMember | null {
  const found = find(configuration, platform, token);
  if (!found || found.body.revoked || found.body.expiresAt < platform.now()) return null;
  if (configuration.get('staff', found.body.staffId)?.body.revoked !== false) return null;
  return ownerOf(configuration, found);
}

/** Whose token it is or was, whatever it is good for: for the record of a refusal. */
export function formerMemberByToken(
  configuration: Configuration,
  platform: Pick<Platform, 'sha256'>,
  token: string,
): StaffMember | null {
  const found = find(configuration, platform, token);
  return found ? ownerOf(configuration, found) : null;
}

function find(
  configuration: Configuration,
  platform: Pick<Platform, 'sha256'>,
  token: string,
): Configured<'api-token'> | undefined {
  // Looked up by the hash of 256 random bits: timing tells nothing about a token.
  const tokenHash = staffTokenHash(platform, token);
  return configuration.all('api-token').find(({ body }) => body.tokenHash === tokenHash);
}

function ownerOf(
  configuration: Configuration,
  { id: tokenId, body: { staffId, scope } }: Configured<'api-token'>,
): StaffMember | null {
  const person = configuration.get('staff', staffId)?.body;
  if (!person) return null;
  const { name, role, sites } = person;
  return { staffId, name, role, sites, presence: { by: 'token', tokenId, scope } };
}
