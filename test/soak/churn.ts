/**
 * PCs that come and go. Some stay for the whole run; every few minutes a delivery of new ones enrols, encrypts and
 * reports, and the oldest delivery is retired: an administrator says so at the centre, and its PCs fall silent.
 */
import type { Device } from '../../central/fleet/device.ts';
import { Fleet } from '../../central/fleet/fleet.ts';
import type { Dice } from '../../central/fleet/random.ts';
import type { LocalCluster } from '../../central/local/cluster.ts';
import { fleetSites } from '../../central/start/fleet.ts';
import { nodePlatform } from '../../central/platform.ts';
import { ask } from '../support/asking.ts';

/** PCs that stay, PCs of one delivery, and deliveries at work at once. */
const STAYING = 120;
const DELIVERY = 10;
const DELIVERIES_MAX = 6;
/** A report every 90 seconds where a true PC sends one every 90 minutes. */
const SPEED = 60;
const CONCURRENCY = 4;

interface Working {
  readonly fleet: Fleet;
  readonly stop: AbortController;
  readonly ended: Promise<unknown>;
}

export interface HeldKey {
  readonly keyId: string;
  readonly siteId: string;
  readonly password: string;
}

export class Churn {
  readonly #cluster: LocalCluster;
  readonly #seed: string;
  readonly #working: Working[] = [];
  /** PCs named so far */
  #named = 0;
  #deliveries = 0;
  /** of fleets that are no more */
  readonly #tallies: Record<string, number> = {};
  retired = 0;
  /** why a fleet ended before it was told to: a bug */
  readonly bugs: string[] = [];

  constructor(cluster: LocalCluster, seed: string) {
    this.#cluster = cluster;
    this.#seed = seed;
  }

  /** The PCs that stay. */
  open(): Promise<void> {
    return this.#bring(STAYING);
  }

  /** A delivery of new PCs; the oldest one leaves when there are enough. */
  async deliver(): Promise<void> {
    await this.#bring(DELIVERY);
    if (this.#working.length - 1 > DELIVERIES_MAX) await this.#retire();
  }

  async #bring(devices: number): Promise<void> {
    const { secrets } = this.#cluster;
    const fleet = await Fleet.open({
      ...{ devices, sites: fleetSites(this.#cluster), concurrency: CONCURRENCY, platform: nodePlatform },
      seed: `${this.#seed} ${String(this.#deliveries)}`,
      firstNumber: this.#named + 1,
      organisation: { jwk: secrets.centre.organisation },
    });
    this.#named += devices;
    this.#deliveries += 1;
    await fleet.enrolAll();
    await fleet.encryptAll();
    const stop = new AbortController();
    const ended = fleet.run(stop.signal, { speed: SPEED }).catch((error: unknown) => {
      this.bugs.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
    });
    this.#working.push({ fleet, stop, ended });
  }

  /** Ends the oldest delivery and has each of its PCs marked as retired. */
  async #retire(): Promise<void> {
    const [leaving] = this.#working.splice(1, 1);
    if (!leaving) return;
    await this.#end(leaving);
    const { centreUrl, secrets } = this.#cluster;
    for (const { enrolment } of leaving.fleet.devices) {
      if (!enrolment) continue;
      const path = `/v1/admin/config/device-state/${enrolment.deviceId}`;
      const said = { revision: 0, body: { state: 'retired', reason: 'given away' } };
      const { status } = await ask(secrets.tokens.administrator, 'PUT', `${centreUrl}${path}`, said);
      // 409: a clone shares its original's identity.
      if (status === 200 || status === 201) this.retired += 1;
      else if (status !== 409) throw new Error(`retiring was answered with ${String(status)}`);
    }
  }

  async #end({ fleet, stop, ended }: Working): Promise<void> {
    stop.abort();
    await ended;
    await fleet.close();
    for (const [name, count] of Object.entries(fleet.counts()))
      this.#tallies[name] = (this.#tallies[name] ?? 0) + Number(count);
  }

  /** A key on a drive of somebody at work; null when the one chosen has none, or none that its agent has brought. */
  choose(dice: Dice): HeldKey | null {
    const { fleet } = this.#working[dice.below(this.#working.length)] ?? {};
    const device = fleet?.devices[dice.below(fleet.devices.length)];
    const keys = fleet && device ? keysOf(fleet, device) : [];
    return keys[dice.below(keys.length)] ?? null;
  }

  counts(): Readonly<Record<string, number>> {
    const sum = { ...this.#tallies };
    for (const { fleet } of this.#working)
      for (const [name, count] of Object.entries(fleet.counts()))
        sum[name] = (sum[name] ?? 0) + Number(count);
    return sum;
  }

  /** Has everybody report and bring what is asked for, and names every key that is then on a drive. */
  async settle(): Promise<HeldKey[]> {
    for (const { stop, ended, fleet } of this.#working) {
      stop.abort();
      await ended;
      await fleet.reportAll({ pauses: 2 });
    }
    return this.#working.flatMap(({ fleet }) => fleet.devices.flatMap((device) => keysOf(fleet, device)));
  }

  async stop(): Promise<void> {
    for (const each of this.#working.splice(0)) await this.#end(each);
  }
}

/** Keys on a PC's drives; none while its agent has still some to bring, or when it never tells of them. */
function keysOf(fleet: Fleet, device: Device): HeldKey[] {
  const { agent, plan, site } = device;
  if (agent.queue.length > 0 || agent.aside.length > 0 || plan.silent || plan.cloneOf !== null) return [];
  return device
    .keys()
    .map(({ keyId }) => ({ keyId, siteId: site.siteId, password: fleet.passwordOf(keyId) ?? '' }));
}
