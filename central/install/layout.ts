/** Where a centre is on its machine, and the settings it is started with there. The units say the same. */
import path from 'node:path';
import { readIfThere } from '../snapshot/disk.ts';
import { fault } from '../words/fault.ts';
import { InstallError } from './error.ts';

export interface Layout {
  /** what the paths of the machine begin with: nothing, or an image's folder (HOLDFAST_INSTALL_ROOT) */
  readonly root: string;
  /** holds the journal of an installation */
  readonly state: string;
  readonly data: string;
  readonly writers: string;
  readonly settingsFolder: string;
  readonly settings: string;
  readonly identity: string;
  readonly units: string;
  readonly wants: string;
  /** `holdfast` on everybody's path */
  readonly command: string;
}

export function centreLayout(root: string): Layout {
  const at = (...names: string[]): string => path.join(root === '' ? '/' : path.resolve(root), ...names);
  return {
    root,
    state: at('var/lib'),
    data: at('var/lib/holdfast-centre'),
    writers: at('var/lib/holdfast-centre/writers'),
    settingsFolder: at('etc/holdfast'),
    settings: at('etc/holdfast/centre.env'),
    identity: at('etc/holdfast/identity.json'),
    units: at('etc/systemd/system'),
    wants: at('etc/systemd/system/multi-user.target.wants'),
    command: at('usr/local/bin/holdfast'),
  };
}

/** The root of the machine that is installed to, which tests and image builders choose. */
export function installRoot(env: Readonly<Record<string, string | undefined>>): string {
  return env['HOLDFAST_INSTALL_ROOT'] ?? '';
}

const SETTING = /^(HOLDFAST_[A-Z_]+)=(.*)$/;

export function parseSettings(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const each of text.split('\n')) {
    const [, name, value] = SETTING.exec(each.trim()) ?? [];
    if (name !== undefined && value !== undefined) found.set(name, value.replace(/^(["'])(.*)\1$/, '$2'));
  }
  return found;
}

/** The text of the settings with some of them changed, added or (empty) taken out; the rest stays as it is. */
export function changeSettings(text: string, changes: ReadonlyMap<string, string>): string {
  const left = new Map(changes);
  const lines: string[] = [];
  for (const each of text.split('\n')) {
    const [, name] = SETTING.exec(each.trim()) ?? [];
    const value = name === undefined ? undefined : changes.get(name);
    if (name === undefined || value === undefined) {
      lines.push(each);
      continue;
    }
    if (left.delete(name) && value !== '') lines.push(`${name}=${value}`);
  }
  while (lines.at(-1) === '') lines.pop();
  for (const [name, value] of left) if (value !== '') lines.push(`${name}=${value}`);
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

/** `NAME=VALUE` arguments. Where data and identity are is for the layout to say. */
export function readChanges(given: readonly string[]): Map<string, string> {
  const changes = new Map<string, string>();
  for (const each of given) {
    const [, name, value] = /^(HOLDFAST_[A-Z_]+)=([^"'\\\n]*)$/.exec(each) ?? [];
    if (name === undefined || value === undefined || /^HOLDFAST_(DATA|IDENTITY_FILE|WRITERS_DIR)$/.test(name))
      throw new InstallError(fault('notASetting', each.slice(0, 40)));
    changes.set(name, value);
  }
  return changes;
}

/** The environment of the centre that is installed on this machine, or null when none is. */
export async function installedEnv(root: string): Promise<Record<string, string> | null> {
  const layout = centreLayout(root);
  const text = await readIfThere(layout.settings).catch(() => null);
  if (text === null) return null;
  return environmentOf(layout, text);
}

export function environmentOf(layout: Layout, settings: string): Record<string, string> {
  return {
    ...Object.fromEntries(parseSettings(settings)),
    HOLDFAST_DATA: layout.data,
    HOLDFAST_IDENTITY_FILE: layout.identity,
  };
}
