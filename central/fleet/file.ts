/**
 * What a fleet keeps between two runs of the program. It stands for the PCs' own disks and TPMs, which is why it is no
 * part of any node's data: mode 0600, and whoever reads it could impersonate the simulated PCs.
 *
 * Device keys and recovery passwords are not in it, in no form: they are derived from its seed.
 */
import { chmod, mkdir, open, readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { restoreAgent, storeAgent, storedAgent } from '../../shared/agent/stored.ts';
import { policyAnswer } from '../../shared/devices/messages.ts';
import { guid } from '../../shared/journal/bodies.ts';
import type { Device } from './device.ts';

/** The file is written now and then; so many messages a device may have sent since (its counter must not repeat). */
const MESSAGES_SINCE_SAVE_MAX = 1_000;

const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const drive = z.strictObject({
  label: z.string(),
  volumeId: guid,
  volumeType: z.union([z.literal(1), z.literal(2), z.literal(3)]),
  driveLetter: z.string(),
  protectors: z.array(z.strictObject({ type: count, keyId: guid.nullable() })),
  encryptionMethod: count,
  cipher: count,
  conversionStatus: z.union([z.literal(0), z.literal(1), z.literal(2), z.literal(4)]),
  encryptionPercentage: count,
  protectionStatus: z.union([z.literal(0), z.literal(1), z.literal(2)]),
  lockStatus: z.union([z.literal(0), z.literal(1)]),
  slow: z.boolean(),
});

export const fleetFile = z.strictObject({
  version: z.literal(1),
  seed: z.string().min(1),
  siteIds: z.array(z.string()),
  generations: z.array(z.tuple([z.string(), count])),
  devices: z.array(
    z.strictObject({
      computerName: z.string(),
      image: count,
      keysMade: count,
      removablesMade: count,
      fateDone: z.boolean(),
      enrolment: z.strictObject({ keyLabel: z.string(), deviceId: z.string(), token: z.string() }).nullable(),
      policy: policyAnswer.nullable(),
      agent: storedAgent,
      drives: z.array(drive),
    }),
  ),
});
export type FleetFile = z.infer<typeof fleetFile>;
type StoredDevice = FleetFile['devices'][number];

/** One sentence for whoever starts the program. */
export class FleetFileError extends Error {
  override readonly name = 'FleetFileError';
}

/** Null when there is no such file yet. */
export async function readFleetFile(file: string): Promise<FleetFile | null> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw new FleetFileError(`The fleet's file ${file} cannot be read.`);
  }
  try {
    return fleetFile.parse(JSON.parse(text));
  } catch {
    throw new FleetFileError(
      `${file} is not a fleet's file, or of another version: move it away to begin a new fleet.`,
    );
  }
}

/** Written beside its name, synced and renamed: a kill leaves the file before or after. */
export async function writePrivateFile(file: string, text: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const beside = `${file}.new`;
  const handle = await open(beside, 'w', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  // A left-over of a killed run keeps the mode it was made with.
  await chmod(beside, 0o600);
  await rename(beside, file);
}

export function storeDevice(device: Device): StoredDevice {
  const { computerName, image, keysMade, removablesMade, fateDone, enrolment, policy, agent } = device;
  const drives = device.drives.map((each) => ({ ...each, protectors: [...each.protectors] }));
  return {
    computerName,
    image,
    keysMade,
    removablesMade,
    fateDone,
    enrolment,
    policy,
    agent: storeAgent(agent),
    drives,
  };
}

export function restoreDevice(device: Device, stored: StoredDevice): void {
  const agent = restoreAgent(stored.agent, device.agent.settings);
  device.agent = { ...agent, counter: agent.counter + MESSAGES_SINCE_SAVE_MAX };
  device.computerName = stored.computerName;
  device.image = stored.image;
  device.keysMade = stored.keysMade;
  device.removablesMade = stored.removablesMade;
  device.fateDone = stored.fateDone;
  device.enrolment = stored.enrolment;
  device.policy = stored.policy;
  device.drives = stored.drives;
}
