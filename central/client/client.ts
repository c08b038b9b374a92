/**
 * `holdfast/client`: a node's API for other programs in TypeScript, and for `holdfast` itself.
 *
 *     import { createHoldfastClient, isProblem } from 'holdfast/client';
 *
 *     const node = createHoldfastClient({ url: 'https://edge.madrid.example.org', token });
 *     const { data, error } = await node.POST('/v1/recovery/search', { body: { keyId: '3fd763f9' } });
 *     if (error) throw new Error(isProblem(error, 'token-invalid') ? 'sign in again' : error.title);
 *     for (const { keyId, computerName } of data.candidates) …
 *
 * The types in `api.d.ts` are made from the node's own `/openapi.json`, by a test that fails when they are not the same:
 * addresses, parameters, bodies and answers are checked by the compiler. Nothing is retried here: `Retry-After` of a
 * problem's response says when that makes sense.
 */
import createClient, { type Client } from 'openapi-fetch';
import type { components, paths } from './api.d.ts';

export type { components, paths } from './api.d.ts';
export type HoldfastClient = Client<paths>;
export type Problem = components['schemas']['Problem'];

/** A request that is not answered by then is given up. */
const ANSWER_MS_MAX = 15_000;

export interface ClientOptions {
  /** where the node is: `https://…`, or plain HTTP on loopback */
  readonly url: string;
  /** of a member of staff; none for what anybody may ask */
  readonly token?: string | null;
  /** of titles and words; English without it */
  readonly language?: 'en' | 'es';
  /** for one answer, in milliseconds */
  readonly answerMsMax?: number;
}

/** Requests reject only where no answer came; whatever the node answered is `data` or, as a problem document, `error`. */
export function createHoldfastClient(options: ClientOptions): HoldfastClient {
  const { url, token = null, language = 'en', answerMsMax = ANSWER_MS_MAX } = options;
  return createClient<paths>({
    baseUrl: url,
    // A node never redirects a program; whatever stands there instead must not get the token.
    redirect: 'manual',
    headers: {
      'Accept-Language': language,
      ...(token === null ? {} : { Authorization: `Bearer ${token}` }),
    },
    fetch: (request: Request) => fetch(request, { signal: AbortSignal.timeout(answerMsMax) }),
  });
}

/** Whether what came back is the problem of this code: the last part of its `type`. */
export function isProblem(error: unknown, code: string): error is Problem {
  return (
    typeof error === 'object' &&
    error !== null &&
    'type' in error &&
    error.type === `urn:holdfast:problem:${code}`
  );
}
