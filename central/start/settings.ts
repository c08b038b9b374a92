/** What `npm start` is told by its environment. A bad value is one sentence that names the setting. */
import path from 'node:path';
import { packageRoot } from '../local/processes.ts';
import type { Words } from '../words/words.ts';

/** Why the program cannot start: one sentence. */
export class StartRefusal extends Error {
  override readonly name = 'StartRefusal';
}

export interface StartSettings {
  readonly dataFolder: string;
  /** the centre's; the edges take the next ones */
  readonly port: number;
  /** null: as many as the data folder's fleet has, or the usual number */
  readonly devices: number | null;
  /** folder of real BitLocker volumes, or null */
  readonly bitlkFolder: string | null;
}

const PORT_DEFAULT = 8700;
export const DEVICES_DEFAULT = 200;
/** One process simulates them all and derives their keys at each start. */
const DEVICES_MAX = 5_000;
const PORT_MAX = 65_535;

export function readStartSettings(
  env: Readonly<Record<string, string | undefined>>,
  edges: number,
  words: Words,
): StartSettings {
  const whole = (name: string, min: number, max: number): number | null => {
    const text = env[name]?.trim() ?? '';
    if (text === '') return null;
    const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
    if (value >= min && value <= max) return value;
    throw new StartRefusal(words.start.notANumber(name, text.slice(0, 40), min, max));
  };
  const folder = (name: string): string | null => {
    const text = env[name] ?? '';
    return text === '' ? null : path.resolve(text);
  };
  return {
    dataFolder: folder('HOLDFAST_DATA') ?? defaultDataFolder(),
    port: whole('HOLDFAST_PORT', 1, PORT_MAX - edges) ?? PORT_DEFAULT,
    devices: whole('HOLDFAST_FLEET', 0, DEVICES_MAX),
    bitlkFolder: folder('HOLDFAST_BITLK_DIR'),
  };
}

export function defaultDataFolder(): string {
  return path.join(packageRoot(), 'data');
}
