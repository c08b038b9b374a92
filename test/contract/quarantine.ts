import { expect, it } from 'vitest';
import { type Engine, EngineError } from '../../shared/journal/engine.ts';
import {
  configBodies,
  distinctEscrows,
  edgeDrafts,
  escrowBodies,
  sample,
  statusBodies,
} from '../support/drafts.ts';
import { FaultyEngine, projects } from '../support/faulty-engine.ts';
import { makeOrigin, signLog, wireEntry } from '../support/forge.ts';
import { APPLIED, type Host, copyAll, segmentsOf, startNode } from '../support/node.ts';
import { makeIdentity, makeOrganisation } from '../support/organisation.ts';
import { countRows, factRows, markRows } from '../support/tables.ts';

/** A bad entry never blocks (I9): it is held, forwarded and marked, and what follows it is applied. */
export function quarantineContract(host: Host): void {
  const [good, escrow] = sample(escrowBodies, 2, 51);

  it('holds, forwards and marks what it cannot project', async () => {
    const organisation = await makeOrganisation();
    const identity = await makeIdentity(host.platform, organisation, 'edge');
    const origin = makeOrigin(host.platform, identity);
    const segment = await signLog(host.platform, identity, 'recovery', origin, [
      wireEntry('telepathy', { from: 'the future' }),
      wireEntry('toString', {}),
      wireEntry('escrow', escrow, 2),
      wireEntry('escrow', { ...escrow, keyId: 'not a GUID' }),
      wireEntry('escrow', { ...escrow, more: 1 }),
      wireEntry('escrow', '{"keyId":'),
      wireEntry('escrow', 'null'),
      wireEntry(
        'escrow',
        JSON.stringify({ ...escrow, computerName: 'PC' }).replace('"PC"', String.raw`"\ud800"`),
      ),
      wireEntry(
        'escrow',
        JSON.stringify({ ...escrow, computerName: 'PC' }).replace('"PC"', String.raw`"P\u0000C"`),
      ),
      wireEntry('escrow', '['.repeat(200_000)),
      wireEntry('config', sample(configBodies, 1, 1)[0]),
      wireEntry('status', sample(statusBodies, 1, 1)[0]),
      wireEntry('escrow', good),
    ]);
    const [relay, last] = await Promise.all([
      startNode(host, { organisation, role: 'centre' }),
      startNode(host, { organisation, sliceEntries: 100 }),
    ]);
    expect(await relay.ledger.absorb('recovery', segment)).toEqual({ outcome: 'applied', marked: 12 });
    await copyAll(relay, last, 'recovery');
    for (const node of [relay, last]) {
      expect((await markRows(node.engine, 'recovery')).map(([, seq, , reason]) => [seq, reason])).toEqual([
        [2, 'unknown-kind'],
        [3, 'unknown-kind'],
        [4, 'unknown-version'],
        ...[5, 6, 7, 8, 9, 10, 11].map((seq) => [seq, 'malformed']),
        [12, 'no-authority'],
        [13, 'unknown-kind'],
      ]);
      expect(await countRows(node.engine, 'recovery', 'escrows')).toBe(1);
      expect(await countRows(node.engine, 'recovery', 'config')).toBe(0);
      expect(await segmentsOf(node, 'recovery', origin)).toEqual([segment]);
      expect(node.alarms.total('entry-marked')).toBe(12);
    }
  });

  it('refuses text that a database would give back changed', async () => {
    const organisation = await makeOrganisation();
    const identity = await makeIdentity(host.platform, organisation, 'edge');
    const origin = makeOrigin(host.platform, identity);
    const node = await startNode(host, { organisation });
    for (const entry of [
      wireEntry('odd', '"\ud800"'),
      wireEntry('odd', '"\0"'),
      wireEntry('\ud800', ''),
      wireEntry('a\0b', ''),
    ]) {
      const segment = await signLog(host.platform, identity, 'recovery', origin, [entry]);
      expect(await node.ledger.absorb('recovery', segment)).toEqual({ outcome: 'refused', why: 'body' });
    }
    expect(await countRows(node.engine, 'recovery', 'recovery_journal')).toBe(0);
  });

  it('finds by bisection which entries the database refuses, and applies all others', async () => {
    const organisation = await makeOrganisation();
    const edge = await startNode(host, { organisation });
    const drafts = distinctEscrows(40, 61).map((draft, index) =>
      draft.kind === 'escrow' && (index === 3 || index === 29)
        ? { ...draft, body: { ...draft.body, computerName: `poison-${String(index)}` } }
        : draft,
    );
    await edge.ledger.append('recovery', drafts);
    const faulty: FaultyEngine[] = [];
    const centre = await startNode(host, {
      organisation,
      role: 'centre',
      sliceEntries: 30,
      wrap: (engine) => {
        const one = new FaultyEngine(engine);
        faulty.push(one);
        return one;
      },
    });
    for (const engine of faulty) {
      engine.fault = {
        on: projects('poison-'),
        error: new EngineError('constraint', 'constraint failed: escrows'),
      };
    }
    expect((await copyAll(edge, centre, 'recovery')).map(({ outcome }) => outcome)).toEqual(['applied']);
    expect(
      (await markRows(centre.engine, 'recovery')).map(([, seq, kind, reason]) => [seq, kind, reason]),
    ).toEqual([
      [5, 'escrow', 'refused-by-database'],
      [31, 'escrow', 'refused-by-database'],
    ]);
    expect(await countRows(centre.engine, 'recovery', 'escrows')).toBe(38);
    expect(await segmentsOf(centre, 'recovery', edge.ledger.self)).toEqual(
      await segmentsOf(edge, 'recovery'),
    );
    expect(centre.alarms.total('entry-marked')).toBe(2);
  });

  it('blames no entry for a database that is busy while it bisects', async () => {
    const organisation = await makeOrganisation();
    const edge = await startNode(host, { organisation });
    await edge.ledger.append('recovery', distinctEscrows(5, 62));
    const [segment] = await segmentsOf(edge, 'recovery');
    let faulty: FaultyEngine | undefined;
    const wrap = (engine: Engine) => (faulty = new FaultyEngine(engine));
    const centre = await startNode(host, { organisation, sliceEntries: 1, wrap });
    if (!faulty || !segment) throw new Error('not set up');
    const before = faulty.batches;
    const first = new EngineError('constraint', 'constraint failed: escrows');
    const second = new EngineError('busy', 'no further detail');
    const now = () => (faulty?.batches ?? 0) - before;
    faulty.fault = {
      on: () => now() <= 2,
      get error() {
        return now() === 1 ? first : second;
      },
    };
    expect(await centre.ledger.absorb('recovery', segment)).toEqual({ outcome: 'refused', why: 'storage' });
    expect(await centre.ledger.absorb('recovery', segment)).toEqual(APPLIED);
    expect(await markRows(centre.engine, 'recovery')).toEqual([]);
    expect(await factRows(centre.engine, 'recovery')).toEqual(await factRows(edge.engine, 'recovery'));
  });

  it('does not take a compliance log for a recovery log', async () => {
    const organisation = await makeOrganisation();
    const edge = await startNode(host, { organisation });
    await edge.ledger.append('compliance', sample(edgeDrafts.compliance, 3, 1));
    const [segment] = await segmentsOf(edge, 'compliance');
    const centre = await startNode(host, { organisation });
    if (segment)
      expect(await centre.ledger.absorb('recovery', segment)).toEqual({ outcome: 'refused', why: 'head' });
  });
}
