import { expect, it } from 'vitest';
import { type Segment, chainSegment } from '../../shared/journal/entry.ts';
import { centreDrafts, distinctEscrows, edgeDrafts, sample } from '../support/drafts.ts';
import { genesisEntry, makeOrigin, signLog, signSegment, wireEntry } from '../support/forge.ts';
import {
  APPLIED,
  type Host,
  type TestNode,
  copyAll,
  restartNode,
  segmentsOf,
  startNode,
  vectorOf,
} from '../support/node.ts';
import { makeIdentity, makeOrganisation } from '../support/organisation.ts';
import { countRows, factRows, viewRows } from '../support/tables.ts';

export function absorbContract(host: Host): void {
  async function pair() {
    const organisation = await makeOrganisation();
    const [edge, centre] = await Promise.all([
      startNode(host, { organisation }),
      startNode(host, { organisation, role: 'centre' }),
    ]);
    return { organisation, edge, centre };
  }

  /** An edge's log of `groups` groups, each of three entries, as segments of one group. */
  async function cutLog(edge: TestNode, groups: number): Promise<Segment[]> {
    for (let at = 0; at < groups; at += 1) await edge.ledger.append('recovery', distinctEscrows(3, 100 + at));
    return segmentsOf(edge, 'recovery', edge.ledger.self, 1);
  }

  function at(segments: readonly Segment[], index: number): Segment {
    const segment = segments[index];
    if (!segment) throw new Error(`there is no segment ${String(index)}`);
    return segment;
  }

  it('applies what is next, holds what is known, and asks for what is missing', async () => {
    const { edge, centre } = await pair();
    const segments = await cutLog(edge, 3);
    expect(segments.map(({ from }) => from)).toEqual([1, 5, 8]);
    const absorb = (index: number) => centre.ledger.absorb('recovery', at(segments, index));
    expect(await absorb(1)).toEqual({ outcome: 'gap' });
    expect(await absorb(0)).toEqual(APPLIED);
    expect(await absorb(0)).toEqual({ outcome: 'held' });
    expect(await absorb(2)).toEqual({ outcome: 'gap' });
    expect(await absorb(1)).toEqual(APPLIED);
    expect(await absorb(2)).toEqual(APPLIED);
    expect(vectorOf(centre, 'recovery')).toEqual(vectorOf(edge, 'recovery'));
    expect(await factRows(centre.engine, 'recovery')).toEqual(await factRows(edge.engine, 'recovery'));
  });

  it('takes the new part of a segment that overlaps, from either side', async () => {
    const { edge, centre } = await pair();
    const segments = await cutLog(edge, 4);
    const [whole] = await segmentsOf(edge, 'recovery');
    expect(await centre.ledger.absorb('recovery', at(segments, 0))).toEqual(APPLIED);
    expect(await centre.ledger.absorb('recovery', whole ?? at(segments, 0))).toEqual(APPLIED);
    expect(await centre.ledger.absorb('recovery', at(segments, 2))).toEqual({ outcome: 'held' });
    expect(vectorOf(centre, 'recovery')).toEqual(vectorOf(edge, 'recovery'));
    expect(await countRows(centre.engine, 'recovery', 'recovery_journal')).toBe(13);
  });

  it('takes the same segments from several peers at once', async () => {
    const { edge, centre } = await pair();
    const segments = await cutLog(edge, 4);
    const [whole] = await segmentsOf(edge, 'recovery');
    const many = [whole, at(segments, 0), whole, at(segments, 0), whole].filter((one) => one !== undefined);
    const outcomes = await Promise.all(many.map((one) => centre.ledger.absorb('recovery', one)));
    for (const { outcome } of outcomes) expect(['applied', 'held']).toContain(outcome);
    expect(vectorOf(centre, 'recovery')).toEqual(vectorOf(edge, 'recovery'));
    expect(await countRows(centre.engine, 'recovery', 'recovery_journal')).toBe(13);
  });

  it('goes on where it was cut off between two slices', async () => {
    const { edge, centre } = await pair();
    const segments = await cutLog(edge, 6);
    const [whole] = await segmentsOf(edge, 'recovery');
    if (!whole) throw new Error('nothing to read');
    // Slices have 7 entries: the process ends after the first one.
    const firstSlice = new Promise<void>((resolve) => {
      const stop = centre.ledger.onCommit(() => {
        stop();
        resolve();
      });
    });
    const running = centre.ledger.absorb('recovery', whole);
    await firstSlice;
    const held = centre.ledger.origins('recovery').get(edge.ledger.self);
    expect(held).toMatchObject({ seq: 7, headSeq: 0 });
    expect(await centre.ledger.read('recovery', edge.ledger.self, 0, 1_000)).toBeNull();
    await running;
    const again = await restartNode(host, centre);
    expect(await again.ledger.absorb('recovery', at(segments, 1))).toEqual({ outcome: 'held' });
    expect(await again.ledger.absorb('recovery', whole)).toEqual({ outcome: 'held' });
    expect(again.ledger.origins('recovery').get(edge.ledger.self)).toMatchObject({ seq: 19, headSeq: 19 });
  });

  it('forwards a log over any number of nodes, each verifying it (I4)', async () => {
    const { organisation, edge, centre } = await pair();
    const last = await startNode(host, { organisation, sliceEntries: 3 });
    await edge.ledger.append('recovery', sample(edgeDrafts.recovery, 30, 21));
    await centre.ledger.append('recovery', sample(centreDrafts.recovery, 30, 22));
    await edge.ledger.append('recovery', sample(edgeDrafts.recovery, 10, 23));
    await copyAll(edge, centre, 'recovery', 10);
    await copyAll(centre, last, 'recovery');
    expect(vectorOf(last, 'recovery')).toEqual(vectorOf(centre, 'recovery'));
    expect(await factRows(last.engine, 'recovery')).toEqual(await factRows(centre.engine, 'recovery'));
    expect(await viewRows(last.engine, 'recovery')).toEqual(await viewRows(centre.engine, 'recovery'));
    // Whoever has the log again can give it back to its owner after a rewind (I6).
    const rewound = await startNode(host, { organisation, identity: edge.identity });
    await copyAll(last, rewound, 'recovery');
    expect(await factRows(rewound.engine, 'recovery', [edge.ledger.self])).toEqual(
      await factRows(edge.engine, 'recovery', [edge.ledger.self]),
    );
  });

  it('learns a head that lets it forward further, without new entries', async () => {
    const { edge, centre } = await pair();
    const segments = await cutLog(edge, 3);
    const [whole] = await segmentsOf(edge, 'recovery');
    if (whole) await centre.ledger.absorb('recovery', whole);
    // As after a crash between slices: the entries are there, their head is not.
    await centre.engine.batch('recovery', [
      { sql: 'DELETE FROM recovery_heads', args: [] },
      { sql: 'UPDATE recovery_origins SET head_seq = 0', args: [] },
    ]);
    const again = await restartNode(host, centre);
    expect(await again.ledger.read('recovery', edge.ledger.self, 0, 100)).toBeNull();
    expect(await again.ledger.absorb('recovery', at(segments, 1))).toEqual({ outcome: 'held' });
    expect(again.ledger.origins('recovery').get(edge.ledger.self)).toMatchObject({ seq: 10, headSeq: 7 });
    const forwarded = await again.ledger.read('recovery', edge.ledger.self, 0, 100);
    expect(forwarded?.entries).toHaveLength(7);
    expect(forwarded?.head).toBe(at(segments, 1).head);
  });

  it('verifies a log whose forgettable body was erased, and forwards it so', async () => {
    const { organisation, edge, centre } = await pair();
    await edge.ledger.append('compliance', sample(edgeDrafts.compliance, 6, 31));
    await edge.engine.batch('compliance', [
      {
        sql: 'UPDATE compliance_journal SET body_hash = ?, salt = NULL, body = NULL WHERE seq = 3',
        args: [await bodyHashAt(edge, 3)],
      },
    ]);
    expect((await copyAll(edge, centre, 'compliance')).map(({ outcome }) => outcome)).toEqual(['applied']);
    const last = await startNode(host, { organisation });
    await copyAll(centre, last, 'compliance');
    expect(last.ledger.origins('compliance').get(edge.ledger.self)?.hash).toBe(
      edge.ledger.origins('compliance').get(edge.ledger.self)?.hash,
    );
    expect(
      await last.engine.rows('compliance', 'SELECT seq FROM compliance_journal WHERE body IS NULL', []),
    ).toEqual([[3]]);
  });

  async function bodyHashAt(node: TestNode, seq: number): Promise<string> {
    const [row] = await node.engine.rows(
      'compliance',
      'SELECT salt, body FROM compliance_journal WHERE seq = ?',
      [seq],
    );
    const salt = Uint8Array.from(atob(String(row?.[0]).replaceAll('-', '+').replaceAll('_', '/')), (c) =>
      c.charCodeAt(0),
    );
    return host.platform.sha256(salt, String(row?.[1]));
  }

  it('refuses a log from which somebody erased what must not be forgotten (I2)', async () => {
    const { edge, centre } = await pair();
    const [segment] = await cutLog(edge, 1);
    if (!segment) throw new Error('nothing to read');
    const entries = segment.entries.map((entry) => {
      if (entry.kind !== 'escrow' || !('body' in entry)) return entry;
      const { salt, body, ...rest } = entry;
      const bytes = Uint8Array.from(atob(salt.replaceAll('-', '+').replaceAll('_', '/')), (c) =>
        c.charCodeAt(0),
      );
      return { ...rest, bodyHash: host.platform.sha256(bytes, body) };
    });
    expect(await centre.ledger.absorb('recovery', { ...segment, entries })).toEqual({
      outcome: 'refused',
      why: 'body',
    });
    expect(await centre.ledger.absorb('recovery', segment)).toEqual(APPLIED);
  });

  it('refuses the log of another organisation', async () => {
    const { organisation, edge, centre } = await pair();
    const stranger = await startNode(host, { organisation: await makeOrganisation() });
    const [theirs] = await cutLog(stranger, 1);
    if (!theirs) throw new Error('nothing to read');
    expect(await centre.ledger.absorb('recovery', theirs)).toEqual({
      outcome: 'refused',
      why: 'certificate',
    });
    // Neither by naming a node of ours as the origin, …
    const origin = makeOrigin(host.platform, edge.identity);
    const posing = await signLog(host.platform, stranger.identity, 'recovery', origin, []);
    expect(await centre.ledger.absorb('recovery', posing)).toEqual({
      outcome: 'refused',
      why: 'certificate',
    });
    // … nor with one of our certificates and a key of its own, …
    const unsigned = { origin, from: 1, prev: '', entries: [genesisEntry(edge.identity)] };
    const forged = await signSegment(host.platform, stranger.identity, 'recovery', unsigned);
    expect(await centre.ledger.absorb('recovery', forged)).toEqual({ outcome: 'refused', why: 'head' });
    // … nor does one of our nodes in the name of another, …
    const mate = await makeIdentity(host.platform, organisation);
    const impersonating = await signLog(host.platform, mate, 'recovery', origin, []);
    expect(await centre.ledger.absorb('recovery', impersonating)).toEqual({
      outcome: 'refused',
      why: 'certificate',
    });
    // … nor without a genesis.
    const bare = await signSegment(host.platform, edge.identity, 'recovery', {
      ...unsigned,
      entries: [wireEntry('audit', {})],
    });
    expect(await centre.ledger.absorb('recovery', bare)).toEqual({ outcome: 'refused', why: 'certificate' });
    expect(vectorOf(centre, 'recovery')).toEqual({});
    expect(centre.alarms.list().map(({ type }) => type)).toContain('segment-refused');
  });

  it('refuses a head by another node of the organisation, of another store, log or place', async () => {
    const { organisation, edge, centre } = await pair();
    const segments = await cutLog(edge, 2);
    const segment = at(segments, 0);
    const tip = chainSegment(host.platform, 'recovery', segment).at(-1);
    const sign = (signer: TestNode['identity']['signer'], head: object) => signer.sign('holdfast-head', head);
    const good = { store: 'recovery', origin: segment.origin, seq: 4, hash: 'x'.repeat(43) };
    const other = await makeIdentity(host.platform, organisation);
    const { signer } = edge.identity;
    const heads: [string, string][] = [
      [await sign(other.signer, good), 'head'],
      [await sign(signer, { ...good, store: 'compliance' }), 'head'],
      [await sign(signer, { ...good, origin: makeOrigin(host.platform, edge.identity) }), 'head'],
      [await sign(signer, { ...good, more: 1 }), 'head'],
      [await signer.sign('holdfast-receipt', good), 'head'],
      ['not.a.jws', 'head'],
      [await sign(signer, good), 'chain'],
      [await sign(signer, { ...good, seq: 5, hash: tip?.hash }), 'chain'],
      [at(segments, 1).head, 'chain'],
    ];
    for (const [head, why] of heads) {
      expect(await centre.ledger.absorb('recovery', { ...segment, head })).toEqual({
        outcome: 'refused',
        why,
      });
    }
    expect(await centre.ledger.absorb('compliance', segment)).toEqual({ outcome: 'refused', why: 'head' });
    expect(vectorOf(centre, 'recovery')).toEqual({});
    expect(await countRows(centre.engine, 'recovery', 'recovery_journal')).toBe(0);
  });

  it('refuses a segment in which anything was changed', async () => {
    const { edge, centre } = await pair();
    const segment = at(await cutLog(edge, 2), 0);
    const [genesis, a, b, c] = segment.entries;
    if (!genesis || !a || !b || !c || !('body' in a)) throw new Error('the segment is not as expected');
    const variants: Segment[] = [
      { ...segment, entries: [genesis, a, b] }, // truncated
      { ...segment, entries: [genesis, b, a, c] }, // out of order
      { ...segment, entries: [genesis, a, a, b, c] }, // doubled
      { ...segment, entries: [genesis, { ...a, body: a.body.replace('corp', 'Corp') }, b, c] },
      { ...segment, entries: [genesis, { ...a, salt: 'BAAAAAAAAAAAAAAAAAAAAA' }, b, c] },
      { ...segment, entries: [genesis, { ...a, hlc: a.hlc + 1 }, b, c] },
      { ...segment, entries: [genesis, { ...a, version: 2 }, b, c] },
      { ...segment, entries: [genesis, { ...a, kind: 'audit' }, b, c] },
      { ...segment, prev: 'x'.repeat(43) },
    ];
    for (const variant of variants) {
      expect(await centre.ledger.absorb('recovery', variant)).toEqual({ outcome: 'refused', why: 'chain' });
    }
    // A log that begins after something, however well it is signed.
    const { origin, from, entries } = segment;
    const unsigned = { origin, from, prev: 'x'.repeat(43), entries };
    const headless = await signSegment(host.platform, edge.identity, 'recovery', unsigned);
    expect(await centre.ledger.absorb('recovery', headless)).toEqual({ outcome: 'refused', why: 'chain' });
    expect(await countRows(centre.engine, 'recovery', 'recovery_journal')).toBe(0);
    expect(await centre.ledger.absorb('recovery', segment)).toEqual(APPLIED);
  });

  it('keeps two logs of one node apart when it takes both in', async () => {
    const { organisation, edge, centre } = await pair();
    await edge.ledger.append('recovery', sample(edgeDrafts.recovery, 5, 41));
    const next = await restartNode(host, edge);
    await next.ledger.append('recovery', sample(edgeDrafts.recovery, 5, 42));
    await copyAll(next, centre, 'recovery');
    expect(vectorOf(centre, 'recovery')).toEqual({ [edge.ledger.self]: 6, [next.ledger.self]: 6 });
    const other = await startNode(host, { organisation });
    for (const segment of await segmentsOf(next, 'recovery', next.ledger.self))
      await other.ledger.absorb('recovery', segment);
    expect(vectorOf(other, 'recovery')).toEqual({ [next.ledger.self]: 6 });
  });
}
