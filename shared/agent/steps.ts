/**
 * What the words of the decision table mean: its guards, and its steps on the queue. Each is a few lines, because the
 * agent for Windows has the same ones in PowerShell; `agent/windows/Tests/vectors/decisions.json` compares them.
 */
import type { Guid } from '../domain/recovery-key.ts';
import type { Action, Agent, AgentEvent, EscrowJob, EventFacts, Job, KeyOnVolume, Route } from './agent.ts';
import {
  type EventType,
  type Guard,
  JOBS_MAX,
  REPORT_EVERY_MS_MAX,
  REPORT_EVERY_MS_MIN,
  type Step,
} from './table.ts';

/** A decision in the making. */
export interface InHand {
  readonly agent: Agent;
  readonly actions: readonly Action[];
  readonly event: AgentEvent;
}

export function holds(guard: Guard, agent: Agent, event: AgentEvent): boolean {
  const why = event.type === 'failed' ? event.why : null;
  switch (guard) {
    case 'receipt-valid':
      return event.type === 'escrowed' && event.receipt === 'valid';
    case 'gone':
      return event.type === 'unprepared' && event.why === 'gone';
    case 'nonce-wanted':
      return why === 'nonce';
    case 'nonce-not-repeated':
      return !agent.nonceRepeated;
    case 'stranger':
      return why === 'stranger';
    case 'not-enrolled-again':
      return !agent.enrolledAgain;
    case 'final':
      return why === 'refused' || why === 'stranger';
    case 'enrolled':
      return agent.enrolled;
    case 'not-enrolled':
      return !agent.enrolled;
    case 'node-left':
      return agent.tried + 1 < routeInHand(agent).count;
    case 'nothing-to-do':
      return agent.queue.length === 0;
    case 'report-in-hand':
      return agent.queue[0]?.type === 'report';
    case 'key-in-hand':
      return agent.queue[0]?.type === 'escrow' && agent.queue[0].keyId !== null;
  }
}

export function doStep(step: Step, inHand: InHand): InHand {
  if (step === 'allow') return also(inHand, allowedBy(escrowInHand(inHand.agent)));
  const agent = changed(step, inHand.agent, inHand.event);
  // With the identity goes what it was kept in.
  return step === 'forget-identity'
    ? { ...also(inHand, [{ type: 'forget-identity' }]), agent }
    : { ...inHand, agent };
}

function changed(step: Exclude<Step, 'allow'>, agent: Agent, event: AgentEvent): Agent {
  const [first, ...others] = agent.queue;
  switch (step) {
    case 'take-up-aside':
      return { ...agent, queue: [...agent.queue, ...agent.aside], aside: [], enrolledAgain: false };
    // Reports find room in a full queue: their answers are what empties the others.
    case 'add-report':
      return hasReport(agent) ? agent : { ...agent, queue: [...agent.queue, { type: 'report' }] };
    // While nothing is under way a report goes first, so that it never waits for an escrow that no node takes.
    case 'report-first':
      return hasReport(agent) ? agent : { ...agent, queue: [{ type: 'report' }, ...agent.queue] };
    case 'add-encryption':
      return withEncryption(agent, the('volume-found', event));
    case 'add-rotation':
      return withRotation(agent, the('key-used', event));
    case 'set-key':
      return {
        ...agent,
        queue: [{ ...escrowInHand(agent), keyId: the('prepared', event).keyId }, ...others],
      };
    case 'drop-job':
      return { ...agent, queue: others };
    case 'set-aside':
      return { ...agent, queue: others, aside: first ? [...agent.aside, first] : agent.aside };
    case 'to-the-back':
      return agent.enrolled && first ? { ...agent, queue: [...others, first] } : agent;
    case 'note-enrolment':
      return {
        ...agent,
        enrolled: true,
        counter: 0,
        restMs: withinBounds(the('enrolled', event).reportEveryMs),
      };
    case 'note-rest':
      return { ...agent, restMs: withinBounds(the('reported', event).nextReportMs) };
    case 'add-instructions':
      return withInstructions(agent, the('reported', event));
    case 'forget-identity':
      return { ...agent, enrolled: false, counter: 0, enrolledAgain: true };
    case 'note-nonce-repeated':
      return { ...agent, nonceRepeated: true };
    case 'next-node':
      return { ...agent, tried: agent.tried + 1, nonceRepeated: false };
    case 'reset-rounds':
      return { ...agent, rounds: 0 };
  }
}

function also(inHand: InHand, actions: readonly Action[]): InHand {
  return { ...inHand, actions: [...inHand.actions, ...actions] };
}

function the<E extends EventType>(type: E, event: AgentEvent): { readonly type: E } & EventFacts[E] {
  if (event.type !== type) throw new Error(`a step for ${type} stands in the table under ${event.type}`);
  // The types say it for each event; the compiler cannot carry it through the union.
  return event as { readonly type: E } & EventFacts[E];
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

function withInstructions(agent: Agent, event: EventFacts['reported']): Agent {
  let result = agent;
  for (const instruction of event.instructions) {
    const key = event.keys.find(
      ({ keyId, volumeId }) => keyId === instruction.keyId && volumeId === instruction.volumeId,
    );
    if (!key) continue;
    result =
      instruction.type === 'rotate'
        ? withRotation(result, key)
        : withEscrowAgain(result, key, instruction.why);
  }
  return result;
}

/** `missing`: first of all to the node that asked. `single-copy`: to any other, from the next one on (I13). */
function withEscrowAgain(agent: Agent, key: KeyOnVolume, why: 'missing' | 'single-copy'): Agent {
  const { nodes } = agent.settings;
  // No route but the whole list is a report's, so the node that was tried last is the one that asked.
  const askedBy = agent.tried;
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

export function escrowInHand(agent: Agent): EscrowJob {
  const job = agent.queue[0];
  if (job?.type !== 'escrow') throw new Error('an agent that prepares or escrows has no such job in hand');
  return job;
}

export function routeInHand(agent: Agent): Route {
  const job = agent.queue[0];
  return agent.enrolled && job?.type === 'escrow' ? job.route : wholeList(agent);
}

function wholeList(agent: Agent): Route {
  return { first: 0, count: agent.settings.nodes };
}

function withinBounds(ms: number): number {
  return Math.min(REPORT_EVERY_MS_MAX, Math.max(REPORT_EVERY_MS_MIN, ms));
}
