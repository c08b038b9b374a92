import { describe, expect, it } from 'vitest';
import { Clock } from '../../shared/portal/clock.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** 00:30 in Madrid, where a new day has begun, and 23:30 of the day before in UTC */
const NOW = Date.UTC(2026, 10, 23, 23, 30);

describe('times for people', () => {
  it('are of today and of yesterday by the calendar of their zone', () => {
    const madrid = new Clock('en', 'Europe/Madrid', NOW);
    expect(madrid.recent(NOW - 10 * MINUTE)).toBe('today 00:20');
    expect(madrid.recent(NOW - HOUR)).toBe('yesterday 23:30');
    expect(madrid.recent(NOW - 26 * HOUR)).toBe('22 Nov 2026, 22:30');
    const utc = new Clock('es', undefined, NOW);
    expect(utc.recent(NOW - HOUR)).toBe('hoy 22:30');
    expect(utc.recent(NOW - 24 * HOUR)).toBe('ayer 23:30');
  });

  it('say how long ago, and never something of the future', () => {
    const clock = new Clock('en', 'Nowhere/At-all', NOW);
    expect(clock.zone).toBe('UTC');
    expect([3_000, 5 * MINUTE, 3 * HOUR, 72 * HOUR].map((past) => clock.ago(NOW - past))).toEqual([
      ...['3 seconds ago', '5 minutes ago', '3 hours ago', '3 days ago'],
    ]);
    expect(clock.ago(NOW + HOUR)).toBe('now');
  });

  it('are a dash for never, and for what no calendar reaches', () => {
    const clock = new Clock('en', 'UTC', NOW);
    for (const at of [0, -1, 9e15])
      expect([clock.time(at), clock.recent(at), clock.ago(at)]).toEqual(['–', '–', '–']);
    expect(clock.time(null)).toBe('–');
  });
});
