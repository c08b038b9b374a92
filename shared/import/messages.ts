/** The administrators' import API: keys in bounded batches, and what became of each. */
import { z } from '@hono/zod-openapi';
import { anyGuid } from '../devices/messages.ts';
import { IMPORT_SOURCES } from '../domain/vocabulary.ts';
import { users } from '../journal/bodies.ts';
import { isStorable } from '../journal/entry.ts';
import { limits } from '../limits.ts';
import { slug } from '../trust/certificate.ts';
import { IMPORT_FAULTS } from './record.ts';

const name = z.string().max(255).refine(isStorable, 'not a text that can be stored');

export const importKey = z
  .strictObject({
    keyId: anyGuid,
    recoveryPassword: z.string().max(100),
    /** The key is sealed to the region of this site. (A schema made before `openapi` was loaded cannot be described.) */
    siteId: slug,
    volumeId: anyGuid.optional(),
    volumeType: z.union([z.literal(0), z.literal(1), z.literal(2), z.literal(3)]).optional(),
    computerName: name,
    domain: name,
    users: users.optional(),
    createdAt: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER).optional(),
    disclosed: z.boolean().optional().openapi({ description: 'The source gave it out before.' }),
    keyPackage: z
      .string()
      .max(Math.ceil((limits.keyPackageBytesMax * 4) / 3) + 4)
      .regex(/^[A-Za-z0-9+/]+={0,2}$/)
      .optional()
      .openapi({ description: 'base64, for repair-bde' }),
  })
  .openapi('ImportKey');
export type ImportKey = z.infer<typeof importKey>;

export const importRequest = z
  .strictObject({
    source: z.enum(IMPORT_SOURCES),
    dryRun: z.boolean().openapi({ description: 'Everything is looked at and nothing is written.' }),
    keys: z.array(importKey).min(1).max(limits.importKeysMax),
  })
  .openapi('ImportRequest');
export type ImportRequest = z.infer<typeof importRequest>;

/**
 * `conflict`: another password was held first under this key ID; this one is kept beside it (I2). `first` is the
 * commitment of the password that was first, by which a dry run knows a conflict within its own file.
 */
export const importResult = z.object({
  outcome: z.enum(['accepted', 'already-there', 'conflict', 'invalid']),
  fault: z.enum(IMPORT_FAULTS).nullable(),
  group: z.number().int().nullable(),
  first: z.string().nullable(),
});
export type ImportResult = z.infer<typeof importResult>;

export const importAnswer = z
  .object({ results: z.array(importResult).openapi({ description: 'In the order of the keys.' }) })
  .openapi('ImportAnswer');
export type ImportAnswer = z.infer<typeof importAnswer>;
