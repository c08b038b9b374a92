/**
 * Volumes that Windows itself encrypted, named by HOLDFAST_BITLK_DIR: their passwords go in at an edge, the centre dies,
 * and what the edge gives out unlocks the volume.
 */
import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { type RealVolume, readRealVolumes } from '../../central/fleet/bitlk.ts';
import type { LocalCluster } from '../../central/local/cluster.ts';
import { DEMO_PLAN } from '../../central/local/plan.ts';
import { packageRoot } from '../../central/local/processes.ts';
import {
  bugsInLogs,
  disagreements,
  disclose,
  openFleet,
  startCluster,
  untilNone,
} from '../support/cluster.ts';

const folder = path.resolve(packageRoot(), process.env['HOLDFAST_BITLK_DIR'] ?? '../shared/data/bitlk');
/** Debian keeps it where an ordinary user's PATH does not look. */
const env = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` };
const unlocksNothing = '0'.repeat(6);

/** Null, or why this cannot be tried here. */
async function whyNot(): Promise<string | null> {
  if (!existsSync(path.join(folder, 'keys.json')))
    return `no volumes in HOLDFAST_BITLK_DIR (${path.basename(folder)})`;
  return promisify(execFile)('cryptsetup', ['--version'], { env }).then(
    () => null,
    () => 'cryptsetup is not installed',
  );
}

/** Whether a recovery password unlocks an image. It goes in by standard input, as no argument may hold a secret. */
function unlocks(image: string, password: string): Promise<boolean> {
  const args = ['bitlkOpen', '-r', image, '--test-passphrase', '--key-file=-'];
  return new Promise((resolve, reject) => {
    const cryptsetup = spawn('cryptsetup', args, { env, stdio: ['pipe', 'ignore', 'ignore'] });
    cryptsetup.once('error', reject);
    cryptsetup.once('exit', (code) => {
      resolve(code === 0);
    });
    cryptsetup.stdin.end(password);
  });
}

describe('a volume that Windows encrypted', { timeout: 60_000 }, () => {
  let why: string | null;
  let cluster: LocalCluster;
  let volumes: RealVolume[];
  let images: string;

  beforeAll(async () => {
    why = await whyNot();
    if (why !== null) return;
    volumes = await readRealVolumes(folder);
    cluster = await startCluster(10_560, { ...DEMO_PLAN, edges: DEMO_PLAN.edges.slice(0, 2) });
    images = path.join(cluster.folder, 'images');
    await mkdir(images);
    await promisify(execFile)('tar', ['-xJSf', path.join(folder, 'images.tar.xz'), '-C', images]);
    const fleet = await openFleet(cluster, {
      ...{ devices: volumes.length, seed: 'real volumes', sites: ['madrid'], realVolumes: volumes },
    });
    await fleet.enrolAll();
    await fleet.encryptAll();
    await untilNone(() => disagreements(cluster), 10_000);
    await cluster.centre?.stop('SIGKILL');
  }, 60_000);

  it('is unlocked by what its edge discloses while the centre is dead', async ({ skip }) => {
    if (why !== null) skip(why);
    expect(volumes.length).toBeGreaterThan(0);
    for (const { image, keyId, recoveryPassword } of volumes) {
      const file = path.join(images, path.basename(image));
      const answer = await disclose(cluster, cluster.edgeUrl('edge-madrid'), keyId);
      expect([file, answer]).toMatchObject([file, { status: 201, body: { keyId } }]);
      const disclosed = String(answer.body['recoveryPassword']);
      expect(disclosed).toBe(recoveryPassword.reveal());
      expect([file, await unlocks(file, disclosed)]).toEqual([file, true]);
    }
    expect(await bugsInLogs(cluster)).toEqual([]);
  });

  it('is not unlocked by anything else', async ({ skip }) => {
    if (why !== null) skip(why);
    const [one, other] = volumes;
    const file = path.join(images, path.basename(one?.image ?? ''));
    expect(await unlocks(file, other?.recoveryPassword.reveal() ?? '')).toBe(false);
    expect(await unlocks(file, Array(8).fill(unlocksNothing).join('-'))).toBe(false);
  });
});
