import { expect, it } from 'vitest';
import type { Engine } from '../../shared/journal/engine.ts';
import { clearFreeze, selectFreeze, setFreeze } from '../../shared/journal/freeze.ts';
import { limits } from '../../shared/limits.ts';
import { distinctEscrows } from '../support/drafts.ts';
import { APPLIED, type Host, segmentsOf, startNode } from '../support/node.ts';
import { makeOrganisation } from '../support/organisation.ts';
import { countRows } from '../support/tables.ts';

/** I11: while a freeze is in force nothing is written, by whatever process; it ends by itself. */
export function freezeContract(host: Host): void {
  const freeze = (engine: Engine, holder: string, ms: number) =>
    engine.batch('recovery', [setFreeze('recovery', holder, ms)]);
  const thaw = (engine: Engine, holder: string) =>
    engine.batch('recovery', [clearFreeze('recovery', holder)]);
  const holder = async (engine: Engine) =>
    (await engine.rows('recovery', selectFreeze('recovery'), []))[0]?.[0];

  it('holds up appends, notes and what others push, and lets them through after the thaw', async () => {
    const organisation = await makeOrganisation();
    const { ledger, engine, alarms } = await startNode(host, { organisation });
    const other = await startNode(host, { organisation });
    await other.ledger.append('recovery', distinctEscrows(20, 1));
    const [segment] = await segmentsOf(other, 'recovery');
    if (!segment) throw new Error('the other node has a log');
    await freeze(engine, 'set-1', 60_000);
    let done = 0;
    const writes = [
      ledger.append('recovery', distinctEscrows(1, 2)),
      ledger.note('recovery', [{ sql: `DELETE FROM local_peers`, args: [] }]),
      ledger.absorb('recovery', segment),
    ].map((write) => write.finally(() => (done += 1)));
    // The other store is a database of its own at a centre, and goes on.
    await ledger.note('compliance', [{ sql: `DELETE FROM local_seen`, args: [] }]);
    await host.platform.sleep(60);
    expect(done).toBe(0);
    expect(await countRows(engine, 'recovery', 'recovery_journal')).toBe(0);
    await thaw(engine, 'set-1');
    const [, , outcome] = await Promise.all(writes);
    expect(outcome).toEqual(APPLIED);
    expect(await countRows(engine, 'recovery', 'escrows')).toBe(21);
    expect(alarms.list()).toEqual([]);
  });

  it('is not taken over, not ended by another, and over at its deadline', async () => {
    const { ledger, engine } = await startNode(host, { organisation: await makeOrganisation() });
    await freeze(engine, 'set-1', 150);
    await freeze(engine, 'set-2', 60_000);
    await thaw(engine, 'set-2');
    expect(await holder(engine)).toBe('set-1');
    await ledger.append('recovery', distinctEscrows(1, 3));
    expect(await holder(engine)).toBeUndefined();
    await freeze(engine, 'set-3', 60_000);
    expect(await holder(engine)).toBe('set-3');
    // A clock that was set back ends a freeze instead of prolonging it.
    await engine.batch('recovery', [
      {
        sql: `UPDATE recovery_freeze SET set_at = set_at + 3600000, deadline = deadline + 3600000`,
        args: [],
      },
    ]);
    expect(await holder(engine)).toBeUndefined();
    await ledger.append('recovery', distinctEscrows(1, 4));
  });

  it('that stays beyond the bound is an error of its own, and no alarm', { timeout: 30_000 }, async () => {
    const hurried = { ...host.platform, sleep: () => host.platform.sleep(0) };
    const organisation = await makeOrganisation();
    const { ledger, engine, alarms } = await startNode(host, { organisation, platform: hurried });
    await freeze(engine, 'set-1', limits.freezeMsMax);
    const refused = { name: 'EngineError', reason: 'frozen' };
    await expect(ledger.append('recovery', distinctEscrows(1, 5))).rejects.toMatchObject(refused);
    // Whoever comes next need not wait as long again.
    const startedAt = host.platform.now();
    await expect(ledger.append('recovery', distinctEscrows(1, 6))).rejects.toMatchObject(refused);
    expect(host.platform.now() - startedAt).toBeLessThan(500);
    expect(alarms.list()).toEqual([]);
    await thaw(engine, 'set-1');
    const [entry] = await ledger.append('recovery', distinctEscrows(1, 7));
    expect(entry?.seq).toBe(2);
  });
}
