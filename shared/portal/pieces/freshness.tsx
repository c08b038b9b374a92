/** In plain words: whether this node reaches the centre, since when not, and how far what it knows of others goes. */
import { limits } from '../../limits.ts';
import type { NodeFreshness } from '../../replication/peers.ts';
import type { PortalWords } from '../words/words.ts';
import type { Visit } from '../visit.ts';

export type Meaning = keyof PortalWords['banner']['meaning'];

/** Nodes that are told apart; the page of nodes shows all. */
const NAMED_MAX = 4;
/** What is no older than this is as good as now: replication takes seconds, and a quiet site says nothing. */
const CURRENT_MS = 60_000;

export function Freshness({ visit, meaning }: { visit: Visit; meaning: Meaning }) {
  const { words, node, clock, staff } = visit;
  const isCentre = node.identity.certificate.role === 'centre';
  const offlineSince = node.peers.offlineSince(2 * limits.cycleEveryMs);
  const others = staff ? othersOf(visit) : [];
  const stale = others.filter(({ asOf }) => !isCurrent(asOf, clock.now));
  const opening = node.breakGlass.state();
  // A backup that fails or does not come is loud wherever somebody looks.
  const backupFails = staff !== null && node.alarms.list().some(({ type }) => type === 'snapshot');
  const calm = offlineSince === null && stale.length === 0 && !opening && !backupFails;
  return (
    <aside class={`freshness ${calm ? 'calm' : 'warn'}`} aria-label={words.banner.label}>
      <span class="dot" aria-hidden="true"></span>
      <p>
        {isCentre ? words.banner.centre : connection(visit, offlineSince)}{' '}
        {others.length > 0 && `${sentence(visit, others, stale)} `}
        {offlineSince !== null && words.banner.meaning[meaning]}
        {opening && (
          <strong>{` ${words.breakGlass.openFor(node.configuration.siteName(opening.siteId))}`}</strong>
        )}
        {backupFails && (
          <>
            {' '}
            <strong>
              <a href="/nodes">{words.banner.backup}</a>
            </strong>
          </>
        )}
      </p>
    </aside>
  );
}

function connection({ words, clock }: Visit, offlineSince: number | null): string {
  if (offlineSince === null) return words.banner.connected;
  return offlineSince === 0
    ? words.banner.neverReached
    : words.banner.offlineSince(clock.recent(offlineSince));
}

/** Other nodes whose data this one holds and this person may see. */
function othersOf({ node, staff }: Visit): NodeFreshness[] {
  const self = node.identity.certificate.nodeId;
  // Of an edge that was revoked nothing more is to come.
  return node.peers
    .freshness(node.configuration)
    .filter(
      ({ nodeId, siteId }) =>
        nodeId !== self &&
        !node.revocations.isRevoked(nodeId) &&
        (!staff?.sites || staff.sites.includes(siteId ?? '')),
    );
}

function sentence(
  { words, clock }: Visit,
  others: readonly NodeFreshness[],
  stale: readonly NodeFreshness[],
): string {
  const name = ({ siteName, nodeName }: NodeFreshness) => siteName ?? nodeName;
  const current = others.filter(({ asOf }) => isCurrent(asOf, clock.now)).map(name);
  const named =
    current.length > NAMED_MAX
      ? [...current.slice(0, NAMED_MAX), `+${String(current.length - NAMED_MAX)}`]
      : current;
  const parts = [
    ...(named.length > 0 ? [words.banner.current(named)] : []),
    ...stale.slice(0, NAMED_MAX).map((one, index) => {
      if (one.asOf === null) return words.banner.neverHeard(name(one));
      // Whatever begins the sentence brings its verb.
      const to = named.length === 0 && index === 0 ? words.banner.onlyTo : words.banner.to;
      return to(name(one), clock.recent(one.asOf));
    }),
    ...(stale.length > NAMED_MAX ? [words.banner.more(stale.length - NAMED_MAX)] : []),
  ];
  const text = parts.join(', ');
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
}

function isCurrent(asOf: number | null, now: number): boolean {
  return asOf !== null && now - asOf <= CURRENT_MS;
}
