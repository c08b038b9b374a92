/** `holdfast vault`: the key pairs that secrets are sealed to; making, publishing, taking over from another, retiring. */
import type { Command } from 'commander';
import type { z } from 'zod';
import { vaultsAnswer } from '../../../shared/http/routes/vaults.ts';
import { type VaultFile, vaultFile } from '../../../shared/trust/vault-file.ts';
import { generateVault } from '../../../shared/vault/seal.ts';
import type { Words } from '../../words/words.ts';
import { type NodeApi, LONG_ANSWER_MS_MAX } from '../api.ts';
import { configure } from '../configuring.ts';
import type { Context } from '../context.ts';
import { requireSlug } from '../enrolment.ts';
import { EXIT_OK, usage } from '../errors.ts';
import { json, readSecret, writeNewSecret } from '../private-file.ts';
import type { RunCommand } from '../program.ts';
import { ProgressBar } from '../progress-bar.ts';
import { record, table } from '../table.ts';

const LOOK_MS = 500;
/** After it learned of a new vault, a centre begins within this. */
const BEGINS_MS = 2_000;

interface VaultOptions {
  readonly region?: string;
  readonly organisation?: true;
  readonly out: string;
}

interface RotateOptions extends VaultOptions {
  readonly compromised?: true;
  readonly wait: boolean;
}

export type VaultList = z.infer<typeof vaultsAnswer>;

export function vaultCommands(program: Command, run: RunCommand, words: Words): void {
  const { help } = words.cli;
  const { help: more } = words.trust;
  const vault = program.command('vault').description(help.vault);
  vault
    .command('new')
    .argument('<id>', help.vaultId)
    .description(help.vaultNew)
    .option('--region <id>', help.vaultRegion)
    .option('--organisation', help.vaultOrganisation)
    .requiredOption('--out <file>', help.outFile)
    .action((id: string, options: VaultOptions) => run((context) => newVault(context, id, options)));
  vault
    .command('publish')
    .argument('<file>', help.vaultFile)
    .description(help.vaultPublish)
    .action((file: string) => run((context) => publishVault(context, file)));
  vault
    .command('list')
    .description(more.vaultList)
    .action(() => run(listVaults));
  vault
    .command('rotate')
    .description(more.vaultRotate)
    .option('--region <id>', help.vaultRegion)
    .option('--organisation', help.vaultOrganisation)
    .option('--compromised', more.compromised)
    .option('--no-wait', more.noWait)
    .requiredOption('--out <file>', help.outFile)
    .action((options: RotateOptions) => run((context) => rotateVault(context, options)));
  vault
    .command('retire')
    .argument('<id>', help.vaultId)
    .description(more.vaultRetire)
    .action((id: string) => run((context) => retireVault(context, id)));
}

async function newVault(context: Context, id: string, options: VaultOptions): Promise<number> {
  const { words } = context;
  const { out } = options;
  const { privateKey: _private, ...made } = await makeVault(context, id, regionOf(options, words), out);
  context.answer(
    { file: out, ...made },
    [
      words.cli.vaultMade(made.vaultId, out),
      record([[words.cli.labels.publicKey, made.publicKey]]),
      '',
      words.cli.publishNext(out),
    ].join('\n'),
  );
  return EXIT_OK;
}

function regionOf({ region, organisation }: Omit<VaultOptions, 'out'>, words: Words): string | null {
  if ((region === undefined) === (organisation !== true)) throw usage(words.cli.regionOrOrganisation);
  return region === undefined ? null : requireSlug(region, words);
}

/** Makes the key pair; its private half is nowhere but in that file. */
export async function makeVault(
  { words }: Context,
  id: string,
  regionId: string | null,
  out: string,
): Promise<VaultFile> {
  const vaultId = requireSlug(id, words);
  const { publicKey, key } = await generateVault(vaultId);
  const scope = regionId === null ? 'organisation' : 'region';
  const file: VaultFile = {
    ...{ vaultId, scope, regionId, publicKey: publicKey.publicKey, privateKey: key.privateKey },
  };
  await writeNewSecret(out, json(file), words);
  return file;
}

/** Only the public half leaves this machine. */
async function publishVault(context: Context, file: string): Promise<number> {
  const { words } = context;
  const { vaultId, scope, regionId, publicKey } = await readSecret(
    file,
    vaultFile,
    words.cli.aVaultKey,
    words,
  );
  await configure(context, 'vault', vaultId, { scope, regionId, publicKey, retired: false });
  context.answer({ vaultId, scope, regionId, publicKey }, words.cli.vaultPublished(vaultId));
  return EXIT_OK;
}

/** Whether a region has a newest vault of which nobody else may have the key, and of all before it somebody may. */
export async function hasFreshVault(context: Context, regionId: string | null): Promise<boolean> {
  const { vaults } = await vaultsOf(await context.centre(), 'no');
  const living = vaults.filter((vault) => vault.regionId === regionId && !vault.retired);
  return (
    living.some(({ newest, compromised }) => newest && !compromised) &&
    living.some(({ compromised }) => compromised) &&
    living.every(({ newest, compromised }) => newest || compromised)
  );
}

function vaultsOf(node: NodeApi, count: 'yes' | 'no' = 'yes'): Promise<VaultList> {
  const client = node.client(LONG_ANSWER_MS_MAX);
  return node.answer(client.GET('/v1/admin/vaults', { params: { query: { count } } }), vaultsAnswer);
}

async function listVaults(context: Context): Promise<number> {
  const { words } = context;
  const found = await vaultsOf(await context.centre());
  const { columns } = words.trust;
  const rows = found.vaults.map((vault) => [
    vault.vaultId,
    vault.regionId ?? words.trust.organisation,
    words.trust.vaultState(vault),
    vault.opensHere ? words.trust.yes : words.trust.no,
    words.number(vault.keysAlone ?? 0),
  ]);
  const head = [columns.vault, columns.region, columns.state, columns.opensHere, columns.keysAlone];
  context.answer(
    found,
    [table(head, rows, words.cli.width), '', words.trust.resealing(found.resealing)].join('\n'),
  );
  return EXIT_OK;
}

/** The name after `region-centro-9` is `region-centro-10`. */
export function nextVaultId(newest: string): string {
  const [, stem = newest, number] = /^(.*?)-(\d{1,9})$/.exec(newest) ?? [];
  return `${stem}-${String(Number(number ?? 1) + 1)}`;
}

export interface RotatedVault {
  readonly vaultId: string;
  readonly file: string;
  readonly from: readonly string[];
  /** what has to be run on each machine that opens this vault */
  readonly run: string;
}

/** Makes the next vault of a region, or of the organisation, and has new secrets sealed to it. */
export async function takeOver(
  context: Context,
  regionId: string | null,
  out: string,
  compromised: boolean,
): Promise<RotatedVault> {
  const { words } = context;
  const { vaults } = await vaultsOf(await context.centre(), 'no');
  const living = vaults.filter((vault) => vault.regionId === regionId && !vault.retired);
  const newest = living.find((vault) => vault.newest);
  if (!newest) throw usage(words.trust.noVault(regionId), words.trust.makeVaultFirst);
  const { vaultId, scope, publicKey } = await makeVault(context, nextVaultId(newest.vaultId), regionId, out);
  await configure(context, 'vault', vaultId, { scope, regionId, publicKey, retired: false });
  if (compromised)
    for (const old of living) {
      const body = { scope: old.scope, regionId, publicKey: old.publicKey, retired: false, compromised };
      await configure(context, 'vault', old.vaultId, body, { replace: true });
    }
  return {
    ...{ vaultId, file: out, from: living.map((vault) => vault.vaultId) },
    run: `sudo sh vault-key.sh ${out}`,
  };
}

async function rotateVault(context: Context, options: RotateOptions): Promise<number> {
  const { words } = context;
  const regionId = regionOf(options, words);
  const rotated = await takeOver(context, regionId, options.out, options.compromised === true);
  const vaults = options.wait ? await untilResealed(context, rotated.vaultId) : null;
  const left = vaults?.vaults.filter(({ vaultId }) => rotated.from.includes(vaultId)) ?? [];
  const keysAlone = left.reduce((sum, vault) => sum + (vault.keysAlone ?? 0), 0);
  const isDone = options.wait && keysAlone === 0;
  context.answer(
    { ...rotated, ...(vaults ? { keysAlone, resealing: vaults.resealing } : {}), done: isDone },
    [
      words.trust.rotated(rotated.vaultId, rotated.file),
      '',
      regionId === null ? words.trust.runAtCentre : words.trust.runAtEdges(regionId),
      '',
      `    ${rotated.run}`,
      '',
      ...(isDone
        ? [words.trust.resealed, ...rotated.from.map((id) => `    holdfast vault retire ${id}`)]
        : [words.trust.notResealedYet(keysAlone)]),
    ].join('\n'),
  );
  return EXIT_OK;
}

/** Shows how far the centre has come, until nothing is left or it has looked at every key once. */
async function untilResealed(context: Context, vaultId: string): Promise<VaultList> {
  const centre = await context.centre();
  const bar = new ProgressBar(process.stderr);
  const begunAt = performance.now();
  for (;;) {
    const { vaults, resealing } = await vaultsOf(centre, 'no');
    const { running, rows, rowsSeen, resealed } = resealing;
    bar.at(rows === 0 ? 0 : rowsSeen / rows, context.words.trust.progress(resealed[vaultId] ?? 0));
    const hasLooked = !running && rowsSeen >= rows && performance.now() - begunAt > BEGINS_MS;
    if (hasLooked || vaults.every(({ opensHere }) => !opensHere)) {
      bar.end();
      return vaultsOf(centre);
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

async function retireVault(context: Context, id: string): Promise<number> {
  const { words } = context;
  const { vaults } = await vaultsOf(await context.centre(), 'no');
  const vault = vaults.find(({ vaultId }) => vaultId === id);
  if (!vault) throw usage(words.trust.noSuchVault(id.slice(0, 64)));
  const { scope, regionId, publicKey, compromised } = vault;
  const body = { scope, regionId, publicKey, retired: true, compromised };
  await configure(context, 'vault', id, body, { replace: true });
  context.answer({ vaultId: id, retired: true }, words.trust.retired(id));
  return EXIT_OK;
}
