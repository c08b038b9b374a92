/** Problems as pages: what happened, what to do, and a reference that is in the log. */
import type { Context } from 'hono';
import { STAFF_ROLES } from '../domain/vocabulary.ts';
import type { AppEnv } from '../http/context.ts';
import { PROBLEMS, type Problem } from '../http/problem.ts';
import type { HoldfastNode } from '../node.ts';
import { respondPage } from './frame.tsx';
import { type Visit, visitOf, withPerson } from './visit.ts';
import { localPath } from './local-path.ts';
import { SIGN_IN, signInPage } from './pages/sign-in.tsx';
import { addressOfQuery } from './query.ts';
import { isSignedOut } from './signed-out.ts';

/** Whether it is a browser that asks, for a page. */
export function wantsPage(c: Context): boolean {
  return !c.req.path.startsWith('/v1/') && /\btext\/html\b/i.test(c.req.header('Accept') ?? '');
}

export async function respondProblemPage(
  node: HoldfastNode,
  c: Context<AppEnv>,
  problem: Problem,
): Promise<Response> {
  const visit = visitOf(node, c);
  if (isSignedOut(problem)) {
    // The cookie of a session does not come along from another site's link; asked for again from here, it does.
    if (c.req.method === 'GET' && c.req.header('Sec-Fetch-Site') === 'cross-site') return comeAgain(c);
    if (c.req.method !== 'GET') return signInPage(visit, { problem });
    const { pathname, search } = new URL(c.req.url);
    return c.redirect(addressOfQuery(SIGN_IN, { next: `${pathname}${search}` }), 303);
  }
  // What the page names is found in the log under the same reference.
  node.options.log('info', 'a page told of a problem', {
    reference: c.get('reference'),
    problem: problem.code,
  });
  const seen = await withPerson(visit, STAFF_ROLES).catch(() => visit);
  return respondPage(seen, {
    title: seen.words.problem.title,
    meaning: 'none',
    status: PROBLEMS[problem.code].status,
    body: <ProblemBody visit={seen} problem={problem} />,
  });
}

function comeAgain(c: Context<AppEnv>): Response {
  const { pathname, search } = new URL(c.req.url);
  return c.body(null, 200, {
    Refresh: `0; url=${localPath(`${pathname}${search}`)}`,
    'Cache-Control': 'no-store',
  });
}

function ProblemBody({ visit, problem }: { visit: Visit; problem: Problem }) {
  const { words, language, c, staff } = visit;
  const { nodes, waitingFor } = problem.facts;
  const advice = words.problem.advice[problem.code] ?? words.problem.otherwise;
  return (
    <article class="narrow">
      <h1>{PROBLEMS[problem.code][language]}</h1>
      <h2>{words.problem.whatToDo}</h2>
      <p>{advice}</p>
      {problem.code === 'change-demanded' && (
        <p>
          <a href="/account">{words.account.title}</a>
        </p>
      )}
      {Array.isArray(waitingFor) && <p>{words.nodes.waitingFor(waitingFor.map(String))}</p>}
      {Array.isArray(nodes) && nodes.length > 0 && <p>{words.problem.nodes(nodes.map(String))}</p>}
      <p>
        <a class="button" href={staff ? '/' : '/sign-in'}>
          {words.problem.home}
        </a>
      </p>
      <p class="faint">{words.problem.reference(c.get('reference'))}</p>
    </article>
  );
}
