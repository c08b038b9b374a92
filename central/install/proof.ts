/**
 * The proofs without which nothing is installed: that the database engine's own snapshot facility works on these very
 * files, on which the writers depend, and that the vault keys of the identity open what is sealed to them.
 */
import { createPrivateKey, createPublicKey, randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { STORES, type Store } from '../../shared/journal/entry.ts';
import { randomName } from '../../shared/platform.ts';
import { CertificateAuthority, type IdentityFile } from '../../shared/trust/certificate.ts';
import { limits } from '../../shared/limits.ts';
import { Redacted } from '../../shared/vault/redacted.ts';
import { Sealer, type VaultKey, open } from '../../shared/vault/seal.ts';
import { nodePlatform } from '../platform.ts';
import { captureServers } from '../snapshot/capture-servers.ts';
import { SnapshotError, captureFiles } from '../snapshot/capture.ts';
import { vaultsIn, vectorIn } from '../snapshot/inspect.ts';
import type { SnapshotSettings } from '../snapshot/settings.ts';
import { SqliteEngine } from '../snapshot/sqlite.ts';
import { type Fault, fault } from '../words/fault.ts';
import { InstallError } from './error.ts';

/**
 * Takes a snapshot of both stores into a folder and looks whether the copies are databases, whole and thawed; gives the
 * copies.
 */
export async function proveFacility(
  { files, servers }: Pick<SnapshotSettings, 'files' | 'servers'>,
  scratch: string,
): Promise<Record<Store, string>> {
  const at = (kind: string): Record<Store, string> => ({
    recovery: path.join(scratch, kind, 'recovery.db'),
    compliance: path.join(scratch, kind, 'compliance.db'),
  });
  const copies = at('copies');
  await mkdir(path.dirname(copies.recovery), { recursive: true, mode: 0o700 });
  const holder = `install-${randomName(nodePlatform, 8)}`;
  const nothing = { onPhase: () => undefined, onProgress: () => undefined };
  const request = { holder, copies, freezeMs: limits.freezeMsMax, ...nothing };
  try {
    if (servers) await captureServers({ ...request, files: at('replicas') }, servers);
    else {
      for (const store of STORES) requireLog(store, files[store]);
      await captureFiles({ ...request, files });
    }
  } catch (error) {
    if (!(error instanceof SnapshotError)) throw error;
    throw new InstallError(fault('trialFailed', error.fault));
  }
  for (const store of STORES) {
    const why = faultOf(store, copies[store]);
    if (why === null) continue;
    throw new InstallError(fault('trialNotWhole', store, why));
  }
  return copies;
}

/** The facility is that of the write-ahead log: some file systems cannot have one. */
function requireLog(store: Store, file: string): void {
  const engine = openRead(store, file);
  try {
    const [mode] = engine.iterate('PRAGMA journal_mode');
    if (mode?.[0] !== 'wal') throw new SnapshotError('prepare-snapshot', fault('noLog', store));
  } catch (error) {
    if (error instanceof SnapshotError) throw error;
    throw new SnapshotError('prepare-snapshot', fault('trialUnreadable', store, file));
  } finally {
    engine.close();
  }
}

function openRead(store: Store, file: string): SqliteEngine {
  try {
    return new SqliteEngine(file, 'read');
  } catch {
    throw new SnapshotError('prepare-snapshot', fault('trialUnopenable', store, file));
  }
}

function faultOf(store: Store, file: string): Fault | null {
  try {
    const engine = new SqliteEngine(file, 'read');
    try {
      const [first] = engine.iterate('PRAGMA quick_check(1)');
      if (first?.[0] !== 'ok') return fault('damaged');
      vectorIn(engine, store);
      return [...engine.iterate(`SELECT 1 FROM "${store}_freeze"`)].length === 0 ? null : fault('frozen');
    } finally {
      engine.close();
    }
  } catch {
    return fault('damaged');
  }
}

/** That the identity is a centre's, by its organisation, with the key that belongs to it. */
export async function checkIdentity(identity: IdentityFile): Promise<void> {
  const certificate = await new CertificateAuthority(identity.organisation).check(identity.certificate);
  if (!certificate) throw new InstallError(fault('identityUnsigned'));
  if (certificate.role !== 'centre') throw new InstallError(fault('identityOfEdge', certificate.name));
  const { x, y } = identity.privateKey;
  if (certificate.key.x !== x || certificate.key.y !== y) throw new InstallError(fault('identityOtherKey'));
}

/** Each vault key opens what is sealed to it, and is the one that the database's secrets are sealed to. */
export async function checkVaultKeys(identity: IdentityFile, recoveryFile: string): Promise<void> {
  const engine = new SqliteEngine(recoveryFile, 'read');
  let configured: ReturnType<typeof vaultsIn>;
  try {
    configured = vaultsIn(engine);
  } finally {
    engine.close();
  }
  for (const key of identity.vaultKeys) {
    const publicKey = publicHalf(key);
    if (publicKey === null || !(await opensItsOwn(key, publicKey)))
      throw new InstallError(fault('vaultKeyClosed', key.vaultId));
    const known = configured.find(({ vaultId }) => vaultId === key.vaultId);
    if (known && known.publicKey !== publicKey) throw new InstallError(fault('vaultKeyOther', key.vaultId));
  }
}

/** What a PKCS #8 key of X25519 begins with (RFC 8410). */
const X25519_PKCS8 = Buffer.from('302e020100300506032b656e04220420', 'hex');

function publicHalf({ privateKey }: VaultKey): string | null {
  try {
    const der = Buffer.concat([X25519_PKCS8, Buffer.from(privateKey, 'base64url')]);
    const jwk = createPublicKey(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })).export({
      format: 'jwk',
    });
    return jwk.x ?? null;
  } catch {
    return null;
  }
}

async function opensItsOwn(key: VaultKey, publicKey: string): Promise<boolean> {
  const secret = new Uint8Array(randomBytes(16));
  const context = {
    kind: 'recovery-password',
    keyId: 'trial',
    deviceId: 'trial',
    volumeId: 'trial',
  } as const;
  try {
    const sealer = new Sealer(nodePlatform);
    const [copy] = await sealer.seal([{ vaultId: key.vaultId, publicKey }], context, new Redacted(secret));
    const opened = copy && (await open(key, context, copy));
    return (
      opened !== undefined && opened !== null && Buffer.from(opened.reveal()).equals(Buffer.from(secret))
    );
  } catch {
    return false;
  }
}
