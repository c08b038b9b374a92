/** A backup that is expected and does not come, at a centre that runs: wherever somebody may look, it is said. */
import { spawnSync } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { packageRoot, startCentreProcess } from '../../central/local/processes.ts';
import { nodePlatform } from '../../central/platform.ts';
import { writeBackup } from '../../central/snapshot/backup.ts';
import { staffTokenHash } from '../../shared/staff/token.ts';
import { afterFile } from '../support/cleanup.ts';
import { freePorts, untilNone } from '../support/cluster.ts';
import { configure, enrol, fetchOf, signIn } from '../support/people.ts';
import { makeSavedCentre } from '../support/saved-centre.ts';

const TOKEN = 'hfs_of-the-installation';
const SEEN_MS_MAX = 30_000;

const readiness = z.object({
  alarms: z.array(z.object({ type: z.string(), subject: z.string(), detail: z.string() })),
});

it(
  'is said by /readyz, the metrics, every page and the exit code, until there is one',
  { timeout: 90_000 },
  async () => {
    const saved = await makeSavedCentre('file');
    const identityFile = path.join(saved.folder, 'identity.json');
    await writeFile(identityFile, JSON.stringify(saved.identity));
    // An hour ago the last one went well; since then none came.
    const hourAgo = Date.now() - 3_600_000;
    await writeBackup(saved.settings.folder, {
      ...{ tool: 'restic', failedBeside: null, set: null, begunAt: hourAgo, dueAt: hourAgo },
      ...{ endedAt: hourAgo, ok: true, lastOkAt: hourAgo },
    });
    const env = { HOLDFAST_BACKUP_EVERY: '10s', HOLDFAST_SNAPSHOT_PLAIN: 'yes' };
    const centre = await startCentreProcess({
      ...{ dataFolder: saved.folder, identityFile, env, port: await freePorts(11_700, 1) },
      bootstrapTokenHash: staffTokenHash(nodePlatform, TOKEN),
      logFile: path.join(saved.folder, 'centre.log'),
    });
    afterFile(async () => {
      await centre.stop();
      await rm(saved.folder, { recursive: true, force: true });
    });
    const ask = fetchOf(centre.url);
    await configure(ask, TOKEN, 'staff', 'ana', {
      name: 'Ana',
      role: 'reports',
      sites: null,
      revoked: false,
    });
    const { cookie } = await signIn(ask, await enrol(ask, TOKEN, 'ana'), 1);

    const alarms = async (): Promise<string[]> =>
      readiness
        .parse(await (await ask('/readyz', {})).json())
        .alarms.filter(({ type, subject }) => type === 'snapshot' && subject === 'backup')
        .map(({ detail }) => detail);
    const page = async (language: string): Promise<string> => {
      const headers = { Cookie: cookie, Accept: 'text/html', 'Accept-Language': language };
      return (await ask('/reports/compliance', { headers })).text();
    };
    const metric = async (name: string): Promise<number> =>
      Number(
        new RegExp(`^${name}(?:\\{[^}]*"snapshot"[^}]*\\})? (\\d+)`, 'm').exec(
          await (await ask('/metrics', {})).text(),
        )?.[1],
      );
    const holdfast = (...args: string[]) =>
      spawnSync(process.execPath, [path.join(packageRoot(), 'dist/central/cli/holdfast.js'), ...args], {
        encoding: 'utf8',
        env: { ...env, HOLDFAST_DATA: saved.folder, HOLDFAST_IDENTITY_FILE: identityFile },
      });

    await untilNone(
      async () => ((await alarms()).includes('no backup was made in time') ? [] : ['quiet']),
      SEEN_MS_MAX,
    );
    expect(await page('en')).toContain('Backups need attention: see Nodes.');
    expect(await page('es')).toContain('Las copias requieren atención: véase Nodos.');
    expect([
      await metric('holdfast_alarms'),
      await metric('holdfast_backup_last_success_timestamp_seconds'),
    ]).toEqual([1, Math.round(hourAgo / 1000)]);
    expect(holdfast('snapshot', 'list')).toMatchObject({
      status: 1,
      stdout: expect.stringMatching(/none was made in time/),
    });

    expect(holdfast('snapshot', 'hook', 'pre').status).toBe(0);
    expect(holdfast('snapshot', 'hook', 'post').status).toBe(0);
    await untilNone(alarms, SEEN_MS_MAX);
    expect(await page('en')).not.toContain('Backups need attention');
    expect(await metric('holdfast_backup_last_success_timestamp_seconds')).toBeGreaterThan(
      hourAgo / 1000 + 3_000,
    );
  },
);
