/**
 * What needs somebody's attention: forks, far clocks, refusals by a peer, differing tables … Raised once per subject,
 * counted, shown by `/readyz`, `/metrics` and the status page, and cleared when the cause is gone. Nothing here
 * ever stops the work (I9).
 */
import type { Log, Platform } from './platform.ts';

export const ALARMS = [
  'fork',
  'segment-refused',
  'entry-marked',
  'clock-ahead',
  'peer-refused',
  'peer-unreachable',
  'tables-differ',
  'not-comparable',
  'key-conflict',
  'storage',
  'vault-key-wrong',
  'certificate-expiring',
  'snapshot',
  'upgrade',
  'disclosure-limit',
  'sign-in-attack',
  'break-glass',
] as const;
export type AlarmType = (typeof ALARMS)[number];

export interface Alarm {
  readonly type: AlarmType;
  /** what it is about: an origin, a node, a key ID */
  readonly subject: string;
  readonly detail: string;
  readonly since: number;
  readonly count: number;
}

const ALARMS_MAX = 1_000;

export class Alarms {
  readonly #platform: Pick<Platform, 'now'>;
  readonly #log: Log;
  readonly #raised = new Map<string, Alarm>();
  readonly #totals = new Map<AlarmType, number>();

  constructor(platform: Pick<Platform, 'now'>, log: Log) {
    this.#platform = platform;
    this.#log = log;
  }

  raise(type: AlarmType, subject: string, detail: string): void {
    const id = `${type} ${subject}`;
    const known = this.#raised.get(id);
    this.#totals.set(type, (this.#totals.get(type) ?? 0) + 1);
    if (!known) {
      this.#log('warn', `alarm ${type}`, { subject, detail });
      if (this.#raised.size >= ALARMS_MAX) this.#raised.delete(this.#raised.keys().next().value ?? '');
    }
    this.#raised.set(id, {
      type,
      subject,
      detail,
      since: known?.since ?? this.#platform.now(),
      count: (known?.count ?? 0) + 1,
    });
  }

  clear(type: AlarmType, subject: string): void {
    if (this.#raised.delete(`${type} ${subject}`)) this.#log('info', `alarm ${type} cleared`, { subject });
  }

  list(): Alarm[] {
    return [...this.#raised.values()];
  }

  total(type: AlarmType): number {
    return this.#totals.get(type) ?? 0;
  }
}
