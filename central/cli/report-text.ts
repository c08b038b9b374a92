/** Reports as tables for a terminal. */
import type {
  AuditAnswer,
  ComputerAnswer,
  EnterpriseAnswer,
  KeysAtRiskAnswer,
  ReportHead,
  SignInAnswer,
  TrendAnswer,
} from '../../shared/reports/messages.ts';
import type { Words } from '../words/words.ts';
import { table } from './table.ts';

export function enterpriseText(report: EnterpriseAnswer, words: Words): string {
  const { columns } = words.cli;
  const { number } = words;
  const percent = (value: number | null): string => (value === null ? '–' : number(value));
  const states = table(
    [columns.state, columns.computers, '%'],
    report.states.map(({ state, computers, percent: share }) => [
      state.words,
      number(computers),
      percent(share),
    ]),
    words.cli.width,
  );
  const sites = table(
    [
      columns.site,
      columns.computers,
      ...report.states.slice(0, 2).map(({ state }) => state.words.toUpperCase()),
    ],
    report.bySite.map(({ siteName, managed, states: ofSite }) => [
      siteName,
      number(managed),
      ...ofSite.slice(0, 2).map(({ computers }) => number(computers)),
    ]),
    words.cli.width,
  );
  const reasons = report.byReason
    .filter(({ computers }) => computers > 0)
    .map(({ reason, computers }) => [String(reason.code), reason.words, number(computers)]);
  return [
    states,
    ...(report.bySite.length > 0 ? ['', sites] : []),
    ...(reasons.length > 0
      ? ['', table([columns.code, columns.reason, columns.computers], reasons, words.cli.width)]
      : []),
  ].join('\n');
}

/** A row for each day, as it was known then. */
export function trendText({ days }: TrendAnswer, words: Words): string {
  const { columns } = words.cli;
  const [first] = days;
  if (!first) return words.cli.noRows;
  const rows = days.map(({ day, managed, states }) => [
    day,
    ...[managed, ...states.map(({ computers }) => computers)].map((value) => words.number(value)),
  ]);
  const head = [
    columns.day,
    columns.computers,
    ...first.states.map(({ state }) => state.words.toUpperCase()),
  ];
  return table(head, rows, process.stdout.isTTY ? process.stdout.columns : Infinity);
}

export function computersText(report: ComputerAnswer, words: Words): string {
  const { columns } = words.cli;
  if (report.computers.length === 0) return words.cli.noRows;
  const rows = report.computers.map(({ computerName, siteName, state, lastSeen, volumes, reasons }) => [
    computerName,
    siteName,
    state.words,
    words.cli.shortTime(lastSeen),
    String(volumes.length),
    reasons.map(({ code }) => String(code)).join(','),
  ]);
  const head = [columns.computer, columns.site, columns.state, columns.seen, columns.drives, columns.reasons];
  const left = report.total - (report.page - 1) * report.limit - rows.length;
  const shown = table(head, rows, words.cli.width);
  return left > 0 ? `${shown}\n${words.cli.more(left)}` : shown;
}

export function keysText({ rows: found, nextCursor }: KeysAtRiskAnswer, words: Words): string {
  const { columns } = words.cli;
  if (found.length === 0 && nextCursor === null) return words.cli.noRows;
  const rows = found.map(({ keyId, risks, overdue, computerName, siteName }) => [
    ...[keyId, computerName, siteName, risks.map(({ words: why }) => why).join(', ')],
    overdue ? words.disclosure.overdueYes : '',
  ]);
  const head = [columns.keyId, columns.computer, columns.site, columns.reason];
  const shown = table([...head, words.disclosure.columns.overdue], rows, Infinity);
  return nextCursor === null ? shown : `${shown}\n${words.cli.older}`;
}

export function auditText(report: AuditAnswer, words: Words): string {
  const { columns } = words.cli;
  if (report.rows.length === 0) return words.cli.noRows;
  const rows = report.rows.map(({ at, action, status, staffName, endUser, computerName, keyId }) => [
    words.cli.shortTime(at),
    `${action.words}, ${status.words}`,
    keyId?.slice(0, 8) ?? '',
    computerName ?? '',
    staffName,
    endUser ?? '',
  ]);
  const head = [columns.at, columns.what, columns.key, columns.computer, columns.staff, columns.endUser];
  const shown = table(head, rows, process.stdout.isTTY ? process.stdout.columns : Infinity);
  return report.nextCursor === null ? shown : `${shown}\n${words.cli.older}`;
}

export function signInsText({ rows: found, nextCursor }: SignInAnswer, words: Words): string {
  const { columns } = words.cli;
  if (found.length === 0) return words.cli.noRows;
  const rows = found.map(({ at, action, status, failure, method, staffId, nodeName, address }) => [
    words.cli.shortTime(at),
    [action.words, failure?.words ?? status.words].join(', '),
    ...[method?.words ?? '', staffId ?? '', nodeName, address ?? ''],
  ]);
  const { by, address } = words.staffing.columns;
  const head = [columns.at, columns.what, by, columns.staff, columns.node, address];
  const shown = table(head, rows, process.stdout.isTTY ? process.stdout.columns : Infinity);
  return nextCursor === null ? shown : `${shown}\n${words.cli.older}`;
}

/** Every report says how current it is, node by node (I10). */
export function withFreshness(
  text: string,
  { node, freshness, offlineSince }: ReportHead,
  words: Words,
): string {
  const { cli } = words;
  const others = freshness
    .filter(({ nodeId }) => nodeId !== node.nodeId)
    .map(({ nodeName, asOf, entriesBehind }) =>
      cli.freshnessOf(nodeName, asOf === null ? null : cli.shortTime(asOf), entriesBehind),
    );
  return [
    text,
    '',
    cli.reportedBy(node.name, offlineSince === null ? null : cli.shortTime(offlineSince)),
    ...others,
  ].join('\n');
}
