/**
 * People of a local installation who sign in as everybody does: enrolled once, over the centre's own API, with a password
 * and one-time codes that stand in `people.json` (0600), for there is no phone that would make the codes.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { TOTP } from 'otpauth';
import { z } from 'zod';
import { STAFF_ROLES } from '../../shared/domain/vocabulary.ts';
import { nodePlatform } from '../platform.ts';
import { randomName } from '../../shared/platform.ts';
import type { LocalCluster } from './cluster.ts';
import { writePrivate } from './secrets.ts';

export const localPerson = z.object({
  staffId: z.string(),
  role: z.enum(STAFF_ROLES),
  password: z.string(),
  /** base32, as authenticator apps take it */
  totpSecret: z.string(),
});
export type LocalPerson = z.infer<typeof localPerson>;

/** One of each role, and the second officer that opening break-glass takes. */
const PEOPLE = [
  { staffId: 'helpdesk-1', role: 'helpdesk' },
  { staffId: 'helpdesk-2', role: 'advanced-helpdesk' },
  { staffId: 'reports-1', role: 'reports' },
  { staffId: 'auditor-1', role: 'auditor' },
  { staffId: 'administrator-1', role: 'administrator' },
  { staffId: 'officer-1', role: 'break-glass-officer' },
  { staffId: 'officer-2', role: 'break-glass-officer' },
] as const;

/** The code that goes with the password at this moment. */
export function codeOf({ totpSecret }: Pick<LocalPerson, 'totpSecret'>): string {
  return new TOTP({ secret: totpSecret }).generate();
}

/** Enrols whoever has no credentials yet. The cluster is configured and its centre ready. */
export async function enrolPeople(cluster: LocalCluster): Promise<LocalPerson[]> {
  const file = path.join(cluster.folder, 'people.json');
  const known = await readPeople(file);
  const listed = await ask(cluster, 'GET', '/v1/admin/accounts', accountsAnswer);
  const people: LocalPerson[] = [];
  for (const { staffId, role } of PEOPLE) {
    const account = listed.accounts.find((one) => one.staffId === staffId);
    const before = known.find((one) => one.staffId === staffId);
    if (account?.password === true && before) {
      people.push(before);
      continue;
    }
    // Whoever was revoked by hand stays so.
    if (account?.revoked === true) continue;
    if (!account) await hire(cluster, staffId, role);
    people.push({ staffId, role, ...(await enrol(cluster, staffId)) });
  }
  await writePrivate(file, people);
  return people;
}

const accountsAnswer = z.object({
  accounts: z.array(z.object({ staffId: z.string(), password: z.boolean(), revoked: z.boolean() })),
});

async function readPeople(file: string): Promise<LocalPerson[]> {
  try {
    return z.array(localPerson).parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return [];
  }
}

async function hire(cluster: LocalCluster, staffId: string, role: LocalPerson['role']): Promise<void> {
  const body = { name: staffId, role, sites: null, revoked: false };
  await ask(cluster, 'PUT', `/v1/admin/config/staff/${staffId}`, z.unknown(), { revision: 0, body });
}

async function enrol(
  cluster: LocalCluster,
  staffId: string,
): Promise<Pick<LocalPerson, 'password' | 'totpSecret'>> {
  const path = `/v1/admin/accounts/${staffId}/links`;
  const { link } = await ask(cluster, 'POST', path, z.object({ link: z.string() }), {});
  const offer = z.object({ totp: z.object({ secret: z.string() }) });
  const { totp } = await ask(cluster, 'POST', '/v1/enrolment/options', offer, { link });
  const password = [5, 5, 5, 5].map((length) => randomName(nodePlatform, length)).join('-');
  const code = codeOf({ totpSecret: totp.secret });
  await ask(cluster, 'POST', '/v1/enrolment', z.unknown(), { link, password, code });
  return { password, totpSecret: totp.secret };
}

async function ask<S extends z.ZodType>(
  cluster: LocalCluster,
  method: string,
  path: string,
  schema: S,
  body?: object,
): Promise<z.infer<S>> {
  const response = await fetch(`${cluster.centreUrl}${path}`, {
    method,
    headers: {
      Authorization: `Bearer ${cluster.secrets.tokens.administrator}`,
      ...(body ? { 'Content-Type': 'application/json' } : {}),
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`the centre refused ${method} ${path}: ${text.slice(0, 300)}`);
  return schema.parse(JSON.parse(text));
}
