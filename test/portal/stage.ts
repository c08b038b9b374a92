/**
 * A branch with people in front of it: a real installation, a few PCs, everybody enrolled, and a real browser.
 * Without one the tests say that they are skipped.
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { type InStatement, createClient } from '@libsql/client';
import type { AxeResults } from 'axe-core';
import type { Browser, BrowserContext, CDPSession, Page } from 'playwright-core';
import { z } from 'zod';
import type { LocalCluster } from '../../central/local/cluster.ts';
import type { Fleet } from '../../central/fleet/fleet.ts';
import { afterFile } from '../support/cleanup.ts';
import { ask, openFleet, startCluster, untilNone } from '../support/cluster.ts';
import { type Enrolled, configure, enrol, fetchOf, signedInBy, trySignIn } from '../support/people.ts';

/** the folder for them, when somebody wants to look: they are a fifth of the time that these tests take */
const SCREENSHOTS = process.env['HOLDFAST_SCREENSHOTS'];
export const takesPictures = SCREENSHOTS !== undefined;

export type PersonName = 'helpdesk' | 'advanced' | 'reports' | 'administrator' | 'officer' | 'secondOfficer';
const PEOPLE: Readonly<Record<PersonName, string>> = {
  helpdesk: 'helpdesk-1',
  advanced: 'helpdesk-2',
  reports: 'reports-1',
  administrator: 'administrator-1',
  officer: 'officer-1',
  secondOfficer: 'officer-2',
};

export interface Visitor {
  readonly context: BrowserContext;
  readonly page: Page;
  /** what the page complained about or fetched from elsewhere, as it happens */
  readonly complaints: string[];
  /** holds the page's virtual authenticators, which end with any session of the debugger that does */
  readonly devices?: CDPSession;
}

const DAYS_COUNTED = 45;

/** Nobody listens there. */
const DEAD_PORT = 23_399;

const search = (token: string, url: string, keyId: string) =>
  ask(token, 'POST', `${url}/v1/recovery/search`, { keyId });

interface VisitOptions {
  readonly locale?: string;
  readonly javaScript?: boolean;
}

export class Stage {
  readonly cluster: LocalCluster;
  readonly fleet: Fleet;
  readonly browser: Browser;
  readonly madrid: string;
  readonly centre: string;
  /** of the same region as `madrid`, and started again without a way to the centre */
  readonly toledo: string;
  readonly #people: ReadonlyMap<PersonName, Enrolled>;
  /** how many recovery codes of each person were used */
  readonly #used = new Map<PersonName, number>();
  readonly #cookies = new Map<string, Promise<string>>();

  private constructor(
    cluster: LocalCluster,
    fleet: Fleet,
    browser: Browser,
    people: ReadonlyMap<PersonName, Enrolled>,
  ) {
    this.cluster = cluster;
    this.fleet = fleet;
    this.browser = browser;
    this.madrid = cluster.edgeUrl('edge-madrid');
    this.centre = cluster.centreUrl;
    this.toledo = cluster.edgeUrl('edge-toledo');
    this.#people = people;
  }

  static async open(browser: Browser): Promise<Stage> {
    afterFile(() => browser.close());
    const cluster = await startCluster(23_000);
    const centre = fetchOf(cluster.centreUrl);
    const { administrator } = cluster.secrets.tokens;
    for (const officer of [PEOPLE.officer, PEOPLE.secondOfficer])
      await configure(centre, administrator, 'staff', officer, {
        ...{ name: 'Officer', role: 'break-glass-officer', sites: null, revoked: false },
      });
    const people = new Map<PersonName, Enrolled>();
    for (const name of Object.keys(PEOPLE) as PersonName[])
      people.set(name, await enrol(centre, administrator, PEOPLE[name]));
    const fleet = await openFleet(cluster, { devices: 6, seed: 'portal', sites: ['madrid'] });
    await fleet.enrolAll();
    await fleet.encryptAll();
    await fleet.reportAll();
    await countDays(cluster);
    const stage = new Stage(cluster, fleet, browser, people);
    await stage.#cutOffToledo();
    return stage;
  }

  /** Once it holds what its neighbours do, it is started again where it finds no centre: it says so at once. */
  async #cutOffToledo(): Promise<void> {
    await this.#session(this.toledo, 'helpdesk');
    const { helpdesk } = this.cluster.secrets.tokens;
    await untilNone(async () => {
      const { body } = await search(helpdesk, this.toledo, this.key().keyId);
      return z.array(z.unknown()).parse(body['candidates']).length > 0 ? [] : ['toledo has no key of madrid'];
    }, 20_000);
    await this.cluster.edges.get('edge-toledo')?.stop();
    await this.cluster.startEdge('edge-toledo', DEAD_PORT);
    await this.cluster.ready(this.toledo);
    this.#cookies.clear();
  }

  /** Kills the centre, after the edge has heard of everybody who is to sign in there. */
  async loseCentre(): Promise<void> {
    if (!this.cluster.centre) return;
    for (const who of ['helpdesk', 'advanced', 'reports', 'officer', 'secondOfficer'] as const)
      await this.#session(this.madrid, who);
    await this.cluster.centre.stop('SIGKILL');
    this.cluster.centre = null;
  }

  person(name: PersonName): Enrolled {
    const found = this.#people.get(name);
    if (!found) throw new Error(`nobody is ${name}`);
    return found;
  }

  /** A recovery code that nobody used: unlike a one-time code it has no half minute to wait for. */
  code(name: PersonName): string {
    const used = this.#used.get(name) ?? 0;
    this.#used.set(name, used + 1);
    return this.person(name).recoveryCodes[used] ?? '';
  }

  /** A key of a PC's system drive, its password, and a user who is known on that PC. */
  key(index = 0): { keyId: string; password: string; user: string } {
    const device = this.fleet.devices[index];
    const keyId = device?.keys()[0]?.keyId ?? '';
    return {
      keyId,
      password: this.fleet.passwordOf(keyId) ?? '',
      user: device?.plan.users[0] ?? '',
    };
  }

  /** A browser of its own, signed in at a node as somebody or as nobody. */
  async visit(url: string, who: PersonName | null, options: VisitOptions = {}): Promise<Visitor> {
    const { locale = 'en-GB', javaScript = true } = options;
    const context = await this.browser.newContext({
      ...{ locale, javaScriptEnabled: javaScript, timezoneId: 'Europe/Madrid' },
      viewport: { width: 1280, height: 900 },
    });
    if (who !== null) {
      const [name = '', value = ''] = (await this.#session(url, who)).split('=');
      await context.addCookies([{ name, value, url }]);
    }
    const page = await context.newPage();
    return { context, page, complaints: complaintsOf(page, url) };
  }

  /** One session of each person at each node is enough for all browsers. */
  #session(url: string, who: PersonName): Promise<string> {
    const key = `${url} ${who}`;
    const known = this.#cookies.get(key) ?? this.#signIn(url, who);
    this.#cookies.set(key, known);
    return known;
  }

  async #signIn(url: string, who: PersonName): Promise<string> {
    const { staffId, password } = this.person(who);
    const recoveryCode = this.code(who);
    // An edge learns of an account a moment after the centre.
    for (let turn = 0; turn < 4; turn += 1) {
      const answer = await trySignIn(fetchOf(url), { staffId, password, recoveryCode });
      if (answer.status === 201) return (await signedInBy(answer)).cookie;
      await new Promise((resolve) => setTimeout(resolve, 1_500));
    }
    throw new Error(`${staffId} cannot sign in at ${url}`);
  }
}

/** What the centre would have counted in the weeks before: a fleet that is encrypted bit by bit. */
function countDays({ centreData }: LocalCluster): Promise<void> {
  const today = Math.floor(Date.now() / 86_400_000);
  const rows = Array.from({ length: DAYS_COUNTED }, (_, index) => {
    const compliant = 40 + index;
    const counts = { compliant, 'non-compliant': 100 - compliant, 'user-exempt': 3, unknown: index % 5 };
    return Object.entries(counts).map((count) => [today - DAYS_COUNTED + index, 'madrid', ...count]);
  });
  return writeBeside(path.join(centreData, 'compliance.db'), [
    {
      sql: `INSERT INTO local_trend (day, site_id, state, computers) SELECT value->>0, value->>1, value->>2, value->>3 FROM json_each(?)`,
      args: [JSON.stringify(rows.flat())],
    },
  ]);
}

/** Writes into the file of a centre that runs, which may be writing itself. */
export async function writeBeside(file: string, statements: readonly InStatement[]): Promise<void> {
  const database = createClient({ url: `file:${file}` });
  try {
    await database.execute('PRAGMA busy_timeout = 10000');
    await database.batch([...statements], 'write');
  } finally {
    database.close();
  }
}

export function complaintsOf(page: Page, url: string): string[] {
  const found: string[] = [];
  page.on('console', (message) => found.push(message.text()));
  page.on('pageerror', (error) => found.push(error.message));
  page.on('request', (request) => {
    if (!request.url().startsWith(`${url}/`)) found.push(`fetched ${request.url()}`);
  });
  return found;
}

const axeSource = readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe-core finds, one line each. Put into the page by the debugger, for the page's policy lets nobody else in. */
export async function violationsOf({ context, page, devices }: Visitor): Promise<string[]> {
  const session = devices ?? (await context.newCDPSession(page));
  await session.send('Runtime.evaluate', { expression: await axeSource });
  const { result } = await session.send('Runtime.evaluate', {
    ...{ expression: 'axe.run().then((found) => JSON.stringify(found.violations))', awaitPromise: true },
    returnByValue: true,
  });
  if (!devices) await session.detach();
  const violations = JSON.parse(String(result.value)) as AxeResults['violations'];
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(
      ({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${(failureSummary ?? '').slice(0, 200)}`,
    ),
  );
}

/** All of a page, for people to look at (`HOLDFAST_SCREENSHOTS=screenshots npm run unit -- test/portal`). */
export async function screenshot({ page }: Visitor, name: string): Promise<void> {
  if (SCREENSHOTS === undefined) return;
  await page.screenshot({ path: path.join(SCREENSHOTS, `${name}.png`), fullPage: true });
}

/** A4 within its margins, in CSS pixels: upright, and turned for a table of many columns. */
const PAPER = { auto: [688, 1017], wide: [1017, 688] } as const;

/** The tables of a page that would be cut off on paper, after a picture of it as it would be printed. */
export async function cutOnPaper(visitor: Visitor, name: string): Promise<string[]> {
  const { page } = visitor;
  await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
  const turned = await page.evaluate<boolean>('getComputedStyle(document.body).page === "wide"');
  const [width, height] = PAPER[turned ? 'wide' : 'auto'];
  await page.setViewportSize({ width, height });
  await screenshot(visitor, name);
  const cut = await page.evaluate<string[]>(
    `[...document.querySelectorAll('.scroll')]
      .filter((region) => region.scrollWidth > region.clientWidth || region.getBoundingClientRect().right > innerWidth)
      .map((region) => region.getAttribute('aria-label'))`,
  );
  await page.emulateMedia({ media: 'screen' });
  return cut;
}

/** Pixels by which a page is wider than its window. */
export function overflow({ page }: Visitor): Promise<number> {
  return page.evaluate('document.documentElement.scrollWidth - window.innerWidth');
}
