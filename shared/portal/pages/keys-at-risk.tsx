/** Keys that need somebody: given out and not rotated, in conflict, never confirmed, never seen again. */
import type { Routes } from '../../http/context.ts';
import { keysAtRisk } from '../../reports/keys-at-risk.ts';
import { type KeyAtRisk, keysAtRiskQuery } from '../../reports/messages.ts';
import { KEY_RISKS, keyRiskWords } from '../../text/audit.ts';
import { NAV, respondPage } from '../frame.tsx';
import { ChoiceFilter, Filters, SiteFilter } from '../pieces/filters.tsx';
import { type Column, Table } from '../pieces/table.tsx';
import { Tag } from '../pieces/tag.tsx';
import { Time } from '../pieces/time.tsx';
import { addressOfQuery, askedOf, csvAddress, readQuery } from '../query.ts';
import { readingOf } from '../reading.ts';
import { shows } from '../routing.ts';
import type { SignedIn } from '../visit.ts';

const PATH = NAV.risk.path;

export const riskPages: Routes = (app, node) => {
  shows(app, node, PATH, { use: 'reports', roles: NAV.risk.roles }, risks);
};

async function risks(visit: SignedIn): Promise<Response> {
  const { words, language } = visit;
  const asked = askedOf(visit);
  const { rows, nextCursor } = await keysAtRisk(readingOf(visit), readQuery(keysAtRiskQuery, asked));
  return respondPage(visit, {
    title: words.nav.risk,
    ...{ at: 'risk', meaning: 'data' },
    body: (
      <>
        <h1>{words.nav.risk}</h1>
        <p class="lead">{words.risk.lead}</p>
        <Filters
          visit={visit}
          path={PATH}
          asked={asked}
          csv={csvAddress(visit, '/v1/reports/keys-at-risk', asked)}
        >
          <ChoiceFilter
            visit={visit}
            name="risk"
            label={words.risk.risk}
            asked={asked}
            of={KEY_RISKS}
            words={keyRiskWords[language]}
          />
          <SiteFilter visit={visit} label={words.computers.site} asked={asked} />
          <ChoiceFilter
            visit={visit}
            name="overdue"
            label={words.risk.overdue}
            asked={asked}
            of={['true']}
            words={{ true: words.yes }}
          />
        </Filters>
        <Table visit={visit} caption={words.nav.risk} columns={columnsOf(visit)} rows={rows} />
        <nav class="pages" aria-label={words.table.pages}>
          {asked['cursor'] !== undefined && (
            <a href={addressOfQuery(PATH, { ...asked, cursor: undefined })}>{words.risk.first}</a>
          )}
          {nextCursor !== null && (
            <a href={addressOfQuery(PATH, { ...asked, cursor: nextCursor })}>{words.table.next}</a>
          )}
        </nav>
      </>
    ),
  });
}

function columnsOf(visit: SignedIn): Column<KeyAtRisk>[] {
  const { words } = visit;
  return [
    {
      head: words.computers.computer,
      isName: true,
      cell: ({ deviceId, computerName }) => <a href={`/computers/${deviceId}`}>{computerName}</a>,
    },
    {
      head: words.risk.risk,
      cell: (key) => (
        <>
          {key.risks.map((risk) => (
            <div>{risk.words}</div>
          ))}
          {key.overdue && <Tag kind="bad">{words.risk.overdue}</Tag>}
        </>
      ),
    },
    { head: words.computer.drive, cell: ({ volumeType }) => volumeType.words },
    { head: words.computer.keyId, cell: ({ keyId }) => <span class="code">{keyId}</span> },
    { head: words.computers.site, cell: ({ siteName }) => siteName },
    {
      head: words.computer.onDrive,
      cell: ({ onDrive }) => ({ true: words.yes, false: words.no, null: words.unknown })[`${onDrive}`],
    },
    { head: words.computer.escrowedAt, cell: ({ escrowedAt }) => <Time visit={visit} at={escrowedAt} /> },
    {
      head: words.computer.disclosedAt,
      cell: ({ disclosedAt }) => (disclosedAt === null ? '' : <Time visit={visit} at={disclosedAt} />),
    },
  ];
}
