/**
 * The steps of installing a centre. Each does nothing where everything is as it should be, and has it in the journal how
 * to undo what it does before it does it. `atPoint` runs at each point where a fault can come.
 */
import {
  access,
  chmod,
  chown,
  constants,
  mkdir,
  readdir,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { migrations } from '../../migrations/index.ts';
import { EngineError } from '../../shared/journal/engine.ts';
import { STORES, type Store } from '../../shared/journal/entry.ts';
import { migrate } from '../../shared/journal/migrate.ts';
import type { IdentityFile } from '../../shared/trust/certificate.ts';
import { LibsqlEngine, type LibsqlTarget } from '../libsql-engine.ts';
import { packageRoot } from '../local/processes.ts';
import { nodePlatform } from '../platform.ts';
import { readIfThere, syncFile, syncFolder } from '../snapshot/disk.ts';
import type { SnapshotSettings } from '../snapshot/settings.ts';
import { SqliteEngine, settle } from '../snapshot/sqlite.ts';
import { type Writer, WriterRegister, writerOf } from '../snapshot/writers.ts';
import { engineFault, fault } from '../words/fault.ts';
import { InstallError } from './error.ts';
import type { InstallJournal } from './journal.ts';
import type { Layout } from './layout.ts';
import { pendingMigrations } from './pending.ts';
import { checkVaultKeys, proveFacility } from './proof.ts';
import { type Undo, entriesIn, isOpen, isThere } from './undo.ts';
import { ENABLED } from './units.ts';

export const STEPS = [
  'folders',
  'identity',
  'settings',
  'databases',
  'migrations',
  'vaults',
  'writers',
  'trial',
  'units',
  'enable',
] as const;
export type Step = (typeof STEPS)[number];

/** What the machine shall have. */
export interface Plan {
  readonly identity: IdentityFile;
  readonly identityText: string;
  readonly settingsText: string;
  readonly files: Readonly<Record<Store, string>>;
  readonly snapshots: SnapshotSettings;
  readonly units: ReadonlyMap<string, string>;
}

/** The steps. Each does nothing where everything is as it should be. */
export class Work {
  readonly changed: string[] = [];
  writers: readonly Writer[] = [];
  readonly #layout: Layout;
  readonly #plan: Plan;
  readonly #journal: InstallJournal;
  readonly #atPoint: (point: string) => void;
  #current: Step = 'folders';

  constructor(layout: Layout, plan: Plan, journal: InstallJournal, atPoint: (point: string) => void) {
    this.#layout = layout;
    this.#plan = plan;
    this.#journal = journal;
    this.#atPoint = atPoint;
  }

  async step(step: Step): Promise<void> {
    this.#current = step;
    this.#atPoint(`${step} begins`);
    await this.#steps[step]();
    this.#atPoint(`${step} is done`);
  }

  readonly #steps: Readonly<Record<Step, () => Promise<void>>> = {
    folders: async () => {
      const { data, settingsFolder } = this.#layout;
      await this.#folder(data, 0o700);
      await this.#folder(settingsFolder, 0o755);
    },
    identity: () => this.#file(this.#layout.identity, this.#plan.identityText, 0o600),
    settings: () => this.#file(this.#layout.settings, this.#plan.settingsText, 0o600),
    databases: async () => {
      const { files, snapshots } = this.#plan;
      if (snapshots.servers) return;
      const missing = await absent(files);
      for (const store of missing)
        await this.#intend({ kind: 'database', store, path: files[store], saved: null, entries: 0 });
      for (const store of missing) {
        await withDatabase(files[store], () => Promise.resolve());
        await chmod(files[store], 0o600);
        await this.#made(files[store]);
      }
    },
    migrations: () => this.#migrate(),
    vaults: async () => {
      // Those of a server are looked up in the trial's copy of it.
      if (!this.#plan.snapshots.servers) await checkVaultKeys(this.#plan.identity, this.#plan.files.recovery);
    },
    writers: () => this.#register(),
    trial: async () => {
      const scratch = path.join(this.#layout.data, '.trial');
      await this.#intend({ kind: 'remove-scratch', path: scratch });
      await mkdir(scratch, { recursive: true, mode: 0o700 });
      const copies = await proveFacility(this.#plan.snapshots, scratch);
      await checkVaultKeys(this.#plan.identity, copies.recovery);
      await rm(scratch, { recursive: true });
    },
    units: async () => {
      await this.#folder(this.#layout.units, 0o755);
      for (const [name, text] of this.#plan.units)
        await this.#file(path.join(this.#layout.units, name), text, 0o644);
    },
    enable: async () => {
      const { command, wants } = this.#layout;
      // A machine whose /usr is read only does without it.
      if (await isWritable(path.dirname(command)))
        await this.#link(command, path.join(packageRoot(), 'scripts/holdfast.sh'));
      for (const name of ENABLED) await this.#link(path.join(wants, name), `/etc/systemd/system/${name}`);
    },
  };

  async #migrate(): Promise<void> {
    const { files, snapshots } = this.#plan;
    if (snapshots.servers) {
      await migrateServers(snapshots.servers);
      return;
    }
    const pending: Store[] = [];
    for (const store of STORES) if (await pendingMigrations(store, files[store])) pending.push(store);
    for (const store of pending) {
      const file = files[store];
      const entries = entriesIn(file, store);
      // What was made a moment ago is undone by the line that is there already.
      if (!this.changed.includes(file)) {
        if (await isOpen(file)) throw inUse(file);
        const saved = await this.#journal.saveDatabase(file);
        await this.#intend({ kind: 'database', store, path: file, saved, entries });
        requireUnused(file);
      }
    }
    for (const store of pending) {
      await withDatabase(files[store], (engine) => migrate(engine, store, migrations[store], nodePlatform));
      await syncFile(files[store]);
      if (!this.changed.includes(files[store])) await this.#made(files[store]);
    }
  }

  async #register(): Promise<void> {
    const { writers } = this.#layout;
    await this.#folder(writers, 0o700);
    const register = new WriterRegister(writers);
    const were = await readdir(writers);
    for (const name of were)
      await this.#intend({
        kind: 'restore',
        path: path.join(writers, name),
        saved: await this.#journal.save(path.join(writers, name)),
      });
    await this.#intend({ kind: 'remove-others', path: writers, were });
    const registered: Writer[] = [];
    for (const store of STORES) {
      registered.push(await register.register(store, os.hostname(), writerOf(this.#plan.snapshots, store)));
      this.#atPoint(`the ${store} writer is registered`);
    }
    this.writers = registered;
    const made = (await readdir(writers)).filter((name) => !were.includes(name));
    for (const name of made) await this.#made(path.join(writers, name));
  }

  /** A folder and those above it that are missing. */
  async #folder(folder: string, mode: number): Promise<void> {
    if (await isThere(folder)) return;
    const above = path.dirname(folder);
    if (!(await isThere(above))) await this.#folder(above, 0o755);
    await this.#intend({ kind: 'remove-folder', path: folder });
    await mkdir(folder);
    await chmod(folder, mode);
    await this.#made(folder);
  }

  async #link(link: string, target: string): Promise<void> {
    if (await isThere(link)) return;
    await this.#folder(path.dirname(link), 0o755);
    await this.#intend({ kind: 'remove', path: link });
    await symlink(target, link);
    await this.#made(link);
  }

  async #file(file: string, text: string, mode: number): Promise<void> {
    const now = await readIfThere(file);
    if (now === text && ((await stat(file)).mode & 0o7777) === mode) return;
    if (now === null) await this.#intend({ kind: 'remove', path: file });
    else await this.#intend({ kind: 'restore', path: file, saved: await this.#journal.save(file) });
    await writeFile(`${file}.new`, text, { mode, flush: true });
    await chmod(`${file}.new`, mode);
    await rename(`${file}.new`, file);
    await this.#made(file);
  }

  async #intend(what: Undo): Promise<void> {
    await this.#journal.intend(this.#current, what);
    this.#atPoint(`${this.#current} can be undone: ${path.basename(what.path)}`);
  }

  /** Notes what was made and gives it to whoever owns the data: an installed centre does not run as root. */
  async #made(file: string): Promise<void> {
    const { data } = this.#layout;
    if (file.startsWith(`${data}/`)) {
      const { uid, gid } = await stat(data);
      await chown(file, uid, gid);
    }
    await syncFolder(path.dirname(file));
    this.changed.push(file);
  }
}

async function absent(files: Readonly<Record<Store, string>>): Promise<Store[]> {
  const missing: Store[] = [];
  for (const store of STORES) if (!(await isThere(files[store]))) missing.push(store);
  return missing;
}

/** As a start of the centre does it: each migration is one transaction there, and is done once. */
async function migrateServers(servers: Readonly<Record<Store, LibsqlTarget>>): Promise<void> {
  const engine = await LibsqlEngine.open(servers);
  try {
    for (const store of STORES) await migrate(engine, store, migrations[store], nodePlatform);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    throw new InstallError(fault('serversAmiss', engineFault(error)));
  } finally {
    engine.close();
  }
}

/**
 * By Node's SQLite alone: libSQL may close a database later than it is told to, and the two must not meet on one file in
 * one process (sqlite.ts).
 */
async function withDatabase(file: string, work: (engine: SqliteEngine) => Promise<void>): Promise<void> {
  const engine = new SqliteEngine(file, 'write');
  try {
    engine.execute('PRAGMA synchronous = FULL; PRAGMA journal_mode = WAL');
    await work(engine);
  } finally {
    engine.close();
  }
}

async function isWritable(folder: string): Promise<boolean> {
  if (!(await isThere(folder))) return isWritable(path.dirname(folder));
  return access(folder, constants.W_OK).then(
    () => true,
    () => false,
  );
}

function requireUnused(file: string): void {
  try {
    settle(file);
  } catch {
    throw inUse(file);
  }
}

function inUse(file: string): InstallError {
  return new InstallError(fault('migrateInUse', file));
}
