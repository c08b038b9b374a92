/**
 * A process that makes a set is killed while the gate is closed, and the centre serves meanwhile: the centre opens the
 * gate itself, at once when it starts and at once when it happens, long before the freeze would end by itself (I11).
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { startCentreProcess } from '../../central/local/processes.ts';
import { nodePlatform } from '../../central/platform.ts';
import { STORES } from '../../shared/journal/entry.ts';
import { setFreeze } from '../../shared/journal/freeze.ts';
import { limits } from '../../shared/limits.ts';
import { staffTokenHash } from '../../shared/staff/token.ts';
import { afterFile } from '../support/cleanup.ts';
import { freePorts, untilNone } from '../support/cluster.ts';
import { asBearer, configure, fetchOf, jsonHeaders } from '../support/people.ts';
import { freezesIn, makeSavedCentre, openFiles } from '../support/saved-centre.ts';

const TOKEN = 'hfs_of-the-installation';
/** Sooner than a freeze ends by itself, and enough for a busy machine. */
const THAWED_MS_MAX = limits.freezeMsMax / 2;

it('is opened by the running centre', { timeout: 120_000 }, async () => {
  const saved = await makeSavedCentre('file');
  const { files } = saved.settings;
  const identityFile = path.join(saved.folder, 'identity.json');
  await writeFile(identityFile, JSON.stringify(saved.identity));
  await saved.write(() => Promise.resolve());
  const left = path.join(saved.settings.folder, '.partial-left');
  await mkdir(left, { recursive: true });
  const engine = openFiles(files);
  for (const store of STORES) await engine.batch(store, [setFreeze(store, 'left', limits.freezeMsMax)]);
  engine.close();

  const centre = await startCentreProcess({
    ...{ dataFolder: saved.folder, identityFile, port: await freePorts(11_720, 1) },
    env: { HOLDFAST_SNAPSHOT_PLAIN: 'yes' },
    bootstrapTokenHash: staffTokenHash(nodePlatform, TOKEN),
    logFile: path.join(saved.folder, 'centre.log'),
  });
  afterFile(async () => {
    await centre.stop();
    await rm(saved.folder, { recursive: true, force: true });
  });
  const ask = fetchOf(centre.url);
  const frozen = (): Promise<string[]> =>
    Promise.resolve(STORES.filter((store) => freezesIn(files[store], store).length > 0));
  const write = (id: string): Promise<void> => configure(ask, TOKEN, 'region', id, { name: 'Norte' });
  await untilNone(frozen, THAWED_MS_MAX);
  await write('norte');
  // The next set would end that freeze first, and wait for the second store to do so.
  await rm(left, { recursive: true });

  // It has frozen the first store and waits for the second, which somebody writes to.
  const blocker = new DatabaseSync(files.compliance);
  blocker.exec('BEGIN IMMEDIATE');
  const begun = await ask('/v1/admin/snapshots', {
    method: 'POST',
    headers: { ...jsonHeaders, ...asBearer(TOKEN) },
    body: '{}',
  });
  expect(begun.status).toBe(202);
  await untilNone(async () => ((await frozen()).includes('recovery') ? [] : ['not yet']), THAWED_MS_MAX);
  const pid = String(centre.pid);
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ');
  expect(children).toHaveLength(1);
  process.kill(Number(children[0]), 'SIGKILL');
  blocker.close();
  await untilNone(frozen, THAWED_MS_MAX);
  await write('sur');
});
