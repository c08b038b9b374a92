/** `holdfast upgrade`: the centre of this machine, now; or edges, by what they are told to want. */
import type { Command } from 'commander';
import { installRoot } from '../../install/layout.ts';
import { type StageFlags, stageRelease } from '../../release/stage.ts';
import { type Upgraded, upgradeCentre } from '../../release/upgrade.ts';
import type { Words } from '../../words/words.ts';
import type { Context } from '../context.ts';
import { CliError, EXIT_OK, EXIT_REFUSED, usage } from '../errors.ts';
import type { RunCommand } from '../program.ts';
import { explained, organisationOf } from './release.ts';

const WITHIN_S = 180;
const WITHIN_S_MAX = 9_999;

interface UpgradeFlags {
  readonly dryRun?: true;
  readonly downgrade?: true;
  readonly within: string;
}

export function upgradeCommands(program: Command, run: RunCommand, words: Words): void {
  const { help } = words.releasing;
  const upgrade = program
    .command('upgrade')
    .description(help.upgrade)
    .argument('[folder]', help.folder)
    .option('--dry-run', help.dryRun)
    .option('--downgrade', help.downgrade)
    .option('--within <seconds>', help.within, String(WITHIN_S))
    .action((folder: string | undefined, flags: UpgradeFlags) =>
      run(explained((context) => upgradeHere(context, folder, flags))),
    );
  upgrade
    .command('stage')
    .description(help.stage)
    .option('--release <folder>', help.folder)
    .option('--region <id>', help.region)
    .option('--edge <name>', help.edge)
    .option('--all', help.all)
    .option('--not-before <time>', help.notBefore)
    .option('--withdraw', help.withdraw)
    .action((flags: StageFlags) => run(explained((context) => stageRelease(context, flags))));
  // What was interrupted is taken back before any command; this one does nothing else.
  program
    .command('recover', { hidden: true })
    .description(help.recover)
    .action(() => run(() => Promise.resolve(EXIT_OK)));
}

async function upgradeHere(
  context: Context,
  folder: string | undefined,
  { dryRun, downgrade, within }: UpgradeFlags,
): Promise<number> {
  const { releasing } = context.words;
  if (folder === undefined) throw usage(releasing.help.folder);
  const seconds = Number(within);
  if (!/^\d{1,4}$/.test(within) || seconds > WITHIN_S_MAX) throw usage(releasing.help.within);
  const showsSteps = process.stderr.isTTY && !context.json;
  const result = await upgradeCentre({
    root: installRoot(context.environment),
    folder,
    organisation: await organisationOf(context, undefined),
    ...{ withinMs: seconds * 1000, downgrade: downgrade === true, dryRun: dryRun === true },
    onStep: (step) => {
      if (showsSteps) process.stderr.write(`\r\x1b[K${releasing.steps[step]} ...`);
    },
  });
  if (showsSteps) process.stderr.write('\r\x1b[K');
  const title = sentenceOf(result, seconds, context.words);
  if (result.outcome === 'went-back') throw new CliError(EXIT_REFUSED, title, null, { title, ...result });
  context.answer({ title, ...result }, title);
  return EXIT_OK;
}

function sentenceOf(result: Upgraded, seconds: number, { releasing, installing }: Words): string {
  const { from, to } = result;
  switch (result.outcome) {
    case 'already':
      return releasing.already(to);
    case 'dry-run':
      return releasing.dry(from, to);
    case 'upgraded':
      return releasing.upgraded(from, to);
    case 'went-back': {
      const why = result.why === 'not-ready' ? releasing.notReady(seconds) : installing.seeJournal;
      return result.isBack ? releasing.wentBack(from, to, why) : releasing.backSilent(from, to, why);
    }
  }
}
