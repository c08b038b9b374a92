/** Whether nodes hold the same: by chain head and table digests of every log that two of them hold. */
import { z } from 'zod';
import type { Words } from '../words/words.ts';
import { LONG_ANSWER_MS_MAX, type NodeApi } from './api.ts';
import { CliError, EXIT_UNREACHABLE } from './errors.ts';

const digestsAnswer = z.object({
  origins: z.array(
    z.looseObject({
      store: z.string(),
      origin: z.string(),
      seq: z.number(),
      hash: z.string(),
      tables: z.record(z.string(), z.string()),
    }),
  ),
});

export interface NodeLogs {
  readonly name: string;
  readonly nodeId: string;
  /** null for a centre */
  readonly regionId: string | null;
  /** whether it replicates its region's logs, or all */
  readonly holdsRegion: boolean;
  /** by store and origin, what must be equal */
  readonly logs: ReadonlyMap<string, string>;
}

export async function logDigests(api: NodeApi): Promise<Map<string, string>> {
  const response = await api.send('GET', '/v1/admin/digests', undefined, {}, LONG_ANSWER_MS_MAX);
  const parsed = digestsAnswer.safeParse(await response.json().catch(() => null));
  if (!parsed.success) throw new CliError(EXIT_UNREACHABLE, `${api.url}: HTTP ${String(response.status)}`);
  return new Map(
    parsed.data.origins.map(({ store, origin, seq, hash, tables }) => [
      `${store} ${origin}`,
      JSON.stringify([seq, hash, Object.entries(tables).sort()]),
    ]),
  );
}

export function disagreements(nodes: readonly NodeLogs[], words: Words): string[] {
  const regionOf = new Map(nodes.map(({ nodeId, regionId }) => [nodeId, regionId]));
  /** Everybody holds the centres' logs, a helpdesk edge its region's, a centre all. */
  const due = (reader: NodeLogs, log: string): boolean => {
    const region = regionOf.get(log.split(' ')[1]?.slice(0, 10) ?? '') ?? null;
    return reader.regionId === null || region === null || (reader.holdsRegion && reader.regionId === region);
  };
  const found: string[] = [];
  for (const [index, a] of nodes.entries()) {
    for (const [log, digest] of a.logs) {
      for (const [other, b] of nodes.entries()) {
        const theirs = b.logs.get(log);
        if (theirs === undefined && due(b, log)) found.push(words.cli.lacks(b.name, log, a.name));
        if (theirs !== undefined && theirs !== digest && index < other)
          found.push(words.cli.differ(a.name, b.name, log));
      }
    }
  }
  return found;
}
