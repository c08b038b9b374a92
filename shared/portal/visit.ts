/** One visit of a person's browser: who asks, in which language and time zone, and how a page is answered. */
import type { Context } from 'hono';
import { getCookie } from 'hono/cookie';
import type { StaffRole } from '../domain/vocabulary.ts';
import { type AppEnv, addressOf } from '../http/context.ts';
import { Problem } from '../http/problem.ts';
import type { HoldfastNode } from '../node.ts';
import { requireStaff } from '../staff/authenticate.ts';
import type { StaffMember, Use } from '../staff/member.ts';
import { type Language, LANGUAGES, preferredLanguage } from '../text/language.ts';
import { Clock } from './clock.ts';
import { formToken } from './form.ts';
import { type PortalWords, portalWords } from './words/words.ts';

export const LANGUAGE_COOKIE = 'holdfast_language';
/** set by the pages' script: only a browser knows it */
const ZONE_COOKIE = 'holdfast_zone';

export interface Visit {
  readonly node: HoldfastNode;
  readonly c: Context<AppEnv>;
  readonly language: Language;
  readonly words: PortalWords;
  readonly clock: Clock;
  /** null: not signed in, or not known on this page */
  readonly staff: StaffMember | null;
  /** for the forms of the page that is answered */
  readonly token: string;
}

export interface SignedIn extends Visit {
  readonly staff: StaffMember;
}

export function visitOf(node: HoldfastNode, c: Context<AppEnv>): Visit {
  const { platform } = node.options;
  const chosen = LANGUAGES.find((language) => language === getCookie(c, LANGUAGE_COOKIE));
  const language = chosen ?? preferredLanguage(c.req.header('Accept-Language'));
  return {
    ...{ node, c, language, words: portalWords(language), staff: null },
    clock: new Clock(language, getCookie(c, ZONE_COOKIE), platform.now()),
    token: formToken(c, platform),
  };
}

/** Throws a Problem as `requireStaff` does. */
export async function signedIn(visit: Visit, use: Use, roles: readonly StaffRole[]): Promise<SignedIn> {
  return { ...visit, staff: await requireStaff(visit.node, visit.c, use, roles) };
}

/** The same with whoever is signed in, if anybody is: for pages that everybody sees. */
export async function withPerson(visit: Visit, roles: readonly StaffRole[]): Promise<Visit> {
  try {
    return await signedIn(visit, 'reports', roles);
  } catch (error) {
    if (error instanceof Problem) return visit;
    throw error;
  }
}

/** Who asks and from where, for the audit. */
export function askingOf({ staff, c }: SignedIn): { staff: StaffMember; address: string | null } {
  return { staff, address: addressOf(c) };
}
