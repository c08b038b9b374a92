/** The export API's messages. */
import { z } from '@hono/zod-openapi';
import { isStorable } from '../journal/entry.ts';
import { limits } from '../limits.ts';

/**
 * `worst-day`: the file will be used at once, so every key counts as disclosed and its PC makes a new one.
 * `leaving`: the file goes into another system, for which the keys must stay as they are.
 */
export const EXPORT_PURPOSES = ['worst-day', 'leaving'] as const;

export const exportRequest = z
  .strictObject({
    recipients: z
      .array(
        z
          .string()
          .max(4_000)
          .regex(/^age1[a-z0-9]+$/),
      )
      .min(1)
      .max(limits.exportRecipientsMax)
      .openapi({ description: 'Public keys of age: `age1...`' }),
    purpose: z.enum(EXPORT_PURPOSES),
    reason: z
      .string()
      .min(1)
      .max(limits.noteCharactersMax / 2)
      .refine(isStorable, 'not a text that can be stored')
      .openapi({ description: 'For the audit record of every key.' }),
  })
  .openapi('ExportRequest');
export type ExportRequest = z.infer<typeof exportRequest>;

export const exportAnswer = z
  .object({
    exportId: z.string(),
    recipients: z.array(z.string()),
    purpose: z.enum(EXPORT_PURPOSES),
    reason: z.string(),
    requestedBy: z.string(),
    confirmedBy: z.string().nullable(),
    /** after this it cannot be confirmed or fetched any more */
    expiresAt: z.number().int(),
    state: z.enum(['waiting', 'confirmed', 'running', 'complete', 'broken-off']),
    /** keys in the file so far, and those that this node could not open */
    exported: z.number().int(),
    notOpened: z.number().int(),
  })
  .openapi('Export');
export type ExportAnswer = z.infer<typeof exportAnswer>;
