/** Documents rot where nothing looks at them: every command they quote is one that `holdfast` knows. */
import { access } from 'node:fs/promises';
import path from 'node:path';
import { type Command, CommanderError } from 'commander';
import { expect, it } from 'vitest';
import { buildProgram } from '../../central/cli/program.ts';
import { packageRoot } from '../../central/local/processes.ts';
import { wordsFor } from '../../central/words/words.ts';
import { commandsIn, documents, read } from './markdown.ts';

/** What a sentence may leave out when it only names a command. */
const LEFT_OUT = [
  ...['commander.missingArgument', 'commander.missingMandatoryOptionValue'],
  ...['commander.optionMissingArgument', 'commander.help', 'commander.helpDisplayed'],
];

it('quotes only commands and options that exist', async () => {
  const wrong: string[] = [];
  let count = 0;
  for (const file of await documents()) {
    for (const { at, args, isWhole } of commandsIn(file, await read(file))) {
      count += 1;
      const fault = await parse(args);
      if (fault && (isWhole || !LEFT_OUT.includes(fault.code)))
        wrong.push(`${at}: holdfast ${args.join(' ')}: ${fault.message}`);
    }
  }
  expect(wrong).toEqual([]);
  expect(count).toBeGreaterThan(100);
});

it('points at files that are there', async () => {
  const missing: string[] = [];
  for (const file of await documents()) {
    for (const [, target = ''] of (await read(file)).matchAll(/\]\(([^)\s#]+)(?:#[^)]*)?\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const there = path.join(packageRoot(), path.dirname(file), target);
      if (
        !(await access(there).then(
          () => true,
          () => false,
        ))
      )
        missing.push(`${file}: ${target}`);
    }
  }
  expect(missing).toEqual([]);
});

it('tells people who read Spanish the same steps', async () => {
  const pairs = [
    ['first-branch', 'primera-sede'],
    ['from-mbam', 'desde-mbam'],
    ['helpdesk', 'soporte'],
    ['import', 'importar'],
  ];
  for (const [english = '', spanish = ''] of pairs) {
    const names = await Promise.all(
      [`docs/guides/${english}.md`, `docs/guias/${spanish}.md`].map(async (file) =>
        commandsIn(file, await read(file))
          .filter(({ isWhole }) => isWhole)
          .map(({ args }) =>
            args
              .filter((word) => /^-?-?[a-z]+(-[a-z]+)*$/.test(word))
              .slice(0, 2)
              .join(' '),
          ),
      ),
    );
    expect(names[1], spanish).toEqual(names[0]);
  }
});

/** Why the command line would not take this, or null. Nothing is run. */
async function parse(args: readonly string[]): Promise<CommanderError | null> {
  const program = buildProgram(wordsFor({}), () => Promise.resolve());
  silence(program);
  try {
    await program.parseAsync([...args], { from: 'user' });
    return null;
  } catch (error) {
    if (error instanceof CommanderError) return error;
    throw error;
  }
}

function silence(command: Command): void {
  command.configureOutput({ writeOut: () => undefined, writeErr: () => undefined });
  for (const each of command.commands) silence(each);
}
