/** `holdfast edge`: make the identity of a branch's edge, and list the edges that a centre knows. */
import type { Command } from 'commander';
import { z } from 'zod';
import type { Words } from '../../words/words.ts';
import type { Context } from '../context.ts';
import { enrolEdge, type EnrolEdgeOptions } from '../enrolment.ts';
import { EXIT_OK } from '../errors.ts';
import type { RunCommand } from '../program.ts';
import { table } from '../table.ts';
import { edgeJoinCommands } from './edge-join.ts';
import { edgeTrustCommands } from './edge-trust.ts';

export function edgeCommands(program: Command, run: RunCommand, words: Words): void {
  const { help } = words.cli;
  const edge = program.command('edge').description(help.edge);
  edge
    .command('enrol')
    .argument('<name>', help.nodeName)
    .description(help.edgeEnrol)
    .requiredOption('--site <id>', help.site)
    .requiredOption('--region <id>', help.region)
    .requiredOption('--org-key <file>', help.orgKey)
    .requiredOption('--out <folder>', help.outFolder)
    .option('--helpdesk', help.helpdeskEdge)
    .option('--vault <file...>', help.vaultFiles)
    .option('--centre <host:port>', help.centreAddress)
    .action((name: string, options: EnrolEdgeOptions) => run((context) => enrolEdge(context, name, options)));
  edge
    .command('list')
    .description(help.edgeList)
    .action(() => run(list));
  edgeTrustCommands(edge, run, words);
  edgeJoinCommands(edge, run, words);
}

/** What runs, and what is wanted where that is something else. */
function versionText(version: string | null, wanted: string | null): string {
  return wanted === null || wanted === version ? (version ?? '–') : `${version ?? '–'} → ${wanted}`;
}

const edges = z.looseObject({
  freshness: z.array(
    z.looseObject({
      nodeId: z.string(),
      nodeName: z.string(),
      siteName: z.string().nullable(),
      asOf: z.number().nullable(),
      entriesBehind: z.number().nullable(),
      lastContactWithCentre: z.number().nullable(),
      version: z.string().nullable().default(null),
      wanted: z.string().nullable().default(null),
    }),
  ),
});

async function list(context: Context): Promise<number> {
  const { cli, number } = context.words;
  const node = await context.node(null, (run) => run.centre.url);
  const { freshness } = await node.readiness(edges);
  const { columns } = cli;
  const when = (at: number | null): string => (at === null || at === 0 ? '–' : cli.time(at));
  const rows = freshness.map((edge) => [
    edge.nodeName,
    edge.nodeId,
    edge.siteName ?? '',
    edge.entriesBehind === null ? '–' : number(edge.entriesBehind),
    versionText(edge.version, edge.wanted),
    when(edge.lastContactWithCentre),
  ]);
  const head = [
    ...[columns.node, columns.nodeId, columns.site, columns.behind],
    ...[columns.version, columns.lastContact],
  ];
  context.answer({ edges: freshness }, rows.length === 0 ? cli.noEdges : table(head, rows, cli.width));
  return EXIT_OK;
}
