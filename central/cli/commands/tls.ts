/** `holdfast tls`: the authority of the centre that signs what edges' terminators show. */
import { X509Certificate } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { nodePlatform } from '../../platform.ts';
import { makeTlsAuthority } from '../../tls/authority.ts';
import { tlsDomain } from '../../tls/file.ts';
import type { Words } from '../../words/words.ts';
import type { Context } from '../context.ts';
import { EXIT_OK, usage } from '../errors.ts';
import { json, writeNewSecret } from '../private-file.ts';
import type { RunCommand } from '../program.ts';
import { record } from '../table.ts';

interface NewFlags {
  readonly domain: string;
  readonly out: string;
}

export function tlsCommands(program: Command, run: RunCommand, words: Words): void {
  const { help } = words.tls;
  program
    .command('tls')
    .description(help.tls)
    .command('new')
    .description(help.tlsNew)
    .requiredOption('--domain <domain>', help.domain)
    .requiredOption('--out <file>', help.out)
    .action((flags: NewFlags) => run((context) => newAuthority(context, flags)));
}

async function newAuthority(context: Context, { domain, out }: NewFlags): Promise<number> {
  const { words } = context;
  if (!tlsDomain.safeParse(domain).success) throw usage(words.tls.notADomain(domain.slice(0, 100)));
  const authority = await makeTlsAuthority(domain, nodePlatform);
  const beside = `${out.replace(/\.json$/, '')}.crt`;
  await writeNewSecret(out, json(authority), words);
  await writeFile(beside, authority.certificate, { mode: 0o644 });
  const { validToDate, fingerprint256 } = new X509Certificate(authority.certificate);
  const { labels } = words.tls;
  context.answer(
    {
      domain,
      file: out,
      certificateFile: beside,
      endsAt: validToDate.getTime(),
      fingerprint: fingerprint256,
    },
    [
      words.tls.made(domain, out),
      record([
        [labels.ends, validToDate.toISOString().slice(0, 10)],
        [labels.fingerprint, fingerprint256],
      ]),
      '',
      words.tls.trustNext(beside),
    ].join('\n'),
  );
  return EXIT_OK;
}
