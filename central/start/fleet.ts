/** The fleet that `npm start` runs against its own installation, and the keys it offers to be retrieved. */
import path from 'node:path';
import { z } from 'zod';
import { type RealVolume, readRealVolumes } from '../fleet/bitlk.ts';
import type { Device, SiteSetup } from '../fleet/device.ts';
import { readFleetFile } from '../fleet/file.ts';
import { Fleet, type FleetCounts } from '../fleet/fleet.ts';
import type { LocalCluster } from '../local/cluster.ts';
import { writePrivate } from '../local/secrets.ts';
import { nodePlatform } from '../platform.ts';
import type { Words } from '../words/words.ts';
import { readJson } from './folder.ts';
import type { Progress } from './progress.ts';
import { DEVICES_DEFAULT, type StartSettings, StartRefusal } from './settings.ts';

/** A report every 90 seconds where a true PC sends one every 90 minutes: lively enough to be watched. */
const SPEED = 60;
/** How many pauses of agents a step of starting sits out: a node that is slow to start costs a few seconds, not the device. */
const PAUSES_MAX = 3;

/** A key on a drive of a helpdesk edge's site, and somebody who may ask for it. */
export interface DemoKey {
  readonly keyId: string;
  /** as few digits as name it alone, as read out on the telephone */
  readonly digits: string;
  readonly endUser: string;
}

export class FleetAtWork {
  readonly #fleet: Fleet;
  readonly #stop = new AbortController();
  #running: Promise<unknown> = Promise.resolve();

  private constructor(fleet: Fleet) {
    this.#fleet = fleet;
  }

  /** Null for a fleet of none. Throws StartRefusal or FleetFileError. */
  static async open(
    cluster: LocalCluster,
    settings: StartSettings,
    words: Words,
  ): Promise<FleetAtWork | null> {
    const file = path.join(cluster.folder, 'fleet', 'fleet.json');
    const stored = await readFleetFile(file);
    const devices = settings.devices ?? stored?.devices.length ?? DEVICES_DEFAULT;
    if (devices === 0) return null;
    if (stored && stored.devices.length !== devices)
      throw new StartRefusal(words.start.fleetOfAnotherSize(devices, stored.devices.length, cluster.folder));
    const fleet = await Fleet.open({
      ...{ file, devices, sites: fleetSites(cluster), platform: nodePlatform },
      organisation: { jwk: cluster.secrets.centre.organisation },
      realVolumes: await volumesOf(cluster.folder, settings, words),
    });
    return new FleetAtWork(fleet);
  }

  get devices(): number {
    return this.#fleet.devices.length;
  }

  /** Enrols, encrypts and reports, as far as that is not done yet. */
  async settleIn(progress: Progress, words: Words): Promise<FleetCounts> {
    const { signal } = this.#stop;
    const steps = [
      [words.start.enrolling, 'enrolAll', (counts: FleetCounts) => words.start.enrolled(counts.enrolled)],
      [words.start.encrypting, 'encryptAll', (counts: FleetCounts) => words.start.escrowed(counts.escrowed)],
      [words.start.reporting, 'reportAll', (counts: FleetCounts) => words.start.reported(counts.reported)],
    ] as const;
    for (const [text, turn, told] of steps) {
      const step = progress.step(text, this.devices);
      const counts = await this.#fleet[turn]({
        ...{ signal, pauses: PAUSES_MAX },
        onProgress: ({ done, total }) => {
          step.at(done, total);
        },
      });
      if (signal.aborted) step.failed(words.start.interrupted);
      else step.done(told(counts));
    }
    return this.#fleet.counts();
  }

  /** Lets it live until `stop`; `onBug` hears why it ended before. */
  run(onBug: (why: string) => void): void {
    this.#running = this.#fleet.run(this.#stop.signal, { speed: SPEED }).catch((error: unknown) => {
      onBug(error instanceof Error ? error.message : String(error));
    });
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    await this.#fleet.close();
  }

  /** Up to `count` keys of as many devices at these sites: first of those that are in order, of real volumes before all. */
  demoKeys(siteIds: readonly string[], count: number): DemoKey[] {
    const all = this.#fleet.keyIds();
    const cloned = new Set(this.#fleet.devices.map(({ plan }) => plan.cloneOf));
    return this.#fleet.devices
      .filter(
        ({ site, plan }) => siteIds.includes(site.siteId) && !cloned.has(plan.index) && plan.cloneOf === null,
      )
      .flatMap((device) => {
        const keys = device.drives
          .filter(({ conversionStatus }) => conversionStatus === 1)
          .map(({ label, volumeId }) => ({
            rank: Number(label.startsWith('bitlk ')) * 2 + Number(isInOrder(device)),
            keyId: device.keys().find((key) => key.volumeId === volumeId)?.keyId ?? '',
            endUser: device.plan.users[0] ?? '',
          }));
        return keys.sort((a, b) => b.rank - a.rank)[0] ?? [];
      })
      .filter(({ keyId, endUser }) => keyId !== '' && endUser !== '')
      .sort((a, b) => b.rank - a.rank)
      .slice(0, count)
      .map(({ keyId, endUser }) => ({ keyId, endUser, digits: fewestDigits(keyId, all) }));
  }
}

/** Each site's devices try their own edge, then those of the same region, then the centre. */
export function fleetSites(cluster: LocalCluster): SiteSetup[] {
  const { edges } = cluster.plan;
  return edges.map(({ name, siteId, regionId }) => ({
    siteId,
    siteToken: cluster.secrets.tokens.sites[siteId] ?? '',
    nodes: [
      cluster.edgeUrl(name),
      ...edges
        .filter((other) => other.regionId === regionId && other.name !== name)
        .map((other) => cluster.edgeUrl(other.name)),
      cluster.centreUrl,
    ],
  }));
}

function isInOrder({ plan, agent }: Device): boolean {
  const { flaw, enforcement, silent, fate, cloneOf } = plan;
  const plain =
    flaw === null && enforcement === 'enforced' && !silent && fate === 'steady' && cloneOf === null;
  return plain && agent.queue.length === 0 && agent.aside.length === 0;
}

function fewestDigits(keyId: string, all: readonly string[]): string {
  const digits = (id: string): string => id.replaceAll('-', '');
  const own = digits(keyId);
  for (let length = 8; length < own.length; length += 1) {
    const prefix = own.slice(0, length);
    if (all.filter((other) => digits(other).startsWith(prefix)).length === 1) return prefix;
  }
  return own;
}

/** The folder is noted, for a fleet that once had these volumes needs their passwords at every later start. */
async function volumesOf(dataFolder: string, settings: StartSettings, words: Words): Promise<RealVolume[]> {
  const note = path.join(dataFolder, 'fleet', 'volumes.json');
  const noted = z
    .object({ folder: z.string() })
    .safeParse(
      await readJson(
        note,
        () => new StartRefusal(words.start.folderBroken(dataFolder, 'fleet/volumes.json')),
      ),
    );
  const folder = settings.bitlkFolder ?? (noted.success ? noted.data.folder : null);
  if (folder === null) return [];
  try {
    const volumes = await readRealVolumes(folder);
    await writePrivate(note, { folder });
    return volumes;
  } catch {
    throw new StartRefusal(words.start.volumesUnreadable(folder, settings.bitlkFolder === null));
  }
}
