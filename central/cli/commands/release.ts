/** `holdfast release`: makes, signs and checks releases. Nothing here asks a network. */
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import {
  type ReleaseManifest,
  type ReleasePart,
  RELEASE_FILES,
  signRelease,
} from '../../../shared/release/manifest.ts';
import { identityFile } from '../../../shared/trust/certificate.ts';
import { type PublicJwk, makeSigner } from '../../../shared/trust/jws.ts';
import { centreLayout, installRoot } from '../../install/layout.ts';
import { ReleaseError } from '../../release/error.ts';
import { checkRelease, makeRelease, readUnsigned, writeSigned } from '../../release/files.ts';
import type { Words } from '../../words/words.ts';
import type { Context } from '../context.ts';
import { organisationFile } from '../enrolment.ts';
import { CliError, EXIT_OK, EXIT_REFUSED, usage } from '../errors.ts';
import { readSecret } from '../private-file.ts';
import { type RunCommand, choice } from '../program.ts';
import { record } from '../table.ts';

const PARTS = Object.keys(RELEASE_FILES) as ReleasePart[];

interface MakeFlags {
  readonly out: string;
  readonly only?: ReleasePart;
}

export function releaseCommands(program: Command, run: RunCommand, words: Words): void {
  const { help } = words.releasing;
  const group = program.command('release').description(help.release);
  group
    .command('make')
    .description(help.make)
    .requiredOption('--out <folder>', help.out)
    .addOption(choice('--only <part>', help.only, PARTS))
    .action((flags: MakeFlags) => run(explained((context) => make(context, flags))));
  group
    .command('sign')
    .description(help.sign)
    .argument('<release>', help.manifest)
    .requiredOption('--org-key <file>', help.orgKey)
    .action((release: string, { orgKey }: { orgKey: string }) =>
      run(explained((context) => sign(context, release, orgKey))),
    );
  group
    .command('verify')
    .description(help.verify)
    .argument('<folder>', help.folder)
    .option('--identity <file>', help.identity)
    .action((folder: string, { identity }: { identity?: string }) =>
      run(explained((context) => verify(context, folder, identity))),
    );
}

/** Why a release is not used, in one sentence. */
export function explained(
  work: (context: Context) => Promise<number>,
): (context: Context) => Promise<number> {
  return async (context) => {
    try {
      return await work(context);
    } catch (error) {
      if (!(error instanceof ReleaseError)) throw error;
      const { releasing } = context.words;
      const part =
        error.fault === 'no-part' ? releasing.part[error.detail === 'edge' ? 'edge' : 'centre'] : null;
      const title = releasing.fault[error.fault](part ?? error.detail);
      const document = { title, fault: error.fault, detail: error.detail };
      throw new CliError(EXIT_REFUSED, title, null, document);
    }
  };
}

async function make(context: Context, { out, only }: MakeFlags): Promise<number> {
  const manifest = await makeRelease(out, only === undefined ? PARTS : [only]);
  const { releasing } = context.words;
  context.answer(
    { folder: out, manifest },
    [releasing.made(manifest.version, out), shown(context, manifest), releasing.signNext(out)].join('\n'),
  );
  return EXIT_OK;
}

async function sign(context: Context, release: string, orgKey: string): Promise<number> {
  const { words } = context;
  const { manifest, folder } = await readUnsigned(release);
  const { organisationKey } = await readSecret(orgKey, organisationFile, words.cli.anOrganisationKey, words);
  const file = await writeSigned(folder, await signRelease(await makeSigner(organisationKey), manifest));
  const { signed, putBeside } = words.releasing;
  context.answer(
    { file, manifest },
    [signed(manifest.version, file), shown(context, manifest), putBeside].join('\n'),
  );
  return EXIT_OK;
}

async function verify(context: Context, folder: string, identity: string | undefined): Promise<number> {
  const organisation = await organisationOf(context, identity);
  const { manifest: signed } = await checkRelease(folder, organisation, []);
  const parts = PARTS.filter((part) => signed[part] !== null);
  const { manifest } = await checkRelease(folder, organisation, parts);
  context.answer(
    { folder, manifest },
    [context.words.releasing.verified(manifest.version), shown(context, manifest)].join('\n'),
  );
  return EXIT_OK;
}

function shown({ words }: Context, { version, protocols, edge, centre }: ReleaseManifest): string {
  const { part, none, protocols: spoken } = words.releasing;
  const line = (archive: ReleaseManifest[ReleasePart]): string =>
    archive ? `${words.number(archive.bytes)} B, SHA-256 ${archive.sha256}` : none;
  return record([
    ['version', version],
    [spoken, protocols.join(', ')],
    [part.edge, line(edge)],
    [part.centre, line(centre)],
  ]);
}

/** Of the identity that was named, or of the node that is installed on this machine. */
export async function organisationOf(context: Context, file: string | undefined): Promise<PublicJwk> {
  const from = file ?? centreLayout(installRoot(context.environment)).identity;
  let text: string;
  try {
    text = await readFile(from, 'utf8');
  } catch (error) {
    if (file === undefined) throw new ReleaseError('no-organisation');
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    throw usage(context.words.cli.fileFault(file, context.words.systemError(code)));
  }
  try {
    return identityFile.parse(JSON.parse(text)).organisation;
  } catch {
    throw new ReleaseError('no-organisation');
  }
}
