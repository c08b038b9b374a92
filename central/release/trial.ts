/** Whether a centre runs: one that is tried over empty databases, and one that was just started over its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { z } from 'zod';
import { isThere } from '../install/undo.ts';
import { ReleaseError } from './error.ts';
import { parseJson } from '../../shared/parse-json.ts';

const TRIAL_MS_MAX = 30_000;
const LOOK_EVERY_MS = 500;
/** Looks that have to find it ready one after the other: what crashes does so within these. */
const SETTLED_LOOKS = 10;

const serving = z.looseObject({ url: z.string(), msg: z.literal('centre is serving') });

/** Starts the new program with these settings, over databases of its own that are empty. */
export async function trial(home: string, env: Readonly<Record<string, string>>): Promise<void> {
  const scratch = await mkdtemp(path.join(tmpdir(), 'holdfast-trial-'));
  const node = path.join(home, 'node_modules/.bin/node');
  const own = Object.entries(env).filter(
    ([name]) => !/^HOLDFAST_(RECOVERY|COMPLIANCE|SNAPSHOT|DATA|PORT)/.test(name),
  );
  const child = spawn(
    (await isThere(node)) ? node : process.execPath,
    [path.join(home, 'dist/central/main.js')],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
      cwd: home,
      env: { ...Object.fromEntries(own), HOLDFAST_DATA: path.join(scratch, 'data'), HOLDFAST_PORT: '0' },
    },
  );
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString('utf8')).slice(-8_000)));
  const over = once(child, 'close').catch(() => undefined);
  try {
    const deadline = performance.now() + TRIAL_MS_MAX;
    while (child.exitCode === null && child.signalCode === null && performance.now() < deadline) {
      const url = said.split('\n').flatMap((line) => {
        const parsed = serving.safeParse(parseJson(line));
        return parsed.success ? [parsed.data.url] : [];
      })[0];
      if (url !== undefined && (await look(`${url}/readyz`))) return;
      await pause(100);
    }
    const last = said.trim().split('\n').at(-1) ?? '';
    throw new ReleaseError('trial-failed', last.replace(/^holdfast: /, '').slice(0, 300));
  } finally {
    child.kill('SIGKILL');
    await over;
    await rm(scratch, { recursive: true, force: true });
  }
}

const readiness = z.looseObject({ version: z.string(), ready: z.boolean(), waitingFor: z.array(z.string()) });
/** What a node waits for that is wrong with itself; everything else is the name of an edge that is awaited. */
const OWN_FAULTS = ['storage', 'vault keys from the centre'];

export async function look(url: string): Promise<z.infer<typeof readiness> | null> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
    return readiness.parse(await response.json());
  } catch {
    return null;
  }
}

/** A centre that starts waits for its edges' word, and edges may be away: that is no fault of a release. */
export async function isReadyWithin(
  url: string,
  version: string,
  wasReady: boolean,
  withinMs: number,
  looksWanted = SETTLED_LOOKS,
): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  for (let looks = 0; looks < looksWanted;) {
    if (performance.now() >= deadline) return false;
    const seen = await look(url);
    const isAwaiting =
      seen !== null &&
      seen.waitingFor.length > 0 &&
      !seen.waitingFor.some((what) => OWN_FAULTS.includes(what));
    const isFine = seen?.version === version && (seen.ready || isAwaiting || !wasReady);
    looks = isFine ? looks + 1 : 0;
    await pause(LOOK_EVERY_MS);
  }
  return true;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
