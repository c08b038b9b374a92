/** `holdfast rules`: how carefully keys are given out, for the organisation or for one site. */
import type { Command } from 'commander';
import { z } from 'zod';
import { DEFAULT_DISCLOSURE_RULES } from '../../../shared/helpdesk/rules.ts';
import { type ConfigBody, disclosureRules } from '../../../shared/journal/bodies.ts';
import type { Words } from '../../words/words.ts';
import { configure } from '../configuring.ts';
import type { Context } from '../context.ts';
import { requireSlug } from '../enrolment.ts';
import { EXIT_OK, usage } from '../errors.ts';
import { choice, type RunCommand } from '../program.ts';
import { record } from '../table.ts';

const DAY_MS = 86_400_000;
const ORGANISATION = 'organisation';

/** Options that are numbers, and what they stand for: days are kept as ms. */
const NUMBERS = {
  personPerHour: { flag: '--person-per-hour', unit: 1 },
  nodePerHour: { flag: '--node-per-hour', unit: 1 },
  twoPersonsOfflineMs: { flag: '--two-persons-after', unit: DAY_MS },
  breakGlassOfflineMs: { flag: '--break-glass-after', unit: DAY_MS },
  breakGlassDisclosures: { flag: '--break-glass-keys', unit: 1 },
  silentMs: { flag: '--silent-after', unit: DAY_MS },
  rotationDueMs: { flag: '--rotation-due', unit: DAY_MS },
} as const;
type NumberField = keyof typeof NUMBERS;
type Rules = ConfigBody<'disclosure-rules'>;

const items = z.object({
  items: z.array(z.looseObject({ id: z.string(), body: disclosureRules })),
});

export function rulesCommands(program: Command, run: RunCommand, words: Words): void {
  const { rules: help } = words.disclosure;
  const rules = program.command('rules').description(help.command);
  rules
    .command('show')
    .description(help.show)
    .option('--site <id>', words.cli.help.site)
    .action(({ site }: { site?: string }) =>
      run(async (context) => {
        const { body, from } = await current(context, site);
        context.answer({ ...body, from }, textOf(body, from, words));
        return EXIT_OK;
      }),
    );
  const set = rules.command('set').description(help.set).option('--site <id>', words.cli.help.site);
  for (const [field, { flag }] of Object.entries(NUMBERS))
    set.option(`${flag} <number>`, help.fields[field as NumberField]);
  set
    .addOption(choice('--two-persons <when>', help.twoPersons, ['always', 'by-need']))
    .option(
      '--same-domain <names>',
      help.sameDomain,
      (value: string, before: string[]) => [...before, value],
      [],
    )
    .action((options: Readonly<Record<string, unknown>>) =>
      run((context) => change(context, options as unknown as SetOptions)),
    );
}

interface SetOptions extends Partial<Record<string, string | string[]>> {
  readonly site?: string;
  readonly twoPersons?: 'always' | 'by-need';
  readonly sameDomain: string[];
}

async function change(context: Context, options: SetOptions): Promise<number> {
  const { words } = context;
  const { site } = options;
  const { body } = await current(context, site);
  const numbers: Partial<Record<NumberField, number>> = {};
  for (const [field, { flag, unit }] of Object.entries(NUMBERS)) {
    const given = options[flag.slice(2).replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())];
    if (given === undefined) continue;
    const value = typeof given === 'string' && /^\d{1,6}$/.test(given) ? Number(given) * unit : 0;
    if (value < 1) throw usage(words.disclosure.rules.notANumber(flag));
    numbers[field as NumberField] = value;
  }
  const named = options.sameDomain.map((names) => names.split(',').map((name) => name.trim()));
  const changed: Rules = {
    ...body,
    ...numbers,
    siteId: site === undefined ? null : requireSlug(site, words),
    ...(options.twoPersons === undefined ? {} : { twoPersons: options.twoPersons === 'always' }),
    ...(named.length === 0 ? {} : { domainNames: named }),
  };
  const id = site ?? ORGANISATION;
  await configure(context, 'disclosure-rules', id, changed, { replace: true });
  context.answer({ ...changed, from: id }, textOf(changed, id, words));
  return EXIT_OK;
}

/** What holds: a site's own, the organisation's, or what the product comes with. */
async function current(
  context: Context,
  site: string | undefined,
): Promise<{ body: Rules; from: string | null }> {
  const centre = await context.centre();
  const listed = (await centre.get('/v1/admin/config/disclosure-rules', items)).items;
  const of = (siteId: string | null) => listed.find(({ body }) => body.siteId === siteId);
  const found = (site === undefined ? undefined : of(site)) ?? of(null);
  return found
    ? { body: found.body, from: found.id }
    : { body: { ...DEFAULT_DISCLOSURE_RULES, siteId: null }, from: null };
}

function textOf(body: Rules, from: string | null, words: Words): string {
  const { rules } = words.disclosure;
  return [
    rules.from(from),
    '',
    record([
      ...Object.entries(NUMBERS).map(
        ([field, { unit }]) =>
          [rules.fields[field as NumberField], words.number(body[field as NumberField] / unit)] as const,
      ),
      [rules.twoPersons, body.twoPersons ? rules.always : rules.byNeed] as const,
      ...body.domainNames.map((names) => [rules.sameDomain, names.join(' = ')] as const),
    ]),
  ].join('\n');
}
