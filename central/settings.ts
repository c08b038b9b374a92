/** The centre's settings, from the environment. A bad one stops the program with one sentence that names it. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { type IdentityFile, identityFile } from '../shared/trust/certificate.ts';
import { VAULT_FILE_NAME, vaultFile, withVaultFiles } from '../shared/trust/vault-file.ts';
import type { LibsqlTarget } from './libsql-engine.ts';
import type { Store } from '../shared/journal/entry.ts';
import { FaultError, type Fault, fault, isFaultName } from './words/fault.ts';
import { TLS_AUTHORITY_FILE_NAME, type TlsAuthorityFile, tlsAuthorityFile } from './tls/file.ts';

/** One sentence for whoever starts the program. */
export class SettingError extends FaultError {
  override readonly name = 'SettingError';
}

/** The setting that a schema does not take: its own messages are names of faults, those of zod itself are not for people. */
export function unusable({ issues }: z.ZodError): SettingError {
  const [issue] = issues;
  const why = issue?.message ?? '';
  const part = isFaultName(why) ? { name: why, parts: [] } : fault('invalid');
  return new SettingError(fault('unusable', String(issue?.path[0] ?? ''), part));
}

export interface CentreSettings {
  readonly dataFolder: string;
  readonly host: string;
  readonly port: number;
  readonly identity: IdentityFile;
  readonly databases: Readonly<Record<Store, LibsqlTarget>>;
  readonly bootstrapTokenHash: string | null;
  /** what signs certificates for edges' terminators, where the organisation has it */
  readonly tlsAuthority: TlsAuthorityFile | null;
}

const LOOPBACK = ['127.0.0.1', 'localhost', '::1'];

const environment = z.object({
  HOLDFAST_DATA: z.string().min(1).default('./data/centre'),
  HOLDFAST_HOST: z
    .string()
    .default('127.0.0.1')
    .refine((host) => LOOPBACK.includes(host), 'loopback'),
  HOLDFAST_PORT: z.coerce.number().int().min(0).max(65_535).default(8700),
  HOLDFAST_IDENTITY_FILE: z.string().min(1),
  HOLDFAST_RECOVERY_URL: z.string().optional(),
  HOLDFAST_RECOVERY_TOKEN: z.string().optional(),
  /** where sqld can be told to sync: its admin address, with `/v1/namespaces/NAME` where it is not the default one */
  HOLDFAST_RECOVERY_ADMIN_URL: z.url({ protocol: /^https?$/ }).optional(),
  HOLDFAST_RECOVERY_ADMIN_KEY: z.string().optional(),
  HOLDFAST_COMPLIANCE_URL: z.string().optional(),
  HOLDFAST_COMPLIANCE_TOKEN: z.string().optional(),
  HOLDFAST_COMPLIANCE_ADMIN_URL: z.url({ protocol: /^https?$/ }).optional(),
  HOLDFAST_COMPLIANCE_ADMIN_KEY: z.string().optional(),
  HOLDFAST_BOOTSTRAP_TOKEN_HASH: z
    .string()
    .regex(/^[A-Za-z0-9_-]{43}$/, 'sha256')
    .optional(),
});

export function readCentreSettings(env: Readonly<Record<string, string | undefined>>): CentreSettings {
  const parsed = environment.safeParse(env);
  if (!parsed.success) throw unusable(parsed.error);
  const settings = parsed.data;
  const dataFolder = path.resolve(settings.HOLDFAST_DATA);
  const target = (store: Store): LibsqlTarget => {
    const name = store === 'recovery' ? 'RECOVERY' : 'COMPLIANCE';
    const url = settings[`HOLDFAST_${name}_URL`];
    const authToken = settings[`HOLDFAST_${name}_TOKEN`];
    const adminUrl = settings[`HOLDFAST_${name}_ADMIN_URL`];
    const authKey = settings[`HOLDFAST_${name}_ADMIN_KEY`];
    if (url !== undefined && !/^(file:|https?:|libsql:)/.test(url))
      throw new SettingError(fault('urlProtocol', `HOLDFAST_${name}_URL`));
    if (adminUrl !== undefined && (url === undefined || url.startsWith('file:')))
      throw new SettingError(fault('adminOfNoServer', `HOLDFAST_${name}_ADMIN_URL`, `HOLDFAST_${name}_URL`));
    return {
      url: url ?? `file:${path.join(dataFolder, `${store}.db`)}`,
      ...(authToken === undefined ? {} : { authToken }),
      ...(adminUrl === undefined
        ? {}
        : { admin: { url: adminUrl, ...(authKey === undefined ? {} : { authKey }) } }),
    };
  };
  return {
    dataFolder,
    host: settings.HOLDFAST_HOST,
    port: settings.HOLDFAST_PORT,
    identity: readIdentityFile(settings.HOLDFAST_IDENTITY_FILE),
    databases: {
      recovery: target('recovery'),
      compliance: target('compliance'),
    },
    bootstrapTokenHash: settings.HOLDFAST_BOOTSTRAP_TOKEN_HASH ?? null,
    tlsAuthority: readTlsAuthority(path.dirname(settings.HOLDFAST_IDENTITY_FILE)),
  };
}

/** The identity, and the keys of vaults that came later, in `vault-ID.json` files beside it. */
function readIdentityFile(file: string): IdentityFile {
  let identity: IdentityFile;
  let texts: [name: string, text: string][];
  try {
    const folder = path.dirname(file);
    const names = readdirSync(folder).filter((name) => VAULT_FILE_NAME.test(name));
    texts = names.sort().map((name) => [name, readFileSync(path.join(folder, name), 'utf8')]);
    const text = readFileSync(file, 'utf8');
    identity = parsed(identityFile, text) ?? fail(fault('identityForeign', file));
  } catch (error) {
    if (error instanceof SettingError) throw error;
    throw new SettingError(fault('identityUnreadable', file));
  }
  const files = texts.map(
    ([name, text]) => parsed(vaultFile, text) ?? fail(fault('vaultForeign', file, name)),
  );
  return withVaultFiles(identity, files);
}

function readTlsAuthority(folder: string): TlsAuthorityFile | null {
  const file = path.join(folder, TLS_AUTHORITY_FILE_NAME);
  if (!existsSync(file)) return null;
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    throw new SettingError(fault('unreadable', file));
  }
  const authority = parsed(tlsAuthorityFile, text);
  return authority ?? fail(fault('tlsForeign', file));
}

function parsed<S extends z.ZodType>(schema: S, text: string): z.infer<S> | null {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

function fail(of: Fault): never {
  throw new SettingError(of);
}
