/** Snapshots over HTTP, for administrators of a centre. */
import { createRoute, z } from '@hono/zod-openapi';
import type { Routes } from '../../shared/http/context.ts';
import { jsonContent, nothingToSay, problems, staffToken } from '../../shared/http/openapi.ts';
import { Problem } from '../../shared/http/problem.ts';
import { entriesOf } from '../../shared/snapshot/cut.ts';
import { requireAdministrator } from '../../shared/staff/authenticate.ts';
import { storedFault } from '../words/fault.ts';
import type { SnapshotService } from './service.ts';
import { verification } from './verification.ts';
import { writer } from './writers.ts';

const PROBLEMS = ['credentials-missing', 'token-invalid', 'forbidden'] as const;

const listed = z
  .object({
    id: z.string(),
    /** null when its manifest is not believed, and then `fault` says why */
    frozenAt: z.number().int().nullable(),
    entries: z.number().int().nullable(),
    bytes: z.number().int().nullable(),
    encrypted: z.boolean().nullable(),
    verification: verification.nullable(),
    fault: z.string().nullable(),
  })
  .openapi('Snapshot');

const list = z.object({
  everyMs: z.number().int().nullable(),
  underWay: z
    .object({ since: z.number().int(), step: z.string(), done: z.number(), all: z.number() })
    .nullable(),
  last: z
    .object({
      at: z.number().int(),
      ok: z.boolean(),
      id: z.string().nullable(),
      message: z.string().nullable(),
      fault: storedFault,
    })
    .nullable(),
  snapshots: z.array(listed),
});

const writersRoute = createRoute({
  method: 'get',
  path: '/v1/admin/writers',
  summary: 'List snapshot writers: name, instance, state, last error',
  security: staffToken,
  responses: {
    200: {
      description: 'One per store and server',
      content: jsonContent(z.object({ writers: z.array(writer) })),
    },
    ...problems(...PROBLEMS),
  },
});

const listRoute = createRoute({
  method: 'get',
  path: '/v1/admin/snapshots',
  summary: 'List snapshots with what verifying them found, and what is under way',
  security: staffToken,
  responses: { 200: { description: 'Oldest first', content: jsonContent(list) }, ...problems(...PROBLEMS) },
});

const createRouteDefinition = createRoute({
  method: 'post',
  path: '/v1/admin/snapshots',
  summary: 'Make a snapshot now',
  security: staffToken,
  request: nothingToSay,
  responses: {
    202: { description: 'Begun', content: jsonContent(z.object({ begun: z.literal(true) })) },
    ...problems(...PROBLEMS, 'snapshot-under-way'),
  },
});

export function snapshotRoutes(service: SnapshotService): Routes {
  return (app, node) => {
    app.openapi(writersRoute, async (c) => {
      await requireAdministrator(node, c);
      return c.json({ writers: await service.writers.list() }, 200);
    });
    app.openapi(listRoute, async (c) => {
      await requireAdministrator(node, c);
      const sets = await service.repository.list();
      const snapshots = sets.map((set): z.infer<typeof listed> => {
        const nothing = { frozenAt: null, entries: null, bytes: null, encrypted: null, verification: null };
        if ('fault' in set) return { id: set.id, ...nothing, fault: set.fault };
        const { manifest, latest } = set;
        return {
          id: set.id,
          frozenAt: manifest.times.frozen,
          entries: entriesOf(manifest.cut),
          bytes: manifest.files.reduce((sum, file) => sum + file.bytes, 0),
          encrypted: manifest.files.some((file) => file.plain !== null),
          verification: latest,
          fault: null,
        };
      });
      const { everyMs } = service.settings;
      return c.json(
        { everyMs, underWay: service.underWay, last: await service.repository.last(), snapshots },
        200,
      );
    });
    app.openapi(createRouteDefinition, async (c) => {
      await requireAdministrator(node, c);
      if (!service.begin()) throw new Problem('snapshot-under-way', {}, { 'Retry-After': '30' });
      return c.json({ begun: true as const }, 202);
    });
  };
}
