/**
 * Takes a centre off its machine, by the same journal as installing: the writers are deregistered first, so that no
 * backup tool looks for what is going away; then the units go. Settings, identity and data stay unless told.
 */
import { readdir, readlink, rm } from 'node:fs/promises';
import path from 'node:path';
import { STORES } from '../../shared/journal/entry.ts';
import { packageRoot } from '../local/processes.ts';
import { WriterRegister } from '../snapshot/writers.ts';
import { fault } from '../words/fault.ts';
import { InstallError } from './error.ts';
import { InstallJournal } from './journal.ts';
import { centreLayout } from './layout.ts';
import { isOpen, isThere } from './undo.ts';
import { ALL_UNITS, ENABLED } from './units.ts';

export interface UninstallOptions {
  readonly root: string;
  /** settings, identity, databases and snapshots as well */
  readonly removeData: boolean;
  readonly atPoint?: (point: string) => void;
}

export interface Uninstalled {
  readonly removed: readonly string[];
  readonly deregistered: readonly string[];
}

/** The centre has been stopped. Throws InstallError, after which everything is as it was. */
export async function uninstallCentre(options: UninstallOptions): Promise<Uninstalled> {
  const { root, removeData, atPoint = () => undefined } = options;
  const layout = centreLayout(root);
  const journal = await InstallJournal.open(layout.state);
  try {
    for (const store of STORES) {
      const file = path.join(layout.data, `${store}.db`);
      if ((await isThere(file)) && (await isOpen(file))) throw new InstallError(fault('processHas', file));
    }
    const removed: string[] = [];
    const remove = async (step: string, file: string): Promise<void> => {
      if (!(await isThere(file))) return;
      await journal.intend(step, { kind: 'restore', path: file, saved: await journal.save(file) });
      atPoint(`${step} can be undone: ${path.basename(file)}`);
      await rm(file);
      removed.push(file);
    };
    const register = new WriterRegister(layout.writers);
    const writers = await register.list();
    for (const { instance } of writers)
      await remove('writers', path.join(layout.writers, `${instance}.json`));
    const command = path.join(packageRoot(), 'scripts/holdfast.sh');
    const isOurs = (await readlink(layout.command).catch(() => '')) === command;
    const links = [
      ...(isOurs ? [layout.command] : []),
      ...ENABLED.map((name) => path.join(layout.wants, name)),
    ];
    for (const link of links) {
      if (!(await isThere(link))) continue;
      await journal.intend('enable', { kind: 'relink', path: link, target: await readlink(link) });
      await rm(link);
      removed.push(link);
    }
    for (const name of ALL_UNITS) await remove('units', path.join(layout.units, name));
    atPoint('everything is removed');
    await journal.commit();
    if (removeData) removed.push(...(await purge(layout)));
    return { removed, deregistered: writers.map(({ name }) => name) };
  } catch (error) {
    const kept = await journal.rollBack();
    if (error instanceof InstallError) throw new InstallError(error.fault, kept);
    throw error;
  }
}

/** Beyond any undoing, and asked for by name. The settings' folder stays while others have something in it. */
async function purge({ data, settings, identity }: ReturnType<typeof centreLayout>): Promise<string[]> {
  const removed: string[] = [];
  for (const each of [settings, identity]) {
    if (!(await isThere(each))) continue;
    await rm(each);
    removed.push(each);
  }
  // The data folder may be a link of systemd's: what it holds goes, and then it.
  for (const name of await readdir(data).catch((): string[] => []))
    await rm(path.join(data, name), { recursive: true, force: true });
  await rm(data, { recursive: true, force: true });
  removed.push(data);
  return removed;
}
