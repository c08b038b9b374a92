/**
 * A person's own account: by what they sign in, which is changed at a centre, and their sessions at this node. All of it
 * is for a session; no API token may touch it.
 */
import { createRoute } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { HoldfastNode } from '../../node.ts';
import { mustChange, requireSession } from '../../staff/authenticate.ts';
import { clearSessionCookie } from '../../staff/cookie.ts';
import * as messages from '../../staff/messages.ts';
import type { Own } from '../../staff/own-account.ts';
import type { NewPasskeyAnswer } from '../../staff/passkeys.ts';
import { type AppEnv, type Routes, addressOf } from '../context.ts';
import { jsonContent, jsonRequest, nothingToSay, problems } from '../openapi.ts';
import { Problem } from '../problem.ts';
import { SESSION_PROBLEMS, bySession, placeOf, plain } from './session.ts';

const CHANGE_PROBLEMS = [
  ...SESSION_PROBLEMS,
  ...(['change-demanded', 'forbidden', 'staff-unknown', 'centre-unconfirmed'] as const),
  ...(['overloaded', 'storage-unavailable'] as const),
] as const;

const passwordRoute = createRoute({
  method: 'put',
  path: '/v1/session/password',
  summary: 'Choose another password (at a centre); ends the sessions made with the old one',
  security: bySession,
  request: jsonRequest(messages.passwordChange),
  responses: {
    204: { description: 'Changed' },
    ...problems(...CHANGE_PROBLEMS, 'enrolment-invalid', 'password-weak', 'too-many-attempts'),
  },
});

const passkeysRoute = createRoute({
  method: 'get',
  path: '/v1/session/passkeys',
  summary: 'One’s own passkeys; does not prolong the session',
  security: bySession,
  responses: {
    200: { description: 'The oldest first', content: jsonContent(messages.passkeysAnswer) },
    ...problems(...SESSION_PROBLEMS),
  },
});

const passkeyOptionsRoute = createRoute({
  method: 'post',
  path: '/v1/session/passkeys/options',
  summary: 'Begin to add a passkey (at a centre): options for navigator.credentials.create',
  description: 'Soon after signing in alone.',
  security: bySession,
  request: nothingToSay,
  responses: {
    200: {
      description: 'PublicKeyCredentialCreationOptionsJSON',
      content: jsonContent(messages.passkeyOptions),
    },
    ...problems(...CHANGE_PROBLEMS, 'sign-in-again', 'passkeys-off', 'passkeys-many'),
  },
});

const addPasskeyRoute = createRoute({
  method: 'post',
  path: '/v1/session/passkeys',
  summary: 'Add a passkey (at a centre)',
  security: bySession,
  request: jsonRequest(messages.passkeyAddition),
  responses: {
    201: { description: 'Added', content: jsonContent(messages.passkeyItem.pick({ passkeyId: true })) },
    ...problems(...CHANGE_PROBLEMS, 'sign-in-again', 'enrolment-invalid', 'passkeys-many'),
  },
});

const renamePasskeyRoute = createRoute({
  method: 'put',
  path: '/v1/session/passkeys/{passkeyId}',
  summary: 'Call a passkey something else (at a centre)',
  security: bySession,
  request: { params: messages.passkeyParam, ...jsonRequest(messages.passkeyRenaming) },
  responses: { 204: { description: 'Renamed' }, ...problems(...CHANGE_PROBLEMS, 'passkey-unknown') },
});

const removePasskeyRoute = createRoute({
  method: 'delete',
  path: '/v1/session/passkeys/{passkeyId}',
  summary: 'Remove a passkey (at a centre); ends the sessions begun by it',
  description: 'The last way to sign in is not removed. Soon after signing in alone.',
  security: bySession,
  request: { params: messages.passkeyParam },
  responses: {
    204: { description: 'Removed' },
    ...problems(...CHANGE_PROBLEMS, 'sign-in-again', 'passkey-unknown', 'last-way-in'),
  },
});

const codesRoute = createRoute({
  method: 'post',
  path: '/v1/session/recovery-codes',
  summary: 'Make new recovery codes (at a centre); the old ones are good for nothing from then on',
  description: 'Soon after signing in alone. Ends the sessions begun by an old code.',
  security: bySession,
  request: nothingToSay,
  responses: {
    201: { description: 'Shown this once', content: jsonContent(messages.recoveryCodesAnswer) },
    ...problems(...CHANGE_PROBLEMS, 'sign-in-again', 'no-password'),
  },
});

const sessionsRoute = createRoute({
  method: 'get',
  path: '/v1/sessions',
  summary: 'One’s own sessions at this node; does not prolong any',
  security: bySession,
  responses: {
    200: { description: 'The one used last first', content: jsonContent(messages.sessionsAnswer) },
    ...problems(...SESSION_PROBLEMS),
  },
});

const endOthersRoute = createRoute({
  method: 'delete',
  path: '/v1/sessions',
  summary:
    'End one’s other sessions: at this node and, asked of a centre, at every other as soon as it hears of it',
  security: bySession,
  responses: {
    204: { description: 'Ended' },
    ...problems(...SESSION_PROBLEMS, 'overloaded', 'storage-unavailable'),
  },
});

export const ownAccountRoutes: Routes = (app, node) => {
  app.openapi(passwordRoute, async (c) => {
    const { password, code } = c.req.valid('json');
    await node.ownAccount.changePassword(ownOf(node, c), password, code);
    clearSessionCookie(node, c);
    return c.body(null, 204);
  });
  app.openapi(passkeysRoute, (c) =>
    c.json({ passkeys: node.ownAccount.passkeys(requireSession(node, c, false)) }, 200),
  );
  app.openapi(passkeyOptionsRoute, async (c) =>
    c.json(plain(await node.ownAccount.passkeyOptions(changing(node, c))), 200),
  );
  app.openapi(addPasskeyRoute, async (c) => {
    const { name, passkey } = c.req.valid('json');
    // The schema is WebAuthn's form with bounds; its library's types say some members more narrowly.
    const answer = passkey as NewPasskeyAnswer;
    const passkeyId = await node.ownAccount.addPasskey(changing(node, c), answer, name, placeOf(c));
    return c.json({ passkeyId }, 201);
  });
  app.openapi(renamePasskeyRoute, async (c) => {
    const { passkeyId } = c.req.valid('param');
    await node.ownAccount.renamePasskey(changing(node, c), passkeyId, c.req.valid('json').name);
    return c.body(null, 204);
  });
  app.openapi(removePasskeyRoute, async (c) => {
    await node.ownAccount.removePasskey(changing(node, c), c.req.valid('param').passkeyId);
    return c.body(null, 204);
  });
  app.openapi(codesRoute, async (c) =>
    c.json({ recoveryCodes: await node.ownAccount.makeRecoveryCodes(changing(node, c)) }, 201),
  );
  app.openapi(sessionsRoute, (c) => {
    const { staffId, id: own } = requireSession(node, c, false);
    const sessions = node.sessions.of(staffId).map(({ id, method, address, startedAt, usedAt }) => ({
      ...{ sessionId: id, method, address, startedAt, usedAt },
      isThis: id === own,
    }));
    return c.json({ sessions }, 200);
  });
  app.openapi(endOthersRoute, async (c) => {
    await node.signIn.signOutElsewhere(requireSession(node, c, true), addressOf(c));
    return c.body(null, 204);
  });
};

export function ownOf(node: HoldfastNode, c: Context<AppEnv>): Own {
  return { session: requireSession(node, c, true), address: addressOf(c) };
}

/** Who changes by what they sign in: not before a password that somebody else may know is another one. */
export function changing(node: HoldfastNode, c: Context<AppEnv>): Own {
  node.confirmation.require();
  const own = ownOf(node, c);
  if (mustChange(node, own.session)) throw new Problem('change-demanded');
  return own;
}
