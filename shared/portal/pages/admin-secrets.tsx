/** What administration gives out once: enrolment links for people, tokens for a site's PCs. */
import { base64url } from 'jose';
import { Problem } from '../../http/problem.ts';
import { configureAs } from '../../http/routes/admin.ts';
import type { AdminKind } from '../admin-fields.ts';
import { dayText, endOfDay } from '../day.ts';
import type { Fields } from '../form.ts';
import { NAV, Token } from '../frame.tsx';
import { Field, Options } from '../pieces/fields.tsx';
import type { SignedIn } from '../visit.ts';

const DAY_MS = 86_400_000;
const SITE_TOKEN_DAYS = 365;
const TOKEN_BYTES = 32;

export function AccountActions({ visit, staffId }: { visit: SignedIn; staffId: string }) {
  const { words, node } = visit;
  const kinds = (['password', 'totp', 'passkey'] as const).filter(
    (type) => node.credentials.of(staffId, type).length > 0,
  );
  return (
    <div class="actions tight">
      <span>
        {kinds.map((type) => words.admin.credentials[type]).join(', ') || words.admin.noCredentials}
      </span>
      {(['link', 'reset'] as const).map((what) => (
        <form method="post" action={`${NAV.admin.path}/staff/${what}`}>
          <Token visit={visit} />
          <input type="hidden" name="staffId" value={staffId} />
          <button class="quiet">{words.admin.account[what]}</button>
        </form>
      ))}
    </div>
  );
}

/** The form that makes a new one of a kind whose secret is shown once. */
export function SecretForms({ visit, kind }: { visit: SignedIn; kind: AdminKind }) {
  const { words, node, clock } = visit;
  if (kind !== 'site-token') return null;
  const sites = node.configuration.all('site');
  const until = dayText(clock.now + SITE_TOKEN_DAYS * DAY_MS);
  return (
    <form method="post" action={`${NAV.admin.path}/site-token/new`} class="filters card">
      <Token visit={visit} />
      <Field label={words.admin.fields.siteId} id="siteId">
        <select id="siteId" name="siteId" required>
          <Options
            of={sites.map(({ id }) => id)}
            words={Object.fromEntries(sites.map(({ id, body }) => [id, body.name]))}
            chosen={undefined}
          />
        </select>
      </Field>
      <Field label={words.admin.fields.expiresAt} id="expiresAt">
        <input id="expiresAt" name="expiresAt" type="date" required value={until} />
      </Field>
      <div class="filter-actions">
        <button>{words.admin.newToken}</button>
      </div>
    </form>
  );
}

/** Makes a token for a site's PCs; the node keeps its hash alone. */
export async function giveSiteToken(visit: SignedIn, fields: Fields): Promise<string> {
  const { node, staff } = visit;
  const { platform } = node.options;
  const siteId = fields.get('siteId') ?? '';
  const expiresAt = endOfDay(fields.get('expiresAt') ?? '');
  if (!node.configuration.get('site', siteId) || expiresAt === null)
    throw new Problem('invalid-request', { fields: [{ at: 'siteId' }, { at: 'expiresAt' }] });
  let number = 1;
  while (node.configuration.get('site-token', `${siteId}-${String(number)}`)) number += 1;
  const token = `hft_${base64url.encode(platform.random(TOKEN_BYTES))}`;
  const tokenHash = platform.sha256('holdfast site token v1\n', token);
  const body = { siteId, tokenHash, expiresAt, revoked: false };
  await configureAs(node, staff, 'site-token', `${siteId}-${String(number)}`, 0, body);
  return token;
}

export function NewSecret({ visit, secret, back }: { visit: SignedIn; secret: string; back: string }) {
  const { words } = visit;
  return (
    <article class="card narrow">
      <h1>{words.admin.once}</h1>
      <p>{words.admin.onceLead}</p>
      <p class="code once">{secret}</p>
      <p>
        <a class="button second" href={back}>
          {words.admin.back}
        </a>
      </p>
    </article>
  );
}
