import { env } from 'cloudflare:workers';
import { runInDurableObject } from 'cloudflare:test';
import { describe, expect, it } from 'vitest';
import { DurableEngine } from '../../edge/durable-engine.ts';
import { workerdPlatform } from '../../edge/platform.ts';
import { ledgerContract } from '../contract/ledger-contract.ts';
import { distinctEscrows } from '../support/drafts.ts';
import { APPLIED, type Host, segmentsOf, startNode } from '../support/node.ts';
import { makeOrganisation } from '../support/organisation.ts';
import { countRows } from '../support/tables.ts';
import { durableHost } from './durable-host.ts';

describe('ledger over a Durable Object', () => ledgerContract(durableHost));

it('runs wholly inside an object, as at an edge', async () => {
  const organisation = await makeOrganisation();
  const inside = <T>(name: string, work: (host: Host) => Promise<T>): Promise<T> =>
    runInDurableObject(env.EDGE.getByName(name), (_object, { storage }) =>
      work({
        platform: workerdPlatform,
        database: () => Promise.resolve({ open: () => Promise.resolve(new DurableEngine(storage)) }),
      }),
    );
  const segments = await inside('inside-one', async (host) => {
    const edge = await startNode(host, { organisation });
    await Promise.all(distinctEscrows(300).map((draft) => edge.ledger.append('recovery', [draft])));
    return segmentsOf(edge, 'recovery');
  });
  await inside('inside-two', async (host) => {
    const other = await startNode(host, { organisation, sliceEntries: 150 });
    for (const segment of segments) expect(await other.ledger.absorb('recovery', segment)).toEqual(APPLIED);
  });
  const held = await inside('inside-two', async (host) => {
    const again = await startNode(host, { organisation });
    return [...again.ledger.origins('recovery').values()].map(({ seq, headSeq }) => [seq, headSeq]);
  });
  expect(held).toEqual([[301, 301]]);
  expect(
    await inside('inside-two', async (host) =>
      countRows(await (await host.database()).open(), 'recovery', 'escrows'),
    ),
  ).toBe(300);
});
