/**
 * Installs a centre as one transaction: either everything below is done, or the machine is as it was before, with one
 * sentence about why. Done again, it changes what is given anew and leaves the rest; it is also how a centre is upgraded.
 *
 *   folders     data and settings            identity    checked, copied, 0600
 *   settings    centre.env                   databases   one per store, with a write-ahead log
 *   migrations  the newest tables            vaults      the keys open what is sealed to them
 *   writers     one per store, registered    trial       a snapshot, by the engine's own facility
 *   units       for systemd                  enable      the centre, at the next start of the machine
 *
 * Where the stores stand at database servers, those are no part of this machine: migrations there are not undone, and the
 * empty tables that a refused installation may leave are what the next one begins with.
 *
 * Before anything is done, how to undo it is in the journal (`journal.ts`). Nothing is started before the transaction
 * has ended, so there is nothing yet that anybody escrowed and that undoing could take away.
 */
import { MigrationError } from '../../shared/journal/migrate.ts';
import { type IdentityFile, identityFile } from '../../shared/trust/certificate.ts';
import { SettingError, readCentreSettings } from '../settings.ts';
import { readIfThere } from '../snapshot/disk.ts';
import { readSnapshotSettings } from '../snapshot/settings.ts';
import type { Writer } from '../snapshot/writers.ts';
import { fault, migrationFault } from '../words/fault.ts';
import { InstallError } from './error.ts';
import { InstallJournal } from './journal.ts';
import { type Layout, centreLayout, changeSettings, environmentOf } from './layout.ts';
import { checkIdentity } from './proof.ts';
import { type Plan, STEPS, type Step, Work } from './steps.ts';
import { unitTexts } from './units.ts';

export interface InstallOptions {
  readonly root: string;
  /** the identity made by `holdfast centre enrol`; null keeps the one that is there */
  readonly identityFile: string | null;
  /** settings to change; an empty value takes one out */
  readonly changes: ReadonlyMap<string, string>;
  readonly onStep?: (step: Step) => void;
  /** runs at each point where a fault can come: what a test fails or kills the process with */
  readonly atPoint?: (point: string) => void;
}

export interface Installed {
  /** files that were made or replaced; none when everything was there already */
  readonly changed: readonly string[];
  readonly writers: readonly Writer[];
  /** what was undone first of an installation that had been interrupted; null when none had */
  readonly recovered: readonly string[] | null;
  /** whether a schedule, or whoever encrypts, still has to be chosen */
  readonly snapshots: { readonly scheduled: boolean; readonly decided: boolean };
}

/** Throws InstallError, after which the machine is as it was. */
export async function installCentre(options: InstallOptions): Promise<Installed> {
  const layout = centreLayout(options.root);
  const journal = await InstallJournal.open(layout.state);
  try {
    const plan = await planFor(layout, options);
    const work = new Work(layout, plan, journal, options.atPoint ?? (() => undefined));
    for (const step of STEPS) {
      options.onStep?.(step);
      await work.step(step);
    }
    await journal.commit();
    const { everyMs, encryption } = plan.snapshots;
    return {
      ...{ changed: work.changed, writers: work.writers, recovered: journal.recovered },
      snapshots: { scheduled: everyMs !== null, decided: encryption !== 'undecided' },
    };
  } catch (error) {
    const kept = await journal.rollBack();
    if (error instanceof InstallError || error instanceof SettingError)
      throw new InstallError(error.fault, kept);
    if (error instanceof MigrationError) throw new InstallError(migrationFault(error), kept);
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const file = error instanceof Error && 'path' in error ? `: ${String(error.path)}` : '';
    if (code !== '') throw new InstallError(fault('machineRefused', code, file), kept);
    throw error;
  }
}

/** Everything that can be checked before anything is changed. */
async function planFor(layout: Layout, { identityFile: from, changes }: InstallOptions): Promise<Plan> {
  const source = from ?? layout.identity;
  const identityText = await readIfThere(source);
  if (identityText === null)
    throw new InstallError(from === null ? fault('giveIdentity') : fault('unreadable', from));
  const identity = parseIdentity(source, identityText);
  await checkIdentity(identity);
  const settingsText = changeSettings((await readIfThere(layout.settings)) ?? '', changes);
  const env = { ...environmentOf(layout, settingsText), HOLDFAST_IDENTITY_FILE: source };
  const settings = readCentreSettings(env);
  const snapshots = readSnapshotSettings(env, settings);
  const units = await unitTexts();
  return { identity, identityText, settingsText, files: snapshots.files, snapshots, units };
}

function parseIdentity(file: string, text: string): IdentityFile {
  try {
    return identityFile.parse(JSON.parse(text));
  } catch {
    throw new InstallError(fault('notAnIdentity', file));
  }
}
