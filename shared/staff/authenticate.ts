/** Who is asking: the one place where requests of people become a `StaffMember`. */
import type { Context } from 'hono';
import type { StaffRole } from '../domain/vocabulary.ts';
import type { AppEnv } from '../http/context.ts';
import { Problem } from '../http/problem.ts';
import type { HoldfastNode } from '../node.ts';
import type { StaffMember, Use } from './member.ts';
import { memberByToken, staffTokenHash } from './token.ts';

/**
 * The person behind a request, by API token or by session. Throws a Problem unless their role is one of `roles` and
 * how they are here goes for `use`: a token within its scope, a session that is fresh enough for keys.
 */
export async function requireStaff(
  node: HoldfastNode,
  c: Context<AppEnv>,
  use: Use,
  roles: readonly StaffRole[],
): Promise<StaffMember> {
  const member = await whoAsks(node, c);
  if (!roles.includes(member.role)) throw new Problem('forbidden', { role: member.role });
  const { presence } = member;
  if (presence.by === 'token' && !presence.scope.some((scope) => scope === use))
    throw new Problem('forbidden', { scope: presence.scope });
  return member;
}

/** An administrator, or null for the token of the installation while no administrator exists. */
export async function requireAdministrator(
  node: HoldfastNode,
  c: Context<AppEnv>,
): Promise<StaffMember | null> {
  const { bootstrapTokenHash, platform } = node.options;
  const staff = node.configuration.all('staff');
  const first = !staff.some(({ body }) => body.role === 'administrator' && !body.revoked);
  const tokenHash = staffTokenHash(platform, bearerToken(c) ?? '');
  // A token that was somebody's and was revoked does not come back with the installation's right.
  const somebodys = staff.some(({ body }) => body.tokenHash === tokenHash);
  if (first && !somebodys && tokenHash === bootstrapTokenHash) return null;
  return requireStaff(node, c, 'administration', ['administrator']);
}

function bearerToken(c: Context<AppEnv>): string | undefined {
  return /^Bearer ([A-Za-z0-9._~+/=-]{16,200})$/.exec(c.req.header('Authorization') ?? '')?.[1];
}

function whoAsks(node: HoldfastNode, c: Context<AppEnv>): Promise<StaffMember> {
  const token = bearerToken(c);
  const challenge = { 'WWW-Authenticate': 'Bearer' };
  if (token === undefined) throw new Problem('credentials-missing', {}, challenge);
  const member = memberByToken(node.configuration, node.options.platform, token);
  if (!member) throw new Problem('token-invalid', {}, challenge);
  return Promise.resolve(member);
}
