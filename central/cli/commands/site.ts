/** `holdfast region|site|device`: what an administrator configures at a centre. */
import type { Command } from 'commander';
import { z } from 'zod';
import { generateToken } from '../../local/secrets.ts';
import { nodePlatform } from '../../platform.ts';
import type { Words } from '../../words/words.ts';
import { configure, configuredBodies, configuredBody, configuredIds } from '../configuring.ts';
import type { Context } from '../context.ts';
import { requireSlug } from '../enrolment.ts';
import { EXIT_OK, usage } from '../errors.ts';
import type { RunCommand } from '../program.ts';
import { table } from '../table.ts';
import { giveToken } from '../tokens.ts';
import { deviceStateCommand } from './device.ts';

const DAY_MS = 86_400_000;
const DAYS_DEFAULT = '365';
const DAYS_MAX = 3_650;

export function configCommands(program: Command, run: RunCommand, words: Words): void {
  const { help } = words.cli;
  program
    .command('region')
    .description(help.regionCommand)
    .command('add')
    .argument('<id>', help.region)
    .description(help.regionAdd)
    .requiredOption('--name <text>', help.name)
    .option('--replace', help.replace)
    .action((id: string, options: { name: string; replace?: true }) =>
      run(async (context) => {
        const { name, replace = false } = options;
        await configure(context, 'region', requireSlug(id, words), { name }, { replace });
        context.answer({ id, name }, words.cli.configured(id));
        return EXIT_OK;
      }),
    );
  const site = program.command('site').description(help.siteCommand);
  site
    .command('add')
    .argument('<id>', help.site)
    .description(help.siteAdd)
    .requiredOption('--name <text>', help.name)
    .requiredOption('--region <id>', help.region)
    .option('--replace', help.replace)
    .action((id: string, options: { name: string; region: string; replace?: true }) =>
      run(async (context) => {
        const { name, region: regionId, replace = false } = options;
        await configure(context, 'site', requireSlug(id, words), { name, regionId }, { replace });
        context.answer({ id, name, regionId }, words.cli.configured(id));
        return EXIT_OK;
      }),
    );
  site
    .command('token')
    .argument('<id>', help.site)
    .description(help.siteToken)
    .option('--days <number>', help.days, DAYS_DEFAULT)
    .option('--out <file>', help.tokenOut)
    .action((id: string, options: { days: string; out?: string }) =>
      run((context) => siteToken(context, id, options)),
    );
  site
    .command('tokens')
    .description(help.siteTokens)
    .action(() => run(listTokens));
  site
    .command('revoke-token')
    .argument('<token>', help.siteTokenId)
    .description(help.siteTokenRevoke)
    .action((id: string) => run((context) => revokeToken(context, id)));
  const device = program.command('device').description(help.deviceCommand);
  deviceStateCommand(device, run, words);
  device
    .command('revoke')
    .argument('<deviceId>', help.device)
    .description(help.deviceRevoke)
    .requiredOption('--reason <text>', help.reasonText)
    .action((deviceId: string, { reason }: { reason: string }) =>
      run(async (context) => {
        const centre = await context.centre();
        const answered = z.object({ deviceId: z.string() });
        await centre.post('/v1/admin/device-revocations', { deviceId, reason }, answered);
        context.answer({ deviceId, revoked: true }, words.cli.revoked(deviceId));
        return EXIT_OK;
      }),
    );
}

async function siteToken(
  context: Context,
  site: string,
  options: { days: string; out?: string },
): Promise<number> {
  const { words } = context;
  const siteId = requireSlug(site, words);
  const days = /^\d{1,4}$/.test(options.days) ? Number(options.days) : 0;
  if (days < 1 || days > DAYS_MAX) throw usage(words.cli.notDays(options.days, DAYS_MAX));
  if (!(await configuredIds(context, 'site')).includes(siteId)) throw usage(words.cli.noSuchSite(siteId));
  const taken = await configuredIds(context, 'site-token');
  let number = 1;
  while (taken.includes(`${siteId}-${String(number)}`)) number += 1;
  const id = `${siteId}-${String(number)}`;
  const token = generateToken('hft');
  const expiresAt = Date.now() + days * DAY_MS;
  const tokenHash = nodePlatform.sha256('holdfast site token v1\n', token);
  await configure(context, 'site-token', id, { siteId, tokenHash, expiresAt, revoked: false });
  await giveToken(context, token, options.out, { id, siteId, expiresAt });
  return EXIT_OK;
}

async function listTokens(context: Context): Promise<number> {
  const { words } = context;
  const { columns, tokenStates, noSiteTokens } = words.cli;
  const now = Date.now();
  const tokens = (await configuredBodies(context, 'site-token')).map(
    ({ id, body: { siteId, expiresAt, revoked } }) => ({ id, siteId, expiresAt, revoked }),
  );
  const rows = tokens.map(({ id, siteId, expiresAt, revoked }) => {
    const state = revoked ? 'revoked' : expiresAt <= now ? 'over' : 'valid';
    return [id, siteId, tokenStates[state], words.cli.time(expiresAt)];
  });
  const head = [columns.token, columns.site, columns.state, columns.until];
  context.answer({ tokens }, rows.length === 0 ? noSiteTokens : table(head, rows, words.cli.width));
  return EXIT_OK;
}

/** Devices that were enrolled by it stay; nobody enrols by it any more. */
async function revokeToken(context: Context, named: string): Promise<number> {
  const { words } = context;
  const id = requireSlug(named, words);
  const body = await configuredBody(context, 'site-token', id);
  if (!body) throw usage(words.cli.noSuchSiteToken(id));
  await configure(context, 'site-token', id, { ...body, revoked: true }, { replace: true });
  context.answer({ id, siteId: body.siteId, revoked: true }, words.cli.siteTokenRevoked(id));
  return EXIT_OK;
}
