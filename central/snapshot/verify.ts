/** Verifies a set, or an edge's seed, from its files: first that they are what was signed, then what is in them (I11). */
import { constants, copyFile, lstat, mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { STORES } from '../../shared/journal/entry.ts';
import { MANIFEST_FILE, type Manifest, type SnapshotFile } from '../../shared/snapshot/manifest.ts';
import type { CertificateAuthority } from '../../shared/trust/certificate.ts';
import type { VaultKey } from '../../shared/vault/seal.ts';
import { nodePlatform } from '../platform.ts';
import { type Fault, fault } from '../words/fault.ts';
import { AgeError, decryptFile } from './age.ts';
import { digestFile, makeFolder } from './disk.ts';
import { readSet } from './repository.ts';
import { SqliteEngine } from './sqlite.ts';
import {
  FINDINGS_MAX,
  type CheckName,
  type Finding,
  findingOf,
  type Outcome,
  type VaultResult,
  type Verification,
} from './verification.ts';
import { verifyOpens } from './verify-opens.ts';
import { verifyStore } from './verify-store.ts';

export interface VerifyOptions {
  readonly authority: CertificateAuthority;
  readonly vaultKeys: readonly VaultKey[];
  /** for encrypted files; without them only the manifest and the checksums can be verified */
  readonly ageIdentities: readonly string[];
  /** where copies are made and removed again */
  readonly scratch: string;
  /** where is kept what was opened before; null to open everything */
  readonly openedFolder: string | null;
  readonly onProgress: (step: string, done: number, all: number) => void;
}

/** Verifies the set in a folder. */
export async function verifySet(folder: string, options: VerifyOptions): Promise<Verification> {
  const read = await readSet(folder, options.authority);
  if ('fault' in read) {
    return failedAtOnce(findingOf('manifest', MANIFEST_FILE, fault('manifestUnbelieved', read.fault)));
  }
  return verifyFiles(folder, read.manifest, options);
}

/** Verifies the files of a manifest that is believed. */
export async function verifyFiles(
  folder: string,
  manifest: Manifest,
  options: VerifyOptions,
): Promise<Verification> {
  return withScratch(options.scratch, async (scratch) => {
    const startedAt = performance.now();
    const findings: Finding[] = [];
    const isClean = (): boolean => findings.length === 0;
    const found = (finding: Finding): void => {
      if (findings.length < FINDINGS_MAX) findings.push(finding);
    };
    await verifyNames(folder, manifest, found);
    const opened: (string | null)[] = [];
    for (const file of manifest.files)
      opened.push(
        await verifyFile(folder, file, options, scratch, (check, what) =>
          found(findingOf(check, file.name, what)),
        ),
      );
    let beyondHeads = 0;
    let vaults: VaultResult[] = [];
    const readable = opened.every((file) => file !== null);
    if (readable && isClean()) {
      for (const store of STORES) {
        const file = opened[manifest.kind === 'seed' ? 0 : STORES.indexOf(store)] ?? '';
        beyondHeads += await verifyStore({
          ...{ store, file, scratch, authority: options.authority, manifest },
          found: (check, what) => found(findingOf(check, store, what)),
          onProgress: (done, all) => options.onProgress(`verify ${store}`, done, all),
        });
      }
      if (isClean()) vaults = await verifyKeys(opened[0] ?? '', options, found);
    }
    const structureFailed = findings.some(({ check }) => check !== 'sealed-keys' && check !== 'decryption');
    return {
      ...{ at: nodePlatform.now(), server: os.hostname(), vaults, findings, beyondHeads },
      structure: structureFailed ? 'failed' : readable ? 'verified' : 'not-verified',
      opens: opensOf(vaults, readable && !structureFailed),
      seconds: Math.round((performance.now() - startedAt) / 10) / 100,
    };
  });
}

async function verifyKeys(file: string, options: VerifyOptions, found: (finding: Finding) => void) {
  const engine = new SqliteEngine(file, 'read');
  try {
    return await verifyOpens({
      ...{ engine, vaultKeys: options.vaultKeys, folder: options.openedFolder, found },
      onProgress: (done, all) => options.onProgress('open sealed keys', done, all),
    });
  } finally {
    engine.close();
  }
}

/** A missing vault key means *not verified* (I11). */
function opensOf(vaults: readonly VaultResult[], looked: boolean): Outcome {
  if (vaults.some(({ outcome }) => outcome === 'failed')) return 'failed';
  return looked && vaults.every(({ outcome }) => outcome === 'verified') ? 'verified' : 'not-verified';
}

/** What is not named was not signed. */
async function verifyNames(
  folder: string,
  manifest: Manifest,
  found: (finding: Finding) => void,
): Promise<void> {
  const named = new Set<string>([MANIFEST_FILE, ...manifest.files.map(({ name }) => name)]);
  for (const name of await readdir(folder))
    if (!named.has(name)) found(findingOf('file', name, fault('notNamed')));
}

/** The path of the file's plain content, or null when it cannot be had. */
async function verifyFile(
  folder: string,
  file: SnapshotFile,
  { ageIdentities, onProgress }: VerifyOptions,
  scratch: string,
  found: (check: CheckName, what: Fault) => void,
): Promise<string | null> {
  const stored = path.join(folder, file.name);
  const there = await lstat(stored).catch(() => null);
  // A link may lead to another file by the time that it is read again.
  if (there?.isFile() !== true) {
    found('file', fault(there ? 'notAFile' : 'missing'));
    return null;
  }
  let done = 0;
  const digest = await digestFile(stored, (bytes) => onProgress('checksums', (done += bytes), file.bytes));
  if (digest.bytes !== file.bytes || digest.sha256 !== file.sha256) {
    found('file', fault('otherChecksum'));
    return null;
  }
  // Read from a copy: opening a database may write beside it, and a snapshot is never touched.
  const plain = path.join(scratch, file.name.replace(/\.age$/, ''));
  if (file.plain === null) {
    await copyFile(stored, plain, constants.COPYFILE_FICLONE);
    return plain;
  }
  if (ageIdentities.length === 0) return null;
  try {
    await decryptFile(stored, plain, ageIdentities);
  } catch (error) {
    if (!(error instanceof AgeError)) throw error;
    found('decryption', error.fault);
    return null;
  }
  const opened = await digestFile(plain);
  if (opened.bytes === file.plain.bytes && opened.sha256 === file.plain.sha256) return plain;
  found('file', fault('otherPlain'));
  return null;
}

function failedAtOnce(finding: Finding): Verification {
  return {
    ...{ at: nodePlatform.now(), server: os.hostname(), structure: 'failed', opens: 'not-verified' },
    ...{ vaults: [], findings: [finding], beyondHeads: 0, seconds: 0 },
  };
}

/** Named after the machine as well: the folder may be one that several share, and each knows its own processes. */
const SCRATCH = `scratch-${os.hostname()}-`;

/** A folder of its own below `parent` while `work` runs. */
export async function withScratch<T>(parent: string, work: (scratch: string) => Promise<T>): Promise<T> {
  await makeFolder(parent);
  await sweepScratch(parent);
  const scratch = await mkdtemp(path.join(parent, `${SCRATCH}${String(process.pid)}-`));
  try {
    return await work(scratch);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Removes the scratch folders of this machine's processes that are gone: killed ones, for others clear up. */
async function sweepScratch(parent: string): Promise<void> {
  for (const name of await readdir(parent).catch((): string[] => [])) {
    const pid = name.startsWith(SCRATCH) ? Number(/^\d+/.exec(name.slice(SCRATCH.length))?.[0] ?? 0) : 0;
    if (pid > 0 && !isAlive(pid)) await rm(path.join(parent, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
