/** A centre whose stores stand at two servers, and that does not run. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { SnapshotSettings } from '../../central/snapshot/settings.ts';
import { STORES } from '../../shared/journal/entry.ts';
import { afterFile } from './cleanup.ts';
import { freePorts } from './cluster.ts';
import { type SavedCentre, makeSavedCentre } from './saved-centre.ts';
import { Sqld } from './sqld.ts';
import type { Servers } from './sqld-settings.ts';

/** Two empty servers and a saved centre for a file of tests, which ends them; `served` are its settings over the servers. */
export async function startServed(
  portsFrom: number,
): Promise<{ servers: Servers; centre: SavedCentre; served: SnapshotSettings }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-sqld-'));
  const port = await freePorts(portsFrom, 6);
  const [recovery, compliance] = await Promise.all(
    STORES.map((store, index) => Sqld.start(path.join(folder, store), port + index * 3)),
  );
  if (!recovery || !compliance) throw new Error('there is a server per store');
  const centre = await makeSavedCentre('file');
  afterFile(async () => {
    await Promise.all([recovery.kill(), compliance.kill()]);
    await rm(folder, { recursive: true, force: true });
    await rm(centre.folder, { recursive: true, force: true });
  });
  const replica = (store: string): string => path.join(centre.folder, 'replicas', `${store}.db`);
  const served = {
    ...centre.settings,
    files: { recovery: replica('recovery'), compliance: replica('compliance') },
    servers: { recovery: recovery.target, compliance: compliance.target },
  };
  return { servers: { recovery, compliance }, centre, served };
}
