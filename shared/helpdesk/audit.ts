/** Writes audit records: who did or tried what, from where, at which node, and since when without the centre (I3). */
import type { AuditBody } from '../journal/bodies.ts';
import type { Draft } from '../journal/drafts.ts';
import type { Statement } from '../journal/engine.ts';
import type { Ledger } from '../journal/ledger.ts';
import type { NodeIdentity } from '../journal/parts.ts';
import { limits } from '../limits.ts';
import type { Platform } from '../platform.ts';
import type { Peers } from '../replication/peers.ts';
import type { StaffMember } from '../staff/member.ts';

/** Who asks, and from where. */
export interface Asking {
  readonly staff: StaffMember;
  readonly address: string | null;
}

/** Who a record is about. */
export interface Recorded {
  readonly staff: Pick<StaffMember, 'staffId' | 'name' | 'role'>;
  readonly address: string | null;
}

export interface AuditParts {
  readonly ledger: Ledger;
  readonly platform: Platform;
  readonly identity: NodeIdentity;
  readonly peers: Peers;
}

export type AuditFacts = Pick<AuditBody, 'action' | 'status' | 'failure'> & Partial<AuditBody>;

/** Where a record stands. */
export interface AuditPlace {
  readonly origin: string;
  readonly seq: number;
  readonly at: number;
}

/** What most records leave empty. */
export const NOTHING_ELSE = {
  ...{ endUser: null, computerName: null, domain: null, deviceId: null, volumeId: null, keyId: null },
  ...{ keyType: null, commitment: null, requestId: null, breakGlassId: null, otherId: null, otherName: null },
  ...{ reason: null, verification: null, note: null, siteId: null },
} as const satisfies Partial<AuditBody>;

export function auditDraft(
  { platform, identity, peers }: AuditParts,
  { staff, address }: Recorded,
  facts: AuditFacts,
): Draft & { readonly kind: 'audit' } {
  const { nodeId, name } = identity.certificate;
  return {
    kind: 'audit',
    body: {
      ...NOTHING_ELSE,
      source: 'Helpdesk',
      ...{ at: platform.now(), offlineSince: peers.offlineSince(2 * limits.cycleEveryMs) },
      ...facts,
      ...{ staffId: staff.staffId, staffName: staff.name, staffRole: staff.role, address },
      ...{ nodeId, nodeName: name },
    },
  };
}

/** Durable when it resolves, together with what `local` changes at this node. */
export async function writeAudit(
  parts: AuditParts,
  recorded: Recorded,
  facts: AuditFacts,
  local: readonly Statement[] = [],
): Promise<AuditPlace> {
  const draft = auditDraft(parts, recorded, facts);
  const [entry] = await parts.ledger.append('recovery', [draft], local);
  if (!entry) throw new Error('an append resolved without its entry');
  return { origin: entry.origin, seq: entry.seq, at: draft.body.at };
}
