/**
 * The outbox: disclosures in the order in which this node learned of them, with the addresses of the drive's users as
 * far as they are known, for an administrator's own mailer. Holdfast itself calls nobody. Whoever drains it keeps the
 * place where they are; a disclosure that an edge brings weeks later still comes after that place.
 */
import { z } from 'zod';
import { Problem } from '../http/problem.ts';
import type { SqlValue } from '../journal/engine.ts';
import type { Ledger } from '../journal/ledger.ts';
import { limits } from '../limits.ts';
import type { OutboxAnswer } from './messages.ts';

const users = z.array(z.string());

/** What looks like `name@domain.tld`: user principal names are addresses in most organisations. */
const ADDRESS = /^[^\s@<>",;]{1,64}@[^\s@<>",;]+\.[^\s@<>",;]+$/;

const PAGE =
  'SELECT j.origin, j.seq, a.key_id, a.at, a.computer_name, a.domain, a.site_id, a.node_name, ' +
  'a.staff_name, a.reason, coalesce((SELECT e.users_json FROM escrows e WHERE e.key_id = a.key_id ' +
  'AND e.device_id = a.device_id ORDER BY e.counter DESC LIMIT 1), (SELECT i.users_json FROM imports i ' +
  "WHERE i.key_id = a.key_id AND i.device_id = a.device_id LIMIT 1), '[]') " +
  'FROM recovery_journal j JOIN audit a ON a.origin = j.origin AND a.seq = j.seq ' +
  "WHERE j.arrival > ?1 AND j.arrival <= ?1 + ?2 AND j.kind = 'audit' AND a.action = 'disclosure' " +
  "AND a.status = 'Successful' ORDER BY j.arrival LIMIT ?3";

/** `after`: the place reached, `now` for where the log ends, or nothing for its beginning. */
export async function outbox({ engine }: Ledger, after: string | undefined): Promise<OutboxAnswer> {
  const entry = async (where: string, args: readonly (string | number)[]) => {
    const sql = `SELECT arrival, origin, seq FROM recovery_journal WHERE ${where} LIMIT 1`;
    const [row] = await engine.rows('recovery', sql, args);
    return row && { arrival: Number(row[0]), place: `${String(row[1])}#${String(row[2])}` };
  };
  const end = await entry('1 ORDER BY arrival DESC', []);
  if (after === 'now' || !end) return { notices: [], next: end?.place ?? null };
  const [origin = '', seq = ''] = after?.split('#') ?? [];
  const from =
    after === undefined ? { arrival: 0 } : await entry('origin = ?1 AND seq = ?2', [origin, Number(seq)]);
  if (!from) throw new Problem('invalid-request', { fields: [{ at: 'after', code: 'unknown_place' }] });
  for (let reached = from.arrival; reached < end.arrival; reached += limits.outboxEntries) {
    const rows = await engine.rows('recovery', PAGE, [reached, limits.outboxEntries, limits.outboxNotices]);
    const notices = rows.map(noticeOf);
    // With a full page the place is its last notice; otherwise all of this stretch of the log was looked at.
    if (notices.length === limits.outboxNotices) return { notices, next: notices.at(-1)?.reference ?? null };
    if (notices.length === 0) continue;
    const last = await entry('arrival <= ?1 ORDER BY arrival DESC', [reached + limits.outboxEntries]);
    return { notices, next: last?.place ?? null };
  }
  return { notices: [], next: end.place };
}

function noticeOf(row: readonly SqlValue[]): OutboxAnswer['notices'][number] {
  const [origin, seq, keyId, at, computerName, domain, siteId, nodeName, staffName, reason, usersJson] = row;
  const known = users.parse(JSON.parse(String(usersJson)));
  return {
    reference: `${String(origin)}#${String(seq)}`,
    ...{ to: known.filter((user) => ADDRESS.test(user)), users: known, keyId: String(keyId), at: Number(at) },
    ...{ computerName: textOf(computerName), domain: textOf(domain), siteId: textOf(siteId) },
    ...{ nodeName: String(nodeName), staffName: String(staffName), reason: textOf(reason) },
  };
}

function textOf(value: SqlValue | undefined): string {
  return typeof value === 'string' ? value : '';
}
