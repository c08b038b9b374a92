/** The life of a set: freeze and thaw, failures in every phase, interruption, encryption, results, retention. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { generateIdentity, identityToRecipient } from 'age-encryption';
import { describe, expect, it } from 'vitest';
import { nodePlatform } from '../../central/platform.ts';
import { captureFiles } from '../../central/snapshot/capture.ts';
import { createSnapshot } from '../../central/snapshot/create.ts';
import { backupFault, readBackup } from '../../central/snapshot/backup.ts';
import { afterBackup, beforeBackup } from '../../central/snapshot/hook.ts';
import { pruneSnapshots } from '../../central/snapshot/prune.ts';
import { RestoreError, restoreSet } from '../../central/snapshot/restore.ts';
import { SqliteEngine } from '../../central/snapshot/sqlite.ts';
import { verifySet } from '../../central/snapshot/verify.ts';
import { WriterRegister } from '../../central/snapshot/writers.ts';
import { vectorIn } from '../../central/snapshot/inspect.ts';
import { setFreeze } from '../../shared/journal/freeze.ts';
import { guardFreeze } from '../../shared/journal/statements.ts';
import { STORES } from '../../shared/journal/entry.ts';
import {
  type SavedCentre,
  freezesIn,
  makeSavedCentre,
  openFiles,
  openLedger,
  writeSomething,
} from '../support/saved-centre.ts';
import { makeSnapshot, repositoryOf, startWorker, verifyOptions } from '../support/snapshot.ts';

const writersOf = ({ settings }: SavedCentre) => new WriterRegister(settings.writersFolder).list();

async function workerEnv({ folder, identity }: SavedCentre): Promise<Record<string, string>> {
  const identityFile = path.join(folder, 'identity.json');
  await writeFile(identityFile, JSON.stringify(identity));
  return { HOLDFAST_DATA: folder, HOLDFAST_IDENTITY_FILE: identityFile, HOLDFAST_SNAPSHOT_PLAIN: 'yes' };
}

function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

describe('the gate', { timeout: 30_000 }, () => {
  it('lets nothing be written to either store while it is closed, and is open afterwards', async () => {
    const centre = await makeSavedCentre();
    await writeSomething(centre, 5, 1);
    const { files } = centre.settings;
    const tried: string[] = [];
    const { manifest } = await createSnapshot({
      settings: centre.settings,
      inGate: () => {
        for (const store of STORES) {
          const other = new DatabaseSync(files[store]);
          try {
            other.exec(guardFreeze(store).sql);
            tried.push('written');
          } catch (error) {
            tried.push(error instanceof Error ? error.message : '');
          } finally {
            // Reading waits for nothing.
            expect(other.prepare(`SELECT count(*) AS n FROM "${store}_journal"`).get()).toBeDefined();
            other.close();
          }
        }
      },
    });
    expect(tried).toEqual([
      'NOT NULL constraint failed: recovery_guard.ok',
      'NOT NULL constraint failed: compliance_guard.ok',
    ]);
    const engine = openFiles(files);
    const ledger = await openLedger(engine, centre.identity);
    await ledger.append('recovery', await centre.escrows(1, 2));
    expect(Object.keys(manifest.cut.recovery)).toHaveLength(1);
    expect(ledger.origins('recovery').size).toBe(2);
    engine.close();
    // The copies are not frozen: a centre that is restored from them writes at once.
    const copy = new SqliteEngine(
      path.join(repositoryOf(centre.settings).pathOf(manifest.id), 'recovery.db'),
      'read',
    );
    expect([...copy.iterate('SELECT * FROM recovery_freeze')]).toEqual([]);
    copy.close();
  });

  it('thaws by itself and fails the set, when it was not done in time', async () => {
    const centre = await makeSavedCentre();
    await writeSomething(centre, 5, 1);
    const late = createSnapshot({ settings: centre.settings, freezeMs: 100, inGate: () => pause(150) });
    await expect(late).rejects.toMatchObject({ name: 'SnapshotError', phase: 'thaw' });
    expect(await writersOf(centre)).toMatchObject([
      { store: 'recovery', state: 'FAILED_AT_THAW', lastError: { state: 'FAILED_AT_THAW' } },
      { store: 'compliance', state: 'FAILED_AT_THAW' },
    ]);
    expect(await repositoryOf(centre.settings).list()).toEqual([]);
    expect(await repositoryOf(centre.settings).last()).toMatchObject({ ok: false, id: null });
    await centre.write(async (ledger) => {
      await ledger.append('recovery', await centre.escrows(1, 2));
    });
    // The next one begins anew.
    await createSnapshot({ settings: centre.settings });
    expect(await writersOf(centre)).toMatchObject([{ state: 'STABLE' }, { state: 'STABLE' }]);
  });

  it('is not closed over another set that has it, and leaves that one its freeze', async () => {
    const centre = await makeSavedCentre();
    await writeSomething(centre, 5, 1);
    const engine = openFiles(centre.settings.files);
    await engine.batch('compliance', [setFreeze('compliance', 'another', 60_000)]);
    const second = createSnapshot({ settings: centre.settings, patienceMs: 0 });
    await expect(second).rejects.toMatchObject({
      phase: 'freeze',
      message: expect.stringMatching(
        /^Another snapshot or restore holds the compliance store, for (60|59) s/,
      ),
    });
    expect(await engine.rows('recovery', 'SELECT * FROM recovery_freeze', [])).toEqual([]);
    expect(await engine.rows('compliance', 'SELECT holder FROM compliance_freeze', [])).toEqual([
      ['another'],
    ]);
    engine.close();
    expect(await writersOf(centre)).toMatchObject([
      { state: 'FAILED_AT_FREEZE' },
      { state: 'FAILED_AT_FREEZE' },
    ]);
  });

  it('waits for that of another, which ends by itself', async () => {
    const centre = await makeSavedCentre();
    await writeSomething(centre, 5, 1);
    const engine = openFiles(centre.settings.files);
    await engine.batch('compliance', [setFreeze('compliance', 'another', 400)]);
    const steps = new Set<string>();
    const { verification } = await createSnapshot({
      settings: centre.settings,
      onProgress: (step) => {
        if (step === 'wait') steps.add(step);
        // While it waits, nothing is frozen by it.
        const [row] = step === 'wait' ? freezesIn(centre.settings.files.recovery, 'recovery') : [];
        expect(row).toBeUndefined();
      },
    });
    expect([...steps, verification.structure]).toEqual(['wait', 'verified']);
    engine.close();
  });

  it('that a killed process left closed is opened by the next one at once', async () => {
    const centre = await makeSavedCentre();
    await writeSomething(centre, 5, 1);
    const { files } = centre.settings;
    const env = await workerEnv(centre);
    // It has frozen the first store and waits for the second, which somebody writes to.
    const blocker = new DatabaseSync(files.compliance);
    blocker.exec('BEGIN IMMEDIATE');
    const { child, ended } = startWorker(env);
    while (freezesIn(files.recovery, 'recovery').length === 0 && child.exitCode === null)
      await nodePlatform.sleep(1);
    child.kill('SIGKILL');
    expect(await ended).toMatchObject({ code: null });
    blocker.close();
    expect(freezesIn(files.recovery, 'recovery')).toHaveLength(1);
    const began = performance.now();
    expect(await makeSnapshot(env)).toMatchObject({
      type: 'created',
      verification: { structure: 'verified' },
    });
    // Not when its freeze would have ended by itself.
    expect(performance.now() - began).toBeLessThan(30_000);
    for (const store of STORES) expect(freezesIn(files[store], store)).toEqual([]);
  });

  it('shows each store as it was inside, whatever is written and checkpointed while it is copied', async () => {
    const centre = await makeSavedCentre();
    await writeSomething(centre, 200, 1);
    const { files } = centre.settings;
    const copies = {
      recovery: path.join(centre.folder, 'r.copy'),
      compliance: path.join(centre.folder, 'c.copy'),
    };
    const engine = openFiles(files);
    const ledger = await openLedger(engine, centre.identity);
    await ledger.append('recovery', await centre.escrows(5, 2));
    const writes: Promise<unknown>[] = [];
    let written = 0;
    const before = Object.fromEntries(
      [...ledger.origins('recovery')].map(([origin, { seq }]) => [origin, seq]),
    );
    const drafts = await centre.escrows(40, 3);
    await captureFiles({
      ...{ holder: 'test', files, copies, freezeMs: 60_000, onProgress: () => undefined },
      onPhase: (phase) => {
        if (phase !== 'thaw') return;
        for (const draft of drafts)
          writes.push(ledger.append('recovery', [draft]).then(() => (written += 1)));
        void engine.rows('recovery', 'PRAGMA wal_checkpoint(PASSIVE)', []);
      },
    });
    await Promise.all(writes);
    engine.close();
    expect(written).toBe(40);
    const copy = new SqliteEngine(copies.recovery, 'read');
    expect(vectorIn(copy, 'recovery')).toEqual(before);
    copy.close();
  });
});

describe('a set', { timeout: 30_000 }, () => {
  it('that is interrupted leaves nothing that looks like one, and the next sweeps it away', async () => {
    const centre = await makeSavedCentre();
    await writeSomething(centre, 400, 1);
    const env = await workerEnv(centre);
    const { folder } = centre.settings;
    const left = (): string[] =>
      existsSync(folder) ? readdirSync(folder).filter((name) => name.startsWith('.partial-')) : [];
    for (let killed = 0; killed < 5; killed += 1) {
      const { child, ended } = startWorker(env);
      while (left().length === 0 && child.exitCode === null) await nodePlatform.sleep(1);
      await nodePlatform.sleep(killed * 15);
      child.kill('SIGKILL');
      const { messages } = await ended;
      // It was killed while it worked, or had finished; in between there is nothing.
      const finished = messages.some(({ type }) => type === 'created');
      expect(await repositoryOf(centre.settings).list()).toHaveLength(finished ? 1 : 0);
      if (finished) break;
    }
    const last = await makeSnapshot(env);
    expect(last).toMatchObject({ type: 'created', verification: { structure: 'verified' } });
    expect(left()).toEqual([]);
    expect(readdirSync(path.join(folder, '.scratch'))).toEqual([]);
    const states = (await new WriterRegister(path.join(centre.folder, 'writers')).list()).map(
      ({ state }) => state,
    );
    expect(states).toEqual(['STABLE', 'STABLE']);
  });

  it('is refused while another is made in the same folder', async () => {
    const centre = await makeSavedCentre();
    await writeSomething(centre, 5, 1);
    await repositoryOf(centre.settings).locked(async () => {
      const second = createSnapshot({ settings: centre.settings, patienceMs: 0 });
      await expect(second).rejects.toMatchObject({ name: 'SnapshotError', phase: 'prepare-backup' });
    });
    // Nor does it meddle with one that is under way.
    const refused: Promise<unknown>[] = [];
    await createSnapshot({
      settings: centre.settings,
      onProgress: () => {
        if (refused.length === 0)
          refused.push(
            createSnapshot({ settings: centre.settings, patienceMs: 0 }).catch((error: unknown) =>
              String(error),
            ),
          );
      },
    });
    expect(await refused[0]).toMatch(/Another process makes or drops a snapshot/);
    expect(await writersOf(centre)).toMatchObject([
      { state: 'STABLE', lastError: null },
      { state: 'STABLE', lastError: null },
    ]);
    expect(await repositoryOf(centre.settings).last()).toMatchObject({ ok: true });
  });

  it('is made of files that only their owner reads, beside whatever else lies in the folder', async () => {
    const centre = await makeSavedCentre();
    await writeSomething(centre, 5, 1);
    await mkdir(path.join(centre.settings.folder, 'notes'), { recursive: true });
    const { id } = await createSnapshot({ settings: centre.settings });
    const folder = repositoryOf(centre.settings).pathOf(id);
    for (const name of readdirSync(folder)) expect(statSync(path.join(folder, name)).mode & 0o077).toBe(0);
    for (const { instance } of await writersOf(centre)) {
      const file = path.join(centre.settings.writersFolder, `${instance}.json`);
      expect(statSync(file).mode & 0o777).toBe(0o600);
    }
    expect(await repositoryOf(centre.settings).list()).toMatchObject([
      { id, latest: { structure: 'verified' } },
    ]);
  });

  it('is encrypted unless one says otherwise, and then verified and restored by whoever has the identity', async () => {
    const centre = await makeSavedCentre();
    await writeSomething(centre, 5, 1);
    const undecided = createSnapshot({ settings: { ...centre.settings, encryption: 'undecided' } });
    await expect(undecided).rejects.toMatchObject({ name: 'SettingError' });
    const [ours, another] = [await generateIdentity(), await generateIdentity()];
    const recipients = [await identityToRecipient(ours)];
    const settings = { ...centre.settings, encryption: { recipients } };
    const { id, manifest, verification } = await createSnapshot({ settings });
    // Verified before it was encrypted.
    expect(verification.structure).toBe('verified');
    const folder = repositoryOf(settings).pathOf(id);
    expect(readdirSync(folder).sort()).toEqual(['compliance.db.age', 'manifest.json', 'recovery.db.age']);
    for (const { name } of manifest.files) {
      const bytes = await readFile(path.join(folder, name));
      expect(bytes.subarray(0, 21).toString()).toBe('age-encryption.org/v1');
      expect(bytes.includes('SQLite format')).toBe(false);
    }
    const results = [];
    for (const ageIdentities of [[], [another], [ours]])
      results.push(await verifySet(folder, verifyOptions(settings, { ageIdentities })));
    expect(results).toMatchObject([
      { structure: 'not-verified', findings: [] },
      { structure: 'not-verified', findings: [{ check: 'decryption' }, { check: 'decryption' }] },
      { structure: 'verified', findings: [] },
    ]);
    const files = {
      recovery: path.join(centre.folder, 'new/recovery.db'),
      compliance: path.join(centre.folder, 'new/compliance.db'),
    };
    const into = { folder, files, stores: STORES, force: false };
    await expect(restoreSet({ ...verifyOptions(settings), ...into })).rejects.toThrow(RestoreError);
    await restoreSet({ ...verifyOptions(settings, { ageIdentities: [ours] }), ...into });
    const restored = new SqliteEngine(files.recovery, 'read');
    expect(vectorIn(restored, 'recovery')).toEqual(manifest.cut.recovery);
    restored.close();
  });

  it('has keys opened that were not opened before, a sample of the rest, and all of them once a month', async () => {
    const centre = await makeSavedCentre();
    await writeSomething(centre, 300, 1);
    const opened = async () => {
      const { verification } = await createSnapshot({ settings: centre.settings });
      const [organisation] = verification.vaults;
      return [organisation?.copies, organisation?.opened];
    };
    expect(await opened()).toEqual([300, 300]);
    await centre.write(async (ledger) => {
      await ledger.append('recovery', await centre.escrows(7, 3));
    });
    const [copies, some] = await opened();
    expect(copies).toBe(307);
    // About 200 of the 300, and the 7.
    expect(some).toBeGreaterThan(150);
    expect(some).toBeLessThan(260);
    const file = path.join(centre.settings.folder, 'opened.json');
    const kept = await readFile(file, 'utf8');
    await writeFile(file, kept.replace(/"allAt":\d+/g, `"allAt":${String(Date.now() - 31 * 86_400_000)}`));
    expect(await opened()).toEqual([307, 307]);
    // Of a log that is not the one that was opened, nothing is left out.
    await writeFile(file, kept.replace(/"hash":"...../g, '"hash":"AAAAA'));
    expect(await opened()).toEqual([307, 307]);
  });

  it('is dropped when retention does not keep it, and its results with it', async () => {
    const centre = await makeSavedCentre();
    await writeSomething(centre, 3, 1);
    const ids: string[] = [];
    for (let made = 0; made < 3; made += 1)
      ids.push((await createSnapshot({ settings: centre.settings })).id);
    const policy = { last: 1, daily: 0, weekly: 0, monthly: 0 };
    const repository = repositoryOf(centre.settings);
    const planned = await pruneSnapshots(centre.settings, policy, true);
    expect(planned.dropped).toHaveLength(2);
    expect(await repository.list()).toHaveLength(3);
    await pruneSnapshots(centre.settings, policy);
    const kept = (await repository.list()).map(({ id }) => id);
    expect(kept).toHaveLength(1);
    for (const id of ids) expect((await repository.results(id)).length).toBe(kept.includes(id) ? 1 : 0);
  });
});

describe('a backup tool', { timeout: 30_000 }, () => {
  it('of two that begin at once, one is told to wait', async () => {
    const centre = await makeSavedCentre();
    await writeSomething(centre, 5, 1);
    const request = {
      ...{ settings: centre.settings, timeoutMs: 20_000, reportMs: 20_000 },
      env: await workerEnv(centre),
    };
    const both = await Promise.allSettled(
      ['restic', 'borg'].map((tool) => beforeBackup({ ...request, tool })),
    );
    const first = both[0]?.status === 'fulfilled' ? 'restic' : 'borg';
    const second = first === 'restic' ? 'borg' : 'restic';
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(both.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { message: expect.stringMatching(/^Another backup is under way/) },
    });
    // Nor does one that comes later, until the first has reported back.
    const later = beforeBackup({ ...request, tool: second });
    await expect(later).rejects.toThrow(`by ${first}, which has not reported back yet and has 1 min`);
    // The one that waits says that it failed, as borgmatic does then, and has not read anything.
    const note = () => readBackup(centre.settings.folder);
    await afterBackup(centre.settings, second, false);
    expect(await note()).toMatchObject({ tool: first, endedAt: null, ok: null });
    expect(backupFault(await note(), null, 0, Date.now())).toBe('failed');
    await expect(afterBackup(centre.settings, second, true)).rejects.toThrow(
      `No backup by ${second} is under way.`,
    );
    expect((await writersOf(centre)).map(({ state }) => state)).toEqual(['STABLE', 'STABLE']);
    await afterBackup(centre.settings, first, true);
    expect(await note()).toMatchObject({ tool: first, ok: true, lastOkAt: expect.any(Number) });
    expect(backupFault(await note(), null, 0, Date.now())).toBeNull();
    await afterBackup(centre.settings, second, false);
    expect(await note()).toMatchObject({ tool: second, ok: false, lastOkAt: expect.any(Number) });
  });
});

describe('restoring', () => {
  it('replaces a database only by force, never under a process that has it open, and keeps the old one aside', async () => {
    const centre = await makeSavedCentre();
    await writeSomething(centre, 5, 1);
    const { settings } = centre;
    const { id, manifest } = await createSnapshot({ settings });
    await writeSomething(centre, 5, 2);
    const request = {
      ...verifyOptions(settings),
      ...{ folder: repositoryOf(settings).pathOf(id), files: settings.files, stores: STORES },
    };
    await expect(restoreSet({ ...request, force: false })).rejects.toThrow(/--force/);
    const living = openFiles(settings.files);
    await living.rows('recovery', 'SELECT 1', []);
    await expect(restoreSet({ ...request, force: true })).rejects.toThrow(/stop the centre/);
    living.close();
    const { stores } = await restoreSet({ ...request, force: true, stores: ['recovery'] });
    const [restored] = stores;
    const vectors = [settings.files.recovery, restored?.aside ?? ''].map((file) => {
      const engine = new SqliteEngine(file, 'read');
      const vector = vectorIn(engine, 'recovery');
      engine.close();
      return vector;
    });
    expect(vectors[0]).toEqual(manifest.cut.recovery);
    expect(Object.keys(vectors[1] ?? {})).toHaveLength(2);
    // One store alone was asked for.
    const compliance = new SqliteEngine(settings.files.compliance, 'read');
    expect(Object.keys(vectorIn(compliance, 'compliance'))).toHaveLength(2);
    compliance.close();
    // I6: what is written next is a new log, not another end of the old one.
    await centre.write(async (ledger) => {
      await ledger.append('recovery', await centre.escrows(1, 3));
      expect(ledger.origins('recovery').size).toBe(2);
    });
  });

  it('of two to one place at once, one is told to wait, and the other puts all of it there', async () => {
    const centre = await makeSavedCentre();
    await writeSomething(centre, 5, 1);
    const { settings } = centre;
    const { id, manifest } = await createSnapshot({ settings });
    const place = (store: string): string => path.join(centre.folder, 'new', `${store}.db`);
    const request = {
      ...verifyOptions(settings),
      ...{ folder: repositoryOf(settings).pathOf(id), stores: STORES, force: true },
      files: { recovery: place('recovery'), compliance: place('compliance') },
    };
    const both = await Promise.allSettled([restoreSet(request), restoreSet(request)]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(both.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { message: expect.stringMatching(/^Another process restores to /) },
    });
    for (const store of STORES) {
      const restored = new SqliteEngine(place(store), 'read');
      expect(vectorIn(restored, store)).toEqual(manifest.cut[store]);
      restored.close();
    }
  });

  it('finds the newest set that is not after a time or a cut', async () => {
    const centre = await makeSavedCentre();
    const { settings } = centre;
    const made = [];
    for (const seed of [1, 2, 3]) {
      await writeSomething(centre, 2, seed);
      made.push((await createSnapshot({ settings })).manifest);
      await nodePlatform.sleep(5);
    }
    const repository = repositoryOf(settings);
    const [first, second, third] = made;
    if (!first || !second || !third) throw new Error('three were made');
    expect((await repository.newest())?.id).toBe(third.id);
    expect((await repository.newest({ at: second.times.frozen }))?.id).toBe(second.id);
    expect((await repository.newest({ at: second.times.frozen - 1 }))?.id).toBe(first.id);
    expect((await repository.newest({ cut: second.cut }))?.id).toBe(second.id);
    expect(await repository.newest({ at: first.times.frozen - 1 })).toBeNull();
    await rm(path.join(repository.pathOf(third.id), 'manifest.json'));
    expect((await repository.newest())?.id).toBe(second.id);
    expect(await repository.list()).toMatchObject([
      { id: first.id },
      { id: second.id },
      { fault: 'missing' },
    ]);
  });
});
