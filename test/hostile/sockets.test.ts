/**
 * Bytes that are no request at all, on both hosts' own parsers: the node answers 4xx or 501 or hangs up, never with a
 * success or an echo, and goes on serving others. Then a log from a clock far ahead, which harms nobody (I14).
 */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { nodePlatform } from '../../central/platform.ts';
import { hlcToMs } from '../../shared/journal/hlc.ts';
import { freePorts } from '../support/cluster.ts';
import { makeOrigin, signLog } from '../support/forge.ts';
import { makeIdentity } from '../support/organisation.ts';
import { jsonOf, send, sendRaw } from './http.ts';
import { openSession, pullBody, syncMessage, unpacked } from './peer.ts';
import { escrowEntry } from './rows/logs.ts';
import { type Place, Stage } from './stage.ts';

const CENTRE_PORT = 10_680;
const CANARY = '042647-302313-590458-071500-554323-116567-412181-516978';
vi.setConfig({ testTimeout: 60_000 });

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open(await freePorts(CENTRE_PORT, 3));
}, 60_000);
afterAll(async () => {
  await stage.close();
});

const get = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n';
const post = 'POST /v1/devices HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n';

/** What is written, and how many good requests are in it. */
const BYTES: readonly {
  readonly name: string;
  readonly bytes: string | Uint8Array;
  readonly good: number;
}[] = [
  { name: 'garbage', bytes: `\x16\x03\x01 ${CANARY}\r\n\r\n`, good: 0 },
  { name: 'NULs', bytes: new Uint8Array(4_096), good: 0 },
  { name: 'garbage behind a good request', bytes: `${get}\r\n\x00\x01${CANARY} \r\n\r\n`, good: 1 },
  {
    name: 'three good requests in one write',
    bytes: `${get}\r\n${get}\r\n${get}Connection: close\r\n\r\n`,
    good: 3,
  },
  {
    name: 'a method that there is not',
    bytes: `STEAL /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n`,
    good: 0,
  },
  { name: 'a version that there is not', bytes: `GET /healthz HTTP/7.7\r\nHost: localhost\r\n\r\n`, good: 0 },
  { name: 'a header without a colon', bytes: `${get}${CANARY}\r\n\r\n`, good: 0 },
  { name: 'a space before a colon', bytes: `${post}Content-Length : 2\r\n\r\n{}`, good: 0 },
  { name: 'two lengths', bytes: `${post}Content-Length: 2\r\nContent-Length: 40\r\n\r\n{}`, good: 0 },
  {
    name: 'a length and chunks',
    bytes: `${post}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    good: 0,
  },
  { name: 'a length below zero', bytes: `${post}Content-Length: -1\r\n\r\n`, good: 0 },
  { name: 'a chunk of no size', bytes: `${post}Transfer-Encoding: chunked\r\n\r\n${CANARY}\r\n`, good: 0 },
  { name: '1 MB of header', bytes: `${get}X-A: ${'a'.repeat(1_000_000)}\r\n\r\n`, good: 0 },
  {
    name: '300 KB of address',
    bytes: `GET /${'a'.repeat(300_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
    good: 0,
  },
];

const PLACES: readonly Place[] = ['edge', 'centre'];

test.each(PLACES.flatMap((place) => BYTES.map((bytes) => ({ place, ...bytes }))))(
  '$name to the $place',
  async ({ place, bytes, good }) => {
    const base = stage.base(place);
    const before = stage.counts(place, [await stage.nodeId(place)]);
    const answer = await sendRaw(base, bytes, 1_000);
    const statuses = [...answer.matchAll(/HTTP\/1\.[01] (\d{3})/g)].map(([, status]) => Number(status));
    // A host may hang up on all that came together with the garbage.
    const served = statuses.filter((status) => status < 400).length;
    expect(served).toBeLessThanOrEqual(good);
    if (good > 1) expect(served).toBe(good);
    expect(statuses.filter((status) => status >= 500 && status !== 501 && status !== 505)).toEqual([]);
    expect(answer).not.toContain(CANARY);
    expect(stage.counts(place, [await stage.nodeId(place)])).toEqual(before);
    expect((await send(base, { method: 'GET', path: '/healthz', headers: {} })).status).toBe(200);
  },
);

test.each(PLACES)('requests that never end do not keep others from the %s', async (place) => {
  const base = stage.base(place);
  const slow = Array.from({ length: 200 }, () =>
    sendRaw(base, `${post}Content-Length: 200\r\n\r\n{"siteToken":`, 2_000),
  );
  await new Promise((resolve) => setTimeout(resolve, 200));
  for (let count = 0; count < 10; count += 1)
    expect((await send(base, await (await stage.pc(place)).escrow(base))).status).toBe(201);
  await Promise.all(slow);
  expect((await send(base, { method: 'GET', path: '/healthz', headers: {} })).status).toBe(200);
});

test.each(PLACES)(
  'the %s takes in a log of the year 2150, raises its clock and does not follow it',
  async (place) => {
    const base = stage.base(place);
    const identity = await makeIdentity(nodePlatform, stage.organisation);
    const future = Date.UTC(2150, 0, 1);
    const entry = { ...escrowEntry(), hlc: future * 1024 };
    const log = await signLog(nodePlatform, identity, 'recovery', makeOrigin(nodePlatform, identity), [
      entry,
    ]);
    const session = await openSession(base, identity);
    expect(
      (await send(base, syncMessage('push', { store: 'recovery', segments: [log] }, session))).status,
    ).toBe(200);

    const ready = z.object({ alarms: z.array(z.object({ type: z.string(), subject: z.string() })) });
    const { alarms } = ready.parse(jsonOf(await send(base, { method: 'GET', path: '/readyz', headers: {} })));
    expect(alarms).toContainEqual({ type: 'clock-ahead', subject: log.origin.split('.')[0] });

    await send(base, await (await stage.pc(place)).escrow(base));
    const segments = z.object({
      recovery: z.array(z.object({ origin: z.string(), entries: z.array(z.object({ hlc: z.number() })) })),
    });
    const nodeId = await stage.nodeId(place);
    const pulled = await send(base, syncMessage('pull', pullBody({ entriesMax: 1_000 }), session));
    const own = segments.parse(unpacked(pulled)).recovery.filter(({ origin }) => origin.startsWith(nodeId));
    const newest = Math.max(...own.flatMap(({ entries }) => entries.map(({ hlc }) => hlcToMs(hlc))));
    expect(newest).toBeLessThan(Date.now() + 60_000);
  },
);

test('no node met anything that it did not expect', async () => {
  for (const place of PLACES) {
    const metrics = await send(stage.base(place), { method: 'GET', path: '/metrics', headers: {} });
    expect(metrics.body.toString()).not.toMatch(/status="5\d\d"/);
  }
});
