/** Escrows that were kept aside with a revoked edge's log: somebody looks at each, and takes it back in or leaves it. */
import type { KeptAside } from '../../edges/service.ts';
import type { Routes } from '../../http/context.ts';
import { Problem } from '../../http/problem.ts';
import { origin } from '../../trust/certificate.ts';
import type { Fields } from '../form.ts';
import { NAV, Token, respondPage } from '../frame.tsx';
import { type Column, Pages, Table } from '../pieces/table.tsx';
import { Tag } from '../pieces/tag.tsx';
import { Time } from '../pieces/time.tsx';
import { type Access, shows, takes } from '../routing.ts';
import type { SignedIn } from '../visit.ts';

const EDGES = `${NAV.admin.path}/edges`;
const ACCESS: Access = { use: 'administration', roles: NAV.admin.roles };
const PAGE_ROWS = 50;
/** What a chosen escrow is called in the form: its place in a log. */
const CHOSEN = /^([a-z2-7]{10}\.[a-z2-7]{13}) (\d{1,15}) ([A-Za-z0-9_-]{43})$/;

export const adminAsidePages: Routes = (app, node) => {
  shows(app, node, `${EDGES}/:nodeId/aside`, ACCESS, asidePage);
  takes(app, node, `${EDGES}/:nodeId/aside`, ACCESS, async ({ c, staff }, fields) => {
    const nodeId = c.req.param('nodeId') ?? '';
    const decide = fields.get('decision') === 'release' ? 'release' : 'refuse';
    for (const place of chosenIn(fields, nodeId)) await node.edges[decide](place, staff.staffId);
    return c.redirect(`${EDGES}/${nodeId}/aside?page=${String(pageOf(fields.get('page')))}`, 303);
  });
};

/** Throws the Problem `not-kept-aside` for what is of no page of this edge. */
function chosenIn(fields: Fields, nodeId: string) {
  return [...fields]
    .filter(([name]) => name.startsWith('of-'))
    .map(([, value]) => {
      const [, of = '', seq = '', hash = ''] = CHOSEN.exec(value) ?? [];
      const log = origin.safeParse(of);
      if (!log.success || !of.startsWith(`${nodeId}.`)) throw new Problem('not-kept-aside');
      return { origin: log.data, seq: Number(seq), hash };
    });
}

function pageOf(text: string | undefined): number {
  return /^[1-9]\d{0,3}$/.test(text ?? '') ? Number(text) : 1;
}

async function asidePage(visit: SignedIn): Promise<Response> {
  const { words, node, c } = visit;
  const edge = node.edges.list().find(({ nodeId }) => nodeId === c.req.param('nodeId'));
  if (!edge?.revoked) throw new Problem('not-found');
  const path = `${EDGES}/${edge.nodeId}/aside`;
  const all = await node.edges.keptAside(edge.nodeId);
  const page = pageOf(c.req.query('page'));
  const rows = all.slice((page - 1) * PAGE_ROWS, page * PAGE_ROWS);
  return respondPage(visit, {
    title: words.aside.title,
    ...{ at: 'admin', meaning: 'admin' },
    body: (
      <>
        <p>
          <a href={`${EDGES}/${edge.nodeId}`}>{edge.name}</a>
        </p>
        <h1>{words.aside.title}</h1>
        <p class="lead">{words.aside.lead(edge.name)}</p>
        {rows.length === 0 ? (
          <p class="nothing">{words.table.none}</p>
        ) : (
          <form method="post" action={path}>
            <Token visit={visit} />
            <input type="hidden" name="page" value={String(page)} />
            <Table visit={visit} caption={words.aside.title} columns={columnsOf(visit)} rows={rows} />
            <div class="actions">
              <button name="decision" value="release">
                {words.aside.release}
              </button>
              <button class="bad" name="decision" value="refuse">
                {words.aside.refuse}
              </button>
            </div>
          </form>
        )}
        <Pages visit={visit} path={path} asked={{}} page={page} limit={PAGE_ROWS} total={all.length} />
      </>
    ),
  });
}

const TONES = { waiting: 'warn', released: 'good', refused: 'plain' } as const;

function columnsOf(visit: SignedIn): Column<KeptAside>[] {
  const { words } = visit;
  return [
    {
      head: words.aside.choose,
      cell: ({ origin: of, seq, hash, computerName, keyId, state }) =>
        state !== 'released' && (
          <input
            type="checkbox"
            name={`of-${hash}`}
            value={`${of} ${String(seq)} ${hash}`}
            aria-label={`${words.aside.choose}: ${computerName}, ${keyId}`}
          />
        ),
    },
    {
      head: words.computers.computer,
      isName: true,
      cell: ({ deviceId, computerName }) => <a href={`/computers/${deviceId}`}>{computerName}</a>,
    },
    { head: words.computers.domain, cell: ({ domain }) => domain },
    { head: words.computer.keyId, cell: ({ keyId }) => <span class="code">{keyId}</span> },
    { head: words.computer.escrowedAt, cell: ({ at }) => <Time visit={visit} at={at} /> },
    {
      head: words.nodes.state,
      cell: ({ state }) => <Tag kind={TONES[state]}>{words.aside.states[state]}</Tag>,
    },
  ];
}
