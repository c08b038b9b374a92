/**
 * The application both nodes serve. Routes are declared with the schemas that validate them, and `/openapi.json` is
 * made from the same declarations. Whatever is thrown becomes HTTP in `respondToError`, and nowhere else.
 */
import { OpenAPIHono } from '@hono/zod-openapi';
import type { Context, MiddlewareHandler } from 'hono';
import { matchedRoutes } from 'hono/route';
import { HTTPException } from 'hono/http-exception';
import type { HoldfastNode } from '../node.ts';
import { randomName } from '../platform.ts';
import { jsonBody } from './body.ts';
import { type App, type AppEnv, type Routes, hostOf } from './context.ts';
import { Problem, misfit, problemOf, respond } from './problem.ts';
import { portalRoutes } from '../portal/portal.tsx';
import { respondProblemPage, wantsPage } from '../portal/problems.tsx';
import { accountRoutes } from './routes/accounts.ts';
import { referenceRoutes } from './reference/routes.tsx';
import { adminRoutes } from './routes/admin.ts';
import { assetRoutes } from './routes/assets.ts';
import { breakGlassRoutes } from './routes/break-glass.ts';
import { boxRoutes } from './routes/box.ts';
import { certificateRoutes } from './routes/certificate.ts';
import { deviceRoutes } from './routes/devices.ts';
import { edgeRoutes } from './routes/edges.ts';
import { exemptionRoutes } from './routes/exemptions.ts';
import { helpdeskRoutes } from './routes/helpdesk.ts';
import { importRoutes } from './routes/imports.ts';
import { outboxRoutes } from './routes/outbox.ts';
import { ownAccountRoutes } from './routes/own-account.ts';
import { joiningRoutes } from './routes/joining.ts';
import { operationRoutes } from './routes/operations.ts';
import { reportRoutes } from './routes/reports.ts';
import { sessionRoutes } from './routes/session.ts';
import { syncRoutes } from './routes/sync.ts';
import { vaultRoutes } from './routes/vaults.ts';

/** `more`: what only one kind of node serves. */
export function createApp(node: HoldfastNode, more: readonly Routes[] = []): App {
  const app = new OpenAPIHono<AppEnv>({
    defaultHook: (result) => {
      if (!result.success) throw misfit(result.error.issues);
    },
  });
  app.onError((error, c) => respondToError(node, error, c));
  app.notFound((c) => respondToError(node, new Problem('not-found'), c));
  app.use(observe(node), loopbackOrTls(), jsonBody(), lookForRoom(node));
  for (const routes of [
    operationRoutes,
    assetRoutes,
    deviceRoutes,
    helpdeskRoutes,
    breakGlassRoutes,
    exemptionRoutes,
    outboxRoutes,
    reportRoutes,
    adminRoutes,
    accountRoutes,
    sessionRoutes,
    ownAccountRoutes,
    importRoutes,
    vaultRoutes,
    edgeRoutes,
    joiningRoutes,
    syncRoutes,
    boxRoutes,
    certificateRoutes,
    portalRoutes,
    referenceRoutes,
    ...more,
  ])
    routes(app, node);
  answerOtherMethods(app);
  return app;
}

/** What nodes and monitoring ask: nobody stands and waits for it. */
const BACKGROUND = /^\/(?:v1\/sync\/|(?:healthz|readyz|metrics)$)/;

/** Answers for programs are no pages: a browser that is made to show one runs and loads nothing. Pages bring their own. */
const NO_PAGE_POLICY = "default-src 'none'; frame-ancestors 'none'";
/** A year, of this name alone: what else its domain serves is not this node's to say. */
const STRICT_TRANSPORT = 'max-age=31536000';

/** Counts each request, and adds what every answer carries. */
function observe(node: HoldfastNode): MiddlewareHandler<AppEnv> {
  return async function observeRequest(c, next) {
    if (BACKGROUND.test(c.req.path)) await next();
    else await node.foreground.during(next);
    // Set on the response that is there: `c.header` would copy it each time.
    const { headers } = c.res;
    headers.set('X-Content-Type-Options', 'nosniff');
    headers.set('Referrer-Policy', 'no-referrer');
    headers.set('Cross-Origin-Resource-Policy', 'same-origin');
    if (!headers.has('Content-Security-Policy')) headers.set('Content-Security-Policy', NO_PAGE_POLICY);
    // Only where TLS was spoken: over plain HTTP a browser ignores it, and a development's loopback is to stay as it is.
    if (c.req.header('X-Forwarded-Proto') === 'https')
      headers.set('Strict-Transport-Security', STRICT_TRANSPORT);
    // Tokens, key IDs and people's names are in many answers; whoever may be cached says so itself.
    if (!headers.has('Cache-Control')) headers.set('Cache-Control', 'no-store');
    // The declared path, so that no client can make up a series of its own.
    const route = matchedRoutes(c).findLast(({ path }) => path !== '/*')?.path ?? 'other';
    node.metrics.add('holdfast_requests_total', {
      method: c.req.method,
      route: route.slice(0, 64),
      status: String(c.res.status),
    });
  };
}

/** Plain HTTP is for loopback; whoever comes from farther away comes through the TLS terminator, which says so. */
function loopbackOrTls(): MiddlewareHandler<AppEnv> {
  return async function requireLoopbackOrTls(c, next) {
    const host = hostOf(c).replace(/:\d+$/, '');
    const loopback = host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);
    if (!loopback && c.req.header('X-Forwarded-Proto') !== 'https') throw new Problem('insecure-transport');
    await next();
  };
}

/** Before something is written: whether there is room for it on the disk. */
function lookForRoom(node: HoldfastNode): MiddlewareHandler<AppEnv> {
  return async function lookForRoomOnDisk(c, next) {
    if (c.req.method !== 'GET' && c.req.method !== 'HEAD') await node.room.look();
    await next();
  };
}

/** A known address with another method is a 405 that names the right ones. */
function answerOtherMethods(app: App): void {
  const methods = new Map<string, Set<string>>();
  for (const { path, method } of app.routes) {
    if (method === 'ALL') continue;
    const known = methods.get(path) ?? new Set();
    methods.set(path, known.add(method));
    if (method === 'GET') known.add('HEAD');
  }
  for (const [path, allowed] of methods) {
    app.all(path, () => {
      throw new Problem('method-not-allowed', {}, { Allow: [...allowed].join(', ') });
    });
  }
}

function respondToError(
  node: HoldfastNode,
  error: unknown,
  c: Context<AppEnv>,
): Response | Promise<Response> {
  const reference = randomName(node.options.platform, 12);
  c.set('reference', reference);
  const problem =
    problemOf(error) ??
    (error instanceof HTTPException && error.status === 400 ? new Problem('malformed-json') : null);
  if (problem) return answer(node, problem, c);
  // Only names and places: a message may quote what was being worked on (I8).
  const stack =
    error instanceof Error
      ? (error.stack ?? '')
          .split('\n')
          .filter((line) => /^\s+at /.test(line))
          .slice(0, 8)
      : [];
  node.options.log('error', 'unexpected failure', {
    reference,
    error: error instanceof Error ? error.name : typeof error,
    stack,
  });
  return answer(node, new Problem('unexpected', { reference }), c);
}

/** Programs get a problem document, people a page. */
function answer(node: HoldfastNode, problem: Problem, c: Context<AppEnv>): Response | Promise<Response> {
  return wantsPage(c) ? respondProblemPage(node, c, problem) : respond(c, problem);
}
