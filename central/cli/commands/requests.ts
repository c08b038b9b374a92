/** `holdfast key requests|approve|deny|collect`: disclosures that take two persons. */
import type { Command } from 'commander';
import {
  type RequestAnswer,
  disclosureAnswer,
  requestAnswer,
  requestsAnswer,
} from '../../../shared/helpdesk/messages.ts';
import type { LocalRole } from '../../local/run-file.ts';
import type { Words } from '../../words/words.ts';
import { EXIT_OK } from '../errors.ts';
import { choice, type RunCommand } from '../program.ts';
import { table } from '../table.ts';
import { disclosedText, helpdeskNode } from './key.ts';

const PATH = '/v1/recovery/requests';

interface As {
  readonly as?: LocalRole;
}

export function requestCommands(key: Command, run: RunCommand, words: Words): void {
  const { help } = words.disclosure;
  const as = () => choice('--as <role>', words.cli.help.as, ['helpdesk', 'advancedHelpdesk']);
  key
    .command('requests')
    .description(help.requests)
    .addOption(as())
    .action(({ as: role = 'helpdesk' }: As) =>
      run(async (context) => {
        const node = await helpdeskNode(context, role);
        const { requests } = await node.get(PATH, requestsAnswer);
        context.answer({ requests }, requestsText(requests, words));
        return EXIT_OK;
      }),
    );
  const answers = (name: string, what: string, description: string): Command =>
    key
      .command(name)
      .argument('<requestId>', help.requestId)
      .description(description)
      .addOption(as())
      .action((requestId: string, { as: role = 'advancedHelpdesk', note }: As & { note?: string }) =>
        run(async (context) => {
          const node = await helpdeskNode(context, role);
          const body = note === undefined ? {} : { note };
          const answer = await node.post(
            `${PATH}/${encodeURIComponent(requestId)}/${what}`,
            body,
            requestAnswer,
          );
          const state = words.disclosure.states[answer.state] ?? answer.state;
          context.answer(answer, words.disclosure.answered(requestId, state));
          return EXIT_OK;
        }),
      );
  answers('approve', 'approval', help.approve);
  answers('deny', 'denial', help.deny).option('--note <text>', words.cli.help.note);
  key
    .command('collect')
    .argument('<requestId>', help.requestId)
    .description(help.collect)
    .addOption(as())
    .action((requestId: string, { as: role = 'helpdesk' }: As) =>
      run(async (context) => {
        const node = await helpdeskNode(context, role);
        const path = `${PATH}/${encodeURIComponent(requestId)}/disclosure`;
        const answer = await node.post(path, {}, disclosureAnswer);
        context.answer(answer, disclosedText(answer, node.url, words));
        return EXIT_OK;
      }),
    );
}

/** What the one who asked is told: whom to ask, and what to do then. */
export function waitingText({ requestId, needs, expiresAt }: RequestAnswer, words: Words): string {
  const { disclosure, cli } = words;
  return [
    disclosure.waits(requestId, needs),
    '',
    disclosure.tellThem(requestId),
    disclosure.thenCollect(requestId),
    disclosure.until(cli.shortTime(expiresAt)),
  ].join('\n');
}

function requestsText(requests: readonly RequestAnswer[], words: Words): string {
  const { cli, disclosure } = words;
  if (requests.length === 0) return disclosure.nothingWaits;
  const rows = requests.map(({ requestId, state, askedBy, computerName, endUser, expiresAt }) => [
    ...[requestId, disclosure.states[state] ?? state, askedBy.name, computerName, endUser ?? ''],
    cli.shortTime(expiresAt),
  ]);
  const { columns } = disclosure;
  const head = [
    columns.request,
    cli.columns.state,
    columns.askedBy,
    cli.columns.computer,
    cli.columns.endUser,
  ];
  return table([...head, columns.until], rows, Infinity);
}
