/** What is said about exemptions that somebody asked for. Times are milliseconds since 1970. */
import { z } from '@hono/zod-openapi';
import { deviceId } from '../journal/bodies.ts';
import { exemptionRequest } from '../journal/exemption-bodies.ts';
import { isStorable } from '../journal/entry.ts';
import { limits } from '../limits.ts';

const time = z.number().int();
/** null: for good */
const until = z.number().int().min(0).max(4_102_444_800_000).nullable();
const note = z.string().max(limits.noteCharactersMax).refine(isStorable).optional();

export const askExemption = z.strictObject({
  deviceId,
  /** for whom */
  endUser: exemptionRequest.shape.endUser,
  reason: exemptionRequest.shape.reason,
  until,
});
export type AskExemption = z.infer<typeof askExemption>;

export const approveExemption = z.strictObject({ until, note });
export const refuseExemption = z.strictObject({ note });

export const exemptionsQuery = z.strictObject({ deviceId: deviceId.optional() });

const person = z.object({ staffId: z.string(), name: z.string() });

export const askedExemption = z
  .object({
    requestId: z.string(),
    deviceId: z.string(),
    siteId: z.string(),
    siteName: z.string(),
    computerName: z.string(),
    endUser: z.string(),
    reason: z.string(),
    until,
    askedAt: time,
    askedBy: person,
    state: z.enum(['waiting', 'approved', 'refused']),
    answer: z.object({ until, note: z.string().nullable(), answeredAt: time, answeredBy: person }).nullable(),
  })
  .openapi('AskedExemption');
export type AskedExemption = z.infer<typeof askedExemption>;

export const askedExemptions = z.object({ requests: z.array(askedExemption) }).openapi('AskedExemptions');
