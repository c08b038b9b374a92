/** What happened to a computer, as far as this node knows: enrolments, keys, disclosures, the latest reports. */
import { eq } from 'drizzle-orm';
import { hlcToMs } from '../journal/hlc.ts';
import type { HoldfastNode } from '../node.ts';
import type { Computer, KeyHistory } from '../reports/messages.ts';
import { statusReports } from '../schema/compliance.ts';
import { deviceRevocations, devices, escrows } from '../schema/recovery.ts';
import type { Origin } from '../trust/certificate.ts';

export interface TimelineEvent {
  readonly at: number;
  readonly what: 'enrolled' | 'escrowed' | 'disclosed' | 'rotated' | 'reported' | 'revoked';
  /** a node's name, or the beginning of a key's ID */
  readonly subject: string;
}

const EVENTS_MAX = 100;

/** Newest first. */
export async function timelineOf(node: HoldfastNode, computer: Computer): Promise<TimelineEvent[]> {
  const { recovery, compliance } = node.ledger.readers;
  const { deviceId } = computer;
  const [enrolments, revocations, reports] = await Promise.all([
    recovery
      .select({ hlc: devices.hlc, origin: devices.origin })
      .from(devices)
      .where(eq(devices.deviceId, deviceId)),
    recovery
      .select({ hlc: deviceRevocations.hlc, origin: deviceRevocations.origin })
      .from(deviceRevocations)
      .where(eq(deviceRevocations.deviceId, deviceId)),
    compliance
      .select({ hlc: statusReports.hlc, origin: statusReports.origin })
      .from(statusReports)
      .where(eq(statusReports.deviceId, deviceId)),
  ]);
  const told = (rows: readonly { hlc: number; origin: string }[], what: TimelineEvent['what']) =>
    rows.map(({ hlc, origin }) => ({ at: hlcToMs(hlc), what, subject: nameOf(node, origin) }));
  const events: TimelineEvent[] = [
    ...told(enrolments, 'enrolled'),
    ...told(revocations, 'revoked'),
    ...told(reports, 'reported'),
    ...[...computer.volumes, ...computer.otherVolumes].flatMap(({ keys }) => keyEvents(keys)),
  ];
  return events.sort((a, b) => b.at - a.at).slice(0, EVENTS_MAX);
}

/** `keys` of one volume, newest first. */
function keyEvents(keys: readonly KeyHistory[]): TimelineEvent[] {
  return keys.flatMap(({ keyId, escrowedAt, disclosedAt, onDrive }, index) => {
    const subject = keyId.slice(0, 8);
    const next = keys[index - 1];
    return [
      { at: escrowedAt, what: 'escrowed' as const, subject },
      ...disclosedAt.map((at) => ({ at, what: 'disclosed' as const, subject })),
      // When a report first said that it is gone is not kept; the key that took its place came just before.
      ...(onDrive === false && next ? [{ at: next.escrowedAt, what: 'rotated' as const, subject }] : []),
    ];
  });
}

/** Names of the nodes that took something of this computer. */
export async function writersOf(node: HoldfastNode, deviceId: string): Promise<string[]> {
  const { recovery, compliance } = node.ledger.readers;
  const [keys, reports] = await Promise.all([
    recovery.selectDistinct({ origin: escrows.origin }).from(escrows).where(eq(escrows.deviceId, deviceId)),
    compliance
      .select({ origin: statusReports.origin })
      .from(statusReports)
      .where(eq(statusReports.deviceId, deviceId)),
  ]);
  return [...new Set([...keys, ...reports].map(({ origin }) => nameOf(node, origin)))].sort();
}

function nameOf({ ledger }: HoldfastNode, origin: string): string {
  const known =
    ledger.origins('recovery').get(origin as Origin) ?? ledger.origins('compliance').get(origin as Origin);
  return known?.certificate.name ?? origin;
}
