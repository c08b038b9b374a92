/** The application of a centre in this process, for what it says of itself. */
import { LibsqlEngine } from '../../central/libsql-engine.ts';
import { nodePlatform } from '../../central/platform.ts';
import { snapshotRoutes } from '../../central/snapshot/routes.ts';
import type { SnapshotService } from '../../central/snapshot/service.ts';
import { migrations } from '../../migrations/index.ts';
import { createApp } from '../../shared/http/app.ts';
import type { App } from '../../shared/http/context.ts';
import { openNode } from '../../shared/node.ts';
import { publicJwk } from '../../shared/trust/certificate.ts';
import { afterFile } from '../support/cleanup.ts';
import { makeIdentity, makeOrganisation } from '../support/organisation.ts';

/** A centre, which serves everything that an edge does and snapshots; nothing of it is called. */
export async function centreApp(): Promise<App> {
  const organisation = await makeOrganisation();
  const { certificateJws, privateKey } = await makeIdentity(nodePlatform, organisation, 'centre');
  const engine = await LibsqlEngine.open({ recovery: { url: ':memory:' }, compliance: { url: ':memory:' } });
  const identity = {
    organisation: publicJwk.parse(organisation.privateKey),
    ...{ certificate: certificateJws, privateKey, vaultKeys: [] },
  };
  const node = await openNode({
    ...{ engine, migrations, peers: [], platform: nodePlatform, identity, log: () => undefined },
    ...{ sliceEntries: 50, version: 'test', bootstrapTokenHash: null },
  });
  afterFile(async () => {
    await node.stop();
    engine.close();
  });
  // Its routes are declared and never called.
  const service: unknown = {};
  return createApp(node, [snapshotRoutes(service as SnapshotService)]);
}
