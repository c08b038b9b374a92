/** Forms for what a centre configures: which fields each kind has, and how a form's text becomes its body. */
import { DEVICE_STATES, STAFF_ROLES } from '../domain/vocabulary.ts';
import { DEFAULT_RULES } from '../domain/compliance.ts';
import { DEFAULT_DISCLOSURE_RULES } from '../helpdesk/rules.ts';
import type { ConfigKind } from '../journal/bodies.ts';
import { limits } from '../limits.ts';
import { dayText, endOfDay } from './day.ts';
import type { Fields } from './form.ts';
import type { PortalWords } from './words/words.ts';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

export type FieldName = keyof PortalWords['admin']['fields'];
export type ChoiceName = keyof PortalWords['admin']['choices'];

/** `at`: where the value stands in the body, by names joined with a dot. */
export type FieldSpec = {
  readonly at: FieldName;
  /** shown in the table of the kind */
  readonly shown?: boolean;
} & (
  | { readonly type: 'text'; readonly charactersMax: number }
  | { readonly type: 'choice'; readonly of: readonly ChoiceName[] }
  | { readonly type: 'check' }
  | { readonly type: 'region' }
  | { readonly type: 'site' }
  /** null: every site that has none of its own */
  | { readonly type: 'site-or-all' }
  /** null: all */
  | { readonly type: 'sites' }
  | { readonly type: 'number'; readonly times: number }
  /** null: for good */
  | { readonly type: 'date' }
);

export interface KindSpec {
  readonly fields: readonly FieldSpec[];
  /** what a new one begins with, and what the form does not show */
  readonly base: Readonly<Record<string, unknown>>;
  /** the ID is another thing's, or it is made in another way than by this form */
  readonly ids: 'own' | 'device' | 'elsewhere';
}

const needs = ['required', 'optional', 'forbidden'] as const;
const name: FieldSpec = { at: 'name', type: 'text', charactersMax: 200, shown: true };
const reason: FieldSpec = {
  at: 'reason',
  type: 'text',
  charactersMax: limits.noteCharactersMax,
  shown: true,
};
const revoked: FieldSpec = { at: 'revoked', type: 'check', shown: true };

export const ADMIN_KINDS = {
  staff: {
    ids: 'own',
    base: { sites: null, revoked: false },
    fields: [
      name,
      { at: 'role', type: 'choice', of: STAFF_ROLES, shown: true },
      { at: 'sites', type: 'sites', shown: true },
      revoked,
    ],
  },
  region: { ids: 'own', base: {}, fields: [name] },
  site: { ids: 'own', base: {}, fields: [name, { at: 'regionId', type: 'region', shown: true }] },
  'site-token': {
    ids: 'elsewhere',
    base: {},
    fields: [
      { at: 'siteId', type: 'site', shown: true },
      { at: 'expiresAt', type: 'date', shown: true },
      revoked,
    ],
  },
  policy: {
    ids: 'own',
    base: { siteId: null, rules: DEFAULT_RULES, reportEveryMs: limits.reportEveryMs },
    fields: [
      { at: 'siteId', type: 'site-or-all', shown: true },
      { at: 'rules.operatingSystem', type: 'choice', of: needs, shown: true },
      { at: 'rules.fixedData', type: 'choice', of: needs, shown: true },
      { at: 'rules.removable', type: 'choice', of: needs, shown: true },
      { at: 'rules.cipher', type: 'choice', of: ['any', 'aes-256', 'xts-128', 'xts-256'], shown: true },
      { at: 'rules.osProtector', type: 'choice', of: ['any', 'tpm', 'tpm-and-pin'], shown: true },
      { at: 'rules.allowWithoutTpm', type: 'check' },
      { at: 'reportEveryMs', type: 'number', times: MINUTE_MS },
    ],
  },
  exemption: {
    ids: 'device',
    base: { until: null, revoked: false },
    fields: [
      {
        at: 'kind',
        type: 'choice',
        of: ['user-exempt', 'temporary-user-exempt', 'policy-not-enforced'],
        shown: true,
      },
      { at: 'until', type: 'date', shown: true },
      reason,
      revoked,
    ],
  },
  'device-state': {
    ids: 'device',
    base: {},
    fields: [{ at: 'state', type: 'choice', of: DEVICE_STATES, shown: true }, reason],
  },
  'disclosure-rules': {
    ids: 'own',
    base: { siteId: null, ...DEFAULT_DISCLOSURE_RULES },
    fields: [
      { at: 'siteId', type: 'site-or-all', shown: true },
      { at: 'personPerHour', type: 'number', times: 1, shown: true },
      { at: 'nodePerHour', type: 'number', times: 1, shown: true },
      { at: 'twoPersons', type: 'check', shown: true },
      { at: 'twoPersonsOfflineMs', type: 'number', times: DAY_MS },
      { at: 'breakGlassOfflineMs', type: 'number', times: DAY_MS },
      { at: 'breakGlassDisclosures', type: 'number', times: 1 },
      { at: 'silentMs', type: 'number', times: DAY_MS },
      { at: 'rotationDueMs', type: 'number', times: DAY_MS },
    ],
  },
  vault: {
    ids: 'elsewhere',
    base: {},
    fields: [
      { at: 'scope', type: 'choice', of: ['region', 'organisation'], shown: true },
      { at: 'regionId', type: 'region', shown: true },
      { at: 'retired', type: 'check', shown: true },
    ],
  },
} as const satisfies Partial<Record<ConfigKind, KindSpec>>;
export type AdminKind = keyof typeof ADMIN_KINDS;

export function specOf(kind: AdminKind): KindSpec {
  return ADMIN_KINDS[kind];
}

/** The body that a form says, over what was there or what a new one begins with. Its schema judges it. */
export function bodyOf(spec: KindSpec, before: Readonly<Record<string, unknown>>, form: Fields) {
  const body = structuredClone(before) as Record<string, unknown>;
  for (const field of spec.fields) setAt(body, field.at, valueOf(field, form));
  return body;
}

export function valueAt(body: Readonly<Record<string, unknown>>, at: string): unknown {
  return at
    .split('.')
    .reduce<unknown>(
      (value, part) => (isRecord(value) && Object.hasOwn(value, part) ? value[part] : undefined),
      body,
    );
}

function valueOf(field: FieldSpec, form: Fields): unknown {
  const text = (form.get(field.at) ?? '').trim();
  switch (field.type) {
    case 'check':
      return text === 'yes';
    case 'number':
      return Math.round(Number(text) * field.times);
    case 'site-or-all':
    case 'region':
      return text === '' ? null : text;
    case 'sites': {
      const sites = text.split(/[\s,]+/).filter((site) => site !== '');
      return sites.length === 0 ? null : sites;
    }
    case 'date':
      // Its schema refuses what is no day.
      return text === '' ? null : (endOfDay(text) ?? text);
    default:
      return text;
  }
}

/** The text of a field in a form. */
export function textOf(field: FieldSpec, value: unknown): string {
  if (value === null || value === undefined) return '';
  if (field.type === 'number') return String(Number(value) / field.times);
  if (field.type === 'date') return dayText(Number(value));
  if (Array.isArray(value)) return value.join(', ');
  return typeof value === 'string' ? value : '';
}

function setAt(body: Record<string, unknown>, at: string, value: unknown): void {
  const [first = '', ...rest] = at.split('.');
  if (rest.length === 0) body[first] = value;
  else if (isRecord(body[first])) setAt(body[first], rest.join('.'), value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
