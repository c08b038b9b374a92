/**
 * Forms that browsers send. Each carries a token that only this node's pages know, bound to a cookie of this browser and
 * to the session it goes with: a page of somebody else can send a form here, but not the token (CSRF).
 */
import type { Context } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { type AppEnv, hostOf } from '../http/context.ts';
import { readBody } from '../http/body.ts';
import { Problem } from '../http/problem.ts';
import { isStorable } from '../journal/entry.ts';
import { limits } from '../limits.ts';
import type { Platform } from '../platform.ts';
import { base64url } from 'jose';

const COOKIE = 'holdfast_form';
const COOKIE_BYTES = 24;
export const TOKEN_FIELD = 'form';

/** One form's fields. A name that comes twice counts once, with what came last. */
export type Fields = ReadonlyMap<string, string>;

/** The token for the forms of a page; gives the browser its cookie when it has none yet. */
export function formToken(c: Context<AppEnv>, platform: Platform): string {
  let secret = getCookie(c, COOKIE);
  if (secret === undefined || !/^[A-Za-z0-9_-]{32}$/.test(secret)) {
    secret = base64url.encode(platform.random(COOKIE_BYTES));
    setCookie(c, COOKIE, secret, cookieAttributes(c));
  }
  return tokenOf(c, platform, secret);
}

/** How every cookie of the portal is set. */
export function cookieAttributes(c: Context<AppEnv>) {
  const secure = c.req.header('X-Forwarded-Proto') === 'https';
  return { path: '/', httpOnly: true, sameSite: 'Lax', secure } as const;
}

/** The fields of a form; throws a Problem when it is none, too large, or was not made by a page of this node. */
export async function readForm(c: Context<AppEnv>, platform: Platform): Promise<Fields> {
  const type = c.req.header('Content-Type') ?? '';
  if (!/^application\/x-www-form-urlencoded\s*(;|$)/i.test(type)) throw new Problem('unsupported-media-type');
  const bytes = await readBody(c, limits.requestBodyBytesMax);
  const fields = new Map(new URLSearchParams(new TextDecoder().decode(bytes)));
  if ([...fields].some(([, value]) => !isStorable(value))) throw new Problem('invalid-request');
  const secret = getCookie(c, COOKIE);
  if (secret === undefined || fields.get(TOKEN_FIELD) !== tokenOf(c, platform, secret) || isFromElsewhere(c))
    throw new Problem('form-expired');
  fields.delete(TOKEN_FIELD);
  return fields;
}

function tokenOf(c: Context<AppEnv>, platform: Platform, secret: string): string {
  // Whatever names the session is part of it, so that a token does not outlive a sign-in.
  const session = getCookie(c, 'holdfast_session') ?? '';
  return platform.sha256('holdfast form v1\n', secret, '\n', session);
}

/** Browsers say where a form comes from; what is not a browser says nothing. */
function isFromElsewhere(c: Context<AppEnv>): boolean {
  const site = c.req.header('Sec-Fetch-Site');
  if (site !== undefined) return site !== 'same-origin' && site !== 'none';
  const origin = c.req.header('Origin');
  return origin !== undefined && (!URL.canParse(origin) || new URL(origin).host !== hostOf(c));
}
