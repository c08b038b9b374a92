/** Certificates beside the node's own that end some day, and the alarm ahead of it. */
import type { Alarms } from '../alarms.ts';
import type { Platform } from '../platform.ts';

const DAY_MS = 86_400_000;

interface Ending {
  /** milliseconds since 1970 */
  readonly endsAt: number;
  readonly warningMs: number;
}

export class Endings {
  readonly #platform: Pick<Platform, 'now'>;
  readonly #alarms: Alarms;
  readonly #known = new Map<string, Ending>();

  constructor(platform: Pick<Platform, 'now'>, alarms: Alarms) {
    this.#platform = platform;
    this.#alarms = alarms;
  }

  /** `name` stands for one certificate, whichever is in force. */
  note(name: string, endsAt: number, warningMs: number): void {
    this.#known.set(name, { endsAt, warningMs });
    this.check();
  }

  all(): { readonly name: string; readonly endsAt: number }[] {
    return [...this.#known].map(([name, { endsAt }]) => ({ name, endsAt }));
  }

  check(): void {
    for (const [name, { endsAt, warningMs }] of this.#known) {
      const leftMs = endsAt - this.#platform.now();
      if (leftMs > warningMs) this.#alarms.clear('certificate-expiring', name);
      else {
        const days = Math.floor(leftMs / DAY_MS);
        this.#alarms.raise(
          'certificate-expiring',
          name,
          leftMs > 0 ? `ends in ${String(days)} days` : 'has ended',
        );
      }
    }
  }
}
