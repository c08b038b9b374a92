/**
 * Forms that browsers send. Each carries a token that only this node's pages know, bound to a cookie of this browser: a
 * page of somebody else can send a form here, but neither the cookie nor the token (CSRF). Another node of the same
 * domain could set a cookie for all of it: so over TLS it has a name that only this host can set, and a browser that says
 * that the form is from elsewhere is believed. Sessions look at that besides (`staff/authenticate.ts`).
 */
import type { Context } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { base64url } from 'jose';
import { readBody } from '../http/body.ts';
import type { AppEnv } from '../http/context.ts';
import { Problem } from '../http/problem.ts';
import { isStorable } from '../journal/entry.ts';
import { limits } from '../limits.ts';
import type { Platform } from '../platform.ts';

const COOKIE = 'holdfast_form';
const COOKIE_BYTES = 24;
export const TOKEN_FIELD = 'form';

/** One form's fields. A name that comes twice has what came last. */
export type Fields = ReadonlyMap<string, string>;

/** The token for the forms of a page; gives the browser its cookie when it has none yet. */
export function formToken(c: Context<AppEnv>, platform: Platform): string {
  let secret = formSecret(c);
  if (secret === null) {
    secret = base64url.encode(platform.random(COOKIE_BYTES));
    setCookie(c, cookieOf(c), secret, cookieAttributes(c));
  }
  return tokenOf(platform, secret);
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
  if ([...fields].some((pair) => pair.some((text) => !isStorable(text))))
    throw new Problem('invalid-request');
  const secret = isFromElsewhere(c) ? null : formSecret(c);
  if (secret === null || fields.get(TOKEN_FIELD) !== tokenOf(platform, secret))
    throw new Problem('form-expired');
  fields.delete(TOKEN_FIELD);
  return fields;
}

function cookieOf(c: Context<AppEnv>): string {
  return cookieAttributes(c).secure ? `__Host-${COOKIE}` : COOKIE;
}

function isFromElsewhere(c: Context<AppEnv>): boolean {
  return ['cross-site', 'same-site'].includes(c.req.header('Sec-Fetch-Site') ?? '');
}

function formSecret(c: Context<AppEnv>): string | null {
  const secret = getCookie(c, cookieOf(c));
  return secret !== undefined && /^[A-Za-z0-9_-]{32}$/.test(secret) ? secret : null;
}

function tokenOf(platform: Platform, secret: string): string {
  return platform.sha256('holdfast form v1\n', secret);
}
