/** `/openapi.json` for programs, and the same as pages for people: drawn from the document, in this node's own frame. */
import { createRoute, z } from '@hono/zod-openapi';
import { STAFF_ROLES } from '../../domain/vocabulary.ts';
import { respondPage } from '../../portal/frame.tsx';
import { visitOf, withPerson } from '../../portal/visit.ts';
import type { Routes } from '../context.ts';
import { jsonContent } from '../openapi.ts';
import { Problem } from '../problem.ts';
import { describeApi } from './document.ts';
import { GROUPS } from './groups.ts';
import type { ApiDocument } from './openapi-types.ts';
import { GroupPage, Overview } from './page.tsx';
import { referenceWords } from './words.ts';

const openApiRoute = createRoute({
  method: 'get',
  path: '/openapi.json',
  summary: 'This document',
  responses: {
    200: {
      description: 'OpenAPI 3.1',
      content: jsonContent(
        z.looseObject({
          openapi: z.string(),
          info: z.looseObject({ title: z.string(), version: z.string() }),
        }),
      ),
    },
  },
});

export const referenceRoutes: Routes = (app, node) => {
  /** made when it is first asked for: a start has better things to do, and routes may come after this group */
  let made: Promise<ApiDocument> | null = null;
  const document = () => (made ??= describeApi(app, node.options.version));
  app.openAPIRegistry.registerPath(openApiRoute);
  app.get(openApiRoute.path, async (c) => c.json(await document()));
  app.get('/reference', async (c) => {
    const visit = await withPerson(visitOf(node, c), STAFF_ROLES);
    const words = referenceWords[visit.language];
    const body = <Overview document={await document()} language={visit.language} />;
    return respondPage(visit, { title: words.title, meaning: 'none', body });
  });
  app.get('/reference/:group', async (c) => {
    const group = GROUPS.find(({ name }) => name === c.req.param('group'));
    if (!group) throw new Problem('not-found');
    const visit = await withPerson(visitOf(node, c), STAFF_ROLES);
    const words = referenceWords[visit.language];
    const body = <GroupPage document={await document()} language={visit.language} group={group} />;
    return respondPage(visit, {
      title: `${words.groups[group.name]} · ${words.title}`,
      meaning: 'none',
      body,
    });
  });
};
