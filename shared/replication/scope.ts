/** Which logs go to which node: what its certificate says. A row is read with its origin, so partial replicas are no special case. */
import { z } from 'zod';
import type { Store } from '../journal/entry.ts';
import type { Certificate } from '../trust/certificate.ts';

/** Whether `peer` is to hold the log that the node of `author` wrote. A node always gets its own old logs back (I6). */
export function inScope(store: Store, peer: Certificate, author: Certificate): boolean {
  if (peer.role === 'centre' || author.role === 'centre' || author.nodeId === peer.nodeId) return true;
  const reach = peer.scope[store];
  return (
    reach === 'all' || (reach === 'region' && peer.regionId !== null && author.regionId === peer.regionId)
  );
}

const audience = z.object({ sites: z.array(z.string()).nullable() });

/** Whether `peer` is to hold the body of a credential: a centre, or a node of a site where the person works. */
export function mayHoldCredential(peer: Pick<Certificate, 'role' | 'siteId'>, body: string): boolean {
  if (peer.role === 'centre') return true;
  try {
    return isAtSite(peer, audience.parse(JSON.parse(body)).sites);
  } catch {
    // What this version cannot read is for nobody but a centre.
    return false;
  }
}

/** Whether this node stands where somebody assigned to `sites` (null: everywhere) works. */
export function isAtSite({ siteId }: Pick<Certificate, 'siteId'>, sites: readonly string[] | null): boolean {
  return sites === null || (siteId !== null && sites.includes(siteId));
}
