/** What other processes over one database wrote is known here however it was found out, and compared only when it stands still. */
import { describe, expect, it } from 'vitest';
import { LibsqlEngine } from '../../central/libsql-engine.ts';
import { nodePlatform } from '../../central/platform.ts';
import { Configuration } from '../../shared/configuration.ts';
import { digestSliceAt } from '../../shared/journal/digest.ts';
import { type Engine, EngineError } from '../../shared/journal/engine.ts';
import { afterFile } from '../support/cleanup.ts';
import { FaultyEngine } from '../support/faulty-engine.ts';
import { overTheWire, startNode } from '../support/node.ts';
import { makeOrganisation } from '../support/organisation.ts';

/** Databases as at a server, that is told to sync when it is asked. */
class ServedEngine extends FaultyEngine {
  checkpoint = (): Promise<void> => Promise.resolve();

  served() {
    return { checkpoint: () => this.checkpoint() };
  }
}

async function server(): Promise<ServedEngine> {
  const inner = await LibsqlEngine.open({ recovery: { url: ':memory:' }, compliance: { url: ':memory:' } });
  afterFile(() => {
    inner.close();
  });
  return new ServedEngine(inner);
}

async function centreOn(engine: Engine, organisation: Awaited<ReturnType<typeof makeOrganisation>>) {
  const database = { open: () => Promise.resolve(engine) };
  const host = { platform: nodePlatform, database: () => Promise.resolve(database) };
  return startNode(host, { organisation, role: 'centre', database });
}

const region = (name: string) =>
  ({ kind: 'config', body: { kind: 'region', id: 'north', revision: 1, body: { name } } }) as const;

describe('a process of a centre', () => {
  it('knows configuration that a peer brought before it looked for what the other process wrote', async () => {
    const organisation = await makeOrganisation();
    const engine = await server();
    const [one, other] = [await centreOn(engine, organisation), await centreOn(engine, organisation)];
    const configuration = await Configuration.open(other.ledger, () => undefined);
    await one.ledger.append('recovery', [region('North')]);
    const segment = await one.ledger.read('recovery', one.ledger.self, 0, 100);
    if (!segment) throw new Error('an entry can be passed on');
    expect(await other.ledger.absorb('recovery', overTheWire(segment))).toEqual({ outcome: 'held' });
    await configuration.settled();
    expect(configuration.get('region', 'north')?.body.name).toBe('North');
    // Looking for it afterwards finds nothing new.
    await other.ledger.follow();
    expect(configuration.all('region')).toHaveLength(1);
  });

  it('goes on under a new incarnation at the next look when the server lost what was not synced', async () => {
    const organisation = await makeOrganisation();
    const engine = await server();
    const { ledger, alarms } = await centreOn(engine, organisation);
    await ledger.follow();
    const before = ledger.self;
    engine.checkpoint = async () => {
      // The power fails just before: the entry that was committed is gone.
      await engine.batch('recovery', [
        { sql: 'DELETE FROM recovery_journal', args: [] },
        { sql: 'DELETE FROM recovery_heads', args: [] },
        { sql: 'DELETE FROM recovery_origins', args: [] },
      ]);
      throw new EngineError('unavailable', 'cut off');
    };
    await expect(ledger.append('recovery', [region('North')])).rejects.toThrow('unavailable');
    engine.checkpoint = () => Promise.resolve();
    await ledger.follow().catch(() => undefined);
    await ledger.follow();
    expect(ledger.origins('recovery').size).toBe(0);
    expect(ledger.self).not.toBe(before);
    expect(alarms.list().filter(({ type }) => type === 'storage')).toEqual([]);
  });

  it('has no digest of a log that moved meanwhile (I5)', async () => {
    const organisation = await makeOrganisation();
    const { ledger, engine } = await centreOn(await server(), organisation);
    await ledger.append('recovery', [region('North')]);
    const digestAt = (at: number) =>
      digestSliceAt(engine, nodePlatform, 'recovery', { origin: ledger.self, at }, 1, 500);
    expect(await digestAt(2)).not.toBeNull();
    expect(await digestAt(1)).toBeNull();
  });
});
