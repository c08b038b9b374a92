/** What the snapshot process tells the centre, a JSON line each. */
import { z } from 'zod';
import { snapshotId } from '../../shared/snapshot/manifest.ts';
import { storedFault } from '../words/fault.ts';
import { verification } from './verification.ts';

export const workerMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('progress'), step: z.string(), done: z.number(), all: z.number() }),
  z.object({
    type: z.literal('created'),
    id: snapshotId,
    frozenMs: z.number(),
    verification,
    /** sets that retention dropped afterwards */
    dropped: z.array(snapshotId),
  }),
  z.object({ type: z.literal('failed'), message: z.string(), fault: storedFault }),
]);
export type WorkerMessage = z.infer<typeof workerMessage>;
