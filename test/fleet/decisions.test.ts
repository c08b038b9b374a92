/** The decision table, cell by cell, and the rules that no sequence of events may break. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Action,
  type Agent,
  type AgentEvent,
  type AgentSettings,
  type EventType,
  JOBS_MAX,
  type Job,
  type Phase,
  REPORT_EVERY_MS_MAX,
  REPORT_EVERY_MS_MIN,
  decide,
  newAgent,
  restarted,
} from '../../shared/agent/agent.ts';
import type { Guid } from '../../shared/domain/recovery-key.ts';

const VOLUME = '00000000-0000-4000-8000-00000000000a' as Guid;
const OTHER_VOLUME = '00000000-0000-4000-8000-00000000000b' as Guid;
const KEY = '11111111-0000-4000-8000-000000000001' as Guid;
const NEW_KEY = '11111111-0000-4000-8000-000000000002' as Guid;

const settings: AgentSettings = {
  nodes: 3,
  reportEveryMs: 5_400_000,
  backoffFirstMs: 1_000,
  backoffMaxMs: 16_000,
};
const everywhere = { first: 0, count: 3 };
const toEncrypt: Job = {
  type: 'escrow',
  volumeId: VOLUME,
  keyId: null,
  then: { type: 'encrypt' },
  route: everywhere,
};
const toEscrow: Job = { ...toEncrypt, keyId: KEY };
const toRotate: Job = { ...toEncrypt, then: { type: 'remove', keyId: KEY } };
const report: Job = { type: 'report' };

const enrolled: Agent = { ...newAgent(settings), enrolled: true, counter: 7 };

/** An agent in each phase, as events find it. */
const IN: Readonly<Record<Phase, Agent>> = {
  resting: { ...enrolled, phase: 'resting' },
  enrolling: { ...newAgent(settings), phase: 'enrolling' },
  preparing: { ...enrolled, phase: 'preparing', queue: [toEncrypt] },
  escrowing: { ...enrolled, phase: 'escrowing', queue: [toEscrow] },
  reporting: { ...enrolled, phase: 'reporting', queue: [report] },
  waiting: { ...enrolled, phase: 'waiting', queue: [toEscrow], rounds: 2 },
};

const EVENTS: { readonly [E in EventType]: AgentEvent<E> } = {
  'report-due': { type: 'report-due' },
  wake: { type: 'wake' },
  'volume-found': { type: 'volume-found', volumeId: OTHER_VOLUME },
  'key-used': { type: 'key-used', volumeId: VOLUME, keyId: KEY },
  prepared: { type: 'prepared', keyId: NEW_KEY },
  unprepared: { type: 'unprepared', why: 'gone' },
  enrolled: { type: 'enrolled', reportEveryMs: 3_600_000 },
  escrowed: { type: 'escrowed', receipt: 'valid' },
  reported: {
    type: 'reported',
    instructions: [{ type: 'rotate', keyId: KEY, volumeId: VOLUME }],
    keys: [{ keyId: KEY, volumeId: VOLUME }],
    nextReportMs: 7_200_000,
  },
  failed: { type: 'failed', why: 'unreachable' },
};

const escrowTo = (node: number, keyId = KEY): Action => ({
  type: 'escrow',
  node,
  counter: 8,
  volumeId: VOLUME,
  keyId,
});
const rest: Action = { type: 'rest', ms: 5_400_000 };

type Expected = 'late' | { phase: Phase; actions: readonly Action[]; jobs?: number };

/** A phase or an event that is added to the table and not here does not compile. */
const TABLE: Readonly<Record<Phase, Readonly<Record<EventType, Expected>>>> = {
  resting: {
    'report-due': { phase: 'reporting', actions: [{ type: 'report', node: 0, counter: 8 }] },
    wake: { phase: 'resting', actions: [rest] },
    'volume-found': {
      phase: 'preparing',
      actions: [{ type: 'make-protector', volumeId: OTHER_VOLUME, replaces: null }],
    },
    'key-used': {
      phase: 'preparing',
      actions: [{ type: 'make-protector', volumeId: VOLUME, replaces: KEY }],
    },
    prepared: 'late',
    unprepared: 'late',
    enrolled: 'late',
    escrowed: 'late',
    reported: 'late',
    failed: 'late',
  },
  enrolling: {
    'report-due': { phase: 'enrolling', actions: [], jobs: 1 },
    wake: 'late',
    'volume-found': { phase: 'enrolling', actions: [], jobs: 1 },
    'key-used': { phase: 'enrolling', actions: [], jobs: 1 },
    prepared: 'late',
    unprepared: 'late',
    enrolled: { phase: 'resting', actions: [{ type: 'rest', ms: 3_600_000 }] },
    escrowed: 'late',
    reported: 'late',
    failed: { phase: 'enrolling', actions: [{ type: 'enrol', node: 1 }] },
  },
  preparing: {
    'report-due': { phase: 'preparing', actions: [], jobs: 2 },
    wake: 'late',
    'volume-found': { phase: 'preparing', actions: [], jobs: 2 },
    'key-used': { phase: 'preparing', actions: [], jobs: 2 },
    prepared: { phase: 'escrowing', actions: [escrowTo(0, NEW_KEY)], jobs: 1 },
    unprepared: { phase: 'resting', actions: [rest], jobs: 0 },
    enrolled: 'late',
    escrowed: 'late',
    reported: 'late',
    failed: 'late',
  },
  escrowing: {
    'report-due': { phase: 'escrowing', actions: [], jobs: 2 },
    wake: 'late',
    'volume-found': { phase: 'escrowing', actions: [], jobs: 2 },
    'key-used': { phase: 'escrowing', actions: [], jobs: 2 },
    prepared: 'late',
    unprepared: { phase: 'resting', actions: [rest], jobs: 0 },
    enrolled: 'late',
    escrowed: { phase: 'resting', actions: [{ type: 'start-encryption', volumeId: VOLUME }, rest], jobs: 0 },
    reported: 'late',
    failed: { phase: 'escrowing', actions: [escrowTo(1)], jobs: 1 },
  },
  reporting: {
    'report-due': 'late',
    wake: 'late',
    'volume-found': { phase: 'reporting', actions: [], jobs: 2 },
    'key-used': { phase: 'reporting', actions: [], jobs: 2 },
    prepared: 'late',
    unprepared: 'late',
    enrolled: 'late',
    escrowed: 'late',
    reported: {
      phase: 'preparing',
      actions: [{ type: 'make-protector', volumeId: VOLUME, replaces: KEY }],
      jobs: 1,
    },
    failed: { phase: 'reporting', actions: [{ type: 'report', node: 1, counter: 8 }], jobs: 1 },
  },
  waiting: {
    'report-due': { phase: 'waiting', actions: [], jobs: 2 },
    wake: { phase: 'escrowing', actions: [escrowTo(0)], jobs: 1 },
    'volume-found': { phase: 'waiting', actions: [], jobs: 2 },
    'key-used': { phase: 'waiting', actions: [], jobs: 2 },
    prepared: 'late',
    unprepared: 'late',
    enrolled: 'late',
    escrowed: 'late',
    reported: 'late',
    failed: 'late',
  },
};

const keysOf = <K extends string>(of: Readonly<Record<K, unknown>>): K[] => Object.keys(of) as K[];

describe('the decision table, cell by cell', () => {
  for (const phase of keysOf(TABLE)) {
    for (const type of keysOf(TABLE[phase])) {
      const expected = TABLE[phase][type];
      it(`${phase} × ${type}: ${expected === 'late' ? 'changes nothing' : `→ ${expected.phase}`}`, () => {
        const before = IN[phase];
        const { agent, actions } = decide(before, EVENTS[type]);
        if (expected === 'late') {
          expect({ agent, actions }).toEqual({ agent: before, actions: [] });
          return;
        }
        expect({ phase: agent.phase, actions }).toEqual({ phase: expected.phase, actions: expected.actions });
        if (expected.jobs !== undefined) expect(agent.queue).toHaveLength(expected.jobs);
      });
    }
  }

  it('knows no action that shows anything to a user', () => {
    const known: Readonly<Record<Action['type'], true>> = {
      enrol: true,
      escrow: true,
      report: true,
      'make-protector': true,
      'start-encryption': true,
      'remove-protector': true,
      'forget-identity': true,
      rest: true,
      'back-off': true,
    };
    expect(Object.keys(known).filter((type) => /prompt|ask|show|notify|message|user/.test(type))).toEqual([]);
  });
});

/** Runs events one after the other; the last decision. */
function after(agent: Agent, ...events: readonly AgentEvent[]) {
  let decision = { agent, actions: [] as readonly Action[] };
  for (const event of events) decision = decide(decision.agent, event);
  return decision;
}
const failed = (why: AgentEvent<'failed'>['why']): AgentEvent => ({ type: 'failed', why });

describe('nodes in order', () => {
  it('offers an escrow to each node once and then pauses with the job kept', () => {
    const first = after(IN.escrowing, failed('unreachable'));
    expect(first.actions).toEqual([escrowTo(1)]);
    const second = after(first.agent, failed('unreachable'));
    expect(second.actions).toEqual([{ ...escrowTo(2), counter: 9 }]);
    const third = after(second.agent, failed('unreachable'));
    expect(third.actions).toEqual([{ type: 'back-off', msMax: 1_000 }]);
    expect(third.agent.queue).toEqual([toEscrow]);
    expect(after(third.agent, EVENTS.wake).actions).toMatchObject([{ type: 'escrow', node: 0, keyId: KEY }]);
  });

  it('takes an invalid receipt for a node that cannot serve: next node, no encryption', () => {
    for (const receipt of [
      'malformed',
      'not-certified',
      'not-signed',
      'other-key',
      'other-password',
      'other-device',
    ] as const) {
      expect(after(IN.escrowing, { type: 'escrowed', receipt }).actions).toEqual([escrowTo(1)]);
    }
  });

  it('doubles the longest pause from round to round, up to its bound, and begins anew after a success', () => {
    const pauses: number[] = [];
    let agent: Agent = { ...IN.reporting, settings: { ...settings, nodes: 1 } };
    for (let round = 0; round < 7; round += 1) {
      const decision = after(agent, failed('unreachable'));
      for (const action of decision.actions) if (action.type === 'back-off') pauses.push(action.msMax);
      agent = after(decision.agent, EVENTS.wake).agent;
    }
    expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 16_000, 16_000]);
    expect(after(agent, { ...EVENTS.reported, instructions: [] }).agent.rounds).toBe(0);
  });

  it('lets another job pass one that no node takes', () => {
    const { agent } = after(
      {
        ...IN.escrowing,
        settings: { ...settings, nodes: 1 },
        queue: [{ ...toEscrow, route: { first: 0, count: 1 } }, report],
      },
      failed('unreachable'),
    );
    expect(agent.queue.map(({ type }) => type)).toEqual(['report', 'escrow']);
  });

  it('sends a report that falls due during a pause before the escrow that no node took', () => {
    const { agent } = after(IN.waiting, EVENTS['report-due']);
    expect(agent.queue).toEqual([report, toEscrow]);
  });

  it('keeps to the bounds of the time that a node names for the next report', () => {
    const answer = (nextReportMs: number) =>
      after(IN.reporting, { ...EVENTS.reported, instructions: [], nextReportMs }).actions;
    expect(answer(0)).toEqual([{ type: 'rest', ms: REPORT_EVERY_MS_MIN }]);
    expect(answer(1e12)).toEqual([{ type: 'rest', ms: REPORT_EVERY_MS_MAX }]);
  });
});

describe('what a node answers', () => {
  it('repeats once with the nonce, and then tries the next node', () => {
    const repeated = after(IN.escrowing, failed('nonce'));
    expect(repeated.actions).toEqual([escrowTo(0)]);
    expect(after(repeated.agent, failed('nonce')).actions).toEqual([{ ...escrowTo(1), counter: 9 }]);
  });

  it('enrols again with a new key when it is a stranger, once per report, and goes on with the job', () => {
    const stranger = after(IN.escrowing, failed('stranger'));
    expect(stranger.actions).toEqual([{ type: 'forget-identity' }, { type: 'enrol', node: 0 }]);
    const again = after(stranger.agent, EVENTS.enrolled);
    expect(again.actions).toEqual([{ ...escrowTo(0), counter: 1 }]);
    const second = after(again.agent, failed('stranger'));
    expect(second.actions).toEqual([{ type: 'rest', ms: 3_600_000 }]);
    expect(second.agent.aside).toEqual([toEscrow]);
    const nextReport = after(second.agent, EVENTS['report-due']);
    expect(nextReport.agent.queue).toEqual([report, toEscrow]);
    expect(after(nextReport.agent, failed('stranger')).actions).toContainEqual({ type: 'forget-identity' });
  });

  it('sets a refused job aside and takes it up with the next report', () => {
    const refused = after({ ...IN.escrowing, queue: [toEscrow, report] }, failed('refused'));
    expect(refused.actions).toEqual([{ type: 'report', node: 0, counter: 8 }]);
    const rested = after(refused.agent, { ...EVENTS.reported, instructions: [] });
    const reported = after(rested.agent, EVENTS['report-due'], { ...EVENTS.reported, instructions: [] });
    expect(reported.actions).toEqual([{ ...escrowTo(0), counter: 10 }]);
  });

  it('rests when its enrolment is refused, and asks again when a report is due', () => {
    const refused = after(IN.enrolling, failed('refused'));
    expect(refused.actions).toEqual([rest]);
    expect(after(refused.agent, EVENTS['report-due']).actions).toEqual([{ type: 'enrol', node: 0 }]);
  });
});

describe('rotation', () => {
  it('puts a new key on the drive, escrows it, and removes the old one only with a valid receipt', () => {
    const told = after(IN.reporting, EVENTS.reported);
    expect(told.actions).toEqual([{ type: 'make-protector', volumeId: VOLUME, replaces: KEY }]);
    const prepared = after(told.agent, EVENTS.prepared);
    expect(prepared.actions).toEqual([escrowTo(0, NEW_KEY)]);
    const forged = after(prepared.agent, { type: 'escrowed', receipt: 'not-signed' });
    expect(forged.actions).toEqual([{ ...escrowTo(1, NEW_KEY), counter: 9 }]);
    const valid = after(forged.agent, EVENTS.escrowed);
    expect(valid.actions[0]).toEqual({ type: 'remove-protector', volumeId: VOLUME, keyId: KEY });
  });

  it('ignores a key that is no longer on the drive, now or by the time its turn comes', () => {
    expect(after(IN.reporting, { ...EVENTS.reported, keys: [] }).actions).toEqual([
      { type: 'rest', ms: 7_200_000 },
    ]);
    const told = after(IN.reporting, EVENTS.reported);
    expect(after(told.agent, EVENTS.unprepared).agent.queue).toEqual([]);
  });

  it('is not begun twice for one key', () => {
    const agent = { ...IN.reporting, queue: [report, toRotate] };
    expect(after(agent, EVENTS.reported).agent.queue).toEqual([toRotate]);
  });
});

describe('escrow again', () => {
  const asked = (why: 'missing' | 'single-copy', agent: Agent) =>
    after(agent, {
      ...EVENTS.reported,
      instructions: [{ type: 'escrow-again', keyId: KEY, volumeId: VOLUME, why }],
    });

  it('missing: to the node that asked, then around the list', () => {
    const { agent, actions } = asked('missing', { ...IN.reporting, tried: 1 });
    expect(actions).toEqual([escrowTo(1)]);
    expect(after(agent, failed('unreachable')).actions).toEqual([{ ...escrowTo(2), counter: 9 }]);
  });

  it('single-copy: to the next node, to any but the one that asked', () => {
    const { agent, actions } = asked('single-copy', { ...IN.reporting, tried: 1 });
    expect(actions).toEqual([escrowTo(2)]);
    const next = after(agent, failed('unreachable'));
    expect(next.actions).toEqual([{ ...escrowTo(0), counter: 9 }]);
    expect(after(next.agent, failed('unreachable')).actions).toMatchObject([{ type: 'back-off' }]);
  });

  it('single-copy with one node in the list has nowhere to go', () => {
    expect(
      asked('single-copy', { ...IN.reporting, settings: { ...settings, nodes: 1 } }).agent.queue,
    ).toEqual([]);
  });

  it('starts no encryption', () => {
    const { agent } = asked('missing', IN.reporting);
    expect(after(agent, EVENTS.escrowed).actions).toEqual([{ type: 'rest', ms: 7_200_000 }]);
  });
});

describe('whatever happens', () => {
  const guid = fc.constantFrom(VOLUME, OTHER_VOLUME);
  const key = fc.constantFrom(KEY, NEW_KEY);
  const event: fc.Arbitrary<AgentEvent> = fc.oneof(
    fc.constantFrom<AgentEvent>(
      EVENTS['report-due'],
      EVENTS.wake,
      EVENTS.enrolled,
      EVENTS.unprepared,
      EVENTS.reported,
    ),
    fc.record({ type: fc.constant('volume-found' as const), volumeId: guid }),
    fc.record({ type: fc.constant('key-used' as const), volumeId: guid, keyId: key }),
    fc.record({ type: fc.constant('prepared' as const), keyId: key }),
    fc.record({
      type: fc.constant('escrowed' as const),
      receipt: fc.constantFrom('valid' as const, 'not-signed' as const, 'other-key' as const),
    }),
    fc.record({
      type: fc.constant('failed' as const),
      why: fc.constantFrom('unreachable' as const, 'nonce' as const, 'stranger' as const, 'refused' as const),
    }),
  );

  it('nothing but a valid receipt for its key encrypts a drive or removes a protector', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 120 }), (events) => {
        let agent = newAgent(settings);
        for (const each of events) {
          const before = agent;
          const decision = decide(agent, each);
          agent = decision.agent;
          for (const action of decision.actions) {
            if (action.type !== 'start-encryption' && action.type !== 'remove-protector') continue;
            const job = before.queue[0];
            expect(before.phase).toBe('escrowing');
            expect(each).toEqual({ type: 'escrowed', receipt: 'valid' });
            expect(job).toMatchObject({ type: 'escrow', volumeId: action.volumeId });
          }
        }
      }),
      { seed: 20_260_401, numRuns: 500 },
    );
  });

  it('one thing is under way at most, the queue is bounded, and no job disappears but by its own success or loss', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 120 }), (events) => {
        let agent = newAgent(settings);
        for (const each of events) {
          const jobs = agent.queue.length + agent.aside.length;
          const decision = decide(agent, each);
          agent = decision.agent;
          const lasting = decision.actions.filter(
            ({ type }) => !['start-encryption', 'remove-protector', 'forget-identity'].includes(type),
          );
          expect(lasting.length).toBeLessThanOrEqual(1);
          if (lasting[0]) expect(decision.actions.at(-1)).toBe(lasting[0]);
          const left = agent.queue.length + agent.aside.length;
          expect(left).toBeLessThanOrEqual(JOBS_MAX + 1);
          if (['failed', 'wake', 'report-due', 'prepared', 'enrolled'].includes(each.type))
            expect(left).toBeGreaterThanOrEqual(jobs);
        }
      }),
      { seed: 20_260_402, numRuns: 500 },
    );
  });

  it('a restart in any phase loses nothing and goes on', () => {
    for (const phase of keysOf(IN)) {
      const { agent, actions } = decide(restarted(IN[phase]), EVENTS.wake);
      expect(agent.queue).toEqual(IN[phase].queue);
      expect(actions).toHaveLength(1);
    }
  });
});
