/**
 * The portal in a real browser: every page in both languages, at both widths, in light and dark, looked at by axe-core;
 * and what people do there, by keyboard and without script. The centre is killed once its own pages were seen: all that
 * an edge shows and does here, it does without.
 */
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { nodePlatform } from '../../central/platform.ts';
import { formatRecoveryPassword } from '../../shared/domain/recovery-key.ts';
import { layoutShift, tryBrowser } from '../support/browser.ts';
import { ask } from '../support/cluster.ts';
import { administrationFlows } from './administration.ts';
import { notServingFlows } from './not-serving.ts';
import {
  type PersonName,
  Stage,
  type Visitor,
  cutOnPaper,
  overflow,
  screenshot,
  takesPictures,
  violationsOf,
} from './stage.ts';

const browser = await tryBrowser();

interface Seen {
  readonly name: string;
  readonly at: 'madrid' | 'centre';
  readonly who: PersonName | null;
  readonly path: string;
  /** what a person does there first */
  readonly begin?: (visitor: Visitor, stage: Stage) => Promise<unknown>;
  /** the answer is not 200, and browsers say so on their console */
  readonly status?: number;
}

const searchFor = async ({ page }: Visitor, stage: Stage) => {
  // A field that was given the focus before the page gives it has the browser complain.
  await page.waitForSelector('#digits:focus');
  await page.fill('#digits', stage.key().keyId.slice(0, 8));
  await page.press('#digits', 'Enter');
  await page.waitForSelector('.candidate');
};

const fillFacts = async ({ page }: Visitor, user: string) => {
  await page.waitForSelector('#reason:focus');
  await page.selectOption('#reason', 'lost-pin');
  await page.selectOption('#verification', 'call-back');
  await page.fill('#endUser', user);
};

const PAGES: readonly Seen[] = [
  { name: 'sign-in', at: 'madrid', who: null, path: '/sign-in' },
  { name: 'enrol', at: 'centre', who: null, path: '/enrol' },
  { name: 'recover', at: 'madrid', who: 'helpdesk', path: '/recover' },
  { name: 'candidates', at: 'madrid', who: 'helpdesk', path: '/recover', begin: searchFor },
  {
    name: 'nothing-found',
    ...{ at: 'madrid', who: 'helpdesk', path: '/recover' },
    begin: async ({ page }) => {
      await page.waitForSelector('#digits:focus');
      await page.fill('#digits', '00000000');
      await page.press('#digits', 'Enter');
      await page.waitForSelector('[role=alert]');
    },
  },
  {
    name: 'password',
    ...{ at: 'madrid', who: 'helpdesk', path: '/recover' },
    begin: async (visitor, stage) => {
      await searchFor(visitor, stage);
      await fillFacts(visitor, stage.key().user);
      await visitor.page.press('#endUser', 'Enter');
      await visitor.page.waitForSelector('.groups');
    },
  },
  { name: 'requests', at: 'madrid', who: 'advanced', path: '/requests' },
  { name: 'break-glass', at: 'madrid', who: 'officer', path: '/break-glass' },
  { name: 'computers', at: 'madrid', who: 'reports', path: '/computers' },
  {
    name: 'computer',
    ...{ at: 'madrid', who: 'reports', path: '/computers' },
    begin: async ({ page }) => {
      await page.click('tbody a');
      await page.waitForSelector('.answer');
    },
  },
  {
    name: 'exemption',
    ...{ at: 'madrid', who: 'helpdesk', path: '/computers' },
    begin: async ({ page }) => {
      await page.click('tbody tr:nth-child(3) a');
      await page.click('#exemption a');
      await page.waitForSelector('#endUser');
    },
  },
  {
    name: 'compliance',
    ...{ at: 'centre', who: 'reports', path: '/reports/compliance' },
    begin: async ({ page }) => {
      await page.waitForSelector('figure svg');
      // Where it leads says what was asked for, and whoever goes on from there loses none of it.
      await page.click('main a[href*="deviceState=silent"]');
      expect(await page.inputValue('#f-deviceState')).toBe('silent');
      await page.goBack();
      await page.waitForSelector('figure svg');
    },
  },
  { name: 'audit', at: 'madrid', who: 'reports', path: '/reports/audit' },
  { name: 'sign-ins', at: 'centre', who: 'administrator', path: '/reports/sign-ins' },
  { name: 'account-at-edge', at: 'madrid', who: 'helpdesk', path: '/account' },
  { name: 'keys-at-risk', at: 'madrid', who: 'reports', path: '/reports/keys-at-risk' },
  { name: 'nodes', at: 'centre', who: 'administrator', path: '/nodes' },
  { name: 'account', at: 'centre', who: 'administrator', path: '/account' },
  { name: 'admin', at: 'centre', who: 'administrator', path: '/admin' },
  { name: 'admin-edges', at: 'centre', who: 'administrator', path: '/admin/edges' },
  {
    name: 'admin-edge-token',
    ...{ at: 'centre', who: 'administrator', path: '/admin/edges' },
    begin: async ({ page }) => {
      await page.fill('#edge-name', 'edge-lugo');
      await page.click('main form button');
      await page.waitForSelector('[data-line]');
    },
  },
  {
    name: 'admin-aside',
    ...{ at: 'centre', who: 'administrator', path: '/admin/edges' },
    begin: async ({ page }) => {
      await page.click('text=edge-lugo');
      await page.click('a[href$="/aside"]');
      await page.waitForSelector('[name=decision]');
    },
  },
  { name: 'admin-exemptions', at: 'centre', who: 'administrator', path: '/admin/exemption-requests' },
  { name: 'admin-staff', at: 'centre', who: 'administrator', path: '/admin/staff' },
  { name: 'admin-policy', at: 'centre', who: 'administrator', path: '/admin/policy/new' },
  { name: 'admin-rules', at: 'centre', who: 'administrator', path: '/admin/disclosure-rules/new' },
  { name: 'admin-tokens', at: 'centre', who: 'administrator', path: '/admin/site-token' },
  { name: 'not-found', at: 'madrid', who: 'reports', path: '/nowhere', status: 404 },
  { name: 'forbidden', at: 'centre', who: 'reports', path: '/admin', status: 403 },
];

/** As wide as a screen on a desk: what fits a narrower one is only looked at. */
const WIDEST = 1920;

const FOUR_LOOKS = [
  [1280, 'light'],
  [1280, 'dark'],
  [390, 'light'],
  [390, 'dark'],
] as const;

/** Each language at each width, each width in each scheme; for somebody who wants pictures, each language in all four. */
const LOOKS = {
  'en-GB': FOUR_LOOKS.filter((_, index) => takesPictures || index === 0 || index === 3),
  'es-ES': FOUR_LOOKS.filter((_, index) => takesPictures || index === 1 || index === 2),
} as const;

describe.runIf(typeof browser !== 'string')('the portal', { timeout: 90_000 }, () => {
  let stage: Stage;

  beforeAll(async () => {
    if (typeof browser === 'string') return;
    stage = await Stage.open(browser);
  }, 60_000);

  it('configures on pages, and tells of a change by somebody else', async () => {
    const first = await stage.visit(stage.centre, 'administrator');
    const second = await stage.visit(stage.centre, 'administrator');
    await first.page.goto(`${stage.centre}/admin/region/new`);
    await first.page.fill('#id', 'sur');
    await first.page.fill('#a-name', 'Sur');
    await first.page.click('main form button');
    for (const { page } of [first, second]) await page.goto(`${stage.centre}/admin/region/sur`);
    await first.page.fill('#a-name', 'Sur y Levante');
    await first.page.click('main form button');
    await second.page.fill('#a-name', 'Sur y Canarias');
    await second.page.click('main form button');
    expect(await second.page.textContent('[role=alert]')).toContain('Somebody changed this meanwhile');
    expect(await second.page.inputValue('#a-name')).toBe('Sur y Canarias');
    await first.page.goto(`${stage.centre}/admin/site-token`);
    await first.page.selectOption('#siteId', 'madrid');
    await first.page.click('main form button');
    expect(await first.page.textContent('.once')).toMatch(/^hft_[A-Za-z0-9_-]{43}$/);
    await first.context.close();
    await second.context.close();
  });

  it('revokes an edge whose box was stolen, and orders its keys to be replaced', async () => {
    const { page, context, complaints } = await stage.visit(stage.centre, 'administrator');
    await page.goto(`${stage.centre}/admin/edges`);
    await page.click('text=edge-lugo');
    await page.fill('#reason', 'Burglary');
    await page.check('[name=stolen]');
    await page.click('main form button');
    await page.waitForSelector('text=Burglary');
    await page.click('text=Order the replacement of its keys');
    expect(await page.textContent('h1')).toContain('Stolen');
    expect(complaints).toEqual([]);
    await context.close();
  });

  administrationFlows(() => stage);

  describe.each([
    ['en-GB', 'centre'],
    ['es-ES', 'centre'],
    ['en-GB', 'madrid'],
    ['es-ES', 'madrid'],
  ] as const)('in %s at %s', (locale, node) => {
    if (node === 'madrid') beforeAll(() => stage.loseCentre());

    const pages = PAGES.filter(({ at }) => at === node);
    it.each(pages)('shows $name', async ({ name, at, who, path, begin, status = 200 }) => {
      const url = stage[at];
      const visitor = await stage.visit(url, who, { locale });
      const { page, context, complaints } = visitor;
      const response = await page.goto(`${url}${path}`);
      expect(response?.status()).toBe(status);
      const policy = response?.headers()['content-security-policy'] ?? '';
      expect(policy).toContain("default-src 'none'");
      expect(policy).not.toMatch(/unsafe|https?:|\*|data:/);
      expect(await layoutShift(visitor)).toBeLessThan(0.001);
      await begin?.(visitor, stage);
      expect(await page.getAttribute('html', 'lang')).toBe(locale.slice(0, 2));
      for (const [width, colorScheme] of LOOKS[locale]) {
        await page.setViewportSize({ width, height: 900 });
        await page.emulateMedia({ colorScheme });
        expect([width, colorScheme, ...(await violationsOf(visitor))]).toEqual([width, colorScheme]);
        expect(await overflow(visitor)).toBe(0);
        await screenshot(visitor, `${name}-${locale.slice(0, 2)}-${String(width)}-${colorScheme}`);
      }
      if (locale === 'es-ES') {
        await page.setViewportSize({ width: WIDEST, height: 1080 });
        expect(await overflow(visitor)).toBe(0);
        await screenshot(visitor, `${name}-es-${String(WIDEST)}`);
        expect(await cutOnPaper(visitor, `${name}-es-print`)).toEqual([]);
      }
      // A browser writes down that a page was refused; the page itself says nothing.
      const expected = status === 200 ? [] : [expect.stringContaining(String(status))];
      expect(complaints).toEqual(expected);
      await context.close();
    });
  });

  it('takes somebody from the sign-in page to the password by the keyboard alone, in 60 keystrokes', async () => {
    const visitor = await stage.visit(stage.madrid, null);
    const { page, complaints } = visitor;
    const { keyId, password, user } = stage.key(1);
    const { staffId, password: secret } = stage.person('helpdesk');
    const answersMs: number[] = [];
    page.on('requestfinished', (request) => {
      const { requestStart, responseStart } = request.timing();
      if (request.resourceType() === 'document') answersMs.push(responseStart - requestStart);
    });
    let keystrokes = 0;
    const press = async (...keys: string[]) => {
      for (const key of keys) {
        keystrokes += 1;
        await page.keyboard.press(key);
      }
    };
    const focused = (selector: string) => page.waitForSelector(`${selector}:focus`);
    await page.goto(`${stage.madrid}/`);
    await focused('#staffId');
    await page.keyboard.type(staffId);
    await press('Tab');
    await page.keyboard.type(secret);
    await press('Tab');
    const code = stage.code('helpdesk');
    keystrokes += code.length;
    await page.keyboard.type(code);
    await press('Enter');
    await focused('#digits');
    await page.keyboard.type(keyId.slice(0, 8).toUpperCase());
    await press('Enter');
    await focused('#reason');
    // The reason by its first letters, the verification by its first one.
    await page.keyboard.type('Lost P');
    await press('Tab', 'C', 'Tab');
    await page.keyboard.type(user);
    await press('Enter');
    await page.waitForSelector('.groups');
    const groups = await page.locator('[data-group]').allTextContents();
    expect(groups.map((group) => group.trim()).join('-')).toBe(password);
    expect(keystrokes).toBeLessThanOrEqual(60);
    // Each group is ticked off from the keyboard, too.
    await press('Tab', 'Space');
    expect(await page.isChecked('.groups li:first-child input')).toBe(true);
    expect(await page.textContent('.groups li:first-child .group-words')).toMatch(/^(\w+ ){5}\w+$/);
    expect(complaints).toEqual([]);
    expect(Math.max(...answersMs.slice(1))).toBeLessThan(1_000);
    const audit = await ask(
      stage.cluster.secrets.tokens.auditor,
      'GET',
      `${stage.madrid}/v1/reports/recovery-audit?action=disclosure&status=Successful&limit=1`,
    );
    expect(audit.body['rows']).toMatchObject([
      { keyId, endUser: user, staffId, reason: { code: 'lost-pin' } },
    ]);
    await visitor.context.close();
  });

  it('checks digits as they are typed, copies the password when it is told to, and hides it in time', async () => {
    const visitor = await stage.visit(stage.madrid, 'helpdesk');
    const { page, context } = visitor;
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.clock.install();
    await page.goto(`${stage.madrid}/recover`);
    await page.waitForSelector('#digits:focus');
    // Said while it is typed, in whatever form it is read out.
    for (const [typed, said] of [
      ['{4E', 'At least 8 are needed; so far: 2'],
      ['4E-1F0a 3b7', 'Enough to search. Digits so far: 9'],
      ['4E1G', 'A key ID has 8 to 32 of the digits 0–9 and letters a–f, and nothing else.'],
      [stage.key().keyId.toUpperCase(), 'That is the whole ID.'],
    ] as const) {
      await page.fill('#digits', typed);
      expect(await page.textContent('#digits-hint')).toBe(said);
    }
    await searchFor(visitor, stage);
    await fillFacts(visitor, stage.key().user);
    await page.press('#endUser', 'Enter');
    await page.waitForSelector('.groups');
    expect(await page.textContent('.countdown')).toMatch(/[45]:\d\d/);
    await page.emulateMedia({ media: 'print' });
    expect(await page.isVisible('.groups')).toBe(false);
    await page.emulateMedia({ media: 'screen' });
    await page.click('text=Copy');
    await page.waitForSelector('[data-said]:has-text("Copied.")');
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(stage.key().password);
    await page.clock.fastForward(6 * 60_000);
    expect(await page.locator('.groups').count()).toBe(0);
    expect(await page.content()).not.toContain(stage.key().password.slice(0, 6));
    await visitor.context.close();
  });

  it('gives a key package as a file, and as text to who has no script', async () => {
    const keyPackage = Buffer.from('a key package of the test, which repair-bde would read');
    const keyId = randomUUID();
    const key = {
      ...{ keyId, keyPackage: keyPackage.toString('base64'), siteId: 'madrid', computerName: 'PC-OLD-1' },
      ...{ recoveryPassword: formatRecoveryPassword(nodePlatform.random(16)), domain: 'corp.example' },
      users: ['CORP\\ana'],
    };
    const { administrator } = stage.cluster.secrets.tokens;
    const brought = await ask(administrator, 'POST', `${stage.madrid}/v1/admin/imports`, {
      ...{ source: 'csv', dryRun: false, keys: [key] },
    });
    expect(brought.body['results']).toMatchObject([{ outcome: 'accepted' }]);
    for (const javaScript of [true, false]) {
      const visitor = await stage.visit(stage.madrid, 'helpdesk', { javaScript });
      const { page, context } = visitor;
      await page.goto(`${stage.madrid}/recover`);
      await page.waitForSelector('#digits:focus');
      await page.fill('#digits', keyId);
      await page.press('#digits', 'Enter');
      await fillFacts(visitor, 'CORP\\ana');
      await page.press('#endUser', 'Enter');
      await page.waitForSelector('.groups');
      if (javaScript) {
        const [download] = await Promise.all([
          page.waitForEvent('download'),
          page.click('text=Download key package'),
        ]);
        expect(download.suggestedFilename()).toBe(`${keyId}.kpg`);
        expect(await readFile(await download.path())).toEqual(keyPackage);
      }
      await page.click('summary');
      const text = await page.inputValue('[data-package-text]');
      expect(Buffer.from(text.trim(), 'base64')).toEqual(keyPackage);
      if (javaScript) expect(await violationsOf(visitor)).toEqual([]);
      await screenshot(visitor, 'key-package');
      expect(visitor.complaints).toEqual([]);
      await context.close();
    }
  });

  it('works without script: sign-in, search, disclosure, reports, language', async () => {
    const { page, context } = await stage.visit(stage.madrid, null, { javaScript: false });
    const { keyId, password, user } = stage.key(2);
    const { staffId, password: secret } = stage.person('helpdesk');
    await page.goto(`${stage.madrid}/recover`);
    await page.fill('#staffId', staffId);
    await page.fill('#password', secret);
    await page.fill('#code', 'wrong');
    await page.click('article button');
    await page.waitForSelector('[role=alert]');
    await page.fill('#password', secret);
    await page.fill('#code', stage.code('helpdesk'));
    await page.click('article button');
    await page.fill('#digits', keyId);
    await page.click('.search-form button');
    await fillFacts({ page, context, complaints: [] }, 'CORP\\nobody');
    await page.click('.facts > button');
    // What was filled in is still there, with what is wrong.
    await page.waitForSelector('#facts-fault');
    expect(await page.inputValue('#reason')).toBe('lost-pin');
    await page.fill('#endUser', user);
    await page.click('.facts > button');
    const groups = await page.locator('[data-group]').allTextContents();
    expect(groups.map((group) => group.trim()).join('-')).toBe(password);
    expect(await page.content()).toContain('http-equiv="refresh"');
    await page.goto(`${stage.madrid}/reports/compliance`);
    await page.click('text=Español');
    expect(page.url()).toBe(`${stage.madrid}/reports/compliance`);
    expect(await page.textContent('h1')).toBe('Conformidad de la organización');
    await page.goto(`${stage.madrid}/computers?computer=MAD*&sort=last-seen&order=desc`);
    expect(await page.locator('tbody tr').count()).toBe(6);
    await context.close();
  });

  it('gives as a file exactly what is filtered, and finds it again by its address', async () => {
    const { page, context } = await stage.visit(stage.madrid, 'reports');
    await page.goto(`${stage.madrid}/computers`);
    const name = (await page.textContent('tbody tr:nth-child(3) a')) ?? '';
    await page.fill('#f-computer', `${name.slice(0, -1)}*`);
    await page.click('text=Filter');
    const shown = await page.locator('tbody th a').allTextContents();
    expect(shown).toContain(name);
    const csv = await context.request.get(
      new URL((await page.getAttribute('a[download]', 'href')) ?? '', stage.madrid).href,
    );
    const named = (await csv.text())
      .split('\r\n')
      .flatMap((line) => (line.startsWith('MAD') ? [line.split(',')[0]] : []));
    expect([...new Set(named)]).toEqual(shown);
    const other = await stage.visit(stage.madrid, 'reports');
    await other.page.goto(page.url());
    expect(await other.page.locator('tbody th a').allTextContents()).toEqual(shown);
    await context.close();
    await other.context.close();
  });

  it('has a second person approve, and gives the password to who asked', async () => {
    const asks = await stage.visit(stage.madrid, 'helpdesk');
    const approves = await stage.visit(stage.madrid, 'advanced');
    await asks.page.goto(`${stage.madrid}/recover`);
    await searchFor(asks, stage);
    await fillFacts(asks, 'CORP\\stranger');
    await asks.page.check('[name=secondPerson]');
    await asks.page.click('.facts > button');
    await asks.page.waitForSelector('.request');
    expect(asks.page.url()).toBe(`${stage.madrid}/requests`);
    expect(await violationsOf(asks)).toEqual([]);
    await approves.page.goto(`${stage.madrid}/requests`);
    expect(await violationsOf(approves)).toEqual([]);
    await screenshot(approves, 'approval');
    await approves.page.click('.request button >> nth=0');
    await asks.page.reload();
    await asks.page.click('.request button');
    const groups = await asks.page.locator('[data-group]').allTextContents();
    expect(groups.map((group) => group.trim()).join('-')).toBe(stage.key().password);
    await asks.context.close();
    await approves.context.close();
  });

  it('has two officers open break-glass, and says on every page that it is open', async () => {
    const [asks, confirms] = [
      await stage.visit(stage.madrid, 'officer'),
      await stage.visit(stage.madrid, 'secondOfficer'),
    ];
    await asks.page.goto(`${stage.madrid}/break-glass`);
    await asks.page.fill('#reason', 'Fire in the data centre');
    await asks.page.click('main form button');
    await asks.page.waitForSelector('.request');
    expect(await asks.page.locator('.request button').count()).toBe(0);
    expect(await violationsOf(asks)).toEqual([]);
    await confirms.page.goto(`${stage.madrid}/break-glass`);
    await confirms.page.click('.request button');
    await confirms.page.waitForSelector('.answer.warn');
    expect(await confirms.page.textContent('.freshness.warn')).toContain('Break-glass is open for Madrid.');
    expect(await violationsOf(confirms)).toEqual([]);
    await screenshot(confirms, 'break-glass-open');
    await confirms.page.click('.answer button');
    await confirms.page.waitForSelector('#reason');
    expect(await confirms.page.textContent('.freshness')).not.toContain('Break-glass');
    await asks.context.close();
    await confirms.context.close();
  });

  it('keeps what was filled in when a session ends', async () => {
    const visitor = await stage.visit(stage.madrid, 'helpdesk');
    const { page, context } = visitor;
    await page.goto(`${stage.madrid}/recover`);
    await searchFor(visitor, stage);
    await fillFacts(visitor, stage.key().user);
    await context.clearCookies({ name: /^holdfast-/ });
    await page.press('#endUser', 'Enter');
    await page.waitForSelector('#staffId');
    expect(await page.content()).not.toContain(stage.key().password.slice(0, 6));
    await page.fill('#staffId', stage.person('helpdesk').staffId);
    await page.fill('#password', stage.person('helpdesk').password);
    await page.fill('#code', stage.code('helpdesk'));
    await page.press('#code', 'Enter');
    await page.click('article form button');
    await page.waitForSelector('.groups');
    await context.close();
  });

  it('warns a minute before no key is given out any more, and lets who is there go on', async () => {
    const visitor = await stage.visit(stage.madrid, 'helpdesk', { locale: 'es-ES' });
    const { page, context, complaints } = visitor;
    const minute = 60_000;
    await page.clock.install();
    await page.goto(`${stage.madrid}/recover`);
    const warning = page.locator('.idle');
    await page.clock.fastForward(4 * minute - 1_000);
    expect(await warning.isVisible()).toBe(false);
    await page.clock.fastForward(1_000);
    expect(await warning.textContent()).toMatch(/Dentro de un minuto tendrá que iniciar sesión/);
    expect(await violationsOf(visitor)).toEqual([]);
    for (const width of [1280, 390]) {
      await page.setViewportSize({ width, height: 800 });
      expect(await overflow(visitor)).toBe(0);
      await screenshot(visitor, `idle-es-${String(width)}`);
    }
    await warning.getByRole('button').click();
    await warning.waitFor({ state: 'hidden' });
    await page.clock.fastForward(5 * minute);
    expect(await warning.textContent()).toMatch(/^Lleva cinco minutos/);
    expect(await warning.getByRole('button').isVisible()).toBe(false);
    expect(complaints).toEqual([]);
    await context.close();
  });

  it('takes no form that is not from its own page', async () => {
    const { context, page } = await stage.visit(stage.madrid, 'helpdesk');
    await page.goto(`${stage.madrid}/recover`);
    const digits = stage.key().keyId;
    const send = (form: Record<string, string>, headers: Record<string, string> = {}) =>
      context.request.post(`${stage.madrid}/recover`, { form, headers: { Accept: 'text/html', ...headers } });
    const token = await page.inputValue('[name=form] >> nth=0');
    // Each of the two guards by itself: the token of this browser, and where the request comes from.
    const here = { 'Sec-Fetch-Site': 'same-origin' };
    const elsewhere = { Origin: 'https://elsewhere.example', 'Sec-Fetch-Site': 'cross-site' };
    for (const refused of [
      await send({ digits }, here),
      await send({ digits, form: 'x'.repeat(43) }, here),
      await send({ digits, form: token }, elsewhere),
      await send({ digits, form: token }, { Origin: 'https://elsewhere.example' }),
    ])
      expect([refused.status(), (await refused.text()).includes(digits)]).toEqual([403, false]);
    const taken = await send({ digits, form: token }, here);
    expect([taken.status(), (await taken.text()).includes(digits)]).toEqual([200, true]);
    await context.close();
  });

  it('shows as text whatever somebody wrote', async () => {
    const visitor = await stage.visit(stage.madrid, 'helpdesk');
    await visitor.page.goto(`${stage.madrid}/recover`);
    await searchFor(visitor, stage);
    await fillFacts(visitor, stage.key().user);
    const note = '"><img src=x onerror=alert(1)><script>alert(2)</script>';
    await visitor.page.fill('#note', note);
    await visitor.page.click('.facts > button');
    await visitor.page.waitForSelector('.groups');
    const auditor = await stage.visit(stage.madrid, 'reports');
    await auditor.page.goto(`${stage.madrid}/reports/audit?action=disclosure`);
    expect(await auditor.page.locator('td', { hasText: note }).count()).toBe(1);
    expect(auditor.complaints).toEqual([]);
    await visitor.context.close();
    await auditor.context.close();
  });

  it('changes while one looks, and keeps no stream of it for good', async () => {
    const { page, context, complaints } = await stage.visit(stage.madrid, 'reports');
    await page.goto(`${stage.madrid}/nodes`);
    await page.waitForSelector('[data-live=yes]');
    const part = page.locator('[data-island=live]');
    const before = await part.textContent();
    await ask(stage.cluster.secrets.tokens.helpdesk, 'POST', `${stage.madrid}/v1/recovery/search`, {
      keyId: stage.key().keyId,
    });
    await expect.poll(async () => (await part.textContent()) === before, { timeout: 10_000 }).toBe(false);
    expect(complaints).toEqual([]);
    await context.close();
  });

  it('prints a computer without what is for the screen', async () => {
    const { page, context } = await stage.visit(stage.madrid, 'reports');
    await page.goto(`${stage.madrid}/computers`);
    await page.click('tbody a');
    await page.emulateMedia({ media: 'print' });
    expect(await page.isVisible('.answer-words')).toBe(true);
    expect(await page.isVisible('.top nav')).toBe(false);
    await context.close();
  });

  it('goes on without the centre, and says what that means', async () => {
    const visitor = await stage.visit(stage.toledo, 'helpdesk');
    const { page } = visitor;
    await page.goto(`${stage.toledo}/recover`);
    expect(await page.textContent('.freshness.warn')).toMatch(
      /has not reached the centre yet\..*can be given out as always/s,
    );
    await searchFor(visitor, stage);
    await fillFacts(visitor, stage.key().user);
    await page.press('#endUser', 'Enter');
    await page.waitForSelector('.groups');
    expect(await violationsOf(visitor)).toEqual([]);
    await screenshot(visitor, 'offline');
    for (const path of ['/computers', '/reports/compliance', '/nodes'])
      expect((await page.goto(`${stage.toledo}${path}`))?.status()).toBe(200);
    expect(visitor.complaints).toEqual([]);
    await visitor.context.close();
  });

  notServingFlows(() => stage);
});

if (typeof browser === 'string') it.skip(`the portal was not looked at: ${browser}`);
