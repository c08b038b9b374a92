/** Instants as people write and read them: ISO 8601, in UTC or with the offset that a time zone had at that instant. */

/** The farthest instant a `Date` holds. A device's clock may say something beyond it. */
const INSTANT_MS_MAX = 8_640_000_000_000_000;
const DATE = /^\d{4}-\d{2}-\d{2}$/;
/** A `+` that was not escaped in a query comes as a space. */
const DATE_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+\- ]\d{2}:\d{2})$/;

export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/** Whether `text` is a day or an instant with its offset. */
export function isDateText(text: string): boolean {
  if (!DATE.test(text) && !DATE_TIME.test(text)) return false;
  const day = text.slice(0, 10);
  const at = Date.parse(day);
  // JavaScript takes 30 February for 2 March.
  if (Number.isNaN(at) || new Date(at).toISOString().slice(0, 10) !== day) return false;
  return !Number.isNaN(Date.parse(text.replace(' ', '+')));
}

/** From when (inclusive) until when (exclusive) a text names: one instant, or a whole day of the zone. */
export function spanOf(text: string, zone: TimeZone): { from: number; until: number } {
  if (!DATE.test(text)) {
    const at = Date.parse(text.replace(' ', '+'));
    return { from: at, until: at };
  }
  const midnight = Date.parse(text);
  return { from: zone.instantOf(midnight), until: zone.instantOf(midnight + 86_400_000) };
}

export class TimeZone {
  readonly #format: Intl.DateTimeFormat | null;

  /** null: UTC */
  constructor(name: string | null) {
    this.#format =
      name === null
        ? null
        : new Intl.DateTimeFormat('en-US', {
            timeZone: name,
            hourCycle: 'h23',
            ...({ year: 'numeric', month: '2-digit', day: '2-digit', era: 'short' } as const),
            ...({ hour: '2-digit', minute: '2-digit', second: '2-digit' } as const),
          });
  }

  /** ISO 8601; empty for what no calendar reaches. */
  text(ms: number): string {
    // A day of room, so that an offset stays within what a Date holds.
    if (!(Math.abs(ms) < INSTANT_MS_MAX - 86_400_000)) return '';
    if (!this.#format) return new Date(ms).toISOString();
    const offset = this.#offsetOf(ms);
    const local = new Date(ms + offset).toISOString().slice(0, -1);
    const minutes = Math.abs(Math.round(offset / 60_000));
    const two = (value: number) => String(value).padStart(2, '0');
    return `${local}${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
  }

  /** When the clocks of the zone showed what `local` shows in UTC. */
  instantOf(local: number): number {
    const near = local - this.#offsetOf(local);
    return local - this.#offsetOf(near);
  }

  /** How far the zone's clocks were ahead of UTC, in ms. */
  #offsetOf(ms: number): number {
    if (!this.#format) return 0;
    const parts = new Map(this.#format.formatToParts(ms).map(({ type, value }) => [type, value]));
    const part = (type: Intl.DateTimeFormatPartTypes) => Number(parts.get(type));
    const year = parts.get('era') === 'BC' ? 1 - part('year') : part('year');
    const local = new Date(0);
    local.setUTCFullYear(year, part('month') - 1, part('day'));
    local.setUTCHours(part('hour'), part('minute'), part('second'));
    return local.getTime() - Math.floor(ms / 1000) * 1000;
  }
}
