/** `holdfast edge revoke|stolen|aside|release`: an edge that is no longer trusted, and what follows from it. */
import type { Command } from 'commander';
import { z } from 'zod';
import {
  edgesAnswer,
  exposureAnswer,
  keptAsideAnswer,
  progressAnswer,
  staffResetAnswer,
} from '../../../shared/http/routes/edges.ts';
import type { Words } from '../../words/words.ts';
import { LONG_ANSWER_MS_MAX, type NodeApi } from '../api.ts';
import type { Context } from '../context.ts';
import { EXIT_OK, usage } from '../errors.ts';
import { ProgressBar } from '../progress-bar.ts';
import type { RunCommand } from '../program.ts';
import { table } from '../table.ts';
import { hasFreshVault, takeOver } from './vault.ts';

const LOOK_MS = 1_000;
const revoked = z.looseObject({
  nodeId: z.string(),
  name: z.string(),
  opens: z.boolean(),
  regionId: z.string(),
});

interface RevokeOptions {
  readonly reason: string;
  readonly until?: string;
}

interface StolenOptions extends RevokeOptions {
  readonly out?: string;
  readonly keepStaff?: true;
  readonly wait?: true;
}

export function edgeTrustCommands(edge: Command, run: RunCommand, words: Words): void {
  const { help } = words.trust;
  edge
    .command('revoke')
    .argument('<name>', help.edge)
    .description(help.edgeRevoke)
    .requiredOption('--reason <text>', help.reason)
    .option('--until <time>', help.until)
    .action((name: string, options: RevokeOptions) => run((context) => revoke(context, name, options)));
  edge
    .command('stolen')
    .argument('<name>', help.edge)
    .description(help.edgeStolen)
    .requiredOption('--reason <text>', help.reason)
    .option('--until <time>', help.until)
    .option('--out <file>', help.newVaultOut)
    .option('--keep-staff', help.keepStaff)
    .option('--wait', help.waitRotated)
    .action((name: string, options: StolenOptions) => run((context) => stolen(context, name, options)));
  edge
    .command('aside')
    .argument('<name>', help.edge)
    .description(help.edgeAside)
    .action((name: string) => run((context) => listAside(context, name)));
  edge
    .command('release')
    .argument('<name>', help.edge)
    .argument('<keyId>', help.keyId)
    .description(help.edgeRelease)
    .action((name: string, keyId: string) => run((context) => release(context, name, keyId)));
}

type Edge = z.infer<typeof edgesAnswer>['edges'][number];

/** By its name, or by its node ID where a name was given to several one after the other. */
async function findEdge(context: Context, centre: NodeApi, named: string): Promise<Edge> {
  const { trust } = context.words;
  const { edges } = await centre.get('/v1/admin/edges', edgesAnswer);
  const found = edges.filter(({ name, nodeId }) => name === named || nodeId === named);
  const [edge] = found;
  if (!edge) throw usage(trust.noSuchEdge(named.slice(0, 64)), trust.edgesAre(edges.map(({ name }) => name)));
  if (found.length > 1)
    throw usage(trust.edgeAmbiguous(named.slice(0, 64)), found.map(({ nodeId }) => nodeId).join(', '));
  return edge;
}

function timeOf(until: string | undefined, words: Words): number | null {
  if (until === undefined) return null;
  const at = Date.parse(until);
  if (Number.isNaN(at)) throw usage(words.trust.notATime(until.slice(0, 40)));
  return at;
}

async function revoke(context: Context, name: string, options: RevokeOptions): Promise<number> {
  const { words } = context;
  const centre = await context.centre();
  const until = timeOf(options.until, words);
  const { nodeId } = await findEdge(context, centre, name);
  const body = { reason: options.reason, stolen: false, until };
  const answer = await centre.post(`/v1/admin/edges/${nodeId}/revocation`, body, revoked);
  context.answer(answer, words.trust.edgeRevoked(answer.name));
  return EXIT_OK;
}

/** What it does is done in the order in which a thief could use it. Run again, it does what is left. */
async function stolen(context: Context, name: string, options: StolenOptions): Promise<number> {
  const { words } = context;
  const { trust } = words;
  const centre = await context.centre();
  const until = timeOf(options.until, words);
  const edge = await findEdge(context, centre, name);
  const isRevoked = edge.revoked?.stolen === true;
  const needsVault = edge.opens && !(isRevoked && (await hasFreshVault(context, edge.regionId)));
  if (needsVault && options.out === undefined) throw usage(trust.needsOut(edge.name), trust.whyOut);
  const lines: string[] = [];
  if (!isRevoked) {
    const body = { reason: options.reason, stolen: true, until };
    await centre.post(`/v1/admin/edges/${edge.nodeId}/revocation`, body, revoked);
    lines.push(trust.edgeRevoked(edge.name));
  }
  const rotated =
    needsVault && options.out !== undefined
      ? await takeOver(context, edge.regionId, options.out, true)
      : null;
  if (rotated)
    lines.push(
      trust.rotated(rotated.vaultId, rotated.file),
      trust.runAtEdges(edge.regionId ?? ''),
      `    ${rotated.run}`,
    );
  const path = `/v1/admin/edges/${edge.nodeId}`;
  const exposed = await centre.post(`${path}/exposure`, {}, exposureAnswer, LONG_ANSWER_MS_MAX);
  lines.push(trust.exposed(exposed.keys.length, exposed.ordered));
  const staff =
    options.keepStaff === true ? null : await centre.post(`${path}/staff-reset`, {}, staffResetAnswer);
  if (staff) lines.push(trust.staffReset(staff.reset, staff.kept));
  const progress =
    options.wait === true
      ? await untilRotated(context, centre, path)
      : await centre.get(`${path}/exposure`, progressAnswer, LONG_ANSWER_MS_MAX);
  lines.push(trust.rotatedSoFar(progress.rotated, progress.ordered));
  context.answer(
    { nodeId: edge.nodeId, name: edge.name, vault: rotated, ...exposed, staff, progress },
    lines.join('\n'),
  );
  return EXIT_OK;
}

async function untilRotated(
  context: Context,
  centre: NodeApi,
  path: string,
): Promise<z.infer<typeof progressAnswer>> {
  const bar = new ProgressBar(process.stderr);
  for (;;) {
    const progress = await centre.get(`${path}/exposure`, progressAnswer, LONG_ANSWER_MS_MAX);
    const { ordered, rotated } = progress;
    bar.at(ordered === 0 ? 1 : rotated / ordered, context.words.trust.rotatedSoFar(rotated, ordered));
    if (rotated >= ordered) {
      bar.end();
      return progress;
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

async function listAside(context: Context, name: string): Promise<number> {
  const { cli, trust } = context.words;
  const centre = await context.centre();
  const { nodeId } = await findEdge(context, centre, name);
  const found = await centre.get(`/v1/admin/edges/${nodeId}/quarantine`, keptAsideAnswer);
  const rows = found.escrows.map(({ keyId, computerName, at, state }) => [
    keyId,
    computerName,
    cli.shortTime(at),
    state === 'released' ? trust.yes : trust.no,
  ]);
  const { columns } = trust;
  const head = [columns.keyId, columns.computer, columns.written, columns.released];
  context.answer(found, rows.length === 0 ? trust.nothingAside : table(head, rows, cli.width));
  return EXIT_OK;
}

async function release(context: Context, name: string, keyId: string): Promise<number> {
  const { trust } = context.words;
  const centre = await context.centre();
  const { nodeId } = await findEdge(context, centre, name);
  const { escrows } = await centre.get(`/v1/admin/edges/${nodeId}/quarantine`, keptAsideAnswer);
  const wanted = escrows.filter(
    (escrow) => escrow.keyId === keyId.toLowerCase() && escrow.state !== 'released',
  );
  if (wanted.length === 0) throw usage(trust.notAside(keyId.slice(0, 64)), trust.seeAside(name.slice(0, 64)));
  for (const { origin, seq, hash } of wanted)
    await centre.post('/v1/admin/edges/releases', { origin, seq, hash }, z.object({ keyId: z.string() }));
  context.answer({ keyId, released: wanted.length }, trust.released(keyId));
  return EXIT_OK;
}
