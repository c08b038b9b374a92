import type { Problem, ProblemCode } from '../http/problem.ts';

/** Codes after which signing in is all that helps. */
const SIGNED_OUT: readonly ProblemCode[] = [
  'credentials-missing',
  'token-invalid',
  'session-over',
  'session-idle',
  'sign-in-again',
];

export function isSignedOut({ code }: Problem): boolean {
  return SIGNED_OUT.includes(code);
}
