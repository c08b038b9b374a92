/**
 * The cookie of a session: HttpOnly, SameSite=Strict, and with the `__Host-` prefix wherever there is TLS. It is named
 * after the node: on one machine several nodes are the same host to a browser.
 */
import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import type { CookieOptions } from 'hono/utils/cookie';
import type { AppEnv } from '../http/context.ts';
import { limits } from '../limits.ts';

interface Named {
  readonly identity: { readonly certificate: { readonly nodeId: string } };
}

function form(node: Named, c: Context<AppEnv>): { name: string; options: CookieOptions } {
  const secure = c.req.header('X-Forwarded-Proto') === 'https';
  return {
    name: `${secure ? '__Host-' : ''}holdfast-${node.identity.certificate.nodeId}`,
    options: { path: '/', httpOnly: true, sameSite: 'Strict', secure },
  };
}

/** What the browser has of its session, or null. */
export function sessionSecret(node: Named, c: Context<AppEnv>): string | null {
  const value = getCookie(c, form(node, c).name);
  return value !== undefined && /^[A-Za-z0-9_-]{43}$/.test(value) ? value : null;
}

export function setSessionCookie(node: Named, c: Context<AppEnv>, secret: string): void {
  const { name, options } = form(node, c);
  setCookie(c, name, secret, { ...options, maxAge: limits.sessionAbsoluteMs / 1000 });
}

export function clearSessionCookie(node: Named, c: Context<AppEnv>): void {
  const { name, options } = form(node, c);
  deleteCookie(c, name, options);
}
