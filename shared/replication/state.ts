/**
 * What replication with one peer does next: a pure, total function of state and event. Effects are data, carried out
 * by the driver; the simulator uses the same function.
 *
 *                 trigger                        done, nothing came meanwhile
 *     resting ───────────────▶ exchanging ─────────────────────────────────────▶ resting  (and listens for news)
 *        ▲                      │  ▲  │ done, a trigger came meanwhile or there is more
 *        │ elapsed is a trigger │  └──┘
 *        │                      │ unreachable / refused
 *     waiting ◀─────────────────┘
 *        (back-off with full jitter; refused waits longer, raises an alarm, and never gives up)
 */
import { limits } from '../limits.ts';

export type ReplicationState =
  | { readonly name: 'resting' }
  | { readonly name: 'exchanging'; readonly again: 'no' | 'push' | 'full'; readonly failures: number }
  | { readonly name: 'waiting'; readonly failures: number; readonly refused: boolean };

export type ReplicationEvent =
  /** something was written here, the timer struck, or the peer let itself be heard */
  | { readonly type: 'trigger'; readonly cause: 'write' | 'timer' | 'online' }
  | { readonly type: 'done'; readonly more: boolean }
  | { readonly type: 'unreachable' | 'refused'; readonly why: string }
  /** the pause is over */
  | { readonly type: 'elapsed' };

export type ReplicationEffect =
  /**
   * `full` pulls and pushes; otherwise only what the peer is known to lack is pushed, while listening brings the rest,
   * with what the peer holds, at every end of a wait
   */
  | { readonly type: 'exchange'; readonly full: boolean }
  | { readonly type: 'listen' }
  | { readonly type: 'wait'; readonly boundMs: number }
  | { readonly type: 'raise'; readonly alarm: 'peer-unreachable' | 'peer-refused'; readonly why: string }
  | { readonly type: 'clear' };

export interface Transition {
  readonly state: ReplicationState;
  readonly effects: readonly ReplicationEffect[];
}

export const INITIAL: ReplicationState = { name: 'resting' };

/** Slow, so that the next try follows soon after the end of an absence, in proportion to it: most are restarts. */
const UNREACHABLE_GROWTH = 1.25;

/** The longest pause before the next try after so many failures in a row; the driver draws from zero to it. */
export function backoffBoundMs(failures: number, refused: boolean): number {
  const [longest, growth] = refused ? [limits.retryRefusedMaxMs, 2] : [limits.retryMaxMs, UNREACHABLE_GROWTH];
  return Math.min(longest, limits.retryFirstMs * growth ** Math.min(failures - 1, 30));
}

export function transition(state: ReplicationState, event: ReplicationEvent): Transition {
  switch (state.name) {
    case 'resting':
      return resting(state, event);
    case 'exchanging':
      return exchanging(state, event);
    case 'waiting':
      return waiting(state, event);
  }
}

function resting(state: ReplicationState & { name: 'resting' }, event: ReplicationEvent): Transition {
  switch (event.type) {
    case 'trigger':
      return exchange(0, event.cause === 'online');
    case 'unreachable':
    case 'refused':
      return pause(1, event);
    case 'done':
    case 'elapsed':
      return { state, effects: [] };
  }
}

function exchanging(state: ReplicationState & { name: 'exchanging' }, event: ReplicationEvent): Transition {
  switch (event.type) {
    case 'trigger':
      return {
        state: { ...state, again: event.cause !== 'online' && state.again !== 'full' ? 'push' : 'full' },
        effects: [],
      };
    case 'done':
      if (state.again !== 'no' || event.more) {
        const next = exchange(0, event.more || state.again === 'full');
        return { state: next.state, effects: [{ type: 'clear' }, ...next.effects] };
      }
      return { state: { name: 'resting' }, effects: [{ type: 'clear' }, { type: 'listen' }] };
    case 'unreachable':
    case 'refused':
      return pause(state.failures + 1, event);
    case 'elapsed':
      return { state, effects: [] };
  }
}

function waiting(state: ReplicationState & { name: 'waiting' }, event: ReplicationEvent): Transition {
  switch (event.type) {
    case 'elapsed':
      return exchange(state.failures, true);
    case 'trigger':
      // Writes and the timer do not shorten the pause; a peer that lets itself be heard does, unless it refused.
      return event.cause === 'online' && !state.refused
        ? exchange(state.failures, true)
        : { state, effects: [] };
    case 'done':
    case 'unreachable':
    case 'refused':
      return { state, effects: [] };
  }
}

function exchange(failures: number, full: boolean): Transition {
  return { state: { name: 'exchanging', again: 'no', failures }, effects: [{ type: 'exchange', full }] };
}

function pause(
  failures: number,
  { type, why }: { type: 'unreachable' | 'refused'; why: string },
): Transition {
  const refused = type === 'refused';
  return {
    state: { name: 'waiting', failures, refused },
    effects: [
      { type: 'raise', alarm: refused ? 'peer-refused' : 'peer-unreachable', why },
      { type: 'wait', boundMs: backoffBoundMs(failures, refused) },
    ],
  };
}
