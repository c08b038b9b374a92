/**
 * The table of bad input, played against real nodes. Every hostile request gets its problem document, stores
 * nothing and gives nothing back; its valid twin has its effect.
 */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { freePorts } from '../support/cluster.ts';
import { type Answer, type Message, jsonOf, send } from './http.ts';
import { unpacked } from './peer.ts';
import type { Case, Pair, Row } from './row.ts';
import { adminRows } from './rows/admin.ts';
import { deviceRows } from './rows/devices.ts';
import { escrowRows } from './rows/escrow.ts';
import { helpdeskRows } from './rows/helpdesk.ts';
import { jsonRows } from './rows/json.ts';
import { logRows } from './rows/logs.ts';
import { ownAccountRows } from './rows/own-account.ts';
import { peopleRows } from './rows/people.ts';
import { proofRows } from './rows/proofs.ts';
import { releaseRows } from './rows/releases.ts';
import { syncRows } from './rows/sync.ts';
import { togetherRows } from './rows/together.ts';
import { type Counts, PLACES, type Place, Stage, added } from './stage.ts';

const CENTRE_PORT = 10_600;
const ROWS: readonly Row[] = [
  ...jsonRows,
  ...deviceRows,
  ...proofRows,
  ...escrowRows,
  ...helpdeskRows,
  ...adminRows,
  ...syncRows,
  ...releaseRows,
  ...togetherRows,
  ...peopleRows,
  ...ownAccountRows,
  ...logRows,
];

// The machine may be busy with other tests; a hang is still found.
vi.setConfig({ testTimeout: 60_000 });

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open(await freePorts(CENTRE_PORT, 3));
}, 60_000);
afterAll(async () => {
  await stage.close();
});

test('the table is as long as promised', () => {
  expect(ROWS.length).toBeGreaterThanOrEqual(300);
  expect(new Set(ROWS.map(({ name }) => name)).size).toBe(ROWS.length);
});

async function caseAt(place: Place): Promise<Case> {
  return { stage, place, base: stage.base(place), pc: await stage.pc(place), forgers: [] };
}

const placesOf = (row: Row): readonly Place[] => row.at ?? ['edge', 'centre'];

describe.each(ROWS)('$name', (row) => {
  test.each(placesOf(row))('at the %s', async (place) => {
    const of = await caseAt(place);
    const pair = await row.make(of);
    const watched = [await stage.nodeId(place), ...of.forgers];
    const before = stage.counts(place, watched);
    const hostile = await pair.hostile();
    const refusal = await send(of.base, hostile);
    expectRefusal(refusal, row.refused);
    expectNoEcho(hostile, refusal);
    expect(added(before, stage.counts(place, watched))).toEqual(row.keeps ?? {});

    const twinPlace = row.twinAt ?? place;
    const watchedThere = [await stage.nodeId(twinPlace), ...of.forgers];
    const untouched = stage.counts(twinPlace, watchedThere);
    const twin = await send(stage.base(twinPlace), await pair.twin());
    expect({ status: twin.status, problem: problemOf(twin) }).toEqual({
      status: row.accepted,
      problem: undefined,
    });
    if (row.gives) expect(row.gives.safeParse(unpacked(twin)).error).toBeUndefined();
    expect(entriesAdded(untouched, stage.counts(twinPlace, watchedThere))).toEqual(row.wrote ?? {});
  });
});

const AT_ONCE = 12;

test.each(PLACES)('all hostile requests to the %s at once leave every table as it was', async (place) => {
  const rows = ROWS.filter((row) => placesOf(row).includes(place) && row.keeps === undefined);
  const pairs: Pair[] = [];
  for (const row of rows) pairs.push(await row.make(await caseAt(place)));
  const messages = await Promise.all(pairs.map(async (pair) => pair.hostile()));
  const before = await digests(place);
  expect(before.length).toBeGreaterThan(0);
  const statuses: number[] = [];
  for (let at = 0; at < messages.length; at += AT_ONCE) {
    const some = messages.slice(at, at + AT_ONCE);
    const answers = await Promise.all(some.map((message) => send(stage.base(place), message)));
    statuses.push(...answers.map(({ status }) => status));
  }
  expect(statuses).toEqual(rows.map(({ refused: [status] }) => status));
  expect(await digests(place)).toEqual(before);
});

function expectRefusal(answer: Answer, [status, code]: Row['refused']): void {
  const document = z.looseObject({ type: z.string(), title: z.string(), status: z.number() });
  const problem = document.safeParse(jsonOf(answer)).data;
  expect({ status: answer.status, type: problem?.type }).toEqual({
    status,
    type: `urn:holdfast:problem:${code}`,
  });
  expect(problem?.status).toBe(status);
  expect(answer.headers['content-type']).toBe('application/problem+json');
  expect(answer.headers['cache-control']).toBe('no-store');
  expect(answer.headers['x-content-type-options']).toBe('nosniff');
  if (status === 401) expect(answer.headers['www-authenticate']).toMatch(/^(?:DPoP|Bearer)/);
  if (status === 405) expect(answer.headers.allow).toMatch(/[A-Z]/);
  expect(answer.body.toString()).not.toMatch(/\bat .+:\d+:\d+|node_modules|\.ts\b|\.js\b|SQLITE|sqlite/);
}

/** I8: nothing that somebody sent comes back, neither secrets nor anything else that is long enough to be one. */
function expectNoEcho(message: Message, answer: Answer): void {
  const raw = answer.raw.toString('latin1');
  for (const sent of stringsOf(message)) expect(raw.includes(sent), `the answer repeats ${sent}`).toBe(false);
}

const ECHO_CHARACTERS_MIN = 12;

function stringsOf({ body, headers, path }: Message): string[] {
  const found: string[] = [];
  const walk = (value: unknown): void => {
    if (typeof value === 'string') found.push(value);
    else if (typeof value === 'object' && value !== null) {
      for (const [name, member] of Object.entries(value)) {
        if (/\d/.test(name)) found.push(name);
        walk(member);
      }
    }
  };
  try {
    walk(JSON.parse(String(body)));
  } catch {
    found.push(...String(body).slice(0, 10_000).split('"'));
  }
  for (const name of ['Authorization', 'DPoP']) found.push(...String(headers[name] ?? '').split(' '));
  found.push(...path.split('/').filter((part) => /\d/.test(part)));
  return found.filter((text) => text.length >= ECHO_CHARACTERS_MIN);
}

/** How far this node's own logs go, their hashes, and the digests of every table made of them. */
async function digests(place: Place): Promise<unknown[]> {
  const answer = z.object({ origins: z.array(z.looseObject({ origin: z.string() })) });
  const { administrator } = stage.cluster.secrets.tokens;
  const message = stage.staff(administrator, 'GET', '/v1/admin/digests');
  const { origins } = answer.parse(jsonOf(await send(stage.base(place), message)));
  const own = await stage.nodeId(place);
  return origins.filter(({ origin }) => origin.startsWith(own));
}

function entriesAdded(before: Counts, after: Counts): Counts {
  return Object.fromEntries(Object.entries(added(before, after)).filter(([name]) => name.includes(':')));
}

function problemOf(answer: Answer): unknown {
  if (answer.headers['content-type'] !== 'application/problem+json') return undefined;
  return jsonOf(answer);
}
