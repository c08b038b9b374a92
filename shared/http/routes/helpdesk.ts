/** What the helpdesk calls: search by key ID, and disclosure. POST throughout: no key ID and no secret in a URL. */
import { createRoute } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { STAFF_ROLES } from '../../domain/vocabulary.ts';
import * as messages from '../../helpdesk/messages.ts';
import type { Asking } from '../../helpdesk/audit.ts';
import type { HoldfastNode } from '../../node.ts';
import { requireStaff } from '../../staff/authenticate.ts';
import { type AppEnv, type Routes, addressOf } from '../context.ts';
import { jsonContent, jsonRequest, problems } from '../openapi.ts';

const STAFF_PROBLEMS = [
  'credentials-missing',
  'token-invalid',
  'forbidden',
  'centre-unconfirmed',
  'overloaded',
  'storage-unavailable',
] as const;
const security = [{ staffToken: [] }];

const searchRoute = createRoute({
  method: 'post',
  path: '/v1/recovery/search',
  summary: 'Find keys by the first digits of their ID',
  description: 'Audited before it is answered.',
  security,
  request: jsonRequest(messages.searchRequest),
  responses: {
    200: { description: 'Candidates, newest first', content: jsonContent(messages.searchAnswer) },
    ...problems(...STAFF_PROBLEMS),
  },
});

const disclosureRoute = createRoute({
  method: 'post',
  path: '/v1/recovery/disclosures',
  summary: 'Give out a recovery password',
  description:
    'The disclosure is a durable audit record before the password leaves. The device is told to rotate.',
  security,
  request: jsonRequest(messages.disclosureRequest),
  responses: {
    201: { description: 'The recovery password', content: jsonContent(messages.disclosureAnswer) },
    ...problems(
      ...STAFF_PROBLEMS,
      'key-unknown',
      'key-ambiguous',
      'site-not-assigned',
      'end-user-required',
      'end-user-unknown',
      'vault-not-here',
    ),
  },
});

export const helpdeskRoutes: Routes = (app, node) => {
  app.openapi(searchRoute, async (c) => {
    const answer = await node.helpdesk.search(await asking(node, c), c.req.valid('json').keyId);
    return c.json(answer, 200, { 'Cache-Control': 'no-store' });
  });
  app.openapi(disclosureRoute, async (c) => {
    const answer = await node.helpdesk.disclose(await asking(node, c), c.req.valid('json'));
    return c.json(answer, 201, { 'Cache-Control': 'no-store' });
  });
};

async function asking(node: HoldfastNode, c: Context<AppEnv>): Promise<Asking> {
  node.confirmation.require();
  const staff = await requireStaff(node, c, 'keys', STAFF_ROLES);
  return { staff, address: addressOf(c) };
}
