/** Documents rot where nothing looks at them: every command they quote is one that `holdfast` knows. */
import { access, readdir } from 'node:fs/promises';
import path from 'node:path';
import { type Command, CommanderError } from 'commander';
import { expect, it } from 'vitest';
import { buildProgram } from '../../central/cli/program.ts';
import { packageRoot } from '../../central/local/processes.ts';
import { wordsFor } from '../../central/words/words.ts';
import { commandsIn, documents, linesIn, read } from './markdown.ts';

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

it('tells people who read Spanish what to do when something is wrong, command by command', async () => {
  const twins: string[] = [];
  for (const file of await readdir(path.join(packageRoot(), 'docs/runbooks'))) {
    const english = await read(`docs/runbooks/${file}`);
    const twin =
      /^\(En español: \[[^\]]+\]\(\.\.\/procedimientos\/([\w-]+\.md)\)\)$/m.exec(english)?.[1] ?? '';
    twins.push(twin);
    const spanish = await read(`docs/procedimientos/${twin}`);
    expect(spanish, twin).toContain(`](../runbooks/${file}))`);
    expect(runbook(spanish), twin).toEqual(runbook(english));
    if (file === 'README.md') continue;
    expect([...spanish.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading)).toEqual([
      ...['Qué ve', 'Qué significa', 'Qué hacer', 'Qué no hacer', 'Cómo sabe que ha terminado'],
    ]);
  }
  expect(twins.sort()).toEqual((await readdir(path.join(packageRoot(), 'docs/procedimientos'))).sort());
});

/** What the command line shows, where its words in Spanish are others. */
const ON_THE_SCREEN: Readonly<Record<string, string>> = {
  'sin él … s': 'lost … s ago',
  espera: 'waiting',
  verificada: 'verified',
  'en conflicto': 'conflicted',
  rotada: 'rotated',
  'claves solo ahí': 'keys only there',
};

/** All of a runbook that is in no language: the lines to type, the names in its sentences, and how many steps there are. */
function runbook(text: string): { lines: string[]; names: string[]; steps: string[] } {
  const inNoLanguage = (line: string): string => line.replace(/"[^"]*"/g, '"…"').replace(/ {4,}\(.*\)$/, '');
  const prose = text.replace(/^ {4,}\S.*$/gm, (line) => (linesIn(line).length > 0 ? '' : line));
  const names = [...prose.matchAll(/`([^`]+)`/g)].map(([, span = '']) => {
    const name = span.replace(/\s+/g, ' ');
    return ON_THE_SCREEN[name] ?? inNoLanguage(name);
  });
  return {
    lines: linesIn(text).map(inNoLanguage),
    names: names.sort(),
    steps: [...text.matchAll(/^(?:\d+\.|- \*\*|\|)/gm)].map(([step]) => step),
  };
}

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
