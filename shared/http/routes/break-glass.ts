/** Break-glass: two officers open one site at its edge, when the usual rules no longer do. */
import { createRoute, z } from '@hono/zod-openapi';
import { breakGlassAnswer, openingRequest } from '../../helpdesk/messages.ts';
import type { Routes } from '../context.ts';
import { jsonContent, jsonRequest, nothingToSay, problems, staffToken } from '../openapi.ts';
import { asking } from './helpdesk.ts';

const PROBLEMS = [
  ...(['credentials-missing', 'token-invalid', 'forbidden', 'site-not-assigned'] as const),
  ...(['centre-unconfirmed', 'overloaded', 'storage-unavailable'] as const),
] as const;
const OPENING_PROBLEMS = [...PROBLEMS, 'break-glass-open', 'break-glass-spent', 'vault-not-here'] as const;
const openingId = z.object({ openingId: z.string().regex(/^b-[a-z2-7]{16}$/) });
const content = jsonContent(breakGlassAnswer);

const showRoute = createRoute({
  method: 'get',
  path: '/v1/break-glass',
  summary: 'What is open at this node, and what waits for a second officer',
  security: staffToken,
  responses: { 200: { description: 'As it is now', content }, ...problems(...PROBLEMS) },
});

const askRoute = createRoute({
  method: 'post',
  path: '/v1/break-glass',
  summary: 'Ask for break-glass of one site, as the first officer',
  security: staffToken,
  request: jsonRequest(openingRequest),
  responses: {
    201: { description: 'It waits for a second officer', content },
    ...problems(...OPENING_PROBLEMS),
  },
});

const confirmRoute = createRoute({
  method: 'post',
  path: '/v1/break-glass/{openingId}/confirmation',
  summary: 'Open it, as the second officer',
  description:
    'For four hours as this node lives them, and for so many disclosures; each has its own audit record and is rotated afterwards. The next opening needs contact with the centre first.',
  security: staffToken,
  request: { params: openingId, ...nothingToSay },
  responses: {
    200: { description: 'It is open', content },
    ...problems(...OPENING_PROBLEMS, 'break-glass-unknown', 'second-person-needed'),
  },
});

const endRoute = createRoute({
  method: 'post',
  path: '/v1/break-glass/{openingId}/end',
  summary: 'End it before its time',
  security: staffToken,
  request: { params: openingId, ...nothingToSay },
  responses: {
    200: { description: 'It has ended', content },
    ...problems(...PROBLEMS, 'break-glass-unknown'),
  },
});

const ASK = { action: 'break-glass-request' } as const;
const OPEN = { action: 'break-glass-opening' } as const;
const END = { action: 'break-glass-end' } as const;

export const breakGlassRoutes: Routes = (app, node) => {
  app.openapi(showRoute, async (c) => {
    await asking(node, c, ASK);
    return c.json(await node.breakGlass.show(), 200);
  });
  app.openapi(askRoute, async (c) => {
    const { siteId, reason } = c.req.valid('json');
    return c.json(await node.breakGlass.ask(await asking(node, c, ASK), siteId, reason), 201);
  });
  app.openapi(confirmRoute, async (c) =>
    c.json(await node.breakGlass.confirm(await asking(node, c, OPEN), c.req.valid('param').openingId), 200),
  );
  app.openapi(endRoute, async (c) =>
    c.json(await node.breakGlass.end(await asking(node, c, END), c.req.valid('param').openingId), 200),
  );
};
