/** Administration at the centre: everything configured, by kind; each change is the API's own, with its revision. */
import type { Routes } from '../../http/context.ts';
import { PROBLEMS, Problem } from '../../http/problem.ts';
import { configureAs } from '../../http/routes/admin.ts';
import { placeOf } from '../../http/routes/session.ts';
import type { HoldfastNode } from '../../node.ts';
import { slug } from '../../trust/certificate.ts';
import {
  ADMIN_KINDS,
  type AdminKind,
  type FieldSpec,
  bodyOf,
  specOf,
  textOf,
  valueAt,
} from '../admin-fields.ts';
import type { Fields } from '../form.ts';
import { NAV, respondPage } from '../frame.tsx';
import { type Column, Table } from '../pieces/table.tsx';
import { type Access, shows, takes } from '../routing.ts';
import type { SignedIn } from '../visit.ts';
import { ItemForm } from './admin-form.tsx';
import { EXEMPTION_REQUESTS } from './admin-exemptions.tsx';
import { AccountActions, NewSecret, SecretForms, giveSiteToken } from './admin-secrets.tsx';

const PATH = NAV.admin.path;
const ACCESS: Access = { use: 'administration', roles: NAV.admin.roles };
const MENDABLE: readonly string[] = ['invalid-request', 'revision-stale', 'release-invalid'];

export const adminPages: Routes = (app, node) => {
  shows(app, node, PATH, ACCESS, overview);
  shows(app, node, `${PATH}/:kind`, ACCESS, (visit) => listPage(visit, kindOf(visit)));
  shows(app, node, `${PATH}/:kind/:id`, ACCESS, (visit) => {
    const id = visit.c.req.param('id') ?? '';
    return itemPage(visit, kindOf(visit), id === 'new' ? '' : id, null, null);
  });
  takes(app, node, `${PATH}/:kind`, ACCESS, (visit, fields) => configure(visit, kindOf(visit), fields));
  takes(app, node, `${PATH}/site-token/new`, ACCESS, async (visit, fields) =>
    secretPage(visit, 'site-token', await giveSiteToken(visit, fields)),
  );
  takes(app, node, `${PATH}/staff/link`, ACCESS, async (visit, fields) => {
    const { token } = await node.accounts.link(fields.get('staffId') ?? '', visit.staff.staffId);
    return secretPage(visit, 'staff', linkOf(visit, token));
  });
  takes(app, node, `${PATH}/staff/reset`, ACCESS, async (visit, fields) => {
    await node.accounts.reset(fields.get('staffId') ?? '', visit.staff.staffId);
    return visit.c.redirect(`${PATH}/staff`, 303);
  });
};

/** As `holdfast staff link` prints it. */
function linkOf({ c }: SignedIn, token: string): string {
  const { isSecure, host } = placeOf(c);
  return `${isSecure ? 'https' : 'http'}://${host}/enrol#${token}`;
}

function kindOf({ c }: SignedIn): AdminKind {
  const kind = c.req.param('kind') ?? '';
  const found = (Object.keys(ADMIN_KINDS) as AdminKind[]).find((known) => known === kind);
  if (!found) throw new Problem('not-found');
  return found;
}

async function overview(visit: SignedIn): Promise<Response> {
  const { words, node, staff } = visit;
  const waiting = (await node.exemptions.list(staff, {})).filter(({ state }) => state === 'waiting').length;
  return respondPage(visit, {
    title: words.admin.title,
    ...{ at: 'admin', meaning: 'admin' },
    body: (
      <>
        <h1>{words.admin.title}</h1>
        {node.identity.certificate.role !== 'centre' && <p class="fault">{words.admin.onlyCentre}</p>}
        <ul class="kinds">
          {(Object.keys(ADMIN_KINDS) as AdminKind[]).map((kind) => (
            <li class="card">
              <h2>
                <a href={`${PATH}/${kind}`}>{words.admin.kinds[kind]}</a>{' '}
                <span class="faint">{String(node.configuration.all(kind).length)}</span>
              </h2>
              <p>{words.admin.about[kind]}</p>
            </li>
          ))}
          <li class="card">
            <h2>
              <a href={EXEMPTION_REQUESTS}>{words.exemption.requests}</a>{' '}
              <span class="faint">{String(waiting)}</span>
            </h2>
            <p>{words.exemption.requestsLead}</p>
          </li>
          <li class="card">
            <h2>
              <a href={`${PATH}/edges`}>{words.admin.edges}</a>{' '}
              <span class="faint">{String(node.edges.list().length)}</span>
            </h2>
            <p>{words.admin.edgesLead}</p>
          </li>
        </ul>
      </>
    ),
  });
}

interface Item {
  readonly id: string;
  readonly body: Readonly<Record<string, unknown>>;
}

function itemsOf(node: HoldfastNode, kind: AdminKind): Item[] {
  return node.configuration
    .all(kind)
    .map(({ id, body }) => ({ id, body: { ...body } }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

function listPage(visit: SignedIn, kind: AdminKind): Promise<Response> {
  const { words, node } = visit;
  const spec = specOf(kind);
  const title = words.admin.kinds[kind];
  const columns: Column<Item>[] = [
    {
      head: words.admin.id,
      isName: true,
      cell: ({ id }) => <a href={`${PATH}/${kind}/${id}`}>{id}</a>,
    },
    ...spec.fields
      .filter(({ shown }) => shown)
      .map((field) => ({
        head: words.admin.fields[field.at],
        cell: ({ body }: Item) => said(visit, field, valueAt(body, field.at)),
      })),
    ...(kind === 'staff'
      ? [{ head: words.admin.signIn, cell: ({ id }: Item) => <AccountActions visit={visit} staffId={id} /> }]
      : []),
  ];
  return respondPage(visit, {
    title,
    ...{ at: 'admin', meaning: 'admin' },
    body: (
      <>
        <p>
          <a href={PATH}>{words.admin.title}</a>
        </p>
        <h1>{title}</h1>
        <p>{words.admin.about[kind]}</p>
        {spec.ids === 'own' && (
          <p class="actions">
            <a class="button" href={`${PATH}/${kind}/new`}>
              {words.admin.add}
            </a>
          </p>
        )}
        {spec.ids === 'device' && <p>{words.admin.fromComputer}</p>}
        <SecretForms visit={visit} kind={kind} />
        <Table
          visit={visit}
          caption={title}
          columns={columns}
          rows={itemsOf(node, kind)}
          none={words.admin.none}
        />
      </>
    ),
  });
}

/** A value in a table, in words. */
function said({ words, node, clock }: SignedIn, field: FieldSpec, value: unknown): string {
  if (field.type === 'check') return value === true ? words.yes : words.no;
  if (field.type === 'date') return value === null ? words.admin.forGood : clock.day(Number(value));
  if (field.type === 'sites' && Array.isArray(value))
    return value.map((site) => node.configuration.siteName(String(site))).join(', ');
  if (value === null)
    return field.type === 'sites' || field.type === 'site-or-all' ? words.admin.allSites : '';
  const text = textOf(field, value);
  if (field.type === 'choice') return words.admin.choices[field.of.find((code) => code === text) ?? 'any'];
  if (field.type === 'region') return node.configuration.get('region', text)?.body.name ?? text;
  return field.type === 'site' || field.type === 'site-or-all' ? node.configuration.siteName(text) : text;
}

function itemPage(
  visit: SignedIn,
  kind: AdminKind,
  id: string,
  filled: Fields | null,
  problem: Problem | null,
): Promise<Response> {
  const { words, node, language } = visit;
  const spec = specOf(kind);
  const known = node.configuration.get(kind, id);
  if (!known && id !== '' && spec.ids !== 'device' && !filled) throw new Problem('not-found');
  if (!known && spec.ids === 'elsewhere') throw new Problem('not-found');
  const body = filled
    ? bodyOf(spec, known ? { ...known.body } : spec.base, filled)
    : known
      ? { ...known.body }
      : spec.base;
  const title = id === '' ? words.admin.newOf(words.admin.kinds[kind]) : id;
  return respondPage(visit, {
    title,
    ...{ at: 'admin', meaning: 'admin' },
    status: problem ? PROBLEMS[problem.code].status : 200,
    body: (
      <div class="narrow">
        <p>
          <a href={`${PATH}/${kind}`}>{words.admin.kinds[kind]}</a>
        </p>
        <h1>{title}</h1>
        {problem && (
          <p class="fault" role="alert">
            {PROBLEMS[problem.code][language]} {faultsOf(problem)}
          </p>
        )}
        <ItemForm
          visit={visit}
          action={`${PATH}/${kind}`}
          spec={spec}
          id={id}
          revision={known?.revision ?? 0}
          body={body}
        />
      </div>
    ),
  });
}

/** Which fields a schema did not take, by their names in the body. */
function faultsOf({ facts }: Problem): string {
  const { fields } = facts;
  if (!Array.isArray(fields)) return '';
  return fields.map((field: unknown) => (isAt(field) ? field.at : '')).join(', ');
}

function isAt(value: unknown): value is { readonly at: string } {
  return typeof value === 'object' && value !== null && 'at' in value && typeof value.at === 'string';
}

async function configure(visit: SignedIn, kind: AdminKind, fields: Fields): Promise<Response> {
  const { node, staff, c } = visit;
  const spec = specOf(kind);
  const id = (fields.get('id') ?? '').trim();
  const known = node.configuration.get(kind, id);
  try {
    if (!slug.safeParse(id).success) throw new Problem('invalid-request', { fields: [{ at: 'id' }] });
    if (!known && spec.ids === 'elsewhere') throw new Problem('not-found');
    const before = known ? { ...known.body } : spec.base;
    const revision = Number(fields.get('revision') ?? 'NaN');
    await configureAs(node, staff, kind, id, revision, bodyOf(spec, before, fields));
  } catch (error) {
    if (error instanceof Problem && MENDABLE.includes(error.code))
      return itemPage(visit, kind, id, fields, error);
    throw error;
  }
  return c.redirect(`${PATH}/${kind}`, 303);
}

/** What is shown this once. */
function secretPage(visit: SignedIn, kind: AdminKind, secret: string): Promise<Response> {
  return respondPage(visit, {
    title: visit.words.admin.once,
    ...{ at: 'admin', meaning: 'admin' },
    body: <NewSecret visit={visit} secret={secret} back={`${PATH}/${kind}`} />,
  });
}
