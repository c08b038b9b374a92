/** How pages are declared: who may see them, and that whatever is sent to them was made by a page of this node. */
import type { StaffRole } from '../domain/vocabulary.ts';
import type { App } from '../http/context.ts';
import type { HoldfastNode } from '../node.ts';
import type { Use } from '../staff/member.ts';
import { Problem } from '../http/problem.ts';
import { type Fields, readForm } from './form.ts';
import { resumeOf, signInPage } from './pages/sign-in.tsx';
import { isSignedOut } from './signed-out.ts';
import { type SignedIn, signedIn, visitOf } from './visit.ts';

export interface Access {
  readonly use: Use;
  readonly roles: readonly StaffRole[];
}

/** A page that shows, and changes and reveals nothing. */
export function shows(
  app: App,
  node: HoldfastNode,
  path: string,
  { use, roles }: Access,
  answer: (visit: SignedIn) => Promise<Response> | Response,
): void {
  app.get(path, async (c) => {
    // I7: a centre that waits for its edges serves no page either, for its revocations may be stale.
    node.confirmation.require();
    return answer(await signedIn(visitOf(node, c), use, roles));
  });
}

/** What a form is sent to. */
export function takes(
  app: App,
  node: HoldfastNode,
  path: string,
  { use, roles }: Access,
  answer: (visit: SignedIn, fields: Fields) => Promise<Response> | Response,
): void {
  app.post(path, async (c) => {
    node.confirmation.require();
    const fields = await readForm(c, node.options.platform);
    const visit = visitOf(node, c);
    try {
      return await answer(await signedIn(visit, use, roles), fields);
    } catch (error) {
      // What was filled in is not lost with the session.
      if (error instanceof Problem && isSignedOut(error))
        return signInPage(visit, { problem: error, resume: resumeOf(path, fields) });
      throw error;
    }
  });
}
