/** A simulated machine: what outlives its processes (identity, disk, clock), and the process that runs now. */
import type { App } from '../../shared/http/context.ts';
import type { Origin, Certificate, IdentityFile } from '../../shared/trust/certificate.ts';
import type { Disk, DiskImage } from './disk.ts';
import type * as program from './program.ts';
import type { Random } from './random.ts';
import type { RoguePeer } from './rogue.ts';

export type Program = typeof program;

/** 2027-01-15: where the world's clocks begin. */
export const EPOCH = 1_800_000_000_000;

export const CENTURY_MS = 100 * 365 * 86_400_000;

/** A clock that may be wrong, jump, and run at any speed, backwards too. */
export class Clock {
  #offset = 0;
  #speed = 1;
  #since = 0;

  /** milliseconds since 1970 at `now` of the world */
  read(now: number): number {
    return Math.floor(EPOCH + this.#since + this.#offset + this.#speed * (now - this.#since));
  }

  /** From `now` on it is `ms` off, and a second lasts `speed` seconds. */
  set(now: number, ms: number, speed: number): void {
    this.#since = now;
    this.#offset = ms;
    this.#speed = speed;
  }

  /** Goes on at its right speed, from what it shows; somebody sees to one that is a century off. */
  go(now: number): void {
    const off = this.read(now) - EPOCH - now;
    this.set(now, off > CENTURY_MS / 2 ? 0 : off, 1);
  }
}

/** What is wrong with a clock that is set like this. */
export function nameOfClock(offMs: number, speed: number): string {
  if (offMs > CENTURY_MS / 2) return 'clock a century ahead';
  return speed < 0 ? 'clock running backwards' : speed === 1 ? 'clock jump' : 'clock drift';
}

/** One run of a machine's process. What a dead process began goes on nowhere. */
export class Life {
  readonly machine: Machine;
  readonly number: number;
  readonly random: Random;
  readonly program: Program;
  readonly onDeath = new Set<() => void>();
  alive = true;
  node: program.HoldfastNode | null = null;
  app: App | null = null;

  constructor(machine: Machine, random: Random) {
    this.machine = machine;
    this.number = machine.lives;
    this.random = random;
    this.program = machine.program;
  }

  get name(): string {
    return `${this.machine.name}#${String(this.number)}`;
  }
}

/** A copy of a disk, as a snapshot of a virtual machine or a forgotten backup is one. */
export interface Copy {
  readonly image: DiskImage;
  readonly takenAt: number;
}

export class Machine {
  readonly name: string;
  readonly certificate: Certificate;
  readonly identity: IdentityFile;
  readonly peers: readonly string[];
  readonly clock = new Clock();
  readonly copies: Copy[] = [];
  disk: Disk;
  program: Program;
  life: Life | null = null;
  lives = 0;
  /** stolen, burnt or scrapped: it never comes back */
  isGone = false;
  /** whether it is to run: a restart is due otherwise */
  isWanted = true;
  /** the crash point at which this machine fails next, and how often it passes it before */
  armed: { readonly point: string; left: number } | null = null;
  /** it is in the wrong hands, and lies to those who ask it */
  rogue: RoguePeer | null = null;
  /** ms that it takes over each answer, beside what it takes always */
  answersMs = 0;
  /** a second machine made from the first, which runs in the same incarnation */
  incarnation: Origin | null = null;

  constructor(options: {
    name: string;
    certificate: Certificate;
    identity: IdentityFile;
    peers: readonly string[];
    disk: Disk;
    program: Program;
  }) {
    this.name = options.name;
    this.certificate = options.certificate;
    this.identity = options.identity;
    this.peers = options.peers;
    this.disk = options.disk;
    this.program = options.program;
  }

  get isCentre(): boolean {
    return this.certificate.role === 'centre';
  }
}
