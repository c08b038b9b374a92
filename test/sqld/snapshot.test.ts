/** Snapshot sets of stores at database servers, taken while edges and two of the centre's own writers go on. */
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { LibsqlEngine } from '../../central/libsql-engine.ts';
import { nodePlatform } from '../../central/platform.ts';
import { createSnapshot } from '../../central/snapshot/create.ts';
import type { SnapshotSettings } from '../../central/snapshot/settings.ts';
import { WriterRegister } from '../../central/snapshot/writers.ts';
import type { Cut } from '../../shared/snapshot/cut.ts';
import { selectFreeze, setFreeze } from '../../shared/journal/freeze.ts';
import { STORES } from '../../shared/journal/entry.ts';
import { heldVectors } from '../../shared/replication/service.ts';
import type { Origin } from '../../shared/trust/certificate.ts';
import { afterFile } from '../support/cleanup.ts';
import { freePorts } from '../support/cluster.ts';
import { edgeDrafts, sample } from '../support/drafts.ts';
import { openLedger, type SavedCentre } from '../support/saved-centre.ts';
import { copyDatabase, noSqld, Sqld } from '../support/sqld.ts';
import { startServed } from '../support/sqld-saved-centre.ts';
import { type Servers, serverSettings } from '../support/sqld-settings.ts';
import { startWorker } from '../support/snapshot.ts';

const PORTS_FROM = 11_480;
const SETS = 20;

describe.skipIf(noSqld)(`snapshot sets of database servers ${noSqld ?? ''}`, { timeout: 180_000 }, () => {
  let servers: Servers;
  let centre: SavedCentre;
  let settings: SnapshotSettings;

  beforeAll(async () => {
    ({ servers, centre, served: settings } = await startServed(PORTS_FROM));
  }, 60_000);

  const targets = () => ({ recovery: servers.recovery.target, compliance: servers.compliance.target });

  it(`takes ${String(SETS)} sets under a continuous load, each verified and at one cut (I11)`, async () => {
    const engine = await LibsqlEngine.open(targets());
    const ledger = await openLedger(engine, centre.identity);
    const append = async (number: number): Promise<void> => {
      await ledger.append('recovery', await centre.escrows(1, number));
      await ledger.append('compliance', sample(edgeDrafts.compliance, 1, number));
    };
    const taken: { frozenMs: number; structure: string; cut: Cut }[] = [];
    const stop = new AbortController();
    let writes = 0;
    const write = async (): Promise<void> => {
      while (!stop.signal.aborted) await append((writes += 1));
    };
    await append(1_000_000);
    const work = Promise.all([write(), write()]);
    for (let number = 0; number < SETS; number += 1) {
      const { manifest, verification } = await createSnapshot({ settings });
      taken.push({ frozenMs: manifest.frozenMs, structure: verification.structure, cut: manifest.cut });
    }
    stop.abort();
    await work;
    engine.close();
    expect(taken.map(({ structure }) => structure)).toEqual(Array(SETS).fill('verified'));
    expect(new Set(taken.map(({ cut }) => JSON.stringify(cut))).size).toBe(SETS);
    expect(writes).toBeGreaterThan(SETS);
    // Each of two writers wrote to one store and then to the other: at any instant the second lacks at most two.
    for (const { cut } of taken) {
      const [recovery = 0, compliance = 0] = STORES.map((store) => cut[store][ledger.self]);
      expect([0, 1, 2]).toContain(recovery - compliance);
    }
    expect(Math.max(...taken.map(({ frozenMs }) => frozenMs))).toBeLessThan(5_000);
    const writers = await new WriterRegister(settings.writersFolder).list();
    expect(writers.map(({ state, dependsOn }) => [state, dependsOn.facility])).toEqual([
      ['STABLE', 'embedded replica'],
      ['STABLE', 'embedded replica'],
    ]);
  });

  it('makes its replicas anew when a server went back to an older state and on from there', async () => {
    const aside = path.join(centre.folder, 'aside');
    const escrowed = async (seed: number): Promise<Origin> => {
      const engine = await LibsqlEngine.open(targets());
      const ledger = await openLedger(engine, centre.identity);
      await ledger.append('recovery', await centre.escrows(5, seed));
      engine.close();
      return ledger.self;
    };
    await servers.recovery.kill();
    await copyDatabase(servers.recovery.dataFolder, aside);
    await servers.recovery.start();
    const lost = await escrowed(2_000_000);
    expect((await createSnapshot({ settings })).manifest.cut.recovery[lost]).toBe(6);
    await servers.recovery.kill();
    await rm(path.join(servers.recovery.dataFolder, 'data-shm'), { force: true });
    await cp(aside, servers.recovery.dataFolder, { recursive: true });
    await servers.recovery.start();
    const next = await escrowed(3_000_000);
    const { manifest, verification } = await createSnapshot({ settings });
    expect(verification.structure).toBe('verified');
    expect([manifest.cut.recovery[lost], manifest.cut.recovery[next]]).toEqual([undefined, 6]);
  });

  it('is restored into new servers, which start from its files', async () => {
    const { id, manifest } = await createSnapshot({ settings });
    const folder = path.join(centre.folder, 'restored');
    const port = await freePorts(PORTS_FROM + 8, 6);
    const made = await Promise.all(
      STORES.map(async (store, index) => {
        const data = path.join(folder, store, 'data/dbs/default');
        await mkdir(data, { recursive: true });
        await cp(path.join(settings.folder, id, `${store}.db`), path.join(data, 'data'));
        return Sqld.start(path.join(folder, store), port + index * 3);
      }),
    );
    afterFile(() => Promise.all(made.map((server) => server.kill())));
    const [recovery, compliance] = made.map(({ target }) => target);
    if (!recovery || !compliance) throw new Error('there is a server per store');
    const engine = await LibsqlEngine.open({ recovery, compliance });
    const ledger = await openLedger(engine, centre.identity);
    expect(heldVectors(ledger)).toEqual(manifest.cut);
    await ledger.append('recovery', await centre.escrows(1, 4_000_000));
    engine.close();
  });

  it('is made at once after one that was killed while its gate was closed, but waits for a freeze of others', async () => {
    const identityFile = path.join(centre.folder, 'identity.json');
    await writeFile(identityFile, JSON.stringify(centre.identity));
    const env = {
      ...{ HOLDFAST_DATA: centre.folder, HOLDFAST_IDENTITY_FILE: identityFile },
      ...{ ...serverSettings(servers), HOLDFAST_SNAPSHOT_PLAIN: 'yes' },
    };
    const engine = await LibsqlEngine.open(targets());
    const held = async () => (await engine.rows('compliance', selectFreeze('compliance'), []))[0]?.[0];
    // The last frames are brought in a few milliseconds: a set that was too quick for it is followed by another.
    do {
      const { child, ended } = startWorker(env);
      while ((await held()) === undefined && child.exitCode === null) await nodePlatform.sleep(1);
      child.kill('SIGKILL');
      await ended;
    } while ((await held()) === undefined);
    await engine.batch('recovery', [setFreeze('recovery', 'another', 1_000)]);
    const began = performance.now();
    expect((await createSnapshot({ settings })).verification.structure).toBe('verified');
    expect(performance.now() - began).toBeLessThan(30_000);
    engine.close();
  });

  it('fails with one sentence, leaves the gate open, and works again, when a server is away or falls away', async () => {
    await servers.compliance.kill();
    await expect(createSnapshot({ settings })).rejects.toThrow(
      'The compliance database server does not answer (unavailable).',
    );
    await servers.compliance.start();
    const engine = await LibsqlEngine.open(targets());
    for (const store of STORES) expect(await engine.rows(store, selectFreeze(store), [])).toEqual([]);
    engine.close();
    expect((await createSnapshot({ settings })).verification.structure).toBe('verified');
  });
});
