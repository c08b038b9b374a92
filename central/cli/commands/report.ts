/** `holdfast report`: the reports, as tables, as JSON, or as the CSV that the node makes. */
import type { Command } from 'commander';
import type { LocalRole } from '../../local/run-file.ts';
import type { Words } from '../../words/words.ts';
import type { Context } from '../context.ts';
import { EXIT_OK } from '../errors.ts';
import { choice, type RunCommand } from '../program.ts';
import {
  auditAnswer,
  computerAnswer,
  enterpriseAnswer,
  keysAtRiskAnswer,
  signInAnswer,
  trendAnswer,
} from '../../../shared/reports/messages.ts';
import { KEY_RISKS } from '../../../shared/text/audit.ts';
import {
  auditText,
  computersText,
  enterpriseText,
  keysText,
  signInsText,
  trendText,
  withFreshness,
} from '../report-text.ts';

const REPORTS = {
  enterprise: 'enterprise-compliance',
  trend: 'compliance-trend',
  computers: 'computer-compliance',
  audit: 'recovery-audit',
  keys: 'keys-at-risk',
  'sign-ins': 'sign-ins',
} as const;
type Report = keyof typeof REPORTS;

/** Who reads which by the tokens of the local installation. */
const READERS: Readonly<Record<Report, LocalRole>> = {
  enterprise: 'reports',
  trend: 'reports',
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
  readonly days?: string;
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
    else if (name === 'trend') command.option('--days <number>', help.trendDays);
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
    case 'trend': {
      const report = await node.get(path, trendAnswer);
      context.answer(report, withFreshness(trendText(report, words), report, words));
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
