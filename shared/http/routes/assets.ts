/**
 * Style sheets, scripts and pictures of this node's pages: inside the program, so that nothing is loaded from anywhere
 * else. An address holds a hash of the content, hence browsers keep it for good and a new version has a new one.
 */
import { assets } from '#assets';
import { Problem } from '../problem.ts';
import type { Routes } from '../context.ts';

const TYPES: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};

const texts = new Map(Object.values(assets).map(({ file, text }) => [file, text]));

/** The address of an asset that scripts/assets.mjs names; throws when it does not. */
export function assetPath(name: string): string {
  const asset = assets[name];
  if (!asset) throw new Error(`there is no asset ${name}`);
  return `/assets/${asset.file}`;
}

export const assetRoutes: Routes = (app) => {
  app.get('/assets/:file', (c) => {
    const answer = assetAnswer(c.req.param('file'));
    if (!answer) throw new Problem('not-found');
    return answer;
  });
};

/** An asset by the last part of its address, or null. It needs no node: one that is still starting gives it out as well. */
export function assetAnswer(file: string): Response | null {
  const text = texts.get(file);
  const type = TYPES[file.replace(/^.*\./, '')];
  if (text === undefined || type === undefined) return null;
  return new Response(text, {
    headers: { 'Content-Type': type, 'Cache-Control': 'public, max-age=31536000, immutable' },
  });
}
