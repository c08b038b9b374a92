/** What verifying a snapshot found: two results, because the second needs keys that may be elsewhere (I11). */
import { z } from 'zod';
import { en } from '../words/en.ts';
import { type Fault, say, storedFault } from '../words/fault.ts';

/** `not-verified`: nothing was found wrong, and not everything could be looked at. */
const outcome = z.enum(['verified', 'not-verified', 'failed']);
export type Outcome = z.infer<typeof outcome>;

export const CHECKS = [
  'manifest',
  'file',
  'decryption',
  'integrity',
  'foreign-keys',
  'schema',
  'chain',
  'heads',
  'cut',
  'tables',
  'sealed-keys',
] as const;
export type CheckName = (typeof CHECKS)[number];

export const finding = z.object({
  check: z.enum(CHECKS),
  /** the file or store it is about */
  subject: z.string(),
  detail: z.string(),
  /** what the sentence of `detail` is made of */
  fault: storedFault,
});
export type Finding = z.infer<typeof finding>;

export function findingOf(check: CheckName, subject: string, what: Fault): Finding {
  return { check, subject, detail: say(en, what), fault: what };
}

export const vaultResult = z.object({
  vaultId: z.string(),
  /** sealed copies in the snapshot */
  copies: z.number().int(),
  /** of those, opened this time */
  opened: z.number().int(),
  /** `not-verified` where this vault's key is not at hand */
  outcome,
});
export type VaultResult = z.infer<typeof vaultResult>;

export const verification = z.object({
  at: z.number().int(),
  /** the machine that verified it */
  server: z.string(),
  structure: outcome,
  opens: outcome,
  vaults: z.array(vaultResult),
  findings: z.array(finding),
  /** entries held beyond the last signed head of their log: a batch was being taken in at that moment */
  beyondHeads: z.number().int(),
  seconds: z.number(),
});
export type Verification = z.infer<typeof verification>;

export const FINDINGS_MAX = 50;
