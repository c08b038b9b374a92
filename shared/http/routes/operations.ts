/** What operators and monitoring call. */
import { createRoute, z } from '@hono/zod-openapi';
import { openingAnswer } from '../../helpdesk/messages.ts';
import { STORES } from '../../journal/entry.ts';
import { limits } from '../../limits.ts';
import type { HoldfastNode } from '../../node.ts';
import { saidCondition } from '../../replication/condition.ts';
import { nodeFreshness } from '../../replication/peers.ts';
import { ALARMS } from '../../alarms.ts';
import { wantedRelease } from '../../release/wanted.ts';
import type { Routes } from '../context.ts';
import { jsonContent } from '../openapi.ts';
import { isPending, wantedHere } from './box.ts';

const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

const readiness = z
  .object({
    ready: z.boolean(),
    nodeId: z.string(),
    name: z.string(),
    role: z.enum(['edge', 'centre']),
    version: z.string(),
    /** the release that the centre wants of this edge, where one is staged */
    wanted: z.string().nullable(),
    /** what this node does not serve now, and why */
    waitingFor: z.array(z.string()),
    canOpen: z.array(z.string()),
    offlineSince: z.number().int().nullable(),
    /** time without the centre, as this node lived it: what disclosure goes by */
    offlineMs: z.number().int(),
    /** break-glass that is in force here */
    breakGlass: openingAnswer.nullable(),
    peers: z.array(z.object({ name: z.string(), state: z.string(), lastContact: z.number().int() })),
    /** how this node is; its clock is off by what `freshness` says of it, where a centre has heard it */
    condition: saidCondition,
    freshness: z.array(nodeFreshness.extend({ wanted: z.string().nullable() })),
    alarms: z.array(
      z.object({
        type: z.string(),
        subject: z.string(),
        detail: z.string(),
        since: z.number().int(),
        count: z.number().int(),
      }),
    ),
  })
  .openapi('Readiness');

const healthRoute = createRoute({
  method: 'get',
  path: '/healthz',
  summary: 'Whether the process answers',
  responses: { 200: { description: 'It does', content: jsonContent(z.object({ ok: z.literal(true) })) } },
});

const metricsRoute = createRoute({
  method: 'get',
  path: '/metrics',
  summary: 'What this node counts, for Prometheus',
  description: 'Text format 0.0.4. Names and meanings: docs/monitoring.',
  responses: {
    200: { description: 'Counters and gauges', content: { [METRICS_TYPE]: { schema: z.string() } } },
  },
});

const readyRoute = createRoute({
  method: 'get',
  path: '/readyz',
  summary: 'Whether this node serves what it is for, and what needs attention',
  responses: {
    200: { description: 'Ready', content: jsonContent(readiness) },
    503: { description: 'Not yet', content: jsonContent(readiness) },
  },
});

export const operationRoutes: Routes = (app, node) => {
  app.openapi(healthRoute, (c) => c.json({ ok: true as const }, 200));
  app.openapi(readyRoute, (c) => {
    const answer = readinessOf(node);
    return c.json(answer, answer.ready ? 200 : 503, { 'Cache-Control': 'no-store' });
  });
  app.openAPIRegistry.registerPath(metricsRoute);
  app.get(metricsRoute.path, (c) =>
    c.body(node.metrics.text(gauges(node)), 200, {
      'Content-Type': METRICS_TYPE,
    }),
  );
  app.openAPIRegistry.registerComponent('securitySchemes', 'staffToken', { type: 'http', scheme: 'bearer' });
};

export function readinessOf(node: HoldfastNode): z.infer<typeof readiness> {
  const { certificate } = node.identity;
  const waitingFor = node.confirmation.waitingFor();
  const storage = node.alarms.list().some(({ type }) => type === 'storage');
  const vaults = certificate.siteId === null || node.configuration.vaultsOf(certificate.siteId) !== null;
  const lastContact = new Map(node.peers.all().map((peer) => [peer.nodeId, peer.lastContact]));
  return {
    ready: waitingFor.length === 0 && !storage && vaults,
    nodeId: certificate.nodeId,
    name: certificate.name,
    role: certificate.role,
    version: node.options.version,
    wanted: wantedHere(node)?.version ?? null,
    waitingFor: [
      ...waitingFor,
      ...(vaults ? [] : ['vault keys from the centre']),
      ...(storage ? ['storage'] : []),
    ],
    canOpen: node.vaultKeys.map(({ vaultId }) => vaultId),
    offlineSince: node.peers.offlineSince(2 * limits.cycleEveryMs),
    offlineMs: node.lived.offlineMs(),
    breakGlass: node.breakGlass.state(),
    peers: node.links.map(({ name, client, state }) => ({
      name,
      state: state.name,
      lastContact: lastContact.get(client.peer?.nodeId ?? '') ?? 0,
    })),
    condition: node.condition.said(),
    freshness: upgrading(node).map(({ wanted, ...freshness }) => ({
      ...freshness,
      wanted: wanted?.version ?? null,
    })),
    alarms: node.alarms.list(),
  };
}

function disclosuresLeft(opening: z.infer<typeof openingAnswer> | null): number {
  return opening ? opening.disclosuresMax - opening.disclosures : 0;
}

/** Each edge with the release that is wanted of it. */
function upgrading(node: HoldfastNode) {
  const { configuration, peers, options } = node;
  return peers.freshness(configuration).map((freshness) => {
    const regionId =
      (freshness.siteId === null ? undefined : configuration.get('site', freshness.siteId)?.body.regionId) ??
      null;
    const edge = { name: freshness.nodeName, regionId };
    return { ...freshness, wanted: wantedRelease(edge, configuration, options.platform.now()) };
  });
}

function gauges(node: HoldfastNode): { name: string; labels: Record<string, string>; value: number }[] {
  const now = node.options.platform.now();
  // An edge that was revoked stays away, and nobody is to be woken because of it.
  const isRevoked = (nodeId: string) => node.revocations.isRevoked(nodeId);
  const alarms = node.alarms.list();
  const types = new Map<string, number>();
  for (const { type } of alarms) types.set(type, (types.get(type) ?? 0) + 1);
  return [
    ...(node.room.stages
      ? Object.entries(node.room.stages).map(([state, value]) => ({
          name: 'holdfast_disk_reserve_stages',
          labels: { state },
          value,
        }))
      : []),
    { name: 'holdfast_ready', labels: {}, value: Number(readinessOf(node).ready) },
    { name: 'holdfast_build_info', labels: { version: node.options.version }, value: 1 },
    ...upgrading(node).flatMap(({ nodeId, nodeName, version, wanted }) =>
      wanted === null || isRevoked(nodeId)
        ? []
        : [
            {
              name: 'holdfast_upgrade_pending',
              labels: { node: nodeName, version: wanted.version },
              value: Number(isPending(wanted, version)),
            },
          ],
    ),
    ...STORES.map((store) => ({
      name: 'holdfast_journal_entries',
      labels: { store },
      value: [...node.ledger.origins(store).values()].reduce((sum, { seq }) => sum + seq, 0),
    })),
    { name: 'holdfast_offline_seconds', labels: {}, value: Math.round(node.lived.offlineMs() / 1000) },
    {
      name: 'holdfast_break_glass_disclosures_left',
      labels: {},
      value: disclosuresLeft(node.breakGlass.state()),
    },
    ...[{ name: 'node', endsAt: node.identity.certificate.exp * 1000 }, ...node.endings.all()].map(
      ({ name, endsAt }) => ({
        name: 'holdfast_certificate_end_timestamp_seconds',
        labels: { certificate: name },
        value: Math.round(endsAt / 1000),
      }),
    ),
    ...[...types].map(([type, value]) => ({ name: 'holdfast_alarms', labels: { type }, value })),
    ...ALARMS.map((type) => ({
      name: 'holdfast_alarms_total',
      labels: { type },
      value: node.alarms.total(type),
    })),
    ...node.peers
      .all()
      .filter(({ nodeId }) => !isRevoked(nodeId))
      .map(({ name, lastContact }) => ({
        name: 'holdfast_last_contact_seconds',
        labels: { peer: name },
        value: Math.max(0, Math.round((now - lastContact) / 1000)),
      })),
    ...node.links.map(({ name, state }) => ({
      name: 'holdfast_peer_connected',
      labels: { peer: name },
      value: Number(state.name !== 'waiting'),
    })),
    ...node.peers
      .freshness(node.configuration)
      .flatMap(({ nodeId, nodeName, entriesBehind }) =>
        entriesBehind === null || isRevoked(nodeId)
          ? []
          : [{ name: 'holdfast_entries_behind', labels: { node: nodeName }, value: entriesBehind }],
      ),
  ];
}
