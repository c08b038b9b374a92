import { expect, it } from 'vitest';
import type { SegmentEntry } from '../../shared/journal/entry.ts';
import { segment as segmentSchema } from '../../shared/journal/entry.ts';
import { limits } from '../../shared/limits.ts';
import { distinctEscrows } from '../support/drafts.ts';
import { makeOrigin, signLog, wireEntry } from '../support/forge.ts';
import { APPLIED, type Host, segmentsOf, startNode } from '../support/node.ts';
import { makeIdentity, makeOrganisation } from '../support/organisation.ts';
import { countRows } from '../support/tables.ts';

/** Two logs of the same origin, as after a disk was cloned while its node ran (I4). */
export function forkContract(host: Host): void {
  async function forked(entries: readonly [SegmentEntry[], SegmentEntry[]]) {
    const organisation = await makeOrganisation();
    const identity = await makeIdentity(host.platform, organisation);
    const origin = makeOrigin(host.platform, identity);
    const [left, right] = await Promise.all(
      entries.map((one) => signLog(host.platform, identity, 'recovery', origin, one)),
    );
    if (!left || !right) throw new Error('two branches were asked for');
    return {
      organisation,
      identity,
      origin,
      left,
      right,
      node: await startNode(host, { organisation, role: 'centre' }),
    };
  }
  const escrows = (count: number, seed: number) =>
    distinctEscrows(count, seed).map(({ kind, body }) => wireEntry(kind, body));
  const kept = async (node: Awaited<ReturnType<typeof forked>>['node']) => {
    const rows = await node.engine.rows('recovery', 'SELECT segment FROM recovery_forks ORDER BY seq', []);
    return rows.map(([text]) => segmentSchema.parse(JSON.parse(String(text))));
  };

  it.each([
    ['of the same length', 5],
    ['that is shorter', 3],
    ['that is longer', 20],
  ])('refuses a branch %s, keeps it as evidence once and raises it', async (_what, length) => {
    const { node, left, right, origin } = await forked([escrows(5, 1), escrows(length, 2)]);
    expect(await node.ledger.absorb('recovery', left)).toEqual(APPLIED);
    expect(await node.ledger.absorb('recovery', right)).toEqual({ outcome: 'fork' });
    expect(await node.ledger.absorb('recovery', right)).toEqual({ outcome: 'fork' });
    expect(await kept(node)).toEqual([right]);
    expect(node.alarms.list()).toMatchObject([{ type: 'fork', subject: `recovery ${origin}` }]);
    expect(await countRows(node.engine, 'recovery', 'escrows')).toBe(5);
    expect(node.ledger.origins('recovery').get(origin)?.seq).toBe(6);
    expect(await segmentsOf(node, 'recovery', origin)).toEqual([left]);
  });

  it('never joins two branches that come in at the same time', async () => {
    const { node, left, right, origin } = await forked([escrows(9, 1), escrows(40, 2)]);
    const outcomes = await Promise.all([
      node.ledger.absorb('recovery', left),
      node.ledger.absorb('recovery', right),
    ]);
    expect(outcomes.map(({ outcome }) => outcome).sort()).toEqual(['applied', 'fork']);
    const [segment] = await segmentsOf(node, 'recovery', origin);
    expect([left, right]).toContainEqual(segment);
  });

  it('lets other logs flow on, and its own where it does not contradict', async () => {
    const { organisation, node, left, right } = await forked([escrows(2, 1), escrows(2, 2)]);
    await node.ledger.absorb('recovery', left);
    await node.ledger.absorb('recovery', right);
    const other = await startNode(host, { organisation });
    await other.ledger.append('recovery', distinctEscrows(2, 3));
    for (const segment of await segmentsOf(other, 'recovery')) {
      expect(await node.ledger.absorb('recovery', segment)).toEqual(APPLIED);
    }
    expect(await node.ledger.absorb('recovery', left)).toEqual({ outcome: 'held' });
  });

  it('keeps the evidence of a branch that is larger than one value may be', async () => {
    const large = Array.from({ length: 12 }, (_, index) =>
      wireEntry('future', `"${String(index)}${'"\\'.repeat(100_000)}"`),
    );
    const { node, left, right } = await forked([escrows(1, 1), large]);
    await node.ledger.absorb('recovery', left);
    expect(await node.ledger.absorb('recovery', right)).toEqual({ outcome: 'fork' });
    const pieces = await kept(node);
    expect(pieces.length).toBeGreaterThan(1);
    expect(pieces.flatMap(({ entries }) => entries)).toEqual(right.entries);
    expect(pieces.at(-1)?.head).toBe(right.head);
  });

  it('keeps a bounded amount of evidence of one log (I12)', async () => {
    const { node, left, identity, origin } = await forked([escrows(1, 1), []]);
    await node.ledger.absorb('recovery', left);
    for (let at = 0; at < limits.forksPerOriginMax + 5; at += 1) {
      const branch = await signLog(host.platform, identity, 'recovery', origin, [wireEntry('audit', { at })]);
      expect(await node.ledger.absorb('recovery', branch)).toEqual({ outcome: 'fork' });
    }
    expect(await countRows(node.engine, 'recovery', 'recovery_forks')).toBe(limits.forksPerOriginMax);
  });
}
