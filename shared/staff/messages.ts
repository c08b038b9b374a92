/** What people's programs and pages send and get to sign in and to enrol. */
import { z } from '@hono/zod-openapi';
import { STAFF_ROLES, TOKEN_SCOPES } from '../domain/vocabulary.ts';
import { isStorable } from '../journal/entry.ts';
import { limits } from '../limits.ts';
import { SIGN_IN_METHODS } from '../journal/staff-bodies.ts';
import { slug } from '../trust/certificate.ts';
import { PASSWORD_CHARACTERS_MAX } from './password.ts';

const password = z.string().min(1).max(PASSWORD_CHARACTERS_MAX).refine(isStorable);
const code = z.string().regex(/^\d{6}$/);
const recoveryCode = z
  .string()
  .max(40)
  .regex(/^[A-Za-z2-7 -]+$/);
const base64url = z
  .string()
  .max(8_000)
  .regex(/^[A-Za-z0-9_-]+$/);

/** A name as it was typed: what is no name is nobody's, and is not told from one. */
const typedName = z.string().trim().toLowerCase().max(63).refine(isStorable);

export const passwordSignIn = z.union([
  z.strictObject({ staffId: typedName, password, code }),
  z.strictObject({ staffId: typedName, password, recoveryCode }),
]);

/** WebAuthn's own forms, as far as they are looked at before its library does. */
const extensions = z.record(z.string().max(64), z.unknown());
export const passkeySignIn = z.strictObject({
  id: base64url,
  rawId: base64url,
  type: z.literal('public-key'),
  authenticatorAttachment: z.string().max(64).optional(),
  clientExtensionResults: extensions,
  response: z.strictObject({
    clientDataJSON: base64url,
    authenticatorData: base64url,
    signature: base64url,
    userHandle: base64url.optional(),
  }),
});
export const newPasskey = z.strictObject({
  id: base64url,
  rawId: base64url,
  type: z.literal('public-key'),
  authenticatorAttachment: z.string().max(64).optional(),
  clientExtensionResults: extensions,
  response: z.strictObject({
    clientDataJSON: base64url,
    attestationObject: base64url,
    authenticatorData: base64url.optional(),
    transports: z.array(z.string().max(32)).max(8).optional(),
    publicKeyAlgorithm: z.number().int().optional(),
    publicKey: base64url.optional(),
  }),
});

export const sessionAnswer = z
  .object({
    staffId: z.string(),
    name: z.string(),
    role: z.enum(STAFF_ROLES),
    sites: z.array(z.string()).nullable(),
    method: z.enum(SIGN_IN_METHODS),
    /** to be shown in `Holdfast-CSRF` by clients that are no browsers */
    csrf: z.string(),
    /** good for nothing but another password, which is changed at the centre */
    mustChange: z.boolean(),
    /** milliseconds since 1970; whoever does nothing is warned from `warnAt` on, and gets no key after `idleAt` */
    warnAt: z.number().int(),
    idleAt: z.number().int(),
    endsAt: z.number().int(),
    /** whether the pause was too long: a key is given out after another sign-in alone */
    isFresh: z.boolean(),
  })
  .openapi('Session');

export const passkeyOptions = z.looseObject({ challenge: z.string() }).openapi('PasskeyOptions');

const passkeyName = z.string().trim().min(1).max(limits.passkeyNameCharactersMax).refine(isStorable);
const link = z.string().regex(/^hfl_[A-Za-z0-9_-]{43}$/);
export const enrolmentBegin = z.strictObject({ link });
export const enrolmentOffer = z
  .object({
    staffId: z.string(),
    name: z.string(),
    expiresAt: z.number().int(),
    totp: z.object({ secret: z.string(), uri: z.string() }),
    // A named schema with `nullable()` would be described as an object that null is not.
    passkey: z.union([passkeyOptions, z.null()]),
  })
  .openapi('EnrolmentOffer');
export const enrolmentFinish = z.strictObject({
  link,
  password: password.optional(),
  code: code.optional(),
  passkey: newPasskey.optional(),
  /** what the person calls it */
  passkeyName: passkeyName.optional(),
});
export const enrolmentAnswer = z.object({ staffId: z.string(), recoveryCodes: z.array(z.string()) });

export const passwordChange = z.strictObject({ password, code });

export const passkeyParam = z.object({ passkeyId: z.string().regex(/^c-[a-z2-7]{16}$/) });
export const passkeyAddition = z.strictObject({ name: passkeyName, passkey: newPasskey });
export const passkeyRenaming = z.strictObject({ name: passkeyName });
export const passkeyItem = z
  .object({
    passkeyId: z.string(),
    name: z.string(),
    createdAt: z.number().int(),
    /** whether it is for the domain that is configured now: only then is it of use */
    isUsable: z.boolean(),
    /** whether this session was begun by it */
    isThis: z.boolean(),
  })
  .openapi('Passkey');
export const passkeysAnswer = z.object({ passkeys: z.array(passkeyItem) });
export const recoveryCodesAnswer = z.object({ recoveryCodes: z.array(z.string()) });

export const sessionItem = z
  .object({
    sessionId: z.string(),
    method: z.enum(SIGN_IN_METHODS),
    /** from where, as far as the node can tell */
    address: z.string().nullable(),
    startedAt: z.number().int(),
    usedAt: z.number().int(),
    isThis: z.boolean(),
  })
  .openapi('SessionItem');
export const sessionsAnswer = z.object({ sessions: z.array(sessionItem) });

export const staffParam = z.object({ staffId: slug });
export const linkAnswer = z.object({ staffId: z.string(), link: z.string(), expiresAt: z.number().int() });
export const accountItem = z
  .object({
    staffId: z.string(),
    name: z.string(),
    role: z.enum(STAFF_ROLES),
    sites: z.array(z.string()).nullable(),
    revoked: z.boolean(),
    password: z.boolean(),
    totp: z.boolean(),
    passkeys: z.number().int(),
    recoveryCodes: z.number().int(),
    mustChange: z.boolean(),
    /** when an enrolment link that was not used ends, or null */
    linkEndsAt: z.number().int().nullable(),
    tokens: z.array(
      z.object({
        tokenId: z.string(),
        label: z.string(),
        scope: z.array(z.enum(TOKEN_SCOPES)),
        expiresAt: z.number().int(),
      }),
    ),
  })
  .openapi('Account');
