/** `holdfast report`: the three reports, as a table, as JSON, or as the CSV that the node makes. */
import type { Command } from 'commander';
import { z } from 'zod';
import type { LocalRole } from '../../local/run-file.ts';
import type { Words } from '../../words/words.ts';
import type { Context } from '../context.ts';
import { EXIT_OK } from '../errors.ts';
import type { RunCommand } from '../program.ts';
import { table } from '../table.ts';

const REPORTS = {
  enterprise: 'enterprise-compliance',
  computers: 'computer-compliance',
  audit: 'recovery-audit',
} as const;
type Report = keyof typeof REPORTS;

/** Who reads which by the tokens of the local installation. */
const READERS: Readonly<Record<Report, LocalRole>> = {
  enterprise: 'reports',
  computers: 'reports',
  audit: 'auditor',
};

export function reportCommands(program: Command, run: RunCommand, words: Words): void {
  const { help } = words.cli;
  const report = program.command('report').description(help.report);
  for (const name of Object.keys(REPORTS) as Report[]) {
    report
      .command(name)
      .description(help.reports[name])
      .option('--csv', help.csv)
      .action(({ csv }: { csv?: true }) => run((context) => show(context, name, csv === true)));
  }
}

const answer = z.looseObject({ rows: z.array(z.record(z.string(), z.unknown())) });

async function show(context: Context, name: Report, csv: boolean): Promise<number> {
  const node = await context.node(READERS[name], (run) => run.edges[0]?.url ?? run.centre.url);
  const path = `/v1/reports/${REPORTS[name]}`;
  if (csv) {
    context.raw(await node.text(path, { Accept: 'text/csv' }));
    return EXIT_OK;
  }
  const report = await node.get(path, answer);
  const head = Object.keys(report.rows[0] ?? {});
  const rows = report.rows.map((row) => head.map((column) => cell(row[column])));
  context.answer(report, rows.length === 0 ? context.words.cli.noRows : table(head, rows, Infinity));
  return EXIT_OK;
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
