/** The three commands to try: complete, so that each does what is said of it when it is pasted into a terminal. */
import path from 'node:path';
import type { DemoKey } from './fleet.ts';
import { defaultDataFolder } from './settings.ts';

/** Retrieve a key at an edge; stop the centre and retrieve again; start it and watch it converge. */
export function demoCommands(keys: readonly DemoKey[], dataFolder: string): string[] {
  const data = dataFolder === defaultDataFolder() ? '' : ` --data ${shellQuoted(path.resolve(dataFolder))}`;
  const holdfast = `npx holdfast${data}`;
  const retrieve = (key: DemoKey | undefined): string =>
    key
      ? `${holdfast} key disclose ${key.digits} \\\n  -r lost-pin -v call-back -u ${shellQuoted(key.endUser)}`
      : `${holdfast} status`;
  const [first, second = first] = keys;
  return [
    retrieve(first),
    `${holdfast} centre stop &&\n${retrieve(second)}`,
    `${holdfast} centre start &&\n${holdfast} status --watch --until-converged`,
  ];
}

function shellQuoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
