/**
 * What an edge is told by its host. Secrets come as files of a credentials folder (systemd's, in a branch) or, under
 * `wrangler dev`, as a variable; peers are services that the host names, and nothing else can be reached.
 */
import { type IdentityFile, identityFile } from '../shared/trust/certificate.ts';
import type { PeerFetch } from '../shared/replication/client.ts';
import type { EdgeNode } from './node-object.ts';

export interface EdgeEnv {
  readonly NODE: DurableObjectNamespace<EdgeNode>;
  /** the folder of credentials, holding `identity.json` */
  readonly CREDENTIALS?: Fetcher;
  /** the same file's text, where there is no such folder */
  readonly HOLDFAST_IDENTITY?: string;
  /** the centre, as a service of the host */
  readonly CENTRE?: Fetcher;
  /** the centre's URL, where the host does not name services */
  readonly HOLDFAST_CENTRE_URL?: string;
}

/** One sentence that names the setting. */
export class SettingError extends Error {
  override readonly name = 'SettingError';
}

export async function readIdentity(env: EdgeEnv): Promise<IdentityFile> {
  const text = env.HOLDFAST_IDENTITY ?? (await fromCredentials(env));
  try {
    return identityFile.parse(JSON.parse(text));
  } catch {
    throw new SettingError(
      'The credential identity.json (or HOLDFAST_IDENTITY) is not an identity made by "holdfast edge enrol".',
    );
  }
}

async function fromCredentials(env: EdgeEnv): Promise<string> {
  if (!env.CREDENTIALS)
    throw new SettingError(
      'HOLDFAST_IDENTITY is not set and there is no credentials folder: "npm run dev:edge" makes an identity for development.',
    );
  let text: string | null;
  try {
    const response = await env.CREDENTIALS.fetch('http://credentials/identity.json');
    text = response.ok ? await response.text() : null;
  } catch {
    // workerd says why on its own error output, such as "Permission denied".
    throw new SettingError('identity.json in the credentials folder cannot be read.');
  }
  if (text === null) throw new SettingError('The credentials folder holds no identity.json.');
  return text;
}

export function peersOf(env: EdgeEnv): { name: string; fetch: PeerFetch }[] {
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
