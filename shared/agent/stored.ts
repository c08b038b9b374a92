/** What an agent keeps across restarts. No secret is in it; what was under way is begun again. */
import { z } from 'zod';
import { guid } from '../journal/bodies.ts';
import { type Agent, type AgentSettings, JOBS_MAX, newAgent } from './agent.ts';

const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

const job = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('report') }),
  z.strictObject({
    type: z.literal('escrow'),
    volumeId: guid,
    keyId: guid.nullable(),
    then: z.discriminatedUnion('type', [
      z.strictObject({ type: z.literal('encrypt') }),
      z.strictObject({ type: z.literal('remove'), keyId: guid }),
      z.strictObject({ type: z.literal('nothing') }),
    ]),
    route: z.strictObject({ first: count, count }),
  }),
]);
const jobs = z.array(job).max(JOBS_MAX + 1);

export const storedAgent = z.strictObject({
  enrolled: z.boolean(),
  counter: count,
  queue: jobs,
  aside: jobs,
  rounds: count,
  restMs: count,
});
export type StoredAgent = z.infer<typeof storedAgent>;

export function storeAgent({ enrolled, counter, queue, aside, rounds, restMs }: Agent): StoredAgent {
  return { enrolled, counter, queue: [...queue], aside: [...aside], rounds, restMs };
}

/** The settings are the configuration's, not the file's: a list of nodes may have changed meanwhile. */
export function restoreAgent(stored: StoredAgent, settings: AgentSettings): Agent {
  return { ...newAgent(settings), ...stored };
}
