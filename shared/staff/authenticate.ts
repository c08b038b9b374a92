/**
 * Who is asking: the one place where requests of people become a `StaffMember`.
 *
 * By session, what changes something must come from a page of this node (CSRF): the browser says so itself
 * (`Sec-Fetch-Site`, or `Origin` where that is missing), and the cookie is SameSite=Strict besides. A client that says
 * neither shows the session's token in `Holdfast-CSRF`.
 */
import { base64url } from 'jose';
import type { Context } from 'hono';
import type { StaffRole } from '../domain/vocabulary.ts';
import { type AppEnv, hostOf } from '../http/context.ts';
import { Problem } from '../http/problem.ts';
import { limits } from '../limits.ts';
import type { HoldfastNode } from '../node.ts';
import { sessionSecret } from './cookie.ts';
import type { StaffMember, Use } from './member.ts';
import { isSame } from './password.ts';
import type { Session } from './sessions.ts';
import { SESSION_CHALLENGE } from './sign-in.ts';
import { formerMemberByToken, memberByToken, staffTokenHash } from './token.ts';

export const CSRF_HEADER = 'Holdfast-CSRF';

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
  const token = bearerToken(c);
  const member = token === undefined ? requireMember(node, c, use) : requireToken(node, token, use);
  if (!roles.includes(member.role)) throw new Problem('forbidden', { role: member.role });
  return Promise.resolve(member);
}

/**
 * Whoever a request is by, if that is known, also when they may do nothing here any more: the audit of keys names them
 * (I3). To be asked before anything refuses them, for that may end their session.
 */
export function personBehind(node: HoldfastNode, c: Context<AppEnv>): StaffMember | null {
  const { configuration, options } = node;
  if (c.req.header('Authorization') !== undefined) {
    const token = BEARER.exec(c.req.header('Authorization') ?? '')?.[1];
    return token === undefined ? null : formerMemberByToken(configuration, options.platform, token);
  }
  const secret = sessionSecret(node, c);
  const session = secret === null ? null : node.sessions.find(secret, false);
  const person = session && configuration.get('staff', session.staffId)?.body;
  if (!session || !person) return null;
  const { staffId, id: sessionId, isFresh } = session;
  const { name, role, sites } = person;
  return { staffId, name, role, sites, presence: { by: 'session', sessionId, isFresh } };
}

/** An administrator, or null for the token of the installation while no administrator exists. */
export async function requireAdministrator(
  node: HoldfastNode,
  c: Context<AppEnv>,
): Promise<StaffMember | null> {
  const { bootstrapTokenHash, platform } = node.options;
  const { configuration } = node;
  const staff = configuration.all('staff');
  const first = !staff.some(({ body }) => body.role === 'administrator' && !body.revoked);
  const tokenHash = staffTokenHash(platform, bearerToken(c) ?? '');
  // A token that is somebody's does not come back with the installation's right when that somebody was revoked. It may
  // be kept for the first administrator, who is made after it.
  const somebodys = configuration
    .all('api-token')
    .some(
      ({ body }) =>
        body.tokenHash === tokenHash && (body.revoked || configuration.get('staff', body.staffId)),
    );
  if (first && !somebodys && tokenHash === bootstrapTokenHash) return null;
  return requireStaff(node, c, 'administration', ['administrator']);
}

/** The session of a request. `uses`: whether a person does something; a page that only looks keeps no session alive. */
export function requireSession(node: HoldfastNode, c: Context<AppEnv>, uses: boolean): Session {
  const secret = sessionSecret(node, c);
  if (secret === null) throw new Problem('credentials-missing', {}, SESSION_CHALLENGE);
  const session = node.sessions.find(secret, uses);
  const person = session && node.configuration.get('staff', session.staffId);
  // Revoked, or signed in by what was forgotten since.
  if (
    !session ||
    person?.body.revoked !== false ||
    !session.credentialIds.every((id) => node.credentials.has(id))
  ) {
    if (session) node.sessions.end(session.id);
    throw new Problem('session-over', {}, SESSION_CHALLENGE);
  }
  if (!SAFE_METHODS.includes(c.req.method) && !isFromHere(c, session)) throw new Problem('request-forged');
  return session;
}

const SAFE_METHODS: readonly string[] = ['GET', 'HEAD'];

function isFromHere(c: Context<AppEnv>, { csrf }: Session): boolean {
  const site = c.req.header('Sec-Fetch-Site');
  if (site !== undefined) return site === 'same-origin';
  const origin = c.req.header('Origin');
  if (origin !== undefined) return URL.canParse(origin) && new URL(origin).host === hostOf(c);
  const shown = c.req.header(CSRF_HEADER) ?? '';
  return /^[A-Za-z0-9_-]{22}$/.test(shown) && isSame(base64url.decode(shown), base64url.decode(csrf));
}

/** Whether a session is good for nothing before its person has chosen another password. */
export function mustChange(node: HoldfastNode, { staffId, method }: Session): boolean {
  if (method === 'passkey') return false;
  const [password] = node.credentials.of(staffId, 'password');
  if (password?.secret.mustChange !== true) return false;
  // At an edge that cannot reach the centre nobody can change a password, and keys are needed nevertheless (I10).
  const { role } = node.identity.certificate;
  return role === 'centre' || node.peers.offlineSince(2 * limits.cycleEveryMs) === null;
}

function requireMember(node: HoldfastNode, c: Context<AppEnv>, use: Use): StaffMember {
  const session = requireSession(node, c, true);
  const person = node.configuration.get('staff', session.staffId);
  if (!person) throw new Problem('session-over', {}, SESSION_CHALLENGE);
  if (use !== 'account' && mustChange(node, session)) throw new Problem('change-demanded');
  if (use === 'keys' && !session.isFresh) throw new Problem('session-idle', {}, SESSION_CHALLENGE);
  const { name, role, sites } = person.body;
  const { id: sessionId, isFresh } = session;
  return { staffId: person.id, name, role, sites, presence: { by: 'session', sessionId, isFresh } };
}

function requireToken(node: HoldfastNode, token: string, use: Use): StaffMember {
  const member = memberByToken(node.configuration, node.options.platform, token);
  if (!member) throw new Problem('token-invalid', {}, { 'WWW-Authenticate': 'Bearer' });
  const { presence } = member;
  if (presence.by === 'token' && !presence.scope.some((scope) => scope === use))
    throw new Problem('forbidden', { scope: presence.scope });
  return member;
}

const BEARER = /^Bearer ([A-Za-z0-9._~+/=-]{16,200})$/;

/** The token of `Authorization: Bearer …`; throws a Problem on anything else in that header. */
function bearerToken(c: Context<AppEnv>): string | undefined {
  const authorization = c.req.header('Authorization');
  if (authorization === undefined) return undefined;
  const token = BEARER.exec(authorization)?.[1];
  if (token === undefined) throw new Problem('credentials-missing', {}, { 'WWW-Authenticate': 'Bearer' });
  return token;
}
