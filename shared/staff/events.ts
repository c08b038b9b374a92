/** What happens to accounts, written down before it takes effect, on every node; and which codes were used. */
import type { Ledger } from '../journal/ledger.ts';
import type { Draft } from '../journal/drafts.ts';
import type { NodeIdentity } from '../journal/parts.ts';
import type { AccountEvent, SignInFailure } from '../journal/staff-bodies.ts';
import { limits } from '../limits.ts';
import type { Platform } from '../platform.ts';
import type { Peers } from '../replication/peers.ts';

export interface EventParts {
  readonly ledger: Ledger;
  readonly platform: Platform;
  readonly identity: NodeIdentity;
  readonly peers: Peers;
}

export type Told = Pick<AccountEvent, 'action' | 'staffId'> &
  Partial<Pick<AccountEvent, 'method' | 'step' | 'codeHash' | 'byStaffId' | 'address'>> & {
    readonly failure?: SignInFailure;
  };

/** The entry of an event; it succeeded unless it names a failure. */
export function eventDraft({ platform, identity, peers }: EventParts, event: Told): Draft {
  const { nodeId, name } = identity.certificate;
  return {
    kind: 'account-event',
    body: {
      ...{ failure: null, method: null, step: null, codeHash: null, byStaffId: null, address: null },
      ...event,
      at: platform.now(),
      status: (event.failure ?? null) === null ? 'Successful' : 'Failed',
      ...{ nodeId, nodeName: name, offlineSince: peers.offlineSince(2 * limits.cycleEveryMs) },
    },
  };
}

export async function writeEvent(parts: EventParts, event: Told): Promise<void> {
  await parts.ledger.append('recovery', [eventDraft(parts, event)]);
}

export type UsableCode = { readonly step: number } | { readonly codeHash: string };

/** Whether a code was used before, here or, as far as its entries came, anywhere. */
export async function isUsed(ledger: Ledger, staffId: string, code: UsableCode): Promise<boolean> {
  const [column, value] = 'step' in code ? ['step', code.step] : ['code_hash', code.codeHash];
  const rows = await ledger.engine.rows(
    'recovery',
    `SELECT 1 FROM account_events WHERE staff_id = ? AND ${column} = ? LIMIT 1`,
    [staffId, value],
  );
  return rows.length > 0;
}
