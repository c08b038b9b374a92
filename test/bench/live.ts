/**
 * Live latency: from the moment an edge has acknowledged an escrow until another edge holds it durably, by way of the
 * centre. The bench looks at the second edge as a third node would: by a long poll that answers on its commit.
 */
import { nodePlatform } from '../../central/platform.ts';
import type { LocalCluster } from '../../central/local/cluster.ts';
import {
  PROTOCOL_HEADER,
  PROTOCOL_VERSION,
  SYNC_MEDIA_TYPE,
  challengeAnswer,
  pullAnswer,
  sessionAnswer,
} from '../../shared/replication/protocol.ts';
import { escrowAnswer } from '../../shared/devices/messages.ts';
import { limits } from '../../shared/limits.ts';
import { randomName } from '../../shared/platform.ts';
import { makeSigner, peekJws } from '../../shared/trust/jws.ts';
import { receiptPayload } from '../../shared/devices/messages.ts';
import { type Figure, ascending, percentile } from './figures.ts';
import { type BenchContext, EDGE_A, EDGE_B, OBSERVER, enrolFleet, openInstallation } from './installation.ts';

const ESCROWS = 200;
/** Between escrows, so that each finds the nodes at rest: this is about latency, not throughput. */
const PAUSE_MS = 40;

export async function benchLive(context: BenchContext): Promise<Figure[]> {
  const cluster = await openInstallation(context, [EDGE_A, EDGE_B]);
  const stopping = new AbortController();
  try {
    const fleet = await enrolFleet(cluster, 20);
    const arrivals = new Map<string, number>();
    const observing = observe(cluster, arrivals, stopping.signal);
    const acknowledged = new Map<string, number>();
    const prepared = await fleet.prepare('escrow', cluster.edgeUrl(EDGE_A), ESCROWS);
    for (const { request } of prepared) {
      await pause(PAUSE_MS * (0.5 + Math.random()));
      const response = await fleet.wire.send(request);
      const at = performance.now();
      const { receipt } = escrowAnswer.parse(JSON.parse(response.body));
      const { origin, seq } = receiptPayload.parse(peekJws(receipt)?.payload);
      acknowledged.set(`${origin} ${seq}`, at);
    }
    await pause(1_000);
    stopping.abort();
    await observing;
    await fleet.close();
    const latencies = ascending(
      [...acknowledged].map(([entry, at]) => (arrivals.get(entry) ?? Infinity) - at),
    );
    context.say(`live: p50 ${percentile(latencies, 0.5).toFixed(1)} ms`);
    return [
      {
        bench: 'live',
        name: 'edge → centre → edge p50',
        value: percentile(latencies, 0.5),
        unit: 'ms',
        aim: { atMost: 50 },
        laterAim: { atMost: 6 },
      },
      {
        bench: 'live',
        name: 'edge → centre → edge p99',
        value: percentile(latencies, 0.99),
        unit: 'ms',
        laterAim: { atMost: 25 },
      },
    ];
  } finally {
    stopping.abort();
    await cluster.stopAll();
  }
}

/** Notes when each entry of the first edge is held at the second, by pulling from it as a node of the region. */
async function observe(
  cluster: LocalCluster,
  arrivals: Map<string, number>,
  signal: AbortSignal,
): Promise<void> {
  const session = await openSession(cluster);
  const held: Record<'recovery' | 'compliance', Record<string, number>> = { recovery: {}, compliance: {} };
  while (!signal.aborted) {
    const request = {
      vectors: held,
      without: { recovery: [], compliance: [] },
      entriesMax: limits.segmentEntriesMax,
      waitMs: 5_000,
    };
    const text = await post(cluster.edgeUrl(EDGE_B), '/v1/sync/pull', request, session, signal).catch(
      (error: unknown) => {
        if (error instanceof Error && error.name === 'AbortError') return null;
        throw error;
      },
    );
    if (text === null) return;
    const at = performance.now();
    const answer = pullAnswer.parse(JSON.parse(text));
    for (const store of ['recovery', 'compliance'] as const) {
      for (const { origin, from, entries } of answer[store]) {
        for (let seq = from; seq < from + entries.length; seq += 1) arrivals.set(`${origin} ${seq}`, at);
        held[store][origin] = from + entries.length - 1;
      }
    }
  }
}

async function openSession(cluster: LocalCluster): Promise<string> {
  const identity = cluster.secrets.edges[OBSERVER];
  if (!identity) throw new Error('the observer has no identity');
  const edge = cluster.edgeUrl(EDGE_B);
  const challenge = challengeAnswer.parse(JSON.parse(await post(edge, '/v1/sync/challenge', {})));
  const signer = await makeSigner(identity.privateKey);
  const proof = await signer.sign('holdfast-challenge', {
    nonce: challenge.nonce,
    audience: challenge.nodeId,
  });
  const request = { certificate: identity.certificate, proof, nonce: randomName(nodePlatform, 32) };
  return sessionAnswer.parse(JSON.parse(await post(edge, '/v1/sync/session', request))).session;
}

async function post(
  node: string,
  path: string,
  message: object,
  session?: string,
  signal?: AbortSignal,
): Promise<string> {
  const response = await fetch(node + path, {
    method: 'POST',
    headers: {
      'Content-Type': SYNC_MEDIA_TYPE,
      [PROTOCOL_HEADER]: String(PROTOCOL_VERSION),
      ...(session === undefined ? {} : { Authorization: `Bearer ${session}` }),
    },
    body: await nodePlatform.compress(JSON.stringify(message)),
    ...(signal ? { signal } : {}),
  });
  if (!response.ok) throw new Error(`${path} was answered with ${response.status}`);
  return nodePlatform.decompress(new Uint8Array(await response.arrayBuffer()), limits.syncBodyBytesMax);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
