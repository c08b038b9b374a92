/** What every group of routes gets: the node, and what only the host knows of a request. */
import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { HoldfastNode } from '../node.ts';
import { Problem } from './problem.ts';

/** Set for an answer that tells of a problem. */
export interface Variables {
  /** short random name of this request, in its log line and in what the caller sees */
  reference: string;
}

export interface AppEnv {
  Variables: Variables;
}

export type App = OpenAPIHono<AppEnv>;

/** One group of routes, added to the application. */
export type Routes = (app: App, node: HoldfastNode) => void;

/** The client's address as the terminator in front wrote it, or null. */
export function addressOf(c: Context): string | null {
  const forwarded = c.req.header('X-Forwarded-For')?.split(',').at(-1)?.trim();
  return forwarded !== undefined && /^[0-9A-Fa-f.:]{2,45}$/.test(forwarded) ? forwarded : null;
}

/** The `Host` the client addressed. */
export function hostOf(c: Context): string {
  return c.req.header('Host') ?? new URL(c.req.url).host;
}

const DPOP = 'DPoP ';
const TOKEN_CHARACTERS_MAX = 8_000;

/** The token of `Authorization: DPoP …`, or null when none was sent; throws on another scheme. */
export function dpopToken(c: Context): string | null {
  const authorization = c.req.header('Authorization');
  if (authorization === undefined) return null;
  if (!authorization.startsWith(DPOP) || authorization.length > DPOP.length + TOKEN_CHARACTERS_MAX)
    throw new Problem('token-invalid');
  return authorization.slice(DPOP.length);
}
