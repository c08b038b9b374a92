/** A clock of a process's own: libfaketime, which reads how far it is off from a file, so that it jumps while it runs. */
import { existsSync, writeFileSync } from 'node:fs';
import type { Surroundings } from '../../central/local/processes.ts';

const LIBRARIES = [
  '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1',
  '/usr/lib/faketime/libfaketimeMT.so.1',
  '/usr/local/lib/faketime/libfaketimeMT.so.1',
];
const library = LIBRARIES.find((file) => existsSync(file));

/** Null, or why this machine gives no process another clock. */
export const whyNoClock: string | null = library === undefined ? 'libfaketime is not installed' : null;

export class OwnClock {
  readonly #file: string;

  /** `file`: where the offset is written. */
  constructor(file: string) {
    this.#file = file;
    this.set('+0');
  }

  /** How far it is off: `+400d`, `-2y`, `+0`; known to the process within a second. */
  set(offset: string): void {
    writeFileSync(this.#file, `${offset}\n`);
  }

  get surroundings(): Surroundings {
    const settings = [
      `LD_PRELOAD=${library ?? ''}`,
      `FAKETIME_TIMESTAMP_FILE=${this.#file}`,
      'FAKETIME_CACHE_DURATION=1',
      // Pauses and timeouts are as long as they are; only what a person would call the time is wrong.
      'FAKETIME_DONT_FAKE_MONOTONIC=1',
    ];
    return { within: ['env', ...settings] };
  }
}
