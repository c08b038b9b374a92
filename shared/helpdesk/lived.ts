/**
 * How long this node has been without its centre, and time as it lived through it. A wall clock may be put forward or
 * back by years, by mistake or on purpose, and must neither lock a branch out nor give it time (I14). So time is counted
 * in the ticks of the node's own chores, each worth what the clock says since the last one, but never less than nothing
 * and never more than two minutes.
 *
 * What a machine was off for is known by the clock alone. It counts as time without the centre, up to three days for
 * each time it was off. Whatever a clock does, days of it bring a branch to two persons before they bring it to
 * break-glass, and break-glass is there.
 */
import { z } from 'zod';
import type { Statement } from '../journal/engine.ts';
import type { Ledger } from '../journal/ledger.ts';
import { limits } from '../limits.ts';
import type { Platform } from '../platform.ts';
import type { Peers } from '../replication/peers.ts';

interface LivedParts {
  readonly ledger: Ledger;
  readonly platform: Pick<Platform, 'now'>;
  readonly peers: Peers;
}

const note = z.object({ livedMs: z.number(), offlineMs: z.number(), at: z.number() });
const NOTE = 'lived';

export class LivedTime {
  readonly #parts: LivedParts;
  #livedMs = 0;
  #offlineMs = 0;
  #at: number;
  /** the last contact that was counted from; another value is another contact */
  #contact: number | null;

  private constructor(parts: LivedParts) {
    this.#parts = parts;
    this.#at = parts.platform.now();
    this.#contact = parts.peers.lastCentreContact();
  }

  static async open(parts: LivedParts): Promise<LivedTime> {
    const lived = new LivedTime(parts);
    const saved = await readNote(parts.ledger, NOTE, note);
    if (!saved) return lived;
    lived.#livedMs = saved.livedMs;
    const lastSeen = Math.max(saved.at, lived.#contact ?? 0);
    // Contacts are written down as often as this note: one that is later began the count anew.
    const before = (lived.#contact ?? 0) > saved.at ? 0 : saved.offlineMs;
    lived.#offlineMs = before + within(lived.#at - lastSeen, limits.offGapMsMax);
    return lived;
  }

  /** Time that this node ran, in ms; continues over restarts wherever it was written down. */
  get livedMs(): number {
    return this.#livedMs;
  }

  /** Time without the centre, in ms; 0 while there is contact, and always at a centre. */
  offlineMs(): number {
    return this.#contact === null || this.#isInContact() ? 0 : this.#offlineMs;
  }

  #isInContact(): boolean {
    return this.#parts.peers.lastCentreContact() !== this.#contact;
  }

  /** `keep`: somebody counts by the time lived, so it has to outlive a restart. */
  async tick(keep: boolean): Promise<void> {
    const now = this.#parts.platform.now();
    const passed = within(now - this.#at, limits.livedTickMsMax);
    this.#at = now;
    this.#livedMs += passed;
    if (this.#isInContact()) {
      this.#contact = this.#parts.peers.lastCentreContact();
      this.#offlineMs = 0;
    } else this.#offlineMs += passed;
    if (keep || this.#offlineMs > limits.livedTickMsMax)
      await this.#parts.ledger.note('recovery', [this.saving()]);
  }

  /** Writes the count down, with something that begins to count from it. */
  saving(): Statement {
    return writingNote(NOTE, { livedMs: this.#livedMs, offlineMs: this.#offlineMs, at: this.#at });
  }
}

export async function readNote<S extends z.ZodType>(
  ledger: Ledger,
  name: string,
  schema: S,
): Promise<z.infer<S> | null> {
  const [row] = await ledger.engine.rows('recovery', 'SELECT value FROM local_notes WHERE name = ?', [name]);
  if (!row) return null;
  const parsed = schema.safeParse(JSON.parse(String(row[0])));
  return parsed.success ? parsed.data : null;
}

export function writingNote(name: string, value: object): Statement {
  return {
    sql: 'INSERT INTO local_notes (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
    args: [name, JSON.stringify(value)],
  };
}

function within(ms: number, most: number): number {
  return Math.min(most, Math.max(0, ms));
}
