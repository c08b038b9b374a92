/** What administrators do about edges, at a centre: see `edges/service.ts`. */
import { createRoute, z } from '@hono/zod-openapi';
import { limits } from '../../limits.ts';
import { isStorable } from '../../journal/entry.ts';
import { requireAdministrator } from '../../staff/authenticate.ts';
import { nodeId as anyNodeId, origin } from '../../trust/certificate.ts';
import type { Routes } from '../context.ts';
import { jsonContent, jsonRequest, nothingToSay, problems, staffToken } from '../openapi.ts';

const count = z.number().int();
const params = z.object({ nodeId: anyNodeId });
const ADMIN_PROBLEMS = [
  'credentials-missing',
  'token-invalid',
  'forbidden',
  'overloaded',
  'storage-unavailable',
  'edge-unknown',
] as const;

const revokedEdge = z
  .object({
    nodeId: z.string(),
    name: z.string(),
    regionId: z.string(),
    siteId: z.string(),
    stolen: z.boolean(),
    /** it held its region's vault keys, as its certificate says */
    opens: z.boolean(),
    reason: z.string(),
    at: count,
  })
  .openapi('RevokedEdge');

export const edgesAnswer = z
  .object({
    edges: z.array(
      z.object({
        nodeId: z.string(),
        name: z.string(),
        siteId: z.string().nullable(),
        regionId: z.string().nullable(),
        opens: z.boolean(),
        revoked: revokedEdge.nullable(),
      }),
    ),
  })
  .openapi('Edges');

const listRoute = createRoute({
  method: 'get',
  path: '/v1/admin/edges',
  summary: 'List the edges that this node knows, and which were revoked',
  security: staffToken,
  responses: {
    200: { description: 'By name', content: jsonContent(edgesAnswer) },
    ...problems(...ADMIN_PROBLEMS),
  },
});

const revokeRoute = createRoute({
  method: 'post',
  path: '/v1/admin/edges/{nodeId}/revocation',
  summary: 'Revoke an edge: it is refused everywhere, and its logs count up to a place',
  description:
    'The place is the last one that is held at the centre, or the last one before `until` by the clock of the edge. What lies beyond is kept aside at every node.',
  security: staffToken,
  request: {
    params,
    ...jsonRequest(
      z.strictObject({
        reason: z.string().min(1).max(limits.noteCharactersMax).refine(isStorable),
        stolen: z
          .boolean()
          .openapi({ description: 'Whatever the box could open counts as known to others.' }),
        until: z.number().int().min(0).max(4_102_444_800_000).nullable(),
      }),
    ),
  },
  responses: {
    200: {
      description: 'Revoked here and, with the next sync, everywhere',
      content: jsonContent(revokedEdge),
    },
    ...problems(...ADMIN_PROBLEMS, 'centre-unconfirmed'),
  },
});

export const exposureAnswer = z
  .object({
    keys: z.array(z.object({ keyId: z.string(), how: z.enum(['could-open', 'given-out']) })),
    /** keys whose rotation was ordered now, because it had not been */
    ordered: count,
  })
  .openapi('Exposure');

const exposeRoute = createRoute({
  method: 'post',
  path: '/v1/admin/edges/{nodeId}/exposure',
  summary: 'Name every key that a stolen edge could open or gave out, and order the rotation of each',
  description:
    'Its vaults are those of its region that are marked as compromised or retired: mark them first.',
  security: staffToken,
  request: { params, ...nothingToSay },
  responses: {
    200: { description: 'The keys, by ID', content: jsonContent(exposureAnswer) },
    ...problems(...ADMIN_PROBLEMS, 'edge-not-stolen'),
  },
});

export const progressAnswer = z.object({ ordered: count, rotated: count }).openapi('ExposureProgress');

const progressRoute = createRoute({
  method: 'get',
  path: '/v1/admin/edges/{nodeId}/exposure',
  summary: 'How many of the keys that a stolen edge gave away are on no drive any more',
  security: staffToken,
  request: { params },
  responses: {
    200: { description: 'As far as devices have reported', content: jsonContent(progressAnswer) },
    ...problems(...ADMIN_PROBLEMS, 'edge-not-stolen'),
  },
});

export const staffResetAnswer = z
  .object({ reset: z.array(z.string()), kept: z.array(z.string()) })
  .openapi('StaffReset');

const staffRoute = createRoute({
  method: 'post',
  path: '/v1/admin/edges/{nodeId}/staff-reset',
  summary: 'Take the credentials and tokens of everybody who could sign in at an edge, but the one who asks',
  security: staffToken,
  request: { params, ...nothingToSay },
  responses: {
    200: { description: 'Whose were taken, and whose were not', content: jsonContent(staffResetAnswer) },
    ...problems(...ADMIN_PROBLEMS),
  },
});

export const keptAsideAnswer = z
  .object({
    escrows: z.array(
      z.object({
        origin: z.string(),
        seq: count,
        hash: z.string(),
        at: count,
        keyId: z.string(),
        computerName: z.string(),
        domain: z.string(),
        deviceId: z.string(),
        state: z.enum(['waiting', 'released', 'refused']),
      }),
    ),
  })
  .openapi('KeptAside');

const keptAsideRoute = createRoute({
  method: 'get',
  path: '/v1/admin/edges/{nodeId}/quarantine',
  summary: 'List escrows that were kept aside with a revoked edge’s logs, the newest first',
  security: staffToken,
  request: { params },
  responses: {
    200: { description: 'At most a thousand', content: jsonContent(keptAsideAnswer) },
    ...problems(...ADMIN_PROBLEMS),
  },
});

const releaseRoute = createRoute({
  method: 'post',
  path: '/v1/admin/edges/releases',
  summary: 'Take one escrow back in that was kept aside, with where it came from',
  security: staffToken,
  request: jsonRequest(
    z.strictObject({
      origin,
      seq: z.number().int().min(1).max(Number.MAX_SAFE_INTEGER),
      hash: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
    }),
  ),
  responses: {
    200: { description: 'It counts as escrowed', content: jsonContent(z.object({ keyId: z.string() })) },
    ...problems(...ADMIN_PROBLEMS, 'not-kept-aside'),
  },
});

const refusalRoute = createRoute({
  method: 'post',
  path: '/v1/admin/edges/refusals',
  summary: 'Leave one escrow aside that was kept aside: looked at, and not taken back in',
  description: 'It stays where it is, and can be taken back in later.',
  security: staffToken,
  request: releaseRoute.request,
  responses: {
    200: { description: 'It is left aside', content: jsonContent(z.object({ keyId: z.string() })) },
    ...problems(...ADMIN_PROBLEMS, 'not-kept-aside'),
  },
});

export const edgeRoutes: Routes = (app, node) => {
  const { edges } = node;
  app.openapi(listRoute, async (c) => {
    await requireAdministrator(node, c);
    return c.json({ edges: edges.list() }, 200);
  });
  app.openapi(revokeRoute, async (c) => {
    const administrator = await requireAdministrator(node, c);
    node.confirmation.require();
    const { nodeId } = c.req.valid('param');
    return c.json(await edges.revoke(nodeId, c.req.valid('json'), administrator?.staffId ?? null), 200);
  });
  app.openapi(exposeRoute, async (c) => {
    await requireAdministrator(node, c);
    const { keys, ordered } = await edges.expose(c.req.valid('param').nodeId);
    const named = [...keys].map(([keyId, how]) => ({ keyId: String(keyId), how }));
    return c.json({ keys: named.sort((a, b) => (a.keyId < b.keyId ? -1 : 1)), ordered }, 200);
  });
  app.openapi(progressRoute, async (c) => {
    await requireAdministrator(node, c);
    return c.json(await edges.progress(c.req.valid('param').nodeId), 200);
  });
  app.openapi(staffRoute, async (c) => {
    const administrator = await requireAdministrator(node, c);
    const { nodeId } = c.req.valid('param');
    return c.json(await edges.resetStaff(nodeId, administrator?.staffId ?? null), 200);
  });
  app.openapi(keptAsideRoute, async (c) => {
    await requireAdministrator(node, c);
    return c.json({ escrows: await edges.keptAside(c.req.valid('param').nodeId) }, 200);
  });
  app.openapi(releaseRoute, async (c) => {
    const administrator = await requireAdministrator(node, c);
    const keyId = await edges.release(c.req.valid('json'), administrator?.staffId ?? 'installation');
    return c.json({ keyId: String(keyId) }, 200);
  });
  app.openapi(refusalRoute, async (c) => {
    const administrator = await requireAdministrator(node, c);
    const keyId = await edges.refuse(c.req.valid('json'), administrator?.staffId ?? 'installation');
    return c.json({ keyId: String(keyId) }, 200);
  });
};
