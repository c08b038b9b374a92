/** The example of a report as a table: made from its example as JSON, by what makes the real one. */
import { auditCsv } from '../../reports/audit-csv.ts';
import { computersCsv } from '../../reports/computers-csv.ts';
import type { CsvStyle } from '../../reports/csv.ts';
import { enterpriseCsv } from '../../reports/enterprise-csv.ts';
import { keysAtRiskCsv } from '../../reports/keys-at-risk-csv.ts';
import * as messages from '../../reports/messages.ts';
import { signInsCsv } from '../../reports/sign-ins-csv.ts';
import { TimeZone } from '../../reports/time.ts';
import { trendCsv } from '../../reports/trend-csv.ts';

const STYLE: CsvStyle = { language: 'en', zone: new TimeZone(null) };

const TABLES: Readonly<Record<string, (json: unknown) => AsyncGenerator<string>>> = {
  'recovery-audit': (json) => auditCsv(one(messages.auditAnswer.parse(json).rows), STYLE),
  'sign-ins': (json) => signInsCsv(one(messages.signInAnswer.parse(json).rows), STYLE),
  'computer-compliance': (json) => computersCsv(one(messages.computerAnswer.parse(json).computers), STYLE),
  'keys-at-risk': (json) => keysAtRiskCsv(one(messages.keysAtRiskAnswer.parse(json).rows), STYLE),
  'compliance-trend': (json) => trendCsv(messages.trendAnswer.parse(json), STYLE),
  'enterprise-compliance': (json) => enterpriseCsv(messages.enterpriseAnswer.parse(json), STYLE),
};

/** '' for a report without a table. */
export async function csvExample(path: string, json: unknown): Promise<string> {
  let text = '';
  for await (const line of TABLES[path.replace(/^.*\//, '')]?.(json) ?? []) text += line;
  return text;
}

async function* one<Row>(rows: readonly Row[]): AsyncGenerator<readonly Row[]> {
  yield rows;
}
