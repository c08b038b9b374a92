/** Signing in. */
import type { Problem } from '../../http/problem.ts';
import { PROBLEMS } from '../../http/problem.ts';
import { respondPage } from '../frame.tsx';
import type { Visit } from '../visit.ts';

export function signInPage(visit: Visit, { problem }: { readonly problem: Problem }): Promise<Response> {
  const { words, language } = visit;
  return respondPage(visit, {
    title: words.signIn,
    meaning: 'none',
    status: PROBLEMS[problem.code].status,
    body: (
      <article class="narrow">
        <h1>{words.signIn}</h1>
        <p>{PROBLEMS[problem.code][language]}</p>
      </article>
    ),
  });
}
