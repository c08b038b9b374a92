/**
 * Passkeys and one-time links in a real browser with a virtual authenticator: from the link that the command line prints
 * to a first sign-in, one's own account, and a passkey at an edge whose centre was killed.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { TOTP } from 'otpauth';
import type { CDPSession } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Fleet } from '../../central/fleet/fleet.ts';
import type { LocalCluster } from '../../central/local/cluster.ts';
import { DEMO_PLAN } from '../../central/local/plan.ts';
import { auditAnswer } from '../../shared/reports/messages.ts';
import { holdfast } from '../import/command.ts';
import { afterFile } from '../support/cleanup.ts';
import { tryBrowser } from '../support/browser.ts';
import { ask, bugsInLogs, openFleet, startCluster, untilNone } from '../support/cluster.ts';
import { type Visitor, complaintsOf, overflow, screenshot, violationsOf } from './stage.ts';

const browser = await tryBrowser();

/** Passkeys belong to names: what is made at one port of this one is good at all. */
const at = (url: string): string => url.replace('127.0.0.1', 'localhost');

/** A device's own authenticator, whose owner unlocks it whenever it asks. */
const AUTHENTICATOR = {
  protocol: 'ctap2',
  transport: 'internal',
  hasResidentKey: true,
  hasUserVerification: true,
  isUserVerified: true,
  automaticPresenceSimulation: true,
} as const;

interface Person extends Visitor {
  readonly devices: CDPSession;
}

describe.runIf(typeof browser !== 'string')('a passkey', { timeout: 60_000 }, () => {
  let cluster: LocalCluster;
  let fleet: Fleet;
  let [centre, edge] = ['', ''];
  let luis: Person;

  beforeAll(async () => {
    if (typeof browser === 'string') return;
    afterFile(() => browser.close());
    cluster = await startCluster(21_000, { ...DEMO_PLAN, edges: DEMO_PLAN.edges.slice(0, 1) });
    [centre, edge] = [at(cluster.centreUrl), at(cluster.edgeUrl('edge-madrid'))];
    await does('staff', 'passkeys', 'localhost');
    for (const [id, role] of Object.entries({ luis: 'advanced-helpdesk', eva: 'helpdesk' }))
      await does('staff', 'add', id, '--name', id, '--role', role, '--out', `${id}.token`);
    fleet = await openFleet(cluster, { devices: 1, seed: 'passkeys', sites: ['madrid'] });
    await fleet.enrolAll();
    await fleet.encryptAll();
    luis = await visit();
  }, 60_000);

  async function does(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await holdfast(cluster, args, { node: centre });
    expect([code, stderr]).toEqual([0, '']);
    return stdout;
  }

  /** The link as it is printed for whoever hands it over. */
  async function linkFor(id: string): Promise<string> {
    const printed = await does('staff', 'link', id);
    const link = /^ +(http\S+)$/m.exec(printed)?.[1] ?? '';
    expect(link).toMatch(/^http:\/\/localhost:\d+\/enrol#hfl_[\w-]{43}$/);
    return link;
  }

  async function visit(locale = 'en-GB'): Promise<Person> {
    if (typeof browser === 'string') throw new Error(browser);
    const context = await browser.newContext({ locale, viewport: { width: 1280, height: 900 } });
    const page = await context.newPage();
    const devices = await context.newCDPSession(page);
    await devices.send('WebAuthn.enable');
    await devices.send('WebAuthn.addVirtualAuthenticator', { options: AUTHENTICATOR });
    return { context, page, complaints: complaintsOf(page, centre), devices };
  }

  async function look(person: Person, name: string, width: number, colorScheme: 'light' | 'dark') {
    await person.page.setViewportSize({ width, height: 900 });
    await person.page.emulateMedia({ colorScheme });
    expect(await violationsOf(person)).toEqual([]);
    expect(await overflow(person)).toBe(0);
    await screenshot(person, `${name}-${String(width)}-${colorScheme}`);
  }

  const said = ({ page }: Person, role: 'alert' | 'status') =>
    page.locator(`main > * > [role=${role}]`).textContent();

  it('is made by following the printed link, whose secret stays out of addresses and logs, and signs in', async () => {
    const { page } = luis;
    const link = await linkFor('luis');
    await page.goto(link);
    await page.waitForSelector('#passkey-name');
    expect(page.url()).toBe(`${centre}/enrol`);
    expect(await page.textContent('h1')).toBe('Welcome, luis');
    await look(luis, 'enrol-offer-en', 1280, 'light');
    await look(luis, 'enrol-offer-en', 390, 'dark');
    await page.fill('#passkey-name', 'Luis’s laptop');
    await page.click('text=Make a passkey');
    await page.click('a.button:text("Sign in")');
    await page.click('text=Sign in with a passkey');
    await page.waitForURL(`${centre}/recover`);
    expect(luis.complaints).toEqual([]);
    // It was good once.
    const other = await visit('es-ES');
    await other.page.goto(link);
    await other.page.waitForSelector('[role=alert]');
    expect(await other.page.textContent('[role=alert]')).toContain('ya se usó');
    await other.context.close();
    const [, token = ''] = link.split('#');
    for (const file of ['centre.log', 'edge-madrid.log'])
      expect(await readFile(path.join(cluster.folder, 'logs', file), 'utf8')).not.toContain(token);
  });

  it('has its own page: the last one stays, another is added and renamed, and the first goes with its session', async () => {
    const { page, devices } = luis;
    await page.goto(`${centre}/account`);
    expect(await page.locator('.passkeys li').allTextContents()).toEqual([
      expect.stringMatching(/Luis’s laptop.*This session/s),
    ]);
    await page.click('text=Remove');
    expect(await said(luis, 'alert')).toContain('the last way to sign in');
    // One device holds one of them: the second is for a key to carry.
    await page.fill('#passkey-name', 'The same');
    await page.click('text=Make a passkey');
    await expect.poll(() => page.textContent('form [role=status]')).toBe('No passkey was made.');
    await devices.send('WebAuthn.addVirtualAuthenticator', {
      options: { ...AUTHENTICATOR, transport: 'usb' },
    });
    await page.fill('#passkey-name', 'A key <b>');
    await page.click('text=Make a passkey');
    await page.waitForURL(`${centre}/account?said=added`);
    const [, second] = await page.locator('.passkeys li').all();
    await second?.locator('input[name=name]').fill('Key of the safe');
    await second?.locator('text=Rename').click();
    expect(await said(luis, 'status')).toContain('renamed');
    expect(await page.locator('.passkeys strong').allTextContents()).toEqual([
      'Luis’s laptop',
      'Key of the safe',
    ]);
    await look(luis, 'account-passkeys-en', 1280, 'dark');
    await look(luis, 'account-passkeys-en', 390, 'light');
    await page.click('.passkeys li:first-child >> text=Remove');
    await page.waitForURL(/\/sign-in/);
    await page.click('text=Sign in with a passkey');
    await page.waitForURL(`${centre}/account?said=removed`);
    expect(await page.locator('.passkeys strong').allTextContents()).toEqual(['Key of the safe']);
  });

  it('may be added by who enrolled with a password and an app, who is signed out elsewhere when they say so', async () => {
    const eva = await visit('es-ES');
    const { page } = eva;
    await page.goto(await linkFor('eva'));
    const secret = (await page.locator('p.code').textContent())?.replace(/\s/g, '') ?? '';
    const password = 'una frase que nadie adivina';
    const send = async (code: string) => {
      await page.fill('#password', password);
      await page.fill('#code', code);
      await page.click('form:has(#password) button');
    };
    await send('000 000');
    await page.waitForSelector('[role=alert]');
    // The app has the secret by now: it is still the same.
    expect((await page.locator('p.code').textContent())?.replace(/\s/g, '')).toBe(secret);
    const totp = new TOTP({ secret });
    await send(totp.generate().replace(/(...)/, '$1 '));
    await page.waitForSelector('.recovery-codes');
    const codes = await page.locator('.recovery-codes li').allTextContents();
    expect(new Set(codes).size).toBe(10);
    await look(eva, 'enrolled-es', 390, 'light');
    const signIn = async ({ page: on }: Person, url: string, code: string) => {
      await on.goto(`${url}/account`);
      await on.fill('#staffId', 'eva');
      await on.fill('#password', password);
      await on.fill('#code', code);
      await on.press('#code', 'Enter');
      await on.waitForSelector('#sessions');
    };
    await signIn(eva, centre, totp.generate());
    await page.fill('#passkey-name', 'Teléfono');
    await page.click('text=Crear una llave de acceso');
    await page.waitForURL(`${centre}/account?said=added`);

    const [there, here] = [await visit(), await visit()];
    await signIn(there, centre, codes[0] ?? '');
    await untilNone(async () => {
      await signIn(here, edge, codes[1] ?? '').catch(() => undefined);
      return here.page.url() === `${edge}/account` ? [] : ['the edge does not know eva yet'];
    }, 15_000);
    await page.reload();
    expect(await page.locator('tbody tr').count()).toBe(2);
    expect(await page.textContent('section:has(#own-password)')).toContain('Quedan 8.');
    await look(eva, 'account-es', 1280, 'light');
    await look(eva, 'account-es', 390, 'dark');
    await page.click('text=Cerrar todas las demás');
    await page.waitForURL(`${centre}/account?said=elsewhere`);
    for (const [other, url] of [
      [there, centre],
      [here, edge],
    ] as const) {
      await expect
        .poll(() => other.page.goto(`${url}/account`).then(() => other.page.url()))
        .toContain('/sign-in');
      await other.context.close();
    }
    // New codes take the place of the old ones, also of those that nobody used.
    await page.click('text=Crear códigos nuevos');
    await page.waitForSelector('.recovery-codes');
    expect(await page.locator('.recovery-codes li').allTextContents()).not.toContain(codes[2]);
    await page.goto(`${centre}/account`);
    expect(await page.textContent('section:has(#own-password)')).toContain('Quedan 10.');
    // A browser writes down that the mistyped code was refused; the pages themselves say nothing.
    expect(eva.complaints).toEqual([expect.stringContaining('422')]);
    await eva.context.close();
  });

  it('signs in at an edge whose centre was killed, gets a key, and all of it is in the audit afterwards', async () => {
    const { page } = luis;
    const keyId = fleet.devices[0]?.keys()[0]?.keyId ?? '';
    const known = async () => {
      const { administrator } = cluster.secrets.tokens;
      const { body } = await ask(administrator, 'GET', `${edge}/v1/admin/accounts`);
      return JSON.stringify(body['accounts']).includes('"staffId":"luis"') &&
        /"staffId":"luis"[^}]*"passkeys":1/.test(JSON.stringify(body['accounts']))
        ? []
        : ['the edge does not know his passkey yet'];
    };
    await untilNone(known, 15_000);
    await cluster.centre?.stop('SIGKILL');
    cluster.centre = null;
    await page.goto(`${edge}/`);
    await page.click('text=Sign in with a passkey');
    await page.fill('#digits', keyId.slice(0, 8));
    await page.press('#digits', 'Enter');
    await page.selectOption('#reason', 'lost-pin');
    await page.selectOption('#verification', 'manager');
    await page.press('#endUser', 'Enter');
    await page.waitForSelector('.groups');
    const groups = await page.locator('[data-group]').allTextContents();
    expect(groups.map((group) => group.trim()).join('-')).toBe(fleet.passwordOf(keyId));
    // Whose authenticator nobody unlocks is told nothing of who they are.
    const stranger = await visit();
    await stranger.page.goto(`${edge}/sign-in`);
    await stranger.page.click('text=Sign in with a passkey');
    await expect.poll(() => stranger.page.textContent('span[role=status]')).toMatch(/^No passkey came/);
    await stranger.context.close();

    await cluster.startCentre();
    await cluster.ready(cluster.centreUrl);
    const { auditor } = cluster.secrets.tokens;
    const report = (what: string) => ask(auditor, 'GET', `${cluster.centreUrl}/v1/reports/${what}`);
    await untilNone(async () => {
      const { rows } = auditAnswer.parse((await report('recovery-audit?action=disclosure')).body);
      return rows.length === 1 ? [] : [`${String(rows.length)} disclosures`];
    }, 20_000);
    const { rows } = auditAnswer.parse((await report('recovery-audit?action=disclosure')).body);
    expect(rows).toMatchObject([{ staffId: 'luis', keyId, nodeName: 'edge-madrid' }]);
    const signIns = await report('sign-ins?node=edge-madrid&person=luis');
    expect(signIns.body['rows']).toMatchObject([
      {
        ...{ staffId: 'luis', action: { code: 'sign-in' }, status: { code: 'Successful' } },
        ...{ method: { code: 'passkey' }, nodeName: 'edge-madrid' },
      },
    ]);
    expect(await bugsInLogs(cluster)).toEqual([]);
  });
});

if (typeof browser === 'string') it.skip(`passkeys were not tried in a browser: ${browser}`);
