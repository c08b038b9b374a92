/** Computer compliance as a list; with `silentDays` or `deviceState=silent`, those that nobody has heard for long. */
import { COMPLIANCE_STATES, STAFF_ROLES } from '../../domain/vocabulary.ts';
import type { Routes } from '../../http/context.ts';
import { computerCompliance } from '../../reports/computers.ts';
import { type Computer, computerQuery } from '../../reports/messages.ts';
import {
  complianceStateWords,
  deviceStateWords,
  SHOWN_DEVICE_STATES,
  standingWords,
  STANDINGS,
} from '../../text/compliance.ts';
import { respondPage } from '../frame.tsx';
import { ChoiceFilter, Filters, SiteFilter, TextFilter } from '../pieces/filters.tsx';
import { ComplianceTag } from '../pieces/state.tsx';
import { type Column, Pages, Table } from '../pieces/table.tsx';
import { Time } from '../pieces/time.tsx';
import { askedOf, csvAddress, readQuery } from '../query.ts';
import { readingOf } from '../reading.ts';
import { shows } from '../routing.ts';
import type { SignedIn } from '../visit.ts';
import { computerPage } from './computer.tsx';

export const COMPUTERS = '/computers';

export const computerPages: Routes = (app, node) => {
  const access = { use: 'reports', roles: STAFF_ROLES } as const;
  shows(app, node, COMPUTERS, access, list);
  shows(app, node, `${COMPUTERS}/:deviceId`, access, computerPage);
};

async function list(visit: SignedIn): Promise<Response> {
  const { words, language } = visit;
  const asked = askedOf(visit);
  // Whoever looks for silent ones wants the longest silent first.
  const silent = 'silentDays' in asked || asked['deviceState'] === 'silent';
  const query = readQuery(computerQuery, silent ? { sort: 'last-seen', ...asked } : asked);
  const { computers, total, page, limit } = await computerCompliance(readingOf(visit), query);
  const title = silent ? words.computers.silentTitle : words.computers.title;
  return respondPage(visit, {
    title,
    at: 'computers',
    meaning: 'data',
    body: (
      <>
        <h1>{title}</h1>
        {silent && <p class="lead">{words.computers.silentLead}</p>}
        <Filters
          visit={visit}
          path={COMPUTERS}
          asked={asked}
          keep={['sort', 'order']}
          csv={csvAddress(visit, '/v1/reports/computer-compliance', asked)}
        >
          <TextFilter
            name="computer"
            label={words.computers.computer}
            asked={asked}
            hint={words.computers.starHint}
          />
          <TextFilter name="user" label={words.computers.user} asked={asked} />
          <TextFilter
            name="domain"
            label={words.computers.domain}
            asked={asked}
            hint={words.computers.starHint}
          />
          <SiteFilter visit={visit} label={words.computers.site} asked={asked} />
          <ChoiceFilter
            visit={visit}
            name="state"
            label={words.computers.state}
            asked={asked}
            of={COMPLIANCE_STATES}
            words={complianceStateWords[language]}
          />
          <ChoiceFilter
            visit={visit}
            name="standing"
            label={words.computers.standing}
            asked={asked}
            of={STANDINGS}
            words={standingWords[language]}
          />
          <ChoiceFilter
            visit={visit}
            name="deviceState"
            label={words.computers.deviceState}
            asked={asked}
            of={SHOWN_DEVICE_STATES}
            words={deviceStateWords[language]}
          />
          <TextFilter name="silentDays" type="number" label={words.computers.silentDays} asked={asked} />
        </Filters>
        <Table
          visit={visit}
          caption={title}
          columns={columnsOf(visit, computers)}
          rows={computers}
          order={{ path: COMPUTERS, asked, sort: query.sort, order: query.order }}
        />
        <Pages visit={visit} path={COMPUTERS} asked={asked} page={page} limit={limit} total={total} />
      </>
    ),
  });
}

function columnsOf(visit: SignedIn, shown: readonly Computer[]): Column<Computer>[] {
  const { words } = visit;
  // Where all are what most are, that need not be said of each.
  const areManaged = shown.every(({ standing }) => standing.code === 'managed');
  const areLive = shown.every(({ deviceState }) => deviceState.code === 'live');
  return [
    {
      head: words.computers.computer,
      sort: 'name',
      isName: true,
      cell: ({ deviceId, computerName }) => <a href={`${COMPUTERS}/${deviceId}`}>{computerName}</a>,
    },
    { head: words.computers.state, sort: 'state', cell: ({ state }) => <ComplianceTag state={state} /> },
    {
      head: words.computers.reasons,
      isText: true,
      cell: ({ reasons }) => reasons.map(({ words: reason }) => reason).join('; '),
    },
    { head: words.computers.user, cell: ({ users }) => users.join(', ') },
    { head: words.computers.site, sort: 'site', cell: ({ siteName }) => siteName },
    { head: words.computers.drives, cell: ({ volumes }) => volumes.map(driveOf).join(', ') },
    { head: words.computers.os, sort: 'os', cell: ({ osVersion }) => osVersion },
    {
      head: words.computers.lastSeen,
      sort: 'last-seen',
      cell: ({ lastSeen }) => <Time visit={visit} at={lastSeen} ago />,
    },
    ...(areManaged
      ? []
      : [{ head: words.computers.standing, cell: ({ standing }: Computer) => standing.words }]),
    ...(areLive
      ? []
      : [{ head: words.computers.deviceState, cell: ({ deviceState }: Computer) => deviceState.words }]),
  ];
}

function driveOf({ driveLetter, type }: Computer['volumes'][number]): string {
  return driveLetter ?? type.words;
}
