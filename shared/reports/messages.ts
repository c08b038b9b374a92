/** What the reports are asked and what they answer. Times are milliseconds since 1970; codes come with their words. */
import { z } from '@hono/zod-openapi';
import {
  AUDIT_ACTIONS,
  AUDIT_KEY_TYPES,
  AUDIT_SOURCES,
  CALLER_VERIFICATIONS,
  COMPLIANCE_STATES,
  DISCLOSURE_REASONS,
  IMPORT_SOURCES,
  STAFF_ROLES,
} from '../domain/vocabulary.ts';
import { isStorable } from '../journal/entry.ts';
import { ACCOUNT_ACTIONS, SIGN_IN_FAILURES, SIGN_IN_METHODS } from '../journal/staff-bodies.ts';
import { limits } from '../limits.ts';
import { nodeFreshness } from '../replication/peers.ts';
import { AUDIT_STATUSES, KEY_RISKS, KEY_STATES } from '../text/audit.ts';
import { SHOWN_DEVICE_STATES, STANDINGS } from '../text/compliance.ts';
import { LANGUAGES } from '../text/language.ts';
import { slug } from '../trust/certificate.ts';
import { isDateText, isTimeZone } from './time.ts';

const name = z.string().min(1).max(320).refine(isStorable, 'not a text');
const pattern = name
  .optional()
  .openapi({ description: 'Exact, or a beginning with `*` after it; any case.' });
const user = name
  .optional()
  .openapi({ description: '`DOMAIN\\user`, `user@domain`, or the user part alone; any case.' });
const site = slug.optional().describe('A site ID.');
const day = z
  .string()
  .max(40)
  .refine(isDateText, 'neither a day nor an instant with its offset')
  .optional()
  .openapi({
    description:
      'A day, as clocks in `timeZone` show it, or an instant with its offset. `from` is inclusive; `to` takes in a whole day and excludes an instant.',
    example: '2026-03-01',
  });
const number = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number)
    .pipe(z.number().int().min(least).max(most))
    .openapi({ type: 'integer', minimum: least, maximum: most });

/** How any report is to be given. */
const form = {
  format: z
    .enum(['json', 'csv'])
    .optional()
    .openapi({ description: 'Otherwise by `Accept`; JSON if that names neither.' }),
  lang: z.enum(LANGUAGES).optional().openapi({
    description:
      'Otherwise by `Accept-Language`. In CSV, Spanish has `;`, decimal commas and a byte-order mark.',
  }),
  timeZone: z.string().max(64).refine(isTimeZone, 'no time zone of that name').optional().openapi({
    description: 'In whose time a CSV and the days of a filter are; UTC without it.',
    example: 'Europe/Madrid',
  }),
};

export const enterpriseQuery = z.strictObject({ ...form, site, domain: pattern });
export type EnterpriseQuery = z.infer<typeof enterpriseQuery>;

export const trendQuery = z.strictObject({
  ...form,
  site,
  days: number(1, limits.trendDaysMax)
    .default(365)
    .openapi({ description: 'How many days back from today.' }),
});
export type TrendQuery = z.infer<typeof trendQuery>;

/** By what the pages of computers may be in order. */
export const COMPUTER_SORTS = ['name', 'site', 'state', 'os', 'last-seen'] as const;

export const computerQuery = z.strictObject({
  ...form,
  ...{ computer: pattern, domain: pattern, deviceId: pattern, user, site },
  state: z.enum(COMPLIANCE_STATES).optional(),
  standing: z.enum(STANDINGS).optional().openapi({
    description: 'The enterprise report counts the managed ones.',
  }),
  deviceState: z.enum(SHOWN_DEVICE_STATES).optional().openapi({
    description:
      'What administrators say of it. `silent`: not heard for as long as the rules say (30 days), by the clocks of the nodes that hear devices.',
  }),
  silentDays: number(1, 3_650).optional().openapi({
    description: 'Those that no node has heard for so many days.',
  }),
  sort: z.enum(COMPUTER_SORTS).default('name').openapi({ description: 'CSV is by computer name.' }),
  order: z.enum(['asc', 'desc']).default('asc'),
  page: number(1, 1_000_000).default(1),
  limit: number(1, limits.reportComputersMax).default(50),
});
export type ComputerQuery = z.infer<typeof computerQuery>;

export const auditQuery = z.strictObject({
  ...form,
  ...{ from: day, to: day, site, computer: pattern, domain: pattern, deviceId: pattern },
  helpdeskUser: pattern,
  endUser: user,
  source: z.enum(AUDIT_SOURCES).optional(),
  action: z.enum(AUDIT_ACTIONS).optional(),
  status: z.enum(AUDIT_STATUSES).optional(),
  keyType: z.enum(AUDIT_KEY_TYPES).optional(),
  reason: z.enum(DISCLOSURE_REASONS).optional(),
  verification: z.enum(CALLER_VERIFICATIONS).optional(),
  node: slug.optional().describe('Name of the node where it was asked.'),
  limit: number(1, limits.reportRowsMax).default(100),
  cursor: z
    .string()
    .max(200)
    .regex(/^[A-Za-z0-9_-]+$/)
    .optional()
    .openapi({ description: '`nextCursor` of the page before.' }),
});
export type AuditQuery = z.infer<typeof auditQuery>;

export const signInQuery = z.strictObject({
  ...form,
  ...{ from: day, to: day, site },
  person: pattern.describe('Sign-in name or name: exact, or a beginning with `*` after it; any case.'),
  action: z.enum(ACCOUNT_ACTIONS).optional(),
  status: z.enum(AUDIT_STATUSES).optional(),
  failure: z.enum(SIGN_IN_FAILURES).optional(),
  method: z.enum(SIGN_IN_METHODS).optional(),
  node: slug.optional().describe('Name of the node where it was.'),
  address: pattern,
  limit: number(1, limits.reportRowsMax).default(100),
  cursor: z
    .string()
    .max(200)
    .regex(/^[A-Za-z0-9_-]+$/)
    .optional()
    .openapi({ description: '`nextCursor` of the page before.' }),
});
export type SignInQuery = z.infer<typeof signInQuery>;

export const keysAtRiskQuery = z.strictObject({
  ...form,
  site,
  risk: z.enum(KEY_RISKS).optional(),
  overdue: z.enum(['true', 'false']).optional().openapi({
    description: '`true`: only those that should have been rotated by now.',
  }),
  limit: number(1, limits.reportRowsMax).default(100).openapi({
    description: 'About how many rows a page has at least, where there are so many; a page may have fewer.',
  }),
  cursor: z
    .string()
    .max(36)
    .regex(/^[0-9a-f-]*$/)
    .optional()
    .openapi({ description: '`nextCursor` of the page before.' }),
});
export type KeysAtRiskQuery = z.infer<typeof keysAtRiskQuery>;

const codedBy = <S extends z.ZodType>(code: S) => z.object({ code, words: z.string() });
const textCode = codedBy(z.string());
const numberCode = codedBy(z.number().int());
const time = z.number().int();
const reach = z.enum(['own', 'region', 'all']);

/** What every report says of itself. */
export const reportHead = z.object({
  generatedAt: time,
  node: z.object({ nodeId: z.string(), name: z.string(), role: z.enum(['edge', 'centre']) }),
  /** since when this node reaches no centre; null while it does */
  offlineSince: time.nullable(),
  /** whose entries this node holds, beside its own and the centre's */
  holds: z.object({ recovery: reach, compliance: reach }),
  freshness: z.array(nodeFreshness),
});
export type ReportHead = z.infer<typeof reportHead>;

const percent = z
  .number()
  .nullable()
  .openapi({ description: 'Of the group, adding up to 100; null of none.' });
const stateCount = z.object({
  state: codedBy(z.enum(COMPLIANCE_STATES)),
  computers: z.number().int(),
  percent,
});
const group = z.object({ managed: z.number().int(), states: z.array(stateCount) });
export type StateGroup = z.infer<typeof group>;

export const enterpriseAnswer = z
  .object({
    ...reportHead.shape,
    ...group.shape,
    /** computers that reported but are not managed any more, and are counted nowhere else */
    notManaged: z.object({
      revoked: z.number().int(),
      retired: z.number().int(),
      replaced: z.number().int(),
    }),
    /** of the managed ones: reported stolen */
    stolen: z.number().int(),
    /** of the managed ones, which count by their last report: not heard for as long as the rules say, and not stolen */
    silent: z.number().int(),
    bySite: z.array(z.object({ siteId: z.string(), siteName: z.string(), ...group.shape })),
    /** a computer may have several reasons, so these shares do not add up */
    byReason: z.array(
      z.object({
        reason: numberCode,
        computers: z.number().int(),
        percentOfNonCompliant: z.number().nullable(),
      }),
    ),
    /** null: all versions beyond the most frequent */
    byOsVersion: z.array(z.object({ osVersion: z.string().nullable(), ...group.shape })),
  })
  .openapi('EnterpriseCompliance');
export type EnterpriseAnswer = z.infer<typeof enterpriseAnswer>;

export const trendAnswer = z
  .object({
    ...reportHead.shape,
    /** the days that this node has counted, oldest first: each as it was known then */
    days: z.array(z.object({ day: z.string().openapi({ description: 'In UTC.' }), ...group.shape })),
  })
  .openapi('ComplianceTrend');
export type TrendAnswer = z.infer<typeof trendAnswer>;

export const keyHistory = z.object({
  keyId: z.string(),
  state: codedBy(z.enum(KEY_STATES)),
  escrowedAt: time,
  onDrive: z.boolean().nullable(),
  conflicted: z.boolean(),
  /** where it was known before a device escrowed it, or before any did */
  importedFrom: codedBy(z.enum(IMPORT_SOURCES)).nullable(),
  /** newest first */
  disclosedAt: z.array(time),
});
export type KeyHistory = z.infer<typeof keyHistory>;

const volumeKeys = { keys: z.array(keyHistory), olderKeys: z.number().int() };

export const volume = z.object({
  volumeId: z.string(),
  type: numberCode,
  driveLetter: z.string().nullable(),
  protection: numberCode,
  conversion: numberCode,
  encryptionPercentage: z.number().int().nullable(),
  encryptionMethod: numberCode,
  lock: numberCode,
  /** encrypted with protection off */
  suspended: z.boolean(),
  protectors: z.array(z.object({ type: numberCode, keyId: z.string().nullable() })),
  reasons: z.array(numberCode),
  ...volumeKeys,
});
export type Volume = z.infer<typeof volume>;

export const computer = z.object({
  deviceId: z.string(),
  computerName: z.string(),
  domain: z.string(),
  siteId: z.string(),
  siteName: z.string(),
  standing: codedBy(z.enum(STANDINGS)),
  deviceState: codedBy(z.enum(SHOWN_DEVICE_STATES)),
  osVersion: z.string(),
  make: z.string(),
  model: z.string(),
  tpmPresent: z.boolean().nullable(),
  users: z.array(z.string()),
  policyVersion: z.number().int(),
  state: textCode,
  reasons: z.array(numberCode),
  /** the device's own words when the policy could not be carried out */
  error: z.string().nullable(),
  /** by the clock of the node that heard it */
  lastSeen: time,
  /** by the device's clock */
  reportedAt: time,
  /** name of the node that took its latest report */
  reportedTo: z.string().nullable(),
  volumes: z.array(volume),
  /** keys of drives that the latest report does not list */
  otherVolumes: z.array(z.object({ volumeId: z.string(), type: numberCode, ...volumeKeys })),
});
export type Computer = z.infer<typeof computer>;

export const computerAnswer = z
  .object({
    ...reportHead.shape,
    total: z.number().int(),
    page: z.number().int(),
    limit: z.number().int(),
    computers: z.array(computer),
  })
  .openapi('ComputerCompliance');
export type ComputerAnswer = z.infer<typeof computerAnswer>;

export const keyAtRisk = z.object({
  keyId: z.string(),
  risks: z.array(codedBy(z.enum(KEY_RISKS))),
  /** given out longer ago than a rotation may take, by this node's clock */
  overdue: z.boolean(),
  /** when it was first given out */
  disclosedAt: time.nullable(),
  deviceId: z.string(),
  volumeId: z.string(),
  volumeType: numberCode,
  computerName: z.string(),
  domain: z.string(),
  siteId: z.string(),
  siteName: z.string(),
  /** null: its device has not reported the volume since the escrow */
  onDrive: z.boolean().nullable(),
  escrowedAt: time,
});
export type KeyAtRisk = z.infer<typeof keyAtRisk>;

export const keysAtRiskAnswer = z
  .object({
    ...reportHead.shape,
    /** by key ID */
    rows: z.array(keyAtRisk),
    nextCursor: z.string().nullable(),
  })
  .openapi('KeysAtRisk');
export type KeysAtRiskAnswer = z.infer<typeof keysAtRiskAnswer>;

export const auditRow = z.object({
  /** names the entry that is this record */
  origin: z.string(),
  seq: z.number().int(),
  at: time,
  source: textCode,
  action: textCode,
  status: textCode,
  failure: textCode.nullable(),
  staffId: z.string(),
  staffName: z.string(),
  staffRole: codedBy(z.enum(STAFF_ROLES)),
  endUser: z.string().nullable(),
  computerName: z.string().nullable(),
  domain: z.string().nullable(),
  deviceId: z.string().nullable(),
  volumeId: z.string().nullable(),
  /** whole, or the digits that were searched for */
  keyId: z.string().nullable(),
  keyType: textCode.nullable(),
  /** which of several keys under that ID */
  commitment: z.string().nullable(),
  /** the request to disclose by two persons that it belongs to */
  requestId: z.string().nullable(),
  /** the opening of break-glass under which it was done */
  breakGlassId: z.string().nullable(),
  /** who stood beside: who approved what is disclosed, who had asked for what is approved */
  otherId: z.string().nullable(),
  otherName: z.string().nullable(),
  reason: textCode.nullable(),
  verification: textCode.nullable(),
  note: z.string().nullable(),
  siteId: z.string().nullable(),
  siteName: z.string().nullable(),
  nodeId: z.string(),
  nodeName: z.string(),
  address: z.string().nullable(),
  /** since when that node had reached no centre; null when it was connected */
  offlineSince: time.nullable(),
});
export type AuditRow = z.infer<typeof auditRow>;

export const auditAnswer = z
  .object({
    ...reportHead.shape,
    /** newest first */
    rows: z.array(auditRow),
    nextCursor: z.string().nullable(),
  })
  .openapi('RecoveryAudit');
export type AuditAnswer = z.infer<typeof auditAnswer>;

export const signInRow = z.object({
  /** names the entry that is this record */
  origin: z.string(),
  seq: z.number().int(),
  at: time,
  action: textCode,
  status: textCode,
  /** told to nobody who signs in */
  failure: textCode.nullable(),
  method: textCode.nullable(),
  /** null: nobody by the name that was typed */
  staffId: z.string().nullable(),
  /** what they are called now */
  staffName: z.string().nullable(),
  /** the administrator whose doing it was; null: their own, or the installation's token */
  byId: z.string().nullable(),
  byName: z.string().nullable(),
  /** null: a centre */
  siteId: z.string().nullable(),
  siteName: z.string().nullable(),
  nodeId: z.string(),
  nodeName: z.string(),
  address: z.string().nullable(),
  /** since when that node had reached no centre; null when it was connected */
  offlineSince: time.nullable(),
});
export type SignInRow = z.infer<typeof signInRow>;

export const signInAnswer = z
  .object({
    ...reportHead.shape,
    /** newest first */
    rows: z.array(signInRow),
    nextCursor: z.string().nullable(),
  })
  .openapi('SignIns');
export type SignInAnswer = z.infer<typeof signInAnswer>;
