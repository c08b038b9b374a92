/** What `run.json` says of an installation, and of its nodes as they are now. */
import { thumbprint } from '../../shared/trust/jws.ts';
import type { LocalCluster } from '../local/cluster.ts';
import type { LocalPerson } from '../local/people.ts';
import type { NodeProcess } from '../local/processes.ts';
import type { NodeState, RunFile } from '../local/run-file.ts';
import { demoCommands } from './commands.ts';
import type { ControlDoor } from './control.ts';
import { type FleetAtWork, fleetSites } from './fleet.ts';

type States = ReadonlyMap<string, NodeState>;

/** Two keys are offered: one to be retrieved with the centre, and one without. */
const DEMO_KEYS = 2;

export async function describeRun(
  cluster: LocalCluster,
  fleet: FleetAtWork | null,
  door: ControlDoor,
  states: States,
  people: readonly LocalPerson[],
): Promise<RunFile> {
  const { plan, secrets, folder, centreUrl } = cluster;
  const { administrator, helpdesk, advancedHelpdesk, reports, auditor } = secrets.tokens;
  const helpdeskSites = plan.edges.filter((edge) => edge.helpdesk).map(({ siteId }) => siteId);
  const sites = fleetSites(cluster);
  return {
    version: 1,
    dataFolder: folder,
    startedAt: Date.now(),
    pid: process.pid,
    control: { url: door.url, token: door.token },
    centre: { ...nodeNow('centre', cluster.centre, states), url: centreUrl },
    edges: plan.edges.map(({ name, siteId, regionId, helpdesk: opens }) => ({
      ...nodeNow(name, cluster.edges.get(name) ?? null, states),
      ...{ url: cluster.edgeUrl(name), siteId, regionId, helpdesk: opens },
    })),
    sites: plan.edges.map(({ siteId, siteName, regionId }) => {
      const site = sites.find((each) => each.siteId === siteId);
      const nodes = [...(site?.nodes ?? [])];
      return { siteId, name: siteName, regionId, siteToken: site?.siteToken ?? '', nodes };
    }),
    tokens: { administrator, helpdesk, advancedHelpdesk, reports, auditor },
    people: [...people],
    organisation: {
      thumbprint: await thumbprint(secrets.centre.organisation),
      key: secrets.centre.organisation,
    },
    fleet: { devices: fleet?.devices ?? 0 },
    commands: demoCommands(fleet?.demoKeys(helpdeskSites, DEMO_KEYS) ?? [], folder),
  };
}

/** The same, with each node's state and process as they are now. */
export function nodesNow(run: RunFile, cluster: LocalCluster, states: States): RunFile {
  return {
    ...run,
    centre: { ...run.centre, ...nodeNow('centre', cluster.centre, states) },
    edges: run.edges.map((edge) => ({
      ...edge,
      ...nodeNow(edge.name, cluster.edges.get(edge.name) ?? null, states),
    })),
  };
}

function nodeNow(name: string, node: NodeProcess | null, states: States) {
  const pid = node?.running === true ? node.pid : null;
  return { name, state: states.get(name) ?? 'ended', pid, logFile: node?.logFile ?? '' };
}
