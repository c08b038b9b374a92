/**
 * What a device's agent decides, as one table: `decide(agent, event) → {agent, actions}`. Pure: no I/O, no clock, no
 * randomness. The fleet simulator drives this table, and the agent for Windows carries out the same one.
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
import type { Guid } from '../domain/recovery-key.ts';
import type { Instruction } from '../devices/messages.ts';
import type { Failure } from './answers.ts';
import type { ReceiptVerdict } from './receipt.ts';

export type Phase = 'resting' | 'enrolling' | 'preparing' | 'escrowing' | 'reporting' | 'waiting';

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
interface Route {
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
type EscrowJob = Extract<Job, { type: 'escrow' }>;

export interface AgentSettings {
  /** length of the node list, which is tried in its order */
  readonly nodes: number;
  /** until a node says otherwise */
  readonly reportEveryMs: number;
  readonly backoffFirstMs: number;
  readonly backoffMaxMs: number;
}

export const AGENT_DEFAULTS = {
  /** MBAM's most eager wake-up. */
  reportEveryMs: 90 * 60_000,
  /** Half a minute spreads a site's PCs when its only node restarts. */
  backoffFirstMs: 30_000,
  /** A PC that came back is at most an hour behind, and a site's PCs cannot drown a node that came back. */
  backoffMaxMs: 60 * 60_000,
} as const satisfies Omit<AgentSettings, 'nodes'>;

/** A node cannot make its devices hammer it, nor silence them for more than a week. */
export const REPORT_EVERY_MS_MIN = 60_000;
export const REPORT_EVERY_MS_MAX = 7 * 86_400_000;

/** Jobs held at once: 64 volumes with a rotation and an escrow each. What does not fit is asked for by the next report. */
export const JOBS_MAX = 128;

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

interface EventFacts {
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
export type EventType = keyof EventFacts;
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

type Cell<E extends EventType> = (agent: Agent, event: AgentEvent<E>) => Decision;
type Row = { readonly [E in EventType]: Cell<E> };

/** An event that answers nothing this phase asked for changes nothing, and above all encrypts nothing. */
const late = (agent: Agent): Decision => ({ agent, actions: [] });

const TABLE: Readonly<Record<Phase, Row>> = {
  resting: {
    'report-due': (agent) =>
      goOn(
        reportFirst({ ...agent, queue: [...agent.queue, ...agent.aside], aside: [], enrolledAgain: false }),
      ),
    wake: (agent) => goOn(agent),
    'volume-found': (agent, event) => goOn(withEncryption(agent, event)),
    'key-used': (agent, event) => goOn(withRotation(agent, event)),
    prepared: late,
    unprepared: late,
    enrolled: late,
    escrowed: late,
    reported: late,
    failed: late,
  },
  enrolling: {
    'report-due': (agent) => keep(withReport(agent)),
    wake: late,
    'volume-found': (agent, event) => keep(withEncryption(agent, event)),
    'key-used': (agent, event) => keep(withRotation(agent, event)),
    prepared: late,
    unprepared: late,
    enrolled: (agent, { reportEveryMs }) =>
      goOn({ ...agent, enrolled: true, counter: 0, rounds: 0, restMs: withinBounds(reportEveryMs) }),
    escrowed: late,
    reported: late,
    failed: (agent, { why }) => failed(agent, why),
  },
  preparing: {
    'report-due': (agent) => keep(withReport(agent)),
    wake: late,
    'volume-found': (agent, event) => keep(withEncryption(agent, event)),
    'key-used': (agent, event) => keep(withRotation(agent, event)),
    prepared: (agent, { keyId }) =>
      goOn({ ...agent, queue: [{ ...escrowInHand(agent), keyId }, ...agent.queue.slice(1)] }),
    unprepared: (agent, { why }) => (why === 'gone' ? goOn(done(agent)) : setAside(agent)),
    enrolled: late,
    escrowed: late,
    reported: late,
    failed: late,
  },
  escrowing: {
    'report-due': (agent) => keep(withReport(agent)),
    wake: late,
    'volume-found': (agent, event) => keep(withEncryption(agent, event)),
    'key-used': (agent, event) => keep(withRotation(agent, event)),
    prepared: late,
    unprepared: (agent, { why }) => (why === 'gone' ? goOn(done(agent)) : setAside(agent)),
    enrolled: late,
    escrowed: (agent, { receipt }) =>
      receipt === 'valid'
        ? goOn({ ...done(agent), rounds: 0 }, allowedBy(escrowInHand(agent)))
        : failed(agent, 'unreachable'),
    reported: late,
    failed: (agent, { why }) => failed(agent, why),
  },
  reporting: {
    'report-due': late,
    wake: late,
    'volume-found': (agent, event) => keep(withEncryption(agent, event)),
    'key-used': (agent, event) => keep(withRotation(agent, event)),
    prepared: late,
    unprepared: late,
    enrolled: late,
    escrowed: late,
    reported: (agent, event) =>
      goOn({
        ...withInstructions(done(agent), event, agent.tried),
        rounds: 0,
        restMs: withinBounds(event.nextReportMs),
      }),
    failed: (agent, { why }) => failed(agent, why),
  },
  waiting: {
    'report-due': (agent) => keep(reportFirst(agent)),
    wake: (agent) => goOn(agent),
    'volume-found': (agent, event) => keep(withEncryption(agent, event)),
    'key-used': (agent, event) => keep(withRotation(agent, event)),
    prepared: late,
    unprepared: late,
    enrolled: late,
    escrowed: late,
    reported: late,
    failed: late,
  },
};

export function decide<E extends EventType>(agent: Agent, event: AgentEvent<E>): Decision {
  const row: Row = TABLE[agent.phase];
  return row[event.type](agent, event);
}

/** Starts the first job from its first node, or rests. */
function goOn(agent: Agent, before: readonly Action[] = []): Decision {
  return send({ ...agent, tried: 0, nonceRepeated: false }, before);
}

/** Does what comes first: enrol, make a password, escrow it, report; at the node whose turn it is. */
function send(agent: Agent, before: readonly Action[] = []): Decision {
  const job = agent.queue[0];
  const go = (phase: Phase, action: Action, changes: Partial<Agent> = {}): Decision => ({
    agent: { ...agent, ...changes, phase },
    actions: [...before, action],
  });
  const route = routeInHand(agent);
  const node = (route.first + agent.tried) % agent.settings.nodes;
  const counter = agent.counter + 1;
  if (!agent.enrolled) return go('enrolling', { type: 'enrol', node });
  if (!job) return go('resting', { type: 'rest', ms: agent.restMs });
  if (job.type === 'report') return go('reporting', { type: 'report', node, counter }, { counter });
  const { volumeId, keyId, then } = job;
  if (keyId !== null) return go('escrowing', { type: 'escrow', node, counter, volumeId, keyId }, { counter });
  return go('preparing', {
    type: 'make-protector',
    volumeId,
    replaces: then.type === 'remove' ? then.keyId : null,
  });
}

function failed(agent: Agent, why: Failure): Decision {
  switch (why) {
    case 'nonce':
      return agent.nonceRepeated ? failed(agent, 'unreachable') : send({ ...agent, nonceRepeated: true });
    case 'stranger':
      if (agent.enrolledAgain) return failed(agent, 'refused');
      return goOn({ ...agent, enrolled: false, counter: 0, enrolledAgain: true }, [
        { type: 'forget-identity' },
      ]);
    case 'refused':
      return agent.enrolled
        ? setAside(agent)
        : { agent: { ...agent, phase: 'resting' }, actions: [{ type: 'rest', ms: agent.restMs }] };
    case 'unreachable': {
      const tried = agent.tried + 1;
      if (tried < routeInHand(agent).count) return send({ ...agent, tried, nonceRepeated: false });
      return backOff(agent);
    }
  }
}

/** Every node failed: to the back with the job, and a pause that doubles from round to round. */
function backOff(agent: Agent): Decision {
  const { backoffFirstMs, backoffMaxMs } = agent.settings;
  const [first, ...others] = agent.queue;
  const queue = agent.enrolled && first ? [...others, first] : agent.queue;
  const msMax = Math.min(backoffMaxMs, backoffFirstMs * 2 ** agent.rounds);
  return {
    agent: { ...agent, phase: 'waiting', queue, rounds: agent.rounds + 1 },
    actions: [{ type: 'back-off', msMax }],
  };
}

function setAside(agent: Agent): Decision {
  return goOn({ ...done(agent), aside: [...agent.aside, ...agent.queue.slice(0, 1)] });
}

function keep(agent: Agent): Decision {
  return { agent, actions: [] };
}

function done(agent: Agent): Agent {
  return { ...agent, queue: agent.queue.slice(1) };
}

/** The one place that allows what only a valid receipt may allow. */
function allowedBy(job: EscrowJob): Action[] {
  switch (job.then.type) {
    case 'encrypt':
      return [{ type: 'start-encryption', volumeId: job.volumeId }];
    case 'remove':
      return [{ type: 'remove-protector', volumeId: job.volumeId, keyId: job.then.keyId }];
    case 'nothing':
      return [];
  }
}

/** Reports find room in a full queue: their answers are what empties the others. */
function withReport(agent: Agent): Agent {
  return hasReport(agent) ? agent : { ...agent, queue: [...agent.queue, { type: 'report' }] };
}

/** While nothing is under way a report goes first, so that it never waits for an escrow that no node takes. */
function reportFirst(agent: Agent): Agent {
  return hasReport(agent) ? agent : { ...agent, queue: [{ type: 'report' }, ...agent.queue] };
}

function hasReport(agent: Agent): boolean {
  return agent.queue.some(({ type }) => type === 'report');
}

function withEncryption(agent: Agent, { volumeId }: { volumeId: Guid }): Agent {
  const known = escrows(agent).some((job) => job.volumeId === volumeId && job.then.type === 'encrypt');
  return known
    ? agent
    : withJob(agent, {
        type: 'escrow',
        volumeId,
        keyId: null,
        then: { type: 'encrypt' },
        route: wholeList(agent),
      });
}

function withRotation(agent: Agent, { volumeId, keyId }: KeyOnVolume): Agent {
  const known = escrows(agent).some(({ then }) => then.type === 'remove' && then.keyId === keyId);
  const then = { type: 'remove', keyId } as const;
  return known
    ? agent
    : withJob(agent, { type: 'escrow', volumeId, keyId: null, then, route: wholeList(agent) });
}

function withInstructions(agent: Agent, event: EventFacts['reported'], answeredBy: number): Agent {
  let result = agent;
  for (const instruction of event.instructions) {
    const key = event.keys.find(
      ({ keyId, volumeId }) => keyId === instruction.keyId && volumeId === instruction.volumeId,
    );
    if (!key) continue;
    result =
      instruction.type === 'rotate'
        ? withRotation(result, key)
        : withEscrowAgain(result, key, instruction.why, answeredBy);
  }
  return result;
}

/** `missing`: first of all to the node that asked. `single-copy`: to any other, from the next one on (I13). */
function withEscrowAgain(
  agent: Agent,
  key: KeyOnVolume,
  why: 'missing' | 'single-copy',
  askedBy: number,
): Agent {
  const { nodes } = agent.settings;
  const route =
    why === 'missing' ? { first: askedBy, count: nodes } : { first: (askedBy + 1) % nodes, count: nodes - 1 };
  if (route.count === 0 || escrows(agent).some(({ keyId }) => keyId === key.keyId)) return agent;
  return withJob(agent, { type: 'escrow', ...key, then: { type: 'nothing' }, route });
}

function withJob(agent: Agent, job: Job): Agent {
  return agent.queue.length + agent.aside.length >= JOBS_MAX
    ? agent
    : { ...agent, queue: [...agent.queue, job] };
}

function escrows(agent: Agent): EscrowJob[] {
  return [...agent.queue, ...agent.aside].filter((job) => job.type === 'escrow');
}

function escrowInHand(agent: Agent): EscrowJob {
  const job = agent.queue[0];
  if (job?.type !== 'escrow') throw new Error('an agent that prepares or escrows has no such job in hand');
  return job;
}

function routeInHand(agent: Agent): Route {
  const job = agent.queue[0];
  return agent.enrolled && job?.type === 'escrow' ? job.route : wholeList(agent);
}

function wholeList(agent: Agent): Route {
  return { first: 0, count: agent.settings.nodes };
}

function withinBounds(ms: number): number {
  return Math.min(REPORT_EVERY_MS_MAX, Math.max(REPORT_EVERY_MS_MIN, ms));
}
