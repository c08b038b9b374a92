import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HLC_MAX, HybridClock, hlcToMs } from '../../shared/journal/hlc.ts';
import { limits } from '../../shared/limits.ts';
import { settle } from './settings.ts';

const year2200 = 7_258_118_400_000;
const events = fc.array(
  fc.oneof(
    // Not so late that the last of all times is near enough to be believed: after it there is none.
    fc.record({
      wall: fc.double({ min: -1e12, max: year2200 - 1 - limits.clockSkewMsMax, noNaN: true }),
    }),
    fc.record({ seen: fc.integer({ min: 0, max: HLC_MAX }) }),
    fc.constant('tick' as const),
  ),
  { maxLength: 60 },
);

describe('the hybrid clock', () => {
  it('only goes forward, in safe integers, whatever the wall clock and others do (I14)', () => {
    fc.assert(
      fc.property(events, (list) => {
        let wall = 1_800_000_000_000;
        const clock = new HybridClock({ now: () => wall });
        let last = -1;
        for (const event of [...list, 'tick' as const]) {
          if (event === 'tick') {
            const value = clock.tick();
            expect(Number.isSafeInteger(value)).toBe(true);
            expect(value).toBeGreaterThan(last);
            expect(value).toBeLessThanOrEqual(HLC_MAX);
            last = value;
          } else if ('wall' in event) ({ wall } = event);
          else clock.observe(event.seen);
        }
      }),
      settle(300),
    );
  });

  it('follows another clock within the limit, and reports one beyond it without following', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e9, max: 1e9 }), (ahead) => {
        const now = 1_800_000_000_000;
        const clock = new HybridClock({ now: () => now });
        const theirs = (now + ahead) * 1024;
        const reported = clock.observe(theirs);
        const next = clock.tick();
        if (ahead > limits.clockSkewMsMax) {
          expect(reported).toBe(ahead);
          expect(hlcToMs(next)).toBe(now);
        } else {
          expect(reported).toBe(0);
          expect(next).toBeGreaterThan(theirs);
          expect(hlcToMs(next)).toBe(Math.max(now, now + ahead));
        }
      }),
      settle(300),
    );
  });
});
