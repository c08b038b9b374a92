import { describe, expect, it } from 'vitest';
import { chainSegment, headPayload } from '../../shared/journal/entry.ts';
import type { Entry } from '../../shared/journal/entry.ts';
import type { Draft } from '../../shared/journal/drafts.ts';
import { verifyJws } from '../../shared/trust/jws.ts';
import { nodeOf } from '../../shared/trust/certificate.ts';
import { configDrafts, distinctEscrows, edgeDrafts, sample, statusBodies } from '../support/drafts.ts';
import { type Host, restartNode, segmentsOf, startNode } from '../support/node.ts';
import { makeOrganisation } from '../support/organisation.ts';
import { countRows, viewRows } from '../support/tables.ts';

export function appendContract(host: Host): void {
  it('assigns gap-free places in a chain that ends in a signed head (I4)', async () => {
    const node = await startNode(host, { organisation: await makeOrganisation() });
    const { ledger, identity } = node;
    const written: Entry[] = [];
    for (const draft of sample(edgeDrafts.recovery, 20, 11))
      written.push(...(await ledger.append('recovery', [draft])));
    expect(written.map(({ seq }) => seq)).toEqual(written.map((_, index) => index + 2)); // 1 is the genesis
    const [segment, ...more] = await segmentsOf(node, 'recovery');
    expect(more).toEqual([]);
    if (!segment) throw new Error('nothing to read');
    const chained = chainSegment(host.platform, 'recovery', segment);
    expect(chained.slice(1)).toEqual(written);
    const head = headPayload.parse(
      (await verifyJws('holdfast-head', segment.head, identity.certificate.key))?.payload,
    );
    expect(head).toEqual({ store: 'recovery', origin: ledger.self, seq: 21, hash: chained.at(-1)?.hash });
  });

  it('lets appends that wait together share heads, acknowledges each, and has them all after a restart (I1)', async () => {
    const node = await startNode(host, { organisation: await makeOrganisation() });
    const drafts = distinctEscrows(600);
    const written = (
      await Promise.all(drafts.map((draft) => node.ledger.append('recovery', [draft])))
    ).flat();
    expect(new Set(written.map(({ seq }) => seq)).size).toBe(600);
    written.forEach((entry, index) => {
      expect(JSON.parse(entry.body ?? '')).toMatchObject({
        keyId: (drafts[index]?.body as { keyId: string }).keyId,
      });
    });
    expect(await countRows(node.engine, 'recovery', 'recovery_heads')).toBeLessThanOrEqual(4);
    const again = await restartNode(host, node);
    expect(again.ledger.origins('recovery').get(node.ledger.self)).toMatchObject({ seq: 601, headSeq: 601 });
    expect(await countRows(again.engine, 'recovery', 'escrows')).toBe(600);
  });

  it('writes entry, facts and local statements in one transaction (I3)', async () => {
    const { ledger, engine } = await startNode(host, { organisation: await makeOrganisation() });
    const local = (sql: string) => [{ sql, args: [] }];
    const [draft] = distinctEscrows(1);
    if (!draft) throw new Error('no draft');
    await ledger.append(
      'recovery',
      [draft],
      local(`INSERT INTO local_peers VALUES ('a', 'b', 'edge', NULL, 1, '{}', 2)`),
    );
    expect(await countRows(engine, 'recovery', 'local_peers')).toBe(1);
    const bad = local(`INSERT INTO local_peers VALUES ('a', 'b', 'edge', NULL, 1, '{}', 2)`);
    await expect(ledger.append('recovery', distinctEscrows(1, 99), bad)).rejects.toMatchObject({
      reason: 'constraint',
    });
    expect(await countRows(engine, 'recovery', 'escrows')).toBe(1);
    expect(await countRows(engine, 'recovery', 'recovery_journal')).toBe(2);
  });

  it('keeps both stores apart, and runs local statements alone', async () => {
    const { ledger, engine } = await startNode(host, { organisation: await makeOrganisation() });
    await Promise.all([
      ledger.append('recovery', sample(edgeDrafts.recovery, 3, 5)),
      ledger.append('compliance', sample(edgeDrafts.compliance, 2, 6)),
      ledger.note('compliance', [{ sql: `INSERT INTO local_seen VALUES ('d', 1, 2, 0)`, args: [] }]),
    ]);
    expect(ledger.origins('recovery').get(ledger.self)?.seq).toBe(4);
    expect(ledger.origins('compliance').get(ledger.self)?.seq).toBe(3);
    expect(await countRows(engine, 'compliance', 'local_seen')).toBe(1);
  });

  it('tells listeners what was committed, and a listener that throws harms nobody', async () => {
    const { ledger } = await startNode(host, { organisation: await makeOrganisation() });
    const heard: number[] = [];
    ledger.onCommit(() => {
      throw new Error('a listener with a bug');
    });
    const stop = ledger.onCommit((_store, entries) => heard.push(entries.length));
    await ledger.append('recovery', distinctEscrows(2));
    stop();
    await ledger.append('recovery', distinctEscrows(1, 8));
    expect(heard).toEqual([3]);
  });

  it('rejects a draft that it could not project itself, and no other', async () => {
    const { ledger, engine } = await startNode(host, {
      organisation: await makeOrganisation(),
      role: 'edge',
    });
    const outcomes = await Promise.allSettled([
      ledger.append('recovery', distinctEscrows(1, 1)),
      ledger.append('recovery', sample(configDrafts, 1, 1)), // only a centre may
      ledger.append('compliance', distinctEscrows(1, 2)), // another store's kind
      ledger.append('recovery', [{ kind: 'device-revocation', body: { deviceId: 'nobody', reason: '' } }]),
      ledger.append('recovery', [
        { kind: 'device-revocation', body: { deviceId: 'd-abcdefghijklmnop', reason: '\ud800' } },
      ]),
      ledger.append('recovery', [
        { kind: 'device-revocation', body: { deviceId: 'd-abcdefghijklmnop', reason: '\0' } },
      ]),
      ledger.append('recovery', distinctEscrows(1, 3)),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'rejected',
      'rejected',
      'rejected',
      'rejected',
      'fulfilled',
    ]);
    expect(await countRows(engine, 'recovery', 'escrows')).toBe(2);
    expect(await countRows(engine, 'recovery', 'recovery_journal')).toBe(3);
    expect(await countRows(engine, 'compliance', 'compliance_journal')).toBe(0);
  });

  describe('incarnations (I6)', () => {
    it('opens a new log at every start, at its first append, naming where the old one ended', async () => {
      const organisation = await makeOrganisation();
      const first = await startNode(host, { organisation });
      await first.ledger.append('recovery', distinctEscrows(2));
      const idle = await restartNode(host, first);
      expect(idle.ledger.origins('recovery').size).toBe(1);
      const second = await restartNode(host, first);
      await second.ledger.append('recovery', distinctEscrows(1, 9));
      expect(second.ledger.self).not.toBe(first.ledger.self);
      expect(nodeOf(second.ledger.self)).toBe(nodeOf(first.ledger.self));
      const ended = first.ledger.origins('recovery').get(first.ledger.self);
      const [segment] = await segmentsOf(second, 'recovery');
      const genesis = segment?.entries[0];
      expect(genesis && 'body' in genesis && JSON.parse(genesis.body)).toEqual({
        certificate: first.identity.certificateJws,
        predecessor: { origin: first.ledger.self, seq: 3, hash: ended?.hash },
      });
    });

    it('does not go on with a log that its database no longer has', async () => {
      const node = await startNode(host, { organisation: await makeOrganisation() });
      const { ledger, engine } = node;
      await ledger.append('recovery', distinctEscrows(1, 1));
      const early = await engine.rows('recovery', 'SELECT seq, hash FROM recovery_origins', []);
      await ledger.append('recovery', distinctEscrows(1, 2));
      // What a restored server looks like to a process that went on running.
      await engine.batch('recovery', [
        { sql: 'DELETE FROM recovery_journal WHERE seq > 2', args: [] },
        { sql: 'DELETE FROM recovery_heads WHERE seq > 2', args: [] },
        { sql: 'UPDATE recovery_origins SET seq = 2, head_seq = 2, hash = ?', args: [early[0]?.[1] ?? null] },
      ]);
      if (engine.served?.('recovery') || engine.kind === 'durable-object') {
        // A server lost what it had not synced, or a full disk what an object had told nobody: a new log is opened at once.
        const ended = ledger.self;
        await ledger.append('recovery', distinctEscrows(1, 3));
        expect([...ledger.origins('recovery').keys()]).toEqual([ended, ledger.self]);
        expect(ledger.self).not.toBe(ended);
        return;
      }
      await expect(ledger.append('recovery', distinctEscrows(1, 3))).rejects.toThrow();
      await expect(ledger.append('recovery', distinctEscrows(1, 4))).rejects.toThrow();
      expect(await countRows(engine, 'recovery', 'recovery_journal')).toBe(2);
      const after = await restartNode(host, node);
      await after.ledger.append('recovery', distinctEscrows(1, 5));
      expect([...after.ledger.origins('recovery').keys()]).toEqual([ledger.self, after.ledger.self]);
    });
  });

  it("takes the newest report by the device's own counter, in whichever order reports arrive (I14)", async () => {
    const { ledger, engine } = await startNode(host, { organisation: await makeOrganisation() });
    const [body] = sample(statusBodies, 1, 1);
    if (!body) throw new Error('no body');
    const report = (counter: number): Draft => ({ kind: 'status', body: { ...body, counter } });
    await ledger.append('compliance', [report(5), report(7), report(6)]);
    await ledger.append('compliance', [report(4)]);
    expect(await engine.rows('compliance', 'SELECT counter FROM computers', [])).toEqual([[7]]);
    const config = (revision: number, name: string): Draft => ({
      kind: 'config',
      body: { kind: 'region', id: 'north', revision, body: { name } },
    });
    const centre = await startNode(host, { organisation: await makeOrganisation(), role: 'centre' });
    await centre.ledger.append('recovery', [config(2, 'second'), config(1, 'first'), config(2, 'again')]);
    const named = await centre.engine.rows('recovery', `SELECT body FROM config_current`, []);
    expect(named).toEqual([['{"name":"second"}']]);
  });

  it('keeps every version of a key that anybody escrowed (I2)', async () => {
    const { ledger, engine } = await startNode(host, { organisation: await makeOrganisation() });
    const [draft] = distinctEscrows(1);
    if (draft?.kind !== 'escrow') throw new Error('no escrow');
    const other = (change: Partial<typeof draft.body>) => ({ ...draft, body: { ...draft.body, ...change } });
    await ledger.append('recovery', [draft, draft, other({ counter: 99 })]);
    await ledger.append('recovery', [
      other({ commitment: 'x'.repeat(43) }),
      other({ deviceId: 'd-aaaaaaaaaaaaaaaa' }),
    ]);
    expect((await viewRows(engine, 'recovery'))['recovery_keys']).toHaveLength(3);
    expect(await engine.rows('recovery', 'SELECT DISTINCT state FROM recovery_keys', [])).toEqual([
      ['conflicted'],
    ]);
  });
}
