/** Identities of nodes, made offline with the organisation key: nothing here asks a network. */
import path from 'node:path';
import { z } from 'zod';
import { staffTokenHash } from '../../shared/staff/token.ts';
import { publicJwk, slug } from '../../shared/trust/certificate.ts';
import { type VaultFile, vaultFile } from '../../shared/trust/vault-file.ts';
import { type PrivateJwk, peekJws, thumbprint } from '../../shared/trust/jws.ts';
import { generateToken, makeIdentity } from '../local/secrets.ts';
import { nodePlatform } from '../platform.ts';
import type { Words } from '../words/words.ts';
import type { Context } from './context.ts';
import { EXIT_OK, usage } from './errors.ts';
import { json, readSecret, writeNewSecret } from './private-file.ts';
import { record } from './table.ts';

export const organisationFile = z.object({ organisationKey: publicJwk.extend({ d: z.string() }) });
export interface EnrolEdgeOptions {
  readonly site: string;
  readonly region: string;
  readonly helpdesk?: true;
  readonly orgKey: string;
  readonly vault?: readonly string[];
  readonly out: string;
  readonly centre?: string;
}

export interface EnrolCentreOptions {
  readonly orgKey: string;
  readonly vault?: readonly string[];
  readonly out: string;
}

export async function enrolEdge(context: Context, name: string, options: EnrolEdgeOptions): Promise<number> {
  const { words } = context;
  const regionId = requireSlug(options.region, words);
  const vaults = await readVaults(options.vault ?? [], words);
  if (options.helpdesk !== true && vaults.length > 0) throw usage(words.cli.escrowOnlyHasNoVault);
  if (options.helpdesk === true && !vaults.some((vault) => vault.regionId === regionId))
    throw usage(words.cli.helpdeskNeedsVault(regionId), words.cli.vaultNewMakesIt(regionId));
  const reach = options.helpdesk === true ? 'region' : 'own';
  const { file, nodeId, pin } = await enrol(context, options, vaults, {
    name: requireSlug(name, words),
    role: 'edge',
    regionId,
    siteId: requireSlug(options.site, words),
    scope: { recovery: reach, compliance: reach },
  });
  const line = `sudo sh install.sh --identity identity.json --centre ${options.centre ?? 'HOST:PORT'}`;
  context.answer(
    { nodeId, identity: file, organisation: pin, run: line },
    [
      words.cli.identityMade(name, file),
      record([[words.cli.labels.organisation, pin]]),
      '',
      words.cli.runOnTheBox,
      '',
      `    ${line}`,
    ].join('\n'),
  );
  return EXIT_OK;
}

export async function enrolCentre(
  context: Context,
  name: string,
  options: EnrolCentreOptions,
): Promise<number> {
  const { words } = context;
  const vaults = await readVaults(options.vault ?? [], words);
  const tokenFile = path.join(options.out, 'administrator.token');
  const token = generateToken('hfa');
  const { file, nodeId, pin } = await enrol(context, options, vaults, {
    name: requireSlug(name, words),
    role: 'centre',
    regionId: null,
    siteId: null,
    scope: { recovery: 'all', compliance: 'all' },
  });
  await writeNewSecret(tokenFile, `${token}\n`, words);
  const settings = [
    `HOLDFAST_IDENTITY_FILE=${file}`,
    `HOLDFAST_BOOTSTRAP_TOKEN_HASH=${staffTokenHash(nodePlatform, token)}`,
  ];
  context.answer(
    { nodeId, identity: file, organisation: pin, tokenFile, settings },
    [
      words.cli.identityMade(name, file),
      words.cli.bootstrapToken(tokenFile),
      record([[words.cli.labels.organisation, pin]]),
      '',
      words.cli.settingsOfCentre,
      '',
      ...settings.map((line) => `    ${line}`),
    ].join('\n'),
  );
  return EXIT_OK;
}

async function enrol(
  context: Context,
  { orgKey, out }: { orgKey: string; out: string },
  vaults: readonly VaultFile[],
  subject: Parameters<typeof makeIdentity>[1],
): Promise<{ file: string; nodeId: string; pin: string }> {
  const { words } = context;
  const { organisationKey } = await readSecret(orgKey, organisationFile, words.cli.anOrganisationKey, words);
  const identity = await makeIdentity(
    organisationKey satisfies PrivateJwk,
    subject,
    vaults.map(({ vaultId, privateKey }) => ({ vaultId, privateKey })),
  );
  const file = path.join(out, 'identity.json');
  await writeNewSecret(file, json(identity), words);
  const payload = z.object({ nodeId: z.string() }).parse(peekJws(identity.certificate)?.payload);
  return { file, nodeId: payload.nodeId, pin: await thumbprint(identity.organisation) };
}

function readVaults(files: readonly string[], words: Words): Promise<VaultFile[]> {
  return Promise.all(files.map((file) => readSecret(file, vaultFile, words.cli.aVaultKey, words)));
}

export function requireSlug(text: string, words: Words): string {
  if (slug.safeParse(text).success) return text;
  throw usage(words.cli.notAName(text.slice(0, 40)));
}
