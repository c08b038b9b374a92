/** Who said what of a device, and when: the audit keeps it, for the configuration keeps what is said last. */
import type { ConfigBody } from '../journal/bodies.ts';
import type { Draft } from '../journal/drafts.ts';
import { limits } from '../limits.ts';
import type { StaffMember } from '../staff/member.ts';
import { type AuditParts, auditDraft } from './audit.ts';

/** `by`: null for the installation's own token, which is nobody's. */
export async function deviceStateRecord(
  parts: AuditParts,
  by: StaffMember | null,
  deviceId: string,
  { state, reason }: ConfigBody<'device-state'>,
): Promise<Draft> {
  const [known] = await parts.ledger.engine.rows(
    'recovery',
    'SELECT computer_name, domain, site_id FROM devices WHERE device_id = ? ORDER BY hlc DESC LIMIT 1',
    [deviceId],
  );
  const [computerName, domain, siteId] = (known ?? [null, null, null]).map((value) =>
    value === null ? null : String(value),
  );
  const staff = by ?? ({ staffId: 'installation', name: 'Installation', role: 'administrator' } as const);
  return auditDraft(
    parts,
    { staff, address: null },
    {
      ...{ action: 'device-state', status: 'Successful', failure: null, deviceId },
      ...{ computerName: computerName ?? null, domain: domain ?? null, siteId: siteId ?? null },
      note: reason === '' ? state : `${state}: ${reason}`.slice(0, limits.noteCharactersMax),
    },
  );
}
