/**
 * What a device's agent decides: `decide(agent, event) → {agent, actions}`, by the table in `table.ts`, whose guards and
 * steps stand in `steps.ts`. Pure: no I/O, no clock, no randomness. The fleet simulator drives this table, and the agent
 * for Windows reads the same one from a file.
 *
 *                  report-due, wake, volume-found, key-used
 *        ┌───────────────────────────────────────────────────────────┐
 *        │                                                           ▼
 *   ┌─────────┐   nothing left to do   ┌───────────┐  not enrolled  ┌───────────┐
 *   │ resting │ ◀───────────────────── │ (go on)   │ ─────────────▶ │ enrolling │
 *   └─────────┘                        │ takes the │ ◀───────────── └───────────┘
 *        ▲                             │ next job  │    enrolled
 *        │ enrolment refused           └───────────┘
 *                                       │   ▲   │ ▲ │
 *         escrow, no password on the    │   │   │ │ └──▶ reporting ──── reported: instructions become jobs
 *         drive for it yet              ▼   │   ▼ └────────────┘
 *                              preparing ─┐ │  escrowing ─── valid receipt: start-encryption or remove-protector,
 *                                prepared └─┼─────▲    │     and only then
 *                                           └─────┼────┘
 *   any request: unreachable or an invalid receipt ─▶ the same to the next node of the list
 *                the list is exhausted             ─▶ waiting ── wake (0 … 2^rounds × first pause) ─▶ (go on)
 *                use-dpop-nonce                    ─▶ the same to the same node, once
 *                token-invalid, device-cloned      ─▶ forget the key, enrolling, then the same again, once per report
 *                refused                           ─▶ set aside until the next report is due
 *
 * Rules that the table keeps, whatever happens:
 *   - No receipt, no encryption: `start-encryption` and `remove-protector` follow a valid receipt for that very key
 *     and nothing else does them.
 *   - Nobody is ever asked anything: there is no action that shows something to a user.
 *   - A failed job is never dropped; only one whose key or drive is gone is. It waits at the back of the queue, so that
 *     no job holds up another.
 *   - Of the actions of one decision only the last ends in an event (a request, a new protector) or is a pause; those
 *     before it are done at once. So at most one thing is under way, and a restart loses nothing but that.
 */
import type { Instruction } from '../devices/messages.ts';
import type { Guid } from '../domain/recovery-key.ts';
import type { Failure } from './answers.ts';
import type { ReceiptVerdict } from './receipt.ts';
import { type InHand, doStep, escrowInHand, holds, routeInHand } from './steps.ts';
import { type EventType, NEXT, type Phase, type Rule, TABLE } from './table.ts';

export {
  AGENT_DEFAULTS,
  type EventType,
  JOBS_MAX,
  type Phase,
  REPORT_EVERY_MS_MAX,
  REPORT_EVERY_MS_MIN,
} from './table.ts';

/** A recovery password on a drive, by its IDs. The agent never holds the password itself: the drive does. */
export interface KeyOnVolume {
  readonly volumeId: Guid;
  readonly keyId: Guid;
}

/** What a valid receipt allows. */
type AfterReceipt =
  | { readonly type: 'encrypt' }
  | { readonly type: 'remove'; readonly keyId: Guid }
  | { readonly type: 'nothing' };

/** Nodes to offer a message to: `count` of them from `first` on, around the list. */
export interface Route {
  readonly first: number;
  readonly count: number;
}

export type Job =
  | { readonly type: 'report' }
  | {
      readonly type: 'escrow';
      readonly volumeId: Guid;
      /** null until the drive has a recovery password for this job */
      readonly keyId: Guid | null;
      readonly then: AfterReceipt;
      readonly route: Route;
    };
export type EscrowJob = Extract<Job, { type: 'escrow' }>;

export interface AgentSettings {
  /** length of the node list, which is tried in its order */
  readonly nodes: number;
  /** until a node says otherwise */
  readonly reportEveryMs: number;
  readonly backoffFirstMs: number;
  readonly backoffMaxMs: number;
}

/** Everything a restarted agent needs; plain data without any secret. */
export interface Agent {
  readonly phase: Phase;
  readonly settings: AgentSettings;
  readonly enrolled: boolean;
  /** of the last message sent under this enrolment (I14) */
  readonly counter: number;
  /** The first one is in hand, unless the agent is resting, waiting or enrolling. */
  readonly queue: readonly Job[];
  /** refused jobs, taken up again when the next report is due */
  readonly aside: readonly Job[];
  /** nodes tried for the message in hand */
  readonly tried: number;
  readonly nonceRepeated: boolean;
  /** A node that takes nobody must not make a device enrol for ever: once per report. */
  readonly enrolledAgain: boolean;
  /** how often the list was exhausted since the last success */
  readonly rounds: number;
  readonly restMs: number;
}

export interface EventFacts extends Record<EventType, unknown> {
  /** The time of the next report has come. */
  'report-due': unknown;
  /** A pause is over, or the machine started: go on with what is there. */
  wake: unknown;
  /** A drive is to be encrypted: the policy wants it, or its user does. */
  'volume-found': { readonly volumeId: Guid };
  /** A recovery password was used at this PC: used once is used up. */
  'key-used': KeyOnVolume;
  /** The drive has a new recovery password. */
  prepared: { readonly keyId: Guid };
  /** `gone`: the drive or the key that the job is about is no longer here. */
  unprepared: { readonly why: 'gone' | 'failed' };
  enrolled: { readonly reportEveryMs: number };
  escrowed: { readonly receipt: ReceiptVerdict };
  reported: {
    readonly instructions: readonly Instruction[];
    /** what protects the drives now; instructions about anything else are old */
    readonly keys: readonly KeyOnVolume[];
    readonly nextReportMs: number;
  };
  failed: { readonly why: Failure };
}
export type AgentEvent<E extends EventType = EventType> = {
  [K in E]: { readonly type: K } & EventFacts[K];
}[E];

export type Action =
  | { readonly type: 'enrol'; readonly node: number }
  | {
      readonly type: 'escrow';
      readonly node: number;
      readonly counter: number;
      readonly volumeId: Guid;
      readonly keyId: Guid;
    }
  | { readonly type: 'report'; readonly node: number; readonly counter: number }
  /** `replaces`: only if that key is still on the drive */
  | { readonly type: 'make-protector'; readonly volumeId: Guid; readonly replaces: Guid | null }
  | { readonly type: 'start-encryption'; readonly volumeId: Guid }
  | { readonly type: 'remove-protector'; readonly volumeId: Guid; readonly keyId: Guid }
  /** device key, ID and token; the next enrolment makes new ones */
  | { readonly type: 'forget-identity' }
  /** then `report-due` */
  | { readonly type: 'rest'; readonly ms: number }
  /** a time drawn evenly between 0 and this (full jitter), then `wake` */
  | { readonly type: 'back-off'; readonly msMax: number };

export interface Decision {
  readonly agent: Agent;
  readonly actions: readonly Action[];
}

export function newAgent(settings: AgentSettings): Agent {
  return {
    phase: 'resting',
    settings,
    enrolled: false,
    counter: 0,
    queue: [],
    aside: [],
    tried: 0,
    nonceRepeated: false,
    enrolledAgain: false,
    rounds: 0,
    restMs: settings.reportEveryMs,
  };
}

/** After a stop in the middle of something: its answer will not come, so the job in hand starts over at the next event. */
export function restarted(agent: Agent): Agent {
  return { ...agent, phase: 'resting', tried: 0, nonceRepeated: false };
}

export function decide(agent: Agent, event: AgentEvent): Decision {
  const rules: readonly Rule[] = TABLE[agent.phase][event.type];
  const rule = rules.find(({ when }) => when.every((guard) => holds(guard, agent, event)));
  if (!rule) return { agent, actions: [] };
  let inHand: InHand = { agent, actions: [], event };
  for (const step of rule.steps) inHand = doStep(step, inHand);
  return end(rule, inHand);
}

function end({ ending }: Rule, { agent, actions, event }: InHand): Decision {
  switch (ending) {
    case 'stay':
      return { agent, actions };
    case 'go-on':
      return send({ ...agent, tried: 0, nonceRepeated: false }, actions, event);
    case 'send':
      return send(agent, actions, event);
    case 'rest':
      return {
        agent: { ...agent, phase: 'resting' },
        actions: [...actions, { type: 'rest', ms: agent.restMs }],
      };
    case 'back-off': {
      const { backoffFirstMs, backoffMaxMs } = agent.settings;
      const msMax = Math.min(backoffMaxMs, backoffFirstMs * 2 ** agent.rounds);
      return {
        agent: { ...agent, phase: 'waiting', rounds: agent.rounds + 1 },
        actions: [...actions, { type: 'back-off', msMax }],
      };
    }
  }
}

/** Does what comes first: enrol, make a password, escrow it, report; at the node whose turn it is. */
function send(agent: Agent, before: readonly Action[], event: AgentEvent): Decision {
  const line = NEXT.find(({ when }) => when.every((guard) => holds(guard, agent, event)));
  if (!line) throw new Error('the last line of what comes next asks for nothing');
  const counter = agent.counter + 1;
  const changed = { ...agent, phase: line.phase, ...(line.counted ? { counter } : {}) };
  return { agent: changed, actions: [...before, nextAction(line.action, agent, counter)] };
}

function nextAction(type: (typeof NEXT)[number]['action'], agent: Agent, counter: number): Action {
  const route = routeInHand(agent);
  const node = (route.first + agent.tried) % agent.settings.nodes;
  switch (type) {
    case 'enrol':
      return { type, node };
    case 'rest':
      return { type, ms: agent.restMs };
    case 'report':
      return { type, node, counter };
    case 'escrow': {
      const { volumeId, keyId } = escrowInHand(agent);
      if (keyId === null) throw new Error('a key is escrowed that was not made');
      return { type, node, counter, volumeId, keyId };
    }
    case 'make-protector': {
      const { volumeId, then } = escrowInHand(agent);
      return { type, volumeId, replaces: then.type === 'remove' ? then.keyId : null };
    }
  }
}
