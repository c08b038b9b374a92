/** The helpdesk API's messages: search by key ID, and disclosure. */
import { z } from '@hono/zod-openapi';
import { parseKeyIdPrefix } from '../domain/recovery-key.ts';
import {
  CALLER_VERIFICATIONS,
  DEVICE_STATES,
  DISCLOSURE_REASONS,
  IMPORT_SOURCES,
} from '../domain/vocabulary.ts';
import { slug } from '../trust/certificate.ts';
import { hash, isStorable } from '../journal/entry.ts';
import { limits } from '../limits.ts';
import { anyGuid } from '../devices/messages.ts';

export const searchRequest = z
  .strictObject({
    keyId: z
      .string()
      .max(100)
      .transform((text, context) => {
        const prefix = parseKeyIdPrefix(text);
        if (prefix) return prefix;
        context.addIssue({ code: 'custom', message: 'needs 8 to 32 hex digits' });
        return z.NEVER;
      })
      .openapi({
        type: 'string',
        description: 'The first 8 to 32 hex digits of the key ID, as read out.',
        example: '3fd763f9',
      }),
  })
  .openapi('SearchRequest');

/** Why a disclosure needs a second person. */
export const NEEDS = ['site-rule', 'centre-away', 'device-stolen', 'end-user-unknown', 'asked-for'] as const;
export type Need = (typeof NEEDS)[number];

export const candidate = z
  .object({
    keyId: z.string(),
    commitment: z.string(),
    deviceId: z.string(),
    volumeId: z.string(),
    volumeType: z.number().int(),
    driveLetter: z.string().nullable(),
    computerName: z.string(),
    domain: z.string(),
    users: z.array(z.string()),
    siteId: z.string(),
    siteName: z.string(),
    escrowedAt: z.number().int(),
    state: z.enum(['present', 'disclosed', 'rotated', 'conflicted']),
    /** what the one word of `state` may hide */
    disclosed: z.boolean(),
    conflicted: z.boolean(),
    onDrive: z.boolean().nullable(),
    claim: z.enum(['held', 'pending']),
    deviceRevoked: z.boolean(),
    /** what administrators say of it */
    deviceState: z.enum(DEVICE_STATES),
    /** why giving it out would need a second person now, whoever asks */
    needs: z.array(z.enum(NEEDS)),
    hasKeyPackage: z.boolean(),
    /** whether this node can open it, and otherwise which nodes can */
    opensHere: z.boolean(),
    opensAt: z.array(z.string()),
    /** found only in a log that was refused as a fork */
    fromFork: z.boolean(),
    /** where the same key was imported from, if it was */
    importedFrom: z.enum(IMPORT_SOURCES).nullable(),
    /** false: imported, and no device has reported or escrowed it yet */
    confirmed: z.boolean(),
  })
  .openapi('Candidate');
export type Candidate = z.infer<typeof candidate>;

export const searchAnswer = z
  .object({
    candidates: z.array(candidate),
    /** true: more keys begin like this than are shown; ask the caller for more digits */
    askForMoreDigits: z.boolean(),
  })
  .openapi('SearchAnswer');

export const disclosureRequest = z
  .strictObject({
    keyId: anyGuid,
    /** which of several keys under one ID */
    commitment: hash.optional(),
    deviceId: z.string().max(40).optional(),
    reason: z.enum(DISCLOSURE_REASONS),
    verification: z.enum(CALLER_VERIFICATIONS),
    endUser: z
      .string()
      .min(1)
      .max(320)
      .refine(isStorable)
      .optional()
      .openapi({ description: '`DOMAIN\\user` or UPN; only an advanced helpdesk user may leave it out.' }),
    note: z.string().max(limits.noteCharactersMax).refine(isStorable).optional(),
    secondPerson: z.boolean().optional().openapi({
      description:
        'Have a second person approve it, also where no rule asks for that: so a user who is not known on the computer can be helped.',
    }),
  })
  .openapi('DisclosureRequest');
export type DisclosureRequest = z.infer<typeof disclosureRequest>;

export const disclosureAnswer = z
  .object({
    disclosure: z.object({ origin: z.string(), seq: z.number().int(), at: z.number().int() }),
    keyId: z.string(),
    computerName: z.string(),
    domain: z.string(),
    volumeType: z.number().int(),
    driveLetter: z.string().nullable(),
    recoveryPassword: z.string(),
    /** base64, for repair-bde */
    keyPackage: z.string().nullable(),
    /** the device is told to make a new password at its next report */
    rotation: z.literal('ordered'),
  })
  .openapi('DisclosureAnswer');
export type DisclosureAnswer = z.infer<typeof disclosureAnswer>;

const person = z.object({ staffId: z.string(), name: z.string() });

/** A disclosure that waits for a second person, at this node alone. */
export const requestAnswer = z
  .object({
    requestId: z.string(),
    state: z.enum(['waiting', 'approved', 'denied', 'expired', 'used']),
    needs: z.array(z.enum(NEEDS)),
    askedBy: person,
    askedAt: z.number().int(),
    /** who approved or denied it */
    answeredBy: person.nullable(),
    /** until when it waits, or may be used once it is approved; by this node's clock */
    expiresAt: z.number().int(),
    keyId: z.string(),
    computerName: z.string(),
    domain: z.string(),
    siteId: z.string(),
    siteName: z.string(),
    endUser: z.string().nullable(),
    reason: z.enum(DISCLOSURE_REASONS),
    verification: z.enum(CALLER_VERIFICATIONS),
    note: z.string().nullable(),
  })
  .openapi('ApprovalRequest');
export type RequestAnswer = z.infer<typeof requestAnswer>;

export const requestsAnswer = z.object({ requests: z.array(requestAnswer) }).openapi('ApprovalRequests');

export const denialRequest = z
  .strictObject({ note: z.string().max(limits.noteCharactersMax).refine(isStorable).optional() })
  .openapi('Denial');

export const openingRequest = z
  .strictObject({
    siteId: slug,
    reason: z.string().min(1).max(limits.noteCharactersMax).refine(isStorable),
  })
  .openapi('BreakGlassRequest');

/** An opening that is in force. */
export const openingAnswer = z.object({
  openingId: z.string(),
  siteId: z.string(),
  openedAt: z.number().int(),
  /** of the four hours, as this node lived them */
  remainingMs: z.number().int(),
  disclosures: z.number().int(),
  disclosuresMax: z.number().int(),
});
export type OpeningAnswer = z.infer<typeof openingAnswer>;

export const breakGlassAnswer = z
  .object({
    open: openingAnswer.nullable(),
    /** openings that wait for a second officer */
    asked: z.array(
      z.object({
        openingId: z.string(),
        siteId: z.string(),
        reason: z.string(),
        askedBy: person,
        askedAt: z.number().int(),
        expiresAt: z.number().int(),
      }),
    ),
  })
  .openapi('BreakGlass');
export type BreakGlassAnswer = z.infer<typeof breakGlassAnswer>;

/** Disclosures of which the drives' users may be told. */
export const outboxAnswer = z
  .object({
    notices: z.array(
      z.object({
        /** names the disclosure, and the place in the outbox */
        reference: z.string(),
        /** addresses of the drive's users, as far as their names are addresses */
        to: z.array(z.string()),
        users: z.array(z.string()),
        keyId: z.string(),
        at: z.number().int(),
        computerName: z.string(),
        domain: z.string(),
        siteId: z.string(),
        nodeName: z.string(),
        staffName: z.string(),
        reason: z.string(),
      }),
    ),
    /** the place reached; ask again from there */
    next: z.string().nullable(),
  })
  .openapi('Outbox');
export type OutboxAnswer = z.infer<typeof outboxAnswer>;
