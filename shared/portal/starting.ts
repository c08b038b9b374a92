/** What a browser is shown by a node that could not start yet: without the node's own assets, for they need a node. */
import { type Language, preferredLanguage } from '../text/language.ts';
import { portalWords } from './words/words.ts';

/** Seconds after which the browser looks again by itself. */
const AGAIN_S = 5;

/** The page, or null when it is no browser that asks. `why`: one sentence of the node's own. */
export function startingPage(request: Request, why: string): Response | null {
  if (!/\btext\/html\b/i.test(request.headers.get('Accept') ?? '')) return null;
  const language: Language = preferredLanguage(request.headers.get('Accept-Language') ?? undefined);
  const { starting, product } = portalWords(language);
  const page = `<!doctype html><html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><title>${starting.title} · ${product}</title></head><body><main><h1>${starting.title}</h1><p>${starting.lead}</p><p>${escaped(why)}</p></main></body></html>`;
  return new Response(page, {
    status: 503,
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Language': language,
      'Content-Security-Policy': "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
      'Cache-Control': 'no-store',
      'Retry-After': String(AGAIN_S),
      Refresh: String(AGAIN_S),
    },
  });
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${String(character.charCodeAt(0))};`);
}
