/** Instants as people read them, in their language and their browser's time zone. */
import { isTimeZone } from '../reports/time.ts';
import type { Language } from '../text/language.ts';

const LOCALES: Readonly<Record<Language, string>> = { en: 'en-GB', es: 'es-ES' };
/** The farthest instant a `Date` holds; a device's clock may say something beyond it. */
const INSTANT_MS_MAX = 8_640_000_000_000_000;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const UNITS = [
  ['day', 2 * DAY_MS, DAY_MS],
  ['hour', 120 * MINUTE_MS, 60 * MINUTE_MS],
  ['minute', 2 * MINUTE_MS, MINUTE_MS],
  ['second', 0, 1_000],
] as const;

export class Clock {
  readonly zone: string;
  readonly now: number;
  readonly #locale: string;
  readonly #whole: Intl.DateTimeFormat;
  readonly #hours: Intl.DateTimeFormat;
  readonly #day: Intl.DateTimeFormat;
  readonly #relative: Intl.RelativeTimeFormat;

  /** `zone`: an IANA name; UTC for one that is none. */
  constructor(language: Language, zone: string | undefined, now: number) {
    const timeZone = zone !== undefined && isTimeZone(zone) ? zone : 'UTC';
    const locale = LOCALES[language];
    this.zone = timeZone;
    this.#locale = locale;
    this.now = now;
    this.#whole = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short', timeZone });
    this.#hours = new Intl.DateTimeFormat(locale, { timeStyle: 'short', timeZone });
    this.#day = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone });
    this.#relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto', style: 'long' });
  }

  /** "24 Nov 2026, 10:55"; a dash for never and for what no calendar reaches. */
  time(ms: number | null): string {
    return isInstant(ms) ? this.#whole.format(ms) : '–';
  }

  day(ms: number): string {
    return isInstant(ms) ? this.#day.format(ms) : '–';
  }

  /** "today 10:55", "yesterday 18:02", or the whole date before that. */
  recent(ms: number): string {
    if (!isInstant(ms)) return '–';
    const days = this.#dayNumber(ms) - this.#dayNumber(this.now);
    if (days > 0 || days < -1) return this.time(ms);
    return `${this.#relative.format(days, 'day')} ${this.#hours.format(ms)}`;
  }

  /** "3 seconds ago", "2 hours ago", "5 days ago". */
  ago(ms: number): string {
    if (!isInstant(ms)) return '–';
    const past = Math.max(0, this.now - ms);
    if (past < MINUTE_MS) return this.#relative.format(-Math.round(past / 1000), 'second');
    if (past < 60 * MINUTE_MS) return this.#relative.format(-Math.round(past / MINUTE_MS), 'minute');
    if (past < 2 * DAY_MS) return this.#relative.format(-Math.round(past / (60 * MINUTE_MS)), 'hour');
    return this.#relative.format(-Math.round(past / DAY_MS), 'day');
  }

  /** "3 seconds", "12 minutes", "5 hours", "2 days". */
  span(ms: number): string {
    const [unit, , of] = UNITS.find(([, least]) => ms >= least) ?? UNITS[3];
    return new Intl.NumberFormat(this.#locale, {
      ...{ style: 'unit', unit, unitDisplay: 'long', maximumFractionDigits: 0 },
    }).format(ms / of);
  }

  /** The zone's calendar day as a number that grows by one a day. */
  #dayNumber(ms: number): number {
    const iso = new Intl.DateTimeFormat('en-CA', { timeZone: this.zone }).format(ms);
    return Math.round(Date.parse(iso) / DAY_MS);
  }
}

function isInstant(ms: number | null): ms is number {
  return ms !== null && ms > 0 && ms <= INSTANT_MS_MAX;
}
