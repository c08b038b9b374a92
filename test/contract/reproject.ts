import { expect, it } from 'vitest';
import { Alarms } from '../../shared/alarms.ts';
import { areByOurRules } from '../../shared/journal/digest.ts';
import type { Engine } from '../../shared/journal/engine.ts';
import { PROJECTION_VERSION } from '../../shared/journal/kinds.ts';
import { reproject } from '../../shared/journal/reproject.ts';
import { distinctEscrows, edgeDrafts, sample } from '../support/drafts.ts';
import { type Host, restartNode, startNode } from '../support/node.ts';
import { makeOrganisation } from '../support/organisation.ts';
import { fleetFaults } from '../../shared/journal/fleet.ts';
import { countRows, factRows } from '../support/tables.ts';

/** I9, I5: tables made by other rules are made again from the journal, and what was marked is read again. */
export function reprojectContract(host: Host): void {
  it('makes the tables again when they were made by other rules, and only then', async () => {
    const organisation = await makeOrganisation();
    const node = await startNode(host, { organisation });
    await node.ledger.append('recovery', sample(edgeDrafts.recovery, 40, 71));
    await node.ledger.append('recovery', distinctEscrows(20, 72));
    const before = await factRows(node.engine, 'recovery');
    // Another version left half of the tables, one wrong row, and a mark on what it could not read.
    await node.engine.batch('recovery', [
      { sql: 'DELETE FROM escrows WHERE seq % 2 = 0', args: [] },
      { sql: "UPDATE escrows SET computer_name = 'edited'", args: [] },
      { sql: "INSERT INTO recovery_marks VALUES (?, 2, 'escrow', 'malformed')", args: [node.ledger.self] },
    ]);
    const again = await restartNode(host, node);
    expect(await factRows(again.engine, 'recovery')).not.toEqual(before);
    await again.engine.batch('recovery', [{ sql: 'UPDATE recovery_projection SET version = 0', args: [] }]);
    const upgraded = await restartNode(host, again);
    expect(await factRows(upgraded.engine, 'recovery')).toEqual(before);
    expect(await upgraded.engine.rows('recovery', 'SELECT * FROM recovery_marks', [])).toEqual([]);
    expect(await upgraded.engine.rows('recovery', 'SELECT version FROM recovery_projection', [])).toEqual([
      [PROJECTION_VERSION],
    ]);
  });

  it('reads again what a process of an older version set aside in tables of these rules', async () => {
    const organisation = await makeOrganisation();
    const node = await startNode(host, { organisation });
    await node.ledger.append('recovery', distinctEscrows(5, 74));
    const before = await factRows(node.engine, 'recovery');
    await node.engine.batch('recovery', [
      { sql: 'DELETE FROM escrows WHERE seq = 3', args: [] },
      { sql: "INSERT INTO recovery_marks VALUES (?, 3, 'escrow', 'unknown-kind')", args: [node.ledger.self] },
    ]);
    const upgraded = await restartNode(host, node);
    expect(await factRows(upgraded.engine, 'recovery')).toEqual(before);
    expect(await upgraded.engine.rows('recovery', 'SELECT * FROM recovery_marks', [])).toEqual([]);
  });

  it('keeps the table by which reports find computers, whatever changes the facts below it', async () => {
    const organisation = await makeOrganisation();
    const node = await startNode(host, { organisation });
    await node.ledger.append('compliance', sample(edgeDrafts.compliance, 60, 75));
    const { engine } = node;
    const devices = await countRows(engine, 'compliance', 'computers');
    expect(devices).toBeGreaterThan(3);
    const someDevice = 'SELECT device_id FROM computers ORDER BY device_id LIMIT 2';
    for (const sql of [
      `INSERT INTO local_seen SELECT device_id, 1, 1 << 45, 0 FROM (${someDevice})`,
      'UPDATE local_seen SET seen_at = seen_at + 1000, rolled_up = 1',
      // A clock that was put right: the last time is less than it was.
      'UPDATE local_seen SET seen_at = 1',
      'UPDATE seen SET seen_at = seen_at / 2',
      'DELETE FROM local_seen',
      'DELETE FROM seen WHERE seq % 2 = 0',
      'UPDATE status_reports SET counter = counter + 1, site_id = lower(computer_name)',
      `DELETE FROM status_reports WHERE device_id IN (${someDevice})`,
    ]) {
      await engine.batch('compliance', [{ sql, args: [] }]);
      expect([sql, ...(await fleetFaults(engine))]).toEqual([sql]);
    }
    expect(await countRows(engine, 'compliance', 'fleet')).toBe(devices - 2);
    await engine.batch('compliance', [{ sql: 'UPDATE compliance_projection SET version = 0', args: [] }]);
    const again = await restartNode(host, node);
    expect(await fleetFaults(again.engine)).toEqual([]);
    expect(await countRows(again.engine, 'compliance', 'fleet')).toBe(devices);
  });

  it('takes no row away that another process over the same database answers from meanwhile (I2)', async () => {
    const organisation = await makeOrganisation();
    const node = await startNode(host, { organisation, role: 'centre' });
    const { engine } = node;
    await node.ledger.append('recovery', [
      {
        kind: 'config',
        body: { kind: 'region', id: 'north', revision: 1, body: { name: 'North' } },
      },
    ]);
    for (let group = 0; group < 6; group += 1)
      await node.ledger.append('recovery', distinctEscrows(100, 75 + group));
    const before = await factRows(engine, 'recovery');
    const last = (before['escrows'] ?? []).length + 2;
    const keys = async () =>
      Number((await engine.rows('recovery', 'SELECT count(*) FROM escrows', []))[0]?.[0]);
    // By other rules a later entry had made the configuration, one key looked different, and one row came from nowhere.
    await engine.batch('recovery', [
      { sql: 'UPDATE config SET revision = 99, seq = ?', args: [last] },
      { sql: "UPDATE escrows SET computer_name = 'edited' WHERE seq = 3", args: [] },
      {
        sql: "INSERT INTO device_revocations (device_id, reason, origin, seq, hlc) VALUES ('d-a', 'x', 'nobody', 1, 1)",
        args: [],
      },
      { sql: "INSERT INTO recovery_marks VALUES ('nobody', 1, 'escrow', 'malformed')", args: [] },
    ]);
    const seen: number[] = [];
    const shared: Engine = {
      kind: engine.kind,
      rows: engine.rows.bind(engine),
      served: () => ({ checkpoint: null }),
      batch: async (store, statements) => {
        await engine.batch(store, statements);
        seen.push(await keys());
        expect(await areByOurRules(engine, 'recovery')).toBe(false);
      },
    };
    const { platform } = host;
    const parts = { platform, authority: organisation.authority, engine: shared, log: () => undefined };
    await reproject(parts, 'recovery', 99);
    expect([...new Set(seen)]).toEqual([600]);
    expect(await factRows(engine, 'recovery')).toEqual(before);
    expect(await engine.rows('recovery', 'SELECT * FROM recovery_marks', [])).toEqual([]);
  });

  it('begins again when it was interrupted', async () => {
    const organisation = await makeOrganisation();
    const node = await startNode(host, { organisation });
    await node.ledger.append('recovery', distinctEscrows(10, 73));
    const before = await factRows(node.engine, 'recovery');
    const { authority } = organisation;
    const platform = host.platform;
    let batches = 0;
    const engine = {
      kind: node.engine.kind,
      rows: node.engine.rows.bind(node.engine),
      batch: (...call: Parameters<typeof node.engine.batch>) => {
        batches += 1;
        return batches === 2 ? Promise.reject(new Error('killed')) : node.engine.batch(...call);
      },
    };
    const parts = {
      platform,
      authority,
      alarms: new Alarms(platform, () => undefined),
      log: () => undefined,
    };
    await expect(reproject({ ...parts, engine }, 'recovery', 99)).rejects.toThrow('killed');
    expect((await factRows(node.engine, 'recovery'))['escrows']).toEqual([]);
    const next = await restartNode(host, node);
    expect(await factRows(next.engine, 'recovery')).toEqual(before);
  });
}
