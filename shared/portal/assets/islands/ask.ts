/** What the node answered to a request that it refused, in the page's language. */
export class Refused extends Error {
  readonly code: string;

  constructor(code: string, words: string) {
    super(words);
    this.code = code;
  }
}

/** Asks this node's API, as the person who is signed in on this page, if anybody is. Throws Refused. */
export async function ask(path: string, body: unknown): Promise<unknown> {
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'Accept-Language': document.documentElement.lang },
    body: JSON.stringify(body),
  });
  const answer = (await response.json()) as { type?: string; title?: string };
  if (response.ok) return answer;
  throw new Refused((answer.type ?? '').replace(/^.*:/, ''), answer.title ?? String(response.status));
}

/** Why asking a browser for a passkey came to nothing: the node's words, or those of the page. */
export function wordsFor(error: unknown, otherwise: string | undefined): string {
  return error instanceof Refused ? error.message : (otherwise ?? '');
}
