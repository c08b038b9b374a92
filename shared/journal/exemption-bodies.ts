/**
 * Bodies of entries about exemptions that somebody asked for. The helpdesk writes down what a user asks, at any node;
 * an administrator at a centre answers. What is approved is a `config` entry of its own, in the same commit.
 */
import { z } from 'zod';
import { limits } from '../limits.ts';
import { slug } from '../trust/certificate.ts';
import { deviceId } from './bodies.ts';
import { isStorable } from './entry.ts';

const text = (max: number) => z.string().max(max).refine(isStorable, 'not a text that can be stored');
const milliseconds = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

export const exemptionRequestId = z.string().regex(/^x-[a-z2-7]{16}$/);

/** Who asks for what, and who says so; `at` by the clock of the node. */
export const exemptionRequest = z.strictObject({
  requestId: exemptionRequestId,
  deviceId,
  siteId: slug,
  computerName: text(255),
  endUser: text(320).min(1),
  reason: text(limits.noteCharactersMax).min(1),
  /** null: for good */
  until: milliseconds.nullable(),
  at: milliseconds,
  staffId: slug,
  staffName: text(200),
});

export const exemptionAnswer = z.strictObject({
  requestId: exemptionRequestId,
  approved: z.boolean(),
  /** until when it was approved, which need not be what was asked for; null: for good, or not at all */
  until: milliseconds.nullable(),
  note: text(limits.noteCharactersMax).nullable(),
  at: milliseconds,
  staffId: slug,
  staffName: text(200),
});
