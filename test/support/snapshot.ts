/** Snapshots of a test's installation, made by the real worker in a process of its own. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll } from 'vitest';
import type { LocalCluster } from '../../central/local/cluster.ts';
import { packageRoot } from '../../central/local/processes.ts';
import { readCentreSettings } from '../../central/settings.ts';
import { SnapshotRepository } from '../../central/snapshot/repository.ts';
import { type SnapshotSettings, readSnapshotSettings } from '../../central/snapshot/settings.ts';
import { type WorkerMessage, workerMessage } from '../../central/snapshot/worker-message.ts';
import type { VerifyOptions } from '../../central/snapshot/verify.ts';
import { CertificateAuthority } from '../../shared/trust/certificate.ts';

/** The environment of a centre whose snapshots are plain and stay. */
export function snapshotEnv(cluster: Pick<LocalCluster, 'centreData'>): Record<string, string> {
  return {
    HOLDFAST_DATA: cluster.centreData,
    HOLDFAST_IDENTITY_FILE: path.join(cluster.centreData, 'identity.json'),
    HOLDFAST_SNAPSHOT_PLAIN: 'yes',
    HOLDFAST_SNAPSHOT_KEEP_LAST: '1000',
  };
}

export function snapshotSettings(env: Record<string, string>): SnapshotSettings {
  return readSnapshotSettings(env, readCentreSettings(env));
}

export function authorityOf(settings: SnapshotSettings): CertificateAuthority {
  return new CertificateAuthority(settings.identity.organisation);
}

export function repositoryOf(settings: SnapshotSettings): SnapshotRepository {
  return new SnapshotRepository(settings.folder, authorityOf(settings));
}

/** Makes a set in a process of its own; gives its last word, or what it wrote to its standard error. */
export async function makeSnapshot(env: Record<string, string>): Promise<WorkerMessage> {
  const { ended } = startWorker(env);
  const { messages, errors } = await ended;
  const last = messages.at(-1);
  if (!last) throw new Error(`the snapshot process said nothing: ${errors}`);
  return last;
}

export async function makeWholeSnapshot(env: Record<string, string>) {
  const last = await makeSnapshot(env);
  if (last.type !== 'created') throw new Error(`no snapshot was made: ${JSON.stringify(last)}`);
  return last;
}

export function startWorker(env: Record<string, string>) {
  const worker = path.join(packageRoot(), 'dist/central/snapshot/worker.js');
  const child = spawn(process.execPath, ['--enable-source-maps', worker], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const ended = new Promise<{ messages: WorkerMessage[]; errors: string; code: number | null }>((resolve) => {
    child.once('close', (code) => {
      const messages = output
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => workerMessage.parse(JSON.parse(line)));
      resolve({ messages, errors, code });
    });
  });
  return { child, ended };
}

export async function scratchFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-snapshot-'));
  afterAll(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export function verifyOptions(settings: SnapshotSettings, over: Partial<VerifyOptions> = {}): VerifyOptions {
  return {
    authority: authorityOf(settings),
    vaultKeys: settings.identity.vaultKeys,
    ageIdentities: [],
    scratch: path.join(settings.folder, '.scratch'),
    openedFolder: null,
    onProgress: () => undefined,
    ...over,
  };
}
