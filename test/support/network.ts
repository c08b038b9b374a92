/** Whole nodes in one process: the real application core over in-memory libSQL, joined by a network that can fail. */
import { onTestFinished } from 'vitest';
import { LibsqlEngine } from '../../central/libsql-engine.ts';
import { nodePlatform } from '../../central/platform.ts';
import { migrations } from '../../migrations/index.ts';
import { createApp } from '../../shared/http/app.ts';
import { type HoldfastNode, openNode } from '../../shared/node.ts';
import type { Platform } from '../../shared/platform.ts';
import type { PeerFetch } from '../../shared/replication/client.ts';
import { type Certificate, issueCertificate, publicJwk } from '../../shared/trust/certificate.ts';
import { randomName } from '../../shared/platform.ts';
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

export async function startNetworkNode(
  organisation: Organisation,
  subject: Subject,
  peers: readonly { name: string; fetch: PeerFetch }[] = [],
): Promise<NetworkNode> {
  const privateKey = await makePrivateKey();
  const key = publicJwk.parse(privateKey);
  const nodeId = randomName(nodePlatform, 10);
  const certificate = await issueCertificate(
    nodePlatform,
    organisation.privateKey,
    { ...subject, nodeId, key },
    30,
  );
  const engine = await LibsqlEngine.open({ recovery: { url: ':memory:' }, compliance: { url: ':memory:' } });
  const node = await openNode({
    ...{ engine, migrations, peers, platform: hastyPlatform, log: () => undefined },
    identity: {
      organisation: publicJwk.parse(organisation.privateKey),
      certificate,
      privateKey,
      vaultKeys: [],
    },
    ...{ sliceEntries: 50, version: 'test', bootstrapTokenHash: null },
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
