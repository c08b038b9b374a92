/**
 * What an edge is told by its host. Secrets come as files of a credentials folder (systemd's, in a branch) or, under
 * `wrangler dev`, as a variable; peers are services that the host names, and nothing else can be reached.
 */
import { z } from 'zod';
import { type IdentityFile, identityFile } from '../shared/trust/certificate.ts';
import { VAULT_FILE_NAME, type VaultFile, vaultFile, withVaultFiles } from '../shared/trust/vault-file.ts';
import type { PeerFetch } from '../shared/replication/client.ts';
import { parseJson } from '../shared/parse-json.ts';

/** What the host puts behind a name: a folder, or another node. */
interface HostService {
  fetch(url: string, init?: Parameters<PeerFetch>[1]): Promise<Response>;
}

export interface EdgeSettings {
  /** the folder of credentials, holding `identity.json` and perhaps `vault-ID.json` files */
  readonly CREDENTIALS?: HostService;
  /** the same file's text, where there is no such folder */
  readonly HOLDFAST_IDENTITY?: string;
  /** the centre, as a service of the host */
  readonly CENTRE?: HostService;
  /** the centre's URL, where the host does not name services */
  readonly HOLDFAST_CENTRE_URL?: string;
}

/** One sentence that names the setting. */
export class SettingError extends Error {
  override readonly name = 'SettingError';
}

/** `identity.json`, and the keys of vaults that came later, in `vault-ID.json` files beside it. */
export async function readIdentity(env: EdgeSettings): Promise<IdentityFile> {
  const text = env.HOLDFAST_IDENTITY ?? (await credential(env, 'identity.json'));
  const identity = identityFile.safeParse(parseJson(text));
  if (!identity.success)
    throw new SettingError(
      'The credential identity.json (or HOLDFAST_IDENTITY) is not an identity made by "holdfast edge enrol".',
    );
  const files: VaultFile[] = [];
  for (const name of env.HOLDFAST_IDENTITY === undefined ? await vaultFiles(env) : []) {
    const file = vaultFile.safeParse(parseJson(await credential(env, name)));
    if (!file.success)
      throw new SettingError(`The credential ${name} is not a vault key made by "holdfast".`);
    files.push(file.data);
  }
  return withVaultFiles(identity.data, files);
}

/** Where the machine's root shows itself by a token of its own (see edge/appliance/certificate.sh), the token. */
export async function readBoxToken(env: EdgeSettings): Promise<string | null> {
  const response = await env.CREDENTIALS?.fetch('http://credentials/box.token').catch(() => null);
  const token = response?.ok === true ? (await response.text()).trim() : '';
  return /^[A-Za-z0-9_-]{32,128}$/.test(token) ? token : null;
}

const listing = z.array(z.object({ name: z.string() }));

async function vaultFiles({ CREDENTIALS }: EdgeSettings): Promise<string[]> {
  const response = await CREDENTIALS?.fetch('http://credentials/');
  const found = listing.safeParse(response?.ok === true ? await response.json() : []);
  return (found.data ?? [])
    .map(({ name }) => name)
    .filter((name) => VAULT_FILE_NAME.test(name))
    .sort();
}

async function credential({ CREDENTIALS }: EdgeSettings, name: string): Promise<string> {
  if (!CREDENTIALS)
    throw new SettingError(
      'HOLDFAST_IDENTITY is not set and there is no credentials folder: "npm run dev:edge" makes an identity for development.',
    );
  let text: string | null;
  try {
    const response = await CREDENTIALS.fetch(`http://credentials/${name}`);
    text = response.ok ? await response.text() : null;
  } catch {
    // workerd says why on its own error output, such as "Permission denied".
    throw new SettingError(`${name} in the credentials folder cannot be read.`);
  }
  if (text === null) throw new SettingError(`The credentials folder holds no ${name}.`);
  return text;
}

export function peersOf(env: EdgeSettings): { name: string; fetch: PeerFetch }[] {
  const { CENTRE: service, HOLDFAST_CENTRE_URL: url } = env;
  if (service)
    return [
      {
        name: 'centre',
        fetch: (path, init) => service.fetch(`http://localhost${path}`, init),
      },
    ];
  if (url === undefined) return [];
  if (!URL.canParse(url)) throw new SettingError('HOLDFAST_CENTRE_URL is not a URL.');
  return [
    {
      name: 'centre',
      fetch: (path, init) => fetch(new URL(path, url), init),
    },
  ];
}
