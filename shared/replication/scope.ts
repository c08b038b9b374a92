/** Which logs go to which node: what its certificate says. A row is read with its origin, so partial replicas are no special case. */
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
