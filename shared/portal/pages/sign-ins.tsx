/** Sign-ins: who came in and who tried to, from where, by what, at which node, and what was done to accounts. */
import type { Routes } from '../../http/context.ts';
import { ACCOUNT_ACTIONS, SIGN_IN_FAILURES, SIGN_IN_METHODS } from '../../journal/staff-bodies.ts';
import { type SignInRow, signInQuery } from '../../reports/messages.ts';
import { signIns } from '../../reports/sign-ins.ts';
import { AUDIT_STATUSES, auditStatusWords } from '../../text/audit.ts';
import {
  accountActionWords,
  signInFailureWords,
  signInHeadings,
  signInMethodWords,
} from '../../text/sign-ins.ts';
import { NAV, respondPage } from '../frame.tsx';
import { ChoiceFilter, Filters, SiteFilter, TextFilter } from '../pieces/filters.tsx';
import { OlderRecords } from '../pieces/older.tsx';
import { type Column, Table } from '../pieces/table.tsx';
import { Tag } from '../pieces/tag.tsx';
import { Time } from '../pieces/time.tsx';
import { askedOf, csvAddress, readQuery } from '../query.ts';
import { readingOf } from '../reading.ts';
import { shows } from '../routing.ts';
import type { SignedIn } from '../visit.ts';

const PATH = NAV.signIns.path;

export const signInReportPages: Routes = (app, node) => {
  shows(app, node, PATH, { use: 'reports', roles: NAV.signIns.roles }, signInReport);
};

async function signInReport(visit: SignedIn): Promise<Response> {
  const { words, language, clock } = visit;
  const asked = askedOf(visit);
  const query = readQuery(signInQuery, { ...asked, timeZone: clock.zone });
  const { rows, nextCursor } = await signIns(readingOf(visit), query);
  const heads = signInHeadings[language];
  const choice = { visit, asked };
  return respondPage(visit, {
    title: words.signIns.title,
    at: 'signIns',
    meaning: 'data',
    body: (
      <>
        <h1>{words.signIns.title}</h1>
        <p>{words.signIns.lead}</p>
        <Filters
          visit={visit}
          path={PATH}
          asked={asked}
          csv={csvAddress(visit, '/v1/reports/sign-ins', asked)}
        >
          <TextFilter name="from" type="date" label={words.audit.from} asked={asked} />
          <TextFilter name="to" type="date" label={words.audit.to} asked={asked} />
          <TextFilter name="person" label={heads.staffName} asked={asked} hint={words.computers.starHint} />
          <TextFilter name="address" label={heads.address} asked={asked} hint={words.computers.starHint} />
          <TextFilter name="node" label={heads.nodeName} asked={asked} />
          <SiteFilter visit={visit} label={heads.site} asked={asked} />
          <ChoiceFilter
            {...choice}
            name="action"
            label={heads.action}
            of={ACCOUNT_ACTIONS}
            words={accountActionWords[language]}
          />
          <ChoiceFilter
            {...choice}
            name="status"
            label={heads.status}
            of={AUDIT_STATUSES}
            words={auditStatusWords[language]}
          />
          <ChoiceFilter
            {...choice}
            name="failure"
            label={heads.failure}
            of={SIGN_IN_FAILURES}
            words={signInFailureWords[language]}
          />
          <ChoiceFilter
            {...choice}
            name="method"
            label={heads.method}
            of={SIGN_IN_METHODS}
            words={signInMethodWords[language]}
          />
        </Filters>
        <Table visit={visit} caption={words.signIns.title} columns={columnsOf(visit)} rows={rows} />
        <OlderRecords visit={visit} path={PATH} asked={asked} nextCursor={nextCursor} />
      </>
    ),
  });
}

function columnsOf(visit: SignedIn): Column<SignInRow>[] {
  const { language, words } = visit;
  const heads = signInHeadings[language];
  return [
    { head: heads.at, isName: true, cell: ({ at }) => <Time visit={visit} at={at} /> },
    {
      head: heads.staffName,
      cell: ({ staffId, staffName }) => (
        <>
          {staffName ?? staffId ?? <span class="faint">{words.signIns.unknown}</span>}
          {staffName !== null && <div class="faint">{staffId}</div>}
        </>
      ),
    },
    { head: heads.action, isText: true, cell: ({ action }) => action.words },
    {
      head: heads.status,
      cell: ({ status, failure }) => (
        <>
          <Tag kind={status.code === 'Successful' ? 'good' : 'bad'}>{status.words}</Tag>
          {failure && <div class="faint">{failure.words}</div>}
        </>
      ),
    },
    { head: heads.method, isText: true, cell: ({ method }) => method?.words ?? '' },
    { head: heads.address, cell: ({ address }) => address ?? '' },
    { head: heads.nodeName, cell: ({ nodeName }) => nodeName },
    { head: heads.site, cell: ({ siteName }) => siteName ?? '' },
    { head: heads.byName, cell: ({ byId, byName }) => byName ?? byId ?? '' },
    {
      head: heads.offlineSince,
      cell: ({ offlineSince }) => (offlineSince === null ? '' : <Time visit={visit} at={offlineSince} />),
    },
  ];
}
