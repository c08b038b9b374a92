/** Problems as pages: what happened, what to do, and a reference that is in the log. */
import type { Context } from 'hono';
import { STAFF_ROLES } from '../domain/vocabulary.ts';
import type { AppEnv } from '../http/context.ts';
import { PROBLEMS, type Problem } from '../http/problem.ts';
import type { HoldfastNode } from '../node.ts';
import { respondPage } from './frame.tsx';
import { type Visit, visitOf, withPerson } from './visit.ts';
import { signInPage } from './pages/sign-in.tsx';

/** Whether it is a browser that asks, for a page. */
export function wantsPage(c: Context): boolean {
  return !c.req.path.startsWith('/v1/') && /\btext\/html\b/i.test(c.req.header('Accept') ?? '');
}

/** Codes after which signing in is all that helps. */
const SIGNED_OUT: readonly string[] = ['credentials-missing', 'token-invalid'];

export async function respondProblemPage(
  node: HoldfastNode,
  c: Context<AppEnv>,
  problem: Problem,
): Promise<Response> {
  const visit = visitOf(node, c);
  if (SIGNED_OUT.includes(problem.code)) return signInPage(visit, { problem });
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

function ProblemBody({ visit, problem }: { visit: Visit; problem: Problem }) {
  const { words, language, c, staff } = visit;
  const { nodes } = problem.facts;
  const advice = words.problem.advice[problem.code] ?? words.problem.otherwise;
  return (
    <article class="narrow">
      <h1>{PROBLEMS[problem.code][language]}</h1>
      <h2>{words.problem.whatToDo}</h2>
      <p>{advice}</p>
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
