/** People who enrol and sign in over HTTP, as their browsers do: at a real node or one in this process. */
import { TOTP } from 'otpauth';
import { z } from 'zod';

/** `fetch` of one node: paths, not URLs. */
export type NodeFetch = (path: string, init: RequestInit) => Promise<Response>;

export function fetchOf(url: string): NodeFetch {
  return (path, init) => fetch(`${url}${path}`, init);
}

export interface Enrolled {
  readonly staffId: string;
  readonly password: string;
  readonly totp: TOTP;
  readonly recoveryCodes: readonly string[];
}

export interface SignedIn {
  readonly cookie: string;
  readonly csrf: string;
  readonly session: Readonly<Record<string, unknown>>;
}

export const jsonHeaders = { 'Content-Type': 'application/json' };

export function post(
  node: NodeFetch,
  path: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return node(path, {
    method: 'POST',
    headers: { ...jsonHeaders, ...headers },
    body: JSON.stringify(body),
  });
}

export function asBearer(token: string): Record<string, string> {
  return { Authorization: `Bearer ${token}` };
}

/** Configures one thing at a centre, whatever its revision. */
export async function configure(
  centre: NodeFetch,
  token: string,
  kind: string,
  id: string,
  body: object,
): Promise<void> {
  const listed = await centre(`/v1/admin/config/${kind}`, { headers: asBearer(token) });
  const items = z.object({ items: z.array(z.object({ id: z.string(), revision: z.number() })) });
  const known = items.parse(await listed.json()).items.find((item) => item.id === id);
  const answer = await centre(`/v1/admin/config/${kind}/${id}`, {
    method: 'PUT',
    headers: { ...jsonHeaders, ...asBearer(token) },
    body: JSON.stringify({ revision: known?.revision ?? 0, body }),
  });
  if (!answer.ok) throw new Error(`${kind} ${id} was refused: ${await answer.text()}`);
}

export async function makeLink(centre: NodeFetch, token: string, staffId: string): Promise<string> {
  const answer = await post(centre, `/v1/admin/accounts/${staffId}/links`, {}, asBearer(token));
  if (answer.status !== 201) throw new Error(`no link for ${staffId}: ${await answer.text()}`);
  return z.object({ link: z.string() }).parse(await answer.json()).link;
}

/** Follows a new link with a password and one-time codes. */
export async function enrol(
  centre: NodeFetch,
  token: string,
  staffId: string,
  password?: string,
): Promise<Enrolled> {
  return enrolBy(centre, await makeLink(centre, token, staffId), staffId, password);
}

/** The same with a link that there is. */
export async function enrolBy(
  centre: NodeFetch,
  link: string,
  staffId: string,
  password = `correct horse battery ${staffId}`,
): Promise<Enrolled> {
  const offered = await post(centre, '/v1/enrolment/options', { link });
  const { totp: offer } = z.object({ totp: z.object({ secret: z.string() }) }).parse(await offered.json());
  const totp = new TOTP({ secret: offer.secret });
  const answer = await post(centre, '/v1/enrolment', { link, password, code: totp.generate() });
  if (answer.status !== 201) throw new Error(`${staffId} could not enrol: ${await answer.text()}`);
  const { recoveryCodes } = z.object({ recoveryCodes: z.array(z.string()) }).parse(await answer.json());
  return { staffId, password, totp, recoveryCodes };
}

export function trySignIn(
  node: NodeFetch,
  by: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return post(node, '/v1/session', by, headers);
}

/** By password and the code of `stepsAhead` half minutes from now: each code is good once. */
export async function signIn(
  node: NodeFetch,
  { staffId, password, totp }: Enrolled,
  stepsAhead = 0,
): Promise<SignedIn> {
  const code = totp.generate({ timestamp: Date.now() + stepsAhead * 30_000 });
  const answer = await trySignIn(node, { staffId, password, code });
  if (answer.status !== 201)
    throw new Error(`${staffId} could not sign in: ${String(answer.status)} ${await answer.text()}`);
  return signedInBy(answer);
}

export async function signedInBy(answer: Response): Promise<SignedIn> {
  const cookie = /^[^;]+/.exec(answer.headers.get('Set-Cookie') ?? '')?.[0] ?? '';
  const session = z.looseObject({ csrf: z.string() }).parse(await answer.json());
  return { cookie, csrf: session.csrf, session };
}

export function bySession({ cookie, csrf }: SignedIn): Record<string, string> {
  return { Cookie: cookie, 'Holdfast-CSRF': csrf };
}

/** What a problem document says it is, or 'ok'. */
export async function codeOf(answer: Response): Promise<string> {
  if (answer.ok) return 'ok';
  const { type } = z.object({ type: z.string() }).parse(await answer.json());
  return type.replace('urn:holdfast:problem:', '');
}
