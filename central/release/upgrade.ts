/**
 * Upgrades the centre on this machine to a signed release, in a folder of its own beside the one that runs:
 *
 *     check     signature and files; the version; whether the databases could still be used by the version that runs
 *     unpack    /opt/holdfast-centre-VERSION, on disk before anything refers to it
 *     trial     the new program starts over empty databases and answers, on a port of its own
 *     swap      units and command point to the new folder; the centre is started anew
 *     ready     it answers as this version, stays ready, and has written; only then the journal is closed
 *
 * Whatever fails, also a kill or a power cut, is undone by the journal of installing (`install/journal.ts`): units and
 * command point back, the centre is started anew, over the same databases with whatever was written meanwhile. That is
 * why only releases that add to the tables are put on in this way.
 */
import { execFile } from 'node:child_process';
import { copyFile, mkdir, readdir, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { STORES, type Store } from '../../shared/journal/entry.ts';
import { type ReleaseManifest, compareVersions, pendingIn } from '../../shared/release/manifest.ts';
import type { PublicJwk } from '../../shared/trust/jws.ts';
import { VERSION } from '../../shared/version.ts';
import { InstallJournal } from '../install/journal.ts';
import { type Layout, centreLayout, installedEnv } from '../install/layout.ts';
import { isThere } from '../install/undo.ts';
import { CENTRE_UNIT, RECOVER_UNIT, hasSystemd, systemctl, unitTexts } from '../install/units.ts';
import { packageRoot } from '../local/processes.ts';
import { readCentreSettings } from '../settings.ts';
import { readIfThere, syncFolder } from '../snapshot/disk.ts';
import { SqliteEngine } from '../snapshot/sqlite.ts';
import { ReleaseError } from './error.ts';
import { checkRelease, digestHex } from './files.ts';
import { isReadyWithin, look, trial } from './trial.ts';

/** How long the version from before may take to answer again. */
const BACK_MS_MAX = 60_000;
/** Beside each unpacked release: what may be removed when two newer ones are there. */
const MARK = '.holdfast-release';

export type UpgradeStep = 'check' | 'unpack' | 'trial' | 'swap' | 'ready';

export interface UpgradeOptions {
  readonly root: string;
  readonly folder: string;
  readonly organisation: PublicJwk;
  readonly withinMs: number;
  readonly downgrade: boolean;
  readonly dryRun: boolean;
  readonly onStep?: (step: UpgradeStep) => void;
}

export type Upgraded =
  | { readonly outcome: 'already' | 'dry-run' | 'upgraded'; readonly from: string; readonly to: string }
  | {
      readonly outcome: 'went-back';
      readonly from: string;
      readonly to: string;
      readonly why: 'not-ready' | 'not-started';
      /** whether the version from before answers again */
      readonly isBack: boolean;
    };

/** Throws ReleaseError, after which nothing was changed. */
export async function upgradeCentre(options: UpgradeOptions): Promise<Upgraded> {
  const { root, folder, organisation, onStep = () => undefined } = options;
  const layout = centreLayout(root);
  const env = await installedEnv(root);
  const unit = await readIfThere(path.join(layout.units, CENTRE_UNIT));
  if (!env || unit === null) throw new ReleaseError('not-installed');
  const runs = /^WorkingDirectory=(.+)$/m.exec(unit)?.[1] ?? '';
  if (runs !== packageRoot()) throw new ReleaseError('other-program', runs);
  onStep('check');
  const { manifest } = await checkRelease(folder, organisation, ['centre']);
  const { version: to, centre } = manifest;
  const named = { from: VERSION, to };
  if (!centre || to === VERSION) return { outcome: 'already', ...named };
  if (compareVersions(to, VERSION) < 0 && !options.downgrade) throw new ReleaseError('older', VERSION);
  const settings = readCentreSettings(env);
  requireWayBack(manifest, settings.databases);
  if (options.dryRun) return { outcome: 'dry-run', ...named };

  const url = `http://127.0.0.1:${String(settings.port)}/readyz`;
  const wasReady = (await look(url))?.ready ?? false;
  const journal = await InstallJournal.open(layout.state);
  const home = path.join(path.dirname(packageRoot()), `holdfast-centre-${to}`);
  // An image that is built has nobody who starts anything.
  const isManaged = hasSystemd(root);
  let why: 'not-ready' | 'not-started' | null = null;
  try {
    onStep('unpack');
    await unpack(journal, folder, centre, home);
    onStep('trial');
    await trial(home, env);
    onStep('swap');
    // Undone after what follows: by then the units are those from before.
    if (isManaged) await journal.intend('restart', { kind: 'restart', path: CENTRE_UNIT });
    await swap(journal, layout, home);
    if (isManaged) {
      await systemctl('daemon-reload');
      if ((await systemctl('restart', CENTRE_UNIT)) !== null) why = 'not-started';
      onStep('ready');
      if (why === null && !(await isReadyWithin(url, to, wasReady, options.withinMs))) why = 'not-ready';
    }
    if (why === null) await journal.commit();
  } catch (error) {
    await journal.rollBack();
    if (error instanceof ReleaseError) throw error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code !== '') throw new ReleaseError('disk', code);
    throw error;
  }
  if (why !== null) {
    await journal.rollBack();
    return {
      outcome: 'went-back',
      ...named,
      why,
      isBack: await isReadyWithin(url, VERSION, false, BACK_MS_MAX, 1),
    };
  }
  // From now on it is this version that would take an interrupted installation back.
  await writeRecovery(layout, home);
  await removeOlder(home);
  return { outcome: 'upgraded', ...named };
}

/** Throws where the version that runs could not go on over what the release makes of the databases. */
function requireWayBack(
  manifest: ReleaseManifest,
  databases: Readonly<Record<Store, { readonly url: string }>>,
): void {
  const applied = {
    recovery: appliedIn(databases, 'recovery'),
    compliance: appliedIn(databases, 'compliance'),
  };
  const fits = pendingIn(manifest, applied);
  if (!fits)
    throw new ReleaseError(
      'other-tables',
      STORES.find((store) => !pendingIn(manifest, { ...NONE, [store]: applied[store] })),
    );
  const changing = fits.pending.find(({ additive }) => !additive);
  if (changing) throw new ReleaseError('no-way-back', changing.name);
}

const NONE = { recovery: [], compliance: [] };

/** What a database on this machine was migrated by; of one at a server, that is for the program itself to find out. */
function appliedIn(databases: Readonly<Record<Store, { readonly url: string }>>, store: Store) {
  const { url } = databases[store];
  if (!url.startsWith('file:')) return [];
  const engine = new SqliteEngine(url.slice('file:'.length), 'read');
  try {
    return [...engine.iterate(`SELECT name, checksum FROM "${store}_migrations" ORDER BY position`)].map(
      ([name, checksum]) => ({ name: String(name), checksum: String(checksum) }),
    );
  } finally {
    engine.close();
  }
}

/** From a copy of its own, looked at once more: whoever can write to the release's folder could change it in between. */
async function unpack(
  journal: InstallJournal,
  from: string,
  archive: NonNullable<ReleaseManifest['centre']>,
  home: string,
): Promise<void> {
  const [beside, copy] = [`${home}.new`, `${home}.tar.gz`];
  // Never what runs, whatever its folder is called.
  if (home === packageRoot()) throw new ReleaseError('disk', home);
  for (const made of [home, beside, copy])
    await journal.intend('unpack', { kind: 'remove-scratch', path: made });
  for (const made of [home, beside, copy]) await rm(made, { recursive: true, force: true });
  await copyFile(path.join(from, archive.file), copy);
  if ((await digestHex(copy)).sha256 !== archive.sha256) throw new ReleaseError('file-differs', archive.file);
  await mkdir(beside, { mode: 0o755 });
  await promisify(execFile)('tar', [
    ...['--extract', '--no-same-owner', '--strip-components=1'],
    ...[`--file=${copy}`, `--directory=${beside}`],
  ]);
  await rm(copy);
  await writeFile(path.join(beside, MARK), '');
  // One call for the whole file system: there are thousands of files.
  await promisify(execFile)('sync', ['--file-system', beside]);
  await rename(beside, home);
  await syncFolder(path.dirname(home));
}

/** Units and command point to the new folder; the unit that would take this back stays with the version that runs. */
async function swap(journal: InstallJournal, layout: Layout, home: string): Promise<void> {
  for (const [name, text] of await unitTexts(home)) {
    if (name === RECOVER_UNIT) continue;
    const file = path.join(layout.units, name);
    if ((await readIfThere(file)) === text) continue;
    if (await isThere(file))
      await journal.intend('swap', { kind: 'restore', path: file, saved: await journal.save(file) });
    else await journal.intend('swap', { kind: 'remove', path: file });
    await put(file, text);
  }
  const target = await readlink(layout.command).catch(() => null);
  if (target === null) return;
  await journal.intend('swap', { kind: 'relink', path: layout.command, target });
  await rm(layout.command);
  await journal.intend('swap', { kind: 'remove', path: layout.command });
  await symlink(path.join(home, 'scripts/holdfast.sh'), layout.command);
  await syncFolder(path.dirname(layout.command));
}

async function writeRecovery(layout: Layout, home: string): Promise<void> {
  const text = (await unitTexts(home)).get(RECOVER_UNIT);
  if (text !== undefined) await put(path.join(layout.units, RECOVER_UNIT), text);
  if (hasSystemd(layout.root)) await systemctl('daemon-reload');
}

async function put(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text, { mode: 0o644, flush: true });
  await rename(`${file}.new`, file);
  await syncFolder(path.dirname(file));
}

/** The version from before stays, to go back to by hand; what was unpacked before that goes. */
async function removeOlder(home: string): Promise<void> {
  const above = path.dirname(home);
  for (const name of await readdir(above)) {
    const folder = path.join(above, name);
    if (folder === home || folder === packageRoot()) continue;
    if (name.startsWith('holdfast-centre-') && (await isThere(path.join(folder, MARK))))
      await rm(folder, { recursive: true, force: true });
  }
}
