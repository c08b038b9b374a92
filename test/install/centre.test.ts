/**
 * Installing a centre is one transaction. At every point where something can go wrong a fault is injected, and at every
 * one of them the process is killed as well; each time the machine is compared with itself before, file by file.
 */
import { spawnSync } from 'node:child_process';
import { mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, inject, it } from 'vitest';
import { InstallError } from '../../central/install/error.ts';
import { fault } from '../../central/words/fault.ts';
import { recoverInstallation } from '../../central/install/journal.ts';
import { STEPS } from '../../central/install/steps.ts';
import { uninstallCentre } from '../../central/install/uninstall.ts';
import { packageRoot } from '../../central/local/processes.ts';
import { nodePlatform } from '../../central/platform.ts';
import { SqliteEngine } from '../../central/snapshot/sqlite.ts';
import { WriterRegister } from '../../central/snapshot/writers.ts';
import { migrations } from '../../migrations/index.ts';
import { setFreeze } from '../../shared/journal/freeze.ts';
import { STORES } from '../../shared/journal/entry.ts';
import { migrate } from '../../shared/journal/migrate.ts';
import { generateVault } from '../../shared/vault/seal.ts';
import { type BareMachine, bareMachine, centreIdentity, photograph } from '../support/install.ts';
import { makePrivateKey } from '../support/organisation.ts';
import { openFiles, openLedger } from '../support/saved-centre.ts';

const filesOf = ({ layout }: BareMachine) => ({
  recovery: path.join(layout.data, 'recovery.db'),
  compliance: path.join(layout.data, 'compliance.db'),
});

/** The points that installing passes on this machine. */
async function pointsOf(machine: BareMachine): Promise<string[]> {
  const points: string[] = [];
  await machine.install({ atPoint: (point) => void points.push(point) });
  return points;
}

function kill(machine: BareMachine, point: string): string | null {
  const program = path.join(packageRoot(), 'dist/test/install/program.js');
  const args = [program, machine.root, machine.identityFile, point];
  return spawnSync(process.execPath, args, { encoding: 'utf8' }).signal;
}

/** What a person did to a centre after it was installed: an entry in each store. */
async function use(machine: BareMachine): Promise<void> {
  const engine = openFiles(filesOf(machine));
  const ledger = await openLedger(engine, machine.identity);
  const body = { kind: 'region', id: 'centro', revision: 1, body: { name: 'Centro' } } as const;
  await ledger.append('recovery', [{ kind: 'config', body }]);
  await ledger.idle();
  engine.close();
}

describe('installing a centre', { timeout: 120_000 }, () => {
  it('puts everything in its place, registers both writers, and changes nothing when it is done again', async () => {
    const machine = await bareMachine();
    const first = await machine.install({ changes: new Map([['HOLDFAST_SNAPSHOT_EVERY', '6h']]) });
    expect(first.writers.map(({ name, state }) => [name, state])).toEqual([
      ['Holdfast Recovery Store Writer', 'STABLE'],
      ['Holdfast Compliance Store Writer', 'STABLE'],
    ]);
    const { layout } = machine;
    const seen = await photograph(machine.root);
    expect(seen['etc/holdfast/identity.json']).toMatch(/^100600 /);
    expect(seen['etc/holdfast/centre.env']).toMatch(/^100600 /);
    expect(seen['var/lib/holdfast-centre']).toMatch(/^40700 /);
    expect(seen['var/lib/.holdfast-install']).toBeUndefined();
    expect(await readFile(layout.settings, 'utf8')).toBe('HOLDFAST_SNAPSHOT_EVERY=6h\n');
    expect(seen['usr/local/bin/holdfast']).toMatch(/scripts\/holdfast\.sh$/);
    expect(
      await readFile(path.join(layout.wants, 'holdfast-centre.service'), 'utf8').catch(() => 'a link'),
    ).toBe('a link');
    await use(machine);
    const before = await photograph(machine.root);
    const second = await machine.install();
    expect(second.changed).toEqual([]);
    expect(second.writers).toEqual(first.writers);
    expect(withoutDatabases(await photograph(machine.root))).toEqual(withoutDatabases(before));
    const third = await machine.install({ changes: new Map([['HOLDFAST_SNAPSHOT_EVERY', '']]) });
    expect(third.changed).toEqual([layout.settings]);
  });

  it('leaves the machine as it was, whatever fails: a fault at each point, and then a clean install works', async () => {
    const points = await pointsOf(await bareMachine());
    for (const step of STEPS) expect(points).toEqual(expect.arrayContaining([`${step} begins`]));
    const machine = await bareMachine();
    const before = await photograph(machine.root);
    for (const point of points) {
      const failing = machine.install({
        atPoint: (now) => {
          if (now === point) throw new InstallError(fault('unreadable', `injected: ${point}`));
        },
      });
      await expect(failing).rejects.toMatchObject({
        message: `injected: ${point} cannot be read.`,
        kept: [],
      });
      expect(await photograph(machine.root), point).toEqual(before);
    }
    expect((await machine.install()).writers).toHaveLength(2);
  });

  it('leaves the machine as it was when it is killed at any point, once anything of Holdfast runs again', async () => {
    expect(inject('buildError')).toBeNull();
    const points = await pointsOf(await bareMachine());
    const machine = await bareMachine();
    const before = await photograph(machine.root);
    // Between two of these the journal says nothing new.
    for (const point of points.filter((each) => / is done$|recovery\.db$/.test(each))) {
      expect(kill(machine, point), point).toBe('SIGKILL');
      expect(await recoverInstallation(machine.layout.state)).toEqual([]);
      expect(await photograph(machine.root), point).toEqual(before);
    }
    expect(kill(machine, 'the compliance writer is registered')).toBe('SIGKILL');
    // The next installation undoes it first, and then succeeds.
    expect(await machine.install()).toMatchObject({ recovered: [], writers: [{}, {}] });
  });

  it('leaves an installed centre as it was when an upgrade fails, with all it held', async () => {
    const machine = await bareMachine();
    await machine.install();
    await useOlderDatabases(machine);
    await writeFile(path.join(machine.layout.units, 'holdfast-centre.service'), '# of the version before\n');
    const before = await photograph(machine.root);
    const changes = new Map([['HOLDFAST_PORT', '8799']]);
    for (const step of STEPS) {
      const failing = machine.install({
        changes,
        atPoint: (now) => {
          if (now === `${step} is done`) throw new InstallError(fault('unreadable', 'injected'));
        },
      });
      await expect(failing).rejects.toThrow('injected');
      expect(await photograph(machine.root), step).toEqual(before);
    }
    const upgraded = await machine.install({ changes });
    expect(upgraded.changed).toEqual(expect.arrayContaining(Object.values(filesOf(machine))));
    await use(machine);
  });

  it('undoes nothing that somebody wrote to in between (I2)', async () => {
    const machine = await bareMachine();
    expect(kill(machine, 'writers begins')).toBe('SIGKILL');
    await use(machine);
    const kept = await recoverInstallation(machine.layout.state);
    expect(kept).toEqual([
      expect.stringMatching(/recovery\.db stays as it is: something was written/),
      expect.stringMatching(/holdfast-centre stays: something else is in it/),
    ]);
    expect(await photograph(machine.root)).toHaveProperty(['var/lib/holdfast-centre/recovery.db']);
  });

  it('refuses what it cannot do with one sentence that says why', async () => {
    const machine = await bareMachine();
    const before = await photograph(machine.root);
    const refused = async (over: Parameters<BareMachine['install']>[0], why: RegExp) => {
      await expect(machine.install(over)).rejects.toThrow(why);
      expect(await photograph(machine.root)).toEqual(before);
    };
    await refused({ identityFile: null }, /^Give the identity made for this centre/);
    const other = path.join(machine.root, '../other.json');
    await writeFile(other, '{}');
    await refused({ identityFile: other }, /is not an identity made by "holdfast centre enrol"\.$/);
    await writeFile(other, JSON.stringify({ ...machine.identity, organisation: await strangerKey() }));
    await refused(
      { identityFile: other },
      /^The identity is not signed by the organisation that it names\.$/,
    );
    await refused({ changes: new Map([['HOLDFAST_PORT', 'x']]) }, /^HOLDFAST_PORT is not usable/);
    await rm(machine.layout.units, { recursive: true });
    await writeFile(machine.layout.units, 'in the way');
    await expect(machine.install()).rejects.toThrow(/^The machine refused \((ENOTDIR|EEXIST)\)/);
    await rm(machine.layout.units);
    await mkdir(machine.layout.units);
    expect(await photograph(machine.root)).toEqual(before);
  });

  it('refuses a vault key that is not the one the secrets in the database are sealed to', async () => {
    const machine = await bareMachine();
    await machine.install();
    const engine = openFiles(filesOf(machine));
    const ledger = await openLedger(engine, machine.identity);
    const { publicKey } = await generateVault('organisation-1');
    const vault = {
      scope: 'organisation',
      regionId: null,
      publicKey: publicKey.publicKey,
      retired: false,
    } as const;
    const body = { kind: 'vault', id: 'organisation-1', revision: 1, body: vault } as const;
    await ledger.append('recovery', [{ kind: 'config', body }]);
    await ledger.idle();
    engine.close();
    await expect(machine.install()).rejects.toThrow(/is another one than the secrets in the database/);
    const identity = await centreIdentity(machine.organisationKey, []);
    await writeFile(machine.identityFile, JSON.stringify(identity));
    expect((await machine.install()).changed).toEqual([machine.layout.identity]);
  });

  it('takes a centre off again and keeps its data, unless told', async () => {
    const machine = await bareMachine();
    const before = await photograph(machine.root);
    await machine.install();
    await use(machine);
    const { root, layout } = machine;
    const installed = await photograph(root);
    const failing = uninstallCentre({
      ...{ root, removeData: true },
      atPoint: (point) => {
        if (point === 'everything is removed') throw new InstallError(fault('unreadable', 'injected'));
      },
    });
    await expect(failing).rejects.toThrow('injected');
    expect(await photograph(root)).toEqual(installed);
    const { deregistered } = await uninstallCentre({ root, removeData: false });
    expect(deregistered).toEqual(['Holdfast Recovery Store Writer', 'Holdfast Compliance Store Writer']);
    expect(await new WriterRegister(layout.writers).list()).toEqual([]);
    expect(await photograph(root)).toHaveProperty(['var/lib/holdfast-centre/recovery.db']);
    // Installed again, it is the centre that it was.
    await machine.install({ identityFile: null });
    await uninstallCentre({ root, removeData: true });
    const left = await photograph(root);
    expect(Object.keys(left).filter((name) => !(name in before))).toEqual([
      'etc/holdfast',
      'etc/systemd/system/multi-user.target.wants',
      ...['usr', 'usr/local', 'usr/local/bin'],
    ]);
  });
});

/** The requirements that the project began with, in their own words. */
describe('the snapshot writer that MBAM had', { timeout: 60_000 }, () => {
  it('"The installer registers it; a failure to register rolls the server\'s installation back"', async () => {
    const machine = await bareMachine();
    // A file stands where writers are registered.
    await mkdir(machine.layout.data, { recursive: true });
    await writeFile(machine.layout.writers, 'not a folder');
    const before = await photograph(machine.root);
    await expect(machine.install()).rejects.toBeInstanceOf(InstallError);
    expect(await photograph(machine.root)).toEqual(before);
    await rm(machine.layout.writers);
    expect((await machine.install()).writers).toHaveLength(2);
  });

  it('"It depends on the SQL Server VSS writer": on the engine\'s own facility, and is not registered without it', async () => {
    const machine = await bareMachine();
    const { writers } = await machine.install();
    for (const { dependsOn } of writers)
      expect(dependsOn).toEqual({ engine: 'libsql-file', facility: 'read snapshots of the write-ahead log' });
    await uninstallCentre({ root: machine.root, removeData: false });
    const { recovery } = filesOf(machine);
    const withoutWriters = async (why: RegExp) => {
      const before = withoutDatabases(await photograph(machine.root));
      await expect(machine.install()).rejects.toThrow(why);
      expect(withoutDatabases(await photograph(machine.root))).toEqual(before);
      expect(await new WriterRegister(machine.layout.writers).list()).toEqual([]);
    };
    const database = new DatabaseSync(recovery);
    // Somebody else's snapshot holds the gate.
    const { sql, args } = setFreeze('recovery', 'another', 60_000);
    database.prepare(sql).run(...args);
    await withoutWriters(
      /^The trial snapshot failed, .*Another snapshot or restore holds the recovery store, for \d+ s at most/,
    );
    database.exec('DELETE FROM recovery_freeze; PRAGMA journal_mode = DELETE');
    database.close();
    await withoutWriters(/^The trial snapshot failed, .*has no write-ahead log/);
    const again = new DatabaseSync(recovery);
    again.exec('PRAGMA journal_mode = WAL');
    const page = again.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'recovery_journal'").get();
    again.close();
    await damage(recovery, Number(page?.['rootpage']));
    await withoutWriters(/^The trial snapshot of the recovery store is not a whole database/);
    // A server that does not answer proves nothing either, and one store at a server is no topology.
    const url = 'http://127.0.0.1:11599';
    const servers = [
      ['HOLDFAST_RECOVERY_URL', url],
      ['HOLDFAST_COMPLIANCE_URL', url],
    ] as const;
    await expect(machine.install({ changes: new Map(servers) })).rejects.toThrow(/servers do not answer/);
    await expect(machine.install({ changes: new Map([servers[0]]) })).rejects.toThrow(
      /both at database servers/,
    );
  });
});

async function strangerKey() {
  const { d: _private, ...key } = await makePrivateKey();
  return key;
}

/** Databases are opened by a trial snapshot; that they hold the same is for their journals to say. */
function withoutDatabases(seen: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(seen).filter(([name]) => !/\.db(-wal|-shm)?$/.test(name)));
}

/** As the first version would have left them, with a write-ahead log. */
async function useOlderDatabases(machine: BareMachine): Promise<void> {
  for (const store of STORES) {
    const file = filesOf(machine)[store];
    for (const suffix of ['', '-wal', '-shm']) await rm(`${file}${suffix}`, { force: true });
    const engine = new SqliteEngine(file, 'write');
    engine.execute('PRAGMA journal_mode = WAL');
    await migrate(engine, store, migrations[store].slice(0, 1), nodePlatform);
    engine.close();
  }
}

/** Overwrites a page of a table that installing does not look into. */
async function damage(file: string, page: number): Promise<void> {
  const handle = await open(file, 'r+');
  await handle.write(Buffer.alloc(4096, 0xa5), 0, 4096, (page - 1) * 4096);
  await handle.close();
}
