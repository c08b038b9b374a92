/** `holdfast staff`: people, how they sign in, and their API tokens. */
import type { Command } from 'commander';
import { z } from 'zod';
import {
  STAFF_ROLES,
  type StaffRole,
  TOKEN_SCOPES,
  type TokenScope,
} from '../../../shared/domain/vocabulary.ts';
import { type ConfigBody, type ConfigKind, configBodies } from '../../../shared/journal/bodies.ts';
import { staffTokenHash } from '../../../shared/staff/token.ts';
import { staffRoleWords } from '../../../shared/text/audit.ts';
import { codeOf } from '../../local/people.ts';
import { generateToken } from '../../local/secrets.ts';
import { nodePlatform } from '../../platform.ts';
import { type Words, languageOf } from '../../words/words.ts';
import { configure, configuredBody } from '../configuring.ts';
import type { Context } from '../context.ts';
import { requireSlug } from '../enrolment.ts';
import { CliError, EXIT_OK, EXIT_REFUSED, usage } from '../errors.ts';
import { choice, type RunCommand } from '../program.ts';
import { table } from '../table.ts';
import { giveToken } from '../tokens.ts';

const DAY_MS = 86_400_000;
const DAYS_DEFAULT = '365';
const DAYS_MAX = 730;

interface AddOptions {
  readonly name: string;
  readonly role: StaffRole;
  readonly sites?: string;
  readonly scope?: string;
  readonly days: string;
  readonly out?: string;
  readonly replace?: true;
}

interface TokenOptions {
  readonly label: string;
  readonly scope?: string;
  readonly days: string;
  readonly out?: string;
}

export function staffCommands(program: Command, run: RunCommand, words: Words): void {
  const { help } = words.cli;
  const own = words.staffing.help;
  const staff = program.command('staff').description(help.staff);
  staff
    .command('add')
    .argument('<id>', help.staffId)
    .description(help.staffAdd)
    .requiredOption('--name <text>', help.name)
    .addOption(choice('--role <role>', help.role, STAFF_ROLES).makeOptionMandatory())
    .option('--sites <ids>', help.sites)
    .option('--scope <scopes>', own.scope)
    .option('--days <number>', own.days, DAYS_DEFAULT)
    .option('--out <file>', help.tokenOut)
    .option('--replace', help.replace)
    .action((id: string, options: AddOptions) => run((context) => add(context, id, options)));
  staff
    .command('list')
    .description(own.list)
    .action(() => run(list));
  staff
    .command('link')
    .argument('<id>', help.staffId)
    .description(own.link)
    .action((id: string) => run((context) => link(context, id)));
  staff
    .command('revoke')
    .argument('<id>', help.staffId)
    .description(own.revoke)
    .action((id: string) => run((context) => revoke(context, id)));
  for (const [name, path, description, told] of [
    ['reset', 'reset', own.reset, words.staffing.reset],
    ['require-change', 'password-change', own.change, words.staffing.changeDemanded],
  ] as const)
    staff
      .command(name)
      .argument('<id>', help.staffId)
      .description(description)
      .action((id: string) =>
        run(async (context) => {
          const centre = await context.centre();
          const staffId = requireSlug(id, words);
          const answered = z.object({ staffId: z.string() });
          await centre.post(`/v1/admin/accounts/${staffId}/${path}`, {}, answered);
          context.answer({ staffId }, told(staffId));
          return EXIT_OK;
        }),
      );
  staff
    .command('code')
    .argument('<id>', help.staffId)
    .description(own.code)
    .action((id: string) => run((context) => code(context, id)));
  staff
    .command('passkeys')
    .argument('<domain>', own.domain)
    .description(own.passkeys)
    .action((domain: string) => run((context) => passkeys(context, domain)));
  const token = staff.command('token').description(own.token);
  token
    .command('add')
    .argument('<id>', help.staffId)
    .description(own.tokenAdd)
    .requiredOption('--label <text>', own.label)
    .option('--scope <scopes>', own.scope)
    .option('--days <number>', own.days, DAYS_DEFAULT)
    .option('--out <file>', help.tokenOut)
    .action((id: string, options: TokenOptions) => run((context) => addToken(context, id, options)));
  token
    .command('revoke')
    .argument('<token>', own.tokenId)
    .description(own.tokenRevoke)
    .action((id: string) => run((context) => revokeToken(context, id)));
}

/** Configures a person, with a token for scripts and for the command line; they sign in by a link. */
async function add(context: Context, staffId: string, options: AddOptions): Promise<number> {
  const { words } = context;
  const { name, role, replace = false, out } = options;
  const id = requireSlug(staffId, words);
  const sites = options.sites?.split(',').map((site) => requireSlug(site.trim(), words)) ?? null;
  const form = tokenForm(options, words);
  const body = { name, role, sites, revoked: false };
  if (!replace && (await configuredBody(context, 'staff', id)))
    throw new CliError(EXIT_REFUSED, words.cli.existsAlready(id), words.cli.replaceIt);
  const token = generateToken('hfs');
  // Of the same ID, so that a new one takes the place of the one that the person got before. It comes first, for the
  // first administrator ends what the installation's token may do.
  await configure(context, 'api-token', id, tokenBody(id, name, token, form), { replace: true });
  await configure(context, 'staff', id, body, { replace });
  await giveToken(context, token, out, { id, name, role, sites, expiresAt: form.expiresAt });
  return EXIT_OK;
}

const accounts = z.object({
  accounts: z.array(
    z.object({
      staffId: z.string(),
      name: z.string(),
      role: z.enum(STAFF_ROLES),
      sites: z.array(z.string()).nullable(),
      revoked: z.boolean(),
      password: z.boolean(),
      totp: z.boolean(),
      passkeys: z.number(),
      recoveryCodes: z.number(),
      mustChange: z.boolean(),
      linkEndsAt: z.number().nullable(),
      tokens: z.array(
        z.object({
          tokenId: z.string(),
          label: z.string(),
          scope: z.array(z.string()),
          expiresAt: z.number(),
        }),
      ),
    }),
  ),
});

async function list(context: Context): Promise<number> {
  const { words } = context;
  const { columns, credentials, all } = words.staffing;
  const centre = await context.centre();
  const answered = await centre.get('/v1/admin/accounts', accounts);
  const roles = staffRoleWords[languageOf({ LANG: words.language })];
  const rows = answered.accounts.map((one) => {
    const by = [
      ...(one.revoked ? [credentials.revoked] : []),
      ...(one.password ? [credentials.password] : []),
      ...(one.mustChange ? [credentials.mustChange] : []),
      ...(one.passkeys > 0 ? [credentials.passkeys(one.passkeys)] : []),
      ...(one.linkEndsAt === null ? [] : [credentials.link]),
      ...(one.tokens.length > 0
        ? [credentials.tokens(one.tokens.map(({ tokenId }) => tokenId).join(' '))]
        : []),
    ];
    const signsIn = by.length === 0 ? credentials.none : by.join(', ');
    return [one.staffId, roles[one.role], one.sites?.join(' ') ?? all, signsIn];
  });
  const head = [columns.id, columns.role, columns.sites, columns.signsIn];
  context.answer(answered, table(head, rows, words.cli.width));
  return EXIT_OK;
}

async function link(context: Context, id: string): Promise<number> {
  const { words } = context;
  const staffId = requireSlug(id, words);
  const centre = await context.centre();
  const answered = z.object({ link: z.string(), expiresAt: z.number() });
  const { link: token, expiresAt } = await centre.post(`/v1/admin/accounts/${staffId}/links`, {}, answered);
  const url = `${centre.url}/enrol#${token}`;
  const until = new Date(expiresAt).toISOString().slice(0, 16).replace('T', ' ');
  context.answer(
    { staffId, link: url, token, expiresAt },
    [words.staffing.linkIs(staffId, `${until} UTC`), '', `    ${url}`, '', words.staffing.linkOnce].join(
      '\n',
    ),
  );
  return EXIT_OK;
}

async function revoke(context: Context, id: string): Promise<number> {
  const { words } = context;
  const staffId = requireSlug(id, words);
  const body = await requireConfigured(context, 'staff', staffId, words.staffing.noSuchPerson(staffId));
  await configure(context, 'staff', staffId, { ...body, revoked: true }, { replace: true });
  context.answer({ staffId, revoked: true }, words.staffing.revoked(staffId));
  return EXIT_OK;
}

async function addToken(context: Context, id: string, options: TokenOptions): Promise<number> {
  const { words } = context;
  const staffId = requireSlug(id, words);
  await requireConfigured(context, 'staff', staffId, words.staffing.noSuchPerson(staffId));
  const form = tokenForm(options, words);
  let number = 1;
  while (await configuredBody(context, 'api-token', `${staffId}-${String(number)}`)) number += 1;
  const tokenId = `${staffId}-${String(number)}`;
  const token = generateToken('hfs');
  await configure(context, 'api-token', tokenId, tokenBody(staffId, options.label, token, form));
  await giveToken(context, token, options.out, { id: tokenId, staffId, ...form });
  return EXIT_OK;
}

async function revokeToken(context: Context, id: string): Promise<number> {
  const { words } = context;
  const tokenId = requireSlug(id, words);
  const body = await requireConfigured(context, 'api-token', tokenId, words.staffing.noSuchToken(tokenId));
  await configure(context, 'api-token', tokenId, { ...body, revoked: true }, { replace: true });
  context.answer({ tokenId, revoked: true }, words.staffing.tokenRevoked(tokenId));
  return EXIT_OK;
}

/** The domain that passkeys are for; `none` has none. */
async function passkeys(context: Context, domain: string): Promise<number> {
  const { staffing } = context.words;
  const rpId = domain === 'none' ? null : domain;
  if (!configBodies['sign-in'].safeParse({ rpId }).success)
    throw usage(staffing.notADomain(domain.slice(0, 80)));
  await configure(context, 'sign-in', 'sign-in', { rpId }, { replace: true });
  context.answer({ rpId }, rpId === null ? staffing.passkeysOff : staffing.passkeysFor(rpId));
  return EXIT_OK;
}

/** For trying out: nobody has an app with the secrets of a local installation. */
async function code(context: Context, staffId: string): Promise<number> {
  const run = await context.requireRun();
  const person = run.people.find((one) => one.staffId === staffId);
  if (!person) throw usage(context.words.staffing.notLocal(staffId));
  const now = codeOf(person);
  context.answer({ staffId, code: now }, now);
  return EXIT_OK;
}

interface TokenForm {
  readonly scope: TokenScope[];
  readonly expiresAt: number;
}

function tokenForm({ scope, days }: { scope?: string; days: string }, words: Words): TokenForm {
  const count = /^\d{1,4}$/.test(days) ? Number(days) : 0;
  if (count < 1 || count > DAYS_MAX) throw usage(words.cli.notDays(days, DAYS_MAX));
  const named = scope?.split(',').map((one) => {
    const known = TOKEN_SCOPES.find((each) => each === one.trim());
    if (known) return known;
    throw usage(words.staffing.notScope(one.slice(0, 40)));
  });
  return { scope: [...(named ?? TOKEN_SCOPES)], expiresAt: Date.now() + count * DAY_MS };
}

function tokenBody(staffId: string, label: string, token: string, form: TokenForm): ConfigBody<'api-token'> {
  return { staffId, label, tokenHash: staffTokenHash(nodePlatform, token), ...form, revoked: false };
}

async function requireConfigured<K extends ConfigKind>(
  context: Context,
  kind: K,
  id: string,
  otherwise: string,
): Promise<ConfigBody<K>> {
  const body = await configuredBody(context, kind, id);
  if (body) return body;
  throw usage(otherwise);
}
