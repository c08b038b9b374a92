/**
 * Bodies of entries about people: their credentials, what of them is to be forgotten, and what happened to accounts.
 *
 * A credential's body goes only to a centre and to nodes of the sites that it names; to all others its entry goes
 * without it, and when a `forget` names it, its bytes are overwritten wherever they are (`journal/erasable.ts`).
 */
import { z } from 'zod';
import { limits } from '../limits.ts';
import { nodeId, origin, slug } from '../trust/certificate.ts';
import { hash, isStorable } from './entry.ts';

const text = (max: number) => z.string().max(max).refine(isStorable, 'not a text that can be stored');
const base64url = (charactersMax: number) =>
  z
    .string()
    .min(1)
    .max(charactersMax)
    .regex(/^[A-Za-z0-9_-]+$/);
const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

/** scrypt (RFC 7914) over the password as NFKC UTF-8; its parameters stand beside it, so that they can be raised. */
export const passwordSecret = z.strictObject({
  type: z.literal('password'),
  /** 128·n·r bytes of memory: at most 64 MiB, of the 128 MB that a Durable Object has */
  n: z.number().int().min(1_024).max(65_536),
  r: z.number().int().min(1).max(8),
  p: z.number().int().min(1).max(16),
  salt: base64url(64),
  hash: base64url(64),
  /** the person has to choose another one, at a centre */
  mustChange: z.boolean(),
});

/** RFC 6238 with SHA-1, 6 digits and 30 s, as authenticator apps have it; the secret is sealed to each node. */
export const totpSecret = z.strictObject({
  type: z.literal('totp'),
  sealed: z
    .array(z.strictObject({ nodeId, enc: base64url(43), ct: base64url(64) }))
    .max(limits.credentialNodesMax),
});

export const passkeySecret = z.strictObject({
  type: z.literal('passkey'),
  /** the relying party it was made for */
  rpId: text(253),
  /** WebAuthn credential ID and COSE public key */
  webauthnId: base64url(1_400),
  publicKey: base64url(1_400),
  /** what its person calls it */
  name: text(limits.passkeyNameCharactersMax).min(1),
  createdAt: count,
});

/** SHA-256 of codes with 80 random bits each; each is good for one sign-in. */
export const recoveryCodesSecret = z.strictObject({
  type: z.literal('recovery-codes'),
  hashes: z.array(hash).max(limits.recoveryCodes),
});

/** One enrolment: held at centres alone, and forgotten when it was used. */
export const linkSecret = z.strictObject({ type: z.literal('link'), tokenHash: hash, expiresAt: count });

export const credential = z.strictObject({
  credentialId: z.string().regex(/^c-[a-z2-7]{16}$/),
  staffId: slug,
  /** sites whose nodes may hold it; null: all, [] a centre alone */
  sites: z.array(slug).max(1_000).nullable(),
  secret: z.discriminatedUnion('type', [
    passwordSecret,
    totpSecret,
    passkeySecret,
    recoveryCodesSecret,
    linkSecret,
  ]),
});
export type CredentialBody = z.infer<typeof credential>;
export type CredentialSecret = CredentialBody['secret'];

/** Entries whose bodies are to be forgotten, everywhere and for good. */
export const forget = z.strictObject({
  entries: z
    .array(z.strictObject({ origin, seq: z.number().int().min(1).max(Number.MAX_SAFE_INTEGER) }))
    .min(1)
    .max(limits.forgetEntriesMax),
});

export const ACCOUNT_ACTIONS = [
  'sign-in',
  'sign-out',
  'sign-out-elsewhere',
  'throttled',
  'link-made',
  'enrolled',
  'passkey-added',
  'passkey-renamed',
  'passkey-removed',
  'recovery-codes-made',
  'password-changed',
  'change-demanded',
  'reset',
  'revoked',
] as const;
export const SIGN_IN_METHODS = ['password+totp', 'password+recovery-code', 'passkey', 'link'] as const;
export type SignInMethod = (typeof SIGN_IN_METHODS)[number];

/** Why a sign-in failed: for the audit alone, for whoever fails is told nothing of it. */
export const SIGN_IN_FAILURES = [
  ...(['unknown-account', 'revoked', 'no-password', 'wrong-password', 'no-second-factor'] as const),
  ...(['wrong-code', 'used-code', 'wrong-passkey', 'too-many-attempts'] as const),
] as const;
export type SignInFailure = (typeof SIGN_IN_FAILURES)[number];

/** What happened to an account: durable before it has any effect, as an audit record is. */
export const accountEvent = z.strictObject({
  action: z.enum(ACCOUNT_ACTIONS),
  at: count,
  status: z.enum(['Successful', 'Failed']),
  /** one of `SIGN_IN_FAILURES`, or what a newer node calls it */
  failure: text(64).nullable(),
  /** null: nobody by that name is known; what was typed may be a password and is not kept */
  staffId: slug.nullable(),
  method: z.enum(SIGN_IN_METHODS).nullable(),
  /** the TOTP step that was used */
  step: count.nullable(),
  /** the hash of the recovery code that was used */
  codeHash: hash.nullable(),
  /** the administrator whose doing it was; null: their own, or the installation's token */
  byStaffId: slug.nullable(),
  nodeId,
  nodeName: slug,
  address: text(64).nullable(),
  offlineSince: count.nullable(),
});
export type AccountEvent = z.infer<typeof accountEvent>;
