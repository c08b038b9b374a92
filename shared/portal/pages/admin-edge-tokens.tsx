/** How a new edge comes: a one-time token, the one line for its box, and what boxes have asked for. */
import type { Context } from 'hono';
import { base64url } from 'jose';
import { edgeTokenHash } from '../../edges/joining.ts';
import type { AppEnv, Routes } from '../../http/context.ts';
import { Problem } from '../../http/problem.ts';
import { configureAs } from '../../http/routes/admin.ts';
import { placeOf } from '../../http/routes/session.ts';
import type { Configured } from '../../configuration.ts';
import type { HoldfastNode } from '../../node.ts';
import { slug } from '../../trust/certificate.ts';
import { thumbprint } from '../../trust/jws.ts';
import { NAV, Token, respondPage } from '../frame.tsx';
import type { Fields } from '../form.ts';
import { Field, Options } from '../pieces/fields.tsx';
import { type Column, Table } from '../pieces/table.tsx';
import { Tag } from '../pieces/tag.tsx';
import { Time } from '../pieces/time.tsx';
import { type Access, takes } from '../routing.ts';
import type { SignedIn } from '../visit.ts';

const EDGES = `${NAV.admin.path}/edges`;
const ACCESS: Access = { use: 'administration', roles: NAV.admin.roles };
const TOKEN_BYTES = 32;
/** As `holdfast edge token` makes it: a weekend and the day after. */
const TOKEN_MS = 72 * 3_600_000;

export const adminEdgeTokenPages: Routes = (app, node) => {
  takes(app, node, `${EDGES}/tokens`, ACCESS, async (visit, fields) => {
    const made = await makeToken(visit, fields);
    return tokenPage(visit, made);
  });
  takes(app, node, `${EDGES}/tokens/revocation`, ACCESS, async ({ c, staff }, fields) => {
    const known = node.configuration.get('edge-token', fields.get('id') ?? '');
    if (!known) throw new Problem('not-found');
    const body = { ...known.body, revoked: true };
    await configureAs(node, staff, 'edge-token', known.id, known.revision, body);
    return c.redirect(EDGES, 303);
  });
};

interface MadeToken {
  readonly id: string;
  readonly name: string;
  readonly token: string;
}

/** The node keeps its hash alone. */
async function makeToken({ node, staff }: SignedIn, fields: Fields): Promise<MadeToken> {
  const { configuration, options } = node;
  const name = (fields.get('name') ?? '').trim();
  const siteId = fields.get('siteId') ?? '';
  const regionId = configuration.get('site', siteId)?.body.regionId;
  if (!slug.safeParse(name).success || regionId === undefined)
    throw new Problem('invalid-request', { fields: [{ at: 'name' }, { at: 'siteId' }] });
  let number = 1;
  while (configuration.get('edge-token', `${name}-${String(number)}`)) number += 1;
  const id = `${name}-${String(number)}`;
  const token = `hfe_${base64url.encode(options.platform.random(TOKEN_BYTES))}`;
  await configureAs(node, staff, 'edge-token', id, 0, {
    ...{ name, siteId, regionId, helpdesk: fields.get('helpdesk') === 'yes', revoked: false },
    tokenHash: edgeTokenHash(options.platform, token),
    expiresAt: options.platform.now() + TOKEN_MS,
  });
  return { id, name, token };
}

/** The line is whole: whoever types it on the box needs nothing else. */
function tokenPage(visit: SignedIn, { id, name, token }: MadeToken): Promise<Response> {
  const { words, c } = visit;
  const file = `${name}.token`;
  const join = `holdfast edge join --node ${originOf(c)} --token-file ${file} --out ${name}`;
  return respondPage(visit, {
    title: words.edgeTokens.madeFor(name),
    ...{ at: 'admin', meaning: 'admin' },
    body: (
      <article class="narrow">
        <h1>{words.edgeTokens.madeFor(name)}</h1>
        <ol class="steps">
          <li>
            <p>{words.edgeTokens.onBox}</p>
            <pre class="code once" data-line>{`(umask 077; printf %s ${token} > ${file}) && ${join}`}</pre>
            <p class="faint">{words.admin.onceLead}</p>
          </li>
          <li>
            <p>{words.edgeTokens.approve}</p>
            <pre class="code once">{`holdfast edge approve ${id} --org-key org.key --fingerprint ${words.edgeTokens.fingerprintHere}`}</pre>
          </li>
          <li>
            <p>{words.edgeTokens.install}</p>
          </li>
        </ol>
        <p>
          <a class="button second" href={EDGES}>
            {words.admin.back}
          </a>
        </p>
      </article>
    ),
  });
}

/** This node's address as the administrator's browser has it, which is where the box will find it. */
function originOf(c: Context<AppEnv>): string {
  const { isSecure, host } = placeOf(c);
  return `${isSecure ? 'https' : 'http'}://${host}`;
}

/** On the page of edges: the form, and what became of each token. */
export async function NewEdge({ visit }: { visit: SignedIn }) {
  const { words, node } = visit;
  const sites = node.configuration.all('site');
  const rows = await Promise.all(node.configuration.all('edge-token').map((token) => rowOf(node, token)));
  return (
    <>
      <h2>{words.admin.newEdge}</h2>
      <p>{words.edgeTokens.lead}</p>
      <form method="post" action={`${EDGES}/tokens`} class="filters card">
        <Token visit={visit} />
        <Field label={words.admin.fields.name} id="edge-name" hint={words.admin.idHint}>
          <input
            id="edge-name"
            name="name"
            required
            maxlength={50}
            pattern="[a-z0-9]([a-z0-9\-]{0,49})"
            autocomplete="off"
            spellcheck={false}
            aria-describedby="edge-name-hint"
          />
        </Field>
        <Field label={words.admin.fields.siteId} id="edge-site">
          <select id="edge-site" name="siteId" required>
            <Options
              of={sites.map(({ id }) => id)}
              words={Object.fromEntries(sites.map(({ id, body }) => [id, body.name]))}
              chosen={undefined}
            />
          </select>
        </Field>
        <label class="tick">
          <input type="checkbox" name="helpdesk" value="yes" checked /> {words.edgeTokens.helpdesk}
        </label>
        <div class="filter-actions">
          <button>{words.admin.newToken}</button>
        </div>
      </form>
      {rows.length > 0 && (
        <Table visit={visit} caption={words.edgeTokens.tokens} columns={columnsOf(visit)} rows={rows} />
      )}
      <p class="faint">{words.admin.edgesAbout}</p>
      <pre class="code once">{`holdfast edge enrol ${words.admin.exampleEdge} --site ${words.admin.exampleSite} --region ${words.admin.exampleRegion} --org-key org.key --out edge`}</pre>
    </>
  );
}

interface Row extends Configured<'edge-token'> {
  readonly state: 'unused' | 'asked' | 'approved' | 'revoked' | 'expired';
  readonly fingerprint: string | null;
}

async function rowOf(node: HoldfastNode, token: Configured<'edge-token'>): Promise<Row> {
  const asked = node.configuration.get('edge-request', token.id)?.body;
  const { revoked, expiresAt } = token.body;
  const isOver = expiresAt <= node.options.platform.now();
  const state = asked?.certificate
    ? 'approved'
    : revoked
      ? 'revoked'
      : asked
        ? 'asked'
        : isOver
          ? 'expired'
          : 'unused';
  return { ...token, state, fingerprint: asked ? await thumbprint(asked.key) : null };
}

function columnsOf(visit: SignedIn): Column<Row>[] {
  const { words, node } = visit;
  const tones = {
    unused: 'plain',
    asked: 'warn',
    approved: 'good',
    revoked: 'bad',
    expired: 'plain',
  } as const;
  return [
    { head: words.edgeTokens.token, isName: true, cell: ({ id }) => <span class="code">{id}</span> },
    { head: words.computers.site, cell: ({ body }) => node.configuration.siteName(body.siteId) },
    {
      head: words.nodes.state,
      cell: ({ state }) => <Tag kind={tones[state]}>{words.edgeTokens.states[state]}</Tag>,
    },
    {
      head: words.edgeTokens.fingerprint,
      cell: ({ fingerprint }) => <span class="code">{fingerprint ?? ''}</span>,
    },
    { head: words.requests.until, cell: ({ body }) => <Time visit={visit} at={body.expiresAt} /> },
    {
      head: words.admin.revoke,
      cell: ({ id, state }) =>
        (state === 'unused' || state === 'asked') && (
          <form method="post" action={`${EDGES}/tokens/revocation`}>
            <Token visit={visit} />
            <input type="hidden" name="id" value={id} />
            <button class="quiet">{words.admin.revoke}</button>
          </form>
        ),
    },
  ];
}
