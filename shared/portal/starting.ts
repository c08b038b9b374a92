/** What a browser is shown by a node that could not start yet. */
import { assetAnswer, assetPath } from '../http/routes/assets.ts';
import { type Language, preferredLanguage } from '../text/language.ts';
import { portalWords } from './words/words.ts';

/** Seconds after which the browser looks again by itself. */
const AGAIN_S = 5;

/** The page, or what it links; null when it is no browser that asks. `why`: one sentence of the node's own, in English. */
export function startingAnswer(request: Request, why: string): Response | null {
  const [, file] = /^\/assets\/([^/]+)$/.exec(new URL(request.url).pathname) ?? [];
  if (file !== undefined) return assetAnswer(file);
  if (!/\btext\/html\b/i.test(request.headers.get('Accept') ?? '')) return null;
  const language: Language = preferredLanguage(request.headers.get('Accept-Language') ?? undefined);
  return new Response(pageOf(language, why), {
    status: 503,
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Language': language,
      'Content-Security-Policy':
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'",
      'X-Content-Type-Options': 'nosniff',
      'Cache-Control': 'no-store',
      'Retry-After': String(AGAIN_S),
      Refresh: String(AGAIN_S),
    },
  });
}

function pageOf(language: Language, why: string): string {
  const { starting, product } = portalWords(language);
  const icon = assetPath('icon.svg');
  return [
    `<!doctype html><html lang="${language}"><head><meta charset="utf-8">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    `<title>${starting.title} · ${product}</title>`,
    `<link rel="icon" href="${icon}" type="image/svg+xml">`,
    `<link rel="stylesheet" href="${assetPath('portal.css')}"></head>`,
    `<body><header class="top"><span class="brand"><img src="${icon}" alt="" width="28" height="28">`,
    `<span>${product}</span></span></header>`,
    `<main id="main"><article class="narrow"><h1>${starting.title}</h1><p>${starting.lead}</p>`,
    `<p class="fault" lang="en">${escaped(why)}</p></article></main></body></html>`,
  ].join('');
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${String(character.charCodeAt(0))};`);
}
