/** `holdfast edge token|join|requests|approve|refuse`: an edge's key is made on its box, and its certificate signed offline. */
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import { edgeTokenHash } from '../../../shared/edges/joining.ts';
import { configBodies } from '../../../shared/journal/bodies.ts';
import { randomName } from '../../../shared/platform.ts';
import { CertificateAuthority, issueCertificate, publicJwk } from '../../../shared/trust/certificate.ts';
import { type PrivateJwk, thumbprint } from '../../../shared/trust/jws.ts';
import { sealingKeyOf } from '../../../shared/trust/sealing.ts';
import { CERTIFICATE_DAYS, generateSigningKey, generateToken } from '../../local/secrets.ts';
import { nodePlatform } from '../../platform.ts';
import type { Words } from '../../words/words.ts';
import { configure, configuredBody, configuredIds } from '../configuring.ts';
import type { Context } from '../context.ts';
import { organisationFile, requireSlug } from '../enrolment.ts';
import { CliError, EXIT_OK, EXIT_REFUSED, usage } from '../errors.ts';
import { json, readSecret, writeNewSecret } from '../private-file.ts';
import type { RunCommand } from '../program.ts';
import { record, table } from '../table.ts';

const HOURS_DEFAULT = '72';
const HOURS_MAX = 720;
const ASK_MS = 10_000;

interface TokenOptions {
  readonly site: string;
  readonly region: string;
  readonly helpdesk?: true;
  readonly hours: string;
  readonly out: string;
}

interface JoinOptions {
  readonly tokenFile: string;
  readonly out: string;
  readonly organisation?: string;
  readonly wait: boolean;
}

export function edgeJoinCommands(edge: Command, run: RunCommand, words: Words): void {
  const { help } = words.cli;
  const { help: more } = words.trust;
  edge
    .command('token')
    .argument('<name>', help.nodeName)
    .description(more.edgeToken)
    .requiredOption('--site <id>', help.site)
    .requiredOption('--region <id>', help.region)
    .option('--helpdesk', help.helpdeskEdge)
    .option('--hours <number>', more.hours, HOURS_DEFAULT)
    .requiredOption('--out <file>', help.outFile)
    .action((name: string, options: TokenOptions) => run((context) => makeToken(context, name, options)));
  edge
    .command('join')
    .description(more.edgeJoin)
    .requiredOption('--token-file <file>', more.tokenFile)
    .requiredOption('--out <folder>', help.outFolder)
    .option('--organisation <thumbprint>', more.organisationPin)
    .option('--no-wait', more.noWaitJoin)
    .action((options: JoinOptions) => run((context) => join(context, options)));
  edge
    .command('requests')
    .description(more.edgeRequests)
    .action(() => run(listRequests));
  edge
    .command('approve')
    .argument('<id>', more.requestId)
    .description(more.edgeApprove)
    .requiredOption('--org-key <file>', help.orgKey)
    .requiredOption('--fingerprint <thumbprint>', more.fingerprint)
    .action((id: string, options: { orgKey: string; fingerprint: string }) =>
      run((context) => approve(context, id, options)),
    );
  edge
    .command('refuse')
    .argument('<id>', more.requestId)
    .description(more.edgeRefuse)
    .action((id: string) => run((context) => refuse(context, id)));
}

async function makeToken(context: Context, name: string, options: TokenOptions): Promise<number> {
  const { words } = context;
  const hours = /^\d{1,3}$/.test(options.hours) ? Number(options.hours) : 0;
  if (hours < 1 || hours > HOURS_MAX)
    throw usage(words.trust.notHours(options.hours.slice(0, 20), HOURS_MAX));
  const [siteId, regionId] = [requireSlug(options.site, words), requireSlug(options.region, words)];
  const taken = await configuredIds(context, 'edge-token');
  const base = requireSlug(name, words);
  let number = 1;
  while (taken.includes(`${base}-${String(number)}`)) number += 1;
  const id = `${base}-${String(number)}`;
  const token = generateToken('hfe');
  const expiresAt = Date.now() + hours * 3_600_000;
  const helpdesk = options.helpdesk === true;
  const tokenHash = edgeTokenHash(nodePlatform, token);
  const body = { name: base, siteId, regionId, helpdesk, tokenHash, expiresAt, revoked: false };
  await configure(context, 'edge-token', id, body);
  await writeNewSecret(options.out, `${token}\n`, words);
  const line = `holdfast edge join --node ${(await context.centre()).url} --token-file ${options.out} --out ${base}`;
  context.answer(
    { id, name: base, siteId, regionId, helpdesk, expiresAt, tokenFile: options.out, run: line },
    [words.trust.tokenMade(base, words.cli.time(expiresAt)), '', `    ${line}`].join('\n'),
  );
  return EXIT_OK;
}

const keyFile = z.object({ privateKey: publicJwk.extend({ d: z.string() }) });
const joined = z.object({
  name: z.string(),
  siteId: z.string(),
  regionId: z.string(),
  helpdesk: z.boolean(),
  organisation: publicJwk,
  certificate: z.string().nullable(),
});

/** Makes the key once, asks, and waits for the answer; run again, it goes on with the same key. */
async function join(context: Context, { tokenFile, out, organisation, wait }: JoinOptions): Promise<number> {
  const { words } = context;
  const { trust } = words;
  const token = (await readFile(tokenFile, 'utf8').catch(() => '')).trim();
  if (token === '') throw usage(words.cli.tokenUnreadable(tokenFile));
  await mkdir(out, { recursive: true, mode: 0o700 });
  const file = path.join(out, 'key.json');
  const privateKey = await keyIn(file, words);
  const { d: _d, ...key } = privateKey;
  const { publicKey: sealingKey } = await sealingKeyOf(privateKey);
  const fingerprint = await thumbprint(key);
  const centre = await context.node(null, (run) => run.centre.url);
  let isTold = false;
  for (;;) {
    const answer = await centre.post('/v1/edges/requests', { token, key, sealingKey }, joined);
    if (organisation !== undefined && (await thumbprint(answer.organisation)) !== organisation)
      throw new CliError(EXIT_REFUSED, trust.otherOrganisation);
    if (answer.certificate !== null) {
      const certificate = await new CertificateAuthority(answer.organisation).check(answer.certificate);
      if (certificate?.key.x !== key.x) throw new CliError(EXIT_REFUSED, trust.otherOrganisation);
      const identity = path.join(out, 'identity.json');
      const content = {
        organisation: answer.organisation,
        certificate: answer.certificate,
        privateKey,
        vaultKeys: [],
      };
      await writeNewSecret(identity, json(content), words);
      const line = `sudo sh install.sh --identity ${identity} --centre ${new URL(centre.url).host}`;
      context.answer(
        { identity, nodeId: certificate.nodeId, run: line, vaultKeyNeeded: answer.helpdesk },
        [
          words.cli.identityMade(answer.name, identity),
          '',
          `    ${line}`,
          ...(answer.helpdesk ? ['', trust.thenVaultKey] : []),
        ].join('\n'),
      );
      return EXIT_OK;
    }
    if (!wait) {
      context.answer({ fingerprint, approved: false }, trust.waitsForApproval(fingerprint));
      return EXIT_OK;
    }
    if (!isTold) process.stderr.write(`${trust.waitsForApproval(fingerprint)}\n`);
    isTold = true;
    await new Promise((resolve) => setTimeout(resolve, ASK_MS));
  }
}

async function keyIn(file: string, words: Words): Promise<PrivateJwk> {
  const known = await readFile(file, 'utf8').catch(() => null);
  if (known !== null) return (await readSecret(file, keyFile, words.trust.anEdgeKey, words)).privateKey;
  const privateKey = await generateSigningKey();
  await writeNewSecret(file, json({ privateKey }), words);
  return privateKey;
}

async function listRequests(context: Context): Promise<number> {
  const { words } = context;
  const { trust } = words;
  const requests = await Promise.all(
    (await configuredIds(context, 'edge-request')).map(async (id) => {
      const request = await configuredBody(context, 'edge-request', id);
      const token = await configuredBody(context, 'edge-token', id);
      const fingerprint = request ? await thumbprint(request.key) : '';
      return {
        id,
        site: token?.siteId ?? '',
        fingerprint,
        approved: (request?.certificate ?? null) !== null,
        refused: token?.revoked === true,
      };
    }),
  );
  const rows = requests.map(({ id, site, fingerprint, approved, refused }) => [
    id,
    site,
    approved ? trust.yes : refused ? trust.isRefused : trust.no,
    fingerprint,
  ]);
  const head = [
    trust.columns.request,
    words.cli.columns.site,
    trust.columns.approved,
    trust.columns.fingerprint,
  ];
  context.answer({ requests }, rows.length === 0 ? trust.noRequests : table(head, rows, words.cli.width));
  return EXIT_OK;
}

/** Signs what a box asked for. The fingerprint is read out from the box, so that nobody in between can change its key. */
async function approve(
  context: Context,
  id: string,
  { orgKey, fingerprint }: { orgKey: string; fingerprint: string },
): Promise<number> {
  const { words } = context;
  const { trust } = words;
  const { organisationKey } = await readSecret(orgKey, organisationFile, words.cli.anOrganisationKey, words);
  const request = configBodies['edge-request'].safeParse(await configuredBody(context, 'edge-request', id));
  const token = await configuredBody(context, 'edge-token', id);
  if (!request.success || !token) throw usage(trust.noSuchRequest(id.slice(0, 64)));
  if (token.revoked) throw new CliError(EXIT_REFUSED, trust.refused(id));
  const { key, sealingKey } = request.data;
  if ((await thumbprint(key)) !== fingerprint) throw new CliError(EXIT_REFUSED, trust.otherFingerprint);
  const { name, siteId, regionId, helpdesk } = token;
  const reach = helpdesk ? 'region' : 'own';
  const certificate = await issueCertificate(
    nodePlatform,
    organisationKey,
    {
      ...{ nodeId: randomName(nodePlatform, 10), name, role: 'edge', siteId, regionId, key, sealingKey },
      scope: { recovery: reach, compliance: reach },
    },
    CERTIFICATE_DAYS,
  );
  await configure(context, 'edge-request', id, { key, sealingKey, certificate }, { replace: true });
  const { d: _d, ...publicKey } = organisationKey;
  context.answer(
    { id, name, fingerprint, approved: true },
    [trust.approved(name), record([[words.cli.labels.organisation, await thumbprint(publicKey)]])].join('\n'),
  );
  return EXIT_OK;
}

/** Takes back the token that a box asked with, or was to ask with: nothing comes of it any more. */
async function refuse(context: Context, id: string): Promise<number> {
  const { trust } = context.words;
  const token = await configuredBody(context, 'edge-token', id);
  if (!token) throw usage(trust.noSuchRequest(id.slice(0, 64)));
  const request = await configuredBody(context, 'edge-request', id);
  if ((request?.certificate ?? null) !== null)
    throw new CliError(EXIT_REFUSED, trust.approvedAlready(token.name), trust.revokeInstead(token.name));
  await configure(context, 'edge-token', id, { ...token, revoked: true }, { replace: true });
  context.answer({ id, name: token.name, refused: true }, trust.refused(id));
  return EXIT_OK;
}
