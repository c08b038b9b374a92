/** What the snapshot commands share: the centre's settings, the set that is meant, the keys at hand. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { cut } from '../../shared/snapshot/cut.ts';
import type { SnapshotManifest } from '../../shared/snapshot/manifest.ts';
import { CertificateAuthority, identityFile } from '../../shared/trust/certificate.ts';
import { installRoot, installedEnv } from '../install/layout.ts';
import { readCentreSettings, SettingError } from '../settings.ts';
import { readAgeIdentities } from '../snapshot/age.ts';
import { SnapshotError } from '../snapshot/capture.ts';
import { fault, say } from '../words/fault.ts';
import { readSet, repositoryFor } from '../snapshot/repository.ts';
import { RestoreError, exists } from '../snapshot/restore.ts';
import { type SnapshotSettings, readSnapshotSettings } from '../snapshot/settings.ts';
import type { VerifyOptions } from '../snapshot/verify.ts';
import type { Context } from './context.ts';
import { CliError, EXIT_REFUSED, usage } from './errors.ts';
import { giveBackAtEnd } from './ownership.ts';
import { findingLines } from './snapshot-text.ts';

export interface KeyOptions {
  readonly ageIdentity?: string;
  readonly vault?: readonly string[];
}

export interface PointOptions {
  readonly at?: string;
  readonly cut?: string;
}

/** A command whose expected failures are one sentence and an exit code. */
export function translated(
  work: (context: Context) => Promise<number>,
): (context: Context) => Promise<number> {
  return async (context) => {
    try {
      return await work(context);
    } catch (error) {
      const { words } = context;
      if (error instanceof SettingError) throw usage(say(words, error.fault));
      if (error instanceof SnapshotError) throw new CliError(EXIT_REFUSED, say(words, error.fault));
      if (error instanceof RestoreError) {
        const { verification } = error;
        const title = say(words, error.fault);
        const details = findingLines(context, verification?.findings ?? []).join('\n');
        throw new CliError(EXIT_REFUSED, title, details === '' ? null : details, { title, verification });
      }
      // What a disk refuses is expected, wherever it comes from.
      if (error instanceof Error && 'code' in error && 'path' in error && 'syscall' in error) {
        // A copy names both ends, and it is the other one that refuses.
        const place = 'dest' in error ? error.dest : error.path;
        throw new CliError(
          EXIT_REFUSED,
          say(words, fault('diskRefused', words.systemError(String(error.code)), String(place))),
        );
      }
      throw error;
    }
  };
}

export async function settingsFor(context: Context): Promise<SnapshotSettings> {
  const env = await environmentFor(context);
  const settings = readSnapshotSettings(env, readCentreSettings(env));
  const { folder, writersFolder, files } = settings;
  giveBackAtEnd(path.dirname(files.recovery), [folder, writersFolder], Object.values(files));
  return settings;
}

/** That of the centre: the one given, or of the local installation, or of the centre installed on this machine. */
export async function environmentFor(
  context: Context,
): Promise<Readonly<Record<string, string | undefined>>> {
  const { environment } = context;
  if (environment['HOLDFAST_IDENTITY_FILE'] !== undefined && context.options.data === undefined)
    return environment;
  for (const folder of context.folders()) {
    const data = path.join(folder, 'centre');
    const identity = path.join(data, 'identity.json');
    if (!(await exists(identity))) continue;
    return { ...environment, HOLDFAST_DATA: data, HOLDFAST_IDENTITY_FILE: identity };
  }
  const installed = await installedEnv(installRoot(environment));
  if (installed) return { ...environment, ...installed };
  throw usage(context.words.snapshot.whereTheCentreRuns);
}

export interface ChosenSet {
  readonly id: string;
  readonly folder: string;
  readonly manifest: SnapshotManifest;
}

/** By ID, by its folder, or the newest not after a point. */
export async function chooseSet(
  context: Context,
  settings: SnapshotSettings,
  which: string | undefined,
  point: PointOptions,
): Promise<ChosenSet>;
/** `unbelieved`: the folder alone will do, for verifying it says why its manifest is not believed. */
export async function chooseSet(
  context: Context,
  settings: SnapshotSettings,
  which: string | undefined,
  point: PointOptions,
  unbelieved: true,
): Promise<{ readonly folder: string }>;
export async function chooseSet(
  context: Context,
  settings: SnapshotSettings,
  which: string | undefined,
  point: PointOptions,
  unbelieved = false,
): Promise<ChosenSet | { readonly folder: string }> {
  const { snapshot } = context.words;
  const authority = new CertificateAuthority(settings.identity.organisation);
  const repository = repositoryFor(settings);
  if (which === undefined || which === 'latest') {
    const newest = await repository.newest(await pointOf(context, point));
    if (!newest) throw new CliError(EXIT_REFUSED, snapshot.noneYet);
    return { id: newest.id, folder: repository.pathOf(newest.id), manifest: newest.manifest };
  }
  const named = path.join(settings.folder, which);
  const folder = !which.includes('/') && (await exists(named)) ? named : path.resolve(which);
  if (!(await exists(folder))) throw new CliError(EXIT_REFUSED, snapshot.noneSuch);
  if (unbelieved) return { folder };
  const read = await readSet(folder, authority);
  if ('fault' in read) throw new CliError(EXIT_REFUSED, `${folder}: ${snapshot.fault[read.fault]}.`);
  if (read.manifest.kind !== 'snapshot') throw new CliError(EXIT_REFUSED, snapshot.noneSuch);
  return { id: read.manifest.id, folder, manifest: read.manifest };
}

async function pointOf(context: Context, { at, cut: file }: PointOptions) {
  const { snapshot } = context.words;
  const time = at === undefined ? null : Date.parse(at);
  if (time !== null && Number.isNaN(time)) throw usage(snapshot.notATime(at ?? ''));
  const named = file === undefined ? null : await cutIn(file);
  if (file !== undefined && named === null) throw usage(snapshot.notACut(file));
  return { ...(time === null ? {} : { at: time }), ...(named === null ? {} : { cut: named }) };
}

async function cutIn(file: string) {
  try {
    const value: unknown = JSON.parse(await readFile(file, 'utf8'));
    const inside = z.object({ cut }).safeParse(value);
    return inside.success ? inside.data.cut : cut.parse(value);
  } catch {
    return null;
  }
}

const vaultFile = z.object({ vaultId: z.string(), privateKey: z.string() });

export async function verifyOptionsFor(
  context: Context,
  settings: SnapshotSettings,
  { ageIdentity, vault = [] }: KeyOptions,
  onProgress: VerifyOptions['onProgress'],
): Promise<VerifyOptions> {
  const given = await Promise.all(vault.map((file) => readParsed(context, file, vaultFile)));
  return {
    authority: new CertificateAuthority(settings.identity.organisation),
    vaultKeys: [...settings.identity.vaultKeys, ...given],
    ageIdentities: ageIdentity === undefined ? [] : await ageIdentitiesIn(context, ageIdentity),
    scratch: path.join(settings.folder, '.scratch'),
    openedFolder: settings.folder,
    onProgress,
  };
}

/** A new edge's certificate: in its identity file, or on its own. */
export async function certificateIn(context: Context, file: string): Promise<string> {
  const text = await readText(context, file);
  try {
    return identityFile.parse(JSON.parse(text)).certificate;
  } catch {
    return text.trim();
  }
}

async function ageIdentitiesIn(context: Context, file: string): Promise<string[]> {
  try {
    return await readAgeIdentities(file);
  } catch {
    throw usage(context.words.cli.fileFault(file, context.words.systemError('ENOENT')));
  }
}

async function readParsed<T>(context: Context, file: string, schema: z.ZodType<T>): Promise<T> {
  const text = await readText(context, file);
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    throw usage(context.words.cli.notSuchAFile(file, context.words.cli.aVaultKey));
  }
}

async function readText(context: Context, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    throw usage(context.words.cli.fileFault(file, context.words.systemError(code)));
  }
}
