/** Recovery audit, with MBAM's filters and columns. */
import {
  AUDIT_ACTIONS,
  AUDIT_KEY_TYPES,
  AUDIT_SOURCES,
  CALLER_VERIFICATIONS,
  DISCLOSURE_REASONS,
} from '../../domain/vocabulary.ts';
import type { Routes } from '../../http/context.ts';
import { recoveryAudit } from '../../reports/audit.ts';
import { type AuditRow, auditQuery } from '../../reports/messages.ts';
import {
  AUDIT_STATUSES,
  auditActionWords,
  auditKeyTypeWords,
  auditSourceWords,
  auditStatusWords,
  disclosureReasonWords,
  verificationWords,
} from '../../text/audit.ts';
import { auditHeadings } from '../../text/reports.ts';
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

const PATH = NAV.audit.path;

export const auditPages: Routes = (app, node) => {
  shows(app, node, PATH, { use: 'reports', roles: NAV.audit.roles }, audit);
};

async function audit(visit: SignedIn): Promise<Response> {
  const { words, language, clock } = visit;
  const asked = askedOf(visit);
  const query = readQuery(auditQuery, { ...asked, timeZone: clock.zone });
  const { rows, nextCursor } = await recoveryAudit(readingOf(visit), query);
  const heads = auditHeadings[language];
  return respondPage(visit, {
    title: words.audit.title,
    at: 'audit',
    meaning: 'data',
    body: (
      <>
        <h1>{words.audit.title}</h1>
        <Filters
          visit={visit}
          path={PATH}
          asked={asked}
          csv={csvAddress(visit, '/v1/reports/recovery-audit', asked)}
        >
          <TextFilter name="from" type="date" label={words.audit.from} asked={asked} />
          <TextFilter name="to" type="date" label={words.audit.to} asked={asked} />
          <TextFilter
            name="helpdeskUser"
            label={heads.staffName}
            asked={asked}
            hint={words.computers.starHint}
          />
          <TextFilter name="endUser" label={heads.endUser} asked={asked} />
          <TextFilter
            name="computer"
            label={heads.computerName}
            asked={asked}
            hint={words.computers.starHint}
          />
          <SiteFilter visit={visit} label={heads.site} asked={asked} />
          <ChoiceFilter
            visit={visit}
            name="action"
            label={heads.action}
            asked={asked}
            of={AUDIT_ACTIONS}
            words={auditActionWords[language]}
          />
          <ChoiceFilter
            visit={visit}
            name="status"
            label={heads.status}
            asked={asked}
            of={AUDIT_STATUSES}
            words={auditStatusWords[language]}
          />
          <ChoiceFilter
            visit={visit}
            name="source"
            label={heads.source}
            asked={asked}
            of={AUDIT_SOURCES}
            words={auditSourceWords[language]}
          />
          <ChoiceFilter
            visit={visit}
            name="keyType"
            label={heads.keyType}
            asked={asked}
            of={AUDIT_KEY_TYPES}
            words={auditKeyTypeWords[language]}
          />
          <ChoiceFilter
            visit={visit}
            name="reason"
            label={heads.reason}
            asked={asked}
            of={DISCLOSURE_REASONS}
            words={disclosureReasonWords[language]}
          />
          <ChoiceFilter
            visit={visit}
            name="verification"
            label={heads.verification}
            asked={asked}
            of={CALLER_VERIFICATIONS}
            words={verificationWords[language]}
          />
        </Filters>
        <Table visit={visit} caption={words.audit.title} columns={columnsOf(visit)} rows={rows} />
        <OlderRecords visit={visit} path={PATH} asked={asked} nextCursor={nextCursor} />
      </>
    ),
  });
}

function columnsOf(visit: SignedIn): Column<AuditRow>[] {
  const heads = auditHeadings[visit.language];
  return [
    { head: heads.at, isName: true, cell: ({ at }) => <Time visit={visit} at={at} /> },
    { head: heads.action, cell: ({ action }) => action.words },
    {
      head: heads.status,
      cell: ({ status, failure }) => (
        <>
          <Tag kind={status.code === 'Successful' ? 'good' : 'bad'}>{status.words}</Tag>
          {failure && <div class="faint">{failure.words}</div>}
        </>
      ),
    },
    {
      head: heads.staffName,
      cell: ({ staffName, staffRole }) => (
        <>
          {staffName}
          <div class="faint">{staffRole.words}</div>
        </>
      ),
    },
    { head: heads.endUser, cell: ({ endUser }) => endUser ?? '' },
    {
      head: heads.computerName,
      cell: ({ computerName, deviceId }) =>
        deviceId === null ? (
          (computerName ?? '')
        ) : (
          <a href={`/computers/${deviceId}`}>{computerName ?? deviceId}</a>
        ),
    },
    { head: heads.keyType, cell: ({ keyType }) => keyType?.words ?? '' },
    { head: heads.keyId, cell: ({ keyId }) => <span class="code">{keyId ?? ''}</span> },
    { head: heads.reason, isText: true, cell: ({ reason }) => reason?.words ?? '' },
    { head: heads.verification, cell: ({ verification }) => verification?.words ?? '' },
    { head: heads.note, isText: true, cell: ({ note }) => note ?? '' },
    { head: heads.source, cell: ({ source }) => source.words },
    { head: heads.site, cell: ({ siteName }) => siteName ?? '' },
    { head: heads.nodeName, cell: ({ nodeName }) => nodeName },
    { head: heads.address, cell: ({ address }) => address ?? '' },
    {
      head: heads.offlineSince,
      cell: ({ offlineSince }) => (offlineSince === null ? '' : <Time visit={visit} at={offlineSince} />),
    },
  ];
}
