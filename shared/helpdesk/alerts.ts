/**
 * Raises what the audit says of people, at every node that the records reach: somebody was stopped by the hourly limit,
 * break-glass was opened. The audit record is what replicates; the alarm follows from it, also after a restart.
 */
import { z } from 'zod';
import type { Alarms } from '../alarms.ts';
import type { Ledger } from '../journal/ledger.ts';
import { limits } from '../limits.ts';
import { parseJson } from '../parse-json.ts';
import type { Platform } from '../platform.ts';

interface AlertParts {
  readonly ledger: Ledger;
  readonly alarms: Alarms;
  readonly platform: Pick<Platform, 'now'>;
}

const told = z.object({
  action: z.string(),
  status: z.string(),
  failure: z.string().nullable(),
  nodeName: z.string(),
  siteId: z.string().nullable(),
});
type Told = z.infer<typeof told>;

const ALARM = 'disclosure-limit';
/** what each refusal says of whoever was refused */
const LIMITS: ReadonlyMap<string, string> = new Map([
  ['disclosure-limit', 'somebody asked for more keys than may be given out in an hour'],
  ['search-limit', 'somebody searched for more key IDs than may be in an hour'],
]);
const OPENED = 'break-glass-opening';
const ENDED = 'break-glass-end';

export class AuditAlerts {
  readonly #parts: AlertParts;
  /** when each alarm about a limit was last raised here */
  readonly #limited = new Map<string, number>();

  constructor(parts: AlertParts) {
    this.#parts = parts;
  }

  tell({ action, status, failure, nodeName, siteId }: Told): void {
    const { alarms, platform } = this.#parts;
    const limited = LIMITS.get(failure ?? '');
    if (limited !== undefined) {
      this.#limited.set(nodeName, platform.now());
      // Anybody may read alarms: who it was is for the audit to say.
      alarms.raise(ALARM, nodeName, limited);
    }
    const opened = `${nodeName} ${siteId ?? ''}`;
    if (status !== 'Successful') return;
    if (action === OPENED) alarms.raise('break-glass', opened, 'two officers opened break-glass');
    if (action === ENDED) alarms.clear('break-glass', opened);
  }

  tick(): void {
    const { alarms, platform } = this.#parts;
    for (const [subject, at] of this.#limited) {
      if (Math.abs(platform.now() - at) < limits.limitAlarmMs) continue;
      this.#limited.delete(subject);
      alarms.clear(ALARM, subject);
    }
  }
}

export async function watchAudit(parts: AlertParts): Promise<AuditAlerts> {
  const alerts = new AuditAlerts(parts);
  const { ledger, platform } = parts;
  const rows = await ledger.engine.rows(
    'recovery',
    'SELECT action, status, failure, node_name, site_id FROM audit ' +
      'WHERE failure IN (SELECT value FROM json_each(?1)) AND at > ?2 ' +
      'UNION ALL SELECT action, status, failure, node_name, site_id FROM audit o ' +
      "WHERE o.break_glass_id > '' AND o.action = ?3 AND o.status = 'Successful' AND NOT EXISTS (" +
      'SELECT 1 FROM audit e WHERE e.break_glass_id = o.break_glass_id AND e.action = ?4 AND e.node_id = o.node_id)',
    [JSON.stringify([...LIMITS.keys()]), platform.now() - limits.limitAlarmMs, OPENED, ENDED],
  );
  for (const [action, status, failure, nodeName, siteId] of rows)
    alerts.tell(told.parse({ action, status, failure, nodeName, siteId }));
  ledger.onCommit((store, entries) => {
    if (store !== 'recovery') return;
    for (const { kind, body } of entries) {
      if (
        kind !== 'audit' ||
        body === null ||
        !/"failure":"(?:disclosure|search)-limit"|"break-glass-/.test(body)
      )
        continue;
      const parsed = told.safeParse(parseJson(body));
      if (parsed.success) alerts.tell(parsed.data);
    }
  });
  return alerts;
}
