import { describe, expect, it } from 'vitest';
import { limits } from '../../shared/limits.ts';
import {
  type ReplicationEvent,
  type ReplicationState,
  type Transition,
  backoffBoundMs,
  transition,
} from '../../shared/replication/state.ts';

const STATES = {
  resting: { name: 'resting' },
  exchanging: { name: 'exchanging', again: 'no', failures: 0 },
  'exchanging, then push': { name: 'exchanging', again: 'push', failures: 0 },
  'exchanging, then all': { name: 'exchanging', again: 'full', failures: 0 },
  'exchanging after 3 failures': { name: 'exchanging', again: 'no', failures: 3 },
  waiting: { name: 'waiting', failures: 2, refused: false },
  'waiting, refused': { name: 'waiting', failures: 2, refused: true },
} as const satisfies Record<string, ReplicationState>;

const EVENTS = {
  write: { type: 'trigger', cause: 'write' },
  timer: { type: 'trigger', cause: 'timer' },
  online: { type: 'trigger', cause: 'online' },
  done: { type: 'done', more: false },
  'done, more': { type: 'done', more: true },
  unreachable: { type: 'unreachable', why: 'no answer' },
  refused: { type: 'refused', why: 'refused with 403' },
  elapsed: { type: 'elapsed' },
} as const satisfies Record<string, ReplicationEvent>;

const exchange = (full: boolean, failures = 0): Transition => ({
  state: { name: 'exchanging', again: 'no', failures },
  effects: [{ type: 'exchange', full }],
});
const cleared = (next: Transition): Transition => ({
  ...next,
  effects: [{ type: 'clear' }, ...next.effects],
});
const again = (then: 'push' | 'full', failures = 0): Transition => ({
  state: { name: 'exchanging', again: then, failures },
  effects: [],
});
const pause = (failures: number, refused: boolean): Transition => ({
  state: { name: 'waiting', failures, refused },
  effects: [
    {
      type: 'raise',
      alarm: refused ? 'peer-refused' : 'peer-unreachable',
      why: refused ? 'refused with 403' : 'no answer',
    },
    { type: 'wait', boundMs: backoffBoundMs(failures, refused) },
  ],
});
const rest: Transition = { state: { name: 'resting' }, effects: [{ type: 'clear' }, { type: 'listen' }] };
const stay = 'stay';

/** A missing cell does not compile. */
const TABLE: Record<keyof typeof STATES, Record<keyof typeof EVENTS, Transition | typeof stay>> = {
  resting: {
    ...{ write: exchange(false), timer: exchange(false), online: exchange(true) },
    ...{ done: stay, 'done, more': stay, elapsed: stay },
    ...{ unreachable: pause(1, false), refused: pause(1, true) },
  },
  exchanging: {
    ...{ write: again('push'), timer: again('push'), online: again('full') },
    ...{ done: rest, 'done, more': cleared(exchange(true)), elapsed: stay },
    ...{ unreachable: pause(1, false), refused: pause(1, true) },
  },
  'exchanging, then push': {
    ...{ write: stay, timer: stay, online: again('full') },
    ...{ done: cleared(exchange(false)), 'done, more': cleared(exchange(true)), elapsed: stay },
    ...{ unreachable: pause(1, false), refused: pause(1, true) },
  },
  'exchanging, then all': {
    ...{ write: stay, timer: stay, online: stay },
    ...{ done: cleared(exchange(true)), 'done, more': cleared(exchange(true)), elapsed: stay },
    ...{ unreachable: pause(1, false), refused: pause(1, true) },
  },
  'exchanging after 3 failures': {
    ...{ write: again('push', 3), timer: again('push', 3), online: again('full', 3) },
    ...{ done: rest, 'done, more': cleared(exchange(true)), elapsed: stay },
    ...{ unreachable: pause(4, false), refused: pause(4, true) },
  },
  waiting: {
    ...{ write: stay, timer: stay, online: exchange(true, 2) },
    ...{ done: stay, 'done, more': stay, unreachable: stay, refused: stay },
    elapsed: exchange(true, 2),
  },
  'waiting, refused': {
    ...{ write: stay, timer: stay, online: stay },
    ...{ done: stay, 'done, more': stay, unreachable: stay, refused: stay },
    elapsed: exchange(true, 2),
  },
};

describe('replication state', () => {
  for (const [stateName, row] of Object.entries(TABLE) as [
    keyof typeof STATES,
    (typeof TABLE)['resting'],
  ][]) {
    for (const [eventName, expected] of Object.entries(row) as [
      keyof typeof EVENTS,
      Transition | typeof stay,
    ][]) {
      it(`${stateName} + ${eventName}`, () => {
        const state = STATES[stateName];
        expect(transition(state, EVENTS[eventName])).toEqual(
          expected === stay ? { state, effects: [] } : expected,
        );
      });
    }
  }

  it('backs off up to its bounds and never gives up', () => {
    expect(backoffBoundMs(1, false)).toBe(limits.retryFirstMs);
    expect(backoffBoundMs(2, false)).toBe(1.25 * limits.retryFirstMs);
    expect(backoffBoundMs(2, true)).toBe(2 * limits.retryFirstMs);
    for (const failures of [15, 100, 1e9]) {
      expect(backoffBoundMs(failures, false)).toBe(limits.retryMaxMs);
    }
    expect(backoffBoundMs(1e9, true)).toBe(limits.retryRefusedMaxMs);
  });
});
