/** API tokens of staff, for scripts: 256 random bits, of which nodes hold the hash. */
import type { Configuration } from '../configuration.ts';
import { TOKEN_SCOPES } from '../domain/vocabulary.ts';
import type { Platform } from '../platform.ts';
import type { StaffMember } from './member.ts';

export function staffTokenHash(platform: Pick<Platform, 'sha256'>, token: string): string {
  return platform.sha256('holdfast staff token v1\n', token);
}

/** Whose token it is, or null. */
export function memberByToken(
  configuration: Configuration,
  platform: Pick<Platform, 'sha256'>,
  token: string,
): StaffMember | null {
  // Looked up by the hash of 256 random bits: timing tells nothing about a token.
  const tokenHash = staffTokenHash(platform, token);
  const found = configuration.all('staff').find(({ body }) => body.tokenHash === tokenHash && !body.revoked);
  if (!found) return null;
  const { name, role, sites } = found.body;
  return {
    ...{ staffId: found.id, name, role, sites },
    presence: { by: 'token', tokenId: found.id, scope: TOKEN_SCOPES },
  };
}
