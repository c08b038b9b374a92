/**
 * Somebody edits a table by hand, in the database file of a node that is stopped. Nothing mends it in silence; it is
 * found and named, at once where an administrator asks and in the background where nobody does (I5).
 */
import { readdirSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { LocalCluster } from '../../central/local/cluster.ts';
import { DEMO_PLAN } from '../../central/local/plan.ts';
import { freePorts } from '../support/cluster.ts';
import { type Message, jsonOf, send } from './http.ts';
import { Pc, forgetNonces } from './pc.ts';
import { until } from './stage.ts';

const CENTRE_PORT = 10_750;
const EDGE = 'edge-madrid';
vi.setConfig({ testTimeout: 90_000 });

let cluster: LocalCluster;
const keyIds: string[] = [];

beforeAll(async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-tampering-'));
  const plan = { ...DEMO_PLAN, edges: DEMO_PLAN.edges.slice(0, 1) };
  cluster = await LocalCluster.prepare(folder, plan, await freePorts(CENTRE_PORT, 2));
  await cluster.startAll();
  const base = cluster.edgeUrl(EDGE);
  const pc = await Pc.enrolled(base, cluster.secrets.tokens.sites['madrid'] ?? '');
  for (let count = 0; count < 4; count += 1) {
    const message = await pc.escrow(base);
    keyIds.push(message.path.split('/').at(-1) ?? '');
    await send(base, message);
  }
  await send(base, await pc.status(base));
  await agreement();
}, 60_000);

afterAll(async () => {
  await cluster.stopAll();
  rmSync(cluster.folder, { recursive: true, force: true });
});

function administrator(method: string, at: string): Message {
  const headers = {
    Authorization: `Bearer ${cluster.secrets.tokens.administrator}`,
    'Content-Type': 'application/json',
  };
  return { method, path: at, headers, ...(method === 'GET' ? {} : { body: '{}' }) };
}

const comparison = z.object({
  differences: z.array(
    z.object({
      peer: z.string().nullable(),
      wrongHere: z.boolean(),
      table: z.string(),
      key: z.string(),
      how: z.string(),
    }),
  ),
});
type Found = z.infer<typeof comparison>['differences'];

async function compare(): Promise<Found> {
  const answer = await send(cluster.edgeUrl(EDGE), administrator('POST', '/v1/admin/comparison'));
  return comparison.parse(jsonOf(answer)).differences;
}

async function agreement(): Promise<void> {
  const bases = [cluster.edgeUrl(EDGE), cluster.centreUrl];
  await until('both hold the same', async () => {
    const digests = await Promise.all(
      bases.map((base) => send(base, administrator('GET', '/v1/admin/digests'))),
    );
    const sorted = digests.map((answer) => {
      const { origins } = z.object({ origins: z.array(z.unknown()) }).parse(jsonOf(answer));
      return origins
        .map((origin) => JSON.stringify(origin))
        .sort()
        .join('\n');
    });
    return sorted[0] === sorted[1] && sorted[0] !== '';
  });
}

/** Runs SQL on a node's own file while the node is stopped, as somebody with a shell on the machine would. */
async function edit(where: 'edge' | 'centre', sql: string, ...args: string[]): Promise<void> {
  const folder = where === 'edge' ? cluster.edgeData(EDGE) : cluster.centreData;
  const node = where === 'edge' ? cluster.edges.get(EDGE) : cluster.centre;
  await node?.stop();
  const name = readdirSync(folder, { recursive: true, encoding: 'utf8' }).find((file) =>
    where === 'edge' ? file.endsWith('.sqlite') && !file.includes('metadata') : file.endsWith('recovery.db'),
  );
  const database = new DatabaseSync(path.join(folder, name ?? ''));
  const { changes } = database.prepare(sql).run(...args);
  database.close();
  expect(Number(changes)).toBe(1);
  await (where === 'edge' ? cluster.startEdge(EDGE) : cluster.startCentre());
  forgetNonces();
  await cluster.ready(cluster.centreUrl);
  await cluster.ready(cluster.edgeUrl(EDGE));
}

/** The edge has spoken with the centre again since the restart, so that it can compare. */
async function reconnected(): Promise<void> {
  await until('the edge is connected', async () => {
    const answer = await send(cluster.edgeUrl(EDGE), { method: 'GET', path: '/readyz', headers: {} });
    const { peers } = z.object({ peers: z.array(z.object({ state: z.string() })) }).parse(jsonOf(answer));
    return peers.every(({ state }) => state === 'resting');
  });
}

test('untouched tables agree', async () => {
  expect(await compare()).toEqual([]);
});

test('a row edited at the edge is named there, as wrong there', async () => {
  await edit(
    'edge',
    'UPDATE escrows SET computer_name = ? WHERE key_id = ?',
    'SOMEBODY-ELSES',
    keyIds[0] ?? '',
  );
  await reconnected();
  const found = await compare();
  const row = {
    table: 'escrows',
    key: expect.stringContaining(keyIds[0] ?? ''),
    how: 'differs',
    wrongHere: true,
  };
  expect(found).toContainEqual({ ...row, peer: null });
  expect(found).toContainEqual({ ...row, peer: 'centre' });
  expect(new Set(found.map(({ key }) => key)).size).toBe(1);
});

test('a row taken out at the centre is named at the edge, as wrong there', async () => {
  await edit('centre', 'DELETE FROM escrows WHERE key_id = ?', keyIds[1] ?? '');
  await reconnected();
  const found = (await compare()).filter(({ key }) => key.includes(keyIds[1] ?? ''));
  expect(found).toMatchObject([{ table: 'escrows', how: 'only-here', peer: 'centre', wrongHere: false }]);
});

test('a row put in at the edge is named', async () => {
  await edit(
    'edge',
    'INSERT INTO device_revocations (origin, seq, hlc, device_id, reason) SELECT origin, seq, hlc, ?, ? FROM escrows WHERE key_id = ?',
    ...['d-aaaaaaaaaaaaaaaa', 'put in by hand', keyIds[2] ?? ''],
  );
  await reconnected();
  const found = (await compare()).filter(({ table }) => table === 'device_revocations');
  expect(found).toContainEqual(
    expect.objectContaining({ key: expect.stringContaining('d-aaaaaaaaaaaaaaaa'), wrongHere: true }),
  );
});

test('an administrator put in by hand, under a log that there is not, is named', async () => {
  const body = { name: 'Mallory', role: 'administrator', sites: null, revoked: false };
  await edit(
    'edge',
    'INSERT INTO config (origin, seq, hlc, kind, id, revision, body) VALUES (?, 1, 1, ?, ?, 1, ?)',
    ...['aaaaaaaaaa.aaaaaaaaaaaaa', 'staff', 'mallory', JSON.stringify(body)],
  );
  await reconnected();
  const found = (await compare()).filter(({ table }) => table === 'config');
  expect(found).toContainEqual(
    expect.objectContaining({ key: expect.stringContaining('mallory'), how: 'only-here', wrongHere: true }),
  );
});

test('nobody asks, and the background comparison raises it all the same', async () => {
  const alarms = z.object({
    alarms: z.array(z.object({ type: z.string(), subject: z.string(), detail: z.string() })),
  });
  // Alarms are this process's own, so those of the comparisons above went with the restart.
  await cluster.edges.get(EDGE)?.stop('SIGKILL');
  await cluster.startEdge(EDGE);
  const raised = async (): Promise<string[]> => {
    const answer = await send(cluster.edgeUrl(EDGE), { method: 'GET', path: '/readyz', headers: {} });
    return alarms
      .parse(jsonOf(answer))
      .alarms.filter(({ type }) => type === 'tables-differ')
      .map(({ subject }) => subject);
  };
  expect(await raised()).toEqual([]);
  await until(
    'the edited rows are raised',
    async () => {
      const subjects = (await raised()).join('\n');
      return [keyIds[0], keyIds[1], 'd-aaaaaaaaaaaaaaaa'].every((name) => subjects.includes(name ?? 'x'));
    },
    75_000,
  );
});
