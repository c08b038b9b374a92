/** The device API's messages: what a PC's agent sends and gets. Schemas first; `/openapi.json` is made from them. */
import { z } from '@hono/zod-openapi';
import { parseGuid } from '../domain/recovery-key.ts';
import { attributes, machine, policyRules, policyState, users, volumeStatus } from '../journal/bodies.ts';
import { limits } from '../limits.ts';

/** A GUID in any usual form; stored lower-case with hyphens. */
export const anyGuid = z
  .string()
  .max(64)
  .transform((text, context) => {
    const guid = parseGuid(text);
    if (guid) return guid;
    context.addIssue({ code: 'custom', message: 'not a GUID' });
    return z.NEVER;
  })
  // No `type` here: it would stand in place of that of `anyGuid.nullable()`.
  .openapi({ description: 'A GUID, with or without braces and hyphens, in any case.' });

const counter = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER).openapi({
  description:
    'Kept by the device since its enrolment, raised by one with every message; orders its messages whatever its clock says.',
});

const deviceAttributes = z.strictObject({ ...attributes.shape, smbiosUuid: anyGuid });

export const enrolRequest = z
  .strictObject({
    siteToken: z
      .string()
      .max(200)
      .openapi({ description: 'The enrolment token that group policy hands to the PCs of a site.' }),
    attributes: deviceAttributes,
  })
  .openapi('EnrolRequest');

export const policyAnswer = z
  .object({
    version: z.number().int(),
    rules: policyRules,
    enforcement: z.enum(['enforced', 'not-enforced', 'user-exempt', 'temporary-user-exempt']),
    reportEveryMs: z.number().int(),
  })
  .openapi('Policy');
export type PolicyAnswer = z.infer<typeof policyAnswer>;

export const enrolAnswer = z
  .object({
    deviceId: z.string(),
    siteId: z.string(),
    token: z.string().openapi({
      description: 'Bound to the device key; sent as `Authorization: DPoP …` with a fresh proof.',
    }),
    claim: z
      .enum(['held', 'pending'])
      .openapi({ description: '`pending`: another living device holds this computer name.' }),
    policy: policyAnswer,
  })
  .openapi('EnrolAnswer');
export type EnrolAnswer = z.infer<typeof enrolAnswer>;

/** Six bits a character: a single one over makes no byte, and what decodes to more than the limit is no package. */
function isKeyPackage(base64: string): boolean {
  const digits = base64.replace(/=+$/, '').length;
  return digits % 4 !== 1 && Math.floor((digits * 3) / 4) <= limits.keyPackageBytesMax;
}

export const escrowRequest = z
  .strictObject({
    recoveryPassword: z.string().max(200).openapi({
      description: '48 digits in 8 groups, with hyphens, spaces or nothing between them.',
    }),
    volumeId: anyGuid,
    volumeType: z.union([z.literal(0), z.literal(1), z.literal(2), z.literal(3)]),
    counter,
    /** base64 */
    keyPackage: z
      .string()
      .max(Math.ceil((limits.keyPackageBytesMax * 4) / 3) + 4)
      .regex(/^[A-Za-z0-9+/]*={0,2}$/)
      .refine(isKeyPackage, 'not whole bytes, or too many')
      .optional(),
    smbiosUuid: anyGuid,
    serial: attributes.shape.serial,
    computerName: attributes.shape.computerName,
    domain: attributes.shape.domain,
    users,
  })
  .openapi('EscrowRequest');
export type EscrowRequest = z.infer<typeof escrowRequest>;

export const durability = z.enum(['edge', 'centre', 'snapshot']);
export type Durability = z.infer<typeof durability>;

/** Payload of a `holdfast-receipt` JWS, whose header carries the node's certificate. */
export const receiptPayload = z.object({
  keyId: z.string(),
  commitment: z.string(),
  deviceId: z.string(),
  origin: z.string(),
  seq: z.number().int(),
  hash: z.string(),
  durability,
  iat: z.number().int(),
});
export type Receipt = z.infer<typeof receiptPayload>;

export const escrowAnswer = z
  .object({
    receipt: z
      .string()
      .openapi({ description: 'Compact JWS. Verify it against the organisation key before encrypting.' }),
    durability,
    conflict: z.boolean().openapi({
      description: 'Another password or device stands under this key ID as well; both are kept.',
    }),
  })
  .openapi('EscrowAnswer');
export type EscrowAnswer = z.infer<typeof escrowAnswer>;

export const statusRequest = z
  .strictObject({
    counter,
    /** milliseconds since 1970 by the device's clock; for people only */
    reportedAt: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER),
    machine: z.strictObject({ ...machine.shape, smbiosUuid: anyGuid }),
    policy: policyState,
    volumes: z
      .array(
        z.strictObject({
          ...volumeStatus.shape,
          volumeId: anyGuid,
          protectors: z
            .array(z.strictObject({ type: z.number().int().min(0).max(10), keyId: anyGuid.nullable() }))
            .max(limits.protectorsMax),
        }),
      )
      .max(limits.volumesMax),
  })
  .openapi('StatusRequest');
export type StatusRequest = z.infer<typeof statusRequest>;

export const instruction = z
  .discriminatedUnion('type', [
    z.object({ type: z.literal('rotate'), keyId: z.string(), volumeId: z.string() }),
    z.object({
      type: z.literal('escrow-again'),
      keyId: z.string(),
      volumeId: z.string(),
      /** `single-copy`: held here and nowhere else, so offer it to the next node of the list */
      why: z.enum(['missing', 'single-copy']),
    }),
  ])
  .openapi('Instruction');
export type Instruction = z.infer<typeof instruction>;

/** Tells the drive's user that its password was given out. Nodes repeat the newest with each report. */
export const notice = z
  .object({
    type: z.literal('key-given-out'),
    reference: z.string().openapi({ description: 'Names the disclosure: an agent shows each once.' }),
    keyId: z.string(),
    at: z.number().int(),
    nodeName: z.string(),
  })
  .openapi('Notice');
export type Notice = z.infer<typeof notice>;

export const statusAnswer = z
  .object({
    stored: z.enum(['changed', 'unchanged', 'stale']),
    durability,
    instructions: z.array(instruction),
    /** newest first */
    notices: z.array(notice),
    policy: policyAnswer,
    /** when to report again */
    nextReportMs: z.number().int(),
  })
  .openapi('StatusAnswer');
export type StatusAnswer = z.infer<typeof statusAnswer>;
