/**
 * What `npm run dev:central` and `npm run dev:edge` share: an installation of one centre and one edge in
 * `data/development`, made by whichever comes first. It is a toy: its organisation key lies beside everything else.
 */
import path from 'node:path';
import type { Plan } from './plan.ts';
import { packageRoot } from './processes.ts';
import { LocalCluster } from './cluster.ts';

export const DEVELOPMENT_EDGE = 'edge-dev';

const DEVELOPMENT_PLAN: Plan = {
  regions: [{ id: 'development', name: 'Development' }],
  edges: [
    {
      ...{ name: DEVELOPMENT_EDGE, siteId: 'development', siteName: 'Development' },
      ...{ regionId: 'development', helpdesk: true },
    },
  ],
};

/** As in `npm start`: HOLDFAST_DATA is the folder and HOLDFAST_PORT the centre's port. */
export function openDevelopment(env: Readonly<Record<string, string | undefined>>): Promise<LocalCluster> {
  const folder = path.join(env['HOLDFAST_DATA'] ?? path.join(packageRoot(), 'data'), 'development');
  const port = Number(env['HOLDFAST_PORT'] ?? 8700);
  if (!Number.isInteger(port) || port < 1 || port > 65_534) {
    process.stderr.write('holdfast: HOLDFAST_PORT is not usable: it must be a port number.\n');
    process.exit(2);
  }
  return LocalCluster.prepare(folder, DEVELOPMENT_PLAN, port);
}
