/** What the helpdesk calls: search by key ID, and disclosure. POST throughout: no key ID and no secret in a URL. */
import { createRoute, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { STAFF_ROLES } from '../../domain/vocabulary.ts';
import { type Asking, type AuditFacts, writeAudit } from '../../helpdesk/audit.ts';
import * as messages from '../../helpdesk/messages.ts';
import type { HoldfastNode } from '../../node.ts';
import { personBehind, requireStaff } from '../../staff/authenticate.ts';
import { type AppEnv, type Routes, addressOf } from '../context.ts';
import { jsonContent, jsonRequest, nothingToSay, problems, staffToken } from '../openapi.ts';
import { Problem } from '../problem.ts';

const STAFF_PROBLEMS = [
  ...(['credentials-missing', 'token-invalid', 'forbidden', 'site-not-assigned'] as const),
  ...(['centre-unconfirmed', 'overloaded', 'storage-unavailable'] as const),
] as const;
/** What keeps a key that is there from being given out. */
const DISCLOSURE_PROBLEMS = [
  ...STAFF_PROBLEMS,
  ...(['key-unknown', 'key-ambiguous', 'end-user-required', 'end-user-unknown', 'device-stolen'] as const),
  ...(['break-glass-needed', 'vault-not-here', 'disclosure-limit'] as const),
] as const;

const searchRoute = createRoute({
  method: 'post',
  path: '/v1/recovery/search',
  summary: 'Find keys by the first digits of their ID',
  description: 'Audited before it is answered.',
  security: staffToken,
  request: jsonRequest(messages.searchRequest),
  responses: {
    200: { description: 'Candidates, newest first', content: jsonContent(messages.searchAnswer) },
    ...problems(...STAFF_PROBLEMS, 'search-limit'),
  },
});

const disclosureRoute = createRoute({
  method: 'post',
  path: '/v1/recovery/disclosures',
  summary: 'Give out a recovery password',
  description:
    'The disclosure is a durable audit record before the password leaves. The device is told to rotate. Where the rules of the site, the time without the centre or the device ask for a second person, it is a request that waits for one at this node.',
  security: staffToken,
  request: jsonRequest(messages.disclosureRequest),
  responses: {
    201: { description: 'The recovery password', content: jsonContent(messages.disclosureAnswer) },
    202: {
      description: 'A second person has to approve: the request that waits for them',
      content: jsonContent(messages.requestAnswer),
    },
    ...problems(...DISCLOSURE_PROBLEMS),
  },
});

const requestsRoute = createRoute({
  method: 'get',
  path: '/v1/recovery/requests',
  summary: 'Disclosures that wait at this node for a second person, or were approved and not used yet',
  description: 'Your own, and those that you may approve.',
  security: staffToken,
  responses: {
    200: { description: 'Requests, the oldest first', content: jsonContent(messages.requestsAnswer) },
    ...problems(...STAFF_PROBLEMS),
  },
});

const requestId = z.object({ requestId: z.string().regex(/^r-[a-z2-7]{16}$/) });
const answered = {
  200: { description: 'The request', content: jsonContent(messages.requestAnswer) },
  ...problems(...STAFF_PROBLEMS, 'request-unknown', 'request-over', 'second-person-needed'),
};

const approvalRoute = createRoute({
  method: 'post',
  path: '/v1/recovery/requests/{requestId}/approval',
  summary: 'Approve a disclosure, as the second person',
  security: staffToken,
  request: { params: requestId, ...nothingToSay },
  responses: answered,
});

const denialRoute = createRoute({
  method: 'post',
  path: '/v1/recovery/requests/{requestId}/denial',
  summary: 'Deny a disclosure, as the second person',
  security: staffToken,
  request: { params: requestId, ...jsonRequest(messages.denialRequest) },
  responses: answered,
});

const collectRoute = createRoute({
  method: 'post',
  path: '/v1/recovery/requests/{requestId}/disclosure',
  summary: 'Get the recovery password of an approved request, once',
  security: staffToken,
  request: { params: requestId, ...nothingToSay },
  responses: {
    201: { description: 'The recovery password', content: jsonContent(messages.disclosureAnswer) },
    ...problems(...DISCLOSURE_PROBLEMS, 'request-unknown', 'request-waiting', 'request-over'),
  },
});

export const helpdeskRoutes: Routes = (app, node) => {
  app.openapi(searchRoute, async (c) => {
    const { keyId } = c.req.valid('json');
    const facts = { action: 'search', keyId, keyType: 'Recovery Key ID' } as const;
    const answer = await node.helpdesk.search(await asking(node, c, facts), keyId);
    return c.json(answer, 200, { 'Cache-Control': 'no-store' });
  });
  app.openapi(disclosureRoute, async (c) => {
    const request = c.req.valid('json');
    const facts = { action: 'disclosure', keyId: request.keyId, keyType: 'Recovery Key Password' } as const;
    const disclosed = await node.helpdesk.disclose(await asking(node, c, facts), request);
    return disclosed.outcome === 'disclosed'
      ? c.json(disclosed.answer, 201, { 'Cache-Control': 'no-store' })
      : c.json(disclosed.answer, 202, { 'Cache-Control': 'no-store' });
  });
  app.openapi(requestsRoute, async (c) =>
    c.json({ requests: await node.helpdesk.requests(await asking(node, c, { action: 'request' })) }, 200),
  );
  app.openapi(approvalRoute, async (c) => {
    const { requestId: id } = c.req.valid('param');
    return c.json(
      await node.helpdesk.answer(
        await asking(node, c, { action: 'approval', requestId: id }),
        id,
        'approval',
      ),
      200,
    );
  });
  app.openapi(denialRoute, async (c) => {
    const { requestId: id } = c.req.valid('param');
    const { note = null } = c.req.valid('json');
    return c.json(
      await node.helpdesk.answer(
        await asking(node, c, { action: 'denial', requestId: id }),
        id,
        'denial',
        note,
      ),
      200,
    );
  });
  app.openapi(collectRoute, async (c) => {
    const { requestId: id } = c.req.valid('param');
    const answer = await node.helpdesk.collect(
      await asking(node, c, { action: 'disclosure', requestId: id }),
      id,
    );
    return c.json(answer, 201, { 'Cache-Control': 'no-store' });
  });
};

/**
 * Who asks, for the keys' sake. Somebody who is known and has to sign in again, was dismissed, or whose token is for
 * something else or at its end, is refused here and recorded like everybody whom the rules refuse (I3).
 */
export async function asking(
  node: HoldfastNode,
  c: Context<AppEnv>,
  facts: Pick<AuditFacts, 'action' | 'keyId' | 'keyType' | 'requestId'>,
): Promise<Asking> {
  node.confirmation.require();
  const address = addressOf(c);
  const person = personBehind(node, c);
  try {
    return { staff: await requireStaff(node, c, 'keys', STAFF_ROLES), address };
  } catch (error) {
    if (person && error instanceof Problem) {
      const { ledger, identity, peers, options } = node;
      const parts = { ledger, identity, peers, platform: options.platform };
      const refused = { ...facts, status: 'Failed', failure: error.code } as const;
      await writeAudit(parts, { staff: person, address }, refused);
    }
    throw error;
  }
}
