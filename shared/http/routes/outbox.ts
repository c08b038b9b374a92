/** The outbox of disclosures, which an administrator's own mailer drains. */
import { createRoute, z } from '@hono/zod-openapi';
import { outboxAnswer } from '../../helpdesk/messages.ts';
import { outbox } from '../../helpdesk/outbox.ts';
import { requireAdministrator } from '../../staff/authenticate.ts';
import type { Routes } from '../context.ts';
import { jsonContent, problems, staffToken } from '../openapi.ts';

const outboxRoute = createRoute({
  method: 'get',
  path: '/v1/admin/outbox',
  summary: 'Disclosures in the order in which this node learned of them, with whom to tell',
  description:
    '`after` is `next` of the answer before; `now` gives the place where the log ends. See `holdfast notify`.',
  security: staffToken,
  request: {
    query: z.strictObject({
      after: z
        .string()
        .regex(/^(?:now|[a-z2-7]{10}\.[a-z2-7]{13}#\d{1,16})$/)
        .optional(),
    }),
  },
  responses: {
    200: { description: 'Disclosures after that place', content: jsonContent(outboxAnswer) },
    ...problems('credentials-missing', 'token-invalid', 'forbidden', 'overloaded', 'storage-unavailable'),
  },
});

export const outboxRoutes: Routes = (app, node) => {
  app.openapi(outboxRoute, async (c) => {
    await requireAdministrator(node, c);
    return c.json(await outbox(node.ledger, c.req.valid('query').after), 200);
  });
};
