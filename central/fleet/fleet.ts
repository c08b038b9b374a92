/**
 * A fleet of simulated PCs, for `npm start`, tests and benches. Everything about it comes from its seed; everything it
 * does goes through the decision table of `shared/agent` and real requests.
 *
 *   const fleet = await Fleet.open({seed, sites, devices: 200, organisation: {thumbprint}, platform, fetch?});
 *   await fleet.enrolAll(); await fleet.encryptAll(); await fleet.reportAll();
 *   await fleet.run(signal, {speed: 60});           a life, sixty times as fast
 *
 * The true recovery passwords are known to `passwordOf` alone. Nothing writes them down but `writeGroundTruth`, which
 * tests call with a file outside every node's data folder.
 */
import { AGENT_DEFAULTS, type AgentSettings } from '../../shared/agent/agent.ts';
import { type OrganisationPin, ReceiptChecker } from '../../shared/agent/receipt.ts';
import { type Platform, randomName } from '../../shared/platform.ts';
import { DeviceApi } from './api.ts';
import type { RealVolume } from './bitlk.ts';
import { Device, type DeviceWorld, type Pause, type SiteSetup } from './device.ts';
import { KeyRing, newDrive, realDrive } from './drives.ts';
import {
  FleetFileError,
  type FleetFile,
  readFleetFile,
  restoreDevice,
  storeDevice,
  writePrivateFile,
} from './file.ts';
import { live } from './life.ts';
import { type MachinePlan, planMachines } from './machines.ts';
import { type PreparedRequest, prepareRequests } from './prepare.ts';
import { Derivation, Dice } from './random.ts';
import { type Tally, newTally } from './tally.ts';
import { type FetchLike, type Wire, fetchWire, keepAliveWire } from './wire.ts';
import { abortableSleep, inParallel } from './work.ts';

/** Devices at work at once, and connections: as many as a branch's edge sees in a busy second. */
const CONCURRENCY = 64;

export interface FleetOptions {
  /** with `file`, the seed of an existing file counts; without either, one is drawn */
  readonly seed?: string;
  readonly sites: readonly SiteSetup[];
  readonly devices: number;
  readonly organisation: OrganisationPin;
  readonly platform: Platform;
  /** instead of real sockets: an application in this process, or a faulty line */
  readonly fetch?: FetchLike;
  /** volumes that Windows made; each becomes a data drive of one device */
  readonly realVolumes?: readonly RealVolume[];
  /** leaves out every trouble: all devices enforced, reporting and able to encrypt */
  readonly healthy?: boolean;
  /** of its computers' names, 1 by default: two fleets at the same sites must not share names */
  readonly firstNumber?: number;
  readonly concurrency?: number;
  readonly agent?: Partial<Omit<AgentSettings, 'nodes'>>;
  /** kept for the next run of the program; never inside a node's data folder */
  readonly file?: string;
}

export interface FleetProgress {
  readonly done: number;
  readonly total: number;
  readonly counts: FleetCounts;
}

export interface FleetCounts extends Tally {
  readonly devices: number;
  /** drives whose encryption waits for a receipt, or for a protector that Windows cannot make there */
  readonly encryptionNotStarted: number;
}

export interface FleetRun {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: FleetProgress) => void;
  /** how many pauses of its agents a call sits out before it returns with what is undone; 0 by default */
  readonly pauses?: number;
}

export interface FleetLife {
  /** 1 by default: a report every 90 minutes */
  readonly speed?: number;
  /** called every few seconds */
  readonly onCounts?: (counts: FleetCounts) => void;
}

type Turn = (device: Device, signal: AbortSignal | undefined) => Promise<Pause>;

export class Fleet {
  readonly devices: readonly Device[];
  /** for requests that were prepared */
  readonly wire: Wire;
  readonly #options: FleetOptions;
  readonly #world: DeviceWorld;

  private constructor(options: FleetOptions, seed: string, stored: FleetFile | null) {
    const { platform, sites, realVolumes = [] } = options;
    const derivation = new Derivation(platform, seed);
    const ring = new KeyRing(platform, derivation, realVolumes);
    this.#options = options;
    this.wire = options.fetch ? fetchWire(options.fetch) : keepAliveWire(options.concurrency ?? CONCURRENCY);
    this.#world = {
      ...{ platform, seed, derivation, ring },
      api: new DeviceApi(platform, this.wire),
      receipts: new ReceiptChecker(options.organisation),
      tally: newTally(),
    };
    const { devices, healthy = false, firstNumber = 1 } = options;
    const plans = planMachines(platform, derivation, seed, sites, devices, healthy, firstNumber);
    const hosts = realVolumes.map((_, number) => number % Math.max(1, plans.length));
    this.devices = plans.map((plan) => this.#makeDevice(hosts.includes(plan.index) ? inOrder(plan) : plan));
    realVolumes.forEach((volume, number) => {
      const host = this.devices[hosts[number] ?? 0];
      const letter = String.fromCharCode('F'.charCodeAt(0) + Math.floor(number / Math.max(1, plans.length)));
      host?.drives.push(realDrive(volume, `${letter}:`, derivation, ring));
    });
    if (!stored) return;
    ring.restore(stored.generations);
    stored.devices.forEach((each, index) => {
      const device = this.devices[index];
      if (device) restoreDevice(device, each);
    });
  }

  /** Plans a fleet, or goes on with the one in `options.file`. Throws FleetFileError with one sentence. */
  static async open(options: FleetOptions): Promise<Fleet> {
    if (options.sites.length === 0 || options.sites.some(({ nodes }) => nodes.length === 0)) {
      throw new Error('a fleet needs a site, and each site a node');
    }
    const stored = options.file === undefined ? null : await readFleetFile(options.file);
    const siteIds = options.sites.map(({ siteId }) => siteId);
    if (
      stored &&
      (stored.devices.length !== options.devices ||
        JSON.stringify(stored.siteIds) !== JSON.stringify(siteIds))
    ) {
      throw new FleetFileError(
        `The fleet in ${options.file ?? ''} has other sites or another number of devices.`,
      );
    }
    const seed = stored?.seed ?? options.seed ?? randomName(options.platform, 32);
    return new Fleet(options, seed, stored);
  }

  /** Enrols every device that is not; clones last, for each takes over what its original got. */
  async enrolAll(run: FleetRun = {}): Promise<FleetCounts> {
    const clones = this.devices.filter(({ plan, enrolment }) => plan.cloneOf !== null && enrolment === null);
    const wake: Turn = (device, signal) => device.handle({ type: 'wake' }, signal);
    await this.#each(
      this.devices.filter((device) => !clones.includes(device) && device.enrolment === null),
      wake,
      run,
    );
    for (const clone of clones) {
      const original = this.devices[clone.plan.cloneOf ?? -1];
      if (original?.enrolment && clone.keysMade === 0) await clone.becomeCloneOf(original);
    }
    await this.#each(clones, wake, run);
    return this.#finished();
  }

  /** Every drive that its policy wants encrypted: password, escrow, receipt, and only then encryption. */
  async encryptAll(run: FleetRun = {}): Promise<FleetCounts> {
    const turn: Turn = async (device, signal) => {
      const pause = await device.handle({ type: 'wake' }, signal);
      return (await device.encryptWanted(signal)) ?? pause;
    };
    await this.#each(this.devices, turn, run);
    return this.#finished();
  }

  /** A status report of every device that is not silent, with all that the answers ask for. */
  async reportAll(run: FleetRun = {}): Promise<FleetCounts> {
    const turn: Turn = async (device, signal) => {
      const wasWaiting = device.agent.phase === 'waiting';
      const pause = await device.handle({ type: 'report-due' }, signal);
      return wasWaiting ? device.handle({ type: 'wake' }, signal) : pause;
    };
    await this.#each(
      this.devices.filter(({ plan }) => !plan.silent),
      turn,
      run,
    );
    return this.#finished();
  }

  /** What a year does to PCs: those planned so are renamed or installed anew. */
  async upheaveAll(): Promise<FleetCounts> {
    for (const device of this.devices) await device.meetFate();
    return this.#finished();
  }

  /** A life, `speed` times as fast as a true one, until `signal` aborts. Resolves when nothing is under way any more. */
  async run(signal: AbortSignal, options: FleetLife = {}): Promise<FleetCounts> {
    const { platform, seed } = this.#world;
    const clones = this.devices.filter(({ plan, enrolment }) => plan.cloneOf !== null && enrolment === null);
    if (clones.length > 0) await this.enrolAll({ signal });
    await live({
      ...{ devices: this.devices, platform, signal },
      dice: new Dice(platform, seed, 'fleet life'),
      speed: options.speed ?? 1,
      concurrency: this.#options.concurrency ?? CONCURRENCY,
      tally: this.#world.tally,
      newRemovable: (device) => this.#newRemovable(device),
      onRound: async () => {
        options.onCounts?.(this.counts());
        await this.save();
      },
    });
    return this.#finished();
  }

  /** Escrows of new keys or status reports, signed in advance for one node and dealt out over all enrolled devices. */
  prepare(
    kind: 'escrow' | 'report' | 'changed-report',
    node: string,
    count: number,
  ): Promise<PreparedRequest[]> {
    const enrolled = this.devices.filter(({ enrolment }) => enrolment !== null);
    return prepareRequests(
      this.#world,
      enrolled,
      kind,
      node,
      count,
      this.#options.concurrency ?? CONCURRENCY,
    );
  }

  counts(): FleetCounts {
    const encryptionNotStarted = this.devices.reduce((sum, device) => sum + device.encryptionsWaiting(), 0);
    return { ...this.#world.tally, devices: this.devices.length, encryptionNotStarted };
  }

  /** The true recovery password, a plaintext secret (I8): for comparing only. */
  passwordOf(keyId: string): string | null {
    return this.#world.ring.passwordOf(keyId)?.reveal() ?? null;
  }

  /** IDs of all recovery passwords ever made here, those removed from their drives included. */
  keyIds(): string[] {
    return this.#world.ring.keyIds();
  }

  /** Key IDs and passwords as JSON, for tests. Plaintext: never into a node's data folder. */
  writeGroundTruth(file: string): Promise<void> {
    const keys = this.keyIds().map((keyId) => ({ keyId, recoveryPassword: this.passwordOf(keyId) }));
    return writePrivateFile(file, `${JSON.stringify(keys, null, 1)}\n`);
  }

  /** Writes the fleet's file, if it has one. */
  async save(): Promise<void> {
    const { file, sites } = this.#options;
    if (file === undefined) return;
    const content: FleetFile = {
      version: 1,
      seed: this.#world.seed,
      siteIds: sites.map(({ siteId }) => siteId),
      generations: this.#world.ring.generations(),
      devices: this.devices.map(storeDevice),
    };
    await writePrivateFile(file, JSON.stringify(content));
  }

  async close(): Promise<void> {
    this.wire.close();
    await this.save();
  }

  async #finished(): Promise<FleetCounts> {
    await this.save();
    return this.counts();
  }

  #makeDevice(plan: MachinePlan): Device {
    const site = this.#options.sites[plan.siteIndex];
    if (!site) throw new Error('a machine was planned for a site that does not exist');
    return new Device(this.#world, plan, site, {
      ...AGENT_DEFAULTS,
      ...this.#options.agent,
      nodes: site.nodes.length,
    });
  }

  async #newRemovable(device: Device): Promise<void> {
    const { derivation, ring, tally } = this.#world;
    const label = `machine ${device.plan.index} removable ${device.removablesMade}`;
    device.removablesMade += 1;
    const drive = newDrive(
      { volumeType: 3, driveLetter: 'E:', encrypted: false },
      label,
      null,
      derivation,
      ring,
    );
    tally.drivesNew += 1;
    await device.plugIn(drive);
    // Its user turns on BitLocker To Go; whether the policy asks for it or not, the agent escrows first.
    await device.handle({ type: 'volume-found', volumeId: drive.volumeId });
  }

  /** Gives each device its turn, a bounded number at once; then sits out the agents' pauses as far as `run` allows. */
  async #each(
    devices: readonly Device[],
    first: Turn,
    { signal, onProgress, pauses = 0 }: FleetRun,
  ): Promise<void> {
    const { platform } = this.#world;
    let [now, turn] = [devices, first];
    for (let round = 0; ; round += 1) {
      const waiting: { device: Device; ms: number }[] = [];
      const total = now.length;
      let done = 0;
      await inParallel(now, this.#options.concurrency ?? CONCURRENCY, async (device) => {
        if (signal?.aborted) return;
        const pause = await turn(device, signal);
        if (pause.type === 'back-off') waiting.push({ device, ms: pause.ms });
        done += 1;
        onProgress?.({ done, total, counts: this.counts() });
      });
      if (waiting.length === 0 || round >= pauses) return;
      await abortableSleep(platform, Math.max(...waiting.map(({ ms }) => ms)), signal);
      if (signal?.aborted) return;
      now = waiting.map(({ device }) => device);
      turn = (device) => device.handle({ type: 'wake' }, signal);
    }
  }
}

/** A PC with a true volume must be able to escrow it. */
function inOrder(plan: MachinePlan): MachinePlan {
  return { ...plan, flaw: null, enforcement: 'enforced', silent: false, fate: 'steady', cloneOf: null };
}
