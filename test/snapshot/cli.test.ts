/** `holdfast snapshot` and `holdfast writers` as a person or a script has them: what they print and how they end. */
import { spawnSync } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { makeIdentity } from '../../central/local/secrets.ts';
import { backupFault } from '../../central/snapshot/backup.ts';
import { packageRoot } from '../../central/local/processes.ts';
import { type SavedCentre, makeSavedCentre, openFiles, writeSomething } from '../support/saved-centre.ts';

const created = z.object({
  id: z.string(),
  folder: z.string(),
  verification: z.object({ structure: z.string() }),
});

describe('holdfast snapshot', { timeout: 120_000 }, () => {
  let centre: SavedCentre;
  let env: Record<string, string> = {};

  beforeAll(async () => {
    centre = await makeSavedCentre('file');
    await writeSomething(centre, 10, 1);
    const identity = path.join(centre.folder, 'identity.json');
    await writeFile(identity, JSON.stringify(centre.identity));
    env = { HOLDFAST_DATA: centre.folder, HOLDFAST_IDENTITY_FILE: identity };
  });

  afterAll(() => rm(centre.folder, { recursive: true, force: true }));

  function holdfast(...args: string[]) {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [path.join(packageRoot(), 'dist/central/cli/holdfast.js'), ...args],
      { encoding: 'utf8', env: { PATH: process.env['PATH'], ...env } },
    );
    return { status, stdout, stderr };
  }

  const json = (...args: string[]): { status: number | null; value: unknown } => {
    const { status, stdout } = holdfast('--json', ...args);
    return { status, value: JSON.parse(stdout) };
  };

  it('makes, lists, shows, verifies and drills', async () => {
    const made = json('snapshot', 'create', '--plain');
    const { id, verification } = created.parse(made.value);
    expect([made.status, verification.structure]).toEqual([0, 'verified']);
    expect(json('snapshot', 'list')).toMatchObject({ status: 0, value: { snapshots: [{ id }] } });
    expect(json('snapshot', 'show', id)).toMatchObject({ status: 0, value: { id, verifications: [{}] } });
    // The region's vault key is not here; the file of it makes the second result as well.
    expect(holdfast('snapshot', 'verify', '--require-opens').status).toBe(1);
    const key = path.join(centre.folder, 'region.json');
    await writeFile(key, JSON.stringify(centre.vaults[1]?.key));
    expect(holdfast('snapshot', 'verify', id, '--require-opens', '--vault', key).status).toBe(0);
    expect(json('snapshot', 'drill', id)).toMatchObject({ status: 0, value: { id, passed: true } });
    const out = path.join(centre.folder, 'seed');
    expect(holdfast('snapshot', 'seed', '--out', out).status).toBe(2);
  });

  it('seeds an edge, whose file then verifies, and drops what retention does not keep', async () => {
    const scope = { recovery: 'region', compliance: 'region' } as const;
    const subject = { name: 'edge-new', role: 'edge', regionId: 'north', siteId: 'north-1', scope } as const;
    const identity = path.join(centre.folder, 'edge.json');
    await writeFile(identity, JSON.stringify(await makeIdentity(centre.organisationKey, subject, [])));
    const out = path.join(centre.folder, 'stick');
    const seeded = json('snapshot', 'seed', '--certificate', identity, '--out', out);
    expect(seeded).toMatchObject({
      status: 0,
      value: { folder: out, file: path.join(out, 'edge.sqlite'), manifest: { edge: { name: 'edge-new' } } },
    });
    expect(holdfast('snapshot', 'verify', out).status).toBe(0);
    expect(holdfast('snapshot', 'seed', '--edge', 'edge-of-nobody', '--out', `${out}-2`).status).toBe(1);

    for (let count = 0; count < 2; count += 1)
      expect(holdfast('snapshot', 'create', '--plain').status).toBe(0);
    const none = { DAILY: '0', WEEKLY: '0', MONTHLY: '0', LAST: '2' };
    for (const [kept, count] of Object.entries(none)) env[`HOLDFAST_SNAPSHOT_KEEP_${kept}`] = count;
    const listed = () =>
      z.object({ snapshots: z.array(z.object({ id: z.string() })) }).parse(json('snapshot', 'list').value);
    const before = listed().snapshots.map(({ id }) => id);
    const oldest = [...before].sort()[0];
    const dry = json('snapshot', 'prune', '--dry-run');
    expect(dry).toMatchObject({ status: 0, value: { dryRun: true, dropped: [oldest] } });
    expect(listed().snapshots).toHaveLength(before.length);
    expect(json('snapshot', 'prune')).toMatchObject({
      status: 0,
      value: { dryRun: false, dropped: [oldest] },
    });
    expect(listed().snapshots.map(({ id }) => id)).toEqual(before.filter((id) => id !== oldest));
  });

  it('is loud about backups that do not come, in either language', () => {
    env['HOLDFAST_BACKUP_EVERY'] = '1h';
    expect(holdfast('snapshot', 'list')).toMatchObject({
      ...{ status: 1, stdout: expect.stringContaining('Backup: none was made in time.') },
    });
    env['LANG'] = 'es_ES.UTF-8';
    expect(holdfast('snapshot', 'list').stdout).toContain('Copia: no se hizo ninguna a tiempo.');
    delete env['LANG'];
    delete env['HOLDFAST_BACKUP_EVERY'];
    expect(holdfast('snapshot', 'list').status).toBe(0);
    // A centre counts from its start, and one that is late once is not yet called so.
    const hour = 3_600_000;
    expect(backupFault(null, hour, 0, 2 * hour)).toBeNull();
    expect(backupFault(null, hour, 0, 2 * hour + 1)).toBe('overdue');
  });

  it('lists the writers as backup tools find them', () => {
    const writer = {
      dependsOn: { engine: 'libsql-file', facility: expect.any(String) },
      state: 'STABLE',
      lastError: null,
      url: expect.stringMatching(/^file:.*\.db$/),
    };
    expect(json('writers', 'list')).toMatchObject({
      status: 0,
      value: {
        writers: [
          { ...writer, name: 'Holdfast Recovery Store Writer' },
          { ...writer, name: 'Holdfast Compliance Store Writer' },
        ],
      },
    });
    expect(holdfast('writers', 'list').stdout).toMatch(
      /Holdfast Recovery Store Writer +[a-z2-7]{16} .*STABLE/,
    );
  });

  it('says that a place to restore to is read-only, and not that it is missing', async ({ skip }) => {
    const place = path.join(centre.folder, 'read-only');
    await mkdir(place);
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'ro', 'tmpfs', place]);
    skip(mounted.status !== 0, 'nothing can be mounted here');
    try {
      const { status, stderr } = holdfast('snapshot', 'restore', '--to', path.join(place, 'a/b'));
      expect([status, stderr.replace(/\s+/g, ' ')]).toEqual([
        1,
        `holdfast: The disk refused (the file system is read-only) at ${path.join(place, 'a')}. `,
      ]);
    } finally {
      spawnSync('umount', [place]);
    }
  });

  it('refuses with a sentence and an exit code, and a backup that failed stays visible', async () => {
    expect(holdfast('snapshot', 'create')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('HOLDFAST_SNAPSHOT_RECIPIENTS'),
    });
    const living = openFiles(centre.settings.files);
    await living.rows('recovery', 'SELECT 1', []);
    await living.rows('compliance', 'SELECT 1', []);
    const forced = holdfast('snapshot', 'restore', '--force');
    expect(forced).toMatchObject({ status: 1, stderr: expect.stringMatching(/stop\s+the\s+centre/) });
    living.close();
    expect(holdfast('snapshot', 'restore', '--at', 'noon').status).toBe(2);
    const { folder } = created.parse(json('snapshot', 'create', '--plain').value);
    await writeFile(path.join(folder, 'recovery.db'), 'burnt');
    const verified = holdfast('snapshot', 'verify', path.basename(folder));
    expect(verified).toMatchObject({
      status: 1,
      stdout: expect.stringContaining('recovery.db: its checksum'),
    });
    expect(holdfast('snapshot', 'restore', folder, '--force').status).toBe(1);
    await rm(centre.settings.files.compliance);
    expect(holdfast('snapshot', 'create', '--plain').status).toBe(1);
    expect(holdfast('snapshot', 'list')).toMatchObject({
      status: 1,
      stdout: expect.stringContaining('is not there'),
    });
    // What was written down as it happened is said in the language of who asks, and so is what is refused now.
    env['LANG'] = 'es_ES.UTF-8';
    expect(holdfast('snapshot', 'list').stdout).toMatch(/La base compliance, .*, no está\./);
    expect(holdfast('writers', 'list').stdout).toMatch(/La base compliance, /);
    expect(holdfast('snapshot', 'verify', folder).stdout).toContain(
      'fichero recovery.db: su suma no es la del manifiesto',
    );
    const refused = holdfast('snapshot', 'restore', folder, '--force').stderr.replace(/\s+/g, ' ');
    expect(refused).toContain('La instantánea no se verifica y no se restaura.');
    env['HOLDFAST_SNAPSHOT_EVERY'] = 'often';
    expect(holdfast('snapshot', 'list').stderr.replace(/\s+/g, ' ')).toContain(
      'HOLDFAST_SNAPSHOT_EVERY no sirve: debe ser "off" o como 30m, 6h o 1d.',
    );
    delete env['HOLDFAST_SNAPSHOT_EVERY'];
    delete env['LANG'];
    expect(json('writers', 'list').value).toMatchObject({
      writers: [{ state: 'FAILED_AT_PREPARE_BACKUP' }, { state: 'FAILED_AT_PREPARE_BACKUP' }],
    });
  });
});
