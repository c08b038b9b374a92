/** `/openapi.json` for programs, and the same as pages for people: drawn from the document, in this node's own frame. */
import { createRoute, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { raw } from 'hono/html';
import { STAFF_ROLES } from '../../domain/vocabulary.ts';
import { respondPage } from '../../portal/frame.tsx';
import { visitOf, withPerson } from '../../portal/visit.ts';
import type { Language } from '../../text/language.ts';
import type { AppEnv, Routes } from '../context.ts';
import { jsonContent } from '../openapi.ts';
import { Problem } from '../problem.ts';
import { describeApi } from './document.ts';
import { GROUPS, type Group } from './groups.ts';
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
  /** made when they are first asked for: a start has better things to do, and routes may come after this group */
  let document: Promise<ApiDocument> | null = null;
  let text: Promise<string> | null = null;
  /** by name and language; drawing one takes an edge milliseconds that people wait for (I12) */
  const bodies = new Map<string, Promise<string>>();
  const described = () => (document ??= describeApi(app, node.options.version));
  const draw = async (language: Language, group: Group | null): Promise<string> => {
    const parts = { document: await described(), language };
    const drawn = group ? <GroupPage {...parts} group={group} /> : <Overview {...parts} />;
    return (await drawn).toString();
  };
  const answer = async (c: Context<AppEnv>, group: Group | null): Promise<Response> => {
    const visit = await withPerson(visitOf(node, c), STAFF_ROLES);
    const { language } = visit;
    const key = `${group?.name ?? ''} ${language}`;
    const body = bodies.get(key) ?? draw(language, group);
    bodies.set(key, body);
    const words = referenceWords[language];
    const title = group ? `${words.groups[group.name]} · ${words.title}` : words.title;
    // Drawn above, by what escapes it.
    return respondPage(visit, { title, meaning: 'none', body: raw(await body) });
  };
  app.openAPIRegistry.registerPath(openApiRoute);
  app.get(openApiRoute.path, async (c) => {
    text ??= described().then((made) => JSON.stringify(made));
    return c.body(await text, 200, { 'Content-Type': 'application/json' });
  });
  app.get('/reference', (c) => answer(c, null));
  app.get('/reference/:group', (c) => {
    const group = GROUPS.find(({ name }) => name === c.req.param('group'));
    if (!group) throw new Problem('not-found');
    return answer(c, group);
  });
};
