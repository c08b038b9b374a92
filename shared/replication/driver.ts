/**
 * Drives replication with one peer: the one place with RxJS. Triggers merge into events, events go through the pure
 * `transition`, and its effects come back as events. One exchange runs at a time; listening for news goes on beside it.
 */
import {
  Observable,
  Subject,
  type Subscription,
  catchError,
  defer,
  distinctUntilChanged,
  exhaustMap,
  filter,
  from,
  map,
  merge,
  of,
  repeat,
  switchMap,
} from 'rxjs';
import type { Alarms } from '../alarms.ts';
import { limits } from '../limits.ts';
import type { Log, Platform } from '../platform.ts';
import { RefusedError, UnreachableError } from './client.ts';
import {
  INITIAL,
  type ReplicationEffect,
  type ReplicationEvent,
  type ReplicationState,
  transition,
} from './state.ts';

/** What the driver needs of a peer; `PeerClient` is the real one. */
export interface DrivenPeer {
  exchange(full: boolean, signal: AbortSignal): Promise<{ more: boolean }>;
  listen(signal: AbortSignal): Promise<{ more: boolean }>;
}

export interface DriverParts {
  readonly peer: DrivenPeer;
  /** the peer's name in alarms */
  readonly name: string;
  /** fires after every commit here that the peer may lack */
  readonly writes: Observable<unknown>;
  readonly platform: Platform;
  readonly alarms: Alarms;
  readonly log: Log;
}

/** The states as they are entered. Runs until unsubscribed: no failure ends it. */
export function driveReplication(parts: DriverParts): Observable<ReplicationState> {
  return new Observable((subscriber) => {
    const effects = new Subject<ReplicationEffect>();
    const events = new Subject<ReplicationEvent>();
    const only = <T extends ReplicationEffect['type']>(type: T) =>
      effects.pipe(
        filter((effect): effect is Extract<ReplicationEffect, { type: T }> => effect.type === type),
      );
    let state = INITIAL;
    const running: Subscription = events.subscribe((event) => {
      const step = transition(state, event);
      if (step.state !== state) subscriber.next(step.state);
      state = step.state;
      for (const effect of step.effects) effects.next(effect);
    });
    running.add(
      effects.subscribe((effect) => {
        tell(parts, effect);
      }),
    );
    const results = merge(
      only('exchange').pipe(exhaustMap(({ full }) => exchange(parts, full))),
      merge(only('listen'), only('wait')).pipe(
        // Whoever listens goes on listening; only a pause ends it.
        distinctUntilChanged((before, now) => before.type === 'listen' && now.type === 'listen'),
        switchMap((effect) =>
          effect.type === 'listen' ? listen(parts) : pause(parts.platform, effect.boundMs),
        ),
      ),
      parts.writes.pipe(map((): ReplicationEvent => ({ type: 'trigger', cause: 'write' }))),
      ticks(parts.platform),
    );
    running.add(
      results.subscribe((event) => {
        queue(events, event);
      }),
    );
    queue(events, { type: 'trigger', cause: 'timer' });
    return running;
  });
}

/** On a fresh turn: an effect that finishes at once must find the state it belongs to. */
function queue(events: Subject<ReplicationEvent>, event: ReplicationEvent): void {
  void Promise.resolve().then(() => {
    events.next(event);
  });
}

function ticks(platform: Platform): Observable<ReplicationEvent> {
  return defer(() => platform.sleep(limits.cycleEveryMs)).pipe(
    map((): ReplicationEvent => ({ type: 'trigger', cause: 'timer' })),
    repeat(),
  );
}

function exchange({ peer, log }: DriverParts, full: boolean): Observable<ReplicationEvent> {
  return abortable((signal) => peer.exchange(full, signal)).pipe(
    map(({ more }): ReplicationEvent => ({ type: 'done', more })),
    catchError((error: unknown) => of(failure(error, log))),
  );
}

/** News are taken in as they come; what could not be had in one answer is fetched by an exchange. */
function listen({ peer, log }: DriverParts): Observable<ReplicationEvent> {
  return abortable((signal) => peer.listen(signal)).pipe(
    repeat(),
    filter(({ more }) => more),
    map((): ReplicationEvent => ({ type: 'trigger', cause: 'online' })),
    catchError((error: unknown) => of(failure(error, log))),
  );
}

function pause(platform: Platform, boundMs: number): Observable<ReplicationEvent> {
  const [a = 0, b = 0] = platform.random(2);
  const jitter = (a * 256 + b) / 65_536;
  return from(platform.sleep(Math.round(boundMs * jitter))).pipe(
    map((): ReplicationEvent => ({ type: 'elapsed' })),
  );
}

function failure(error: unknown, log: Log): ReplicationEvent {
  if (error instanceof RefusedError) return { type: 'refused', why: error.message };
  if (error instanceof UnreachableError) return { type: 'unreachable', why: error.message };
  log('error', 'replication failed unexpectedly', {
    // Only its name: a message may quote what the peer answered (I8).
    error: error instanceof Error ? error.name : 'unknown',
  });
  return { type: 'unreachable', why: 'unexpected failure' };
}

function tell({ alarms, name }: DriverParts, effect: ReplicationEffect): void {
  if (effect.type === 'raise') alarms.raise(effect.alarm, name, effect.why);
  if (effect.type !== 'clear') return;
  alarms.clear('peer-unreachable', name);
  alarms.clear('peer-refused', name);
}

/** A promise as an observable whose unsubscription aborts it. */
function abortable<T>(work: (signal: AbortSignal) => Promise<T>): Observable<T> {
  return new Observable((subscriber) => {
    const controller = new AbortController();
    work(controller.signal).then(
      (value) => {
        subscriber.next(value);
        subscriber.complete();
      },
      (error: unknown) => {
        subscriber.error(error);
      },
    );
    return () => {
      controller.abort();
    };
  });
}
