/**
 * The bodies of entries, one schema per kind and version: what is written is validated by it, and what comes from a
 * peer is projected only if it fits (I9). Plaintext secrets have no place in any of them (I8).
 */
import { z } from 'zod';
import {
  AUDIT_ACTIONS,
  AUDIT_KEY_TYPES,
  AUDIT_SOURCES,
  CALLER_VERIFICATIONS,
  DEVICE_STATES,
  DISCLOSURE_REASONS,
  IMPORT_SOURCES,
  STAFF_ROLES,
  TOKEN_SCOPES,
} from '../domain/vocabulary.ts';
import type { Guid } from '../domain/recovery-key.ts';
import { limits } from '../limits.ts';
import { nodeId, origin, publicJwk, slug } from '../trust/certificate.ts';
import { hash, isStorable } from './entry.ts';

const text = (max: number) => z.string().max(max).refine(isStorable, 'not a text that can be stored');
export const guid = z
  .string()
  .regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/)
  .transform((value) => value as Guid);
export const deviceId = z.string().regex(/^d-[a-z2-7]{16}$/);
const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const milliseconds = count;
export const base64url = (bytesMax: number) =>
  z
    .string()
    .max(Math.ceil((bytesMax * 4) / 3))
    .regex(/^[A-Za-z0-9_-]*$/);

/** First entry of every incarnation: who writes, by which certificate, and where its predecessor ended. */
export const genesis = z.strictObject({
  certificate: z.string().max(4_000),
  predecessor: z.strictObject({ origin, seq: count, hash }).nullable(),
});

/**
 * A secret sealed to one vault: `enc` the encapsulated key of a window (HPKE base mode, RFC 9180), `n` the secret's
 * place in that window, `ct` the ciphertext; see `vault/seal.ts`.
 */
export const sealed = z.strictObject({
  vaultId: slug,
  enc: base64url(32),
  n: z.number().int().min(0).max(0xffff_ffff),
  ct: base64url(limits.keyPackageBytesMax + 16),
});
export type Sealed = z.infer<typeof sealed>;

const revision = z.number().int().min(1).max(Number.MAX_SAFE_INTEGER);

export const region = z.strictObject({ name: text(200) });
export const site = z.strictObject({ name: text(200), regionId: slug });
export const vault = z.strictObject({
  scope: z.enum(['region', 'organisation']),
  /** null for the organisation's */
  regionId: slug.nullable(),
  /** X25519 public key */
  publicKey: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  /** nothing is sealed to it any more, and nobody needs its key: whatever has a copy there has one in a newer vault */
  retired: z.boolean(),
  /** others may have its key: nothing more is sealed to it, and those who hold it go on opening what was */
  compromised: z.boolean().exactOptional(),
});
export const staff = z.strictObject({
  name: text(200),
  role: z.enum(STAFF_ROLES),
  /** sites whose keys this person may ask for; null means all */
  sites: z.array(slug).max(1_000).nullable(),
  revoked: z.boolean(),
});
export const siteToken = z.strictObject({
  siteId: slug,
  /** SHA-256 of the token that group policy hands to the site's PCs */
  tokenHash: hash,
  expiresAt: milliseconds,
  revoked: z.boolean(),
});
/** What an edge's box shows to ask for a certificate: good for one key, once. */
export const edgeToken = z.strictObject({
  name: slug,
  siteId: slug,
  regionId: slug,
  /** it is to hold its region's logs, and to be given its vault keys by hand */
  helpdesk: z.boolean(),
  tokenHash: hash,
  expiresAt: milliseconds,
  revoked: z.boolean(),
});
/** What a box asked for by the token of the same `id`, and the certificate once the organisation's key has signed it. */
export const edgeRequest = z.strictObject({
  key: publicJwk,
  /** X25519: what is meant for this node alone is sealed to it */
  sealingKey: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  certificate: z.string().max(4_000).nullable(),
});
export const policyRules = z.strictObject({
  operatingSystem: z.enum(['required', 'forbidden', 'optional']),
  fixedData: z.enum(['required', 'forbidden', 'optional']),
  removable: z.enum(['required', 'forbidden', 'optional']),
  cipher: z.enum(['any', 'aes-256', 'xts-128', 'xts-256']),
  osProtector: z.enum(['any', 'tpm', 'tpm-and-pin']),
  allowWithoutTpm: z.boolean(),
});
export const policy = z.strictObject({
  /** null: for every site that has none of its own */
  siteId: slug.nullable(),
  rules: policyRules,
  reportEveryMs: z
    .number()
    .int()
    .min(60_000)
    .max(7 * 86_400_000),
});
/** The `id` of the entry is the device's. */
export const exemption = z.strictObject({
  kind: z.enum(['user-exempt', 'temporary-user-exempt', 'policy-not-enforced']),
  until: milliseconds.nullable(),
  reason: text(limits.noteCharactersMax),
  revoked: z.boolean(),
});

/** What administrators say of a device; the `id` of the entry is the device's. Its keys are kept whatever it is. */
export const deviceState = z.strictObject({
  state: z.enum(DEVICE_STATES),
  reason: text(limits.noteCharactersMax),
});

const within = (least: number, most: number) => z.number().int().min(least).max(most);
const daysOrLess = (days: number) => within(60_000, days * 86_400_000);

/** How carefully keys are given out. What `helpdesk/rules.ts` says holds where nothing is configured. */
export const disclosureRules = z.strictObject({
  /** null: for every site that has none of its own */
  siteId: slug.nullable(),
  /** disclosures in an hour, by one person and by all, at one node */
  personPerHour: within(1, 10_000),
  nodePerHour: within(1, 100_000),
  /** every disclosure needs a second person */
  twoPersons: z.boolean(),
  /** time without the centre after which a disclosure needs a second person, and after which break-glass */
  twoPersonsOfflineMs: daysOrLess(3_650),
  breakGlassOfflineMs: daysOrLess(3_650),
  /** disclosures of one opening of break-glass */
  breakGlassDisclosures: within(1, 10_000),
  /** a device that was not heard for this long is silent */
  silentMs: daysOrLess(3_650),
  /** a disclosed key that is on its drive for this long is overdue */
  rotationDueMs: daysOrLess(3_650),
  /** names of one domain each, NetBIOS and UPN suffixes alike, beyond what `helpdesk/users.ts` sees by itself */
  domainNames: z.array(z.array(text(255).min(1)).min(2).max(20)).max(50),
});

/** An API token of a person, for scripts: what it may be used for, and until when. */
export const apiToken = z.strictObject({
  staffId: slug,
  /** what it is for, for people */
  label: text(200),
  /** SHA-256 of the token */
  tokenHash: hash,
  scope: z.array(z.enum(TOKEN_SCOPES)).min(1).max(TOKEN_SCOPES.length),
  expiresAt: milliseconds,
  revoked: z.boolean(),
});
/** How people sign in. */
export const signIn = z.strictObject({
  /** the domain that every node's name ends in, for passkeys; null: there are none */
  rpId: z
    .string()
    .max(253)
    .regex(/^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/)
    .nullable(),
});

/**
 * Which release edges shall run, staged by region. The whole signed manifest goes along, so that every box checks it by
 * the organisation's key and believes no centre. The narrowest target that fits an edge decides.
 */
export const release = z.strictObject({
  manifest: z
    .string()
    .max(limits.releaseManifestCharactersMax)
    .regex(/^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/),
  /** null: of every region */
  regionId: slug.nullable(),
  /** null: every edge of the region */
  nodeName: slug.nullable(),
  notBefore: milliseconds.nullable(),
  withdrawn: z.boolean(),
});

/** What an administrator configures at a centre; the body of a `config` entry is one of these. */
export const configBodies = {
  region,
  site,
  vault,
  staff,
  'site-token': siteToken,
  'api-token': apiToken,
  'sign-in': signIn,
  'edge-token': edgeToken,
  'edge-request': edgeRequest,
  policy,
  exemption,
  'device-state': deviceState,
  'disclosure-rules': disclosureRules,
  release,
} as const;
export type ConfigKind = keyof typeof configBodies;
export type ConfigBody<K extends ConfigKind> = z.infer<(typeof configBodies)[K]>;

/** The administrator by whose word something is so. The installation's own token is nobody's, nor are nodes. */
export const by = slug.exactOptional();

const configEntry = <K extends ConfigKind>(kind: K) =>
  z.strictObject({
    kind: z.literal(kind),
    id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/),
    revision,
    body: configBodies[kind],
    by,
  });
export const config = z.union([
  configEntry('region'),
  configEntry('site'),
  configEntry('vault'),
  configEntry('staff'),
  configEntry('site-token'),
  configEntry('api-token'),
  configEntry('sign-in'),
  configEntry('edge-token'),
  configEntry('edge-request'),
  configEntry('policy'),
  configEntry('exemption'),
  configEntry('device-state'),
  configEntry('disclosure-rules'),
  configEntry('release'),
]);

/** Attributes of a machine by which people know it. They have history and decide nothing on their own. */
export const attributes = z.strictObject({
  computerName: text(255).min(1),
  domain: text(255),
  smbiosUuid: guid,
  serial: text(128),
  make: text(128),
  model: text(128),
  osVersion: text(128),
});
export type Attributes = z.infer<typeof attributes>;

export const device = z.strictObject({
  deviceId,
  siteId: slug,
  key: publicJwk,
  jkt: hash,
  claim: z.enum(['held', 'pending']),
  attributes,
});

export const deviceRevocation = z.strictObject({
  deviceId,
  reason: text(limits.noteCharactersMax),
  by,
});

export const users = z.array(text(320).min(1)).max(limits.usersMax);

export const escrow = z.strictObject({
  keyId: guid,
  commitment: hash,
  deviceId,
  siteId: slug,
  volumeId: guid,
  volumeType: z.union([z.literal(0), z.literal(1), z.literal(2), z.literal(3)]),
  counter: count,
  computerName: text(255),
  domain: text(255),
  users,
  claim: z.enum(['held', 'pending']),
  sealed: z.array(sealed).min(1).max(8),
  package: z.array(sealed).min(1).max(8).nullable(),
});

/**
 * A key brought in from elsewhere. No enrolled device stands behind it: `deviceId` is made from the computer's name
 * (`import/computer.ts`), `volumeId` may be the nil GUID. With the same key ID and commitment it is the same key as
 * the one that the device itself escrows, sooner or later.
 */
export const imported = z.strictObject({
  keyId: guid,
  commitment: hash,
  source: z.enum(IMPORT_SOURCES),
  /** when the source says that the key was made */
  createdAt: milliseconds.nullable(),
  /** given out before, as the source says: the key counts as disclosed */
  disclosed: z.boolean(),
  /** who brought it in */
  staffId: slug,
  deviceId,
  siteId: slug,
  volumeId: guid,
  volumeType: z.union([z.literal(0), z.literal(1), z.literal(2), z.literal(3)]),
  computerName: text(255),
  domain: text(255),
  users,
  sealed: z.array(sealed).min(1).max(8),
  package: z.array(sealed).min(1).max(8).nullable(),
});

/** Which recovery passwords protect each volume now. Written when it differs from what this node last knew. */
export const protectors = z.strictObject({
  deviceId,
  counter: count,
  volumes: z
    .array(z.strictObject({ volumeId: guid, keyIds: z.array(guid).max(limits.protectorsMax) }))
    .max(limits.volumesMax),
});

/**
 * A disclosure, a refusal, a search, or a step on the way to one by several people: complete as an audit record before
 * anything is answered (I3).
 */
export const audit = z.strictObject({
  /** `export`: to a file that nobody has opened yet, so no new password is asked for */
  action: z.enum(AUDIT_ACTIONS),
  at: milliseconds,
  source: z.enum(AUDIT_SOURCES),
  status: z.enum(['Successful', 'Failed']),
  failure: text(64).nullable(),
  staffId: slug,
  staffName: text(200),
  staffRole: z.enum(STAFF_ROLES),
  endUser: text(320).nullable(),
  computerName: text(255).nullable(),
  domain: text(255).nullable(),
  deviceId: deviceId.nullable(),
  volumeId: guid.nullable(),
  /** the key's ID, or the digits searched for */
  keyId: text(36).nullable(),
  /** null where it is about no key */
  keyType: z.enum(AUDIT_KEY_TYPES).nullable(),
  /** which of several keys under that ID */
  commitment: hash.nullable(),
  /** the request to disclose by two persons that it belongs to */
  requestId: text(40).nullable(),
  /** the opening of break-glass under which it was done */
  breakGlassId: text(40).nullable(),
  /** who stood beside: who approved what is disclosed, who had asked for what is approved */
  otherId: slug.nullable(),
  otherName: text(200).nullable(),
  reason: z.enum(DISCLOSURE_REASONS).nullable(),
  verification: z.enum(CALLER_VERIFICATIONS).nullable(),
  note: text(limits.noteCharactersMax).nullable(),
  siteId: slug.nullable(),
  nodeId,
  nodeName: slug,
  address: text(64).nullable(),
  offlineSince: milliseconds.nullable(),
});
export type AuditBody = z.infer<typeof audit>;

export const volumeStatus = z.strictObject({
  volumeId: guid,
  volumeType: z.union([z.literal(0), z.literal(1), z.literal(2), z.literal(3)]),
  driveLetter: z
    .string()
    .regex(/^[A-Z]:$/)
    .nullable(),
  protectionStatus: z.union([z.literal(0), z.literal(1), z.literal(2)]),
  conversionStatus: z.union([
    z.literal(0),
    z.literal(1),
    z.literal(2),
    z.literal(3),
    z.literal(4),
    z.literal(5),
  ]),
  encryptionMethod: z.number().int().min(0).max(0xffffffff),
  encryptionPercentage: z.number().int().min(0).max(100).nullable(),
  lockStatus: z.union([z.literal(0), z.literal(1)]),
  protectors: z
    .array(z.strictObject({ type: z.number().int().min(0).max(10), keyId: guid.nullable() }))
    .max(limits.protectorsMax),
});

export const machine = z.strictObject({
  ...attributes.shape,
  tpmPresent: z.boolean().nullable(),
  users,
});

export const policyState = z.strictObject({
  /** revision of the policy the device follows; 0 before it has one */
  version: count,
  rules: policyRules,
  enforcement: z.enum(['enforced', 'not-enforced', 'user-exempt', 'temporary-user-exempt']),
  /** the device's own words when the policy could not be carried out */
  error: text(500).nullable(),
});

export const status = z.strictObject({
  deviceId,
  siteId: slug,
  counter: count,
  reportedAt: milliseconds,
  machine,
  policy: policyState,
  volumes: z.array(volumeStatus).max(limits.volumesMax),
  factsHash: hash,
});

/** Devices that reported nothing new since the last roll-up of this origin. */
export const seen = z.strictObject({
  devices: z
    .array(z.strictObject({ deviceId, counter: count, seenAt: milliseconds }))
    .min(1)
    .max(limits.seenRollupDevicesMax),
});
