/** Exemptions that a user asks for: see `exemptions/service.ts`. */
import { createRoute, z } from '@hono/zod-openapi';
import { type StaffRole, STAFF_ROLES } from '../../domain/vocabulary.ts';
import * as messages from '../../exemptions/messages.ts';
import { exemptionRequestId } from '../../journal/exemption-bodies.ts';
import { requireStaff } from '../../staff/authenticate.ts';
import type { Routes } from '../context.ts';
import { jsonContent, jsonRequest, problems, staffToken } from '../openapi.ts';

/** Who hears users, and writes down what they ask for. */
export const EXEMPTION_ASKERS: readonly StaffRole[] = ['helpdesk', 'advanced-helpdesk'];

const STAFF_PROBLEMS = [
  ...(['credentials-missing', 'token-invalid', 'forbidden', 'centre-unconfirmed'] as const),
  ...(['overloaded', 'storage-unavailable'] as const),
] as const;

const askRoute = createRoute({
  method: 'post',
  path: '/v1/exemptions/requests',
  summary: 'Ask for an exemption, for a user of a computer',
  description: 'At any node, also without the centre. An administrator at a centre answers.',
  security: staffToken,
  request: jsonRequest(messages.askExemption),
  responses: {
    201: { description: 'It waits for an administrator', content: jsonContent(messages.askedExemption) },
    ...problems(...STAFF_PROBLEMS, 'not-found', 'site-not-assigned', 'exemption-open'),
  },
});

const listRoute = createRoute({
  method: 'get',
  path: '/v1/exemptions/requests',
  summary: 'Exemptions that were asked for, of the sites that you see',
  security: staffToken,
  request: { query: messages.exemptionsQuery },
  responses: {
    200: {
      description: 'Those that wait first, then the newest, up to a bound',
      content: jsonContent(messages.askedExemptions),
    },
    ...problems(...STAFF_PROBLEMS),
  },
});

const params = z.object({ requestId: exemptionRequestId });
const answered = {
  200: { description: 'The request with its answer', content: jsonContent(messages.askedExemption) },
  ...problems(...STAFF_PROBLEMS, 'exemption-unknown', 'exemption-over'),
};

const approveRoute = createRoute({
  method: 'post',
  path: '/v1/exemptions/requests/{requestId}/approval',
  summary: 'Approve an exemption, at a centre',
  description: 'Configures it for the computer; its device is told with its next report.',
  security: staffToken,
  request: { params, ...jsonRequest(messages.approveExemption) },
  responses: answered,
});

const refuseRoute = createRoute({
  method: 'post',
  path: '/v1/exemptions/requests/{requestId}/refusal',
  summary: 'Refuse an exemption, at a centre',
  security: staffToken,
  request: { params, ...jsonRequest(messages.refuseExemption) },
  responses: answered,
});

export const exemptionRoutes: Routes = (app, node) => {
  const { exemptions, confirmation } = node;
  app.openapi(askRoute, async (c) => {
    confirmation.require();
    const staff = await requireStaff(node, c, 'keys', EXEMPTION_ASKERS);
    return c.json(await exemptions.ask(staff, c.req.valid('json')), 201);
  });
  app.openapi(listRoute, async (c) => {
    confirmation.require();
    const staff = await requireStaff(node, c, 'reports', STAFF_ROLES);
    return c.json({ requests: await exemptions.list(staff, c.req.valid('query')) }, 200);
  });
  app.openapi(approveRoute, async (c) => {
    confirmation.require();
    const staff = await requireStaff(node, c, 'administration', ['administrator']);
    const { requestId } = c.req.valid('param');
    return c.json(await exemptions.approve(staff, requestId, c.req.valid('json')), 200);
  });
  app.openapi(refuseRoute, async (c) => {
    confirmation.require();
    const staff = await requireStaff(node, c, 'administration', ['administrator']);
    const { requestId } = c.req.valid('param');
    return c.json(await exemptions.refuse(staff, requestId, c.req.valid('json')), 200);
  });
};
