import { expect, it } from 'vitest';
import { EngineError } from '../../shared/journal/engine.ts';
import { OverloadedError } from '../../shared/journal/turns.ts';
import { limits } from '../../shared/limits.ts';
import { auditBodies, distinctEscrows, edgeDrafts, sample } from '../support/drafts.ts';
import { FaultyEngine, binds } from '../support/faulty-engine.ts';
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
import { makeOrganisation } from '../support/organisation.ts';
import { countRows, factRows } from '../support/tables.ts';

/** What is left when an engine fails, and when several processes share a database. */
export function faultContract(host: Host): void {
  async function faultyNode(
    options: { role?: 'edge' | 'centre' } = {},
  ): Promise<TestNode & { faulty: FaultyEngine }> {
    let faulty: FaultyEngine | undefined;
    const organisation = await makeOrganisation();
    const node = await startNode(host, {
      organisation,
      ...options,
      wrap: (engine) => (faulty = new FaultyEngine(engine)),
    });
    if (!faulty) throw new Error('the engine was not wrapped');
    return { ...node, faulty };
  }
  const full = new EngineError('full', 'no further detail');

  it('has stored nothing when an append fails, and goes on afterwards (I1)', async () => {
    const { ledger, engine, faulty, alarms } = await faultyNode();
    await ledger.append('recovery', distinctEscrows(1, 1));
    faulty.fault = { on: () => true, error: full };
    await expect(ledger.append('recovery', distinctEscrows(2, 2))).rejects.toBe(full);
    expect(alarms.list()).toMatchObject([{ type: 'storage', subject: 'recovery' }]);
    expect(await countRows(engine, 'recovery', 'recovery_journal')).toBe(2);
    expect(await countRows(engine, 'recovery', 'escrows')).toBe(1);
    faulty.fault = null;
    const [entry] = await ledger.append('recovery', distinctEscrows(1, 3));
    expect(entry?.seq).toBe(3);
    expect(alarms.list()).toEqual([]);
  });

  it('goes on from what was committed when only the answer was lost', async () => {
    const { ledger, engine, faulty } = await faultyNode();
    await ledger.append('recovery', distinctEscrows(1, 1));
    const unavailable = new EngineError('unavailable', 'no further detail');
    faulty.fault = { on: () => true, error: unavailable, committed: true };
    await expect(ledger.append('recovery', distinctEscrows(1, 2))).rejects.toBe(unavailable);
    faulty.fault = null;
    const [entry] = await ledger.append('recovery', distinctEscrows(1, 3));
    expect(entry?.seq).toBe(4);
    expect(await countRows(engine, 'recovery', 'escrows')).toBe(3);
  });

  it('lets one bad append take none of its group with it (I9)', async () => {
    const { ledger, engine, faulty } = await faultyNode();
    const drafts = distinctEscrows(5, 4).map((draft, index) =>
      draft.kind === 'escrow' && index === 2
        ? { ...draft, body: { ...draft.body, computerName: 'poison' } }
        : draft,
    );
    faulty.fault = {
      on: binds('poison'),
      error: new EngineError('constraint', 'constraint failed: escrows'),
    };
    const outcomes = await Promise.allSettled(drafts.map((draft) => ledger.append('recovery', [draft])));
    expect(outcomes.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
    ]);
    expect(await countRows(engine, 'recovery', 'escrows')).toBe(4);
    expect(ledger.origins('recovery').get(ledger.self)?.seq).toBe(5);
  });

  it('lets a local statement that is wrong take none of its group with it', async () => {
    const { ledger, engine } = await faultyNode();
    const outcomes = await Promise.allSettled([
      ledger.append('recovery', distinctEscrows(1, 1)),
      ledger.note('recovery', [{ sql: 'INSERT INTO nowhere VALUES (1)', args: [] }]),
      ledger.append('recovery', distinctEscrows(1, 2)),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await countRows(engine, 'recovery', 'escrows')).toBe(2);
  });

  it('refuses a segment that cannot be stored, and takes it later', async () => {
    const centre = await faultyNode({ role: 'centre' });
    const edge = await startNode(host, { organisation: centre.organisation });
    await edge.ledger.append('recovery', distinctEscrows(20, 5));
    const [segment] = await segmentsOf(edge, 'recovery');
    if (!segment) throw new Error('nothing to read');
    let slices = 0;
    centre.faulty.fault = { on: () => (slices += 1) > 1, error: full };
    expect(await centre.ledger.absorb('recovery', segment)).toEqual({ outcome: 'refused', why: 'storage' });
    expect(vectorOf(centre, 'recovery')).toEqual({ [edge.ledger.self]: 7 });
    centre.faulty.readError = new EngineError('unavailable', 'no further detail');
    expect(await centre.ledger.absorb('recovery', segment)).toEqual({ outcome: 'refused', why: 'storage' });
    centre.faulty.fault = null;
    centre.faulty.readError = null;
    expect(await centre.ledger.absorb('recovery', segment)).toEqual(APPLIED);
    expect(await factRows(centre.engine, 'recovery')).toEqual(await factRows(edge.engine, 'recovery'));
    expect(centre.alarms.list().filter(({ type }) => type === 'storage')).toEqual([]);
  });

  it('loses and doubles nothing when two processes share its database', async () => {
    const organisation = await makeOrganisation();
    const one = await startNode(host, { organisation, role: 'centre' });
    const two = await restartNode(host, one);
    const edge = await startNode(host, { organisation });
    await edge.ledger.append('recovery', sample(edgeDrafts.recovery, 40, 6));
    const segments = await segmentsOf(edge, 'recovery');
    const appended = await Promise.all(
      sample(auditBodies, 40, 7).map((body, index) =>
        (index % 2 === 0 ? one : two).ledger.append('recovery', [{ kind: 'audit', body }]),
      ),
    );
    const outcomes = await Promise.all(
      segments.flatMap((segment) => [one, two, one].map((node) => node.ledger.absorb('recovery', segment))),
    );
    for (const { outcome } of outcomes) expect(['applied', 'held']).toContain(outcome);
    expect(await countRows(one.engine, 'recovery', 'recovery_journal')).toBe(40 + 2 + 41);
    expect(new Set(appended.flat().map(({ origin, seq }) => `${origin} ${String(seq)}`)).size).toBe(40);
    const third = await restartNode(host, one);
    expect(vectorOf(third, 'recovery')).toEqual({
      [one.ledger.self]: 21,
      [two.ledger.self]: 21,
      [edge.ledger.self]: 41,
    });
    expect(await factRows(third.engine, 'recovery', [edge.ledger.self])).toEqual(
      await factRows(edge.engine, 'recovery'),
    );
    // Each process's log can be forwarded, whoever took it in.
    const copy = await startNode(host, { organisation });
    await copyAll(third, copy, 'recovery');
    expect(vectorOf(copy, 'recovery')).toEqual(vectorOf(third, 'recovery'));
  });

  it('takes up what another process appended to a log in the meantime', async () => {
    const organisation = await makeOrganisation();
    const one = await startNode(host, { organisation, role: 'centre' });
    const two = await restartNode(host, one);
    const edge = await startNode(host, { organisation });
    for (let at = 0; at < 4; at += 1) await edge.ledger.append('recovery', distinctEscrows(2, 70 + at));
    const segments = await segmentsOf(edge, 'recovery', edge.ledger.self, 1);
    for (const [index, segment] of segments.entries()) {
      expect(await (index % 2 === 0 ? one : two).ledger.absorb('recovery', segment)).toEqual(APPLIED);
    }
    expect(await countRows(one.engine, 'recovery', 'escrows')).toBe(8);
  });

  it('leaves no gap when its database was restored under it', async () => {
    const organisation = await makeOrganisation();
    const centre = await startNode(host, { organisation, role: 'centre' });
    const edge = await startNode(host, { organisation });
    for (let at = 0; at < 3; at += 1) await edge.ledger.append('recovery', distinctEscrows(2, 90 + at));
    const [one, two, three] = await segmentsOf(edge, 'recovery', edge.ledger.self, 1);
    if (!one || !two || !three) throw new Error('three segments were asked for');
    await centre.ledger.absorb('recovery', one);
    const early = await centre.engine.rows('recovery', 'SELECT hash FROM recovery_origins', []);
    await centre.ledger.absorb('recovery', two);
    await centre.engine.batch('recovery', [
      { sql: 'DELETE FROM recovery_journal WHERE seq > 3', args: [] },
      { sql: 'DELETE FROM recovery_heads WHERE seq > 3', args: [] },
      { sql: 'UPDATE recovery_origins SET seq = 3, head_seq = 3, hash = ?', args: [early[0]?.[0] ?? null] },
    ]);
    expect(await centre.ledger.absorb('recovery', three)).toEqual({ outcome: 'gap' });
    expect(vectorOf(centre, 'recovery')).toEqual({ [edge.ledger.self]: 3 });
    expect(await centre.ledger.absorb('recovery', two)).toEqual(APPLIED);
    expect(await centre.ledger.absorb('recovery', three)).toEqual(APPLIED);
  });

  it('answers before it grows without bound (I12)', async () => {
    const { ledger, engine } = await faultyNode();
    const [draft] = distinctEscrows(1);
    if (!draft) throw new Error('no draft');
    const many = Array.from({ length: limits.appendQueueMax + 10 }, () => ledger.append('recovery', [draft]));
    const outcomes = await Promise.allSettled(many);
    const rejected = outcomes.filter((one) => one.status === 'rejected');
    expect(rejected).toHaveLength(10);
    for (const one of rejected) expect(one.reason).toBeInstanceOf(OverloadedError);
    expect(await countRows(engine, 'recovery', 'recovery_journal')).toBe(limits.appendQueueMax + 1);
  });
}
