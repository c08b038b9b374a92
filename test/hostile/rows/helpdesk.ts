/** Searches and disclosures that must not be answered. Refusals of people who are known leave their audit record. */
import { randomBytes, randomUUID } from 'node:crypto';
import { disclosureOf, heldKey, searchFor } from '../endpoints.ts';
import { send } from '../http.ts';
import { newPassword } from '../pc.ts';
import { AUDITED, type Case, type Pair, type Row, withHeaders } from '../row.ts';

const FOUND = { accepted: 200, wrote: { 'recovery:audit': 1 } } as const;
const DISCLOSED = { accepted: 201, wrote: { 'recovery:audit': 1 } } as const;

function search(name: string, keyId: unknown, twin: (good: string) => string = (good) => good): Row {
  return {
    ...{ name: `search: ${name}`, refused: [400, 'invalid-request'], ...FOUND },
    make: async (of) => {
      const held = await heldKey(of);
      return {
        hostile: () => searchFor(of, keyId as string),
        twin: () => searchFor(of, twin(held)),
      };
    },
  };
}

/** One bad member of an otherwise right request, and a good one in its place. */
function disclosure(
  name: string,
  bad: object,
  good: object = {},
  refused: Row['refused'] = [400, 'invalid-request'],
  rest: Partial<Row> = {},
): Row {
  return {
    ...{ name: `disclosure: ${name}`, refused, ...DISCLOSED, ...rest },
    make: async (of) => {
      const held = await heldKey(of);
      return { hostile: () => disclosureOf(of, held, bad), twin: () => disclosureOf(of, held, good) };
    },
  };
}

/** Who asks is wrong: at both endpoints. */
function staff(
  name: string,
  refused: Row['refused'],
  authorization: (of: Case) => string | null,
  keeps?: Row['keeps'],
): Row[] {
  const row = (
    what: string,
    found: Pick<Row, 'accepted' | 'wrote'>,
    make: (of: Case, held: string) => Pair,
  ): Row => ({
    ...{ name: `staff at the ${what}: ${name}`, refused, ...found, ...(keeps ? { keeps } : {}) },
    make: async (of) => make(of, await heldKey(of)),
  });
  const spoilt = (of: Case) => ({ Authorization: authorization(of) });
  return [
    row('search', FOUND, (of, held) => ({
      hostile: () => withHeaders(searchFor(of, held), spoilt(of)),
      twin: () => searchFor(of, held),
    })),
    row('disclosure', DISCLOSED, (of, held) => ({
      hostile: () => withHeaders(disclosureOf(of, held), spoilt(of)),
      twin: () => disclosureOf(of, held),
    })),
  ];
}

/** Two passwords under one key ID: both are kept, and the ID alone names neither. */
async function conflictedKey(of: Case): Promise<{ keyId: string; commitments: string[] }> {
  const keyId = await heldKey(of, { recoveryPassword: newPassword() });
  await heldKey(of, { recoveryPassword: newPassword() }, keyId);
  const answer = await send(of.base, searchFor(of, keyId));
  const { candidates } = JSON.parse(answer.body.toString()) as { candidates: { commitment: string }[] };
  return { keyId, commitments: candidates.map(({ commitment }) => commitment) };
}

export const helpdeskRows: readonly Row[] = [
  search('7 digits', '3fd763f', (good) => good.slice(0, 8)),
  search('33 digits', '0'.repeat(33)),
  search('no digits', '', (good) => good.toUpperCase()),
  search('a wildcard', '%%%%%%%%', (good) => `{${good.slice(0, 20)}`),
  search('an injection', "3fd763f9' OR '1'='1", (good) => good.replaceAll('-', ' ')),
  search('a number', 12345678),
  search('a pattern', { $regex: '.*' }),
  search('full-width digits', '\uff13\uff14\uff15\uff16\uff17\uff18\uff19\uff10'),

  ...staff('no token', [401, 'credentials-missing'], () => null),
  ...staff(
    'a token that nobody has',
    [401, 'token-invalid'],
    () => `Bearer hfs_${randomBytes(32).toString('base64url')}`,
  ),
  ...staff(
    'a token of somebody who was dismissed',
    [401, 'token-invalid'],
    ({ stage }) => `Bearer ${stage.tokens.revokedStaff}`,
    AUDITED,
  ),
  ...staff('a site token', [401, 'token-invalid'], ({ stage, place }) => `Bearer ${stage.siteToken(place)}`),
  ...staff('a device token', [401, 'credentials-missing'], ({ pc }) => `DPoP ${pc.token}`),
  ...staff(
    'a password',
    [401, 'credentials-missing'],
    () => `Basic ${Buffer.from('admin:admin').toString('base64')}`,
  ),
  ...staff('a token with a list behind it', [401, 'credentials-missing'], ({ stage }) => {
    return `Bearer ${stage.cluster.secrets.tokens.helpdesk}, Bearer ${stage.cluster.secrets.tokens.helpdesk}`;
  }),
  ...staff(
    'a report user',
    [403, 'forbidden'],
    ({ stage }) => `Bearer ${stage.cluster.secrets.tokens.reports}`,
    AUDITED,
  ),
  ...staff(
    'an auditor',
    [403, 'forbidden'],
    ({ stage }) => `Bearer ${stage.cluster.secrets.tokens.auditor}`,
    AUDITED,
  ),
  ...staff(
    'an administrator',
    [403, 'forbidden'],
    ({ stage }) => `Bearer ${stage.cluster.secrets.tokens.administrator}`,
    AUDITED,
  ),

  disclosure('a reason of its own', { reason: 'because' }, { reason: 'other' }),
  disclosure('no reason', { reason: undefined }),
  disclosure('a caller who was not verified', { verification: 'none' }, { verification: 'call-back' }),
  disclosure('a key ID of 8 digits', { keyId: '3fd763f9' }),
  disclosure('a commitment that is none', { commitment: 'abc' }),
  disclosure('a note of 501 characters', { note: 'n'.repeat(501) }, { note: 'n'.repeat(500) }),
  disclosure('a NUL in the note', { note: 'lost\0pin-of-somebody' }, { note: 'lost\tpin\n' }),
  disclosure(
    'half a character in the note',
    { note: 'lost pin of somebody \udc00' },
    { note: 'lost pin \u{1f4bb}' },
  ),
  disclosure(
    'a NUL in the end user',
    { endUser: 'CORP\\maria\0extra' },
    { endUser: 'maria@corp.example.org' },
  ),
  disclosure('an empty end user', { endUser: '' }, { endUser: 'MARIA' }),
  disclosure('no end user', { endUser: undefined }, {}, [422, 'end-user-required'], { keeps: AUDITED }),
  disclosure(
    'an end user who is not known there',
    { endUser: 'CORP\\mallory-unknown' },
    {},
    [403, 'end-user-unknown'],
    {
      keeps: AUDITED,
    },
  ),
  {
    ...{ name: 'disclosure: a key that nobody holds', refused: [404, 'key-unknown'], ...DISCLOSED },
    keeps: AUDITED,
    make: async (of) => {
      const held = await heldKey(of);
      return { hostile: () => disclosureOf(of, randomUUID()), twin: () => disclosureOf(of, held) };
    },
  },
  {
    ...{ name: 'disclosure: the commitment of another key', refused: [404, 'key-unknown'], ...DISCLOSED },
    keeps: AUDITED,
    make: async (of) => {
      const { keyId, commitments } = await conflictedKey(of);
      const other = await heldKey(of);
      const commitment = commitments[0] ?? '';
      return {
        hostile: () => disclosureOf(of, other, { commitment }),
        twin: () => disclosureOf(of, keyId, { commitment }),
      };
    },
  },
  {
    ...{ name: 'disclosure: an ID that two keys have', refused: [409, 'key-ambiguous'], ...DISCLOSED },
    keeps: AUDITED,
    make: async (of) => {
      const { keyId, commitments } = await conflictedKey(of);
      return {
        hostile: () => disclosureOf(of, keyId),
        twin: () => disclosureOf(of, keyId, { commitment: commitments[1] ?? '' }),
      };
    },
  },
  {
    ...{ name: 'disclosure: by staff of another site', refused: [403, 'site-not-assigned'], ...DISCLOSED },
    keeps: AUDITED,
    make: async (of) => {
      const held = await heldKey(of);
      const { advancedHelpdesk } = of.stage.cluster.secrets.tokens;
      return {
        hostile: () => disclosureOf(of, held, {}, of.stage.tokens.lugoStaff),
        twin: () => disclosureOf(of, held, { endUser: undefined }, advancedHelpdesk),
      };
    },
  },
  {
    ...{ name: 'disclosure: where no vault key is', refused: [409, 'vault-not-here'], ...DISCLOSED },
    ...{ at: ['escrow-only edge'], keeps: AUDITED, twinAt: 'centre' },
    make: async (of) => {
      const held = await heldKey(of);
      const { until } = await import('../stage.ts');
      const { centreUrl } = of.stage.cluster;
      await until('the centre holds the key', async () =>
        (await send(centreUrl, searchFor(of, held))).body.includes(held),
      );
      return { hostile: () => disclosureOf(of, held), twin: () => disclosureOf(of, held) };
    },
  },
];
