/** A machine to install to: a folder with what every Debian has, and an organisation that makes identities for it. */
import { createHash } from 'node:crypto';
import { lstat, mkdir, mkdtemp, readFile, readdir, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type InstallOptions, type Installed, installCentre } from '../../central/install/centre.ts';
import { type Layout, centreLayout } from '../../central/install/layout.ts';
import { makeIdentity } from '../../central/local/secrets.ts';
import type { IdentityFile } from '../../shared/trust/certificate.ts';
import type { PrivateJwk } from '../../shared/trust/jws.ts';
import { type VaultKey, generateVault } from '../../shared/vault/seal.ts';
import { afterFile } from './cleanup.ts';
import { makePrivateKey } from './organisation.ts';

export interface BareMachine {
  readonly root: string;
  readonly layout: Layout;
  readonly organisationKey: PrivateJwk;
  readonly identity: IdentityFile;
  /** outside of the machine: on the stick it came on */
  readonly identityFile: string;
  install(over?: Partial<InstallOptions>): Promise<Installed>;
}

export async function bareMachine(): Promise<BareMachine> {
  const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-install-'));
  afterFile(() => rm(folder, { recursive: true, force: true }));
  const root = path.join(folder, 'machine');
  await mkdir(path.join(root, 'var/lib'), { recursive: true });
  await mkdir(path.join(root, 'etc/systemd/system'), { recursive: true });
  await writeFile(path.join(root, 'etc/hostname'), 'centre\n');
  const organisationKey = await makePrivateKey();
  const { key } = await generateVault('organisation-1');
  const identity = await centreIdentity(organisationKey, [key]);
  const identityFile = path.join(folder, 'identity.json');
  await writeFile(identityFile, JSON.stringify(identity), { mode: 0o600 });
  return {
    ...{ root, layout: centreLayout(root), organisationKey, identity, identityFile },
    install: (over = {}) => installCentre({ root, identityFile, changes: new Map(), ...over }),
  };
}

export function centreIdentity(
  organisationKey: PrivateJwk,
  vaultKeys: readonly VaultKey[],
): Promise<IdentityFile> {
  const scope = { recovery: 'all', compliance: 'all' } as const;
  const subject = { name: 'centre', role: 'centre', regionId: null, siteId: null, scope } as const;
  return makeIdentity(organisationKey, subject, [...vaultKeys]);
}

/** Every file, folder and link below a folder, with mode, owner and content. */
export async function photograph(root: string): Promise<Record<string, string>> {
  const seen: Record<string, string> = {};
  for (const name of (await readdir(root, { recursive: true })).sort()) {
    const file = path.join(root, name);
    const found = await lstat(file);
    const content = found.isFile()
      ? createHash('sha256')
          .update(await readFile(file))
          .digest('hex')
      : found.isSymbolicLink()
        ? await readlink(file)
        : 'folder';
    seen[name] = `${found.mode.toString(8)} ${String(found.uid)}:${String(found.gid)} ${content}`;
  }
  return seen;
}
