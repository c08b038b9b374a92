/** Bringing keys in from elsewhere, and taking all of them out: what an administrator does when moving. */
import { createRoute, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { exportAnswer, exportRequest } from '../../export/messages.ts';
import type { Asking } from '../../helpdesk/audit.ts';
import { importAnswer, importRequest } from '../../import/messages.ts';
import type { HoldfastNode } from '../../node.ts';
import { requireStaff } from '../../staff/authenticate.ts';
import { type AppEnv, type Routes, addressOf } from '../context.ts';
import { jsonContent, jsonRequest, nothingToSay, problems, staffToken } from '../openapi.ts';

const PROBLEMS = [
  'credentials-missing',
  'token-invalid',
  'forbidden',
  'centre-unconfirmed',
  'overloaded',
  'storage-unavailable',
] as const;
const exportId = z.object({ exportId: z.string().regex(/^e-[a-z2-7]{16}$/) });

const importRoute = createRoute({
  method: 'post',
  path: '/v1/admin/imports',
  summary: 'Import recovery keys from another system, sealed and journalled like an escrow',
  description: 'May be repeated: what is held already is not written again.',
  security: staffToken,
  request: jsonRequest(importRequest),
  responses: {
    200: { description: 'What became of each key', content: jsonContent(importAnswer) },
    ...problems(...PROBLEMS),
  },
});

const requestRoute = createRoute({
  method: 'post',
  path: '/v1/admin/exports',
  summary: 'Ask for an export of every key that this node can open, encrypted to age recipients',
  description: 'Another administrator has to confirm it at the same node within the hour.',
  security: staffToken,
  request: jsonRequest(exportRequest),
  responses: {
    201: { description: 'Waits for the second officer', content: jsonContent(exportAnswer) },
    ...problems(...PROBLEMS, 'vault-not-here'),
  },
});

const showRoute = createRoute({
  method: 'get',
  path: '/v1/admin/exports/{exportId}',
  summary: 'What an export is about, who asked for it and how far it is',
  security: staffToken,
  request: { params: exportId },
  responses: {
    200: { description: 'The export', content: jsonContent(exportAnswer) },
    ...problems(...PROBLEMS, 'export-unknown'),
  },
});

const confirmRoute = createRoute({
  method: 'post',
  path: '/v1/admin/exports/{exportId}/confirmation',
  summary: 'Confirm an export, as the second officer',
  security: staffToken,
  request: { params: exportId, ...nothingToSay },
  responses: {
    200: { description: 'Confirmed: both officers may fetch it', content: jsonContent(exportAnswer) },
    ...problems(...PROBLEMS, 'export-unknown', 'second-officer-needed'),
  },
});

const fetchRoute = createRoute({
  method: 'post',
  path: '/v1/admin/exports/{exportId}/file',
  summary: 'Fetch a confirmed export: CSV, encrypted with age (age-encryption.org/v1)',
  description:
    'Each key has its own audit record, durable before the key leaves. A file that broke off does not decrypt.',
  security: staffToken,
  request: { params: exportId, ...nothingToSay },
  responses: {
    200: {
      description: 'The encrypted file',
      content: { 'application/octet-stream': { schema: z.string().openapi({ format: 'binary' }) } },
    },
    ...problems(...PROBLEMS, 'export-unknown', 'second-officer-needed'),
  },
});

export const importRoutes: Routes = (app, node) => {
  app.openapi(importRoute, async (c) => {
    const { staff } = await requireOfficer(node, c);
    return c.json(await node.imports.import(staff.staffId, c.req.valid('json')), 200);
  });
  app.openapi(requestRoute, async (c) =>
    c.json(node.exports.request(await requireOfficer(node, c), c.req.valid('json')), 201),
  );
  app.openapi(showRoute, async (c) => {
    await requireOfficer(node, c);
    return c.json(node.exports.show(c.req.valid('param').exportId), 200);
  });
  app.openapi(confirmRoute, async (c) =>
    c.json(node.exports.confirm(await requireOfficer(node, c), c.req.valid('param').exportId), 200),
  );
  app.openapi(fetchRoute, async (c) => {
    const file = await node.exports.open(await requireOfficer(node, c), c.req.valid('param').exportId);
    return c.body(file, 200, { 'Content-Type': 'application/octet-stream', 'Cache-Control': 'no-store' });
  });
};

/** A known administrator: each key names who brought it in, and the token of the installation is nobody's. */
async function requireOfficer(node: HoldfastNode, c: Context<AppEnv>): Promise<Asking> {
  const staff = await requireStaff(node, c, 'administration', ['administrator']);
  node.confirmation.require();
  return { staff, address: addressOf(c) };
}
