/** Enterprise compliance: how many computers are in which state, by site, by reason, by Windows version, over time. */
import { STAFF_ROLES } from '../../domain/vocabulary.ts';
import type { Routes } from '../../http/context.ts';
import { enterpriseCompliance } from '../../reports/enterprise.ts';
import { type EnterpriseAnswer, type StateGroup, enterpriseQuery } from '../../reports/messages.ts';
import { type TrendDay, complianceTrend } from '../../reports/trend.ts';
import { respondPage } from '../frame.tsx';
import { Patterns, StateBar, Swatch, TrendChart } from '../pieces/charts.tsx';
import { Filters, SiteFilter, TextFilter } from '../pieces/filters.tsx';
import { type Column, Table } from '../pieces/table.tsx';
import { addressOfQuery, askedOf, csvAddress, readQuery } from '../query.ts';
import { readingOf } from '../reading.ts';
import { shows } from '../routing.ts';
import type { SignedIn } from '../visit.ts';
import { COMPUTERS } from './computers.tsx';

const PATH = '/reports/compliance';
const TREND_DAYS = 365;

export const compliancePages: Routes = (app, node) => {
  shows(app, node, PATH, { use: 'reports', roles: STAFF_ROLES }, compliance);
};

async function compliance(visit: SignedIn): Promise<Response> {
  const { words, language } = visit;
  const asked = askedOf(visit);
  const query = readQuery(enterpriseQuery, asked);
  const reading = readingOf(visit);
  const answer = await enterpriseCompliance(reading, query);
  const days = await complianceTrend(reading, query, TREND_DAYS);
  const number = new Intl.NumberFormat(language);
  const { revoked, retired, replaced } = answer.notManaged;
  return respondPage(visit, {
    title: words.compliance.title,
    at: 'reports',
    meaning: 'data',
    body: (
      <>
        <Patterns />
        <h1>{words.compliance.title}</h1>
        <Filters
          visit={visit}
          path={PATH}
          asked={asked}
          csv={csvAddress(visit, '/v1/reports/enterprise-compliance', asked)}
        >
          <SiteFilter visit={visit} label={words.computers.site} asked={asked} />
          <TextFilter
            name="domain"
            label={words.computers.domain}
            asked={asked}
            hint={words.computers.starHint}
          />
        </Filters>
        <section class="card">
          <h2>{words.compliance.managed(number.format(answer.managed))}</h2>
          <StateBar counts={countsOf(answer)} />
          <States visit={visit} group={answer} asked={asked} />
          <p class="faint">
            {words.compliance.notManaged(
              ...([revoked, retired, replaced].map((count) => number.format(count)) as [
                string,
                string,
                string,
              ]),
            )}
          </p>
          <p>
            <a href={addressOfQuery(COMPUTERS, { ...asked, deviceState: 'silent', standing: 'managed' })}>
              {answer.silent === 0
                ? words.compliance.noneSilent
                : words.compliance.silent(number.format(answer.silent))}
            </a>
          </p>
        </section>
        <Trend
          visit={visit}
          days={days}
          csv={csvAddress(visit, '/v1/reports/compliance-trend', query.site ? { site: query.site } : {})}
        />
        <h2>{words.compliance.bySite}</h2>
        <Groups
          visit={visit}
          caption={words.compliance.bySite}
          head={words.computers.site}
          rows={sitesOf(answer)}
        />
        <h2>{words.compliance.byReason}</h2>
        <ReasonsTable visit={visit} answer={answer} />
        <h2>{words.compliance.byOs}</h2>
        <Groups
          visit={visit}
          caption={words.compliance.byOs}
          head={words.computers.os}
          rows={answer.byOsVersion.map(({ osVersion, ...group }) => ({
            ...{ name: osVersion ?? words.compliance.otherVersions, address: null },
            group,
          }))}
        />
      </>
    ),
  });
}

function countsOf({ states }: StateGroup) {
  return states.map(({ state, computers }) => ({ state: state.code, computers }));
}

/** The states with their numbers; each leads to its computers. */
function States({
  visit: { language },
  group,
  asked,
}: {
  visit: SignedIn;
  group: StateGroup;
  asked: Readonly<Record<string, string>>;
}) {
  const number = new Intl.NumberFormat(language);
  return (
    <ul class="states">
      {group.states.map(({ state, computers, percent }) => (
        <li>
          <Swatch state={state.code} />
          <a href={addressOfQuery(COMPUTERS, { ...asked, state: state.code, standing: 'managed' })}>
            {state.words}
          </a>
          <strong>{number.format(computers)}</strong>
          <span class="faint">{percent === null ? '–' : `${number.format(percent)} %`}</span>
        </li>
      ))}
    </ul>
  );
}

function Trend({ visit, days, csv }: { visit: SignedIn; days: readonly TrendDay[]; csv: string }) {
  const { words, language, clock } = visit;
  const number = new Intl.NumberFormat(language);
  const share = ({ computers }: TrendDay) => {
    const all = [...computers.values()].reduce((sum, one) => sum + one, 0);
    return all === 0
      ? '–'
      : `${number.format(Math.round(((computers.get('compliant') ?? 0) * 1000) / all) / 10)} %`;
  };
  const first = days[0];
  const last = days.at(-1);
  return (
    <section>
      <h2>{words.compliance.trend}</h2>
      {first && last && days.length > 1 ? (
        <figure class="card">
          <TrendChart visit={visit} days={days} label={words.compliance.trendLabel} />
          <figcaption>
            <p>
              {words.compliance.trendWords(
                share(first),
                clock.day(first.at),
                share(last),
                clock.day(last.at),
              )}
            </p>
            <a class="button second" href={csv} download>
              {words.table.csv}
            </a>
          </figcaption>
        </figure>
      ) : (
        <p class="nothing">{words.compliance.trendNone}</p>
      )}
    </section>
  );
}

interface GroupRow {
  readonly name: string;
  readonly address: string | null;
  readonly group: StateGroup;
}

function sitesOf({ bySite }: EnterpriseAnswer): GroupRow[] {
  return bySite.map(({ siteId, siteName, ...group }) => ({
    name: siteName,
    address: addressOfQuery(COMPUTERS, { site: siteId }),
    group,
  }));
}

function Groups({
  visit,
  caption,
  head,
  rows,
}: {
  visit: SignedIn;
  caption: string;
  head: string;
  rows: readonly GroupRow[];
}) {
  const { words, language } = visit;
  const number = new Intl.NumberFormat(language);
  const states = rows[0]?.group.states.map(({ state }) => state) ?? [];
  const columns: Column<GroupRow>[] = [
    {
      head,
      ...{ isName: true, isText: true },
      cell: ({ name, address }) => (address === null ? name : <a href={address}>{name}</a>),
    },
    { head: words.compliance.computers, isNumber: true, cell: ({ group }) => number.format(group.managed) },
    { head: words.compliance.shares, cell: ({ group }) => <StateBar counts={countsOf(group)} /> },
    ...states.map((state, index) => ({
      head: state.words,
      isNumber: true,
      cell: ({ group }: GroupRow) => number.format(group.states[index]?.computers ?? 0),
    })),
    {
      head: words.compliance.compliantShare,
      isNumber: true,
      cell: ({ group }) => {
        const percent = group.states[0]?.percent ?? null;
        return percent === null ? '–' : `${number.format(percent)} %`;
      },
    },
  ];
  return <Table visit={visit} caption={caption} columns={columns} rows={rows} />;
}

function ReasonsTable({ visit, answer }: { visit: SignedIn; answer: EnterpriseAnswer }) {
  const { words, language } = visit;
  const number = new Intl.NumberFormat(language);
  const columns: Column<EnterpriseAnswer['byReason'][number]>[] = [
    { head: words.compliance.reason, isName: true, cell: ({ reason }) => reason.words },
    { head: words.compliance.computers, isNumber: true, cell: ({ computers }) => number.format(computers) },
    {
      head: words.compliance.ofNonCompliant,
      isNumber: true,
      cell: ({ percentOfNonCompliant: share }) => (share === null ? '–' : `${number.format(share)} %`),
    },
    { head: words.compliance.remedy, cell: ({ reason }) => words.computer.remedies[reason.code] ?? '' },
  ];
  return <Table visit={visit} caption={words.compliance.byReason} columns={columns} rows={answer.byReason} />;
}
