/** What administrators do to accounts, at a centre. Who somebody is and may do is configured (`admin.ts`). */
import { createRoute, z } from '@hono/zod-openapi';
import type { HoldfastNode } from '../../node.ts';
import { requireAdministrator } from '../../staff/authenticate.ts';
import * as messages from '../../staff/messages.ts';
import type { Routes } from '../context.ts';
import { jsonContent, nothingToSay, problems } from '../openapi.ts';

const PROBLEMS = [
  'credentials-missing',
  'token-invalid',
  'session-over',
  'request-forged',
  'change-demanded',
  'forbidden',
  'centre-unconfirmed',
  'overloaded',
  'storage-unavailable',
] as const;
const security = [{ staffToken: [] }, { session: [] }];
const done = z.object({ staffId: z.string() });

const listRoute = createRoute({
  method: 'get',
  path: '/v1/admin/accounts',
  summary: 'Staff, and by which credentials each can sign in; no secret is among it',
  security,
  responses: {
    200: {
      description: 'Accounts',
      content: jsonContent(z.object({ accounts: z.array(messages.accountItem) })),
    },
    ...problems(...PROBLEMS),
  },
});

const linkRoute = createRoute({
  method: 'post',
  path: '/v1/admin/accounts/{staffId}/links',
  summary: 'Make a one-time enrolment link; it takes the place of an earlier one',
  security,
  request: { params: messages.staffParam, ...nothingToSay },
  responses: {
    201: { description: 'Shown this once', content: jsonContent(messages.linkAnswer) },
    ...problems(...PROBLEMS, 'staff-unknown'),
  },
});

const resetRoute = createRoute({
  method: 'post',
  path: '/v1/admin/accounts/{staffId}/reset',
  summary: 'Forget all credentials of a person, everywhere and for good; ends their sessions',
  security,
  request: { params: messages.staffParam, ...nothingToSay },
  responses: {
    200: { description: 'Forgotten here, and with the next sync everywhere', content: jsonContent(done) },
    ...problems(...PROBLEMS, 'staff-unknown'),
  },
});

const changeRoute = createRoute({
  method: 'post',
  path: '/v1/admin/accounts/{staffId}/password-change',
  summary: 'Have a person choose another password before anything else',
  security,
  request: { params: messages.staffParam, ...nothingToSay },
  responses: {
    200: { description: 'Demanded', content: jsonContent(done) },
    ...problems(...PROBLEMS, 'staff-unknown', 'no-password'),
  },
});

export const accountRoutes: Routes = (app, node) => {
  app.openapi(listRoute, async (c) => {
    await requireAdministrator(node, c);
    return c.json({ accounts: accounts(node) }, 200);
  });
  app.openapi(linkRoute, async (c) => {
    const by = await requireAdministrator(node, c);
    node.confirmation.require();
    const { staffId } = c.req.valid('param');
    const { token, expiresAt } = await node.accounts.link(staffId, by?.staffId ?? null);
    return c.json({ staffId, link: token, expiresAt }, 201);
  });
  app.openapi(resetRoute, async (c) => {
    const by = await requireAdministrator(node, c);
    node.confirmation.require();
    const { staffId } = c.req.valid('param');
    await node.accounts.reset(staffId, by?.staffId ?? null);
    return c.json({ staffId }, 200);
  });
  app.openapi(changeRoute, async (c) => {
    const by = await requireAdministrator(node, c);
    node.confirmation.require();
    const { staffId } = c.req.valid('param');
    await node.accounts.demandChange(staffId, by?.staffId ?? null);
    return c.json({ staffId }, 200);
  });
};

function accounts({
  configuration,
  credentials,
  options,
}: HoldfastNode): z.infer<typeof messages.accountItem>[] {
  const now = options.platform.now();
  const tokens = configuration.all('api-token');
  return configuration.all('staff').map(({ id: staffId, body: { name, role, sites, revoked } }) => {
    const [password] = credentials.of(staffId, 'password');
    const [link] = credentials.of(staffId, 'link');
    return {
      ...{ staffId, name, role, sites, revoked },
      password: password !== undefined,
      totp: credentials.of(staffId, 'totp').length > 0,
      passkeys: credentials.of(staffId, 'passkey').length,
      recoveryCodes: credentials.of(staffId, 'recovery-codes')[0]?.secret.hashes.length ?? 0,
      mustChange: password?.secret.mustChange ?? false,
      linkEndsAt: link && link.secret.expiresAt > now ? link.secret.expiresAt : null,
      tokens: tokens.flatMap(
        ({ id: tokenId, body: { staffId: of, label, scope, expiresAt, revoked: isOver } }) =>
          of === staffId && !isOver && expiresAt > now ? [{ tokenId, label, scope, expiresAt }] : [],
      ),
    };
  });
}
