/** This node and those it hears of: what is current, what waits, what needs somebody. It changes while one looks. */
import { count, desc } from 'drizzle-orm';
import { STAFF_ROLES } from '../../domain/vocabulary.ts';
import type { Routes } from '../../http/context.ts';
import { readinessOf } from '../../http/routes/operations.ts';
import { STORES, type Store } from '../../journal/entry.ts';
import type { HoldfastNode } from '../../node.ts';
import { complianceMarks } from '../../schema/compliance.ts';
import { recoveryMarks } from '../../schema/recovery.ts';
import { alarmDetail, markReasonWords } from '../../text/alarms.ts';
import { wordsOf } from '../../text/language.ts';
import type { Origin } from '../../trust/certificate.ts';
import { respondPage } from '../frame.tsx';
import { streams } from '../live.ts';
import { type Column, Table } from '../pieces/table.tsx';
import { Tag } from '../pieces/tag.tsx';
import { Time } from '../pieces/time.tsx';
import { type Access, shows } from '../routing.ts';
import type { SignedIn } from '../visit.ts';
import { Disk, conditionColumns } from './node-conditions.tsx';

const PATH = '/nodes';
const ACCESS: Access = { use: 'reports', roles: STAFF_ROLES };
const ASIDE_MAX = 50;

type Readiness = ReturnType<typeof readinessOf>;

interface Aside {
  readonly store: Store;
  readonly origin: string;
  readonly seq: number;
  readonly kind: string;
  readonly reason: string;
}

export const nodePages: Routes = (app, node) => {
  shows(app, node, PATH, ACCESS, async (visit) => {
    const { words } = visit;
    return respondPage(visit, {
      title: words.nodes.title,
      ...{ at: 'nodes', meaning: 'nodes' },
      body: (
        <>
          <h1>{words.nodes.title}</h1>
          <p class="faint when-live">{words.nodes.live}</p>
          <div data-island="live" data-from={`${PATH}/events`}>
            {await livePart(visit)}
          </div>
        </>
      ),
    });
  });
  streams(app, node, `${PATH}/events`, ACCESS, async (visit) => String(await livePart(visit)));
};

async function livePart(visit: SignedIn) {
  const { words, node } = visit;
  const readiness = readinessOf(node);
  const aside = await asideOf(node);
  return (
    <>
      <This visit={visit} readiness={readiness} />
      <h2>{words.nodes.alarms}</h2>
      {readiness.alarms.length === 0 ? (
        <p class="nothing">{words.nodes.noAlarms}</p>
      ) : (
        <Table
          visit={visit}
          caption={words.nodes.alarms}
          columns={alarmColumns(visit)}
          rows={readiness.alarms}
        />
      )}
      <h2>{words.nodes.edges}</h2>
      <Table
        visit={visit}
        caption={words.nodes.edges}
        columns={nodeColumns(visit)}
        rows={readiness.freshness}
      />
      <h2>{words.nodes.conditions}</h2>
      <p class="faint">{words.nodes.conditionsLead}</p>
      <Table
        visit={visit}
        caption={words.nodes.conditions}
        columns={conditionColumns(visit)}
        rows={readiness.freshness}
      />
      {aside.total > 0 && (
        <>
          <h2>{words.nodes.aside(aside.total)}</h2>
          <Table
            visit={visit}
            caption={words.nodes.aside(aside.total)}
            columns={asideColumns(visit)}
            rows={aside.rows}
          />
        </>
      )}
    </>
  );
}

function This({ visit, readiness }: { visit: SignedIn; readiness: Readiness }) {
  const { words, node, language } = visit;
  const number = new Intl.NumberFormat(language);
  const { ready, waitingFor, canOpen, peers, role, version, wanted } = readiness;
  const entries = STORES.map((store) =>
    [...node.ledger.origins(store).values()].reduce((sum, { seq }) => sum + seq, 0),
  );
  return (
    <section class="card">
      <h2>
        {readiness.name}{' '}
        <Tag kind={ready ? 'good' : 'bad'}>{ready ? words.nodes.ready : words.nodes.notReady}</Tag>
      </h2>
      {waitingFor.length > 0 && <p class="fault">{words.nodes.waitingFor(waitingFor)}</p>}
      <dl class="pairs">
        <div>
          <dt>{words.nodes.role}</dt>
          <dd>{role === 'centre' ? words.nodes.centre : words.nodes.edge}</dd>
        </div>
        <div>
          <dt>{words.nodes.version}</dt>
          <dd>{wanted === null || wanted === version ? version : words.nodes.wanted(version, wanted)}</dd>
        </div>
        <div>
          <dt>{words.nodes.opens}</dt>
          <dd>{canOpen.join(', ') || words.nodes.opensNothing}</dd>
        </div>
        <div>
          <dt>{words.nodes.entries}</dt>
          <dd>
            {STORES.map(
              (store, index) => `${words.nodes.stores[store]} ${number.format(entries[index] ?? 0)}`,
            ).join(' · ')}
          </dd>
        </div>
        <div>
          <dt>{words.nodes.disk}</dt>
          <dd>
            <Disk visit={visit} disk={readiness.condition.disk} />
          </dd>
        </div>
        {peers.map((peer) => (
          <div>
            <dt>{words.nodes.peer(peer.name)}</dt>
            <dd>
              {words.nodes.peerStates[peer.state] ?? peer.state}, {words.nodes.lastContact}{' '}
              <Time visit={visit} at={peer.lastContact} />
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function nodeColumns(visit: SignedIn): Column<Readiness['freshness'][number]>[] {
  const { words, clock, node } = visit;
  const current = (asOf: number | null) => asOf !== null && clock.now - asOf <= 60_000;
  return [
    { head: words.nodes.node, isName: true, cell: ({ nodeName }) => nodeName },
    { head: words.computers.site, cell: ({ siteName }) => siteName ?? '' },
    {
      head: words.nodes.state,
      cell: ({ asOf, nodeId }) =>
        node.revocations.isRevoked(nodeId) ? (
          <Tag kind="plain">{words.admin.edgeStates.revoked}</Tag>
        ) : (
          <Tag kind={current(asOf) ? 'good' : 'warn'}>
            {current(asOf) ? words.nodes.current : words.nodes.stale}
          </Tag>
        ),
    },
    {
      head: words.nodes.asOf,
      cell: ({ asOf }) => (asOf === null ? words.nodes.neverHeard : <Time visit={visit} at={asOf} />),
    },
    {
      head: words.nodes.backlog,
      isNumber: true,
      cell: ({ entriesBehind }) => (entriesBehind === null ? words.nodes.notKnown : String(entriesBehind)),
    },
    {
      head: words.nodes.centreContact,
      cell: ({ lastContactWithCentre: at }) => <Since visit={visit} at={at} />,
    },
    { head: words.nodes.fetched, cell: ({ lastFetch }) => <Since visit={visit} at={lastFetch} /> },
    { head: words.nodes.delivered, cell: ({ lastDelivery }) => <Since visit={visit} at={lastDelivery} /> },
    { head: words.nodes.version, cell: ({ version }) => version ?? words.nodes.notKnown },
  ];
}

function Since({ visit, at }: { visit: SignedIn; at: number | null }) {
  return at === null ? <>{visit.words.nodes.notKnown}</> : <Time visit={visit} at={at} ago />;
}

function alarmColumns(visit: SignedIn): Column<Readiness['alarms'][number]>[] {
  const { words } = visit;
  return [
    { head: words.nodes.alarm, isName: true, cell: ({ type }) => words.nodes.alarmWords[type] ?? type },
    { head: words.nodes.subject, cell: ({ subject }) => <span class="code">{subject}</span> },
    {
      head: words.nodes.detail,
      isText: true,
      cell: ({ detail }) => <Detail visit={visit} detail={detail} />,
    },
    { head: words.nodes.since, cell: ({ since }) => <Time visit={visit} at={since} /> },
    { head: words.nodes.times, isNumber: true, cell: ({ count: times }) => String(times) },
  ];
}

/** What nobody here has other words for says in which language it is. */
function Detail({ visit, detail }: { visit: SignedIn; detail: string }) {
  const { words, language } = alarmDetail(detail, visit.language);
  return language === visit.language ? <>{words}</> : <span lang={language}>{words}</span>;
}

function asideColumns({ words, node, language }: SignedIn): Column<Aside>[] {
  const nameOf = (origin: string) =>
    node.ledger.origins('recovery').get(origin as Origin)?.certificate.name ??
    node.ledger.origins('compliance').get(origin as Origin)?.certificate.name ??
    origin;
  return [
    { head: words.nodes.node, isName: true, cell: ({ origin }) => nameOf(origin) },
    {
      head: words.nodes.entry,
      cell: ({ store, seq, kind }) => `${words.nodes.stores[store]} ${String(seq)} (${kind})`,
    },
    { head: words.compliance.reason, cell: ({ reason }) => wordsOf(markReasonWords, language, reason) },
  ];
}

/** Entries that are held and have no effect (I9). An ended edge's are not among them: an administrator looks at those. */
async function asideOf({ ledger }: HoldfastNode): Promise<{ total: number; rows: Aside[] }> {
  const rows: Aside[] = [];
  let total = 0;
  for (const [store, marks] of [
    ['recovery', recoveryMarks],
    ['compliance', complianceMarks],
  ] as const) {
    const reader = ledger.readers[store];
    const [all] = await reader.select({ is: count() }).from(marks);
    total += all?.is ?? 0;
    if ((all?.is ?? 0) === 0) continue;
    const found = await reader.select().from(marks).orderBy(desc(marks.seq)).limit(ASIDE_MAX);
    rows.push(...found.map((mark) => ({ store, ...mark })));
  }
  return { total, rows: rows.slice(0, ASIDE_MAX) };
}
