/** `holdfast report`: the reports, as tables, as JSON, or as the CSV that the node makes. */
import type { Command } from 'commander';
import type { LocalRole } from '../../local/run-file.ts';
import type { Words } from '../../words/words.ts';
import type { Context } from '../context.ts';
import { EXIT_OK } from '../errors.ts';
import { choice, type RunCommand } from '../program.ts';
import {
  type AuditAnswer,
  auditAnswer,
  type ComputerAnswer,
  computerAnswer,
  type EnterpriseAnswer,
  enterpriseAnswer,
  type KeysAtRiskAnswer,
  keysAtRiskAnswer,
  type ReportHead,
  type SignInAnswer,
  signInAnswer,
} from '../../../shared/reports/messages.ts';
import { KEY_RISKS } from '../../../shared/text/audit.ts';
import { table } from '../table.ts';

const REPORTS = {
  enterprise: 'enterprise-compliance',
  computers: 'computer-compliance',
  audit: 'recovery-audit',
  keys: 'keys-at-risk',
  'sign-ins': 'sign-ins',
} as const;
type Report = keyof typeof REPORTS;

/** Who reads which by the tokens of the local installation. */
const READERS: Readonly<Record<Report, LocalRole>> = {
  enterprise: 'reports',
  computers: 'reports',
  audit: 'auditor',
  keys: 'reports',
  'sign-ins': 'auditor',
};

interface ReportOptions {
  readonly csv?: true;
  readonly site?: string;
  readonly computer?: string;
  readonly from?: string;
  readonly to?: string;
  readonly limit?: string;
  readonly risk?: string;
  readonly overdue?: true;
  readonly person?: string;
}

export function reportCommands(program: Command, run: RunCommand, words: Words): void {
  const { help } = words.cli;
  const about: Readonly<Record<Report, string>> = {
    ...help.reports,
    keys: words.disclosure.help.keysAtRisk,
    'sign-ins': words.staffing.help.signIns,
  };
  const report = program.command('report').description(help.report);
  for (const name of Object.keys(REPORTS) as Report[]) {
    const command = report
      .command(name)
      .description(about[name])
      .option('--csv', help.csv)
      .option('--site <id>', help.site);
    if (name === 'keys')
      command
        .addOption(choice('--risk <reason>', words.disclosure.help.risk, KEY_RISKS))
        .option('--overdue', words.disclosure.help.overdue)
        .option('--limit <number>', help.limit);
    else if (name === 'sign-ins')
      command.option('--person <name>', words.staffing.help.person).option('--limit <number>', help.limit);
    else if (name !== 'enterprise')
      command.option('--computer <name>', help.computer).option('--limit <number>', help.limit);
    if (name === 'audit' || name === 'sign-ins')
      command.option('--from <day>', help.from).option('--to <day>', help.to);
    command.action((options: ReportOptions) => run((context) => show(context, name, options)));
  }
}

async function show(
  context: Context,
  name: Report,
  { csv, overdue, ...filters }: ReportOptions,
): Promise<number> {
  const { words } = context;
  const node = await context.node(READERS[name], (run) => run.edges[0]?.url ?? run.centre.url);
  const query = new URLSearchParams({
    lang: words.language,
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    ...filters,
    ...(overdue === true ? { overdue: 'true' } : {}),
  });
  const path = `/v1/reports/${REPORTS[name]}?${query.toString()}`;
  if (csv === true) {
    context.raw(await node.text(path, { Accept: 'text/csv' }));
    return EXIT_OK;
  }
  switch (name) {
    case 'enterprise': {
      const report = await node.get(path, enterpriseAnswer);
      context.answer(report, withFreshness(enterpriseText(report, words), report, words));
      break;
    }
    case 'computers': {
      const report = await node.get(path, computerAnswer);
      context.answer(report, withFreshness(computersText(report, words), report, words));
      break;
    }
    case 'keys': {
      const report = await node.get(path, keysAtRiskAnswer);
      context.answer(report, withFreshness(keysText(report, words), report, words));
      break;
    }
    case 'sign-ins': {
      const report = await node.get(path, signInAnswer);
      context.answer(report, withFreshness(signInsText(report, words), report, words));
      break;
    }
    case 'audit': {
      const report = await node.get(path, auditAnswer);
      context.answer(report, withFreshness(auditText(report, words), report, words));
      break;
    }
  }
  return EXIT_OK;
}

function enterpriseText(report: EnterpriseAnswer, words: Words): string {
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

function computersText(report: ComputerAnswer, words: Words): string {
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

function keysText({ rows: found, nextCursor }: KeysAtRiskAnswer, words: Words): string {
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

function auditText(report: AuditAnswer, words: Words): string {
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

function signInsText({ rows: found, nextCursor }: SignInAnswer, words: Words): string {
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
function withFreshness(text: string, { node, freshness, offlineSince }: ReportHead, words: Words): string {
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
