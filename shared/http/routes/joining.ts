/** What a box asks before it is an edge: see `edges/joining.ts`. Whoever asks has nothing but a one-time token. */
import { createRoute, z } from '@hono/zod-openapi';
import { join, joinRequest } from '../../edges/joining.ts';
import { publicJwk } from '../../trust/certificate.ts';
import type { Routes } from '../context.ts';
import { jsonContent, jsonRequest, problems } from '../openapi.ts';

const joinAnswer = z
  .object({
    name: z.string(),
    siteId: z.string(),
    regionId: z.string(),
    helpdesk: z.boolean(),
    organisation: publicJwk,
    /** null until somebody with the organisation's key has signed it */
    certificate: z.string().nullable(),
  })
  .openapi('JoinAnswer');

const joinRoute = createRoute({
  method: 'post',
  path: '/v1/edges/requests',
  summary: 'Ask for the certificate of a new edge, with a one-time token; again, to fetch it',
  description:
    'The token is good for one key. The key never leaves its box; the certificate is signed offline.',
  request: jsonRequest(joinRequest),
  responses: {
    200: {
      description: 'What was asked for, and the certificate if there is one',
      content: jsonContent(joinAnswer),
    },
    ...problems(
      'edge-token-invalid',
      'edge-token-used',
      'forbidden',
      'overloaded',
      'storage-unavailable',
      'centre-unconfirmed',
    ),
  },
});

export const joiningRoutes: Routes = (app, node) => {
  app.openapi(joinRoute, async (c) => {
    node.confirmation.require();
    const answer = await join({ ...node, platform: node.options.platform }, c.req.valid('json'));
    return c.json(answer, 200);
  });
};
