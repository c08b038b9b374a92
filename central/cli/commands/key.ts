/** `holdfast key`: find a key by the digits that somebody reads out, and give it out. */
import type { Command } from 'commander';
import { z } from 'zod';
import { parseGuid, parseKeyIdPrefix } from '../../../shared/domain/recovery-key.ts';
import { CALLER_VERIFICATIONS, DISCLOSURE_REASONS } from '../../../shared/domain/vocabulary.ts';
import {
  type Candidate,
  type DisclosureAnswer,
  disclosureAnswer,
  requestAnswer,
  searchAnswer,
} from '../../../shared/helpdesk/messages.ts';
import type { LocalRole, RunFile } from '../../local/run-file.ts';
import type { Words } from '../../words/words.ts';
import type { NodeApi } from '../api.ts';
import type { Context } from '../context.ts';
import { CliError, EXIT_OK, EXIT_REFUSED, usage } from '../errors.ts';
import { choice, type RunCommand } from '../program.ts';
import { record, table } from '../table.ts';
import { requestCommands, waitingText } from './requests.ts';

interface DiscloseOptions {
  readonly reason: string;
  readonly verification: string;
  readonly endUser?: string;
  readonly note?: string;
  readonly commitment?: string;
  readonly device?: string;
  readonly as?: LocalRole;
}

export function keyCommands(program: Command, run: RunCommand, words: Words): void {
  const { help } = words.cli;
  const key = program.command('key').description(help.key);
  key
    .command('find')
    .argument('<digits>', help.digits)
    .description(help.keyFind)
    .addOption(choice('--as <role>', help.as, ['helpdesk', 'advancedHelpdesk']))
    .action((digits: string, options: { as?: LocalRole }) =>
      run((context) => find(context, digits, options.as)),
    );
  const asksFor = (name: string, description: string, secondPerson: boolean): void => {
    key
      .command(name)
      .argument('<keyId>', help.keyId)
      .description(description)
      .addOption(choice('-r, --reason <reason>', help.reason, DISCLOSURE_REASONS).makeOptionMandatory())
      .addOption(
        choice('-v, --verification <how>', help.verification, CALLER_VERIFICATIONS).makeOptionMandatory(),
      )
      .option('-u, --end-user <user>', help.endUser)
      .option('--note <text>', help.note)
      .option('--commitment <hash>', help.commitment)
      .option('--device <id>', help.device)
      .addOption(choice('--as <role>', help.as, ['helpdesk', 'advancedHelpdesk']))
      .action((keyId: string, options: DiscloseOptions) =>
        run((context) => disclose(context, keyId, options, secondPerson)),
      );
  };
  asksFor('disclose', help.keyDisclose, false);
  asksFor('request', words.disclosure.help.request, true);
  requestCommands(key, run, words);
}

async function find(context: Context, digits: string, role: LocalRole = 'helpdesk'): Promise<number> {
  const node = await helpdeskNode(context, role);
  const found = await search(node, digits, context.words);
  context.answer(found, candidatesText(found.candidates, found.askForMoreDigits, context.words));
  return found.candidates.length > 0 ? EXIT_OK : EXIT_REFUSED;
}

async function disclose(
  context: Context,
  keyId: string,
  options: DiscloseOptions,
  secondPerson: boolean,
): Promise<number> {
  const { words } = context;
  const node = await helpdeskNode(context, options.as ?? 'helpdesk');
  const { reason, verification, endUser, note } = options;
  const which = await oneKey(node, keyId, options, words);
  const answer = await node.post(
    '/v1/recovery/disclosures',
    { ...which, reason, verification, endUser, note, ...(secondPerson ? { secondPerson } : {}) },
    z.union([disclosureAnswer, requestAnswer]),
  );
  if ('requestId' in answer) {
    context.answer(answer, waitingText(answer, words));
    return EXIT_REFUSED;
  }
  context.answer(answer, disclosedText(answer, node.url, words));
  return EXIT_OK;
}

export function disclosedText(answer: DisclosureAnswer, url: string, words: Words): string {
  const { disclosure, computerName, domain, driveLetter, volumeType, recoveryPassword, keyPackage } = answer;
  return [
    words.cli.passwordOf(computer(computerName, domain), drive(driveLetter, volumeType, words)),
    '',
    `    ${recoveryPassword}`,
    '',
    record([
      [words.cli.labels.keyId, answer.keyId],
      ...(keyPackage === null ? [] : [[words.cli.labels.keyPackage, keyPackage] as const]),
      [
        words.cli.labels.recorded,
        `${words.cli.time(disclosure.at)}, ${disclosure.origin} #${String(disclosure.seq)}`,
      ],
      [words.cli.labels.givenOutAt, url],
    ]),
    '',
    words.cli.rotationOrdered,
  ].join('\n');
}

/** A whole ID is sent as it is; fewer digits are searched for first, and must lead to one key. */
async function oneKey(
  node: NodeApi,
  keyId: string,
  { commitment, device }: DiscloseOptions,
  words: Words,
): Promise<{ keyId: string; commitment?: string; deviceId?: string }> {
  const more = {
    ...(commitment === undefined ? {} : { commitment }),
    ...(device === undefined ? {} : { deviceId: device }),
  };
  const whole = parseGuid(keyId);
  if (whole) return { keyId: whole, ...more };
  const { candidates, askForMoreDigits } = await search(node, keyId, words);
  const fitting = candidates.filter(
    (each) =>
      (commitment === undefined || each.commitment === commitment) &&
      (device === undefined || each.deviceId === device),
  );
  const [one] = fitting;
  if (!one) throw new CliError(EXIT_REFUSED, words.cli.noKey, null, { title: words.cli.noKey });
  if (fitting.length > 1 || askForMoreDigits)
    throw new CliError(
      EXIT_REFUSED,
      words.cli.severalKeys,
      candidatesText(fitting, askForMoreDigits, words),
      {
        title: words.cli.severalKeys,
        candidates: fitting,
      },
    );
  return { keyId: one.keyId, commitment: one.commitment, deviceId: one.deviceId };
}

function search(node: NodeApi, digits: string, words: Words) {
  if (!parseKeyIdPrefix(digits)) throw usage(words.cli.tooFewDigits);
  return node.post('/v1/recovery/search', { keyId: digits }, searchAnswer);
}

/** The first helpdesk edge that answers: a branch keeps working, whichever box is down. */
export async function helpdeskNode(context: Context, role: LocalRole): Promise<NodeApi> {
  const run = await context.run();
  const answering = run && context.options.node === undefined ? await firstAnswering(run) : null;
  return context.node(role, (local) => answering ?? local.centre.url);
}

const ANSWER_MS_MAX = 2_000;

async function firstAnswering(run: RunFile): Promise<string | null> {
  const helpdeskEdges = run.edges.filter(({ helpdesk }) => helpdesk);
  for (const { url } of helpdeskEdges) {
    const answer = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(ANSWER_MS_MAX) }).catch(
      () => null,
    );
    await answer?.body?.cancel();
    if (answer?.ok === true) return url;
  }
  return helpdeskEdges[0]?.url ?? null;
}

function candidatesText(candidates: readonly Candidate[], askForMore: boolean, words: Words): string {
  const { columns, labels } = words.cli;
  const [only] = candidates;
  if (!only) return words.cli.noKey;
  if (candidates.length === 1) {
    return record([
      [labels.keyId, only.keyId],
      [labels.computer, computer(only.computerName, only.domain)],
      [labels.users, only.users.join(', ')],
      [labels.drive, drive(only.driveLetter, only.volumeType, words)],
      [labels.site, only.siteName],
      [labels.escrowed, words.cli.time(only.escrowedAt)],
      [labels.state, stateText(only, words)],
      [labels.opens, only.opensHere ? words.cli.here : only.opensAt.join(', ') || words.cli.nowhere],
    ]);
  }
  const rows = candidates.map((each) => [
    each.keyId,
    each.computerName,
    each.driveLetter ?? '',
    each.siteName,
    words.cli.keyStates[each.state],
  ]);
  const shown = table(
    [columns.keyId, columns.computer, columns.drive, columns.site, columns.state],
    rows,
    words.cli.width,
  );
  return askForMore ? `${shown}\n${words.cli.askForMoreDigits}` : shown;
}

function stateText(found: Candidate, words: Words): string {
  return [
    words.cli.keyStates[found.state],
    ...(found.state !== 'disclosed' && found.disclosed ? [words.cli.keyStates.disclosed] : []),
    ...(found.claim === 'pending' ? [words.cli.pendingClaim] : []),
    ...(found.deviceRevoked ? [words.cli.revokedDevice] : []),
    ...(found.fromFork ? [words.cli.fromFork] : []),
    ...(found.importedFrom === null ? [] : [words.import.importedFrom(found.importedFrom, found.confirmed)]),
  ].join(', ');
}

function computer(name: string, domain: string): string {
  return domain === '' ? name : `${name} (${domain})`;
}

function drive(letter: string | null, type: number, words: Words): string {
  const kind = words.cli.volumeTypes[type] ?? String(type);
  return letter === null ? kind : `${letter} (${kind})`;
}
