/**
 * Everything secret of a local installation, made once and kept in its data folder with mode 0600: the organisation
 * key (which a real organisation keeps offline), vault keys, identities, and the tokens that are printed.
 */
import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { exportJWK, generateKeyPair } from 'jose';
import { z } from 'zod';
import {
  identityFile,
  issueCertificate,
  publicJwk,
  type IdentityFile,
} from '../../shared/trust/certificate.ts';
import type { PrivateJwk } from '../../shared/trust/jws.ts';
import { sealingKeyOf } from '../../shared/trust/sealing.ts';
import { randomName } from '../../shared/platform.ts';
import { generateVault } from '../../shared/vault/seal.ts';
import { nodePlatform } from '../platform.ts';
import { ORGANISATION_VAULT, type Plan, regionVault } from './plan.ts';

export const CERTIFICATE_DAYS = 825;

const secretsFile = z.object({
  organisationKey: publicJwk.extend({ d: z.string() }),
  vaults: z.array(z.object({ vaultId: z.string(), publicKey: z.string(), privateKey: z.string() })),
  centre: identityFile,
  edges: z.record(z.string(), identityFile),
  tokens: z.object({
    administrator: z.string(),
    helpdesk: z.string(),
    advancedHelpdesk: z.string(),
    reports: z.string(),
    auditor: z.string(),
    sites: z.record(z.string(), z.string()),
  }),
});
export type Secrets = z.infer<typeof secretsFile>;

/** `secrets.json` is there and cannot be used. Making a new one would leave every key of the installation unopenable. */
export class SecretsError extends Error {
  override readonly name = 'SecretsError';
}

/** The private key pair of a node or of the organisation. */
export async function generateSigningKey(): Promise<PrivateJwk> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = await exportJWK(privateKey);
  return publicJwk
    .extend({ d: z.string() })
    .parse({ kty: jwk.kty, crv: jwk.crv, x: jwk.x, y: jwk.y, d: jwk.d });
}

/** A bearer token with 256 random bits. */
export function generateToken(prefix: string): string {
  return `${prefix}_${randomBytes(32).toString('base64url')}`;
}

/**
 * Reads the secrets of an installation, or makes them; the file appears whole or not at all. Of two programs started at
 * once (a centre and an edge in two terminals) the first one's count.
 */
export async function loadOrMakeSecrets(folder: string, plan: Plan): Promise<Secrets> {
  const file = path.join(folder, 'secrets.json');
  const known = await readSecrets(file);
  if (known) return known;
  const made = `${file}.${String(process.pid)}`;
  const secrets = await makeSecrets(plan);
  await writePrivate(made, secrets);
  try {
    await link(made, file);
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error;
  } finally {
    await unlink(made);
  }
  return (await readSecrets(file)) ?? secrets;
}

async function readSecrets(file: string): Promise<Secrets | null> {
  try {
    return secretsFile.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    if (isCode(error, 'ENOENT')) return null;
    throw new SecretsError(`${file} is not a whole file of secrets.`);
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

/** Writes JSON with mode 0600, beside its final name first. */
export async function writePrivate(file: string, value: unknown): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const fresh = `${file}.${String(process.pid)}.new`;
  await writeFile(fresh, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  await rename(fresh, file);
}

async function makeSecrets(plan: Plan): Promise<Secrets> {
  const organisationKey = await generateSigningKey();
  const vaultIds = [...plan.regions.map(({ id }) => regionVault(id)), ORGANISATION_VAULT];
  const vaults = await Promise.all(
    vaultIds.map(async (vaultId) => {
      const { publicKey, key } = await generateVault(vaultId);
      return { vaultId, publicKey: publicKey.publicKey, privateKey: key.privateKey };
    }),
  );
  const keysOf = (...ids: string[]) =>
    vaults
      .filter(({ vaultId }) => ids.includes(vaultId))
      .map(({ vaultId, privateKey }) => ({ vaultId, privateKey }));
  const centre = await makeIdentity(
    organisationKey,
    {
      name: 'centre',
      role: 'centre',
      regionId: null,
      siteId: null,
      scope: { recovery: 'all', compliance: 'all' },
    },
    keysOf(ORGANISATION_VAULT),
  );
  const edges: Record<string, IdentityFile> = {};
  for (const { name, siteId, regionId, helpdesk } of plan.edges) {
    const reach = helpdesk ? 'region' : 'own';
    const subject = {
      name,
      role: 'edge',
      regionId,
      siteId,
      scope: { recovery: reach, compliance: reach },
    } as const;
    edges[name] = await makeIdentity(organisationKey, subject, helpdesk ? keysOf(regionVault(regionId)) : []);
  }
  return {
    organisationKey,
    vaults,
    centre,
    edges,
    tokens: {
      administrator: generateToken('hfa'),
      helpdesk: generateToken('hfs'),
      advancedHelpdesk: generateToken('hfs'),
      reports: generateToken('hfs'),
      auditor: generateToken('hfs'),
      sites: Object.fromEntries(plan.edges.map(({ siteId }) => [siteId, generateToken('hft')])),
    },
  };
}

type Subject = Omit<Parameters<typeof issueCertificate>[2], 'nodeId' | 'key' | 'sealingKey'>;

/** A new node's identity: key pair, certificate by the organisation, and the vault keys it may hold. */
export async function makeIdentity(
  organisationKey: PrivateJwk,
  subject: Subject,
  vaultKeys: IdentityFile['vaultKeys'],
): Promise<IdentityFile> {
  const privateKey = await generateSigningKey();
  const { d: _d, ...key } = privateKey;
  const { d: _organisationD, ...organisation } = organisationKey;
  const nodeId = randomName(nodePlatform, 10);
  const { publicKey: sealingKey } = await sealingKeyOf(privateKey);
  const certificate = await issueCertificate(
    nodePlatform,
    organisationKey,
    { ...subject, nodeId, key, sealingKey },
    CERTIFICATE_DAYS,
  );
  return { organisation, certificate, privateKey, vaultKeys };
}
