/** From captured files to a set: described, encrypted, signed. */
import { rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { STORES, type Store } from '../../shared/journal/entry.ts';
import { PROJECTION_VERSION } from '../../shared/journal/kinds.ts';
import {
  MANIFEST_FILE,
  SNAPSHOT_FORMAT,
  type SnapshotFile,
  type SnapshotManifest,
  signManifest,
} from '../../shared/snapshot/manifest.ts';
import { CertificateAuthority } from '../../shared/trust/certificate.ts';
import { makeSigner } from '../../shared/trust/jws.ts';
import { VERSION } from '../../shared/version.ts';
import { nodePlatform } from '../platform.ts';
import { SettingError } from '../settings.ts';
import { fault } from '../words/fault.ts';
import { encryptFile } from './age.ts';
import type { Captured } from './capture.ts';
import { digestFile, syncFile } from './disk.ts';
import { contentOf, vaultsIn, vectorIn } from './inspect.ts';
import type { SnapshotSettings } from './settings.ts';
import { SqliteEngine } from './sqlite.ts';
import type { Writer } from './writers.ts';

/** The manifest of the plain files. */
export async function describe(
  id: string,
  partial: string,
  { identity, server }: SnapshotSettings,
  writers: Record<Store, Writer>,
  { frozenAt, thawedAt, frozenMs }: Captured,
): Promise<SnapshotManifest> {
  const certificate = await new CertificateAuthority(identity.organisation).check(identity.certificate);
  if (!certificate) throw new SettingError(fault('certificateUnsigned'));
  const [recovery, compliance] = await Promise.all(
    STORES.map(async (store) => {
      const file = path.join(partial, `${store}.db`);
      const engine = new SqliteEngine(file, 'read');
      try {
        return {
          vector: vectorIn(engine, store),
          content: contentOf(engine, store),
          vaults: store === 'recovery' ? vaultsIn(engine) : [],
          file: { name: `${store}.db`, ...(await digestFile(file)), plain: null } satisfies SnapshotFile,
          writer: { store, instance: writers[store].instance, server },
        };
      } finally {
        engine.close();
      }
    }),
  );
  if (!recovery || !compliance) throw new Error('there is a file per store');
  return {
    ...{ format: SNAPSHOT_FORMAT, kind: 'snapshot', id, program: VERSION, projection: PROJECTION_VERSION },
    node: { nodeId: certificate.nodeId, name: certificate.name },
    cut: { recovery: recovery.vector, compliance: compliance.vector },
    stores: [recovery.content, compliance.content],
    times: { frozen: frozenAt, thawed: thawedAt, completed: nodePlatform.now() },
    frozenMs: Math.round(frozenMs * 100) / 100,
    writers: [recovery.writer, compliance.writer],
    vaults: recovery.vaults,
    files: [recovery.file, compliance.file],
  };
}

/** Encrypts, signs, and has everything on disk. */
export async function finish(
  partial: string,
  plain: SnapshotManifest,
  settings: SnapshotSettings,
  onProgress: (step: string, done: number, all: number) => void,
): Promise<SnapshotManifest> {
  const files: SnapshotFile[] = [];
  for (const file of plain.files) {
    onProgress('encrypt', files.length, plain.files.length);
    files.push(await finishFile(partial, file, settings));
  }
  const [recovery, compliance] = files;
  if (!recovery || !compliance) throw new Error('there is a file per store');
  const manifest: SnapshotManifest = {
    ...plain,
    times: { ...plain.times, completed: nodePlatform.now() },
    files: [recovery, compliance],
  };
  const { identity } = settings;
  const text = await signManifest(
    nodePlatform,
    await makeSigner(identity.privateKey),
    identity.certificate,
    manifest,
  );
  const target = path.join(partial, MANIFEST_FILE);
  await writeFile(`${target}.new`, text, { mode: 0o600, flush: true });
  await rename(`${target}.new`, target);
  return manifest;
}

async function finishFile(
  partial: string,
  file: SnapshotFile,
  { encryption }: SnapshotSettings,
): Promise<SnapshotFile> {
  const plain = path.join(partial, file.name);
  if (typeof encryption === 'string') {
    await syncFile(plain);
    return file;
  }
  const name = `${file.name}.age`;
  await encryptFile(plain, path.join(partial, name), encryption.recipients);
  await rm(plain);
  const { bytes, sha256 } = file;
  return { name, ...(await digestFile(path.join(partial, name))), plain: { bytes, sha256 } };
}
