/** What a browser is shown by nodes that cannot serve yet: registered by `pages.test.ts`, last of all. */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { ask } from '../support/cluster.ts';
import { makePrivateKey } from '../support/organisation.ts';
import { type Stage, overflow, screenshot, violationsOf } from './stage.ts';

const LANGUAGES = ['en-GB', 'es-ES'] as const;
const WIDTHS = [1280, 390] as const;

export function notServingFlows(of: () => Stage): void {
  it('says that a node is starting, and why it does not get on with it', async () => {
    const stage = of();
    const { cluster } = stage;
    const file = path.join(cluster.folder, 'edges/edge-lugo/credentials/identity.json');
    const identity = JSON.parse(await readFile(file, 'utf8')) as object;
    await cluster.edges.get('edge-lugo')?.stop();
    await writeFile(file, JSON.stringify({ ...identity, privateKey: await makePrivateKey() }));
    await cluster.startEdge('edge-lugo');
    await look(stage, `${cluster.edgeUrl('edge-lugo')}/recover`, 'starting', {
      'en-GB':
        /^This node is starting.*The private key in identity\.json does not belong to its certificate/s,
      'es-ES': /^Este nodo está arrancando.*identity\.json/s,
    });
    // It looks again by itself, and is there as soon as the node is.
    const { page, context } = await stage.visit(cluster.edgeUrl('edge-lugo'), null);
    await page.goto(`${cluster.edgeUrl('edge-lugo')}/sign-in`);
    await cluster.edges.get('edge-lugo')?.stop();
    await writeFile(file, JSON.stringify(identity));
    await cluster.startEdge('edge-lugo');
    await page.waitForSelector('#staffId', { timeout: 20_000 });
    await context.close();
  });

  it('says that a centre waits for its edges, until an administrator says that they will not come', async () => {
    const stage = of();
    const { cluster } = stage;
    // One edge has no way to it any more.
    await cluster.startCentre();
    await look(stage, `${stage.centre}/`, 'centre-unconfirmed', {
      'en-GB': /waits for its edges.*Use the nearest edge meanwhile.*Waits for: .*edge-toledo/s,
      'es-ES': /espera a sus nodos de sede.*el nodo de sede más cercano.*Espera: .*edge-toledo/s,
    });
    const { administrator } = cluster.secrets.tokens;
    const confirmed = await ask(administrator, 'POST', `${stage.centre}/v1/admin/confirmation`);
    expect(confirmed.status).toBe(200);
    const { page, context } = await stage.visit(stage.centre, null);
    expect((await page.goto(`${stage.centre}/`))?.status()).toBe(200);
    expect(await page.locator('#staffId').count()).toBe(1);
    await context.close();
  });
}

/** The page of a node that answers with 503, in both languages, at both widths. */
async function look(
  stage: Stage,
  url: string,
  name: string,
  says: Readonly<Record<(typeof LANGUAGES)[number], RegExp>>,
): Promise<void> {
  for (const locale of LANGUAGES) {
    const visitor = await stage.visit(new URL(url).origin, null, { locale });
    const { page, context } = visitor;
    const response = await page.goto(url);
    expect(response?.status()).toBe(503);
    expect(response?.headers()['content-security-policy']).toContain("default-src 'none'");
    // Its style came as well, which a node that does not serve yet gives out all the same.
    expect(await page.evaluate('getComputedStyle(document.body).fontFamily')).toContain('system-ui');
    expect((await page.textContent('main'))?.trim()).toMatch(says[locale]);
    expect(await page.getAttribute('html', 'lang')).toBe(locale.slice(0, 2));
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 900 });
      expect(await violationsOf(visitor)).toEqual([]);
      expect(await overflow(visitor)).toBe(0);
      await screenshot(visitor, `${name}-${locale.slice(0, 2)}-${String(width)}-light`);
    }
    await context.close();
  }
}
