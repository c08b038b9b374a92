/**
 * The recipes of docs/backup as they stand, against real repositories: a backup while edges are written to, another one
 * that stores little more, a restore into an empty place, and a drill on what came back. And that a backup which fails,
 * or never reports back, is loud.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Fleet } from '../../central/fleet/fleet.ts';
import type { LocalCluster } from '../../central/local/cluster.ts';
import { holdfastScript, missingPrograms, recipes, run } from '../support/backup.ts';
import { afterFile } from '../support/cleanup.ts';
import { disagreements, openFleet, startCluster, untilNone } from '../support/cluster.ts';
import { load } from '../support/load.ts';

const readiness = z.object({ alarms: z.array(z.object({ subject: z.string(), detail: z.string() })) });
const noted = z.object({ backup: z.object({ ok: z.boolean().nullable() }).nullable() });

const resticSummary = z.object({ data_added: z.number(), total_bytes_processed: z.number() });
const borgStats = z.object({
  archive: z.object({ stats: z.object({ original_size: z.number(), deduplicated_size: z.number() }) }),
});

describe('backup tools', { timeout: 120_000 }, () => {
  let cluster: LocalCluster;
  let fleet: Fleet;
  let folder = '';
  let holdfast = '';

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'holdfast-backup-'));
    afterFile(() => rm(folder, { recursive: true, force: true }));
    cluster = await startCluster(11_500);
    holdfast = await holdfastScript(path.join(folder, 'holdfast'), {
      HOLDFAST_DATA: cluster.centreData,
      HOLDFAST_IDENTITY_FILE: path.join(cluster.centreData, 'identity.json'),
    });
    fleet = await openFleet(cluster, { devices: 12, seed: 'backup tools' });
    await fleet.enrolAll();
    await write(400);
  }, 90_000);

  async function write(count: number): Promise<void> {
    const [edge] = cluster.plan.edges;
    await load(fleet, 'escrow', cluster.edgeUrl(edge?.name ?? ''), count);
  }

  /** Runs a tool while escrows go on coming in at an edge. */
  async function underLoad<T>(work: () => Promise<T>): Promise<T> {
    const goingOn = { is: true };
    const writing = (async () => {
      while (goingOn.is) await write(5);
    })();
    try {
      return await work();
    } finally {
      goingOn.is = false;
      await writing;
    }
  }

  const backupAlarms = async (): Promise<string[]> => {
    const answer = readiness.parse(await (await fetch(`${cluster.centreUrl}/readyz`)).json());
    return answer.alarms.filter(({ subject }) => subject === 'backup').map(({ detail }) => detail);
  };

  const lastBackup = async () =>
    noted.parse(JSON.parse((await run(holdfast, ['--json', 'snapshot', 'list'])).stdout)).backup?.ok;

  /** Whatever a tool gave back is a whole set, and a centre starts on it. */
  async function drill(set: string): Promise<void> {
    const { stdout } = await run(holdfast, ['--json', 'snapshot', 'drill', set]);
    expect(JSON.parse(stdout)).toMatchObject({ passed: true, differences: [] });
  }

  const stored = () => path.join(cluster.centreData, 'snapshots/current');

  describe('restic', () => {
    const missing = missingPrograms('restic');
    beforeEach(({ skip }) => skip(missing.length > 0, `needs ${missing.join(', ')}`));

    it('backs up under load, stores little twice, and gives back what passes a drill', async () => {
      const repository = path.join(folder, 'restic');
      await writeFile(path.join(folder, 'password'), 'a long one');
      const env = {
        ...{ RESTIC_REPOSITORY: repository, RESTIC_PASSWORD_FILE: path.join(folder, 'password') },
        ...{ RESTIC_CACHE_DIR: path.join(folder, 'restic-cache'), HOME: folder, HOLDFAST: holdfast },
      };
      await run('restic', ['init', '--quiet'], env);
      const backup = () => run('sh', [path.join(recipes, 'restic.sh')], env);
      await underLoad(backup);
      expect(await lastBackup()).toBe(true);
      await untilNone(() => disagreements(cluster), 20_000);
      await backup();
      // Its pieces are of half a megabyte and more, and in stores of two a changed page is a large part.
      await run(holdfast, ['snapshot', 'hook', 'pre']);
      const { stdout } = await run('restic', ['backup', '--json', '--tag', 'holdfast', stored()], env);
      await run(holdfast, ['snapshot', 'hook', 'post']);
      const { data_added: added, total_bytes_processed: all } = resticSummary.parse(
        JSON.parse(stdout.trim().split('\n').at(-1) ?? ''),
      );
      expect(added).toBeLessThan(0.5 * all);
      const target = path.join(folder, 'restic-back');
      await run('restic', ['restore', 'latest', '--tag', 'holdfast', '--target', target], env);
      await drill(path.join(target, stored()));
      await run('restic', ['check', '--quiet'], env);
    });

    it('is heard of when it fails', async () => {
      const env = { RESTIC_REPOSITORY: path.join(folder, 'none'), HOME: folder, HOLDFAST: holdfast };
      const failing = run('sh', [path.join(recipes, 'restic.sh')], {
        ...env,
        RESTIC_PASSWORD_FILE: path.join(folder, 'password'),
      });
      await expect(failing).rejects.toThrow(/does not exist|unable to open|Fatal/);
      const listed = run(holdfast, ['snapshot', 'list']);
      await expect(listed).rejects.toMatchObject({
        code: 1,
        stdout: expect.stringMatching(/Backup: the last one failed/),
      });
      const { stdout } = await run(holdfast, ['--json', 'writers', 'list']);
      expect(JSON.parse(stdout)).toMatchObject({
        writers: [
          { state: 'FAILED_AT_BACKUP_COMPLETE' },
          { lastError: { message: 'The backup tool failed.' } },
        ],
      });
    });
  });

  describe('borg and borgmatic', () => {
    const missing = missingPrograms('borg', 'borgmatic');
    beforeEach(({ skip }) => skip(missing.length > 0, `needs ${missing.join(', ')}`));

    const environment = () => ({
      ...{ BORG_REPO: path.join(folder, 'borg'), BORG_PASSPHRASE: 'a long one', BORG_BASE_DIR: folder },
      ...{ BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK: 'yes', HOME: folder, HOLDFAST: holdfast },
    });

    async function restored(): Promise<string> {
      const target = await mkdtemp(path.join(folder, 'borg-back-'));
      const env = environment();
      const { stdout } = await run('borg', ['list', '--short'], env);
      const newest = stdout.trim().split('\n').at(-1) ?? '';
      await run('borg', ['extract', `::${newest}`], env, target);
      return path.join(target, stored());
    }

    it('backs up under load, stores little twice, and gives back what passes a drill', async () => {
      const env = environment();
      await run('borg', ['init', '--encryption', 'repokey'], env);
      const backup = () => run('sh', [path.join(recipes, 'borg.sh')], env);
      await underLoad(backup);
      await untilNone(() => disagreements(cluster), 20_000);
      await backup();
      await write(3);
      await run(holdfast, ['snapshot', 'hook', 'pre']);
      const pieces = ['--chunker-params', 'fixed,16384'];
      const { stdout } = await run(
        'borg',
        ['create', '--json', ...pieces, '::holdfast-third', stored()],
        env,
      );
      await run(holdfast, ['snapshot', 'hook', 'post']);
      const { original_size: all, deduplicated_size: added } = borgStats.parse(JSON.parse(stdout)).archive
        .stats;
      expect(added).toBeLessThan(0.1 * all);
      await drill(await restored());
    });

    it('does the same by borgmatic and its hooks', async () => {
      const configuration = path.join(folder, 'borgmatic.yaml');
      const text = (await readFile(path.join(recipes, 'borgmatic.yaml'), 'utf8'))
        .replace('/var/lib/holdfast-centre/snapshots/current', stored())
        .replace('ssh://backup@backup.example.org/./holdfast', path.join(folder, 'borg'))
        .replace('cat /etc/borgmatic/passphrase', "echo 'a long one'")
        .replaceAll('- holdfast snapshot', `- ${holdfast} snapshot`);
      await writeFile(configuration, text, { mode: 0o600 });
      const env = { HOME: folder, BORG_BASE_DIR: folder };
      await underLoad(() => run('borgmatic', ['--config', configuration], env));
      expect(await lastBackup()).toBe(true);
      await drill(await restored());
      // Its repository is gone: borgmatic's own error hook tells Holdfast.
      await mkdir(path.join(folder, 'away'));
      await writeFile(configuration, text.replace(path.join(folder, 'borg'), path.join(folder, 'away')));
      await expect(run('borgmatic', ['--config', configuration], env)).rejects.toThrow();
      await expect(run(holdfast, ['snapshot', 'list'])).rejects.toMatchObject({ code: 1 });
    });
  });

  it('tells a tool not to begin while another one reads, and raises one that never reports back', async () => {
    await run(holdfast, ['snapshot', 'hook', 'pre', '--report', '1']);
    // The one before failed and is an alarm until it is looked at again, which says nothing of this one.
    const silent = 'the backup tool did not report back in time';
    await untilNone(async () => ((await backupAlarms()).includes(silent) ? [] : ['quiet']), 25_000);
    await run(holdfast, ['snapshot', 'hook', 'pre']);
    const second = run(holdfast, ['snapshot', 'hook', 'pre']);
    await expect(second).rejects.toMatchObject({
      stderr: expect.stringMatching(/Another backup is under way/),
    });
    await run(holdfast, ['snapshot', 'hook', 'post']);
    await expect(run(holdfast, ['snapshot', 'hook', 'post'])).rejects.toMatchObject({ code: 1 });
    await untilNone(backupAlarms, 25_000);
    const metrics = await (await fetch(`${cluster.centreUrl}/metrics`)).text();
    expect(metrics).toMatch(/holdfast_backup_last_success_timestamp_seconds 1\d{9}/);
  });

  it('gives up a snapshot that is not made in time, and leaves nothing under way', async () => {
    const holding = new DatabaseSync(path.join(cluster.centreData, 'recovery.db'));
    holding.exec('BEGIN IMMEDIATE');
    const late = run(holdfast, ['snapshot', 'hook', 'pre', '--timeout', '3']);
    await expect(late).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/not made within 3 s/),
    });
    holding.exec('ROLLBACK');
    holding.close();
    const { stdout } = await run(holdfast, ['--json', 'writers', 'list']);
    expect(JSON.parse(stdout)).toMatchObject({
      writers: [{ state: expect.stringMatching(/^FAILED_AT_/) }, { lastError: {} }],
    });
    await run(holdfast, ['snapshot', 'hook', 'pre']);
    await run(holdfast, ['snapshot', 'hook', 'post']);
  });

  /** The requirement that the project began with. */
  it('"Any backup technology that uses writers can discover it"', async () => {
    const { stdout } = await run(holdfast, ['--json', 'writers', 'list']);
    const { folder: writers } = z.object({ folder: z.string() }).parse(JSON.parse(stdout));
    const { token } = { token: cluster.secrets.tokens.administrator };
    const answer = await fetch(`${cluster.centreUrl}/v1/admin/writers`, {
      headers: { Authorization: `Bearer ${token}` },
    });
    // A tool that knows neither command nor address finds files, and in them all that it has to know.
    const { stdout: found } = await run('sh', ['-c', 'cat "$1"/*.json', 'sh', writers]);
    for (const name of ['Holdfast Recovery Store Writer', 'Holdfast Compliance Store Writer']) {
      expect(found).toContain(`"name": "${name}"`);
      expect(stdout).toContain(name);
    }
    expect(found).toContain('"restoreMethod"');
    expect(await answer.json()).toMatchObject({ writers: [{ state: 'STABLE' }, { state: 'STABLE' }] });
  });
});
