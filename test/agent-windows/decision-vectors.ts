/**
 * Decisions of the real table, one for each way through it: phase, event, rule, where it leads and what is done. Found by
 * running agents on drawn events; the draw is seeded, so the same ones are found each time.
 */
import {
  type Agent,
  type AgentEvent,
  type Decision,
  JOBS_MAX,
  type Job,
  decide,
  newAgent,
  restarted,
} from '../../shared/agent/agent.ts';
import { holds } from '../../shared/agent/steps.ts';
import { EVENT_TYPES, type EventType, PHASES, type Phase, TABLE } from '../../shared/agent/table.ts';
import type { Guid } from '../../shared/domain/recovery-key.ts';

export interface DecisionVector {
  readonly name: string;
  readonly agent: Agent;
  readonly incident: AgentEvent;
  readonly expected: Decision;
}

const VOLUMES = ['a', 'b', 'c'].map((digit) => `00000000-0000-4000-8000-00000000000${digit}` as Guid);
const KEYS = ['1', '2', '3', '4'].map((digit) => `11111111-0000-4000-8000-00000000000${digit}` as Guid);

/** A generator of Numerical Recipes' constants: this needs a spread, not a secret. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
}

const ANSWERS_OF: Readonly<Record<Phase, readonly EventType[]>> = {
  resting: ['report-due', 'wake', 'volume-found', 'key-used'],
  enrolling: ['enrolled', 'failed'],
  preparing: ['prepared', 'unprepared'],
  escrowing: ['escrowed', 'failed', 'unprepared'],
  reporting: ['reported', 'failed'],
  waiting: ['wake', 'report-due'],
};

function drawEvent(type: EventType, roll: (sides: number) => number): AgentEvent {
  const pick = <T>(from: readonly [T, ...T[]]): T => from[roll(from.length)] ?? from[0];
  const volumeId = () => VOLUMES[roll(VOLUMES.length)] ?? ('' as Guid);
  const keyId = () => KEYS[roll(KEYS.length)] ?? ('' as Guid);
  switch (type) {
    case 'report-due':
    case 'wake':
      return { type };
    case 'volume-found':
      return { type, volumeId: volumeId() };
    case 'key-used':
      return { type, volumeId: volumeId(), keyId: keyId() };
    case 'prepared':
      return { type, keyId: keyId() };
    case 'unprepared':
      return { type, why: pick(['gone', 'failed']) };
    case 'enrolled':
      return { type, reportEveryMs: pick([5_400_000, 1, 1e12]) };
    case 'escrowed':
      return { type, receipt: pick(['valid', 'valid', 'not-signed', 'other-key']) };
    case 'reported': {
      const [key, other] = [
        { keyId: keyId(), volumeId: volumeId() },
        { keyId: keyId(), volumeId: volumeId() },
      ];
      return {
        type,
        instructions: [
          { type: 'rotate', ...key },
          { type: 'escrow-again', ...other, why: pick(['missing', 'single-copy']) },
        ].slice(roll(2), 1 + roll(2)) as Extract<AgentEvent, { type: 'reported' }>['instructions'],
        keys: roll(4) === 0 ? [] : [key, other],
        nextReportMs: pick([5_400_000, 30_000, 1e12]),
      };
    }
    case 'failed':
      return { type, why: pick(['unreachable', 'nonce', 'stranger', 'refused']) };
  }
}

/** Which way through the table this was. */
export function wayOf(agent: Agent, event: AgentEvent, { agent: after, actions }: Decision): string {
  const rule = TABLE[agent.phase][event.type].findIndex(({ when }) =>
    when.every((guard) => holds(guard, agent, event)),
  );
  const done = actions.map(({ type }) => type).join(' + ');
  const grown = Math.sign(after.queue.length - agent.queue.length);
  return `${agent.phase}: ${event.type} by rule ${String(rule)} to ${after.phase}${done === '' ? '' : `, ${done}`} (queue ${String(grown)})`;
}

const RUNS = 1_500;
const EVENTS_PER_RUN = 16;

export function decisionVectors(): DecisionVector[] {
  const roll = dice(20_260_501);
  const found = new Map<string, DecisionVector>();
  const keep = (agent: Agent, incident: AgentEvent): Agent => {
    const expected = decide(agent, incident);
    const name = wayOf(agent, incident, expected);
    const known = found.get(name);
    if (!known || size(agent) < size(known.agent)) found.set(name, { name, agent, incident, expected });
    return expected.agent;
  };
  for (let run = 0; run < RUNS; run += 1) {
    let agent = newAgent({
      nodes: 1 + roll(3),
      reportEveryMs: 5_400_000,
      backoffFirstMs: 1_000,
      backoffMaxMs: 16_000,
    });
    for (let step = 0; step < EVENTS_PER_RUN; step += 1) {
      const likely = ANSWERS_OF[agent.phase];
      const type = roll(5) > 0 ? likely[roll(likely.length)] : EVENT_TYPES[roll(EVENT_TYPES.length)];
      agent = keep(agent, drawEvent(type ?? 'wake', roll));
      if (roll(50) === 0) agent = restarted(agent);
    }
  }
  return [...found.values(), ...full()].sort((one, other) => (one.name < other.name ? -1 : 1));
}

/** Of all that go one way the shortest is kept. */
function size({ queue, aside }: Agent): number {
  return queue.length + aside.length;
}

/** A full queue takes no further drive: the next report finds it again. */
function full(): DecisionVector[] {
  const job = (index: number): Job => ({
    type: 'escrow',
    volumeId: VOLUMES[0] ?? ('' as Guid),
    keyId: `22222222-0000-4000-8000-${String(index).padStart(12, '0')}` as Guid,
    then: { type: 'nothing' },
    route: { first: 0, count: 2 },
  });
  const settings = { nodes: 2, reportEveryMs: 5_400_000, backoffFirstMs: 1_000, backoffMaxMs: 16_000 };
  const agent: Agent = {
    ...newAgent(settings),
    phase: 'waiting',
    enrolled: true,
    rounds: 40,
    queue: Array.from({ length: JOBS_MAX }, (_, index) => job(index)),
  };
  const incident: AgentEvent = { type: 'volume-found', volumeId: VOLUMES[1] ?? ('' as Guid) };
  return [{ name: 'full queue', agent, incident, expected: decide(agent, incident) }];
}

/** Cells of the table that hold a rule, so that a test can say that none was left out. */
export function rulesOfTable(): string[] {
  return PHASES.flatMap((phase) =>
    EVENT_TYPES.flatMap((type) =>
      TABLE[phase][type].map((_, rule) => `${phase}: ${type} by rule ${String(rule)} `),
    ),
  );
}
