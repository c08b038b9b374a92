/** Whole nodes in one process: the real application core over in-memory libSQL, joined by a network that can fail. */
import { onTestFinished } from 'vitest';
import { LibsqlEngine } from '../../central/libsql-engine.ts';
import { nodePlatform } from '../../central/platform.ts';
import { migrations } from '../../migrations/index.ts';
import { createApp } from '../../shared/http/app.ts';
import { type HoldfastNode, openNode } from '../../shared/node.ts';
import { STORES } from '../../shared/journal/entry.ts';
import { limits } from '../../shared/limits.ts';
import { type Platform, randomName } from '../../shared/platform.ts';
import type { PeerFetch } from '../../shared/replication/client.ts';
import {
  type Certificate,
  type IdentityFile,
  issueCertificate,
  publicJwk,
} from '../../shared/trust/certificate.ts';
import type { VaultKey } from '../../shared/vault/seal.ts';
import { sealingKeyOf } from '../../shared/trust/sealing.ts';
import { type Organisation, makePrivateKey } from './organisation.ts';

/** A thousand times faster than life: every pause shrinks, so that back-off and timers can be watched. */
export const hastyPlatform: Platform = {
  ...nodePlatform,
  sleep: (ms, until) => nodePlatform.sleep(ms / 1000, until),
};

export interface NetworkNode {
  readonly node: HoldfastNode;
  /** what another node calls to reach this one */
  readonly fetch: PeerFetch;
}

type Subject = Pick<Certificate, 'name' | 'role' | 'regionId' | 'siteId' | 'scope'>;

export const CENTRE: Subject = {
  ...{ name: 'centre', role: 'centre', regionId: null, siteId: null },
  scope: { recovery: 'all', compliance: 'all' },
};

export function edgeIn(regionId: string, name: string, reach: 'own' | 'region'): Subject {
  return { name, role: 'edge', regionId, siteId: name, scope: { recovery: reach, compliance: reach } };
}

type Peers = readonly { name: string; fetch: PeerFetch }[];

export async function startNetworkNode(
  organisation: Organisation,
  subject: Subject,
  peers: Peers = [],
  bootstrapTokenHash: string | null = null,
  vaultKeys: readonly VaultKey[] = [],
  platform: Platform = hastyPlatform,
): Promise<NetworkNode> {
  const privateKey = await makePrivateKey();
  const key = publicJwk.parse(privateKey);
  const nodeId = randomName(nodePlatform, 10);
  const certificate = await issueCertificate(
    nodePlatform,
    organisation.privateKey,
    { ...subject, nodeId, key, sealingKey: (await sealingKeyOf(privateKey)).publicKey },
    365,
  );
  const identity = {
    organisation: publicJwk.parse(organisation.privateKey),
    certificate,
    privateKey,
    vaultKeys: [...vaultKeys],
  };
  return run(identity, platform, peers, bootstrapTokenHash);
}

/** A second running copy of a node, in the same incarnation and with what it holds, as a machine resumed twice. */
export async function startTwin({ node }: NetworkNode, peers: Peers): Promise<NetworkNode> {
  const incarnation = node.ledger.self.slice(-13);
  let drawn = false;
  const platform: Platform = {
    ...hastyPlatform,
    random: (length) => {
      if (drawn || length !== incarnation.length) return nodePlatform.random(length);
      drawn = true;
      return Uint8Array.from(incarnation, (letter) => 'abcdefghijklmnopqrstuvwxyz234567'.indexOf(letter));
    },
  };
  const twin = await run(node.options.identity, platform, peers);
  for (const store of STORES) {
    for (const origin of node.ledger.origins(store).keys()) {
      const segment = await node.ledger.read(store, origin, 0, limits.segmentEntriesMax);
      if (segment) await twin.node.ledger.absorb(store, segment);
    }
  }
  return twin;
}

async function run(
  identity: IdentityFile,
  platform: Platform,
  peers: Peers,
  bootstrapTokenHash: string | null = null,
): Promise<NetworkNode> {
  const engine = await LibsqlEngine.open({ recovery: { url: ':memory:' }, compliance: { url: ':memory:' } });
  const node = await openNode({
    ...{ engine, migrations, peers, platform, identity, log: () => undefined },
    ...{ sliceEntries: 50, version: 'test', bootstrapTokenHash },
  });
  const app = createApp(node);
  onTestFinished(async () => {
    await node.stop();
    engine.close();
  });
  return {
    node,
    fetch: async (path, init) => app.fetch(new Request(`http://localhost${path}`, init)),
  };
}

/** Resolves when `condition` holds; fails the test when it does not within `msMax` of real time. */
export async function eventually(condition: () => boolean | Promise<boolean>, msMax = 5_000): Promise<void> {
  const deadline = Date.now() + msMax;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('it did not come to that in time');
    await nodePlatform.sleep(5);
  }
}
