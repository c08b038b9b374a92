/** What a report is made from, and for whom. */
import type { Configuration } from '../configuration.ts';
import { Problem } from '../http/problem.ts';
import type { Ledger } from '../journal/ledger.ts';
import type { NodeIdentity } from '../journal/parts.ts';
import { limits } from '../limits.ts';
import type { HoldfastNode } from '../node.ts';
import type { Platform } from '../platform.ts';
import type { Peers } from '../replication/peers.ts';
import type { StaffMember } from '../staff/member.ts';
import type { Language } from '../text/language.ts';
import type { ReportHead } from './messages.ts';
import { Standings } from './standing.ts';
import type { TimeZone } from './time.ts';

export interface ReportParts {
  readonly ledger: Ledger;
  readonly platform: Platform;
  readonly identity: NodeIdentity;
  readonly configuration: Configuration;
  readonly peers: Peers;
  readonly standings: Standings;
}

const partsOfNodes = new WeakMap<HoldfastNode, ReportParts>();

/** The parts of a node that reports are made from: one set for all who read it, for a part keeps what it has worked out. */
export function reportPartsOf(node: HoldfastNode): ReportParts {
  const known = partsOfNodes.get(node);
  if (known) return known;
  const { ledger, identity, configuration, peers, options } = node;
  const standings = new Standings(ledger, configuration);
  const parts = { ledger, platform: options.platform, identity, configuration, peers, standings };
  partsOfNodes.set(node, parts);
  return parts;
}

export interface Reading {
  readonly parts: ReportParts;
  readonly staff: StaffMember;
  readonly language: Language;
  readonly zone: TimeZone;
}

export function reportHead({ identity, platform, peers, configuration }: ReportParts): ReportHead {
  const { nodeId, name, role, scope } = identity.certificate;
  return {
    generatedAt: platform.now(),
    node: { nodeId, name, role },
    offlineSince: peers.offlineSince(2 * limits.cycleEveryMs),
    holds: role === 'centre' ? { recovery: 'all', compliance: 'all' } : scope,
    freshness: peers.freshness(configuration),
  };
}

/** The sites a report covers: what was asked for within what this person may see; null for every site. */
export function sitesFor(staff: StaffMember, site: string | undefined): readonly string[] | null {
  if (site === undefined) return staff.sites;
  if (staff.sites !== null && !staff.sites.includes(site)) throw new Problem('site-not-assigned');
  return [site];
}
