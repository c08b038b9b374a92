/** A real node in this process: the application over an in-memory libSQL database, with people, a device and keys. */
import { LibsqlEngine } from '../../central/libsql-engine.ts';
import { nodePlatform } from '../../central/platform.ts';
import { TlsAuthority, makeTlsAuthority } from '../../central/tls/authority.ts';
import { tlsRoutes } from '../../central/tls/routes.ts';
import { migrations } from '../../migrations/index.ts';
import { issueToken, machineFingerprint } from '../../shared/devices/token.ts';
import { formatRecoveryPassword } from '../../shared/domain/recovery-key.ts';
import { STAFF_ROLES } from '../../shared/domain/vocabulary.ts';
import { createApp } from '../../shared/http/app.ts';
import type { App } from '../../shared/http/context.ts';
import type { ConfigBody, ConfigKind } from '../../shared/journal/bodies.ts';
import type { Draft } from '../../shared/journal/drafts.ts';
import { STORES, type Store } from '../../shared/journal/entry.ts';
import { type HoldfastNode, openNode } from '../../shared/node.ts';
import { type PrivateJwk, makeSigner, thumbprint } from '../../shared/trust/jws.ts';
import { publicJwk } from '../../shared/trust/certificate.ts';
import { generateVault } from '../../shared/vault/seal.ts';
import { type SignedIn, enrol, signIn } from '../support/people.ts';
import { apiToken } from '../support/tokens.ts';
import { type FixedNode, fixedNode, privateKeyOf } from './fixtures.ts';

export const SITE = 'madrid';
/** Of the one PC that is enrolled, and of the key that it has escrowed. */
export const PC = {
  ...{ deviceId: 'd-aaaaaaaaaaaaaaaa', smbiosUuid: '5c0f7b1e-2f2d-4b0e-9a53-1c7f6a0d9b11', serial: 'S1' },
  ...{ keyId: '3fd763f9-74c7-4e90-8fa2-1f6a2e2b4e0c', volumeId: '0f6a2e2b-74c7-4e90-8fa2-1c7f6a0d9b11' },
  computerName: 'PC-0417',
} as const;
/** No answer but that of a disclosure may have it. */
export const PASSWORD = formatRecoveryPassword(Uint8Array.from({ length: 16 }, (_, at) => 37 * (at + 3)));
export const SITE_TOKEN = `hft_${'s'.repeat(43)}`;

export const tokenOf = (staffId: string): string => `hfs_${staffId.padEnd(43, 'x')}`;

export interface Unexpected {
  readonly error: string;
  readonly stack: readonly string[];
}

export interface FuzzedNode {
  readonly node: HoldfastNode;
  readonly app: App;
  readonly self: FixedNode;
  /** what the application logged as its own failures */
  readonly unexpected: Unexpected[];
  /** a token of the PC, and what signs its proofs */
  readonly device: { readonly token: string; readonly key: PrivateJwk };
  /** of somebody who signed in here; at an edge nobody did */
  readonly session: SignedIn | null;
  /** how much this node has written */
  mark(): readonly number[];
  /** kinds of the entries that it has written since */
  since(mark: readonly number[]): Promise<string[]>;
  close(): Promise<void>;
}

function config<K extends ConfigKind>(kind: K, id: string, body: ConfigBody<K>): Draft {
  // The pair of kind and body is one member of the union, which the compiler cannot see through the type parameter.
  return { kind: 'config', body: { kind, id, revision: 1, body } } as unknown as Draft;
}

export async function openFuzzedNode(role: 'edge' | 'centre'): Promise<FuzzedNode> {
  const engine = await LibsqlEngine.open({ recovery: { url: ':memory:' }, compliance: { url: ':memory:' } });
  const unexpected: Unexpected[] = [];
  const [region, organisation] = [await generateVault('north-1'), await generateVault('org-1')];
  const self = await fixedNode(`${role}aaaaaa`.slice(0, 10), role);
  const node = await openNode({
    ...{
      engine,
      migrations,
      peers: [],
      platform: nodePlatform,
      sliceEntries: 50,
      version: '0.1.0',
      bootstrapTokenHash: null,
    },
    identity: { ...self.file, vaultKeys: [region.key, organisation.key] },
    log: (level, event, facts) => {
      if (level === 'error')
        unexpected.push({
          error: `${event}: ${String(facts?.['error'])}`,
          stack: (facts?.['stack'] ?? []) as string[],
        });
    },
  });
  const configuration: Draft[] = [
    config('region', 'north', { name: 'North' }),
    config('site', SITE, { name: 'Madrid', regionId: 'north' }),
    config('vault', 'north-1', {
      scope: 'region',
      regionId: 'north',
      publicKey: region.publicKey.publicKey,
      retired: false,
    }),
    config('vault', 'org-1', {
      scope: 'organisation',
      regionId: null,
      publicKey: organisation.publicKey.publicKey,
      retired: false,
    }),
    config('site-token', 'madrid-1', {
      siteId: SITE,
      tokenHash: nodePlatform.sha256('holdfast site token v1\n', SITE_TOKEN),
      expiresAt: Date.now() + 1e9,
      revoked: false,
    }),
    ...STAFF_ROLES.flatMap((staffRole) => [
      config('staff', staffRole, { name: staffRole, role: staffRole, sites: null, revoked: false }),
      config('api-token', staffRole, apiToken(staffRole, tokenOf(staffRole))),
    ]),
  ];
  if (role === 'centre') await node.ledger.append('recovery', configuration);
  else await takeIn(node, configuration);
  await node.configuration.settled();
  const authority = await TlsAuthority.open(
    await makeTlsAuthority('edges.example', nodePlatform),
    nodePlatform,
  );
  const app = createApp(node, role === 'centre' ? [tlsRoutes(authority)] : []);
  const device = await enrolPc(node);
  const session = role === 'centre' ? await signInHere(app) : null;
  return {
    ...{ node, app, self, unexpected, device, session },
    mark: () => STORES.map((store) => ownSeq(node, store)),
    since: async (mark) => {
      const kinds: string[] = [];
      for (const [index, store] of STORES.entries()) {
        if (mark[index] === ownSeq(node, store)) continue;
        const sql = `SELECT DISTINCT kind FROM "${store}_journal" WHERE origin = ? AND seq > ?`;
        const rows = await engine.rows(store, sql, [node.ledger.self, mark[index] ?? 0]);
        kinds.push(...rows.map(([kind]) => String(kind)));
      }
      return kinds;
    },
    close: async () => {
      await node.stop();
      engine.close();
    },
  };
}

function ownSeq(node: HoldfastNode, store: Store): number {
  return node.ledger.origins(store).get(node.ledger.self)?.seq ?? 0;
}

/** As an advanced helpdesk user does it, with a password and one-time codes. */
async function signInHere(app: App): Promise<SignedIn> {
  const fetch = async (path: string, init: RequestInit) =>
    app.fetch(new Request(`http://localhost${path}`, init));
  const enrolled = await enrol(fetch, tokenOf('administrator'), 'advanced-helpdesk');
  return signIn(fetch, enrolled, 1);
}

/** As an edge gets it: from a centre, by its log. */
async function takeIn(node: HoldfastNode, configuration: readonly Draft[]): Promise<void> {
  const engine = await LibsqlEngine.open({ recovery: { url: ':memory:' }, compliance: { url: ':memory:' } });
  const centre = await openNode({
    ...{
      engine,
      migrations,
      peers: [],
      platform: nodePlatform,
      sliceEntries: 50,
      version: '0.1.0',
      bootstrapTokenHash: null,
    },
    identity: (await fixedNode('centreaaaa', 'centre')).file,
    log: () => undefined,
  });
  await centre.ledger.append('recovery', configuration);
  for (const origin of centre.ledger.origins('recovery').keys()) {
    const segment = await centre.ledger.read('recovery', origin, 0, 1_000);
    if (segment) await node.ledger.absorb('recovery', segment);
  }
  await centre.stop();
  engine.close();
}

async function enrolPc(node: HoldfastNode): Promise<FuzzedNode['device']> {
  const key = privateKeyOf('pc');
  const jkt = await thumbprint(key);
  const { deviceId, smbiosUuid, serial, computerName } = PC;
  const attributes = {
    computerName,
    domain: 'corp.example',
    smbiosUuid,
    serial,
    make: 'Contoso',
    model: 'L5',
    osVersion: '10.0.26100',
  };
  const body = { deviceId, siteId: SITE, key: publicJwk.parse(key), jkt, claim: 'held', attributes };
  await node.ledger.append('recovery', [{ kind: 'device', body } as unknown as Draft]);
  const machine = machineFingerprint(nodePlatform, { smbiosUuid, serial });
  const token = await issueToken(node.identity, {
    aud: 'holdfast-devices',
    sub: deviceId,
    jkt,
    site: SITE,
    claim: 'held',
    machine,
    iat: 1,
  });
  return { token, key };
}

/** A proof of the PC's key for one request (RFC 9449). */
export async function proofFor(
  { node, device }: FuzzedNode,
  method: string,
  url: string,
  jti: string,
): Promise<string> {
  const signer = await makeSigner(device.key);
  const claims = {
    jti,
    htm: method,
    htu: url,
    nonce: node.proofs.nonce(),
    ath: nodePlatform.sha256(device.token),
  };
  return signer.sign('dpop+jwt', claims, { jwk: publicJwk.parse(device.key) });
}
