/** Escrows and reports by a fleet, and what became of each: what an end-to-end test counts on. */
import { blast } from '../../central/fleet/prepare.ts';
import type { Fleet } from '../../central/fleet/fleet.ts';

export interface Load {
  /** answers by status; 0 where none came */
  readonly statuses: Record<string, number>;
  /** of escrows: key IDs that were answered with a valid receipt */
  readonly keyIds: string[];
}

/** `count` escrows of new keys, or reports of changed facts, at one node over a few connections. */
export async function load(
  fleet: Fleet,
  kind: 'escrow' | 'changed-report',
  url: string,
  count: number,
): Promise<Load> {
  const prepared = await fleet.prepare(kind, url, count);
  const { statuses, responses } = await blast(fleet.wire, prepared, 16);
  const keyIds: string[] = [];
  for (const [index, escrow] of prepared.entries()) {
    const response = responses[index];
    if (!response || kind !== 'escrow' || (await escrow.check(response)) !== 'valid') continue;
    keyIds.push(new URL(escrow.request.url).pathname.split('/').at(-1) ?? '');
  }
  return { statuses: Object.fromEntries([...statuses].map(([status, n]) => [String(status), n])), keyIds };
}
