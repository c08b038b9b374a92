/** `holdfast break-glass`: two officers open one site at its edge. */
import type { Command } from 'commander';
import { type BreakGlassAnswer, breakGlassAnswer } from '../../../shared/helpdesk/messages.ts';
import type { Words } from '../../words/words.ts';
import type { NodeApi } from '../api.ts';
import type { Context } from '../context.ts';
import { EXIT_OK } from '../errors.ts';
import type { RunCommand } from '../program.ts';
import { table } from '../table.ts';
import { helpdeskNode } from './key.ts';

const PATH = '/v1/break-glass';

export function breakGlassCommands(program: Command, run: RunCommand, words: Words): void {
  const { help } = words.disclosure;
  const breakGlass = program.command('break-glass').description(help.breakGlass);
  const does = (work: (node: NodeApi) => Promise<BreakGlassAnswer>) => () =>
    run(async (context: Context) => {
      const answer = await work(await helpdeskNode(context, 'helpdesk'));
      context.answer(answer, textOf(answer, words));
      return EXIT_OK;
    });
  breakGlass
    .command('show')
    .description(help.breakGlassShow)
    .action(does((node) => node.get(PATH, breakGlassAnswer)));
  breakGlass
    .command('ask')
    .description(help.breakGlassAsk)
    .requiredOption('--site <id>', words.cli.help.site)
    .requiredOption('--reason <text>', help.why)
    .action(({ site, reason }: { site: string; reason: string }) =>
      does((node) => node.post(PATH, { siteId: site, reason }, breakGlassAnswer))(),
    );
  const by = (name: string, what: string, description: string): void => {
    breakGlass
      .command(name)
      .argument('<openingId>', help.openingId)
      .description(description)
      .action((openingId: string) =>
        does((node) => node.post(`${PATH}/${encodeURIComponent(openingId)}/${what}`, {}, breakGlassAnswer))(),
      );
  };
  by('open', 'confirmation', help.breakGlassOpen);
  by('end', 'end', help.breakGlassEnd);
}

function textOf({ open, asked }: BreakGlassAnswer, words: Words): string {
  const { disclosure, cli } = words;
  const lines = open
    ? [
        disclosure.open(
          open.siteId,
          open.openingId,
          Math.ceil(open.remainingMs / 60_000),
          open.disclosuresMax - open.disclosures,
        ),
      ]
    : [disclosure.notOpen];
  if (asked.length === 0) return lines.join('\n');
  const rows = asked.map(({ openingId, siteId, askedBy, expiresAt }) => [
    ...[openingId, siteId, askedBy.name, cli.shortTime(expiresAt)],
  ]);
  const { opening, askedBy, until } = disclosure.columns;
  const [first] = asked;
  return [
    ...lines,
    '',
    table([opening, cli.columns.site, askedBy, until], rows, cli.width),
    ...(open || !first ? [] : [disclosure.secondOfficer(first.openingId)]),
  ].join('\n');
}
