/** `holdfast org` and `holdfast vault`: the keys that are made once and kept apart. */
import type { Command } from 'commander';
import { thumbprint } from '../../../shared/trust/jws.ts';
import { generateVault } from '../../../shared/vault/seal.ts';
import { generateSigningKey } from '../../local/secrets.ts';
import type { Words } from '../../words/words.ts';
import type { Context } from '../context.ts';
import { requireSlug, vaultFile } from '../enrolment.ts';
import { EXIT_OK, usage } from '../errors.ts';
import { configure } from '../configuring.ts';
import { json, readSecret, writeNewSecret } from '../private-file.ts';
import type { RunCommand } from '../program.ts';
import { record } from '../table.ts';

interface VaultOptions {
  readonly region?: string;
  readonly organisation?: true;
  readonly out: string;
}

export function organisationCommands(program: Command, run: RunCommand, words: Words): void {
  const { help } = words.cli;
  program
    .command('org')
    .description(help.org)
    .command('init')
    .description(help.orgInit)
    .requiredOption('--out <file>', help.outFile)
    .action(({ out }: { out: string }) => run((context) => initOrganisation(context, out)));
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
}

async function initOrganisation(context: Context, out: string): Promise<number> {
  const { words } = context;
  const organisationKey = await generateSigningKey();
  await writeNewSecret(out, json({ organisationKey }), words);
  const { d: _private, ...publicKey } = organisationKey;
  const pin = await thumbprint(publicKey);
  context.answer(
    { file: out, thumbprint: pin, publicKey },
    [
      words.cli.organisationMade(out),
      record([[words.cli.labels.thumbprint, pin]]),
      '',
      words.cli.keepOffline,
    ].join('\n'),
  );
  return EXIT_OK;
}

async function newVault(
  context: Context,
  id: string,
  { region, organisation, out }: VaultOptions,
): Promise<number> {
  const { words } = context;
  if ((region === undefined) === (organisation !== true)) throw usage(words.cli.regionOrOrganisation);
  const vaultId = requireSlug(id, words);
  const regionId = region === undefined ? null : requireSlug(region, words);
  const { publicKey, key } = await generateVault(vaultId);
  const scope = regionId === null ? 'organisation' : 'region';
  const file = { vaultId, scope, regionId, publicKey: publicKey.publicKey, privateKey: key.privateKey };
  await writeNewSecret(out, json(file), words);
  context.answer(
    { file: out, vaultId, scope, regionId, publicKey: file.publicKey },
    [
      words.cli.vaultMade(vaultId, out),
      record([[words.cli.labels.publicKey, file.publicKey]]),
      '',
      words.cli.publishNext(out),
    ].join('\n'),
  );
  return EXIT_OK;
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
