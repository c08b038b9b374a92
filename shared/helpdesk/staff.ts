/** Staff by bearer token: whose it is, which role, which sites. Tokens replicate as hashes, so sign-in works offline. */
import type { Configuration } from '../configuration.ts';
import type { StaffRole } from '../domain/vocabulary.ts';
import { Problem } from '../http/problem.ts';
import type { Platform } from '../platform.ts';

export interface StaffMember {
  readonly staffId: string;
  readonly name: string;
  readonly role: StaffRole;
  /** null: every site */
  readonly sites: readonly string[] | null;
}

export function staffTokenHash(platform: Pick<Platform, 'sha256'>, token: string): string {
  return platform.sha256('holdfast staff token v1\n', token);
}

/** The person behind an `Authorization: Bearer …` header; throws a Problem unless the role is one of `roles`. */
export function authenticateStaff(
  configuration: Configuration,
  platform: Pick<Platform, 'sha256'>,
  authorization: string | undefined,
  roles: readonly StaffRole[],
): StaffMember {
  const token = /^Bearer ([A-Za-z0-9._~+/=-]{16,200})$/.exec(authorization ?? '')?.[1];
  if (token === undefined) throw new Problem('credentials-missing', {}, { 'WWW-Authenticate': 'Bearer' });
  // Looked up by the hash of 256 random bits: timing tells nothing about a token.
  const tokenHash = staffTokenHash(platform, token);
  const found = configuration.all('staff').find(({ body }) => body.tokenHash === tokenHash && !body.revoked);
  if (!found) throw new Problem('token-invalid', {}, { 'WWW-Authenticate': 'Bearer' });
  const { name, role, sites } = found.body;
  if (!roles.includes(role)) throw new Problem('forbidden', { role });
  return { staffId: found.id, name, role, sites };
}
