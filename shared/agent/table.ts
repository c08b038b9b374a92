/**
 * The decision table itself, as data. `agent.ts` carries it out here; the agent for Windows carries out the same table,
 * which a test writes to `agent/windows/Holdfast.Agent/decisions.json` and compares.
 *
 * A cell is a list of rules; the first one whose guards all hold does its steps, in order, and ends as it says. No rule
 * (`LATE`): the event answers nothing that this phase asked for, and changes nothing; above all it encrypts nothing.
 */
import { NONCE, NOT_NOW, PROBLEM_PREFIX, STRANGER } from './answers.ts';
import { RULE_OF } from './wants.ts';

export const PHASES = ['resting', 'enrolling', 'preparing', 'escrowing', 'reporting', 'waiting'] as const;
export type Phase = (typeof PHASES)[number];

export const EVENT_TYPES = [
  'report-due',
  'wake',
  'volume-found',
  'key-used',
  'prepared',
  'unprepared',
  'enrolled',
  'escrowed',
  'reported',
  'failed',
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

export const GUARDS = [
  /** the event's receipt is the one valid verdict */
  'receipt-valid',
  /** what a protector was to be made on, or the key to be escrowed, is no longer here */
  'gone',
  'nonce-wanted',
  'nonce-not-repeated',
  'stranger',
  'not-enrolled-again',
  /** refused, or a stranger that has enrolled again already */
  'final',
  'enrolled',
  'not-enrolled',
  /** the route of the message in hand has a node that was not tried */
  'node-left',
  'nothing-to-do',
  'report-in-hand',
  'key-in-hand',
] as const;
export type Guard = (typeof GUARDS)[number];

export const STEPS = [
  'take-up-aside',
  'add-report',
  'report-first',
  'add-encryption',
  'add-rotation',
  'set-key',
  'drop-job',
  'set-aside',
  'to-the-back',
  'note-enrolment',
  'note-rest',
  'add-instructions',
  /** the one that lets something be encrypted or removed */
  'allow',
  'forget-identity',
  'note-nonce-repeated',
  'next-node',
  'reset-rounds',
] as const;
export type Step = (typeof STEPS)[number];

/**
 * - `stay`: in this phase, for what is under way
 * - `go-on`: the first job, from its first node
 * - `send`: the message in hand, to the node whose turn it is
 * - `rest`: until the next report is due
 * - `back-off`: a pause that doubles from round to round
 */
export const ENDINGS = ['stay', 'go-on', 'send', 'rest', 'back-off'] as const;
export type Ending = (typeof ENDINGS)[number];

export interface Rule {
  readonly when: readonly Guard[];
  readonly steps: readonly Step[];
  readonly ending: Ending;
}
type Cell = readonly Rule[];

const rule = (steps: readonly Step[], ending: Ending, when: readonly Guard[] = []): Rule => ({
  when,
  steps,
  ending,
});

const LATE: Cell = [];

const UNREACHABLE: Cell = [
  rule(['next-node'], 'send', ['node-left']),
  // The job waits behind the others meanwhile.
  rule(['to-the-back'], 'back-off'),
];
const FAILED: Cell = [
  rule(['note-nonce-repeated'], 'send', ['nonce-wanted', 'nonce-not-repeated']),
  rule(['forget-identity'], 'go-on', ['stranger', 'not-enrolled-again']),
  rule(['set-aside'], 'go-on', ['final', 'enrolled']),
  rule([], 'rest', ['final']),
  ...UNREACHABLE,
];

/** What is wanted while something is under way waits in the queue. */
const WANTED_LATER = {
  'report-due': [rule(['add-report'], 'stay')],
  wake: LATE,
  'volume-found': [rule(['add-encryption'], 'stay')],
  'key-used': [rule(['add-rotation'], 'stay')],
} as const satisfies Partial<Record<EventType, Cell>>;

const UNPREPARED: Cell = [rule(['drop-job'], 'go-on', ['gone']), rule(['set-aside'], 'go-on')];

const NOTHING_ASKED = {
  prepared: LATE,
  unprepared: LATE,
  enrolled: LATE,
  escrowed: LATE,
  reported: LATE,
  failed: LATE,
} as const satisfies Partial<Record<EventType, Cell>>;

export const TABLE: Readonly<Record<Phase, Readonly<Record<EventType, Cell>>>> = {
  resting: {
    ...NOTHING_ASKED,
    'report-due': [rule(['take-up-aside', 'report-first'], 'go-on')],
    wake: [rule([], 'go-on')],
    'volume-found': [rule(['add-encryption'], 'go-on')],
    'key-used': [rule(['add-rotation'], 'go-on')],
  },
  enrolling: {
    ...NOTHING_ASKED,
    ...WANTED_LATER,
    enrolled: [rule(['note-enrolment', 'reset-rounds'], 'go-on')],
    failed: FAILED,
  },
  preparing: {
    ...NOTHING_ASKED,
    ...WANTED_LATER,
    prepared: [rule(['set-key'], 'go-on')],
    unprepared: UNPREPARED,
  },
  escrowing: {
    ...NOTHING_ASKED,
    ...WANTED_LATER,
    unprepared: UNPREPARED,
    // A receipt that does not hold is no answer: the next node may have a true one.
    escrowed: [rule(['allow', 'drop-job', 'reset-rounds'], 'go-on', ['receipt-valid']), ...UNREACHABLE],
    failed: FAILED,
  },
  reporting: {
    ...NOTHING_ASKED,
    ...WANTED_LATER,
    'report-due': LATE,
    reported: [rule(['drop-job', 'add-instructions', 'reset-rounds', 'note-rest'], 'go-on')],
    failed: FAILED,
  },
  waiting: {
    ...NOTHING_ASKED,
    ...WANTED_LATER,
    'report-due': [rule(['report-first'], 'stay')],
    wake: [rule([], 'go-on')],
  },
};

/** What `go-on` and `send` do: the first line whose guards hold. `counted`: the message takes the next counter. */
export interface NextLine {
  readonly when: readonly Guard[];
  readonly phase: Phase;
  readonly action: 'enrol' | 'rest' | 'report' | 'escrow' | 'make-protector';
  readonly counted: boolean;
}
export const NEXT: readonly [...NextLine[], NextLine & { readonly when: readonly [] }] = [
  { when: ['not-enrolled'], phase: 'enrolling', action: 'enrol', counted: false },
  { when: ['nothing-to-do'], phase: 'resting', action: 'rest', counted: false },
  { when: ['report-in-hand'], phase: 'reporting', action: 'report', counted: true },
  { when: ['key-in-hand'], phase: 'escrowing', action: 'escrow', counted: true },
  { when: [], phase: 'preparing', action: 'make-protector', counted: false },
];

export const AGENT_DEFAULTS = {
  /** MBAM's most eager wake-up. */
  reportEveryMs: 90 * 60_000,
  /** Half a minute spreads a site's PCs when its only node restarts. */
  backoffFirstMs: 30_000,
  /** A PC that came back is at most an hour behind, and a site's PCs cannot drown a node that came back. */
  backoffMaxMs: 60 * 60_000,
} as const;

/** A node cannot make its devices hammer it, nor silence them for more than a week. */
export const REPORT_EVERY_MS_MIN = 60_000;
export const REPORT_EVERY_MS_MAX = 7 * 86_400_000;

/** Jobs held at once: 64 volumes with a rotation and an escrow each. What does not fit is asked for by the next report. */
export const JOBS_MAX = 128;

/** All that an agent in another language reads of this folder. */
export const DECISIONS = {
  table: TABLE,
  next: NEXT,
  bounds: { reportEveryMsMin: REPORT_EVERY_MS_MIN, reportEveryMsMax: REPORT_EVERY_MS_MAX, jobsMax: JOBS_MAX },
  defaults: AGENT_DEFAULTS,
  answers: { problemPrefix: PROBLEM_PREFIX, notNow: NOT_NOW, nonce: NONCE, stranger: STRANGER },
  ruleOfVolumeType: RULE_OF,
} as const;
