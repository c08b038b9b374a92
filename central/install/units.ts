/** systemd's units of a centre, for where this program is on the machine; and systemd itself, where it runs. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../local/processes.ts';

export const CENTRE_UNIT = 'holdfast-centre.service';
/** At the start of the machine, before the centre: takes back what a power cut interrupted. */
export const RECOVER_UNIT = 'holdfast-centre-recover.service';
/** Installed and not enabled: a timer for whoever does not let the centre itself keep the schedule. */
const UNITS = [CENTRE_UNIT, RECOVER_UNIT, 'holdfast-snapshot.service', 'holdfast-snapshot.timer'] as const;
/** Wanted by the machine's normal state. */
export const ENABLED = [CENTRE_UNIT, RECOVER_UNIT] as const;
export const ALL_UNITS: readonly string[] = UNITS;

const PACKAGED_AT = '/opt/holdfast-centre';
const START_MS_MAX = 120_000;

export async function unitTexts(root = packageRoot()): Promise<ReadonlyMap<string, string>> {
  const packagedNode = path.join(root, 'node_modules/.bin/node');
  const texts = new Map<string, string>();
  for (const name of UNITS) {
    const text = (await readFile(path.join(root, 'central', name), 'utf8')).replaceAll(PACKAGED_AT, root);
    // Without the packaged Node, the one that runs this is new enough.
    texts.set(name, existsSync(packagedNode) ? text : text.replaceAll(packagedNode, process.execPath));
  }
  return texts;
}

/** Whether systemd looks after the machine that is installed to: not while an image is built. */
export function hasSystemd(root: string): boolean {
  return root === '' && existsSync('/run/systemd/system');
}

/** Runs systemctl; says in one line what it complained of, or null. */
export async function systemctl(...args: readonly string[]): Promise<string | null> {
  try {
    await promisify(execFile)('systemctl', [...args], { timeout: START_MS_MAX });
    return null;
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
    return said.split('\n')[0] ?? '';
  }
}
