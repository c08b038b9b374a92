/** Edges at the centre: which there are, how a new one comes, and what is done when a box is gone. */
import type { Routes } from '../../http/context.ts';
import { Problem } from '../../http/problem.ts';
import type { KnownEdge } from '../../edges/service.ts';
import { isStorable } from '../../journal/entry.ts';
import { limits } from '../../limits.ts';
import type { HoldfastNode } from '../../node.ts';
import type { Fields } from '../form.ts';
import { NAV, Token, respondPage } from '../frame.tsx';
import { Field } from '../pieces/fields.tsx';
import { type Column, Table } from '../pieces/table.tsx';
import { Tag } from '../pieces/tag.tsx';
import { type Access, shows, takes } from '../routing.ts';
import type { SignedIn } from '../visit.ts';
import { NewEdge } from './admin-edge-tokens.tsx';

const PATH = `${NAV.admin.path}/edges`;
const ACCESS: Access = { use: 'administration', roles: NAV.admin.roles };

export const adminEdgePages: Routes = (app, node) => {
  shows(app, node, PATH, ACCESS, listPage);
  shows(app, node, `${PATH}/:nodeId`, ACCESS, edgePage);
  takes(app, node, `${PATH}/revocation`, ACCESS, async ({ c, staff }, fields) => {
    const reason = (fields.get('reason') ?? '').trim();
    if (reason === '' || reason.length > limits.noteCharactersMax || !isStorable(reason))
      throw new Problem('invalid-request', { fields: [{ at: 'reason' }] });
    const stolen = fields.get('stolen') === 'yes';
    await node.edges.revoke(nodeIdOf(fields), { reason, stolen, until: null }, staff.staffId);
    return c.redirect(`${PATH}/${nodeIdOf(fields)}`, 303);
  });
  takes(app, node, `${PATH}/exposure`, ACCESS, async ({ c }, fields) => {
    await node.edges.expose(nodeIdOf(fields));
    return c.redirect(`${PATH}/${nodeIdOf(fields)}`, 303);
  });
  takes(app, node, `${PATH}/staff-reset`, ACCESS, async ({ c, staff }, fields) => {
    await node.edges.resetStaff(nodeIdOf(fields), staff.staffId);
    return c.redirect(`${PATH}/${nodeIdOf(fields)}`, 303);
  });
};

function nodeIdOf(fields: Fields): string {
  const nodeId = fields.get('nodeId') ?? '';
  if (!/^[a-z2-7]{10}$/.test(nodeId)) throw new Problem('not-found');
  return nodeId;
}

function listPage(visit: SignedIn): Promise<Response> {
  const { words, node } = visit;
  const columns: Column<KnownEdge>[] = [
    {
      head: words.nodes.node,
      isName: true,
      cell: ({ nodeId, name }) => <a href={`${PATH}/${nodeId}`}>{name}</a>,
    },
    {
      head: words.computers.site,
      cell: ({ siteId }) => (siteId === null ? '' : node.configuration.siteName(siteId)),
    },
    {
      head: words.admin.fields.regionId,
      cell: ({ regionId }) => node.configuration.get('region', regionId ?? '')?.body.name ?? regionId ?? '',
    },
    { head: words.nodes.state, cell: (edge) => <State visit={visit} edge={edge} /> },
  ];
  return respondPage(visit, {
    title: words.admin.edges,
    ...{ at: 'admin', meaning: 'admin' },
    body: (
      <>
        <p>
          <a href={NAV.admin.path}>{words.admin.title}</a>
        </p>
        <h1>{words.admin.edges}</h1>
        <Table visit={visit} caption={words.admin.edges} columns={columns} rows={node.edges.list()} />
        <NewEdge visit={visit} />
      </>
    ),
  });
}

function State({ visit: { words }, edge }: { visit: SignedIn; edge: KnownEdge }) {
  if (!edge.revoked) return <Tag kind="good">{words.admin.edgeStates.living}</Tag>;
  return (
    <Tag kind="bad">
      {edge.revoked.stolen ? words.admin.edgeStates.stolen : words.admin.edgeStates.revoked}
    </Tag>
  );
}

async function edgePage(visit: SignedIn): Promise<Response> {
  const { words, node, c } = visit;
  const edge = node.edges.list().find(({ nodeId }) => nodeId === c.req.param('nodeId'));
  if (!edge) throw new Problem('not-found');
  const progress = edge.revoked?.stolen === true ? await node.edges.progress(edge.nodeId) : null;
  return respondPage(visit, {
    title: edge.name,
    ...{ at: 'admin', meaning: 'admin' },
    body: (
      <div class="narrow">
        <p>
          <a href={PATH}>{words.admin.edges}</a>
        </p>
        <h1>
          {edge.name} <State visit={visit} edge={edge} />
        </h1>
        <p class="code faint">{edge.nodeId}</p>
        {edge.revoked ? <p>{edge.revoked.reason}</p> : <Revoke visit={visit} edge={edge} />}
        {edge.revoked && (
          <p>
            <a href={`${PATH}/${edge.nodeId}/aside`}>{words.aside.title}</a>{' '}
            <span class="faint">{words.aside.waiting(await waitingAside(node, edge.nodeId))}</span>
          </p>
        )}
        {progress && (
          <section class="card">
            <h2>{words.admin.exposure}</h2>
            <p>{words.admin.exposureLead}</p>
            <p>{words.admin.exposed(progress.ordered, progress.rotated)}</p>
            <div class="actions">
              <Act visit={visit} edge={edge} to="exposure" words={words.admin.expose} />
              <Act visit={visit} edge={edge} to="staff-reset" words={words.admin.resetStaff} />
            </div>
          </section>
        )}
      </div>
    ),
  });
}

async function waitingAside({ edges }: HoldfastNode, nodeId: string): Promise<number> {
  return (await edges.keptAside(nodeId)).filter(({ state }) => state === 'waiting').length;
}

function Revoke({ visit, edge }: { visit: SignedIn; edge: KnownEdge }) {
  const { words } = visit;
  return (
    <form method="post" action={`${PATH}/revocation`} class="card stack">
      <Token visit={visit} />
      <input type="hidden" name="nodeId" value={edge.nodeId} />
      <p>{words.admin.revokeLead}</p>
      <Field label={words.admin.fields.reason} id="reason">
        <input id="reason" name="reason" required maxlength={limits.noteCharactersMax} autocomplete="off" />
      </Field>
      <label class="tick">
        <input type="checkbox" name="stolen" value="yes" /> {words.admin.stolen}
      </label>
      <div>
        <button class="bad">{words.admin.revoke}</button>
      </div>
    </form>
  );
}

function Act({ visit, edge, to, words }: { visit: SignedIn; edge: KnownEdge; to: string; words: string }) {
  return (
    <form method="post" action={`${PATH}/${to}`}>
      <Token visit={visit} />
      <input type="hidden" name="nodeId" value={edge.nodeId} />
      <button class="second">{words}</button>
    </form>
  );
}
