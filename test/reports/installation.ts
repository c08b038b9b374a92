/** A node with a clock of the test's own, its HTTP in process, and staff with tokens. */
import { migrations } from '../../migrations/index.ts';
import { createApp } from '../../shared/http/app.ts';
import type { App } from '../../shared/http/context.ts';
import type { Engine } from '../../shared/journal/engine.ts';
import { STORES } from '../../shared/journal/entry.ts';
import { TOKEN_SCOPES } from '../../shared/domain/vocabulary.ts';
import { staffTokenHash } from '../../shared/staff/token.ts';
import type { Body } from '../../shared/journal/kinds.ts';
import type { Draft } from '../../shared/journal/drafts.ts';
import { type HoldfastNode, openNode } from '../../shared/node.ts';
import type { Platform } from '../../shared/platform.ts';
import type { Database, Host } from '../support/node.ts';
import { type Organisation, makeIdentity, makeOrganisation } from '../support/organisation.ts';

/** 2026-03-02T09:00:00Z, a Monday. */
export const NOW = Date.UTC(2026, 2, 2, 9);
export const MINUTE = 60_000;
export const HOUR = 3_600_000;

export interface TestInstallation {
  readonly node: HoldfastNode;
  readonly app: App;
  readonly database: Database;
  /** how many texts of SQL were run */
  readonly queries: string[];
  /** makes every read fail from now on, or not */
  breakReads(error: Error | null): void;
  get(path: string, options?: { token?: string | null; headers?: Record<string, string> }): Promise<Response>;
}

export interface InstallationOptions {
  readonly organisation?: Organisation;
  readonly role?: 'edge' | 'centre';
  readonly database?: Database;
  readonly identity?: Awaited<ReturnType<typeof makeIdentity>>;
  readonly now?: () => number;
}

export async function openInstallation(
  host: Host,
  options: InstallationOptions = {},
): Promise<TestInstallation> {
  const { role = 'centre', now = () => NOW } = options;
  const platform: Platform = { ...host.platform, now };
  const organisation = options.organisation ?? (await makeOrganisation());
  const { x, y, crv, kty } = organisation.privateKey;
  const identity = options.identity ?? (await makeIdentity(platform, organisation, role));
  const database = options.database ?? (await host.database());
  const inner = await database.open();
  const queries: string[] = [];
  let broken: Error | null = null;
  const engine: Engine = {
    kind: inner.kind,
    batch: (store, statements) => inner.batch(store, statements),
    rows: (store, sql, args) => {
      queries.push(sql);
      return broken ? Promise.reject(broken) : inner.rows(store, sql, args);
    },
  };
  const node = await openNode({
    engine,
    platform,
    migrations,
    identity: {
      organisation: { x, y, crv, kty },
      certificate: identity.certificateJws,
      privateKey: identity.privateKey,
      vaultKeys: [],
    },
    log: () => undefined,
    sliceEntries: 200,
    peers: [],
    version: 'test',
    bootstrapTokenHash: null,
  });
  const app = createApp(node);
  return {
    ...{ node, app, database, queries },
    breakReads(error) {
      broken = error;
    },
    async get(path, { token = tokenOf('reports'), headers = {} } = {}) {
      const authorization: Record<string, string> =
        token === null ? {} : { Authorization: `Bearer ${token}` };
      return app.fetch(new Request(`http://127.0.0.1${path}`, { headers: { ...authorization, ...headers } }));
    },
  };
}

/** Everything `from` holds, into `to`. */
export async function copyInto(from: HoldfastNode, to: HoldfastNode): Promise<void> {
  for (const store of STORES) {
    for (const origin of from.ledger.origins(store).keys()) {
      for (;;) {
        const after = to.ledger.origins(store).get(origin)?.seq ?? 0;
        const segment = await from.ledger.read(store, origin, after, 1_000);
        if (!segment) break;
        const outcome = await to.ledger.absorb(store, segment);
        if (outcome.outcome !== 'applied') throw new Error(`a segment was ${outcome.outcome}`);
      }
    }
  }
  await to.configuration.settled();
}

export function tokenOf(staffId: string): string {
  return `token-of-${staffId}-0123456789abcdef`;
}

export function staffDrafts(
  platform: Pick<Platform, 'sha256'>,
  id: string,
  role: (Body<'config'> & { kind: 'staff' })['body']['role'],
  sites: string[] | null = null,
): Draft[] {
  return [
    configDraft('staff', id, { name: `Staff ${id}`, role, sites, revoked: false }),
    configDraft('api-token', id, {
      ...{ staffId: id, label: 'test', scope: [...TOKEN_SCOPES], expiresAt: 4_102_444_800_000 },
      ...{ tokenHash: staffTokenHash(platform, tokenOf(id)), revoked: false },
    }),
  ];
}

export function configDraft<Kind extends Body<'config'>['kind']>(
  kind: Kind,
  id: string,
  body: Extract<Body<'config'>, { kind: Kind }>['body'],
): Draft {
  // The pair of kind and body is one member of the union, which the compiler cannot see through the type parameter.
  return { kind: 'config', body: { kind, id, revision: 1, body } as Body<'config'> };
}

export async function json<Answer>(response: Response): Promise<Answer> {
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
  return (await response.json()) as Answer;
}
