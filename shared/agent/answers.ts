/**
 * What an answer means to an agent. Only a node's own problem documents count as a refusal: a captive portal or a
 * proxy that answers in a node's place is as good as no answer, and the next node is tried.
 */
import { z } from 'zod';
import type { ProblemCode } from '../http/problem.ts';

/**
 * - `unreachable`: no node answered, or one that cannot serve now; the next one may
 * - `nonce`: repeat with the nonce of this answer
 * - `stranger`: this key or token is not (or no longer) this machine's; enrol again with a new key
 * - `refused`: a node has decided, and another would say the same
 */
export type Failure = 'unreachable' | 'nonce' | 'stranger' | 'refused';

/** Statuses by which a node, or what stands before it, says "not here, not now". */
export const NOT_NOW = [408, 421, 429];

export const PROBLEM_PREFIX = 'urn:holdfast:problem:';
const problemDocument = z.object({ type: z.string().startsWith(PROBLEM_PREFIX) });

export const STRANGER: readonly ProblemCode[] = ['token-invalid', 'device-cloned'];
export const NONCE: ProblemCode = 'use-dpop-nonce';

/** Null for a success; `body` is the parsed JSON, or undefined when there was none. */
export function failureOf(status: number, body: unknown): Failure | null {
  if (status >= 200 && status < 300) return body === undefined ? 'unreachable' : null;
  if (status < 400 || status >= 500 || NOT_NOW.includes(status)) return 'unreachable';
  const document = problemDocument.safeParse(body);
  if (!document.success) return 'unreachable';
  const code = document.data.type.slice(PROBLEM_PREFIX.length);
  if (status === 401 && code === NONCE) return 'nonce';
  return STRANGER.some((stranger) => stranger === code) ? 'stranger' : 'refused';
}
