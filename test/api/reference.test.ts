/** The reference as a person sees it: in a real browser, from a real edge in workerd and from a centre. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { createRequire } from 'node:module';
import type { Browser } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import type { LocalCluster } from '../../central/local/cluster.ts';
import { DEMO_PLAN } from '../../central/local/plan.ts';
import { GROUPS } from '../../shared/http/reference/groups.ts';
import { afterFile } from '../support/cleanup.ts';
import { startCluster } from '../support/cluster.ts';
import { complaintsOf, openBrowser } from './browser.ts';

/** a folder, for whoever wants to look */
const SCREENSHOTS = process.env['HOLDFAST_SCREENSHOTS'];

/** How much wider a page is than the screen, in pixels. */
const WIDER = 'document.documentElement.scrollWidth - window.innerWidth';

let cluster: LocalCluster;
let browser: Browser;

beforeAll(async () => {
  cluster = await startCluster(22_300, { ...DEMO_PLAN, edges: DEMO_PLAN.edges.slice(0, 1) });
  browser = await openBrowser();
  afterFile(() => browser.close());
}, 90_000);

const LOOKS = [
  { language: 'en', scheme: 'light', width: 1280 },
  { language: 'es', scheme: 'dark', width: 390 },
  { language: 'es', scheme: 'light', width: 390 },
  { language: 'en', scheme: 'dark', width: 1280 },
] as const;

it.each(LOOKS)('reads well in $language, $scheme, $width px', { timeout: 60_000 }, async (look) => {
  const { language, scheme, width } = look;
  const origin = cluster.edgeUrl('edge-madrid');
  const page = await browser.newPage({
    ...{ viewport: { width, height: 900 }, colorScheme: scheme, locale: language },
    javaScriptEnabled: width === 1280,
  });
  const complaints = complaintsOf(page, origin);
  for (const at of ['/reference', '/reference/helpdesk', '/reference/devices']) {
    const answer = await page.goto(`${origin}${at}`);
    expect(answer?.status()).toBe(200);
    const policy = answer?.headers()['content-security-policy'] ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    expect(await page.locator('html').getAttribute('lang')).toBe(language);
    await page.screenshot(
      await shot(`reference-${language}-${scheme}-${String(width)}${at.replaceAll('/', '-')}`),
    );
    if (width === 1280) {
      // Nothing is wider than the screen: only its own boxes scroll.
      const wider = await page.evaluate(WIDER);
      expect(wider).toBeLessThanOrEqual(0);
    }
  }
  const title = language === 'es' ? 'Dispositivos' : 'Devices';
  expect(await page.locator('main h1').textContent()).toBe(title);
  expect(complaints).toEqual([]);
  await page.close();
});

it('is as wide as a small phone', { timeout: 60_000 }, async () => {
  const page = await browser.newPage({ viewport: { width: 390, height: 800 } });
  for (const { name } of GROUPS) {
    const answer = await page.goto(`${cluster.centreUrl}/reference/${name}`);
    expect(answer?.status()).toBe(200);
    const wider = await page.evaluate(WIDER);
    expect({ name, wider }).toEqual({ name, wider: 0 });
    await page.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))");
    const opened = await page.evaluate(WIDER);
    expect({ name, opened }).toEqual({ name, opened: 0 });
  }
  await page.close();
});

it('keeps the rules of accessibility', { timeout: 60_000 }, async () => {
  const context = await browser.newContext({ colorScheme: 'dark' });
  const page = await context.newPage();
  // By the driver and not by the page, whose policy would forbid it.
  const { source } = createRequire(import.meta.url)('axe-core') as { source: string };
  for (const at of ['/reference', '/reference/helpdesk']) {
    await page.goto(`${cluster.centreUrl}${at}`);
    await page.evaluate(source);
    const found: unknown = await page.evaluate('axe.run()');
    const { violations } = z
      .object({
        violations: z.array(z.object({ id: z.string(), nodes: z.array(z.object({ html: z.string() })) })),
      })
      .parse(found);
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''}`)).toEqual([]);
  }
  await context.close();
});

it('shows every operation of the document, and nothing else', async () => {
  const answer = await fetch(`${cluster.centreUrl}/openapi.json`);
  const { paths } = z
    .object({ paths: z.record(z.string(), z.record(z.string(), z.object({ operationId: z.string() }))) })
    .parse(await answer.json());
  const ids = Object.values(paths).flatMap((item) =>
    Object.values(item).map(({ operationId }) => operationId),
  );
  const shown: string[] = [];
  for (const { name } of GROUPS) {
    const html = await (await fetch(`${cluster.centreUrl}/reference/${name}`)).text();
    shown.push(
      ...[...html.matchAll(/<article class="api-operation" id="([^"]+)"/g)].map(([, id = '']) => id),
    );
  }
  expect(shown.sort()).toEqual(ids.sort());
  expect((await fetch(`${cluster.centreUrl}/reference/nothing`)).status).toBe(404);
});

async function shot(name: string): Promise<{ path?: string }> {
  if (SCREENSHOTS === undefined) return {};
  await mkdir(SCREENSHOTS, { recursive: true });
  return { path: path.join(SCREENSHOTS, `${name}.png`) };
}
