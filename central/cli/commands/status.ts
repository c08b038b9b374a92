/** `holdfast status` and `holdfast compare`: how every node is, and whether they agree. */
import type { Command } from 'commander';
import { z } from 'zod';
import type { Words } from '../../words/words.ts';
import { disagreements, logDigests, type NodeLogs } from '../agreement.ts';
import { LONG_ANSWER_MS_MAX, type NodeApi } from '../api.ts';
import type { Context } from '../context.ts';
import { CliError, EXIT_OK, EXIT_REFUSED, EXIT_UNREACHABLE } from '../errors.ts';
import type { RunCommand } from '../program.ts';
import { readNode, type NodeNow, statusText } from '../node-status.ts';
import { table as textTable } from '../table.ts';
import { Screen } from '../screen.ts';

const WATCH_EVERY_MS = 1_000;
/** A branch line that was down for a day has caught up by then; a node that is gone never will. */
const CONVERGE_MS_MAX = 120_000;

interface StatusOptions {
  readonly watch?: true;
  readonly untilConverged?: true;
}

export function statusCommand(program: Command, run: RunCommand, words: Words): void {
  program
    .command('status')
    .description(words.cli.help.status)
    .option('-w, --watch', words.cli.help.watch)
    .option('--until-converged', words.cli.help.untilConverged)
    .action((options: StatusOptions) => run((context) => status(context, options)));
}

async function status(context: Context, { watch, untilConverged }: StatusOptions): Promise<number> {
  const targets = await targetsOf(context);
  if (watch !== true && untilConverged !== true) {
    const nodes = await readAll(targets);
    context.answer({ nodes }, statusText(nodes, context.words, Date.now()));
    return exitCodeOf(nodes);
  }
  const screen = new Screen(context, process.stdout.isTTY);
  const stop = new AbortController();
  process.once('SIGINT', () => {
    stop.abort();
  });
  const begin = Date.now();
  let nodes: NodeNow[] = [];
  while (!stop.signal.aborted) {
    nodes = await readAll(targets);
    const left = untilConverged === true ? await whatIsLeft(context, nodes) : [];
    const converged = untilConverged === true && left.length === 0;
    const footer = converged
      ? context.words.cli.converged
      : left.length > 0
        ? context.words.cli.notYet(left.length, left[0] ?? '')
        : '';
    const table = statusText(nodes, context.words, Date.now());
    // Into a pipe goes what is left to be done, and the table at the end.
    const brief = untilConverged === true && !converged && !screen.inPlace;
    screen.show(
      { nodes, ...(untilConverged === true ? { converged } : {}) },
      brief ? [footer] : [table, ...(footer === '' ? [] : ['', footer])],
    );
    if (converged) return EXIT_OK;
    if (untilConverged === true && Date.now() - begin > CONVERGE_MS_MAX)
      throw new CliError(
        EXIT_REFUSED,
        context.words.cli.didNotConverge(CONVERGE_MS_MAX / 1000),
        left[0] ?? null,
      );
    await new Promise((resolve) => setTimeout(resolve, WATCH_EVERY_MS));
  }
  return EXIT_OK;
}

export interface Target {
  readonly name: string;
  readonly api: NodeApi;
}

async function targetsOf(context: Context): Promise<Target[]> {
  if (context.options.node !== undefined) {
    const api = await context.node(null, (run) => run.centre.url);
    return [{ name: api.url, api }];
  }
  const run = await context.requireRun();
  return [run.centre, ...run.edges].map(({ name, url }) => ({ name, api: context.api(url, null, run) }));
}

function readAll(targets: readonly Target[]): Promise<NodeNow[]> {
  return Promise.all(targets.map(({ name, api }) => readNode(name, api)));
}

function exitCodeOf(nodes: readonly NodeNow[]): number {
  if (nodes.some(({ answers }) => !answers)) return EXIT_UNREACHABLE;
  return nodes.every(({ readiness }) => readiness?.ready === true) ? EXIT_OK : EXIT_REFUSED;
}

/** What keeps the nodes from being in agreement, one line each. The logs are only asked for when all else is well. */
async function whatIsLeft(context: Context, nodes: readonly NodeNow[]): Promise<string[]> {
  const { cli } = context.words;
  const left = nodes.flatMap(({ name, answers, readiness }) => {
    if (!answers || !readiness) return [cli.nodeSilent(name)];
    if (!readiness.ready) return [cli.nodeWaits(name, readiness.waitingFor)];
    return [
      ...readiness.peers
        .filter(({ state }) => state === 'waiting')
        .map((peer) => cli.nodeWaits(name, [peer.name])),
      ...(readiness.role === 'centre'
        ? readiness.freshness
            .filter(({ entriesBehind }) => entriesBehind !== 0)
            .map(({ nodeName, entriesBehind }) => cli.nodeBehind(nodeName, entriesBehind))
        : []),
    ];
  });
  const run = await context.run();
  if (left.length > 0 || !run) return left;
  const logs = await Promise.all(
    nodes.map(async ({ name, url, readiness }): Promise<NodeLogs> => {
      const edge = run.edges.find((each) => each.name === name);
      const logsHere = await logDigests(context.api(url, 'administrator', run));
      return {
        name,
        nodeId: readiness?.nodeId ?? '',
        regionId: edge?.regionId ?? null,
        holdsRegion: edge?.helpdesk ?? true,
        logs: logsHere,
      };
    }),
  ).catch((error: unknown) => {
    if (error instanceof CliError) return error.message;
    throw error;
  });
  return typeof logs === 'string' ? [logs] : disagreements(logs, context.words);
}

const comparisonAnswer = z.object({
  differences: z.array(
    z.looseObject({
      peer: z.string(),
      store: z.string(),
      origin: z.string(),
      table: z.string(),
      key: z.string(),
      how: z.string(),
    }),
  ),
});

export function compareCommand(program: Command, run: RunCommand, words: Words): void {
  program
    .command('compare')
    .description(words.cli.help.compare)
    .action(() => run(compare));
}

/** Each edge compares its tables with its peers'; a centre has none that it would ask. */
async function compare(context: Context): Promise<number> {
  const { words } = context;
  const local = context.options.node === undefined ? await context.requireRun() : null;
  const nodes = local
    ? local.edges.map(({ name, url }) => ({ name, api: context.api(url, 'administrator', local) }))
    : [await context.centre()].map((api) => ({ name: api.url, api }));
  const found = [];
  for (const { name, api } of nodes) {
    const call = api.client(LONG_ANSWER_MS_MAX).POST('/v1/admin/comparison', { body: {} });
    const { differences } = await api.answer(call, comparisonAnswer);
    found.push(...differences.map((difference) => ({ node: name, ...difference })));
  }
  const { columns } = words.cli;
  const rows = found.map(({ node, peer, table: name, key, how }) => [
    node,
    peer,
    `${name} ${key}`,
    words.cli.differences[how] ?? how,
  ]);
  const text =
    rows.length === 0
      ? words.cli.tablesAgree(nodes.length)
      : textTable([columns.node, columns.peer, columns.row, columns.difference], rows, Infinity);
  context.answer({ nodes: nodes.map(({ name }) => name), differences: found }, text);
  return rows.length === 0 ? EXIT_OK : EXIT_REFUSED;
}
