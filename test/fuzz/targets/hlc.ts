/** The hybrid clock under clocks of the machine and of others that say anything. */
import fc from 'fast-check';
import { HLC_MAX, HybridClock, hlcToMs } from '../../../shared/journal/hlc.ts';
import { limits } from '../../../shared/limits.ts';
import { Steps, type Target, must } from '../target.ts';

/** Times that a machine may show, beyond every end. */
const WALLS = [
  0,
  -1,
  1.5,
  1_795_521_600_000,
  7_258_118_400_000,
  7_258_118_399_999,
  8.64e15,
  -8.64e15,
  2 ** 53,
];

export const target: Target = {
  name: 'hlc',
  holds:
    'every value is a safe integer above the one before, up to the year 2200; a clock beyond the limit is reported and not followed',
  inputs: fc.uint8Array({ maxLength: 400 }),
  bytesMax: 512,
  open: () => ({
    seeds: [
      new Uint8Array([0, 3, 1, 1, 9, 44, 3, 0]),
      new Uint8Array([2, 1, 255, 255, 255, 255, 255, 3, 3, 0, 4, 3]),
    ],
    run(input) {
      const steps = new Steps(input);
      let wall = 1_795_521_600_000;
      const clock = new HybridClock({ now: () => wall });
      let last = 0;
      while (!steps.isOver) {
        switch (steps.byte() % 4) {
          case 0:
            wall = steps.pick(WALLS);
            break;
          case 1:
            wall += steps.number(4) - 2 ** 31;
            break;
          case 2: {
            const seen = Math.min(steps.number(6) * 64 + steps.byte(), HLC_MAX);
            const ahead = clock.observe(seen);
            const isFar = hlcToMs(seen) - wall > limits.clockSkewMsMax;
            must(isFar ? ahead === hlcToMs(seen) - wall : ahead === 0, 'a clock is reported wrongly');
            break;
          }
          default: {
            const tick = clock.tick();
            must(Number.isSafeInteger(tick) && tick >= 0 && tick <= HLC_MAX, 'no value of a clock');
            must(tick > last || last === HLC_MAX, 'the clock does not go forward');
            last = tick;
          }
        }
      }
    },
  }),
};
