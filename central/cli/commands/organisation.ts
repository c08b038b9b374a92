/** `holdfast org`: the key that is made once and kept apart. */
import type { Command } from 'commander';
import { thumbprint } from '../../../shared/trust/jws.ts';
import { generateSigningKey } from '../../local/secrets.ts';
import type { Words } from '../../words/words.ts';
import type { Context } from '../context.ts';
import { EXIT_OK } from '../errors.ts';
import { json, writeNewSecret } from '../private-file.ts';
import type { RunCommand } from '../program.ts';
import { record } from '../table.ts';
import { vaultCommands } from './vault.ts';

export function organisationCommands(program: Command, run: RunCommand, words: Words): void {
  const { help } = words.cli;
  program
    .command('org')
    .description(help.org)
    .command('init')
    .description(help.orgInit)
    .requiredOption('--out <file>', help.outFile)
    .action(({ out }: { out: string }) => run((context) => initOrganisation(context, out)));
  vaultCommands(program, run, words);
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
