/**
 * A node of the test's own that replicates from another over HTTP: whatever arrives here was verified as a peer verifies
 * it, with certificates, heads and the whole chain.
 */
import { LibsqlEngine } from '../../central/libsql-engine.ts';
import type { LocalCluster } from '../../central/local/cluster.ts';
import { makeIdentity } from '../../central/local/secrets.ts';
import { nodePlatform } from '../../central/platform.ts';
import { migrations } from '../../migrations/index.ts';
import { STORES } from '../../shared/journal/entry.ts';
import { type HoldfastNode, openNode } from '../../shared/node.ts';
import { afterFile } from './cleanup.ts';

export interface Auditor {
  /** Takes in all that the node has; throws when any of it does not verify. */
  pull(): Promise<void>;
  /** The chain hash of an entry taken in, or null. */
  hashOf(origin: string, seq: number): Promise<string | null>;
  /** Escrows taken in, each as "keyId commitment". */
  escrows(): Promise<Set<string>>;
}

export async function openAuditor(cluster: LocalCluster, url: string): Promise<Auditor> {
  const databases = { recovery: { url: ':memory:' }, compliance: { url: ':memory:' } };
  const engine = await LibsqlEngine.open(databases);
  const identity = await makeIdentity(
    cluster.secrets.organisationKey,
    {
      name: 'auditor',
      role: 'edge',
      regionId: null,
      siteId: null,
      scope: { recovery: 'all', compliance: 'all' },
    },
    [],
  );
  const node = await openNode({
    ...{ engine, platform: nodePlatform, migrations, identity, sliceEntries: 500, version: 'test' },
    log: () => undefined,
    peers: [{ name: 'audited', fetch: (path, init) => fetch(new URL(path, url), init) }],
    bootstrapTokenHash: null,
  });
  afterFile(async () => {
    await node.stop();
    engine.close();
  });
  const rows = (sql: string, args: (string | number)[]) => engine.rows('recovery', sql, args);
  return {
    pull: () => pullAll(node),
    async hashOf(origin, seq) {
      const [row] = await rows('SELECT hash FROM recovery_journal WHERE origin = ? AND seq = ?', [
        origin,
        seq,
      ]);
      return row ? String(row[0]) : null;
    },
    async escrows() {
      const found = await rows('SELECT key_id, commitment FROM escrows', []);
      return new Set(found.map((row) => row.map(String).join(' ')));
    },
  };
}

async function pullAll({ links, alarms, ledger }: HoldfastNode): Promise<void> {
  const client = links[0]?.client;
  if (!client) throw new Error('an auditor has one peer');
  while ((await client.exchange(true, new AbortController().signal)).more);
  const marked = await Promise.all(
    STORES.map((store) => ledger.engine.rows(store, `SELECT * FROM "${store}_marks"`, [])),
  );
  // Neither a wrong clock nor a drive that is in another PC now is a fault of a log.
  const raised = alarms.list().filter(({ type }) => type !== 'clock-ahead' && type !== 'key-conflict');
  if (raised.length > 0 || marked.flat().length > 0)
    throw new Error(`the node's logs are not in order: ${JSON.stringify([raised, marked])}`);
}
