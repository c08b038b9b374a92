/**
 * Which devices that once reported are not managed any more: those that were revoked or retired, and those whose machine
 * enrolled again under another device ID, as a re-imaged PC does, and that nobody has seen since. Without this a
 * fleet would grow with every re-imaging, and keep the states of Windows installations that are gone.
 */
import { and, countDistinct, eq, gt, min, ne, notInArray, sql } from 'drizzle-orm';
import type { Configuration } from '../configuration.ts';
import type { DeviceState } from '../domain/vocabulary.ts';
import { hlcToMs } from '../journal/hlc.ts';
import { jsonRows } from '../journal/json-rows.ts';
import type { Ledger } from '../journal/ledger.ts';
import { fleet } from '../schema/compliance.ts';
import { devices } from '../schema/recovery.ts';
import type { ShownDeviceState, Standing } from '../text/compliance.ts';

/** SMBIOS UUIDs that makers leave in many machines. */
const PLACEHOLDERS = [
  '00000000-0000-0000-0000-000000000000',
  'ffffffff-ffff-ffff-ffff-ffffffffffff',
  '03000200-0400-0500-0006-000700080009',
];

export class StandingLists {
  readonly revoked: ReadonlySet<string>;
  /** out of use, as an administrator said; each device is in one list */
  readonly retired: ReadonlySet<string>;
  readonly replaced: ReadonlySet<string>;
  /** in wrong hands, and managed or not */
  readonly stolen: ReadonlySet<string>;

  constructor(
    revoked: ReadonlySet<string>,
    replaced: ReadonlySet<string>,
    { retired, stolen }: Readonly<Record<'retired' | 'stolen', ReadonlySet<string>>>,
  ) {
    this.revoked = revoked;
    this.retired = without(retired, revoked);
    this.replaced = without(replaced, revoked, retired);
    this.stolen = stolen;
  }

  of(deviceId: string): Standing {
    if (this.revoked.has(deviceId)) return 'revoked';
    if (this.retired.has(deviceId)) return 'retired';
    return this.replaced.has(deviceId) ? 'replaced' : 'managed';
  }

  /** All that are not managed any more. */
  gone(): string[] {
    return [...this.revoked, ...this.retired, ...this.replaced];
  }

  stolenAndManaged(): string[] {
    return [...this.stolen].filter((deviceId) => this.of(deviceId) === 'managed');
  }

  /** `lastSeen`: by the clock of the node that heard it last; before `silentSince` it is silent. */
  stateOf(deviceId: string, lastSeen: number, silentSince: number): ShownDeviceState {
    if (this.stolen.has(deviceId)) return 'stolen';
    if (this.retired.has(deviceId)) return 'retired';
    return lastSeen < silentSince ? 'silent' : 'live';
  }
}

function without(of: ReadonlySet<string>, ...others: readonly ReadonlySet<string>[]): Set<string> {
  return new Set([...of].filter((deviceId) => !others.some((other) => other.has(deviceId))));
}

/** A device ID, and when its machine enrolled under the next one. */
type Succeeded = readonly [deviceId: string, at: number];

export class Standings {
  readonly #ledger: Ledger;
  readonly #configuration: Configuration;
  /** which machines enrolled again; forgotten when a device enrols */
  #succeeded: Promise<readonly Succeeded[]> | null = null;

  constructor(ledger: Ledger, configuration: Configuration) {
    this.#ledger = ledger;
    this.#configuration = configuration;
    ledger.onCommit((store, entries) => {
      if (store === 'recovery' && entries.some(({ kind }) => kind === 'device')) this.#succeeded = null;
    });
    ledger.onFollowed((store) => {
      if (store === 'recovery') this.#succeeded = null;
    });
  }

  async read(): Promise<StandingLists> {
    const succeeded = await (this.#succeeded ??= this.#readSucceeded().catch((error: unknown) => {
      this.#succeeded = null;
      throw error;
    }));
    const replaced = new Set<string>();
    for (const list of jsonRows(succeeded)) {
      const next = this.#ledger.readers.compliance
        .select({
          deviceId: sql<string>`json_extract(value, '$[0]')`.as('next_device'),
          at: sql<number>`json_extract(value, '$[1]')`.as('next_at'),
        })
        .from(sql`json_each(${list})`)
        .as('next');
      const silent = await this.#ledger.readers.compliance
        .select({ deviceId: fleet.deviceId })
        .from(next)
        .innerJoin(fleet, and(eq(fleet.deviceId, next.deviceId), gt(next.at, fleet.lastSeen)));
      for (const { deviceId } of silent) replaced.add(deviceId);
    }
    const states = this.#configuration.all('device-state');
    const those = (state: DeviceState) =>
      new Set(states.filter(({ body }) => body.state === state).map(({ id }) => id));
    return new StandingLists(this.#configuration.revokedDevices(), replaced, {
      retired: those('retired'),
      stolen: those('stolen'),
    });
  }

  async #readSucceeded(): Promise<Succeeded[]> {
    const reader = this.#ledger.readers.recovery;
    const again = reader
      .select({ smbiosUuid: devices.smbiosUuid, serial: devices.serial })
      .from(devices)
      .where(and(ne(devices.serial, ''), notInArray(devices.smbiosUuid, PLACEHOLDERS)))
      .groupBy(devices.smbiosUuid, devices.serial)
      .having(gt(countDistinct(devices.deviceId), 1))
      .as('again');
    const rows = await reader
      .select({
        machine: sql<string>`${devices.smbiosUuid} || ' ' || ${devices.serial}`,
        deviceId: devices.deviceId,
        enrolled: min(devices.hlc),
      })
      .from(again)
      .innerJoin(devices, and(eq(devices.smbiosUuid, again.smbiosUuid), eq(devices.serial, again.serial)))
      .groupBy(devices.smbiosUuid, devices.serial, devices.deviceId);
    const machines = Map.groupBy(rows, ({ machine }) => machine);
    return [...machines.values()].flatMap((enrolments) => {
      const inOrder = enrolments
        .map(({ deviceId, enrolled }) => ({ deviceId, enrolled: Number(enrolled) }))
        .sort((a, b) => a.enrolled - b.enrolled || (a.deviceId < b.deviceId ? -1 : 1));
      return inOrder.slice(0, -1).map(({ deviceId }, index): Succeeded => {
        return [deviceId, hlcToMs(inOrder[index + 1]?.enrolled ?? 0)];
      });
    });
  }
}
