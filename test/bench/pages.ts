/**
 * The portal's pages at a centre that holds 100,000 computers with three drives each, and at an edge in workerd that
 * holds the same: how long the node takes for each, over HTTP on loopback, how much a browser without a cache has to
 * fetch, and by how much what a real one shows moves while it loads.
 */
import type { Browser } from 'playwright-core';
import { startCentre } from '../../central/centre.ts';
import { LocalCluster } from '../../central/local/cluster.ts';
import { nodePlatform } from '../../central/platform.ts';
import { limits } from '../../shared/limits.ts';
import type { HoldfastNode } from '../../shared/node.ts';
import { recordTrend } from '../../shared/reports/trend.ts';
import { reportPartsOf } from '../../shared/reports/context.ts';
import { computer, newDeviceId } from './computers.ts';
import { layoutShift, tryBrowser } from '../support/browser.ts';
import { type Figure, ascending, percentile } from './figures.ts';
import { type BenchContext, EDGE_A, PLAN, entriesHeld, waitForEntries } from './installation.ts';

const COMPUTERS = 100_000;
const DRIVES = 3;
/** Drafts that are appended together, and groups under way at once. */
const GROUP = 250;
const LANES = 4;
const TURNS = 25;

/** How long an edge may take to fetch and project all of it. */
const CATCH_UP_MS_MAX = 10 * 60_000;

type PageList = readonly (readonly [name: string, path: string])[];

const PAGES: PageList = [
  ['recover', '/recover'],
  ['computers, page 1,000', '/computers?page=1000'],
  ...['name', 'site', 'state', 'os', 'last-seen'].flatMap((sort): PageList => [
    [`computers by ${sort}`, `/computers?sort=${sort}`],
    [`computers by ${sort}, downwards, page 1,000`, `/computers?sort=${sort}&order=desc&page=1000`],
  ]),
  ['computers of a site by last-seen', `/computers?site=site-${EDGE_A}&sort=last-seen`],
  ['computers of a user', '/computers?user=user123'],
  ['computers, filtered', '/computers?computer=PC-0421*&state=non-compliant'],
  ['silent computers', '/computers?silentDays=30'],
  ['compliance', '/reports/compliance'],
  ['audit', '/reports/audit'],
  ['keys at risk', '/reports/keys-at-risk'],
  ['nodes', '/nodes'],
];
const CENTRE_PAGES: PageList = [['administration', '/admin']];

export async function benchPages(context: BenchContext): Promise<Figure[]> {
  const cluster = await LocalCluster.prepare(`${context.folder}/installation`, PLAN, context.port);
  const centre = await startCentre(
    {
      ...{ dataFolder: cluster.centreData, host: '127.0.0.1', port: context.port },
      identity: cluster.secrets.centre,
      databases: {
        recovery: { url: `file:${cluster.centreData}/recovery.db` },
        compliance: { url: `file:${cluster.centreData}/compliance.db` },
      },
      bootstrapTokenHash: nodePlatform.sha256(
        'holdfast staff token v1\n',
        cluster.secrets.tokens.administrator,
      ),
      tlsAuthority: null,
    },
    () => undefined,
  );
  const browser = await tryBrowser();
  if (typeof browser === 'string') context.say(`pages: not looked at for what moves: ${browser}`);
  try {
    await cluster.configure();
    context.say(`pages: ${String(COMPUTERS)} computers with ${String(DRIVES)} drives each …`);
    const deviceIds = await fill(centre.node);
    await recordTrend(reportPartsOf(centre.node));
    const pages: PageList = [...PAGES, ['a computer', `/computers/${deviceIds[0] ?? ''}`]];
    const figures = await measure(cluster, centre.url, [...pages, ...CENTRE_PAGES], browser, '');
    context.say('pages: the same at an edge …');
    const edge = await cluster.startEdge(EDGE_A);
    await waitForEntries(edge.url, await entriesHeld(centre.url), performance.now(), CATCH_UP_MS_MAX);
    return [...figures, ...(await measure(cluster, edge.url, pages, browser, 'edge, '))];
  } finally {
    if (typeof browser !== 'string') await browser.close();
    await cluster.stopAll();
    await centre.stop();
  }
}

async function measure(
  cluster: LocalCluster,
  url: string,
  pages: PageList,
  browser: Browser | string,
  where: string,
): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const [name, path] of pages) {
    const { ms, bytes } = await look(`${url}${path}`, cluster, TURNS);
    figures.push(
      {
        ...{ bench: 'pages', name: `${where}${name}: p95` },
        ...{ value: percentile(ascending(ms), 0.95), unit: 'ms', aim: { atMost: 100 } },
      },
      {
        ...{ bench: 'pages', name: `${where}${name}: fetched without a cache` },
        ...{ value: bytes / 1024, unit: 'KB', aim: { atMost: 150 } },
      },
    );
    if (typeof browser === 'string') continue;
    figures.push({
      ...{ bench: 'pages', name: `${where}${name}: layout shift` },
      ...{ value: await shiftOf(browser, `${url}${path}`, cluster), unit: 'CLS', aim: { atMost: 0 } },
    });
  }
  return figures;
}

/** The most that a page moves by itself in a browser without a cache, on a desk and on a phone. */
async function shiftOf(browser: Browser, url: string, cluster: LocalCluster): Promise<number> {
  const shifts: number[] = [];
  for (const width of [1280, 390]) {
    const context = await browser.newContext({
      ...{ viewport: { width, height: 900 }, extraHTTPHeaders: headersFor(url, cluster) },
    });
    const page = await context.newPage();
    await page.goto(url);
    shifts.push(await layoutShift({ page }));
    await context.close();
  }
  return Math.max(...shifts);
}

function headersFor(url: string, { secrets }: LocalCluster): Record<string, string> {
  const { administrator, helpdesk } = secrets.tokens;
  const token = url.endsWith('/recover') ? helpdesk : administrator;
  return { Accept: 'text/html', Authorization: `Bearer ${token}` };
}

/** Times until the last byte of the page, and the bytes of the page and of what it links. */
async function look(url: string, cluster: LocalCluster, turns: number) {
  const headers = headersFor(url, cluster);
  const ms: number[] = [];
  let text = '';
  for (let turn = 0; turn < turns; turn += 1) {
    const sent = performance.now();
    const response = await fetch(url, { headers });
    text = await response.text();
    ms.push(performance.now() - sent);
    if (response.status !== 200) throw new Error(`${url} was answered with ${String(response.status)}`);
  }
  const linked = new Set(text.match(/\/assets\/[\w.]+/g));
  let bytes = Buffer.byteLength(text);
  for (const asset of linked) bytes += (await (await fetch(new URL(asset, url))).arrayBuffer()).byteLength;
  return { ms, bytes };
}

async function fill(node: HoldfastNode): Promise<string[]> {
  const deviceIds = Array.from({ length: COMPUTERS }, newDeviceId);
  const groups = Array.from({ length: Math.ceil(COMPUTERS / GROUP) }, (_, index) => index);
  const lane = async (): Promise<void> => {
    for (let group = groups.shift(); group !== undefined; group = groups.shift()) {
      const first = group * GROUP;
      const some = deviceIds
        .slice(first, first + GROUP)
        .map((deviceId, index) =>
          computer({ deviceId, index: first + index, siteId: siteOf(first + index), drives: DRIVES }),
        );
      await node.ledger.append(
        'compliance',
        some.map(({ status }) => status),
      );
      await node.ledger.append(
        'recovery',
        some.map(({ escrow }) => escrow),
      );
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  await sayAgain(node, deviceIds);
  return deviceIds;
}

/** Most computers have nothing new to say most of the time, and stand in an hour's roll-up. */
async function sayAgain(node: HoldfastNode, deviceIds: readonly string[]): Promise<void> {
  for (let from = 0; from < deviceIds.length; from += limits.seenRollupDevicesMax) {
    const devices = deviceIds
      .slice(from, from + limits.seenRollupDevicesMax)
      .map((deviceId) => ({ deviceId, counter: 2, seenAt: Date.now() }));
    await node.ledger.append('compliance', [{ kind: 'seen', body: { devices } }]);
  }
}

function siteOf(index: number): string {
  return PLAN.edges[index % PLAN.edges.length]?.siteId ?? '';
}
