/** How people come and go: signing in and out, and enrolling by a one-time link. */
import { createRoute, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { JSONValue } from 'hono/utils/types';
import type { HoldfastNode } from '../../node.ts';
import { mustChange, requireSession } from '../../staff/authenticate.ts';
import { clearSessionCookie, setSessionCookie } from '../../staff/cookie.ts';
import * as messages from '../../staff/messages.ts';
import type { NewPasskeyAnswer, PasskeyAnswer, Place } from '../../staff/passkeys.ts';
import type { Session } from '../../staff/sessions.ts';
import { limits } from '../../limits.ts';
import { type AppEnv, type Routes, addressOf, hostOf } from '../context.ts';
import { jsonContent, jsonRequest, problems } from '../openapi.ts';
import { Problem } from '../problem.ts';

const SIGN_IN_PROBLEMS = [
  'sign-in-failed',
  'too-many-attempts',
  'centre-unconfirmed',
  'overloaded',
  'storage-unavailable',
] as const;
export const SESSION_PROBLEMS = ['credentials-missing', 'session-over', 'request-forged'] as const;
const ENROLMENT_PROBLEMS = ['link-invalid', ...SIGN_IN_PROBLEMS] as const;
export const bySession = [{ session: [] }];

const signInRoute = createRoute({
  method: 'post',
  path: '/v1/session',
  summary: 'Sign in with a password and a one-time or recovery code',
  description: 'The session is a cookie of this node. Whatever is wrong is answered alike.',
  request: jsonRequest(messages.passwordSignIn),
  responses: {
    201: { description: 'Signed in', content: jsonContent(messages.sessionAnswer) },
    ...problems(...SIGN_IN_PROBLEMS),
  },
});

const showRoute = createRoute({
  method: 'get',
  path: '/v1/session',
  summary: 'Who is signed in, and until when; does not prolong it',
  security: bySession,
  responses: {
    200: { description: 'The session', content: jsonContent(messages.sessionAnswer) },
    ...problems(...SESSION_PROBLEMS),
  },
});

const signOutRoute = createRoute({
  method: 'delete',
  path: '/v1/session',
  summary: 'Sign out',
  security: bySession,
  responses: {
    204: { description: 'Signed out' },
    ...problems(...SESSION_PROBLEMS, 'overloaded', 'storage-unavailable'),
  },
});

const passkeyOptionsRoute = createRoute({
  method: 'post',
  path: '/v1/session/passkey/options',
  summary: 'Begin to sign in with a passkey: options for navigator.credentials.get',
  request: jsonRequest(z.strictObject({})),
  responses: {
    200: {
      description: 'PublicKeyCredentialRequestOptionsJSON',
      content: jsonContent(messages.passkeyOptions),
    },
    ...problems('passkeys-off', 'centre-unconfirmed'),
  },
});

const passkeyRoute = createRoute({
  method: 'post',
  path: '/v1/session/passkey',
  summary: 'Sign in with a passkey',
  request: jsonRequest(messages.passkeySignIn),
  responses: {
    201: { description: 'Signed in', content: jsonContent(messages.sessionAnswer) },
    ...problems('passkeys-off', ...SIGN_IN_PROBLEMS),
  },
});

const offerRoute = createRoute({
  method: 'post',
  path: '/v1/enrolment/options',
  summary: 'Open a one-time enrolment link (at a centre): a TOTP secret, and options for a passkey',
  request: jsonRequest(messages.enrolmentBegin),
  responses: {
    200: { description: 'What can be enrolled', content: jsonContent(messages.enrolmentOffer) },
    ...problems(...ENROLMENT_PROBLEMS),
  },
});

const enrolRoute = createRoute({
  method: 'post',
  path: '/v1/enrolment',
  summary: 'Enrol a password with one-time codes, a passkey, or both; uses the link up',
  request: jsonRequest(messages.enrolmentFinish),
  responses: {
    201: {
      description: 'Enrolled; recovery codes are shown this once',
      content: jsonContent(messages.enrolmentAnswer),
    },
    ...problems(...ENROLMENT_PROBLEMS, 'enrolment-invalid', 'password-weak', 'staff-unknown', 'forbidden'),
  },
});

export const sessionRoutes: Routes = (app, node) => {
  app.openapi(signInRoute, async (c) => {
    node.confirmation.require();
    const { secret, session } = await node.signIn.byPassword(c.req.valid('json'), addressOf(c));
    setSessionCookie(node, c, secret);
    return c.json(sessionAnswer(node, session), 201);
  });
  app.openapi(showRoute, (c) => c.json(sessionAnswer(node, requireSession(node, c, false)), 200));
  app.openapi(signOutRoute, async (c) => {
    await node.signIn.signOut(requireSession(node, c, true), addressOf(c));
    clearSessionCookie(node, c);
    return c.body(null, 204);
  });
  app.openapi(passkeyOptionsRoute, async (c) => {
    node.confirmation.require();
    return c.json(plain(await node.signIn.passkeyOptions()), 200);
  });
  app.openapi(passkeyRoute, async (c) => {
    node.confirmation.require();
    // The schema is WebAuthn's form with bounds; its library's types say some members more narrowly.
    const answer = c.req.valid('json') as PasskeyAnswer;
    const { secret, session } = await node.signIn.byPasskey(answer, placeOf(c), addressOf(c));
    setSessionCookie(node, c, secret);
    return c.json(sessionAnswer(node, session), 201);
  });
  app.openapi(offerRoute, async (c) => {
    node.confirmation.require();
    const offer = await node.enrolment.begin(c.req.valid('json').link, addressOf(c));
    return c.json({ ...offer, passkey: offer.passkey && plain(offer.passkey) }, 200);
  });
  app.openapi(enrolRoute, async (c) => {
    node.confirmation.require();
    const { link, passkey, ...rest } = c.req.valid('json');
    const taken = { ...rest, passkey: passkey as NewPasskeyAnswer | undefined };
    return c.json(await node.enrolment.finish(link, taken, placeOf(c), addressOf(c)), 201);
  });
  app.openAPIRegistry.registerComponent('securitySchemes', 'session', {
    ...{ type: 'apiKey', in: 'cookie', name: 'holdfast-NODE' },
    description: 'The cookie that signing in at this node gives; `__Host-holdfast-NODE` over TLS.',
  });
};

/** What the library makes, as the JSON it becomes. */
export function plain(options: { readonly challenge: string }): {
  challenge: string;
  [name: string]: JSONValue;
} {
  return JSON.parse(JSON.stringify(options)) as { challenge: string; [name: string]: JSONValue };
}

/** Where a request came in, as the browser sees it. */
export function placeOf(c: Context<AppEnv>): Place {
  return { isSecure: c.req.header('X-Forwarded-Proto') === 'https', host: hostOf(c) };
}

export function sessionAnswer(node: HoldfastNode, session: Session): z.infer<typeof messages.sessionAnswer> {
  const { staffId, method, csrf, startedAt, usedAt, isFresh } = session;
  const person = node.configuration.get('staff', staffId)?.body;
  if (!person) throw new Problem('session-over');
  const { name, role, sites } = person;
  const endsAt = startedAt + limits.sessionAbsoluteMs;
  const idleAt = Math.min(usedAt + limits.sessionIdleMs, endsAt);
  return {
    ...{ staffId, name, role, sites, method, csrf, isFresh },
    mustChange: mustChange(node, session),
    ...{ warnAt: idleAt - limits.sessionWarningMs, idleAt, endsAt },
  };
}
