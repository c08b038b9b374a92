/**
 * PowerShell as far as it can be checked without Windows: the grammar, and from the tree what a program calls. There is
 * no interpreter here, so a misspelt command or parameter would otherwise be found by somebody's computer.
 */
import { readFile, readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import type * as TreeSitter from '@vscode/tree-sitter-wasm';

export const AGENT = path.resolve(import.meta.dirname, '../../agent/windows');

export type Node = TreeSitter.Node;

const require = createRequire(import.meta.url);
const WASM = path.dirname(require.resolve('@vscode/tree-sitter-wasm'));

export interface Source {
  /** below agent/windows */
  readonly name: string;
  readonly text: string;
  readonly root: Node;
}

export type Parse = (name: string, text: string) => Source;

export async function makeParse(): Promise<Parse> {
  const { Parser, Language } = require('@vscode/tree-sitter-wasm') as typeof TreeSitter;
  await Parser.init({ locateFile: (file: string) => path.join(WASM, file) });
  const parser = new Parser();
  parser.setLanguage(await Language.load(await readFile(path.join(WASM, 'tree-sitter-powershell.wasm'))));
  return (name, text) => {
    const tree = parser.parse(text);
    if (!tree) throw new Error(`${name} gave no tree`);
    return { name, text, root: tree.rootNode };
  };
}

export async function readSources(parse: Parse): Promise<Source[]> {
  const names = (await readdir(AGENT, { recursive: true })).filter((name) => /\.(ps1|psm1|psd1)$/.test(name));
  const read = (name: string) => readFile(path.join(AGENT, name), 'utf8');
  return Promise.all(names.sort().map(async (name) => parse(name, await read(name))));
}

export function all(root: Node, type: string): Node[] {
  return root.descendantsOfType(type).filter((node) => node !== null);
}

export function placeOf({ name }: Source, node: Node): string {
  return `${name}:${String(node.startPosition.row + 1)} ${node.text.split('\n')[0] ?? ''}`;
}

/** Where the grammar could not follow. */
export function faults(source: Source): string[] {
  const found: string[] = [];
  const visit = (node: Node): void => {
    if (node.isError || node.isMissing) found.push(placeOf(source, node));
    else if (node.hasError) for (const child of node.children) if (child) visit(child);
  };
  visit(source.root);
  return found;
}

interface Parameters {
  readonly all: ReadonlySet<string>;
  readonly mandatory: readonly string[];
}

export const nameOf = (variable: string): string => variable.replace(/^[$@]\{?|\}$/g, '').toLowerCase();

function parametersOf(definition: Node): Parameters {
  const block = all(definition, 'param_block')[0];
  const found = block ? all(block, 'script_parameter') : [];
  const named = found.map((each) => ({
    name: nameOf(all(each, 'variable').at(-1)?.text ?? ''),
    mandatory: /Mandatory\s*=\s*\$true/i.test(each.text),
  }));
  return {
    all: new Set(named.map(({ name }) => name)),
    mandatory: named.filter(({ mandatory }) => mandatory).map(({ name }) => name),
  };
}

export type Functions = ReadonlyMap<string, Parameters>;

export function functionsOf(sources: readonly Source[]): Functions {
  return new Map(
    sources.flatMap(({ root }) =>
      all(root, 'function_statement').map((definition) => {
        const name = all(definition, 'function_name')[0]?.text ?? '';
        return [name.toLowerCase(), parametersOf(definition)] as const;
      }),
    ),
  );
}

interface Call {
  readonly name: string;
  readonly parameters: readonly string[];
  readonly node: Node;
}

function calls({ root }: Source): Call[] {
  return all(root, 'command').flatMap((node) => {
    const name = node.childForFieldName('command_name')?.text;
    // `& $variable` and `. (path)` name nothing that could be looked up.
    if (name === undefined || /^[$(]/.test(name)) return [];
    const elements = node.childForFieldName('command_elements');
    // Those of this command, not of one in parentheses within it.
    const own = (elements?.children ?? []).filter((child) => child?.type === 'command_parameter');
    const parameters = own.map((each) => (each?.text ?? '').replace(/^-|:$/g, '').toLowerCase());
    return [{ name: name.toLowerCase(), parameters, node }];
  });
}

/** Calls of what is not there, or with parameters that it has not, or without one that it needs. */
export function wrongCalls(
  source: Source,
  functions: Functions,
  known: Readonly<Record<string, readonly string[]>>,
): string[] {
  const inBox = new Map(Object.entries(known).map(([name, names]) => [name.toLowerCase(), names]));
  return calls(source).flatMap(({ name, parameters, node }) => {
    const own = functions.get(name);
    if (!own && !inBox.has(name)) return [placeOf(source, node)];
    const allowed = own?.all ?? new Set(inBox.get(name)?.map((each) => each.toLowerCase()));
    const strange = parameters.filter((each) => !allowed.has(each)).map((each) => `-${each}`);
    const missing = (own?.mandatory ?? []).filter((each) => !parameters.includes(each));
    return [...strange, ...missing.map((each) => `no -${each}`)].map(
      (what) => `${what}: ${placeOf(source, node)}`,
    );
  });
}

const AUTOMATIC = [
  ...['_', 'null', 'true', 'false', 'psscriptroot', 'pscommandpath', 'lastexitcode', 'psboundparameters'],
];

/** Variables that are read where nothing has given them a value. */
export function wrongVariables(source: Source): string[] {
  const definitions = all(source.root, 'function_statement');
  const scopes = definitions.length > 0 ? definitions : [source.root];
  return scopes.flatMap((scope) => {
    const set = new Set([...AUTOMATIC, ...parametersOf(scope).all]);
    for (const each of all(scope, 'left_assignment_expression'))
      for (const variable of all(each, 'variable')) set.add(nameOf(variable.text));
    for (const each of all(scope, 'foreach_statement')) set.add(nameOf(all(each, 'variable')[0]?.text ?? ''));
    return all(scope, 'variable')
      .filter(({ text }) => !set.has(nameOf(text)) && !/^(script|env):/.test(nameOf(text)))
      .map((each) => placeOf(source, each));
  });
}
