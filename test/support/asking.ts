/**
 * What is asked of an installation's running nodes, by anybody who has its secrets: tests, benches and the soak.
 */
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import type { LocalCluster } from '../../central/local/cluster.ts';
import { certificatePayload } from '../../shared/trust/certificate.ts';
import { peekJws } from '../../shared/trust/jws.ts';

export interface HttpAnswer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** A request by a person with a bearer token. */
export async function ask(token: string, method: string, url: string, body?: object): Promise<HttpAnswer> {
  const response = await fetch(url, {
    method,
    headers: {
      Authorization: `Bearer ${token}`,
      ...(body || method !== 'GET' ? { 'Content-Type': 'application/json' } : {}),
    },
    ...(method === 'GET' ? {} : { body: JSON.stringify(body ?? {}) }),
  });
  return { status: response.status, body: z.record(z.string(), z.unknown()).parse(await response.json()) };
}

/** Gives out a key at a node, as an advanced helpdesk user who need not name the end user. */
export function disclose(cluster: LocalCluster, url: string, keyId: string): Promise<HttpAnswer> {
  return ask(cluster.secrets.tokens.advancedHelpdesk, 'POST', `${url}/v1/recovery/disclosures`, {
    keyId,
    reason: 'lost-pin',
    verification: 'manager',
  });
}

/** Looks for keys whose ID begins like this one. */
export function search(cluster: LocalCluster, url: string, keyId: string): Promise<HttpAnswer> {
  return ask(cluster.secrets.tokens.advancedHelpdesk, 'POST', `${url}/v1/recovery/search`, { keyId });
}

const digestsAnswer = z.object({
  origins: z.array(
    z.object({
      store: z.enum(['recovery', 'compliance']),
      origin: z.string(),
      seq: z.number(),
      hash: z.string(),
      tables: z.record(z.string(), z.string()),
    }),
  ),
});
export type LogDigest = z.infer<typeof digestsAnswer>['origins'][number];

/** What a node holds: how far each log goes, its chain head, and a digest of every table from it, by store and origin. */
export async function digestsOf(cluster: LocalCluster, url: string): Promise<Map<string, LogDigest>> {
  const { status, body } = await ask(cluster.secrets.tokens.administrator, 'GET', `${url}/v1/admin/digests`);
  if (status !== 200) throw new Error(`${url} gave no digests: ${JSON.stringify(body)}`);
  return new Map(
    digestsAnswer.parse(body).origins.map((digest) => [`${digest.store} ${digest.origin}`, digest]),
  );
}

/** What there is beside an installation's own nodes. */
export interface Beside {
  /** edges run from a copy of another's data */
  readonly clones?: readonly { readonly of: string; readonly url: string }[];
  /** certificates of edges that are no more */
  readonly former?: readonly string[];
}

/**
 * What keeps an installation from being in agreement, one line each: logs of the region or of the centre that a node
 * should hold and does not, and logs held by two nodes that differ in length, chain or tables.
 */
export async function disagreements(cluster: LocalCluster, beside: Beside = {}): Promise<string[]> {
  const { plan, secrets } = cluster;
  const clones = (beside.clones ?? []).flatMap(({ of, url }) =>
    plan.edges.filter(({ name }) => name === of).map((edge) => ({ ...edge, name: `clone of ${of}`, url })),
  );
  const nodes = await Promise.all(
    [
      { name: 'centre', url: cluster.centreUrl, helpdesk: false, regionId: null },
      ...plan.edges.map((edge) => ({ ...edge, url: cluster.edgeUrl(edge.name) })),
      ...clones,
    ].map(async (node) => ({ ...node, held: await digestsOf(cluster, node.url) })),
  );
  const edges = [
    ...Object.values(secrets.edges).map(({ certificate }) => certificate),
    ...(beside.former ?? []),
  ].map((jws) => certificatePayload.parse(peekJws(jws)?.payload));
  const due = (reader: (typeof nodes)[number], { origin }: LogDigest): boolean => {
    const author = edges.find(({ nodeId }) => origin.startsWith(nodeId));
    return (
      author === undefined ||
      reader.name === 'centre' ||
      (reader.helpdesk && author.regionId === reader.regionId)
    );
  };
  const found: string[] = [];
  for (const a of nodes) {
    for (const [log, digest] of a.held) {
      for (const b of nodes) {
        const other = b.held.get(log);
        if (other && JSON.stringify(other) !== JSON.stringify(digest))
          found.push(`${a.name} and ${b.name} differ in ${log}: ${digest.seq}, ${other.seq}`);
        if (!other && due(b, digest)) found.push(`${b.name} lacks ${log}, which ${a.name} holds`);
      }
    }
  }
  return found;
}

/** Resolves with the milliseconds it took until `check` found nothing; throws with what is left after `msMax`. */
export async function untilNone(check: () => Promise<string[]>, msMax: number): Promise<number> {
  const begin = performance.now();
  let left: string[] = [];
  do {
    left = await check().catch((error: unknown) => [String(error)]);
    if (left.length === 0) return performance.now() - begin;
    await new Promise((resolve) => setTimeout(resolve, 100));
  } while (performance.now() - begin < msMax);
  throw new Error(`after ${String(msMax)} ms:\n${left.slice(0, 20).join('\n')}`);
}

/** Lines of the processes' logs that tell of a bug rather than of a fault that a test made. */
export async function bugsInLogs(cluster: LocalCluster): Promise<string[]> {
  const folder = path.join(cluster.folder, 'logs');
  const found: string[] = [];
  for (const file of await readdir(folder)) {
    const lines = (await readFile(path.join(folder, file), 'utf8')).split('\n');
    found.push(
      ...lines
        .filter((line) =>
          /unexpected|unhandled|uncaught|"level":"error"|"level":50|listener failed/i.test(line),
        )
        .map((line) => `${file}: ${line.slice(0, 500)}`),
    );
  }
  return found;
}
